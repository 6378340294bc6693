"""How many places are free: said in one act for all of one's houses, or "nothing changed"."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners import clocks_places
from partners.access import Actor
from partners.choices_places import PlaceType, ServiceEventKind, ServiceRole
from partners.models import Organisation, PlaceCount, PlaceRecord, ServiceOffer
from partners.services.memberships import require
from partners.services.offers import note

Figures = Mapping[int, Mapping[str, tuple[int, int]]]
"""Key of an offer → type of place → (places, free)."""


@transaction.atomic
def say_places(
    *, organisation: Organisation, figures: Figures, by: Actor, at: datetime
) -> list[ServiceOffer]:
    """Say how many places there are and how many are free, as of now.

    Free ones are counted without looking at what is held: holds are taken off when shown. A type
    with no place goes out of use and keeps its past. Raises NotAllowed, NotPossible.
    """
    offers = {offer.pk: offer for offer in _own_offers(organisation, by)}
    if by.user is None:
        raise NotAllowed(_("A person says how many places are free."))
    for pk, types in figures.items():
        if pk not in offers:
            raise NotAllowed(_("This belongs to another organisation."))
        for place_type, (total, free) in types.items():
            if place_type not in PlaceType.values:
                raise TypeError(f"There is no place of type {place_type!r}")
            if free > total:
                raise NotPossible(_("There cannot be more free places than places."))
            _say(offers[pk], place_type, total, free, by=by, at=at)
        note(offers[pk], ServiceEventKind.FIGURES_SAID, by=by, at=at)
    clocks_places.places_said(organisation, by=by, at=at)
    return [offers[pk] for pk in figures]


@transaction.atomic
def nothing_changed(*, organisation: Organisation, by: Actor, at: datetime) -> int:
    """Say that every figure still holds, as of now; how many there are. Raises NotAllowed."""
    offers = _own_offers(organisation, by)
    if by.user is None:
        raise NotAllowed(_("A person says how many places are free."))
    standing = PlaceCount.objects.select_for_update(of=("self",)).order_by("pk")
    rows = list(standing.filter(offer__in=offers, total__gt=0))
    PlaceCount.objects.filter(pk__in=[row.pk for row in rows]).update(as_of_at=at, said_by=by.user)
    PlaceRecord.objects.bulk_create(
        PlaceRecord(count=row, total=row.total, free=row.free, at=at, by=by.user) for row in rows
    )
    for offer in offers:
        note(offer, ServiceEventKind.NOTHING_CHANGED, by=by, at=at)
    clocks_places.places_said(organisation, by=by, at=at)
    return len(rows)


def _own_offers(organisation: Organisation, by: Actor) -> list[ServiceOffer]:
    require(by, Permission.PLACE_UPDATE, organisation)
    if not by.system and organisation.pk != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    offers = ServiceOffer.objects.in_use().filter(kind__role=ServiceRole.PLACES)
    return list(offers.filter(organisation=organisation).order_by("pk"))


def _say(
    offer: ServiceOffer, place_type: str, total: int, free: int, *, by: Actor, at: datetime
) -> None:
    standing = PlaceCount.objects.select_for_update(of=("self",))
    row = standing.filter(offer=offer, place_type=place_type).first()
    if row is None:
        if total == 0:
            return
        row = PlaceCount(offer=offer, place_type=place_type)
    assert by.user is not None  # noqa: S101 - asked by the caller
    row.total, row.free, row.as_of_at, row.said_by = total, free, at, by.user
    row.save()
    PlaceRecord.objects.create(count=row, total=total, free=free, at=at, by=by.user)
