"""Access to places where people are held or received: who may go there, who asked, what came of it.

Nothing here is about a person who is there: visits count people, and words never name them.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, one_of, required_in_state
from common.marks import Actor, Permission
from partners.facility_choices import (
    AccessEventKind,
    AccessPurpose,
    AccessRefusal,
    AuthorisationState,
    FacilityKind,
    IncidentKind,
    RequestState,
)
from partners.models.area import Area
from partners.models.organisation import Organisation

R = RequestState


class FacilityQuerySet(models.QuerySet["Facility"]):
    def visible_to(self, actor: Actor) -> "FacilityQuerySet":
        """Every facility but confidential ones; those for their authority, for who was let in or
        asked, and for the co-ordination."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FACILITY_SEE not in actor.permissions:
            return self.none()
        if Permission.FACILITY_KEEP in actor.permissions:
            return self
        mine = {"facility": OuterRef("pk"), "organisation_id": actor.organisation_id}
        let_in = Exists(AccessAuthorisation.objects.filter(**mine))
        asked = Exists(AccessRequest.objects.filter(**mine))
        ours = Q(authority_id=actor.organisation_id)
        return self.filter(Q(is_confidential=False) | ours | Q(let_in) | Q(asked))


class Facility(models.Model):
    """A place where people are held, received or lodged, and the authority that decides who enters.

    It has no address here: whoever is let in is told it by the authority.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=FacilityKind.choices)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("area"))
    authority = models.ForeignKey(Organisation, models.PROTECT, related_name="facilities")
    is_confidential = models.BooleanField(_("not shown to everybody"), default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        default_permissions = ()
        indexes = [models.Index(fields=["name", "id"], name="facility_by_name")]
        constraints = [
            in_choices("kind", FacilityKind.values, model="facility"),
            models.UniqueConstraint(fields=["name", "area"], name="facility_once_in_an_area"),
        ]

    def __str__(self) -> str:
        return f"facility {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:facility", args=[self.uuid])


class OfAccessQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfAccessQuerySet":
        """What concerns one's organisation, or a facility it decides on; all for who steers."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FACILITY_SEE not in actor.permissions:
            return self.none()
        if Permission.FACILITY_KEEP in actor.permissions:
            return self
        ours = Q(organisation_id=actor.organisation_id)
        return self.filter(ours | Q(facility__authority_id=actor.organisation_id))


class AuthorisationQuerySet(OfAccessQuerySet):
    def visible_to(self, actor: Actor) -> "AuthorisationQuerySet":
        """As of the rest; one for every facility of a kind is of the authority that gave it."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FACILITY_SEE not in actor.permissions:
            return self.none()
        if Permission.FACILITY_KEEP in actor.permissions:
            return self
        here = actor.organisation_id
        own = Q(organisation_id=here) | Q(given_by_id=here) | Q(facility__authority_id=here)
        return self.filter(own)

    def to(self, facility: Facility) -> "AuthorisationQuerySet":
        """Those that open this facility: by itself, or as one of its kind and area."""
        places = Q(area__isnull=True) | Q(area__path__in=_above(facility.area.path))
        of_kind = Q(kind=facility.kind, given_by_id=facility.authority_id) & places
        return self.filter(Q(facility=facility) | of_kind)


def _above(path: str) -> list[str]:
    codes = path.rstrip("/").split("/")
    return ["".join(f"{code}/" for code in codes[:depth]) for depth in range(1, len(codes) + 1)]


class AccessAuthorisation(models.Model):
    """That an organisation may enter a facility, or every facility of a kind, until a day."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="may_enter")
    given_by = models.ForeignKey(Organisation, models.PROTECT, related_name="lets_in")
    facility = models.ForeignKey(
        Facility, models.PROTECT, null=True, blank=True, related_name="authorisations"
    )
    kind = models.CharField(max_length=12, choices=FacilityKind.choices, null=True, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    conditions = models.TextField(_("conditions"), max_length=2000, blank=True)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    in_emergency = models.BooleanField(_("holds during an emergency too"), default=False)
    state = models.CharField(
        max_length=12, choices=AuthorisationState.choices, default=AuthorisationState.IN_FORCE
    )
    version = models.PositiveIntegerField(default=1)
    given_at = models.DateTimeField()
    given_by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    objects = AuthorisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        default_permissions = ()
        ordering = ["-given_at", "-id"]
        indexes = [models.Index(fields=["state", "until_on"], name="accessauthorisation_end")]
        constraints = [
            in_choices("state", AuthorisationState.values, model="accessauthorisation"),
            one_of("facility", "kind", model="accessauthorisation", fact="to_a_place_or_a_kind"),
            models.CheckConstraint(
                name="accessauthorisation_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="accessauthorisation_has_a_legal_basis", condition=~Q(legal_basis="")
            ),
        ]

    def __str__(self) -> str:
        return f"authorisation {self.uuid}"


class AccessRequest(models.Model):
    """An organisation asks to enter a facility; its authority answers, with a reason if not."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="access_requests")
    facility = models.ForeignKey(Facility, models.PROTECT, related_name="requests")
    purpose = models.CharField(_("purpose"), max_length=12, choices=AccessPurpose.choices)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    visitors = models.PositiveSmallIntegerField(_("how many visitors"), default=1)
    words = models.TextField(_("more about it"), max_length=2000, blank=True)
    state = models.CharField(max_length=12, choices=R.choices, default=R.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    refusal = models.CharField(
        _("reason"), max_length=12, choices=AccessRefusal.choices, blank=True
    )
    refusal_words = models.TextField(_("in words"), max_length=2000, blank=True)

    objects = OfAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for access")
        verbose_name_plural = _("requests for access")
        default_permissions = ()
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="accessrequest_newest_first"),
        ]
        constraints = [
            in_choices("state", R.values, model="accessrequest"),
            both_or_neither("decided_at", "decided_by", model="accessrequest"),
            required_in_state(
                [R.GRANTED, R.REFUSED], "decided_at", model="accessrequest", fact="answer_is_dated"
            ),
            required_in_state(
                [R.REFUSED], text=["refusal", "refusal_words"], model="accessrequest",
                fact="refusal_says_why",
            ),
            models.CheckConstraint(
                name="accessrequest_ends_after_it_begins", condition=Q(until_on__gte=F("from_on"))
            ),
            models.UniqueConstraint(
                fields=["organisation", "facility", "purpose"],
                condition=Q(state=R.ASKED),
                name="accessrequest_one_waits",
                violation_error_message=_("The same request waits for an answer already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"request {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:access-request", args=[self.uuid])


class FacilityVisit(models.Model):
    """Somebody of an organisation was there; how many people they spoke to, never whom."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="visits")
    facility = models.ForeignKey(Facility, models.PROTECT, related_name="visits")
    on = models.DateField(_("day"))
    met = models.PositiveSmallIntegerField(_("people spoken to"), default=0)
    referred = models.PositiveSmallIntegerField(_("people referred"), default=0)
    words = models.TextField(_("what others should know"), max_length=1000, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        default_permissions = ()
        ordering = ["-on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="facilityvisit_refers_whom_it_met",
                condition=Q(referred__lte=F("met")),
                violation_error_message=_("Nobody is referred who was not spoken to."),
            )
        ]

    def __str__(self) -> str:
        return f"visit {self.uuid}"


class AccessIncident(models.Model):
    """Access that was promised or asked for was not given as it should have been."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="incidents")
    facility = models.ForeignKey(Facility, models.PROTECT, related_name="incidents")
    on = models.DateField(_("day"))
    kind = models.CharField(_("what happened"), max_length=16, choices=IncidentKind.choices)
    words = models.TextField(_("in words"), max_length=2000)
    restored_on = models.DateField(_("access given again on"), null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer = models.TextField(_("answer of the authority"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = OfAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        default_permissions = ()
        ordering = ["-on", "-id"]
        constraints = [
            both_or_neither("answered_at", "answered_by", model="accessincident"),
            models.CheckConstraint(
                name="accessincident_restored_later",
                condition=Q(restored_on__isnull=True) | Q(restored_on__gte=F("on")),
                violation_error_message=_("Access cannot be given again before it was not given."),
            ),
        ]

    def __str__(self) -> str:
        return f"incident {self.uuid}"


class AccessEvent(models.Model):
    """One line of the past of access to a facility, never edited."""

    facility = models.ForeignKey(
        Facility, models.PROTECT, null=True, blank=True, related_name="events"
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=24, choices=AccessEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = OfAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of access")
        verbose_name_plural = _("events of access")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
