"""Programmes of economic empowerment: how many began, and what had become of them later.

Numbers only. Nobody is named, and nothing leads from here to a case (seed rows S23, S85).
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission
from funding.survival_choices import FollowUpAfter, ProgrammeKind
from partners.models import Organisation


class ProgrammeQuerySet(models.QuerySet["EmpowermentProgramme"]):
    def visible_to(self, actor: Actor) -> "ProgrammeQuerySet":
        """One's own, for its managers: the numbers of a small programme say much of few people."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_APPLY not in actor.permissions:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class EmpowermentProgramme(models.Model):
    """An organisation helps people to a living of their own: training, a grant, a job."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one."))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=140)
    kind = models.CharField(_("what it gives"), max_length=12, choices=ProgrammeKind.choices)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    began = models.PositiveIntegerField(_("people who began"))
    completed = models.PositiveIntegerField(_("people who completed it"))
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = _("empowerment programme")
        verbose_name_plural = _("empowerment programmes")
        default_permissions = ()
        ordering = ["-until_on", "-id"]
        indexes = [
            models.Index(
                fields=["organisation", "-until_on", "-id"], name="empowerment_by_organisation"
            )
        ]
        constraints = [
            in_choices("kind", ProgrammeKind.values, model="empowermentprogramme"),
            models.CheckConstraint(
                name="empowermentprogramme_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="empowermentprogramme_completed_of_those_who_began",
                condition=Q(completed__lte=F("began")),
                violation_error_message=_("More people cannot complete it than began."),
            ),
        ]

    def __str__(self) -> str:
        return f"programme {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:programme", args=[self.uuid])


class ProgrammeFollowUp(models.Model):
    """Six or twelve months after a programme: how many were reached, and what they live on."""

    programme = models.ForeignKey(EmpowermentProgramme, models.PROTECT, related_name="follow_ups")
    after = models.PositiveSmallIntegerField(_("months after"), choices=FollowUpAfter.choices)
    reached = models.PositiveIntegerField(_("people reached"))
    in_business = models.PositiveIntegerField(_("with a business of their own"))
    in_job = models.PositiveIntegerField(_("in a job"))
    in_training = models.PositiveIntegerField(_("in further training"))
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("follow-up of a programme")
        verbose_name_plural = _("follow-ups of programmes")
        default_permissions = ()
        ordering = ["programme_id", "after"]
        constraints = [
            models.CheckConstraint(
                name="programmefollowup_after_six_or_twelve",
                condition=Q(after__in=FollowUpAfter.values),
            ),
            models.UniqueConstraint(
                fields=["programme", "after"],
                name="programmefollowup_once",
                violation_error_message=_("This follow-up was entered already."),
            ),
            models.CheckConstraint(
                name="programmefollowup_outcomes_of_those_reached",
                condition=Q(reached__gte=F("in_business") + F("in_job") + F("in_training")),
                violation_error_message=_("More outcomes than people reached: count each once."),
            ),
        ]

    def __str__(self) -> str:
        return f"follow-up {self.pk}"
