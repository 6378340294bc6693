"""Background work with its result, and how each part of the sweep last ran.

Kinds of work are in `deadlines.jobs`; rows are written by `deadlines.services` only.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.claim import Claimable
from common.marks import Actor
from deadlines import jobs
from deadlines.choices import JobState
from deadlines.files import job_storage, random_name

OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, actor: Actor) -> "JobQuerySet":
        """One's own, begun for the organisation one is acting for, of kinds one may still use."""
        if actor.user_id is None:
            return self.none()
        closed = [
            kind.code
            for kind in jobs.all_kinds()
            if kind.permission is not None and kind.permission not in actor.permissions
        ]
        mine = self.filter(owner_id=actor.user_id, organisation_uuid=actor.organisation_uuid)
        return mine.exclude(kind__in=closed)

    def open(self) -> "JobQuerySet":
        """Queued or running."""
        return self.filter(state__in=OPEN_JOBS)

    def free(self, at: datetime) -> "JobQuerySet":
        """Open, and held by no worker: new, waiting for another try, or its worker is gone."""
        return self.open().filter(Q(claimed_until=None) | Q(claimed_until__lte=at))

    def with_result_past(self, at: datetime) -> "JobQuerySet":
        return self.filter(state=JobState.DONE, expires_at__lte=at)


class Job(Claimable):
    """A piece of work somebody asked for that takes longer than a page may.

    `params` and `message` hold ids and codes: a job row carries nothing about a person.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs"
    )
    organisation_uuid = models.UUIDField(null=True, blank=True)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0, help_text=_("0 while it is not known."))
    message = models.CharField(max_length=60, blank=True)
    result = models.FileField(storage=job_storage, upload_to=random_name, max_length=60, blank=True)
    result_name = models.CharField(max_length=110, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        indexes = [
            # Read by the sweep each minute: only what is open, however many jobs there have been.
            models.Index(fields=["id"], name="job_open", condition=Q(state__in=OPEN_JOBS)),
            models.Index(
                fields=["expires_at"], name="job_with_result", condition=Q(state=JobState.DONE)
            ),
            models.Index(
                fields=["owner", "organisation_uuid", "-created_at", "-id"], name="job_of_owner"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_state_known",
                condition=Q(state__in=JobState.values),
                violation_error_message=_("A job has one of the states in the list."),
            ),
            models.CheckConstraint(
                name="job_open_until_finished",
                condition=Q(state__in=OPEN_JOBS, finished_at=None)
                | (~Q(state__in=OPEN_JOBS) & Q(finished_at__isnull=False)),
                violation_error_message=_("A job is open or it has a time at which it finished."),
            ),
            models.CheckConstraint(
                name="job_result_while_done",
                condition=Q(result="") | Q(state=JobState.DONE, expires_at__isnull=False),
                violation_error_message=_("Only a finished job has a result, and for a time only."),
            ),
            models.CheckConstraint(
                name="job_failed_has_code",
                condition=~Q(state=JobState.FAILED) | ~Q(error_code=""),
                violation_error_message=_("A failed job says why."),
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.uuid}"

    @property
    def label(self) -> str:
        """What the work is called; a kind no longer known is called by its code."""
        kind = jobs.kind_of(self.kind)
        return str(kind.label) if kind else self.kind

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_JOBS

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None while the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def words(self) -> str:
        """What it is doing, or why it failed, in words."""
        kind = jobs.kind_of(self.kind)
        code = self.error_code or self.message
        return str(kind.text(code)) if kind else str(jobs.common_text(code))


class SweepRun(models.Model):
    """When one part of the sweep last ran, and how it went: one row per part, for health."""

    name = models.CharField(max_length=60, unique=True)
    last_started_at = models.DateTimeField()
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_count = models.PositiveIntegerField(default=0)
    last_error_code = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("run of the sweep")
        verbose_name_plural = _("runs of the sweep")

    def __str__(self) -> str:
        return f"sweep {self.name}"


class SweepGap(models.Model):
    """A time in which nobody swept: what fell due then was told late."""

    from_at = models.DateTimeField(unique=True)
    until_at = models.DateTimeField()

    class Meta:
        verbose_name = _("gap between sweeps")
        verbose_name_plural = _("gaps between sweeps")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="sweepgap_ends_later",
                condition=Q(until_at__gt=models.F("from_at")),
                violation_error_message=_("A gap ends after it began."),
            ),
        ]

    def __str__(self) -> str:
        return f"gap {self.pk}"
