"""The register of prevention activities: for whom, where, with whom, and how many it reached."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.fields import CodesField
from common.marks import Actor, Permission
from ncm.models.plan import Activity
from ncm.plan_choices import PreventionEventKind, TargetGroup
from partners.models import Area, Organisation


class PreventionQuerySet(models.QuerySet["Prevention"]):
    def visible_to(self, actor: Actor) -> "PreventionQuerySet":
        """Every member sees the register."""
        if actor.system:
            return self
        known = actor.user_id is not None and Permission.COORDINATION_SEE in actor.permissions
        return self if known else self.none()


class Prevention(models.Model):
    """Something that is done so that fewer people are trafficked: for whom, where, by whom."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    title = models.CharField(_("title"), max_length=140)
    words = models.TextField(_("what is done"), max_length=2000, blank=True)
    keeper = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("who does it")
    )
    partners: "models.ManyToManyField[Organisation, Any]" = models.ManyToManyField(
        Organisation, blank=True, related_name="+", verbose_name=_("with whom")
    )
    target_groups = CodesField(_("for whom"), codes=TargetGroup.values)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area"),
        help_text=_("Empty for the whole country."),
    )  # fmt: skip
    place = models.CharField(
        _("place"), max_length=120, blank=True,
        help_text=_("A school, a market, a border post; never the address of a shelter."),
    )  # fmt: skip
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    planned_reach = models.PositiveIntegerField(_("people it is to reach"), null=True, blank=True)
    reach = models.PositiveIntegerField(_("people reached"), null=True, blank=True)
    activity = models.ForeignKey(
        Activity, models.PROTECT, null=True, blank=True, related_name="prevention",
        verbose_name=_("activity of the plan"),
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = PreventionQuerySet.as_manager()

    class Meta:
        verbose_name = _("prevention activity")
        verbose_name_plural = _("prevention activities")
        default_permissions = ()
        indexes = [models.Index(fields=["-from_on", "-id"], name="prevention_by_day")]
        constraints = [
            models.CheckConstraint(
                name="prevention_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("It ends on the day it begins, or later."),
            ),
            models.CheckConstraint(
                name="prevention_is_for_somebody",
                condition=~Q(target_groups="") & ~Q(title=""),
                violation_error_message=_("Say for whom it is."),
            ),
        ]

    def __str__(self) -> str:
        return f"prevention {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:prevention-entry", args=[self.uuid])


class PreventionEventQuerySet(models.QuerySet["PreventionEvent"]):
    def visible_to(self, actor: Actor) -> "PreventionEventQuerySet":
        """As the entry."""
        if actor.system:
            return self
        seen = Prevention.objects.filter(pk=OuterRef("prevention_id")).visible_to(actor)
        return self.filter(Exists(seen))


class PreventionEvent(models.Model):
    """One line of the past of a prevention activity."""

    prevention = models.ForeignKey(Prevention, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=PreventionEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = PreventionEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a prevention activity")
        verbose_name_plural = _("events of prevention activities")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
