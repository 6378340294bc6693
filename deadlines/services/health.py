"""Whether everything that must move does: what a person keeping the system running looks at.

Ages and counts only: no person, no case, no organisation, not even an id. Reads small indexes.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from celery import current_app
from django.db.models import Q

from common.paging import capped_count
from deadlines import sweeps
from deadlines.models import Deadline, Job, Mail, SweepGap, SweepRun

logger = logging.getLogger(__name__)

SWEEP_LATE = timedelta(minutes=5)
TOLD_LATE = timedelta(minutes=5)
MAIL_LATE = timedelta(minutes=30)
JOB_LATE = timedelta(minutes=15)
QUEUE_LONG = 100
RECENTLY = timedelta(days=30)


class Check(StrEnum):
    """What is looked at; the words for each are in `deadlines.views.health`."""

    SWEEP = "sweep"
    SWEEP_PARTS = "sweep_parts"
    DEADLINES = "deadlines"
    MAIL = "mail"
    DEAD_MAIL = "dead_mail"
    RETURNED_MAIL = "returned_mail"
    JOBS = "jobs"
    QUEUE = "queue"


@dataclass(frozen=True)
class Finding:
    """What one look found. `since`: how long it has been so; `count` stops at a thousand.

    `is_known` is false where it could not be asked, as the queue while the broker is away.
    """

    check: Check
    is_well: bool
    count: int | None = None
    since: datetime | None = None
    names: tuple[str, ...] = ()
    is_known: bool = True


@dataclass(frozen=True)
class Health:
    """Every finding at one moment, and the last time nobody swept."""

    at: datetime
    findings: tuple[Finding, ...]
    gap: SweepGap | None

    @property
    def is_well(self) -> bool:
        return all(finding.is_well for finding in self.findings)

    def as_numbers(self) -> dict[str, object]:
        """For monitoring: per check whether it is well, seconds of age, and a count."""
        return {
            "well": self.is_well,
            "at": self.at.isoformat(timespec="seconds"),
            "checks": {
                finding.check.value: {
                    "well": finding.is_well,
                    "known": finding.is_known,
                    "count": finding.count,
                    "age_seconds": _seconds(finding.since, self.at),
                }
                for finding in self.findings
            },
        }


def look(at: datetime) -> Health:
    """Look at everything. Nothing here raises when a part is away, but for the database."""
    checks: tuple[Callable[[datetime], Finding], ...] = (
        _sweep, _sweep_parts, _deadlines, _mail, _dead_mail, _returned_mail, _jobs, _queue,
    )  # fmt: skip
    gap = SweepGap.objects.filter(until_at__gte=at - RECENTLY).order_by("-until_at").first()
    return Health(at, tuple(check(at) for check in checks), gap)


def queue_depth() -> int | None:
    """Messages that wait for a worker; None when the broker does not answer."""
    queue = current_app.conf.task_default_queue
    try:
        with current_app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=3)
            declared = broker.default_channel.queue_declare(queue=queue, durable=True)
            return int(declared.message_count)
    except Exception as error:
        # The kind only: a broker's message may hold addresses and passwords.
        logger.warning("The broker was not asked how much waits: %s", type(error).__name__)
        return None


def _sweep(at: datetime) -> Finding:
    last = SweepRun.objects.order_by("-last_started_at").first()
    since = last.last_started_at if last else None
    return Finding(Check.SWEEP, since is not None and at - since <= SWEEP_LATE, since=since)


def _sweep_parts(at: datetime) -> Finding:
    # A part that was taken out of the code leaves its row behind.
    failed = SweepRun.objects.filter(name__in=list(sweeps.registered())).exclude(last_error_code="")
    rows = list(failed.order_by("last_started_at"))
    return Finding(
        Check.SWEEP_PARTS,
        not rows,
        count=len(rows),
        since=rows[0].last_started_at if rows else None,
        names=tuple(f"{row.name} ({row.last_error_code})" for row in rows),
    )


def _deadlines(at: datetime) -> Finding:
    waiting = Deadline.objects.with_stage_due(at)
    first = waiting.values_list("next_at", flat=True).first()
    return Finding(
        Check.DEADLINES,
        first is None or at - first <= TOLD_LATE,
        count=capped_count(waiting).number if first else 0,
        since=first,
    )


def _mail(at: datetime) -> Finding:
    # Due, or put off because it could not leave.
    waiting = Mail.objects.waiting().filter(Q(not_before__lte=at) | ~Q(last_error_code=""))
    first = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    return Finding(
        Check.MAIL,
        first is None or at - first <= MAIL_LATE,
        count=capped_count(waiting).number if first else 0,
        since=first,
    )


def _dead_mail(at: datetime) -> Finding:
    dead = Mail.objects.dead()
    first = dead.order_by("dead_at").values_list("dead_at", flat=True).first()
    return Finding(
        Check.DEAD_MAIL, first is None, count=capped_count(dead).number if first else 0, since=first
    )


def _returned_mail(at: datetime) -> Finding:
    returned = Mail.objects.returned().filter(returned_at__gte=at - RECENTLY)
    last = returned.order_by("-returned_at").values_list("returned_at", flat=True).first()
    # Told, and not an alarm: one address that no longer exists is no fault of the system.
    return Finding(
        Check.RETURNED_MAIL, True, count=capped_count(returned).number if last else 0, since=last
    )


def _jobs(at: datetime) -> Finding:
    free = Job.objects.free(at)
    first = free.order_by("created_at").values_list("created_at", flat=True).first()
    return Finding(
        Check.JOBS,
        first is None or at - first <= JOB_LATE,
        count=capped_count(free).number if first else 0,
        since=first,
    )


def _queue(at: datetime) -> Finding:
    depth = queue_depth()
    is_well = depth is not None and depth < QUEUE_LONG
    return Finding(Check.QUEUE, is_well, count=depth, is_known=depth is not None)


def _seconds(since: datetime | None, at: datetime) -> int | None:
    return None if since is None else max(0, int((at - since).total_seconds()))
