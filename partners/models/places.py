"""Places to sleep: how many are free as of when, who asks for one, and who holds one."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.fields import CodesField
from common.marks import Actor, Permission
from partners.choices_places import (
    KEEPS_A_PLACE,
    HoldState,
    Need,
    PlaceType,
    RefusalReason,
    RequestEnd,
    Who,
)
from partners.models.area import Area
from partners.models.organisation import Organisation
from partners.models.services import ServiceOffer


class PlaceCountQuerySet(models.QuerySet["PlaceCount"]):
    def visible_to(self, actor: Actor) -> "PlaceCountQuerySet":
        """Those of the offers this actor may know of."""
        offers = ServiceOffer.objects.filter(pk=OuterRef("offer_id")).visible_to(actor)
        return self if actor.system else self.filter(Exists(offers))

    def with_available(self, at: datetime) -> "PlaceCountQuerySet":
        """`held` and `available` as of `at`: a hold whose time is over never counts."""
        live = PlaceHold.objects.live(at).filter(count=OuterRef("pk")).order_by()
        number = live.values("count").annotate(number=Count("pk")).values("number")
        held = Coalesce(models.Subquery(number), Value(0))
        return self.annotate(held=held).annotate(
            available=Greatest(F("free") - F("held"), Value(0), output_field=models.IntegerField())
        )


class PlaceCount(models.Model):
    """How many places of one type a service has and how many are free, as its people last said."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    offer = models.ForeignKey(ServiceOffer, models.PROTECT, related_name="places")
    place_type = models.CharField(_("type"), max_length=16, choices=PlaceType.choices)
    total = models.PositiveSmallIntegerField(_("places"), default=0)
    free = models.PositiveSmallIntegerField(_("free"), default=0)
    as_of_at = models.DateTimeField()
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = PlaceCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("places of one type")
        verbose_name_plural = _("places by type")
        default_permissions = ()
        ordering = ["offer_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "place_type"], name="placecount_once_a_type"),
            in_choices("place_type", PlaceType.values, model="placecount"),
            models.CheckConstraint(
                name="placecount_free_is_among_all",
                condition=Q(free__lte=F("total")),
                violation_error_message=_("There cannot be more free places than places."),
            ),
        ]

    def __str__(self) -> str:
        return f"places {self.uuid}"


class PlaceRecord(models.Model):
    """What was said about places at one moment, kept so that a year can be looked back on."""

    count = models.ForeignKey(PlaceCount, models.PROTECT, related_name="records")
    total = models.PositiveSmallIntegerField()
    free = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("figure of places")
        verbose_name_plural = _("figures of places")
        default_permissions = ()
        indexes = [models.Index(fields=["count", "-at", "-id"], name="placerecord_series")]

    def __str__(self) -> str:
        return f"figure {self.pk}"


class PlaceRequestQuerySet(models.QuerySet["PlaceRequest"]):
    def visible_to(self, actor: Actor) -> "PlaceRequestQuerySet":
        """Those of one's own organisation, for whoever looks for places."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.PLACE_HOLD not in actor.permissions:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)

    def open(self) -> "PlaceRequestQuerySet":
        return self.filter(closed_at__isnull=True)


class PlaceRequest(models.Model):
    """Somebody needs a place tonight: what kind and where. No person stands in it, nor a case."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="place_requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    who = models.CharField(_("who needs it"), max_length=12, choices=Who.choices)
    needs = CodesField(_("what it must have"), codes=Need.values)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    found = models.PositiveSmallIntegerField(
        default=0, help_text=_("Providers with a place free when it was asked.")
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, choices=RequestEnd.choices, blank=True)

    objects = PlaceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("search for a place")
        verbose_name_plural = _("searches for a place")
        default_permissions = ()
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "-asked_at", "-id"], name="placerequest_of_ours"),
            models.Index(fields=["asked_at"], name="placerequest_by_day"),
        ]
        constraints = [
            in_choices("who", Who.values, model="placerequest"),
            models.CheckConstraint(
                name="placerequest_closed_says_how",
                condition=Q(closed_at__isnull=True, end="")
                | Q(closed_at__isnull=False) & ~Q(end=""),
                violation_error_message=_("Say how the search ended."),
            ),
        ]

    def __str__(self) -> str:
        return f"search {self.uuid}"


class PlaceHoldQuerySet(models.QuerySet["PlaceHold"]):
    def visible_to(self, actor: Actor) -> "PlaceHoldQuerySet":
        """Those one's own organisation holds, and those held at its houses."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(pk__in=[])
        if Permission.PLACE_HOLD in actor.permissions:
            rule |= Q(organisation_id=actor.organisation_id)
        if Permission.PLACE_UPDATE in actor.permissions:
            rule |= Q(count__offer__organisation_id=actor.organisation_id)
        return self.filter(rule)

    def live(self, at: datetime) -> "PlaceHoldQuerySet":
        """Those that keep a place at the moment: not ended, and their time not over."""
        return self.filter(ended_at__isnull=True, until_at__gt=at)

    def overdue(self, at: datetime) -> "PlaceHoldQuerySet":
        """Those whose time is over and that nobody ended yet."""
        return self.filter(ended_at__isnull=True, until_at__lte=at)


class PlaceHold(models.Model):
    """A place kept for two hours for whoever a caseworker brings; it names nobody.

    `slot` numbers the places of a count: the database refuses two unended holds on one slot, even
    where the lock was forgotten.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(PlaceRequest, models.PROTECT, related_name="holds")
    count = models.ForeignKey(PlaceCount, models.PROTECT, related_name="holds")
    slot = models.PositiveSmallIntegerField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="place_holds")
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    held_at = models.DateTimeField()
    until_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=HoldState.choices, default=HoldState.HELD)
    version = models.PositiveIntegerField(default=1)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=12, choices=RefusalReason.choices, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PlaceHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("held place")
        verbose_name_plural = _("held places")
        default_permissions = ()
        ordering = ["-held_at", "-id"]
        indexes = [
            models.Index(
                fields=["until_at"],
                name="placehold_runs_out",
                condition=Q(ended_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["count", "slot"],
                condition=Q(ended_at__isnull=True),
                name="placehold_one_per_place",
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(ended_at__isnull=True),
                name="placehold_one_per_search",
            ),
            in_choices("state", HoldState.values, model="placehold"),
            both_or_neither("accepted_at", "accepted_by", model="placehold"),
            required_in_state(
                [HoldState.REFUSED], text=["reason"], model="placehold", fact="refusal_says_why"
            ),
            models.CheckConstraint(
                name="placehold_over_is_ended",
                condition=Q(state__in=KEEPS_A_PLACE, ended_at__isnull=True)
                | ~Q(state__in=KEEPS_A_PLACE) & Q(ended_at__isnull=False),
                violation_error_message=_("A hold that is over has an end."),
            ),
            models.CheckConstraint(
                name="placehold_ends_after_it_begins",
                condition=Q(until_at__gt=F("held_at")),
                violation_error_message=_("A hold cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.uuid}"

    def is_live(self, at: datetime) -> bool:
        return self.ended_at is None and self.until_at > at
