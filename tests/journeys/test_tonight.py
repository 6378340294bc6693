"""A bed found at night in four screens, on a laptop and on a phone; and the house that answers.

With CONCORD_SCREENS=1 the pictures are kept.
"""

from collections.abc import Callable

import pytest

from partners.models import PlaceHold
from tests.journeys.conftest import LAPTOP, PHONE, Visitor
from tests.partners import houses
from tests.support.cast import Cast

NAME = "Night shelter (invented)"


def find_and_hold(night: Visitor) -> None:
    """Home, three questions, the list, the held place: four screens."""
    screens = [night.open("/").path]
    screens.append(night.follow("Find a place tonight").path)
    night.tick("A woman").picture("tonight")
    night.page.select_option("select[name=area]", "XX-N")
    screens.append(night.press("Show places").path)
    assert "1 place free" in night.text
    assert "said just now" in night.text
    assert "+000 700" in night.text
    night.picture("places-that-fit")
    screens.append(night.press(f"Hold this place for 2 hours {NAME}").path)
    assert "The place is held" in night.text
    assert len(screens) == 4
    night.picture("place-held")


class TestABed:
    @pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
    def test_is_found_at_night_in_four_screens(
        self, visit: Callable[..., Visitor], stage: Cast, size: dict[str, int]
    ) -> None:
        user = stage.other_manager
        houses.shelter(stage, user=user, location=houses.house(stage, user=user))
        night = visit(size=size).arrive_as(stage.ngo_caseworker)
        find_and_hold(night)
        if size is PHONE:
            night.press("Give the place back")
            assert "Given back" in night.page.locator("body").inner_text()
            return
        house = visit().arrive_as(user)
        house.open("/inbox/").press("A place of yours is asked for now")
        house.picture("place-asked").press("Accept: keep the place")
        assert PlaceHold.objects.get().state == "accepted"
        house.follow("Our places").picture("our-places").press("Nothing changed")
        house.open("/services/own/").picture("own-services")
        night.open("/services/").picture("services").follow(NAME).picture("service")
        assert "Confidential: call the duty number" in night.text
