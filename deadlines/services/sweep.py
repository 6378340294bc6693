"""The sweep: everything that is due or was missed, done once a minute by beat and equally by cron.

What it does is registered in `deadlines.sweeps`. Safe at any time, twice at once, after any outage.
"""

import logging
import os
import socket
from datetime import datetime, timedelta

from deadlines import sweeps
from deadlines.models import SweepGap, SweepRun
from deadlines.services.jobs import Clock
from deadlines.services.mail import send_due_mail

logger = logging.getLogger(__name__)

STOOD_STILL = timedelta(minutes=10)
"""A longer time without a sweep is kept, and said where people look."""


def worker_name() -> str:
    """This process, as the operator finds it: host and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def sweep(*, at: datetime, clock: Clock) -> dict[str, int | None]:
    """Run every sweeper and note how it went; what each did, None for one that failed.

    `at` decides what is due; `clock` only tells when each part began and ended.
    """
    _note_gap(at)
    return {name: _run(name, run, at, clock) for name, run in sweeps.registered().items()}


def gap_before(at: datetime) -> timedelta | None:
    """How long nobody had swept by `at`, when that is longer than it should be."""
    # Every sweep begins with the same part: one row tells, however many parts there are.
    first = next(iter(sweeps.registered()), "")
    last = SweepRun.objects.filter(name=first).first()
    gap = at - last.last_started_at if last else None
    return gap if gap and gap > STOOD_STILL else None


def send_mail(at: datetime) -> int:
    """The outbox as a sweeper."""
    return send_due_mail(at=at, worker=worker_name())


def _note_gap(at: datetime) -> None:
    gap = gap_before(at)
    if gap is not None:
        logger.warning("Nobody swept for %s; what fell due is told late", gap)
        row = SweepGap(from_at=at - gap, until_at=at)
        SweepGap.objects.bulk_create([row], ignore_conflicts=True)  # two may begin at once


def _run(name: str, run: sweeps.Sweeper, at: datetime, clock: Clock) -> int | None:
    row = SweepRun(name=name, last_started_at=clock())
    _note(row, "last_started_at")
    try:
        count = run(at)
    except Exception as error:
        # One part that fails must not keep the others from being done.
        logger.error("Sweep of %s failed: %s", name, type(error).__name__)
        row.last_error_code = type(error).__name__[:60]
        _note(row, "last_error_code")
        return None
    row.last_finished_at, row.last_count = clock(), count
    _note(row, "last_finished_at", "last_count", "last_error_code")
    return count


def _note(row: SweepRun, *fields: str) -> None:
    """Write these fields of a part, in one statement that goes over no other part's."""
    SweepRun.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=fields
    )
