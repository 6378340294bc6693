"""Who stands in for somebody's reminders while they are away. Never for what they may see."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices
from common.marks import Actor
from deadlines.choices import AwayReason


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def visible_to(self, actor: Actor) -> "AbsenceQuerySet":
        """One's own, and those in which one stands in, in the organisation one acts for."""
        if actor.user_id is None or actor.organisation_uuid is None:
            return self.none()
        mine = Q(user_id=actor.user_id) | Q(deputy_id=actor.user_id)
        return self.filter(mine, organisation_uuid=actor.organisation_uuid)

    def on(self, day: date) -> "AbsenceQuerySet":
        """Those that run on a local day of the country."""
        return self.filter(from_on__lte=day, until_on__gte=day, ended_at=None)


class Absence(models.Model):
    """From one day to another somebody is away, and a colleague gets their reminders as well.

    Nothing is opened by it: a colleague is shown only what they may see anyway.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="stands_in")
    organisation_uuid = models.UUIDField()
    from_on = models.DateField()
    until_on = models.DateField()
    reason = models.CharField(max_length=20, choices=AwayReason)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        default_permissions = ()
        indexes = [
            # Read by the sweep for those it is about to tell.
            models.Index(
                fields=["user", "until_on"], name="absence_not_ended", condition=Q(ended_at=None)
            )
        ]
        constraints = [
            in_choices("reason", AwayReason.values, model="absence"),
            both_or_neither("ended_at", "ended_by", model="absence"),
            models.CheckConstraint(
                name="absence_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day is not before the first."),
            ),
            models.CheckConstraint(
                name="absence_somebody_else_stands_in",
                condition=~Q(deputy=F("user")),
                violation_error_message=_("Somebody else stands in."),
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.uuid}"
