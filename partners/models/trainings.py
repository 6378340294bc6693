"""Trainings: by whom, for whom, when, and what became of them; who of one's own took part.

How many took part is told to every member; who did, is known to their own organisation alone.
"""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from partners.learning_choices import (
    TO_COME,
    DelayReason,
    TrainingEventKind,
    TrainingForm,
    TrainingState,
)
from partners.models.area import Area
from partners.models.organisation import Organisation

S = TrainingState


class TrainingQuerySet(models.QuerySet["Training"]):
    def visible_to(self, actor: Actor) -> "TrainingQuerySet":
        """Every training, for the people of members: the register is shared."""
        if actor.system or Permission.TRAINING_SEE in actor.permissions:
            return self
        return self.none()

    def to_come(self) -> "TrainingQuerySet":
        return self.filter(state__in=TO_COME)


class Training(models.Model):
    """A training that somebody holds for people of institutions or of civil society."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one."))
    title = models.CharField(_("title"), max_length=200)
    about = models.TextField(_("what it is about"), max_length=2000, blank=True)
    topics = models.JSONField(
        _("topics"), default=list, help_text=_("Codes of TrainingTopic, at least one.")
    )
    for_whom = models.CharField(_("for whom"), max_length=200, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("area"),
        help_text=_("Of those it is for; empty for the whole country."),
    )  # fmt: skip
    form = models.CharField(_("how"), max_length=8, choices=TrainingForm.choices)
    places = models.PositiveSmallIntegerField(_("places"))
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="kept_trainings")
    trainer = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="trains",
        verbose_name=_("who trains"),
    )  # fmt: skip
    trainer_name = models.CharField(
        _("who trains, if not a member"), max_length=200, blank=True,
        help_text=_("An organisation, never a person."),
    )  # fmt: skip
    is_for_currency = models.BooleanField(
        _("counts as training of first responders"), default=False
    )
    first_on = models.DateField(help_text=_("The day it was planned for at first."))
    on = models.DateField(_("day"), null=True, help_text=_("Empty while there is no new day."))

    state = models.CharField(max_length=12, choices=S.choices, default=S.PLANNED)
    version = models.PositiveIntegerField(default=1)
    reason = models.CharField(_("reason"), max_length=12, choices=DelayReason.choices, blank=True)
    reason_words = models.TextField(_("in words"), max_length=2000, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    held_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingQuerySet.as_manager()

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        default_permissions = ()
        indexes = [
            # The register, newest first; what has no day yet stands by the day it was planned for.
            models.Index(fields=["-first_on", "-id"], name="training_newest_first"),
        ]
        constraints = [
            in_choices("state", S.values, model="training"),
            in_choices("form", TrainingForm.values, model="training"),
            required_in_state([S.PLANNED, S.HELD], "on", model="training", fact="has_its_day"),
            required_in_state([S.HELD], "held_at", model="training", fact="held_one_day"),
            required_in_state(
                [S.POSTPONED, S.CANCELLED], text=["reason", "reason_words"], model="training",
                fact="delay_says_why",
            ),
            models.CheckConstraint(
                name="training_has_one_trainer",
                condition=Q(trainer__isnull=False, trainer_name="")
                | (Q(trainer__isnull=True) & ~Q(trainer_name="")),
                violation_error_message=_("Name who trains: a member, or another organisation."),
            ),
            models.CheckConstraint(name="training_has_places", condition=Q(places__gt=0)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"training {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:training", args=[self.uuid])

    def late_by(self, today: date) -> int:
        """Days after the day it was planned for at first: so far, or until it was held."""
        if self.state == S.CANCELLED:
            return 0
        until = self.on if self.on is not None else max(today, self.first_on)
        return max(0, (until - self.first_on).days)


class TrainingPartyQuerySet(models.QuerySet["TrainingParty"]):
    def visible_to(self, actor: Actor) -> "TrainingPartyQuerySet":
        """Organisations one may know of, of trainings one sees."""
        if actor.system:
            return self
        if Permission.TRAINING_SEE not in actor.permissions:
            return self.none()
        known = Organisation.objects.visible_to(actor).values("pk")
        return self.filter(organisation__in=known)


class TrainingParty(models.Model):
    """An organisation whose people a training is for, and how many of them took part."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    training = models.ForeignKey(Training, models.PROTECT, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="trained")
    participants = models.PositiveSmallIntegerField(_("participants"), null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TrainingPartyQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation of a training")
        verbose_name_plural = _("organisations of a training")
        default_permissions = ()
        ordering = ["training_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["training", "organisation"], name="trainingparty_once",
                violation_error_message=_("This organisation is named already."),
            ),
            both_or_neither("counted_at", "counted_by", model="trainingparty"),
            both_or_neither(
                "participants", "counted_at", model="trainingparty", fact="count_is_recorded"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"party of a training {self.uuid}"


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def visible_to(self, actor: Actor) -> "AttendanceQuerySet":
        """One's own; of colleagues, for whoever answers for the organisation. Nobody else's."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.TRAINING_SEE not in actor.permissions:
            return self.none()
        here = Q(organisation_id=actor.organisation_id)
        if Permission.TRAINING_ENTER in actor.permissions:
            return self.filter(here)
        return self.filter(here, user_id=actor.user_id)


class Attendance(models.Model):
    """Somebody of one's own organisation took part in a training; known to it alone."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    training = models.ForeignKey(Training, models.PROTECT, related_name="attendances")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on = models.DateField()
    valid_until_on = models.DateField(
        null=True, blank=True,
        help_text=_("How long it counts, by the country’s rule; empty where there is none."),
    )  # fmt: skip
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        default_permissions = ()
        ordering = ["-on", "-id"]
        indexes = [
            # Who of an organisation is current.
            models.Index(fields=["organisation", "user", "-valid_until_on"], name="attendance_of"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["training", "organisation", "user"], name="attendance_once"
            ),
            models.CheckConstraint(
                name="attendance_counts_from_its_day",
                condition=Q(valid_until_on__isnull=True) | Q(valid_until_on__gte=F("on")),
            ),
        ]

    def __str__(self) -> str:
        return f"attendance {self.uuid}"


class TrainingEvent(models.Model):
    """One line of a training's past, never edited."""

    training = models.ForeignKey(Training, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=TrainingEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        verbose_name = _("event of a training")
        verbose_name_plural = _("events of trainings")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
