"""The front door: what waits for each kind of visitor, and the pages anybody may read."""

import re
from datetime import datetime

import pytest
from django.urls import reverse

from partners.choices import Role
from partners.services import memberships
from tests.support.cast import Cast, fill_in
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
HOME = reverse("ncm:home")


class TestHome:
    def test_leads_nobody_in_without_signing_in(self, client) -> None:
        assert client.get(HOME)["Location"].startswith(reverse("account_login"))

    def test_every_tile_is_a_link_that_opens(self, cast: Cast, client_for) -> None:
        for user in (cast.ngo_manager, cast.co_ordinator, cast.funder, cast.applicant):
            client = client_for(user)
            tiles = client.get(HOME).context["tiles"]
            assert tiles
            for tile in tiles:
                assert client.get(tile.href).status_code == 200

    def test_the_registry_tile_counts_what_the_registry_lists(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        everything = f"{reverse('partners:registry')}?all=1"
        tile = next(t for t in client.get(HOME).context["tiles"] if t.href == everything)
        assert str(tile.count) == str(client.get(tile.href).context["page"].count) == "6"

    def test_invitations_that_wait_are_counted_for_the_manager(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        memberships.invite_colleague(
            organisation=cast.ngo,
            email="new@example.org",
            role=Role.CASEWORKER,
            by=cast.actor(cast.ngo_manager),
            at=at,
        )
        counts = {
            t.label: str(t.count) for t in client_for(cast.ngo_manager).get(HOME).context["tiles"]
        }
        assert counts["colleague invited who has not joined"] == "1"
        labels = {t.label for t in client_for(cast.ngo_caseworker).get(HOME).context["tiles"]}
        assert not any("invited" in label for label in labels)

    def test_tells_an_applicant_the_next_step(self, cast: Cast, client_for, at: datetime) -> None:
        client = client_for(cast.applicant)
        body = client.get(HOME).content.decode()
        assert "Being filled in" in body
        assert re.search(r"\d+ answers are missing", body)
        assert reverse("partners:application") in body
        fill_in(cast.applying, cast.applicant, at)
        assert "Everything needed is answered" in client.get(HOME).content.decode()
        assert client_for(cast.ngo_manager).get(HOME).context["application"] is None

    def test_tells_a_stranger_what_to_do(self, cast: Cast, client_for) -> None:
        for user in (cast.stranger, cast.former):
            body = client_for(user).get(HOME).content.decode()
            assert "You do not work for an organisation here" in body
            assert reverse("account_signup") in body

    def test_asks_the_database_few_questions(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        with at_most(8):
            client.get(HOME)


class TestPublicPages:
    @pytest.mark.parametrize("name", ["account_signup", "ncm:accessibility"])
    def test_anybody_may_read(self, name: str, client) -> None:
        assert client.get(reverse(name)).status_code == 200

    def test_joining_offers_no_registration(self, client) -> None:
        body = client.get(reverse("account_signup")).content.decode()
        assert "There is no open registration" in body
        assert 'type="password"' not in body

    def test_the_monitor_gets_a_sign_of_life(self, client) -> None:
        assert client.get(reverse("ncm:livez")).content == b"ok\n"


class TestHelp:
    def test_shows_every_act_of_the_workflow_in_words(self, cast: Cast, client_for, client) -> None:
        from partners.workflow import ORGANISATION

        assert client.get(reverse("ncm:help")).status_code == 302
        body = client_for(cast.stranger).get(reverse("ncm:help")).content.decode()
        for row in ORGANISATION.rows():
            assert row.name in body
        assert "under_review" not in body
