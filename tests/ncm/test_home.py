"""The front door: what waits for each kind of visitor, and the pages anybody may read."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from deadlines.models import Deadline
from ncm.models import ActionPoint
from partners.choices import Role
from partners.services import memberships
from tests.funding import terms
from tests.ncm import actions, sittings
from tests.referrals.stages import sent
from tests.support.cast import Cast, fill_in
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
HOME = reverse("ncm:home")


ROLES = ("ngo_caseworker", "ngo_manager", "officer", "co_ordinator", "rapporteur", "funder",
         "administrator")  # fmt: skip


def busy(cast: Cast, number: int) -> None:
    """Something for everybody: action points late and to verify, a grant, a case."""
    for _each in range(number):
        row = actions.made(cast)
        Deadline.objects.filter(subject_uuid=row.uuid).update(due_at=cast.at - timedelta(days=1))
        ActionPoint.objects.filter(pk=row.pk).update(due_on=actions.today(cast) - timedelta(days=1))
        actions.made(cast, responsible=cast.authority)
        actions.reported(cast, actions.own(cast), cast.ngo_caseworker)
    sittings.seated(cast)

    sittings.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
    terms.contested(cast)
    terms.sent(cast)
    sent(cast)


class TestHome:
    def test_leads_nobody_in_without_signing_in(self, client) -> None:
        assert client.get(HOME)["Location"].startswith(reverse("account_login"))

    def test_every_tile_is_a_link_that_opens(self, cast: Cast, client_for) -> None:
        for user in (cast.ngo_manager, cast.co_ordinator, cast.funder, cast.administrator):
            client = client_for(user)
            page = client.get(HOME)
            tiles = page.context["tiles"]
            assert tiles or page.context["links"]
            for link in page.context["links"]:
                assert client.get(link["href"]).status_code == 200
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

    @pytest.mark.parametrize("many", [False, True])
    def test_asks_the_database_few_questions_for_each_role(
        self, cast: Cast, client_for, many: bool
    ) -> None:
        busy(cast, 30 if many else 1)
        # SQLite cannot count several slices in one statement: there each list is a question.
        joins = connection.features.supports_slicing_ordering_in_compound
        for who in ROLES:
            client = client_for(getattr(cast, who))
            client.get(HOME)
            with at_most(10 if joins else 30):
                assert client.get(HOME).status_code == 200, who

    def test_puts_what_is_late_first_and_leaves_out_what_is_nothing(
        self, cast: Cast, client_for
    ) -> None:
        assert client_for(cast.funder).get(HOME).context["needing"] == []
        assert "Nothing needs you now" in client_for(cast.funder).get(HOME).content.decode()
        busy(cast, 1)
        tones = [tile.tone for tile in client_for(cast.ngo_manager).get(HOME).context["needing"]]
        assert tones == sorted(tones, key=["late", "soon"].index)
        assert "late" in tones

    def test_counts_what_the_list_behind_it_lists(self, cast: Cast, client_for) -> None:
        busy(cast, 3)
        for who in ROLES:
            client = client_for(getattr(cast, who))
            for tile in client.get(HOME).context["needing"]:
                page = client.get(tile.href)
                assert page.status_code == 200
                rows = page.context.get("rows")
                if rows and isinstance(rows, list) and "page" in page.context:
                    assert len(rows) == tile.count.number, (who, tile)

    def test_asks_each_role_for_what_is_theirs(self, cast: Cast, client_for) -> None:
        busy(cast, 1)

        def asked(who: str) -> set[str]:
            page = client_for(getattr(cast, who)).get(HOME)
            return {tile.label for tile in page.context["needing"]}

        assert "agenda item to answer" in asked("co_ordinator")
        assert "action point of your organisation" in asked("officer")
        assert {"report to read", "contested condition to answer"} <= asked("funder")
        assert "late action point of your organisation" in asked("ngo_manager")
        assert "action point late in the country" in asked("rapporteur")
        assert not {"agenda item to answer", "report to read"} & asked("ngo_caseworker")

    def test_shows_the_dates_that_come_next_each_with_its_thing(
        self, cast: Cast, client_for
    ) -> None:
        busy(cast, 1)
        client = client_for(cast.ngo_manager)
        dates = client.get(HOME).context["dates"]
        assert dates
        for what, _day in dates:
            assert client.get(what["href"], follow=True).status_code == 200


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
