"""Services, houses and places of the demonstration: plainly invented, figures young and old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from partners.access import Actor, actor_for
from partners.choices_places import RequestEnd
from partners.hold_workflow import HOLD
from partners.models import (
    Area,
    Location,
    Organisation,
    PlaceCount,
    ServiceOffer,
    ServiceStandard,
    ServiceType,
)
from partners.services import holds, offers, places

#: Where the confidential shelter of the demonstration is; it must stand nowhere but there.
HIDDEN = {"name": "House Nightjar (invented)", "street": "Hidden Lane 4", "city": "Quietford"}
NUMBER = "+000 100 100"


class DemoPlaces:
    """Enters what Lantern House, Open Door, the unions and lawyers offer, then a busy night."""

    def __init__(self, now: datetime, people: Mapping[str, User]) -> None:
        self.now = now
        self.people = people

    def build(self) -> None:
        self._lantern_house()
        self._open_door()
        self._pools()
        self._night()

    def _as(self, key: str, days: float = 0) -> Actor:
        return actor_for(self.people[key], at=self.now - timedelta(days=days))

    def _home(self, by: Actor) -> Organisation:
        if by.organisation is None:
            raise ValueError("The demonstration’s people work for somebody.")
        return by.organisation

    def _offer(self, by: Actor, kind: str, name: str, **more: Any) -> ServiceOffer:
        given: dict[str, Any] = {
            "kind": ServiceType.objects.get(code=kind),
            "name": f"{name} (invented)",
            "duty_number": NUMBER,
            "languages": ["en"],
            **more,
        }
        return offers.enter_offer(organisation=self._home(by), by=by, at=by.at, **given)

    def _house(self, by: Actor, area: str, **where: Any) -> Location:
        return offers.enter_location(
            organisation=self._home(by),
            by=by,
            at=by.at,
            area=Area.objects.get(code=area),
            postal_code="00-000",
            **where,
        )

    def _say(self, by: Actor, figures: dict[int, dict[str, tuple[int, int]]]) -> None:
        places.say_places(organisation=self._home(by), figures=figures, by=by, at=by.at)

    def _lantern_house(self) -> None:
        by = self._as("manager", 90)
        house = self._house(by, "EX-C1", is_confidential=True, **HIDDEN)
        self.shelter = self._offer(
            by,
            "shelter",
            "Lantern shelter for women and families",
            location=house,
            eligibility=["women", "families", "adults_with_children", "any_nationality",
                         "any_status", "not_identified"],
            accessibility=["step_free"],
            areas=[Area.objects.get(code="EX-C")],
            languages=["en", "fr"],
            hours="Day and night",
            standing="outside",
            public_money="no",
            licence="Ministry of Social Affairs, 2024-17",
        )  # fmt: skip
        office = self._house(
            by, "EX-C1", is_confidential=False, name="Lantern office",
            street="12 Sample Square", city="Capital District",
        )  # fmt: skip
        self._offer(
            by,
            "counselling",
            "Lantern advice centre",
            location=office,
            description="Advice on rights, residence and support, without an appointment.",
            hours="Mon–Fri 9–17",
            route="by_itself",
            is_published=True,
        )
        offers.assure_offer(offer=self.shelter, by=self._as("manager", 20), at=by.at)
        self._say(self._as("manager", 2), {self.shelter.pk: {"women": (8, 1), "family": (3, 0)}})
        fresh = self._as("caseworker", 0.1)
        self._say(
            fresh, {self.shelter.pk: {"women": (8, 2), "family": (3, 1), "emergency": (1, 1)}}
        )
        inspector = self._as("coordinator", 30)
        offers.record_inspection(
            offer=self.shelter,
            standard=ServiceStandard.objects.get(code="shelter-basics"),
            inspected_on=inspector.at.date(),
            outcome="conditions",
            conditions="A second way out on the upper floor.",
            next_on=(self.now + timedelta(days=150)).date(),
            by=inspector,
            at=inspector.at,
        )

    def _open_door(self) -> None:
        by = self._as("manager1", 60)
        north = [Area.objects.get(code="EX-N")]
        self.north = self._offer(
            by,
            "shelter",
            "Open Door night house",
            eligibility=["men", "trans_inclusive", "any_status"],
            areas=north,
            standing="inside",
            public_money="partly",
        )
        old = self._as("manager1", 4)
        self._say(
            old, {self.north.pk: {"men": (12, 5), "trans_inclusive": (2, 1), "women": (2, 2)}}
        )
        self._offer(
            by,
            "outreach",
            "Open Door outreach",
            areas=north,
            operating="reduced",
            operating_reason="staff",
            operating_until_on=(self.now + timedelta(days=40)).date(),
            is_published=True,
        )

    def _pools(self) -> None:
        by = self._as("manager3", 50)
        self._offer(by, "legal", "Pro bono lawyers", pool_size=14, is_published=True)
        self._offer(
            by, "interpreting", "Interpreters on call", pool_size=22,
            languages=["ar", "en", "fr", "uk"], hours="Day and night",
        )  # fmt: skip

    def _night(self) -> None:
        """One place was refused, one was taken, one search found nothing, one place is held now."""
        first = self._held(self.shelter, "women", "woman", days=3)
        house = self._as("manager", 3)
        HOLD.apply(first, "refuse", by=house, at=house.at, reason="infection")
        second = self._held(self.north, "men", "man", days=2)
        there = self._as("manager1", 2)
        kept = HOLD.apply(second, "accept", by=there, at=there.at)
        HOLD.apply(kept, "arrive", by=there, at=there.at)
        asking = self._as("police", 1)
        none = holds.ask_for_place(
            uuid=uuid4(), who="child", needs=(), area=None, by=asking, at=asking.at
        )
        holds.close_request(request=none, end=RequestEnd.NONE, by=asking, at=asking.at)
        self._held(self.shelter, "women", "woman", days=0)

    def _held(self, offer: ServiceOffer, place_type: str, who: str, *, days: float) -> Any:
        by = self._as("police", days)
        asked = holds.ask_for_place(uuid=uuid4(), who=who, needs=(), area=None, by=by, at=by.at)
        count = PlaceCount.objects.get(offer=offer, place_type=place_type)
        return holds.hold_place(request=asked, count=count, by=by, at=by.at)
