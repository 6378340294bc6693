"""Sets the stage for the crash test, and afterwards compares the database with the ledgers.

    python -m tests.crash.stage prepare DRAFTS DEADLINES SECONDS     prints what the harness needs
    python -m tests.crash.stage verify FOLDER SECONDS                prints what it found

The ledgers are files the harness wrote: what was acknowledged, which letters the relay took.
"""

import json
import random
import sys
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import django

OFFICERS = ("officer@example.org", "second.officer@example.org")
CO_ORDINATOR = "co.ordinator@example.org"
STAGES = {
    "deadline_near": OFFICERS,
    "deadline_due": OFFICERS,
    "deadline_late": OFFICERS,
    "deadline_escalated": (CO_ORDINATOR,),
}


def prepare(drafts: int, deadlines: int, seconds: float) -> dict[str, Any]:
    """A migrated database with the cast, drafts ready to be sent, and deadlines about to be due."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests.support.roles import make_roles

    with connection.cursor() as cursor:
        make_roles(cursor)
    call_command("migrate", verbosity=0)
    from tests.referrals import stages
    from tests.support.cast import assemble
    from tests.support.client import StrictClient

    now = timezone.now()
    cast = assemble(now)
    ready = [stages.consented(cast) for _n in range(drafts)]
    client = StrictClient()
    client.sign_in(cast.ngo_caseworker)
    return {
        "cookies": {name: morsel.value for name, morsel in client.cookies.items()},
        "drafts": [{"uuid": str(row.uuid), "version": row.version} for row in ready],
        "deadlines": _deadlines(deadlines, now, seconds),
    }


def _deadlines(number: int, now: datetime, seconds: float) -> list[str]:
    from django.contrib.auth.models import Group

    from common.profile import Bound
    from common.workdays import Unit
    from deadlines.choices import Stage
    from deadlines.models import Deadline
    from tests.crash.apps import KIND

    group = Group.objects.get(user__email=OFFICERS[0])
    chance = random.Random(1)  # noqa: S311 - no secret
    rows = []
    for _n in range(number):
        due = now + timedelta(seconds=chance.uniform(5, 5 + seconds))
        rows.append(
            Deadline(
                kind=KIND,
                rule_code=KIND,
                subject_kind=KIND,
                subject_uuid=uuid.uuid4(),
                group=group,
                bound=Bound.LATEST,
                unit=Unit.HOURS,
                amount=1,
                day_zero="excluded",
                roll="none",
                calendar_version="crash",
                starts_at=now - timedelta(hours=1),
                created_at=now,
                due_at=due,
                next_stage=Stage.BEFORE,
                next_at=due - timedelta(seconds=2),
            )  # fmt: skip
        )
    Deadline.objects.bulk_create(rows)
    return [str(row.uuid) for row in rows]


def verify(folder: Path, seconds: float) -> dict[str, Any]:
    """Waits until everything has settled by itself, then compares; `faults` is empty when all is
    there, once."""
    from django.utils import timezone

    least, until = sys.maxsize, time.monotonic() + seconds
    while (open_work := _open_work(timezone.now())) and time.monotonic() < until:
        if (left := sum(open_work.values())) < least:
            least, until = left, time.monotonic() + seconds
        time.sleep(0.5)
    ledger = [json.loads(line) for line in (folder / "acknowledged").read_text().splitlines()]
    letters = [json.loads(line) for line in (folder / "letters").read_text().splitlines()]
    expected = json.loads((folder / "deadlines").read_text())
    faults = [f"never done: {name} ({number})" for name, number in open_work.items()]
    faults += _referrals(ledger) + _reminders(expected) + _mails(letters) + _mailed(letters)
    return {
        "faults": faults,
        "acknowledged": Counter(entry["what"] for entry in ledger),
        "reminders": len(expected) * sum(map(len, STAGES.values())),
        "letters": len(letters),
        "sent_twice": len(letters) - len({letter["id"] for letter in letters}),
    }


def _open_work(now: datetime) -> dict[str, int]:
    from django.db.models import Q

    from deadlines.models import Deadline, Mail, Notice
    from tests.crash.apps import KIND

    waiting = {
        # Of ours all; of the clocks that the referrals started themselves what is due by now.
        "reminders": Deadline.objects.filter(
            Q(kind=KIND, next_at__isnull=False) | Q(next_at__lte=now)
        ).count(),
        "mail": Mail.objects.waiting().count(),
        "notices to be mailed": Notice.objects.mail_due(now).count(),
    }
    return {name: number for name, number in waiting.items() if number}


def _referrals(ledger: list[dict[str, str]]) -> list[str]:
    from deadlines.models import Notice
    from referrals.models import Packet, Referral

    faults = []
    for entry in ledger:
        row = Referral.objects.filter(uuid=entry["uuid"]).first()
        if row is None:
            faults.append(f"lost: a referral that was {entry['what']}")
        elif entry["what"] == "begun":
            if Referral.objects.filter(client_key=entry["key"]).count() != 1:
                faults.append("begun twice with one key")
        elif entry["what"] == "told":
            if row.narrative != entry["text"]:
                faults.append("lost: what was told")
        else:
            told = Counter(
                Notice.objects.filter(kind="referral_received", subject_uuid=row.uuid)
                .order_by().values_list("recipient__email", flat=True)
            )  # fmt: skip
            if row.state != "submitted" or Packet.objects.filter(referral=row).count() != 1:
                faults.append("lost: a referral that was sent")
            if told != dict.fromkeys(OFFICERS, 1):
                faults.append(f"sent, and told {sum(told.values())} times instead of 2")
    return faults


def _reminders(deadlines: list[str]) -> list[str]:
    from deadlines.models import Deadline, Notice, Reminder
    from tests.crash.apps import KIND

    told: Counter[tuple[str, str, str]] = Counter()
    ours = Deadline.objects.filter(kind=KIND).values("uuid")
    rows = Notice.objects.filter(subject_kind="deadline", subject_uuid__in=ours)
    for subject, kind, email in rows.values_list("subject_uuid", "kind", "recipient__email"):
        told[str(subject), kind.removesuffix("_belated"), email] += 1
    wanted = {
        (row, kind, email) for row in deadlines for kind, emails in STAGES.items()
        for email in emails
    }  # fmt: skip
    faults = [f"never told: {kind}" for row, kind, _email in wanted - set(told)]
    faults += [f"told {times} times: {key[1]}" for key, times in told.items() if times != 1]
    reminded = Reminder.objects.filter(deadline__kind=KIND)
    if (written := reminded.count()) != len(wanted):
        faults.append(f"{written} reminders written instead of {len(wanted)}")
    return faults


def _mailed(letters: list[dict[str, str]]) -> list[str]:
    """Each notice that could not wait is covered by a letter that the relay really took."""
    from deadlines.choices import Urgency
    from deadlines.models import Deadline, Mail, Notice
    from tests.crash.apps import KIND

    taken = [letter["id"] for letter in letters]
    ours = Deadline.objects.filter(kind=KIND).values("uuid")
    notices = Notice.objects.filter(
        subject_kind="deadline", subject_uuid__in=ours, urgency=Urgency.IMMEDIATE
    )
    # One mail speaks of all that waits, and marks it with its own moment when it has left.
    left = set(Mail.objects.filter(message_id__in=taken).values_list("recipient", "sent_at"))
    said = list(notices.values_list("recipient", "mailed_at"))
    unsaid = sum(at is None or (user, at) not in left for user, at in said)
    return [f"{unsaid} of {len(said)} notices were in no letter"] if unsaid else []


def _mails(letters: list[dict[str, str]]) -> list[str]:
    from django.core.mail import EmailMessage

    from deadlines.models import Mail
    from tests.support.letters import HEADERS, faults

    taken = {letter["id"] for letter in letters}
    found = []
    sent = set(Mail.objects.exclude(sent_at=None).values_list("message_id", flat=True))
    known = set(Mail.objects.values_list("message_id", flat=True))
    if sent - taken:
        found.append(f"{len(sent - taken)} mails are called sent that no relay took")
    if taken - known:
        found.append(f"{len(taken - known)} letters under a Message-ID of no mail")
    if dead := Mail.objects.dead().count():
        found.append(f"{dead} mails given up")
    for letter in letters:
        read: Any = message_from_string(letter["text"], policy=policy.default)
        headers = {name: str(read[name]) for name in HEADERS if read[name]}
        body = read.get_content()
        found += faults(EmailMessage(str(read["Subject"]), body, to=["x"], headers=headers))
    return found


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "prepare":
        made = prepare(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    else:
        made = verify(Path(sys.argv[2]), float(sys.argv[3]))
    print(json.dumps(made))
