"""How many minutes a month each organisation is asked for: a year back, a year ahead, by whom."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from common.country import local_day
from partners.load import Load, Register, loads, same_purpose, with_held
from partners.models import Organisation, RequestAnswer
from tests.partners import asking
from tests.partners.asking import answer_of, say
from tests.support.cast import Cast
from tests.support.queries import at_most, counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    """Monday, 2 March 2026, in the morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def load_of(organisation: Organisation, day: date) -> Load:
    found = with_held(Organisation.objects.all()).get(pk=organisation.pk)
    [load] = loads([found], day, Register.standing())
    return load


def by_month(load: Load) -> dict[str, int]:
    return {f"{month:%Y-%m}": load.of(month) for month in load.months if load.of(month)}


class TestAhead:
    def test_counts_each_round_to_come_in_its_month(self, cast: Cast) -> None:
        asking.announced(cast, every="quarter")  # first due on 22 March
        load = load_of(cast.ngo, local_day(cast.at))
        quarters = ("2026-03", "2026-06", "2026-09", "2026-12", "2027-03")
        assert by_month(load) == dict.fromkeys(quarters, 60)
        assert (load.this_month, load.year_ahead, load.year_back) == (60, 240, 0)
        assert load.heaviest == (date(2026, 3, 1), 60)

    def test_counts_an_open_round_once(self, cast: Cast) -> None:
        asking.open_now(cast)  # due on 16 March, the next on 16 April
        load = load_of(cast.ngo, local_day(cast.at))
        assert [load.this_month, load.of(date(2026, 4, 1))] == [60, 60]

    def test_covers_twelve_months_before_and_after_this_one(self, cast: Cast) -> None:
        load = load_of(cast.ngo, local_day(cast.at))
        assert (load.months[0], load.months[-1]) == (date(2025, 3, 1), date(2027, 3, 1))
        assert (len(load.back), len(load.ahead)) == (12, 13)

    def test_is_nothing_of_drafts_of_what_ended_and_for_who_is_not_asked(self, cast: Cast) -> None:
        asking.draft(cast)
        asking.announced(cast, title="Other", asked_kinds=("state_agency",))
        assert by_month(load_of(cast.ngo, local_day(cast.at))) == {}


class TestBack:
    def test_takes_the_minutes_that_were_said_or_else_the_estimate(self, cast: Cast) -> None:
        asking.open_now(cast, every="year")
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager, minutes=25)
        say(cast, answer_of(cast.other_ngo), "answer", cast.other_manager)
        later = local_day(cast.at) + timedelta(days=60)
        assert load_of(cast.ngo, later).year_back == 25
        assert load_of(cast.other_ngo, later).year_back == 60

    def test_counts_nothing_for_what_was_declined(self, cast: Cast) -> None:
        asking.open_now(cast, every="year", basis="voluntary")
        say(cast, answer_of(cast.ngo), "decline", cast.ngo_manager)
        assert load_of(cast.ngo, local_day(cast.at) + timedelta(days=60)).year_back == 0

    def test_says_the_same_in_the_database_as_of_one_answer(self, cast: Cast) -> None:
        asking.open_now(cast, every="year")
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager, minutes=25)
        load = load_of(cast.ngo, local_day(cast.at))
        assert load.this_month == RequestAnswer.objects.get(organisation=cast.ngo).load


class TestTwice:
    def test_is_who_asks_the_same_organisation_for_the_same_purpose(self, cast: Cast) -> None:
        mine = asking.announced(cast)
        asking.announced(cast, cast.funder, title="For the fund", every="year")
        asking.announced(cast, cast.funder, title="Else", purpose="money")
        [found] = load_of(cast.ngo, local_day(cast.at)).twice
        assert found.purpose == "assisted"
        assert found.askers == (cast.fund.name, cast.ministry.name)
        assert [each.title for each in same_purpose(mine)] == ["For the fund"]

    def test_is_not_one_asker_twice_nor_two_that_ask_others(self, cast: Cast) -> None:
        asking.announced(cast)
        asking.announced(cast, title="Again")
        asking.announced(cast, cast.funder, asked_kinds=("state_agency",))
        assert load_of(cast.ngo, local_day(cast.at)).twice == ()

    def test_is_nothing_of_something_else(self, cast: Cast) -> None:
        mine = asking.announced(cast, purpose="other")
        asking.announced(cast, cast.funder, purpose="other")
        assert load_of(cast.ngo, local_day(cast.at)).twice == ()
        assert same_purpose(mine) == []


class TestPages:
    def page(self, cast: Cast, client_for: Callable[..., Any], who: Any, name: str) -> str:
        with time_machine.travel(cast.at, tick=False):
            text: str = client_for(who).get(reverse(name)).content.decode()
        return text

    def test_show_an_organisation_its_own_load_and_the_warning(
        self, cast: Cast, client_for: Callable[..., Any]
    ) -> None:
        asking.announced(cast)
        asking.announced(cast, cast.funder, minutes=90)
        text = self.page(cast, client_for, cast.ngo_caseworker, "partners:load")
        assert "More than one asks for the same purpose" in text
        assert f"{cast.fund.name}: 90; {cast.ministry.name}: 60" in text
        assert "150 minutes" in text

    def test_show_the_co_ordination_everybody_and_never_who_declined(
        self, cast: Cast, client_for: Callable[..., Any]
    ) -> None:
        asking.open_now(cast, cast.funder, basis="voluntary")
        say(cast, answer_of(cast.other_ngo), "decline", cast.other_manager)
        text = self.page(cast, client_for, cast.co_ordinator, "partners:loads")
        assert cast.other_ngo.name in text
        assert "Declined" not in text
        assert cast.unlisted_ngo.name in text

    @pytest.mark.parametrize("name", ["partners:loads", "partners:requests", "partners:asked"])
    def test_take_eight_queries_whatever_the_rows(
        self, cast: Cast, client_for: Callable[..., Any], name: str
    ) -> None:
        who = cast.ngo_manager if name == "partners:asked" else cast.co_ordinator
        client, url = client_for(who), reverse(name)
        with time_machine.travel(cast.at, tick=False):
            asking.open_now(cast, asked_by_name=[cast.police])
            client.get(url)
            with counted() as few:
                client.get(url)
            for n in range(6):
                asking.open_now(cast, title=f"Another {n}", every="week")
            with at_most(8) as many:
                client.get(url)
        assert len(few) == len(many)
