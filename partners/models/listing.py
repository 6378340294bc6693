"""The registry as it is looked through: under which headings an entry stands, and kept filters."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.marks import Actor
from partners.models.organisation import Organisation

#: The heading every entry stands under.
ALL = "all"
NO_DEPUTY = "deputy:missing"


def heading(of: str, code: str) -> str:
    """What an entry stands under that has this code as its kind, class, area or the like."""
    return f"{of}:{code}"


def in_area(area: str, capacity: str) -> str:
    """What an entry stands under that holds a capacity in an area, by the codes of both."""
    return f"area:{area}&capacity:{capacity}"


class ListingQuerySet(models.QuerySet["Listing"]):
    def visible_to(self, actor: Actor) -> "ListingQuerySet":
        """The headings of the organisations this actor may know of."""
        if actor.system:
            return self
        return self.filter(organisation__in=Organisation.objects.visible_to(actor))


class Listing(models.Model):
    """An organisation stands under this heading of the registry, such as its kind or its area.

    Like a card in a drawer: `name` and `fresh_on` are copies, so that a narrowed list is read from
    one index in its order, however many organisations there are. Written by `services.listings`.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="listings")
    heading = models.CharField(max_length=60, help_text=_("What is filtered by: kind:cso."))
    name = models.CharField(max_length=200)
    fresh_on = models.DateField(
        help_text=_("The day the entry was last confirmed, else admitted, else sent.")
    )

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("heading of an entry")
        verbose_name_plural = _("headings of entries")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organisation", "heading"], name="listing_once")
        ]
        indexes = [
            models.Index(fields=["heading", "name", "organisation"], name="listing_by_name"),
            models.Index(fields=["heading", "fresh_on", "organisation"], name="listing_by_age"),
        ]

    def __str__(self) -> str:
        return self.heading


class StoredFilterQuerySet(models.QuerySet["StoredFilter"]):
    def visible_to(self, actor: Actor) -> "StoredFilterQuerySet":
        """One's own, kept for the organisation one acts for."""
        if actor.user_id is None or actor.organisation_uuid is None:
            return self.none()
        return self.filter(owner_id=actor.user_id, organisation_uuid=actor.organisation_uuid)

    def standing(self) -> "StoredFilterQuerySet":
        """Those that were not deleted."""
        return self.filter(ended_at__isnull=True)


class StoredFilter(models.Model):
    """Somebody keeps a way of looking at the registry under a name, to come back to it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation_uuid = models.UUIDField()
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000, help_text=_("As it stands in the address."))
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = StoredFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("stored filter")
        verbose_name_plural = _("stored filters")
        default_permissions = ()
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "organisation_uuid", "name"],
                condition=Q(ended_at__isnull=True),
                name="storedfilter_named_once",
                violation_error_message=_("You have a filter of this name already."),
            ),
            models.UniqueConstraint(
                fields=["owner", "organisation_uuid"],
                condition=Q(ended_at__isnull=True, is_default=True),
                name="storedfilter_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"stored filter {self.uuid}"
