"""The switch of an emergency, which every app reads. The plan and the act are another's (`ncm`)."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CharField, F, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither
from common.marks import Actor
from partners.choices import EmergencyAct
from partners.models.area import Area


class EmergencyQuerySet(models.QuerySet["Emergency"]):
    def visible_to(self, actor: Actor) -> "EmergencyQuerySet":
        """Whoever works for an organisation may know that the usual ways do not hold."""
        if actor.system or actor.organisation_id is not None:
            return self
        return self.none()

    def on(self, at: datetime) -> "EmergencyQuerySet":
        """Those declared at the moment `at`."""
        begun = self.filter(from_at__lte=at)
        return begun.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), ended_at__isnull=True)

    def over(self, there: Any) -> "EmergencyQuerySet":
        """Those whose area holds some of another, given as an expression of its path; of all,
        where that is empty: for somebody who works everywhere."""
        everywhere = Value("")  # which every path begins with
        there = Coalesce(there, everywhere, output_field=CharField())
        below, above = Q(area__path__startswith=F("there")), Q(there__startswith=F("area__path"))
        return self.annotate(there=there).filter(Q(area__isnull=True) | below | above)

    def over_area(self, area_id: int | None) -> "EmergencyQuerySet":
        """As `over`, for one area by its key."""
        return self.over(Subquery(Area.objects.filter(pk=area_id).values("path")[:1]))


class Emergency(models.Model):
    """In this part of the country the usual ways do not hold now: emergency channels first."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("area"), related_name="+"
    )
    reason = models.CharField(
        _("what happened"),
        max_length=300,
        help_text=_("Everybody in the area reads it on every page. Nothing about a person."),
    )
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Empty until somebody ends it.")
    )
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = EmergencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency")
        verbose_name_plural = _("emergencies")
        default_permissions = ()
        ordering = ["-from_at", "-id"]
        indexes = [
            # Asked with every page: which stand now. Almost always none.
            models.Index(
                fields=["from_at"],
                name="emergency_standing",
                condition=Q(ended_at__isnull=True),
            )
        ]
        constraints = [
            both_or_neither("ended_at", "ended_by", model="emergency"),
            models.CheckConstraint(name="emergency_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="emergency_ends_after_it_begins",
                condition=Q(until_at__isnull=True) | Q(until_at__gt=F("from_at")),
                violation_error_message=_("An emergency cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"emergency {self.uuid}"

    def is_on(self, at: datetime) -> bool:
        return self.ended_at is None and (self.until_at is None or self.until_at > at)


class EmergencyEvent(models.Model):
    """Somebody declared an emergency, ended it, or took the ending back."""

    emergency = models.ForeignKey(Emergency, models.PROTECT, related_name="events")
    act = models.CharField(max_length=12, choices=EmergencyAct.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    words = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("event of an emergency")
        verbose_name_plural = _("events of emergencies")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_act_display()
