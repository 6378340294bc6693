"""Deadlines: a stored date and whom it binds, what was done to it, who was told, working days.

Late is a query, never a flag. How a period is counted is copied from the country profile when the
clock starts, so that a rule which changes later moves nothing that runs.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, one_of
from common.country import current
from common.fields import CodesField
from common.marks import Actor
from common.profile import Bound, Pausing
from common.workdays import Counting, DayZero, DeadlineLength, Roll, Unit
from deadlines import kinds
from deadlines.choices import DeadlineAct, MoveReason, Stage
from deadlines.models.post import Notice

OPEN = Q(met_at=None, cancelled_at=None)
TOLD_OF_MORE_TIME = "deadline_extended"
"""The notice to those who answer for a deadline that was extended."""
CAN_BE_LATE = (Bound.LATEST.value, Bound.EXPIRES.value)
"""The others protect somebody or hold an act back: they end, and nobody is late."""


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def visible_to(self, actor: Actor) -> "DeadlineQuerySet":
        """Those that bind one of the groups one acts in, or oneself in this organisation.

        What they are about is asked of their kind again wherever they are shown.
        """
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        return self.filter(Q(group_id__in=actor.group_ids) | self._own(actor))

    def shown_to(self, actor: Actor) -> "DeadlineQuerySet":
        """Those of `visible_to`, and those one was told of as somebody who answers for them:
        that nobody met one, or that it was given more time."""
        if actor.system or actor.user_id is None:
            return self.visible_to(actor)
        escalated = Reminder.objects.filter(
            deadline=OuterRef("pk"), recipient=actor.user_id, stage=Stage.ESCALATE
        )
        extended = Notice.objects.filter(
            subject_uuid=OuterRef("uuid"), recipient=actor.user_id, kind=TOLD_OF_MORE_TIME
        )
        mine = Q(group_id__in=actor.group_ids) | self._own(actor)
        return self.filter(mine | Exists(escalated) | Exists(extended))

    def escalated_to(self, actor: Actor) -> "DeadlineQuerySet":
        """Open ones that nobody met, and of which the actor was told for that reason."""
        told = Reminder.objects.filter(
            deadline=OuterRef("pk"), recipient=actor.user_id, stage=Stage.ESCALATE
        )
        # Only for the end it has now: one that was extended since is nobody's to answer for yet.
        return self.open().filter(Exists(told.filter(for_due_at=OuterRef("due_at"))))

    def not_closed_to(self, actor: Actor) -> "DeadlineQuerySet":
        """Without those about what is closed to the actor: for a number, which names no row."""
        rows = self
        by_rule: dict[kinds.Subjects, list[str]] = {}
        for kind in kinds.registered():
            if kind.subjects is not None:
                by_rule.setdefault(kind.subjects, []).append(kind.code)
        for subjects, codes in by_rule.items():
            is_open = Exists(subjects(actor).filter(uuid=OuterRef("subject_uuid")))
            rows = rows.filter(~Q(kind__in=codes) | Q(is_open))
        return rows

    def slices_for(self, actor: Actor) -> "dict[str, DeadlineQuerySet]":
        """The same rows as one queryset for each group and one for oneself, for `merge_slices`."""
        slices = {f"g{pk}": self.filter(group_id=pk) for pk in actor.group_ids}
        return {**slices, "me": self.filter(self._own(actor))}

    def open(self) -> "DeadlineQuerySet":
        """Neither met nor cancelled nor ended."""
        return self.filter(OPEN)

    def late(self, at: datetime) -> "DeadlineQuerySet":
        """Open, running, past the end, and of those that can be late."""
        return self.open().filter(paused_at=None, due_at__lt=at, bound__in=CAN_BE_LATE)

    def with_stage_due(self, at: datetime) -> "DeadlineQuerySet":
        """Somebody is to be told by now, the longest overdue first. Reads one small index."""
        return self.filter(next_at__lte=at).order_by("next_at", "pk")

    @staticmethod
    def _own(actor: Actor) -> Q:
        place = Q(organisation_uuid=None) | Q(organisation_uuid=actor.organisation_uuid)
        return Q(user_id=actor.user_id) & place


class Deadline(models.Model):
    """By when something must be done, may be done, or lasts; for one group of people or for one.

    The subject is a row of a higher package, by kind and uuid. Dates are instants in UTC; a date
    in days ends with the local day of the country.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    rule_code = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_uuid = models.UUIDField()
    group = models.ForeignKey(
        Group, models.PROTECT, null=True, blank=True, related_name="deadlines"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="deadlines"
    )
    organisation_uuid = models.UUIDField(null=True, blank=True)

    bound = models.CharField(max_length=10)
    unit = models.CharField(max_length=14)
    amount = models.PositiveIntegerField(default=0, help_text=_("0 where a date is given."))
    day_zero = models.CharField(max_length=10)
    roll = models.CharField(max_length=10)
    stops_for = CodesField(codes=[each.value for each in Pausing], max_length=60)
    remind_before_days = models.PositiveSmallIntegerField(default=0)
    subdivision = models.CharField(max_length=10, blank=True)
    calendar_version = models.CharField(max_length=60)

    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty when the system did it."),
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_for = models.CharField(max_length=10, blank=True, help_text=_("What stopped it."))
    extended_at = models.DateTimeField(null=True, blank=True)
    extended_to = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    next_stage = models.CharField(max_length=10, choices=Stage, blank=True)
    next_rung = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        default_permissions = ()
        indexes = [
            models.Index(fields=["due_at"], name="deadline_open_due", condition=OPEN),
            # Read by the sweep each minute: only what somebody is still to be told of.
            models.Index(
                fields=["next_at", "id"], name="deadline_next", condition=Q(next_at__isnull=False)
            ),
            models.Index(
                fields=["group", "due_at", "id"],
                name="deadline_of_group",
                condition=OPEN & Q(group__isnull=False),
            ),
            models.Index(
                fields=["user", "due_at", "id"],
                name="deadline_of_user",
                condition=OPEN & Q(user__isnull=False),
            ),
            models.Index(fields=["subject_uuid"], name="deadline_of_subject"),
            # How late some kinds were met; written once, when one is, and never while it runs.
            models.Index(
                fields=["kind", "met_at"], name="deadline_met", condition=Q(met_at__isnull=False)
            ),
        ]
        constraints = [
            one_of("group", "user", model="deadline", fact="binds_a_group_or_a_person"),
            in_choices("bound", list(Bound), model="deadline"),
            in_choices("unit", list(Unit), model="deadline"),
            models.UniqueConstraint(
                fields=["kind", "subject_uuid", "group"],
                name="deadline_open_once_for_group",
                condition=OPEN & Q(group__isnull=False),
                violation_error_message=_("This clock already runs for this group."),
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_uuid", "user"],
                name="deadline_open_once_for_user",
                condition=OPEN & Q(user__isnull=False),
                violation_error_message=_("This clock already runs for this person."),
            ),
            models.CheckConstraint(
                name="deadline_one_ending",
                condition=Q(met_at=None) | Q(cancelled_at=None),
                violation_error_message=_("A deadline is met or cancelled: one of them."),
            ),
            models.CheckConstraint(
                name="deadline_pauses_while_open",
                condition=Q(paused_at=None) | OPEN,
                violation_error_message=_("Only a deadline that is open can stand still."),
            ),
            models.CheckConstraint(
                name="deadline_paused_for_something",
                condition=Q(paused_at=None, paused_for="")
                | Q(paused_at__isnull=False, paused_for__in=[each.value for each in Pausing]),
                violation_error_message=_("A clock that stands still says what stopped it."),
            ),
            models.CheckConstraint(
                name="deadline_tells_while_it_runs",
                condition=Q(next_at=None, next_stage="")
                | (Q(next_at__isnull=False, paused_at=None) & OPEN & ~Q(next_stage="")),
                violation_error_message=_("Nobody is told of a deadline that does not run."),
            ),
            models.CheckConstraint(
                name="deadline_extended_both",
                condition=Q(extended_at=None, extended_to=None)
                | Q(extended_at__isnull=False, extended_to__isnull=False),
                violation_error_message=_("An extension has a moment and a new end."),
            ),
        ]

    def __str__(self) -> str:
        return f"deadline {self.uuid}"

    @property
    def counting(self) -> Counting | None:
        """How it is counted, as the rule said when it began; None for a date that stands still."""
        if not self.amount:
            return None
        length = DeadlineLength(Unit(self.unit), self.amount)
        return Counting(length, DayZero(self.day_zero), Roll(self.roll))

    @property
    def length(self) -> DeadlineLength | None:
        """How long it was counted, without how."""
        return self.counting.length if self.counting else None

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.cancelled_at is None

    @property
    def can_be_late(self) -> bool:
        return self.bound in CAN_BE_LATE

    def is_late(self, at: datetime) -> bool:
        """Past its end and not done, while the clock runs."""
        return self.is_open and self.paused_at is None and self.can_be_late and self.due_at < at

    @property
    def late_by(self) -> timedelta | None:
        """How long after the end it was met; None when it was in time or is not met."""
        if self.met_at is None or not self.can_be_late or self.met_at <= self.due_at:
            return None
        return self.met_at - self.due_at

    @property
    def title(self) -> str:
        """What must be done in the country's words; else what its kind is called."""
        places = (self.subdivision, "")
        named = [
            rule
            for place in places
            for rule in current().rules()
            if rule.code == self.rule_code and rule.subdivision == place
        ]
        kind = kinds.kind_of(self.kind)
        words = named[0].title if named else kind.title if kind else _("A deadline")
        return str(words)


class DeadlineEvent(models.Model):
    """What somebody did to a running deadline, and what it did to the date. Never altered."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="events")
    act = models.CharField(max_length=10, choices=DeadlineAct)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason_code = models.CharField(max_length=60, blank=True)
    due_before = models.DateTimeField()
    due_after = models.DateTimeField()

    class Meta:
        verbose_name = _("event of a deadline")
        verbose_name_plural = _("events of deadlines")
        default_permissions = ()
        ordering = ["deadline_id", "pk"]
        constraints = [
            in_choices("act", DeadlineAct.values, model="deadlineevent"),
            models.CheckConstraint(
                name="deadlineevent_extension_has_reason",
                condition=~Q(act=DeadlineAct.EXTENDED)
                | (~Q(reason_code="") & Q(due_after__gt=F("due_before"))),
                violation_error_message=_("An extension gives a reason and a later end."),
            ),
            models.CheckConstraint(
                name="deadlineevent_move_has_reason",
                condition=~Q(act=DeadlineAct.MOVED) | Q(reason_code__in=MoveReason.values),
                violation_error_message=_("A deadline is moved by a rule or the calendar."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} of deadline {self.deadline_id}"


class Reminder(models.Model):
    """Somebody was told of one stage of a deadline: the claimed work, once for each end it had."""

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="reminders")
    stage = models.CharField(max_length=10, choices=Stage)
    rung = models.PositiveSmallIntegerField(default=0, help_text=_("Of the ladder, from 1."))
    for_due_at = models.DateTimeField(help_text=_("The end it spoke of."))
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminders"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["deadline", "stage", "rung", "for_due_at", "recipient"],
                name="reminder_once",
                violation_error_message=_("This person was told already."),
            ),
            in_choices("stage", Stage.values, model="reminder"),
            models.CheckConstraint(
                name="reminder_rung_of_the_ladder",
                condition=Q(stage=Stage.ESCALATE, rung__gte=1)
                | (~Q(stage=Stage.ESCALATE) & Q(rung=0)),
                violation_error_message=_("Only an escalation stands on a rung."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of deadline {self.deadline_id}"


class CalendarDay(models.Model):
    """A correction of the working-day calendar: a day that is worked, or is not, after all.

    Rows are added and never changed: the newest for a day counts, and how many there are is the
    calendar's version, kept with every deadline counted from it.
    """

    country = models.CharField(max_length=8)
    subdivision = models.CharField(
        _("part of the country"), max_length=10, blank=True, help_text=_("Empty: all of it.")
    )
    day = models.DateField(_("day"))
    is_working = models.BooleanField(_("people work on it"))
    name = models.CharField(
        _("why"), max_length=120, help_text=_("The holiday, or the act that moved it.")
    )
    entered_at = models.DateTimeField(editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("corrected working day")
        verbose_name_plural = _("corrected working days")
        indexes = [models.Index(fields=["country", "id"], name="calendarday_of_country")]

    def __str__(self) -> str:
        return f"{self.country} {self.subdivision} {self.day}".replace("  ", " ")
