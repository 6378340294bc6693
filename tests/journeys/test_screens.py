"""The demonstration, screen by screen: every one has something to show, and is fit to be shown.

With CONCORD_SCREENS=1 the pictures in docs/screens/ are made anew, here and in the other journeys.
"""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import User
from ncm.management.commands.demo_data import DOMAIN, DemoCountry
from partners.models import Organisation
from tests.journeys.conftest import Visitor


@pytest.fixture
def as_somebody(
    visit: Callable[..., Visitor], at: datetime, transactional_db: None
) -> Callable[[str], Visitor]:
    """Signed in as one of the people of the demonstration."""
    DemoCountry(at).build()

    def arrive(key: str) -> Visitor:
        return visit().arrive_as(User.objects.get(email=f"{key}@{DOMAIN}"))

    return arrive


class TestTheDemonstration:
    def test_has_something_on_every_screen(
        self, visit: Callable[..., Visitor], as_somebody: Callable[[str], Visitor]
    ) -> None:
        screens = {
            "coordinator": {"home": "/", "inbox": "/inbox/", "reviews": "/reviews/"},
            "manager": {"registry": "/registry/", "people": "/people/", "contacts": "/contacts/"},
        }
        visit().open("/account/sign-in/").picture("sign-in")
        for key, pages in screens.items():
            visitor = as_somebody(key)
            for name, path in pages.items():
                visitor.open(path).picture(name)
                shown = visitor.page.locator("main").locator("table, .concord-card, .concord-tile")
                assert shown.count() > 0, name

    def test_shows_an_organisation_as_others_see_it(
        self, as_somebody: Callable[[str], Visitor]
    ) -> None:
        known = Organisation.objects.get(name__startswith="Lantern House")
        visitor = as_somebody("coordinator").open(f"/registry/{known.uuid}/")
        assert "Robin Sample (invented)" in visitor.text
        visitor.picture("organisation")

    def test_shows_the_parts_that_pages_are_made_of(
        self, as_somebody: Callable[[str], Visitor]
    ) -> None:
        as_somebody("manager").open("/components/").picture("gallery")
