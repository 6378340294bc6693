"""Whom the co-ordination asked to confirm their entry, when, and whom it did not ask and why."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission
from partners.choices import ReminderOutcome
from partners.models.organisation import Organisation


class ReminderRoundQuerySet(models.QuerySet["ReminderRound"]):
    def visible_to(self, actor: Actor) -> "ReminderRoundQuerySet":
        """All of them, for whoever reviews entries."""
        if actor.system or Permission.ORGANISATION_REVIEW in actor.permissions:
            return self
        return self.none()


class ReminderRound(models.Model):
    """Somebody asked several organisations at once to confirm their entries."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ReminderRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round of reminders")
        verbose_name_plural = _("rounds of reminders")
        default_permissions = ()

    def __str__(self) -> str:
        return f"round of reminders {self.uuid}"


class ReminderLine(models.Model):
    """One organisation of a round: it was asked, or it was not and this is why."""

    round = models.ForeignKey(ReminderRound, models.PROTECT, related_name="lines")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=ReminderOutcome.choices)

    class Meta:
        verbose_name = _("organisation of a round")
        verbose_name_plural = _("organisations of a round")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["round", "organisation"], name="reminderline_once"),
            in_choices("outcome", ReminderOutcome.values, model="reminderline"),
        ]

    def __str__(self) -> str:
        return self.get_outcome_display()
