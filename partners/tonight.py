"""A place tonight: which places fit whom, how old a figure is in words, and the list to call.

Read-only. Only what the actor may know of is looked at, and no address ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from common.country import current, local_day
from partners.choices_places import (
    Accessibility,
    Eligibility,
    Need,
    PlaceType,
    ReferralRoute,
    ServiceRole,
    Who,
)
from partners.models import Area, PlaceCount, PlaceHold, PlaceRequest, ServiceOffer

T = PlaceType
#: Places that are for somebody by their type alone.
BY_TYPE: dict[str, frozenset[str]] = {
    Who.WOMAN: frozenset({T.WOMEN}),
    Who.MAN: frozenset({T.MEN}),
    Who.TRANS: frozenset({T.TRANS_INCLUSIVE}),
    Who.FAMILY: frozenset({T.FAMILY}),
    Who.CHILD: frozenset({T.CHILD}),
}
#: Places that are for whomever the service is for.
BY_SERVICE = frozenset({T.EMERGENCY, T.ACCESSIBLE, T.QUARANTINE})
#: What a service says of whom it is for, by who needs a place.
SAID: dict[str, frozenset[str]] = {
    Who.WOMAN: frozenset({Eligibility.WOMEN}),
    Who.MAN: frozenset({Eligibility.MEN}),
    Who.TRANS: frozenset({Eligibility.TRANS_INCLUSIVE}),
    Who.FAMILY: frozenset({Eligibility.FAMILIES, Eligibility.ADULTS_WITH_CHILDREN}),
    Who.CHILD: frozenset({Eligibility.CHILDREN}),
}
WHOM = frozenset().union(*SAID.values())
SHOWN = 20
"""Rows of the list: more telephone numbers than anybody calls in a night."""


@dataclass(frozen=True)
class Age:
    """How old a figure is, in words for the page; `is_stale` says to call before going there."""

    text: str
    is_stale: bool


@dataclass(frozen=True)
class Found:
    """One kind of place at one service, as the list shows it."""

    count: PlaceCount
    offer: ServiceOffer
    available: int
    age: Age
    areas: list[str]


def age_of(as_of_at: datetime, at: datetime) -> Age:
    """The age of a figure in words; old from the hours on that the country's profile names."""
    if at - as_of_at < timedelta(minutes=1):
        return Age(_("said just now"), is_stale=False)
    words = _("said %(time)s ago") % {"time": timesince(as_of_at, at, depth=1)}
    limit = timedelta(hours=current().places.stale_after_hours)
    if at - as_of_at <= limit:
        return Age(words, is_stale=False)
    return Age(_("Old figure: %(age)s. Call first.") % {"age": words}, is_stale=True)


def fits(count: PlaceCount, who: str, needs: Iterable[str]) -> bool:
    """Whether a place of this count is for whoever needs it. Asks nothing of the database."""
    offer = count.offer
    is_for = count.place_type in BY_TYPE[who]
    if not is_for and count.place_type in BY_SERVICE:
        said = WHOM & set(offer.eligibility)
        is_for = not said or bool(said & SAID[who])
    if Need.ISOLATION in needs and count.place_type != T.QUARANTINE:
        return False
    if Need.ISOLATION not in needs and count.place_type == T.QUARANTINE:
        return False
    if Need.STEP_FREE in needs:
        reachable = Accessibility.STEP_FREE in offer.accessibility
        is_for = is_for and (count.place_type == T.ACCESSIBLE or reachable)
    return is_for


def places_for(
    request: PlaceRequest, *, by: Any, at: datetime, without: Iterable[int] = ()
) -> list[Found]:
    """What fits a search: free places first, the newest figure first; at most SHOWN.

    `without` are keys of counts to leave out. A constant number of queries.
    """
    counts = candidates(by=by, at=at, area=request.area).exclude(pk__in=list(without))
    rows = [count for count in counts if fits(count, request.who, request.needs)]
    rows.sort(key=lambda count: (count.available == 0, -count.as_of_at.timestamp()))
    return [_found(count, at) for count in rows[:SHOWN]]


def candidates(*, by: Any, at: datetime, area: Area | None = None) -> Any:
    """Places in services that work now and that the actor may know of, with `available`."""
    today: date = local_day(at)
    offers = (
        ServiceOffer.objects.visible_to(by)
        .in_use()
        .taking_people_in(today)
        .filter(kind__role=ServiceRole.PLACES, is_urgent=True)
    )
    if area is not None:
        offers = offers.filter(pk__in=_serving(area))
    return (
        PlaceCount.objects.filter(offer__in=offers, total__gt=0)
        .with_available(at)
        .select_related("offer__organisation", "offer__kind", "offer__location__area")
        .prefetch_related("offer__areas")
        .order_by("-as_of_at", "pk")
    )


def _serving(area: Area) -> Any:
    """Services in the area, below it or around it; one that names no area is for everybody."""
    above = [area.path[: end + 1] for end, sign in enumerate(area.path) if sign == "/"]
    near = Area.objects.within(area) | Area.objects.filter(path__in=above)
    named = ServiceOffer.objects.filter(areas__in=near) | ServiceOffer.objects.filter(
        location__area__in=near
    )
    nowhere = ServiceOffer.objects.filter(areas__isnull=True, location__area__isnull=True)
    return (named | nowhere).values("pk")


def _found(count: PlaceCount, at: datetime) -> Found:
    available: int = count.available  # type: ignore[attr-defined]
    offer = count.offer
    return Found(count, offer, available, age_of(count.as_of_at, at), offer.shown_areas())


def number_to_call(offer: ServiceOffer) -> str:
    """The duty number, or else the office's."""
    return offer.duty_number or offer.organisation.phone


def route_words(offer: ServiceOffer) -> str:
    label = str(ReferralRoute(offer.route).label)
    return f"{label}. {offer.route_words}" if offer.route_words else label


def is_time_for_the_next(hold: PlaceHold, at: datetime) -> bool:
    """Whether the provider has had its minutes, so that the next one is proposed."""
    waited = at - hold.held_at
    minutes = current().places.next_after_minutes
    return hold.state == "held" and hold.is_live(at) and waited >= timedelta(minutes=minutes)
