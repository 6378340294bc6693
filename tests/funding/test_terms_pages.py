"""Conditions and reports in pages: contesting one, writing and reading a report, what waits."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from funding.models import Condition
from funding.services import reports as services
from funding.terms_choices import ConditionState, ReportState
from tests.funding import terms
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db]
DESK = reverse("funding:desk")
LISTS = (DESK, reverse("funding:reports"), reverse("funding:conditions"))


def body(response: Any) -> str:
    return response.content.decode()


def of(row: Any, kind: str, name: str) -> str:
    return reverse(f"funding:{kind}", args=[row.uuid, name])


def day(on: Any) -> dict[str, str]:
    return {f"due_on_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


class TestAClause:
    def test_is_entered_once_contested_and_withdrawn(self, cast: Cast, client_for: Any) -> None:
        award = terms.award(cast)
        funder, office = client_for(cast.funder), client_for(cast.ngo_manager)
        new = reverse("funding:condition-new", args=[award.uuid])
        text = {"client_key": str(uuid4()), "kind": "gag", "words": terms.WORDS, "where": "7"}
        for _twice in range(2):
            funder.post(new, text)
        row = Condition.objects.get()
        office.post(of(row, "condition-act", "contest"), {"words": terms.REASON, "version": "1"})
        assert terms.REASON in body(funder.get(row.get_absolute_url()))
        funder.post(of(row, "condition-act", "withdraw"), {"words": "You are right."})
        shown = body(office.get(row.get_absolute_url()))
        assert "Withdrawn" in shown
        assert terms.WORDS in shown
        assert "You are right." in shown
        assert Condition.objects.get().state == ConditionState.WITHDRAWN

    def test_that_demands_case_data_is_refused_with_what_was_typed(
        self, cast: Cast, client_for: Any
    ) -> None:
        new = reverse("funding:condition-new", args=[terms.award(cast).uuid])
        text = {"kind": "data", "data": "cases", "words": "Send us every file."}
        answer = client_for(cast.funder).post(new, text)
        assert "data about the people helped" in str(answer.context["form"].errors["data"])
        assert "Send us every file." in body(answer)
        assert client_for(cast.ngo_manager).post(new, text).status_code == 302

    def test_shows_both_texts_when_somebody_was_faster(self, cast: Cast, client_for: Any) -> None:
        row = terms.contested(cast)
        data = {"version": "1", "kind": "other", "words": "Mine", "reasons": "So be it."}
        answer = client_for(cast.funder).post(of(row, "condition-act", "change"), data)
        assert answer.status_code == 409
        assert terms.WORDS in body(answer)

    def test_is_counted_for_the_mechanism_without_a_word(self, cast: Cast, client_for: Any) -> None:
        row = terms.contested(cast)
        shown = body(client_for(cast.co_ordinator).get(reverse("funding:restrictions")))
        assert cast.fund.display_name in shown
        assert cast.ngo.display_name not in shown
        assert terms.WORDS not in shown
        assert terms.REASON not in shown
        assert row.award.reference not in shown


class TestAReport:
    def test_is_written_sent_back_with_a_comment_and_accepted(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = terms.due(cast)
        office, funder = client_for(cast.ngo_manager), client_for(cast.funder)
        people, trainings = row.award.indicators.all()
        version = {"version": str(terms.now(row).version)}
        office.post(of(row, "report-page", "narrative"), version | {"done": "Six beds."})
        figures = {
            f"f{people.pk}_total": "5", f"f{people.pk}_female_adult": "4",
            f"f{trainings.pk}_total": "1",
        }  # fmt: skip
        version = {"version": str(terms.now(row).version)}
        wrong = office.post(of(row, "report-page", "figures"), version | figures)
        assert "it comes to 4, the total says 5" in body(wrong)
        figures[f"f{people.pk}_male_child"] = "1"
        office.post(of(row, "report-page", "figures"), version | figures)
        version = {"version": str(terms.now(row).version)}
        money = {"spent_staff": "1,200.50", "spent_shelter": "0", "money_words": ""}
        wrong = office.post(of(row, "report-page", "money"), version | money)
        assert "spent_staff" in wrong.context["form"].errors
        assert "1,200.50" in body(wrong)
        office.post(of(row, "report-page", "money"), version | money | {"spent_staff": "1200.50"})
        office.post(of(row, "report-act", "send"))
        assert terms.now(row).state == ReportState.SENT

        said = {"client_key": str(uuid4()), "words": "Which beds?"}
        funder.post(of(row, "report-comment", "done"), said)
        back = {"comment": "One thing is open."} | day(terms.wanted_again(cast))
        funder.post(of(row, "report-act", "send_back"), back)
        shown = body(office.get(row.get_absolute_url()))
        for text in ("Which beds?", "One thing is open.", "Six beds.", "1,200.50", "To do"):
            assert (text in shown) == (text != "To do"), text
        office.post(of(row, "report-act", "send"))
        funder.post(of(row, "report-act", "accept"))
        assert terms.now(row).state == ReportState.ACCEPTED
        shown = body(office.get(row.get_absolute_url()))
        assert of(row, "report-page", "narrative") not in shown

    def test_shows_both_texts_when_a_colleague_was_faster(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = terms.due(cast)
        old = str(row.version)
        terms.write(cast, row)
        answer = client_for(cast.ngo_manager).post(
            of(row, "report-page", "narrative"), {"version": old, "done": "Mine."}
        )
        assert answer.status_code == 409
        assert "Beds were open." in body(answer)


class TestPlanning:
    def test_goes_by_the_page_of_the_award(self, cast: Cast, client_for: Any) -> None:
        award = terms.award(cast)
        funder = client_for(cast.funder)
        entry = {"name": "Nights", "measures": "things", "baseline": "0", "target": "900"}
        funder.post(reverse("funding:indicators", args=[award.uuid]), entry)
        funder.post(reverse("funding:reports-plan", args=[award.uuid]), {"every": "6"})
        shown = body(funder.get(reverse("funding:award-terms", args=[award.uuid])))
        assert shown.count("Not yet due") == 2
        assert "Nights" in shown


class TestLists:
    @pytest.mark.sqlite_too
    @pytest.mark.parametrize("user", ["funder", "ngo_manager"])
    def test_ask_at_most_eight_questions_with_many_rows(
        self, cast: Cast, client_for: Any, user: str
    ) -> None:
        rows = terms.planned(cast)
        for _each in range(3):
            terms.contested(cast, rows[0].award)
        client = client_for(getattr(cast, user))
        client.get(DESK)
        for path in LISTS:
            with at_most(8 if path != DESK else 10):
                assert client.get(path).status_code == 200

    def test_show_what_the_tiles_count(self, cast: Cast, client_for: Any) -> None:
        rows = terms.planned(cast)
        terms.contested(cast, rows[0].award)
        client = client_for(cast.funder)
        tiles = client.get(DESK).context["tiles"]
        assert [tile["count"] for tile in tiles] == [2, 1, 0, 1, 0]
        for tile in tiles[:4]:
            found = client.get(tile["href"]).context["rows"]
            assert len(found) == tile["count"], tile["href"]

    def test_begin_with_what_is_open(self, cast: Cast, client_for: Any) -> None:
        row = terms.sent(cast)
        services.accept(report=row, by=cast.actor(cast.funder), at=cast.at)
        client = client_for(cast.ngo_manager)
        assert len(client.get(reverse("funding:reports")).context["rows"]) == 3
        accepted = client.get(reverse("funding:reports"), {"state": "accepted"})
        assert len(accepted.context["rows"]) == 1
