"""Action points: what one organisation is to do for the co-ordination, by when, and the proof."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from common.country import local_day
from common.marks import Actor, Permission
from deadlines.files import random_name
from ncm.action_choices import CLOSED, TO_DO, ActionEventKind, ActionState, Priority
from ncm.action_files import action_storage
from ncm.models.bodies import Body, Seat
from ncm.models.obligations import Obligation
from ncm.models.plan import Activity
from ncm.models.resolutions import Resolution
from ncm.plan_choices import FourP
from partners.models import Organisation

P = Permission
S = ActionState
User = settings.AUTH_USER_MODEL


class ActionPointQuerySet(models.QuerySet["ActionPoint"]):
    def visible_to(self, actor: Actor) -> "ActionPointQuerySet":
        """Those one's organisation wrote or is responsible for, and those of a body where it sits
        now; all, for who keeps the co-ordination and for the rapporteur."""
        if actor.system:
            return self
        if actor.user_id is None or P.COORDINATION_SEE not in actor.permissions:
            return self.none()
        if {P.COORDINATION_KEEP, P.REPORT_BUILD} & actor.permissions:
            return self
        return self.filter(self._ours(actor))

    def to_do(self) -> "ActionPointQuerySet":
        """Still to be done by whoever is responsible."""
        return self.filter(state__in=TO_DO)

    def standing(self) -> "ActionPointQuerySet":
        """Neither verified nor cancelled."""
        return self.exclude(state__in=CLOSED)

    def late(self, today: date) -> "ActionPointQuerySet":
        """Past their day and not done: a question of the date, never a state."""
        return self.to_do().filter(due_on__lt=today)

    def of_organisation(self, actor: Actor) -> "ActionPointQuerySet":
        """Those the organisation acted for is responsible for."""
        return self.filter(responsible_id=actor.organisation_id)

    def of_person(self, actor: Actor) -> "ActionPointQuerySet":
        """Those one was named to do, for the organisation acted for."""
        return self.of_organisation(actor).filter(responsible_person_id=actor.user_id)

    def waiting_for(self, actor: Actor) -> "ActionPointQuerySet":
        """Reported done, and this actor is one of those who can verify: for the organisation that
        made them, or for the co-ordination. Mirrors the guard of the workflow."""
        rows = self.filter(state=S.REPORTED)
        if P.COORDINATION_KEEP not in actor.permissions:
            rows = rows.filter(by_organisation_id=actor.organisation_id)
        rows = rows.exclude(reported_by_id=actor.user_id)
        rows = rows.exclude(responsible_person_id=actor.user_id)
        return rows.exclude(TWO_PEOPLE, made_by_id=actor.user_id)

    @staticmethod
    def _ours(actor: Actor) -> Q:
        home = actor.organisation_id
        sits = Seat.objects.of(actor).on(local_day(actor.at)).filter(body_id=OuterRef("body_id"))
        return Q(by_organisation_id=home) | Q(responsible_id=home) | Q(Exists(sits))


#: Done is not believed of whoever made it either: own matters, and what has high priority.
TWO_PEOPLE = Q(priority=Priority.HIGH) | Q(by_organisation_id=F("responsible_id"))


class ActionPoint(models.Model):
    """Something an organisation is to do by a day, which somebody else then sees is done."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=14, unique=True)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one row."))
    title = models.CharField(_("title"), max_length=140)
    todo = models.TextField(_("what is to be done"), max_length=4000)
    pillar = models.CharField(_("area"), max_length=12, choices=FourP.choices)
    priority = models.CharField(
        _("priority"), max_length=6, choices=Priority.choices, default=Priority.NORMAL
    )
    body = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, related_name="actions", verbose_name=_("body")
    )
    resolution = models.ForeignKey(
        Resolution, models.PROTECT, null=True, blank=True, related_name="actions",
        verbose_name=_("resolution"),
    )  # fmt: skip
    activity = models.ForeignKey(
        Activity, models.PROTECT, null=True, blank=True, related_name="actions",
        verbose_name=_("activity of the plan"),
    )  # fmt: skip
    obligation = models.ForeignKey(
        Obligation, models.PROTECT, null=True, blank=True, related_name="actions",
        verbose_name=_("obligation"),
    )  # fmt: skip
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="actions_made", verbose_name=_("made by")
    )
    responsible = models.ForeignKey(
        Organisation, models.PROTECT, related_name="actions", verbose_name=_("responsible")
    )
    responsible_person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        help_text=_("Somebody of the responsible organisation, named by it."),
    )  # fmt: skip
    due_on = models.DateField(_("due on"))
    due_before_on = models.DateField(
        null=True, blank=True, help_text=_("The day it had before it was moved last.")
    )
    evidence = models.TextField(_("what shows that it is done"), max_length=4000, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.OPEN)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    reported_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = ActionPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("action point")
        verbose_name_plural = _("action points")
        default_permissions = ()
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(fields=["due_on", "id"], name="actionpoint_by_due"),
            models.Index(fields=["responsible", "due_on", "id"], name="actionpoint_of_home"),
            models.Index(
                fields=["made_at"], name="actionpoint_waits", condition=Q(state=S.REPORTED)
            ),
        ]
        constraints = [
            in_choices("state", S.values, model="actionpoint"),
            in_choices("pillar", FourP.values, model="actionpoint"),
            in_choices("priority", Priority.values, model="actionpoint"),
            models.CheckConstraint(
                name="actionpoint_says_what",
                condition=~Q(title="") & ~Q(todo=""),
                violation_error_message=_("An action point says what is to be done."),
            ),
            models.CheckConstraint(
                name="actionpoint_resolution_of_its_body",
                condition=Q(resolution__isnull=True) | Q(body__isnull=False),
                violation_error_message=_("A resolution is of a body: name it too."),
            ),
            required_in_state(
                [S.REPORTED, S.SENT_BACK, S.VERIFIED], "reported_at", "reported_by",
                model="actionpoint", fact="reported_by_somebody",
            ),
            required_in_state(
                [S.VERIFIED], "verified_at", "verified_by", model="actionpoint",
                fact="verified_by_somebody",
            ),
            required_in_state(
                [S.CANCELLED], "cancelled_at", model="actionpoint", fact="cancelled_on_a_day"
            ),
            models.CheckConstraint(
                name="actionpoint_verified_by_another",
                condition=Q(verified_by__isnull=True)
                | (
                    ~Q(verified_by=F("reported_by"))
                    & (Q(responsible_person__isnull=True) | ~Q(verified_by=F("responsible_person")))
                ),
                violation_error_message=_("Nobody verifies what they did themselves."),
            ),
            models.CheckConstraint(
                name="actionpoint_second_person",
                condition=Q(verified_by__isnull=True)
                | ~Q(verified_by=F("made_by"))
                | (Q(priority=Priority.NORMAL) & ~Q(by_organisation=F("responsible"))),
                violation_error_message=_("A second person verifies this one."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:action", args=[self.uuid])

    @property
    def needs_two(self) -> bool:
        """Whether whoever made it cannot be the one to verify it: `TWO_PEOPLE` for one row."""
        return self.priority == Priority.HIGH or self.by_organisation_id == self.responsible_id

    @property
    def is_to_do(self) -> bool:
        return self.state in TO_DO

    def is_late(self, today: date) -> bool:
        return self.is_to_do and self.due_on < today


class OfActionQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows of an action point: read by whoever may see it."""

    def visible_to(self, actor: Actor) -> "OfActionQuerySet":
        if actor.system:
            return self
        return self.filter(
            Exists(ActionPoint.objects.visible_to(actor).filter(pk=OuterRef("action_id")))
        )


class ActionComment(models.Model):
    """What one side says about an action point. Nobody changes it, whoever wrote it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    action = models.ForeignKey(ActionPoint, models.PROTECT, related_name="comments")
    words = models.TextField(_("comment"), max_length=2000)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", db_index=False
    )

    objects = OfActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment on an action point")
        verbose_name_plural = _("comments on action points")
        default_permissions = ()
        ordering = ["action_id", "at", "id"]
        constraints = [
            models.CheckConstraint(name="actioncomment_says_something", condition=~Q(words=""))
        ]

    def __str__(self) -> str:
        return f"comment {self.uuid}"


class ActionFile(models.Model):
    """A document that shows that something was done. Nothing about a person who was helped."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    action = models.ForeignKey(ActionPoint, models.PROTECT, related_name="files")
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=action_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = OfActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of an action point")
        verbose_name_plural = _("documents of action points")
        default_permissions = ()
        ordering = ["action_id", "id"]
        constraints = [models.UniqueConstraint(fields=["action", "digest"], name="actionfile_once")]

    def __str__(self) -> str:
        return f"document {self.uuid}"


class ActionEvent(models.Model):
    """One line of the past of an action point, shown as its timeline and never edited."""

    action = models.ForeignKey(ActionPoint, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=ActionEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=4000)
    evidence = models.TextField(blank=True, max_length=4000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)
    old_due_on = models.DateField(null=True, blank=True)
    new_due_on = models.DateField(null=True, blank=True)

    objects = OfActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an action point")
        verbose_name_plural = _("events of action points")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["action", "-at", "-id"], name="actionevent_timeline")]
        constraints = [
            models.CheckConstraint(
                name="actionevent_move_has_reason",
                condition=~Q(kind=ActionEventKind.MOVED)
                | (~Q(comment="") & Q(old_due_on__isnull=False, new_due_on__isnull=False)),
                violation_error_message=_("A due day is moved with a reason."),
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
