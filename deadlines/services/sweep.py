"""The sweep: everything that is due or was missed, done once a minute by beat and equally by cron.

What it does is registered in `deadlines.sweeps`. Safe at any time, twice at once, after any outage.
"""

import logging
import os
import socket
from datetime import datetime

from deadlines import sweeps
from deadlines.models import SweepRun
from deadlines.services.jobs import Clock
from deadlines.services.mail import send_due_mail

logger = logging.getLogger(__name__)


def worker_name() -> str:
    """This process, as the operator finds it: host and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def sweep(*, at: datetime, clock: Clock) -> dict[str, int | None]:
    """Run every sweeper and note how it went; what each did, None for one that failed.

    `at` decides what is due; `clock` only tells when each part began and ended.
    """
    return {name: _run(name, run, at, clock) for name, run in sweeps.registered().items()}


def send_mail(at: datetime) -> int:
    """The outbox as a sweeper."""
    return send_due_mail(at=at, worker=worker_name())


def _run(name: str, run: sweeps.Sweeper, at: datetime, clock: Clock) -> int | None:
    SweepRun.objects.update_or_create(name=name, defaults={"last_started_at": clock()})
    row = SweepRun.objects.filter(name=name)
    try:
        count = run(at)
    except Exception as error:
        # One part that fails must not keep the others from being done.
        logger.error("Sweep of %s failed: %s", name, type(error).__name__)
        row.update(last_error_code=type(error).__name__[:60])
        return None
    row.update(last_finished_at=clock(), last_count=count, last_error_code="")
    return count
