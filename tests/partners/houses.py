"""Houses for tests: a confidential shelter of `ngo`, an open office of `other_ngo`, places, holds.

Everything is entered as people would; every word in it is invented and stands nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from accounts.models import User
from partners.models import (
    Area,
    Location,
    PlaceCount,
    PlaceHold,
    PlaceRequest,
    ServiceOffer,
    ServiceType,
)
from partners.services import holds, offers, places
from tests.support.cast import Cast

#: What must stand nowhere but in the sealed columns.
SECRET = {"name": "Qzhousekqx", "street": "Qzstreetkqx 7", "city": "Qztownkqx"}


def kind(code: str = "shelter") -> ServiceType:
    return ServiceType.objects.get(code=code)


def house(cast: Cast, *, confidential: bool = True, user: User | None = None, **more: Any) -> Any:
    by = cast.actor(user or cast.ngo_manager)
    given: dict[str, Any] = {**SECRET, "postal_code": "00-000", "area": cast.area, **more}
    return offers.enter_location(
        organisation=by.organisation, by=by, at=cast.at, is_confidential=confidential, **given
    )


def shelter(
    cast: Cast,
    *,
    user: User | None = None,
    location: Location | None = None,
    figures: Mapping[str, tuple[int, int]] | None = None,
    at: datetime | None = None,
    **more: Any,
) -> ServiceOffer:
    """A shelter with places, by default one free for women, in a confidential house."""
    by = cast.actor(user or cast.ngo_manager, at)
    given: dict[str, Any] = {
        "kind": kind(),
        "name": "Night shelter (invented)",
        "duty_number": "+000 700",
        "areas": [Area.objects.get(code="XX-N")],
        "location": location,
        **more,
    }
    offer = offers.enter_offer(organisation=by.organisation, by=by, at=by.at, **given)
    said = {"women": (4, 1)} if figures is None else figures
    if said:
        figures = {offer.pk: said}
        places.say_places(organisation=by.organisation, figures=figures, by=by, at=by.at)
    return offer


def count(offer: ServiceOffer, place_type: str = "women") -> PlaceCount:
    return PlaceCount.objects.get(offer=offer, place_type=place_type)


def search(
    cast: Cast, *, user: User | None = None, who: str = "woman", at: datetime | None = None,
    area: Area | None = None, needs: tuple[str, ...] = (),
) -> PlaceRequest:  # fmt: skip
    by = cast.actor(user or cast.other_manager, at)
    return holds.ask_for_place(uuid=uuid4(), who=who, needs=needs, area=area, by=by, at=by.at)


def held(
    cast: Cast, offer: ServiceOffer, *, user: User | None = None, at: datetime | None = None
) -> PlaceHold:
    by = cast.actor(user or cast.other_manager, at)
    asked = search(cast, user=user, at=at)
    return holds.hold_place(request=asked, count=count(offer), by=by, at=by.at)
