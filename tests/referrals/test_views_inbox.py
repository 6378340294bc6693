"""The list of referrals: tiles count what they lead to, no names, as quick for many as for one."""

import pytest
from django.db import connection
from django.urls import reverse

from common.country import current
from common.references import new_reference
from referrals.choices import State
from referrals.services import referrals as services
from tests.referrals import stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LIST = reverse("referrals:inbox")


def words(answer) -> str:
    return answer.content.decode()


#: On SQLite a list of several groups or states is read slice by slice.
MOST = 8 if connection.vendor == "postgresql" else 18


class TestTheList:
    def test_shows_reference_state_and_organisation_and_no_name(
        self, cast: Cast, client_for
    ) -> None:
        referral = stages.sent(cast)
        page = words(client_for(cast.officer).get(LIST))
        assert referral.reference in page
        assert cast.ngo.display_name in page
        assert stages.NAME not in page
        assert stages.STORY not in page

    def test_says_how_much_time_is_left(self, monkeypatch, cast: Cast, client_for) -> None:
        with stages.country_is(monkeypatch, "gb"):
            stages.sent(cast)
            page = words(client_for(cast.officer).get(f"{LIST}?order=due"))
        assert "5 working days left" in page

    def test_calls_a_state_what_the_country_calls_it(
        self, monkeypatch, cast: Cast, client_for
    ) -> None:
        with stages.country_is(monkeypatch, "ua"):
            stages.decided(cast, stages.sent(cast), "positive")
            page = words(client_for(cast.ngo_manager).get(LIST))
            assert str(current().stages[0].positive) in page

    def test_keeps_drafts_and_refusals_at_home(self, cast: Cast, client_for) -> None:
        draft = stages.refused(cast)
        for user in (cast.officer, cast.co_ordinator, cast.other_manager):
            assert draft.reference not in words(client_for(user).get(LIST))
        assert draft.reference in words(client_for(cast.ngo_manager).get(LIST))

    def test_is_refused_to_whoever_has_no_part_in_it(self, cast: Cast, client_for) -> None:
        for user in (cast.funder, cast.rapporteur, cast.administrator, cast.stranger):
            assert client_for(user).get(LIST).status_code == 403

    @pytest.mark.parametrize("who", ["ngo_caseworker", "co_ordinator"])
    def test_takes_as_many_queries_for_many_as_for_one(
        self, cast: Cast, client_for, who: str
    ) -> None:
        client, by = client_for(getattr(cast, who)), cast.actor(cast.ngo_caseworker)
        stages.sent(cast)
        client.get(LIST)
        with at_most(MOST) as one:
            client.get(LIST)
        for _n in range(30):
            services.open_referral(by=by, at=cast.at)
        with at_most(MOST) as many:
            client.get(LIST)
        assert len(one) == len(many)

    @pytest.mark.parametrize("show", ["waiting", "away", "decided"])
    def test_takes_no_more_for_a_tile(self, cast: Cast, client_for, show: str) -> None:
        client = client_for(cast.officer)
        stages.sent(cast)
        client.get(LIST)
        with at_most(MOST):
            client.get(f"{LIST}?show={show}")

    @pytest.mark.parametrize("query", ["cursor=never", "state=never", "show=never", "order=x"])
    def test_shows_its_beginning_for_an_address_it_does_not_know(
        self, cast: Cast, client_for, query: str
    ) -> None:
        assert client_for(cast.ngo_manager).get(f"{LIST}?{query}").status_code == 200


class TestTiles:
    def counts(self, client) -> dict[str, str]:
        tiles = client.get(LIST).context["tiles"]
        return {tile["href"].partition("show=")[2]: str(tile["count"]) for tile in tiles}

    def test_count_what_they_lead_to(self, cast: Cast, client_for) -> None:
        stages.draft(cast)
        stages.returned(cast)
        stages.sent(cast)
        stages.sent(cast)
        desk = client_for(cast.ngo_caseworker)
        assert self.counts(desk) == {"drafts": "1", "waiting": "1", "away": "2", "decided": "0"}
        for show, number in self.counts(desk).items():
            assert len(desk.get(f"{LIST}?show={show}").context["rows"]) == int(number)

    def test_for_whoever_decides_are_theirs(self, cast: Cast, client_for) -> None:
        stages.returned(cast)
        stages.sent(cast)
        counts = self.counts(client_for(cast.officer))
        assert counts == {"waiting": "1", "away": "1", "decided": "0"}

    def test_on_the_home_page_lead_to_what_waits(self, cast: Cast, client_for) -> None:
        stages.sent(cast)
        page = words(client_for(cast.officer).get(reverse("ncm:home")))
        assert f"{LIST}?show=waiting" in page
        assert "referral waiting for you" in page


class TestFinding:
    def find(self, client, typed: str):
        return client.get(LIST, {"reference": typed})

    def test_leads_to_the_referral_however_it_is_written(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        desk = client_for(cast.ngo_caseworker)
        for typed in (referral.reference, referral.reference.lower().replace("-", " ")):
            answer = self.find(desk, typed)
            assert answer["Location"] == reverse("referrals:detail", args=[referral.uuid])

    def test_says_the_same_of_what_is_hidden_and_of_what_is_not(
        self, cast: Cast, client_for
    ) -> None:
        hidden, never = stages.draft(cast).reference, new_reference("R")
        office = client_for(cast.officer)
        for typed in (hidden, never):
            page = words(self.find(office, typed))
            assert "No referral with this reference is open to you" in page

    def test_says_what_is_wrong_with_what_was_typed(self, cast: Cast, client_for) -> None:
        reference = stages.sent(cast).reference
        last = "A" if reference[-1] != "A" else "B"
        page = words(self.find(client_for(cast.officer), reference[:-1] + last))
        assert "One of the characters of this reference is wrong" in page


class TestPages:
    def test_lead_from_one_to_the_next_and_back(self, cast: Cast, client_for) -> None:
        by = cast.actor(cast.ngo_caseworker)
        made = {services.open_referral(by=by, at=cast.at).reference for _n in range(27)}
        desk = client_for(cast.ngo_caseworker)
        first = desk.get(f"{LIST}?show=drafts")
        second = desk.get(LIST + first.context["next_href"])
        rows = [row[0]["text"] for page in (first, second) for row in page.context["rows"]]
        assert sorted(rows) == sorted(made)
        back = desk.get(LIST + second.context["previous_href"])
        assert [r[0]["text"] for r in back.context["rows"]] == rows[:25]


class TestEmpty:
    def test_says_what_to_do_now(self, cast: Cast, client_for) -> None:
        assert "New referral" in words(client_for(cast.ngo_manager).get(LIST))
        assert "you get a notice" in words(client_for(cast.officer).get(LIST))
        assert "never what is in it" in words(client_for(cast.co_ordinator).get(LIST))


class TestTheCoOrdinator:
    def test_sees_the_columns_of_the_header_only(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        answer = client_for(cast.co_ordinator).get(LIST)
        assert referral.reference in words(answer)
        assert answer.context["tiles"] == []
        assert stages.STORY not in words(answer)

    def test_sees_how_much_time_is_left(self, monkeypatch, cast: Cast, client_for) -> None:
        with stages.country_is(monkeypatch, "gb"):
            stages.sent(cast)
            assert "5 working days left" in words(client_for(cast.co_ordinator).get(LIST))

    def test_can_look_for_one_state(self, cast: Cast, client_for) -> None:
        stages.sent(cast)
        desk = client_for(cast.co_ordinator)
        assert desk.get(f"{LIST}?state={State.RETURNED}").context["rows"] == []
        assert len(desk.get(f"{LIST}?state={State.SUBMITTED}").context["rows"]) == 1
