"""Where services are. The address of a confidential location is sealed and in no list."""

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.marks import Actor, Permission
from common.sealing import SealedText, WrappedKeyField
from partners.models.area import Area
from partners.models.organisation import Organisation


class LocationQuerySet(models.QuerySet["Location"]):
    def visible_to(self, actor: Actor) -> "LocationQuerySet":
        """Those granted; with ORGANISATION_SEE also the open ones of visible organisations."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(location_granted_to(actor, "see"))
        if Permission.ORGANISATION_SEE in actor.permissions:
            home = Organisation.objects.filter(pk=OuterRef("organisation_id")).visible_to(actor)
            rule |= Q(is_confidential=False, ended_at__isnull=True) & Q(Exists(home))
        is_program = getattr(actor, "scopes", None) is not None
        if is_program or getattr(actor, "is_enforcement", False):
            # No program reads where it is; and a place of stay is never law enforcement's to know,
            # not even in their own organisation.
            rule &= Q(is_confidential=False)
        return self.filter(rule)

    def editable_by(self, actor: Actor) -> "LocationQuerySet":
        """Those this actor may change: by an `edit` grant only."""
        if actor.user_id is None:
            return self.none()
        return self.filter(Q(location_granted_to(actor, "edit")))


def location_granted_to(actor: Actor, permission: str) -> Exists:
    """A grant of `permission` on this very location, by literal group ids, or to the user for as
    long as they may hold places."""
    from partners.models.grants import LocationGroupGrant, LocationUserGrant

    live = Q(until_at__isnull=True) | Q(until_at__gt=actor.at)
    codename = f"{permission}_location"
    by_group = LocationGroupGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        group_id__in=actor.role_group_ids,
        permission__codename=codename,
    )
    by_user = LocationUserGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        user_id=actor.user_id,
        permission__codename=codename,
    )
    if Permission.PLACE_HOLD not in actor.permissions:
        # Shown to whoever brings somebody to a place they hold, while they work where they held it.
        return Exists(by_group)
    return Exists(by_group) | Exists(by_user)  # type: ignore[return-value]


class Location(models.Model):
    """A house or office where help is given; if confidential, only those granted know where.

    It has no history: an address that became confidential would stay readable in it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="locations")
    is_confidential = models.BooleanField(_("confidential"), default=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, verbose_name=_("area"))
    label = models.CharField(_("open name"), max_length=120, blank=True)
    street = models.CharField(_("street and number"), max_length=200, blank=True)
    city = models.CharField(_("town"), max_length=120, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    data_key = WrappedKeyField(_("data key"), editable=False)
    secret_label_ct = models.BinaryField(null=True)
    secret_label = SealedText("location.label")
    whereabouts_ct = models.BinaryField(null=True)
    whereabouts = SealedText("location.whereabouts")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = LocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        default_permissions = ()
        permissions = [
            ("see_location", "See where it is"),
            ("edit_location", "Change the location"),
        ]
        constraints = [
            models.CheckConstraint(
                name="location_confidential_has_no_open_address",
                condition=Q(is_confidential=False)
                | Q(label="", street="", city="", postal_code="", whereabouts_ct__isnull=False),
                violation_error_message=_("The address of a confidential location is sealed."),
            ),
            models.CheckConstraint(
                name="location_open_has_nothing_sealed",
                condition=Q(is_confidential=True)
                | Q(whereabouts_ct__isnull=True, secret_label_ct__isnull=True),
                violation_error_message=_("An open location has an open address."),
            ),
        ]

    def __str__(self) -> str:
        return f"location {self.uuid}"

    def name(self) -> str:
        """What its own people call it. Opens a sealed name: for those granted only."""
        return (self.secret_label if self.is_confidential else self.label) or ""

    def address(self) -> list[str]:
        """The lines of the address. Opens a sealed one: for those granted only."""
        if self.is_confidential:
            return (self.whereabouts or "").splitlines()
        return [line for line in (self.street, f"{self.postal_code} {self.city}".strip()) if line]
