"""The pages of survival: organisations answer, the co-ordination sees shares and nothing else."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from funding.models.declarations import IncomeDeclaration, NeedsAnswer
from funding.services import declarations
from funding.survival_choices import RoundKind
from tests.funding.surveyed import answered, closed, declared, figures, members, opened
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
FIRST = reverse("funding:sustainability")
ClientFor = Callable[..., Any]


class TestTheSurvey:
    def test_is_answered_page_by_page_sent_and_erased(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        row = opened(cast, RoundKind.NEEDS)
        manager = client_for(cast.ngo_manager)
        here = reverse("funding:survey", args=[row.uuid])
        page = reverse("funding:survey-page", args=[row.uuid, "money"])
        said = manager.post(page, {"version": 0, "additional": "yes"})
        assert said["Location"] == reverse("funding:survey-page", args=[row.uuid, "services"])
        text = manager.get(here).content.decode()
        assert "Answered in part" in text
        assert "Erase our answers" in text
        manager.post(here, {"act": "send"})
        assert NeedsAnswer.objects.get().sent_at is not None
        manager.post(here, {"act": "take_back"})
        assert not NeedsAnswer.objects.exists()

    def test_keeps_what_was_typed_beside_an_amount_with_a_comma(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        row = opened(cast, RoundKind.INCOME)
        page = reverse("funding:survey-page", args=[row.uuid, "income"])
        given = {"version": 0, "currency": "EUR", "eu": "1,250.50", "foundation": "77123.40"}
        text = client_for(cast.ngo_manager).post(page, given).content.decode()
        assert "Write digits, and a point before cents" in text
        assert "1,250.50" in text
        assert "77123.40" in text
        assert not IncomeDeclaration.objects.exists()

    def test_shows_both_when_a_colleague_saved_meanwhile(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        row = opened(cast, RoundKind.NEEDS)
        by = cast.actor(cast.ngo_manager)
        answered(row, by, {"additional": "yes"})
        page = reverse("funding:survey-page", args=[row.uuid, "money"])
        said = client_for(cast.ngo_manager).post(page, {"version": 0, "additional": "no"})
        assert said.status_code == 409
        again = {"version": 1, "additional": "no"}
        assert client_for(cast.ngo_manager).post(page, again).status_code == 302
        kept = declarations.kept_for(row, by)
        assert kept is not None
        assert kept.answers == {"additional": "no"}


class TestTheRound:
    def test_is_opened_on_a_page(self, cast: Cast, client_for: ClientFor) -> None:
        desk = client_for(cast.co_ordinator)
        given = {
            "client_key": "", "kind": "needs", "year": "2025", "closes_on_day": "1",
            "closes_on_month": "1", "closes_on_year": "2000",
        }  # fmt: skip
        assert "The last day lies after today." in desk.post(
            reverse("funding:round-new"), given
        ).content.decode()  # fmt: skip
        later = cast.at.replace(year=cast.at.year + 1)
        given |= {"closes_on_month": str(later.month), "closes_on_year": str(later.year)}
        given |= {"closes_on_day": "1"}
        assert desk.post(reverse("funding:round-new"), given)["Location"] == FIRST
        assert "Needs and staying open, 2025" in desk.get(FIRST).content.decode()

    def test_shows_shares_and_no_organisations_answer(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        people = members(cast, 6)
        income = opened(cast, RoundKind.INCOME, is_synthetic=True)
        for number, by in enumerate(people):
            # An amount of each organisation's own, to be found wherever it must not be.
            public = 7_310_001 + number if number % 2 else 0
            declared(income, by, state_central=public, foundation=9_240_001 + number)
        income = closed(cast, income)
        shown = [income.get_absolute_url(), FIRST]
        for user in (cast.co_ordinator, cast.funder, cast.rapporteur, cast.other_manager):
            reader = client_for(user)
            for url in shown:
                text = reader.get(url).content.decode()
                assert "Synthetic" in text
                assert not re.search(r"7.?310.?00\d|9.?240.?00\d|16.?550", text)
                if user is not cast.other_manager:
                    assert not re.search(r"Lantern House|Open Door|Civil Society", text)
        assert figures(income)["government_mean"] == ("exact", 22, 6)
        assert "22 %" in text
        assert "“&lt; 38 %" in text
        assert "base not stated" in text

    def test_takes_as_many_queries_for_one_round_as_for_many(
        self, cast: Cast, client_for: ClientFor
    ) -> None:
        people = members(cast, 5)
        desk, manager = client_for(cast.co_ordinator), client_for(cast.ngo_manager)
        for row in (
            opened(cast, RoundKind.INCOME),
            opened(cast, RoundKind.NEEDS),
            opened(cast, RoundKind.NEEDS, is_synthetic=True),
        ):
            if row.kind == RoundKind.INCOME:
                for by in people:
                    declared(row, by, eu=10)
            closed(cast, row)
            for client in (desk, manager):
                with at_most(10):
                    client.get(FIRST)
        with at_most(10):
            desk.get(row.get_absolute_url())


class TestStaff:
    def test_shows_how_many_months_the_money_lasts(self, cast: Cast, client_for: ClientFor) -> None:
        manager, day = client_for(cast.ngo_manager), cast.at
        given = {
            "on_day": day.day, "on_month": day.month, "on_year": day.year, "posts": "8.5",
            "vacancies": "1", "lost": "3", "lost_for_money": "4", "currency": "EUR",
            "reserves": "45000", "monthly_cost": "10000",
        }  # fmt: skip
        page = reverse("funding:staffing-new")
        assert "This is a part of the number before it." in manager.post(
            page, given
        ).content.decode()  # fmt: skip
        assert manager.post(page, {**given, "lost_for_money": "2"}).status_code == 302
        text = manager.get(reverse("funding:staffing")).content.decode()
        assert "4.5" in text
        assert "less than half a year" in text
        other = client_for(cast.other_manager).get(reverse("funding:staffing")).content.decode()
        assert "No figures yet" in other


class TestProgrammes:
    def test_are_entered_and_followed_up(self, cast: Cast, client_for: ClientFor) -> None:
        manager = client_for(cast.ngo_manager)
        given = {
            "client_key": "", "title": "Sewing (invented)", "kind": "training", "began": "14",
            "completed": "11", "from_on_day": "1", "from_on_month": "3", "from_on_year": "2025",
            "until_on_day": "31", "until_on_month": "8", "until_on_year": "2025",
        }  # fmt: skip
        made = manager.post(reverse("funding:programme-new"), given)
        here = made["Location"]
        text = manager.get(here).content.decode()
        assert "28 February 2026" in text or "Feb. 28, 2026" in text
        follow = f"{here}after/6/"
        outcomes = {"reached": "9", "in_business": "4", "in_job": "4", "in_training": "2"}
        assert "count each once" in manager.post(follow, outcomes).content.decode()
        assert manager.post(follow, {**outcomes, "in_training": "1"})["Location"] == here
        with at_most(8):
            assert "6 months" in manager.get(reverse("funding:programmes")).content.decode()
