"""What people do while a worker runs, each as a program of its own (see `test_worker.py`).

Run as `python -m tests.referrals.worker_steps STEP`; prints one line of JSON.
"""

import json
import sys
from datetime import timedelta
from typing import Any

import django

AGO = timedelta(days=100)
"""When it was sent: in a quarter that is over, and later than any decision may take."""


def send(now: Any) -> Any:
    """An NGO logs a referral and sends it; the authority has it since then, and does not answer."""
    from tests.referrals import stages
    from tests.support.cast import assemble

    cast = assemble(now - AGO)
    referral = stages.sent(cast)
    return {"reference": referral.reference, "secrets": [stages.NAME, stages.STORY]}


def told(now: Any) -> Any:
    """What the officer's inbox has, as the officer sees it."""
    from accounts.models import User
    from deadlines.models import Mail, Notice
    from partners.access import actor_for

    officer = User.objects.get(email="officer@example.org")
    kinds = Notice.objects.visible_to(actor_for(officer, at=now)).values_list("kind", flat=True)
    sent = Mail.objects.filter(recipient=officer, sent_at__isnull=False).count()
    return {"notices": sorted(kinds), "mails": sent}


def build(now: Any) -> Any:
    """The rapporteur asks for the report of the quarter in which it was sent."""
    from django.urls import reverse

    from common.country import current
    from ncm.reports.periods import Quarter

    quarter = Quarter.of((now - AGO).astimezone(current().time_zone).date())
    page = _rapporteur().post(reverse("ncm:report-build", args=[str(quarter)]))
    return {"job": page["Location"]}


def download(now: Any) -> Any:
    """The rapporteur looks at the job, and takes its file."""
    from django.urls import reverse

    from deadlines.models import Job

    job = Job.objects.get()
    client = _rapporteur()
    shown = client.get(reverse("deadlines:job", args=[job.uuid]))
    file = client.get(reverse("deadlines:job_file", args=[job.uuid]))
    return {
        "page": shown.status_code,
        "type": file["Content-Type"],
        "begins": file.content[:5].decode("latin-1"),
        "bytes": len(file.content),
    }


def _rapporteur() -> Any:
    from accounts.models import User
    from tests.support.client import StrictClient

    client = StrictClient()
    client.sign_in(User.objects.get(email="rapporteur@example.org"))
    return client


if __name__ == "__main__":
    django.setup()

    from django.utils import timezone

    STEPS = {"send": send, "told": told, "build": build, "download": download}
    print(json.dumps(STEPS[sys.argv[1]](timezone.now())))
