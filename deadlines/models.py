"""Background work with its result, the notices of the inbox, and the outbox of mail.

Rules, clocks and reminders join them later. Kinds are in `jobs`, `notices` and `mails`; rows are
written by `deadlines.services` only.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.claim import Claimable
from common.marks import Actor
from deadlines import jobs, notices
from deadlines.choices import JobState, Urgency
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


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, actor: Actor) -> "NoticeQuerySet":
        """One's own: those to oneself, and those to oneself in the organisation one acts for."""
        if actor.user_id is None:
            return self.none()
        place = Q(organisation_uuid=None) | Q(organisation_uuid=actor.organisation_uuid)
        return self.filter(place, recipient_id=actor.user_id)

    def waiting_elsewhere(self, actor: Actor) -> "NoticeQuerySet":
        """One's own unread ones in organisations one could act for instead."""
        return (
            self.unread()
            .filter(recipient_id=actor.user_id, organisation_uuid__isnull=False)
            .exclude(organisation_uuid=actor.organisation_uuid)
        )

    def unread(self) -> "NoticeQuerySet":
        """Neither opened by the recipient nor settled by a colleague."""
        return self.filter(read_at=None, handled_at=None)

    def unmailed(self) -> "NoticeQuerySet":
        """Unread, and no mail has counted them yet."""
        return self.unread().filter(mailed_at=None)


class Notice(models.Model):
    """One line in one person's inbox: something happened, or waits, and where to look.

    What it says comes from its kind. The subject is a row of a higher package, by kind and uuid.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    organisation_uuid = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_uuid = models.UUIDField()
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.DIGEST)
    key = models.CharField(max_length=200, help_text=_("One notice per person and key."))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty when the system did it."),
    )
    read_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_of_recipient"),
            # Read on every page, for the number beside "Inbox".
            models.Index(
                fields=["recipient", "-created_at", "-id"],
                name="notice_unread",
                condition=Q(read_at=None, handled_at=None),
            ),
            # Read by the sweep each minute.
            models.Index(
                fields=["recipient", "id"],
                name="notice_unmailed",
                condition=Q(read_at=None, handled_at=None, mailed_at=None),
            ),
            models.Index(
                fields=["subject_kind", "subject_uuid"],
                name="notice_open_by_subject",
                condition=Q(handled_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "key"],
                name="notice_once",
                violation_error_message=_("This person has this notice already."),
            ),
            models.CheckConstraint(
                name="notice_urgency_known",
                condition=Q(urgency__in=Urgency.values),
                violation_error_message=_("A notice has one of the urgencies in the list."),
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.uuid}"

    @property
    def title(self) -> str:
        """What happened; says nothing when the kind is no longer known."""
        kind = notices.kind_of(self.kind)
        return str(kind.title) if kind else str(_("A notice"))

    @property
    def is_unread(self) -> bool:
        return self.read_at is None and self.handled_at is None


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self, at: datetime) -> "MailQuerySet":
        """Not sent, not given up, and not waiting for another try."""
        return self.waiting().filter(not_before__lte=at)

    def waiting(self) -> "MailQuerySet":
        return self.filter(sent_at=None, dead_at=None, dropped_at=None)

    def dead(self) -> "MailQuerySet":
        """Given up: somebody must look."""
        return self.filter(dead_at__isnull=False)


class Mail(Claimable):
    """One letter to one person, in the outbox until the relay has taken it.

    At least once: a crash between the relay's answer and our commit sends it again under the same
    Message-ID. Address and variables are wiped when it has left.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mails",
    )
    address = models.EmailField(
        blank=True, help_text=_("Only for people who have no sign-in yet, and only until sent.")
    )
    address_hash = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=12, blank=True)
    variables = models.JSONField(default=dict)
    key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text=_("There was nothing left to say.")
    )
    last_error_code = models.CharField(max_length=60, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            # Read by the sweep each minute: only what waits, however many were sent.
            models.Index(
                fields=["not_before", "id"],
                name="mail_waiting",
                condition=Q(sent_at=None, dead_at=None, dropped_at=None),
            ),
            models.Index(fields=["-dead_at"], name="mail_dead", condition=Q(dead_at__isnull=False)),
            models.Index(fields=["recipient", "kind", "-created_at"], name="mail_of_recipient"),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_one_ending",
                condition=Q(sent_at=None, dead_at=None)
                | Q(sent_at=None, dropped_at=None)
                | Q(dead_at=None, dropped_at=None),
                violation_error_message=_("A mail is sent, given up or dropped: one of them."),
            ),
            models.CheckConstraint(
                name="mail_to_person_or_address",
                condition=Q(recipient__isnull=False, address="", address_hash="")
                | (Q(recipient=None) & ~Q(address_hash="")),
                violation_error_message=_("A mail goes to a person or to an address."),
            ),
            models.CheckConstraint(
                name="mail_address_wiped_when_gone",
                condition=Q(address="") | Q(sent_at=None, dropped_at=None),
                violation_error_message=_("The address is wiped when the mail has left."),
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.uuid}"


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
