"""Consultations on the plan or on a draft law: who was heard when, what each said in its own
words, and what became of it (S62, S82)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from ncm.models.plan import ActionPlan
from ncm.plan_choices import (
    Answer,
    ConsultationEventKind,
    ConsultationState,
    ConsultationSubject,
    PositionState,
    Stage,
)
from partners.models import Organisation

S = PositionState
P = Permission


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def visible_to(self, actor: Actor) -> "ConsultationQuerySet":
        """Every member sees who is heard on what; a draft plan is named there, not shown."""
        if actor.system:
            return self
        if actor.user_id is None or P.COORDINATION_SEE not in actor.permissions:
            return self.none()
        return self


class Consultation(models.Model):
    """Others are heard on the plan or on a draft law, at a stage, until a day."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    subject = models.CharField(_("on what"), max_length=8, choices=ConsultationSubject.choices)
    plan = models.ForeignKey(
        ActionPlan, models.PROTECT, null=True, blank=True, related_name="consultations"
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices)
    title = models.CharField(_("title"), max_length=140)
    proposal = models.TextField(_("what is proposed or asked"), max_length=4000)
    until_on = models.DateField(_("positions until"))
    state = models.CharField(
        max_length=8, choices=ConsultationState.choices, default=ConsultationState.OPEN
    )
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.TextField(_("outcome"), max_length=4000, blank=True)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        default_permissions = ()
        indexes = [models.Index(fields=["-opened_at", "-id"], name="consultation_by_day")]
        constraints = [
            in_choices("state", ConsultationState.values, model="consultation"),
            in_choices("subject", ConsultationSubject.values, model="consultation"),
            in_choices("stage", Stage.values, model="consultation"),
            models.CheckConstraint(
                name="consultation_on_a_plan_names_it",
                condition=Q(subject=ConsultationSubject.PLAN, plan__isnull=False)
                | Q(subject=ConsultationSubject.LAW, plan__isnull=True),
                violation_error_message=_("Say which plan it is on; a draft law has none."),
            ),
            both_or_neither("closed_at", "closed_by", model="consultation"),
            required_in_state(
                [ConsultationState.CLOSED], "closed_at", text=("outcome",), model="consultation",
                fact="closed_with_an_outcome",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"consultation {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:consultation", args=[self.uuid])


class OfConsultationQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfConsultationQuerySet":
        """What belongs to a consultation is seen by whoever sees it."""
        if actor.system:
            return self
        seen = Consultation.objects.filter(pk=OuterRef("consultation_id")).visible_to(actor)
        return self.filter(Exists(seen))


class Position(models.Model):
    """What one organisation says in a consultation, in words only it writes, and the answer."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="positions")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=S.choices, default=S.INVITED)
    version = models.PositiveIntegerField(default=1)
    invited_at = models.DateTimeField(null=True, blank=True)
    words = models.TextField(_("position"), max_length=8000, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.CharField(
        _("what became of it"), max_length=8, choices=Answer.choices, blank=True
    )
    reason = models.TextField(_("reason"), max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("position in a consultation")
        verbose_name_plural = _("positions in consultations")
        default_permissions = ()
        ordering = ["consultation_id", "id"]
        constraints = [
            in_choices("state", S.values, model="position"),
            models.UniqueConstraint(
                fields=["consultation", "organisation"],
                name="position_once_an_organisation",
                violation_error_message=_("This organisation has a position here already."),
            ),
            both_or_neither("stated_at", "stated_by", model="position"),
            both_or_neither("answered_at", "answered_by", model="position"),
            required_in_state(
                [S.STATED, S.ANSWERED], "stated_at", text=("words",), model="position",
                fact="stated_in_words",
            ),
            required_in_state(
                [S.ANSWERED], "answered_at", text=("answer", "reason"), model="position",
                fact="answered_with_a_reason",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"position {self.uuid}"


class ConsultationEvent(models.Model):
    """One line of a consultation's past, never edited."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=ConsultationEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = OfConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a consultation")
        verbose_name_plural = _("events of consultations")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["consultation", "-at"], name="consultationevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
