"""Looking through the registry: the list a filter shows, in order, and what is counted of it.

Reads only. A narrowed list is read from the drawer of one heading (`models.Listing`), the one with
the fewest cards; whatever else is asked for is looked at card by card.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, QuerySet

from common.country import local_day
from common.marks import Permission
from common.paging import Order, Page, merge_slices
from partners.access import Actor
from partners.filters import RegistryFilter
from partners.models import Agreement, AgreementParty, Listing, Organisation
from partners.models.listing import ALL

P = Permission
_OF = {"named_by": "organisation__uuid", "unique_within": ("heading",)}
BY_NAME = Order("name", "organisation", **_OF)  # type: ignore[arg-type]
BY_AGE = Order("fresh_on", "organisation", **_OF)  # type: ignore[arg-type]
#: How long it may be remembered how many stand under each heading, in seconds.
SIZES_KEPT = 300


def narrowed(actor: Actor, asked: Mapping[str, Any]) -> RegistryFilter:
    """What this actor asks the registry for, over what they may see of it."""
    return RegistryFilter(
        asked,
        queryset=Organisation.objects.visible_to(actor),
        on=local_day(actor.at),
        reviews=P.ORGANISATION_REVIEW in actor.permissions,
    )


def listed(asked: RegistryFilter) -> tuple[QuerySet[Listing], Order]:
    """The cards of what was asked for, with the order to read them in.

    By name; where it was asked how long ago entries were confirmed, the oldest first.
    """
    first, *others = _rarest_first(asked.headings or [ALL])
    cards = Listing.objects.filter(heading=first, organisation__in=asked.queryset)
    for heading in others:
        also = Listing.objects.filter(organisation=OuterRef("organisation"), heading=heading)
        cards = cards.filter(Exists(also))
    if asked.words:
        cards = cards.filter(name__icontains=asked.words)
    if asked.agreements_until is not None:
        # Few agreements end within a season: the list is read from their parties.
        ending = Agreement.objects.in_force().filter(ends_on__range=asked.agreements_until)
        parties = AgreementParty.objects.filter(agreement__in=ending)
        cards = cards.filter(organisation__in=parties.values("organisation"))
    if asked.before is None:
        return cards, BY_NAME
    return cards.filter(fresh_on__lte=asked.before), BY_AGE


def page_of(asked: RegistryFilter, cursor: str = "") -> Page:
    """A page of the list, its rows being organisations with their area and capacities."""
    cards, order = listed(asked)
    shown = cards.select_related("organisation__area").prefetch_related("organisation__capacities")
    # Its organisation comes with each card, so that nothing more is asked for the cursors.
    return merge_slices({"": shown}, order, cursor=cursor, names=_uuids)


def _uuids(cards: Iterable[Listing]) -> dict[int, UUID]:
    return {card.pk: card.organisation.uuid for card in cards}


def in_order(asked: RegistryFilter, most: int) -> list[Organisation]:
    """The first `most` organisations of the list, with their area and capacities."""
    cards, order = listed(asked)
    shown = cards.select_related("organisation__area").prefetch_related("organisation__capacities")
    return [card.organisation for card in order.rows(shown)[:most]]


def _rarest_first(headings: list[str]) -> list[str]:
    if len(headings) < 2:
        return headings
    sizes = _sizes()
    return sorted(headings, key=lambda heading: sizes.get(heading, 0))


def _sizes() -> dict[str, int]:
    def read() -> dict[str, int]:
        return dict(Listing.objects.values_list("heading").annotate(Count("pk")).order_by())

    kept: dict[str, int] = cache.get_or_set("partners.listings", read, SIZES_KEPT)
    return kept


# --- what is covered where ------------------------------------------------------------------------

Coverage = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Covered:
    """How many organisations there are by (area, capacity held) and by (area, class).

    An area counts everything below it.
    """

    by_capacity: Coverage
    by_class: Coverage


def coverage(actor: Actor) -> Covered:
    """What this actor would count in the registry, in two queries."""
    cards = Listing.objects.visible_to(actor).filter(
        heading__startswith="area:", heading__contains="&capacity:"
    )
    by_capacity: Coverage = {}
    for heading, number in cards.values_list("heading").annotate(Count("pk")).order_by():
        area, capacity = heading.removeprefix("area:").split("&capacity:")
        by_capacity[area, capacity] = number
    by_class: Coverage = Counter()
    classed = Organisation.objects.visible_to(actor).exclude(cso_class="")
    counted = classed.exclude(applied_at=None).values_list("area__path", "cso_class")
    for path, cso_class, number in counted.annotate(Count("pk")).order_by():
        for code in (path or "").strip("/").split("/"):
            by_class[code, cso_class] += number
    return Covered(by_capacity, by_class)
