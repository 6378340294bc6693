"""What organisations offer: kinds of service, offers, standards, inspections, the past."""

import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import both_or_neither, in_choices
from common.fields import CodesField
from common.marks import Actor, Permission
from partners.choices import OrganisationState
from partners.choices_places import (
    TAKES_PEOPLE_IN,
    Accessibility,
    Eligibility,
    Operating,
    OperatingReason,
    Outcome,
    PublicMoney,
    ReferralRoute,
    ServiceEventKind,
    ServiceRole,
    Standing,
)
from partners.models.area import Area
from partners.models.locations import Location
from partners.models.organisation import Organisation, granted_to


class ServiceType(models.Model):
    """A kind of help, such as a shelter or legal advice; the country edits the list."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    standard_code = models.CharField(
        _("standard code"),
        max_length=60,
        blank=True,
        help_text=_("The source and its number, such as “CETS 197 12.1.a”."),
    )
    names = models.JSONField(_("names"), default=dict, help_text=_("Language code to name."))
    role = models.CharField(
        _("role"), max_length=16, choices=ServiceRole.choices, default=ServiceRole.OTHER
    )
    rank = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    is_active = models.BooleanField(_("can be chosen"), default=True)

    class Meta:
        verbose_name = _("kind of service")
        verbose_name_plural = _("kinds of service")
        default_permissions = ()
        ordering = ["rank", "code"]
        constraints = [in_choices("role", ServiceRole.values, model="servicetype")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page, else in English, else any, else the code."""
        language = (get_language() or "en").split("-")[0]
        names: dict[str, str] = self.names
        return names.get(language) or names.get("en") or next(iter(names.values()), self.code)


class ServiceOfferQuerySet(models.QuerySet["ServiceOffer"]):
    def visible_to(self, actor: Actor) -> "ServiceOfferQuerySet":
        """Those of one's own organisation; with ORGANISATION_SEE those that members show others."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        home = Organisation.objects.filter(pk=OuterRef("organisation_id"))
        rule = Q(Exists(home.filter(Q(granted_to(actor, "see")))))
        if Permission.ORGANISATION_SEE in actor.permissions:
            members = home.visible_to(actor).filter(state=OrganisationState.MEMBER)
            rule |= Q(is_shown=True, ended_at__isnull=True) & Q(Exists(members))
        return self.filter(rule)

    def public(self) -> "ServiceOfferQuerySet":
        """What anybody on earth may read: published, of a listed member, nowhere confidential.

        The only door of the open directory; it takes no actor, because there is none.
        """
        return self.filter(
            Q(location__isnull=True) | Q(location__is_confidential=False),
            is_published=True,
            is_shown=True,
            ended_at__isnull=True,
            organisation__state=OrganisationState.MEMBER,
            organisation__is_listed=True,
        )

    def in_use(self) -> "ServiceOfferQuerySet":
        return self.filter(ended_at__isnull=True)

    def taking_people_in(self, on: date) -> "ServiceOfferQuerySet":
        """Those that work on this day, as far as their organisation has said."""
        over = Q(operating_until_on__isnull=False, operating_until_on__lt=on)
        return self.filter(over | Q(operating__in=TAKES_PEOPLE_IN))


class ServiceOffer(models.Model):
    """Help that an organisation gives, for whom, where and when, and how one gets it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="services")
    kind = models.ForeignKey(
        ServiceType, models.PROTECT, related_name="offers", verbose_name=_("kind of service")
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what it is"), max_length=2000, blank=True)
    eligibility = CodesField(_("for whom"), codes=Eligibility.values)
    minimum_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    maximum_age = models.PositiveSmallIntegerField(_("to age"), null=True, blank=True)
    languages = models.JSONField(_("languages spoken"), default=list, blank=True)
    accessibility = CodesField(_("accessibility"), codes=Accessibility.values)
    hours = models.CharField(_("hours"), max_length=120, blank=True)
    duty_number = models.CharField(
        _("duty number"), max_length=40, blank=True, help_text=_("Answered when it is urgent.")
    )
    areas: "models.ManyToManyField[Area, Any]" = models.ManyToManyField(
        Area, blank=True, related_name="+", verbose_name=_("areas served")
    )
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="services"
    )
    route = models.CharField(
        _("how one gets there"),
        max_length=16,
        choices=ReferralRoute.choices,
        default=ReferralRoute.DUTY_LINE,
    )
    route_words = models.CharField(_("more on the way there"), max_length=300, blank=True)
    pool_size = models.PositiveSmallIntegerField(
        _("people in the pool"), null=True, blank=True, help_text=_("Of interpreters or lawyers.")
    )
    operating = models.CharField(
        _("works"), max_length=12, choices=Operating.choices, default=Operating.FULL
    )
    operating_until_on = models.DateField(_("until"), null=True, blank=True)
    operating_reason = models.CharField(
        _("because"), max_length=12, choices=OperatingReason.choices, blank=True
    )
    standing = models.CharField(
        _("public system"), max_length=8, choices=Standing.choices, blank=True
    )
    public_money = models.CharField(
        _("public money"), max_length=8, choices=PublicMoney.choices, blank=True
    )
    licence = models.CharField(_("licence"), max_length=120, blank=True)
    licence_until_on = models.DateField(_("licence valid until"), null=True, blank=True)
    is_shown = models.BooleanField(_("shown to other members"), default=True)
    is_urgent = models.BooleanField(_("found by “a place tonight”"), default=True)
    is_published = models.BooleanField(
        _("shown to everybody"),
        default=False,
        help_text=_("In the open directory that other websites copy. Never a confidential place."),
    )
    assured_on = models.DateField(null=True, blank=True)
    assured_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords(m2m_fields=[areas])
    objects = ServiceOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        default_permissions = ()
        ordering = ["name", "id"]
        indexes = [
            models.Index(
                fields=["name", "id"],
                name="serviceoffer_listed_by_name",
                condition=Q(ended_at__isnull=True),
            )
        ]
        constraints = [
            in_choices("operating", Operating.values, model="serviceoffer"),
            in_choices("route", ReferralRoute.values, model="serviceoffer"),
            both_or_neither("assured_on", "assured_by", model="serviceoffer"),
            models.CheckConstraint(
                name="serviceoffer_ages_in_order",
                condition=Q(minimum_age__isnull=True)
                | Q(maximum_age__isnull=True)
                | Q(maximum_age__gte=F("minimum_age")),
                violation_error_message=_("The highest age is below the lowest."),
            ),
            models.CheckConstraint(
                name="serviceoffer_less_than_full_says_why",
                condition=Q(operating=Operating.FULL) | ~Q(operating_reason=""),
                violation_error_message=_("Say why it does not work in full."),
            ),
            models.CheckConstraint(
                name="serviceoffer_published_is_shown",
                condition=Q(is_published=False) | Q(is_shown=True),
                violation_error_message=_("What everybody sees, members see as well."),
            ),
        ]

    def __str__(self) -> str:
        return f"service {self.uuid}"

    @property
    def is_confidential(self) -> bool:
        """Whether where it is must not be known. Asks for the location once."""
        return self.location is not None and self.location.is_confidential

    def shown_areas(self) -> list[str]:
        """Names of the areas served; of a confidential place no finer ones than regions are kept.

        Uses the prefetched rows where there are any.
        """
        served = [self.location.area] if self.location and self.location.area else []
        served += list(self.areas.all())
        return list(dict.fromkeys(area.name for area in served))

    def works(self, on: date) -> Operating:
        """How far it works on a day: what was said until a day is over after it."""
        if self.operating_until_on is not None and self.operating_until_on < on:
            return Operating.FULL
        return Operating(self.operating)


class ServiceEventQuerySet(models.QuerySet["ServiceEvent"]):
    def visible_to(self, actor: Actor) -> "ServiceEventQuerySet":
        """The past of one's own organisation's services."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        return self.filter(organisation_id=actor.organisation_id)


class ServiceEvent(models.Model):
    """One line of the past of a service or a location; never edited, and nobody's whereabouts."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="service_events")
    offer = models.ForeignKey(ServiceOffer, models.PROTECT, null=True, related_name="events")
    location = models.ForeignKey(Location, models.PROTECT, null=True, related_name="events")
    kind = models.CharField(max_length=32, choices=ServiceEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.CharField(max_length=300, blank=True)

    objects = ServiceEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a service")
        verbose_name_plural = _("events of services")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["offer", "-at", "-id"], name="serviceevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ServiceStandard(models.Model):
    """What a kind of service must keep to, as somebody wrote it down; a country edits these."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    standard_code = models.CharField(_("standard code"), max_length=60, blank=True)
    name = models.CharField(_("name"), max_length=160)
    issued_by = models.CharField(_("issued by"), max_length=160, blank=True)
    kinds: "models.ManyToManyField[ServiceType, Any]" = models.ManyToManyField(
        ServiceType, blank=True, related_name="standards", verbose_name=_("for these services")
    )
    months = models.PositiveSmallIntegerField(
        _("inspected every … months"), null=True, blank=True, help_text=_("Empty: not set.")
    )
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("standard of services")
        verbose_name_plural = _("standards of services")
        default_permissions = ()
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, actor: Actor) -> "InspectionQuerySet":
        """Of one's own services; with SERVICE_INSPECT of every visible one."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(offer__organisation_id=actor.organisation_id)
        if Permission.SERVICE_INSPECT in actor.permissions:
            seen = ServiceOffer.objects.filter(pk=OuterRef("offer_id"))
            rule |= Q(Exists(seen.visible_to(actor)))
        return self.filter(rule)


class Inspection(models.Model):
    """Somebody looked whether a service keeps to a standard, on a day, and what was found."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    offer = models.ForeignKey(ServiceOffer, models.PROTECT, related_name="inspections")
    standard = models.ForeignKey(ServiceStandard, models.PROTECT, related_name="inspections")
    inspected_on = models.DateField(_("day of the inspection"))
    outcome = models.CharField(_("what was found"), max_length=12, choices=Outcome.choices)
    conditions = models.TextField(
        _("conditions"), max_length=1000, blank=True, help_text=_("Nothing about a person.")
    )
    next_on = models.DateField(_("next inspection by"), null=True, blank=True)
    by_organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        default_permissions = ()
        ordering = ["-inspected_on", "-id"]
        constraints = [
            in_choices("outcome", Outcome.values, model="inspection"),
            models.UniqueConstraint(
                fields=["offer", "standard", "inspected_on"], name="inspection_once_a_day"
            ),
            models.CheckConstraint(
                name="inspection_conditions_are_said",
                condition=Q(outcome=Outcome.MET) | ~Q(conditions=""),
                violation_error_message=_("Say what must be mended."),
            ),
            models.CheckConstraint(
                name="inspection_next_is_later",
                condition=Q(next_on__isnull=True) | Q(next_on__gt=F("inspected_on")),
                violation_error_message=_("The next inspection is after this one."),
            ),
        ]

    def __str__(self) -> str:
        return f"inspection {self.uuid}"
