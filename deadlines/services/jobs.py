"""Starting, running, stopping and clearing away background jobs.

A job is a row before it is a message: losing the message costs a minute, losing the worker costs
its lease. Kinds of work are in `deadlines.jobs`, files in `deadlines.files`.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from common.claim import Claim, claim, finish, release
from common.marks import Actor
from common.wake import wake
from deadlines import jobs
from deadlines.choices import JobError, JobState
from deadlines.files import clear_orphans, content_type, job_storage, random_name
from deadlines.models import Job

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RUN_JOB = "deadlines.run_job"
PROGRESS_EVERY = timedelta(seconds=1)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
ORPHAN_AFTER = timedelta(days=1)
NUDGES = 10
BATCH = 500

_CODE = re.compile(r"[\w.:+/-]{0,80}", re.ASCII)


def start_job(*, kind: str, params: Mapping[str, Any], by: Actor, at: datetime) -> Job:
    """Write a job for the person acting, and wake a worker when the transaction commits.

    Asked for again while the first is open, it gives that one back. Raises ValueError for a kind
    nobody registered and for params that are more than ids and codes; PermissionDenied when the
    person may not use this kind, or is not a person.
    """
    known = jobs.kind_of(kind)
    if known is None:
        raise ValueError("Nobody registered this kind of work.")
    _check_params(params)
    if by.user_id is None or (known.permission and known.permission not in by.permissions):
        raise PermissionDenied
    owned = {"owner_id": by.user_id, "organisation_uuid": by.organisation_uuid}
    with transaction.atomic():
        same = Job.objects.open().filter(**owned, kind=kind, params=dict(params)).first()
        job = same or Job.objects.create(**owned, kind=kind, params=dict(params), created_at=at)
        wake(RUN_JOB)
    return job


def run_next_job(*, clock: Clock, worker: str) -> bool:
    """Claim the oldest job that waits and run it here; False when none waits.

    Must not be called inside a transaction: progress would be seen by nobody.
    """
    at = clock()
    waiting = Job.objects.open().order_by("pk")
    held = claim(waiting, at=at, lease=settings.JOB_LEASE, limit=1, worker=worker)
    if not held:
        return False
    _Run(held[0], clock).go(at)
    return True


def wake_waiting(at: datetime) -> int:
    """Wake workers for jobs that nobody holds: the sweep's answer to a lost nudge or worker."""
    waiting = Job.objects.free(at)[:NUDGES].count()
    for _nudge in range(waiting):
        wake(RUN_JOB)
    return waiting


def cancel_job(*, job: Job, by: Actor, at: datetime) -> bool:
    """Stop an open job; its worker notices at its next step. False when it had finished.

    Raises PermissionDenied when it is not the actor's own.
    """
    _own(job, by)
    return bool(
        Job.objects.open()
        .filter(pk=job.pk)
        .update(
            state=JobState.CANCELLED,
            finished_at=at,
            claimed_until=None,
            claim_token=F("claim_token") + 1,
            claim_worker="",
        )
    )


def retry_job(*, job: Job, by: Actor, at: datetime) -> bool:
    """Put a job that failed, was cancelled or expired back in the queue. False in another state.

    Raises PermissionDenied when it is not the actor's own.
    """
    _own(job, by)
    over = (JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED)
    with transaction.atomic():
        again = Job.objects.filter(pk=job.pk, state__in=over).update(
            state=JobState.QUEUED,
            created_at=at,
            started_at=None,
            finished_at=None,
            expires_at=None,
            attempts=0,
            done=0,
            total=0,
            message="",
            error_code="",
            result_name="",
        )
        if again:
            wake(RUN_JOB)
    return bool(again)


def expire_results(at: datetime) -> int:
    """Take results past their time out of the rows and off the disk, and files no row knows."""
    storage = job_storage()
    past = list(Job.objects.with_result_past(at).values_list("pk", "result")[:BATCH])
    for pk, name in past:
        # The row first: a crash between the two leaves a file that no row knows, cleared below.
        Job.objects.filter(pk=pk, state=JobState.DONE).update(state=JobState.EXPIRED, result="")
        storage.delete(name)
    return len(past) + clear_orphans(storage, Job, "result", before=at - ORPHAN_AFTER)


class _Run:
    """One try at one job by this worker. Everything it writes is fenced by the claim's token."""

    def __init__(self, held: Claim, clock: Clock) -> None:
        self.held = held
        self.clock = clock
        self.job = Job.objects.get(pk=held.pk)
        self.kind = jobs.kind_of(self.job.kind)
        self.lease = (self.kind and self.kind.lease) or settings.JOB_LEASE
        self.written_at: datetime | None = None

    def go(self, at: datetime) -> None:
        allowed = self.kind.attempts if self.kind else len(RETRY_AFTER)
        if self.job.attempts >= allowed:
            # Every try began and none ended: whatever it is, it stops workers.
            self._end(JobState.FAILED, error_code=self.job.error_code or JobError.STOPPED)
            return
        self._begin(at)
        try:
            if self.kind is None:
                self._try_later(JobError.UNKNOWN_KIND, allowed)
                return
            made = self.kind.run(self.job, self.progress)
            self._keep(made)
        except jobs.JobStopped:
            logger.info("%s stopped: it is no longer this worker's", self.job)
        except jobs.JobFailed as failure:
            self._end(JobState.FAILED, error_code=failure.code)
        except Exception as error:
            # The kind of error and the place only: a message may quote what somebody typed.
            logger.error("%s (%s): %s", self.job, self.job.kind, _place(error))
            self._try_later(JobError.BROKEN, allowed)

    def progress(self, done: int, total: int = 0, message: str = "") -> None:
        """`deadlines.jobs.Progress`: one small UPDATE of its own, at most once a second."""
        at = self.clock()
        complete = bool(total) and done >= total
        if self.written_at and not complete and abs(at - self.written_at) < PROGRESS_EVERY:
            return
        self.written_at = at
        self._write(done=done, total=total, message=message, claimed_until=at + self.lease)

    def _begin(self, at: datetime) -> None:
        self._write(
            state=JobState.RUNNING,
            attempts=F("attempts") + 1,
            started_at=self.job.started_at or at,
            done=0,
            total=0,
            message="",
            claimed_until=at + self.lease,
        )
        self.job.refresh_from_db()

    def _write(self, **values: Any) -> None:
        mine = Job.objects.open().filter(pk=self.held.pk, claim_token=self.held.token)
        if not mine.update(**values):
            raise jobs.JobStopped

    def _keep(self, made: jobs.JobFile | None) -> None:
        at = self.clock()
        if made is None:
            self._end(JobState.DONE)
            return
        content_type(made.name)
        storage = job_storage()
        name = storage.save(random_name(), made.content)
        keep = self.kind.keep if self.kind else timedelta()
        if not self._end(
            JobState.DONE, result=name, result_name=made.name, expires_at=at + keep, error_code=""
        ):
            storage.delete(name)

    def _try_later(self, code: str, allowed: int) -> None:
        if self.job.attempts >= allowed:
            self._end(JobState.FAILED, error_code=code)
            return
        wait = RETRY_AFTER[min(self.job.attempts, len(RETRY_AFTER)) - 1]
        release(
            Job.objects.all(), self.held, until=self.clock() + wait,
            state=JobState.QUEUED, error_code=code,
        )  # fmt: skip

    def _end(self, state: JobState, **values: Any) -> bool:
        return finish(Job.objects.all(), self.held, state=state, finished_at=self.clock(), **values)


def _place(error: Exception) -> str:
    """The class of an error and the line that raised it, without a word of its message."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "unknown"
    return f"{type(error).__name__} at {where}"


def _own(job: Job, by: Actor) -> None:
    if by.user_id != job.owner_id or by.organisation_uuid != job.organisation_uuid:
        raise PermissionDenied


def _check_params(value: object) -> None:
    match value:
        case Mapping():
            for key, inner in value.items():
                _check_params(key)
                _check_params(inner)
        case list() | tuple():
            for inner in value:
                _check_params(inner)
        case str() if _CODE.fullmatch(value):
            pass
        case bool() | int() | None:
            pass
        case _:
            raise ValueError("A job's params are ids and codes: no sentences, no names.")
