"""What organisations declare about themselves is theirs; everybody else sees frozen figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from common.sealing import SealBroken
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from funding.models.declarations import (
    DeclarationKey,
    IncomeDeclaration,
    NeedsAnswer,
    RoundFigure,
    SurveyRound,
)
from funding.models.programmes import EmpowermentProgramme
from funding.models.staffing import StaffCapacity
from funding.services import declarations, programmes, rounds
from funding.survey_workflow import ROUND
from funding.survival_choices import RoundKind, RoundState
from partners.access import system_actor
from tests.funding.surveyed import answered, closed, declared, figures, members, opened
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
INCOME, NEEDS = RoundKind.INCOME, RoundKind.NEEDS


@pytest.fixture
def at() -> datetime:
    """Monday, 9 February 2026, in the morning."""
    return datetime(2026, 2, 9, 9, 0, tzinfo=UTC)


class TestARound:
    def test_reaches_every_state(self) -> None:
        ROUND.assert_complete(RoundState.values)

    def test_is_opened_once_a_year_and_tells_civil_society(self, cast: Cast) -> None:
        row = opened(cast, INCOME)
        told = Notice.objects.filter(kind="survey_round_opened", subject_uuid=row.uuid)
        people = {notice.recipient for notice in told}
        assert {cast.ngo_manager, cast.other_manager, cast.unlisted_manager} <= people
        assert not people & {cast.ngo_caseworker, cast.funder, cast.applicant, cast.police_officer}
        assert row.invited == 3
        with pytest.raises(NotPossible):
            opened(cast, INCOME)

    def test_is_opened_by_the_co_ordination_alone(self, cast: Cast) -> None:
        for user in (cast.ngo_manager, cast.funder, cast.rapporteur):
            with pytest.raises(NotAllowed):
                rounds.open_round(
                    kind=INCOME, year=2025, closes_on=date(2026, 3, 1), client_key=uuid4(),
                    by=cast.actor(user), at=cast.at,
                )  # fmt: skip

    def test_is_not_closed_before_its_day(self, cast: Cast) -> None:
        row = opened(cast, INCOME)
        with pytest.raises(NotPossible):
            ROUND.apply(row, "close", by=cast.actor(cast.co_ordinator), at=cast.at)
        assert rounds.close_due(cast.at) == 0
        assert closed(cast, row).state == RoundState.CLOSED

    def test_takes_nothing_once_it_is_over(self, cast: Cast) -> None:
        row = opened(cast, INCOME)
        (by,) = members(cast, 1)
        declared(row, by, state_central=1)
        closed(cast, row)
        for act in (
            lambda: declared(row, by, state_central=2),
            lambda: declarations.take_back(round=row, by=by, at=by.at),
        ):
            with pytest.raises(NotPossible):
                act()
        kept = declarations.kept_for(row, by)
        assert isinstance(kept, IncomeDeclaration)
        assert kept.amounts == {"state_central": Decimal(1)}


@pytest.mark.sqlite_too
class TestADeclaration:
    def test_is_read_by_its_own_managers_and_by_nobody_else(self, cast: Cast) -> None:
        row = opened(cast, INCOME)
        (by,) = members(cast, 1)
        declared(row, by, eu=100)
        declarations.enter_staff(
            on=date(2026, 2, 1), figures={"posts": 7}, currency="EUR", by=by, at=cast.at
        )
        for model in (IncomeDeclaration, StaffCapacity):
            everybody: Any = model._default_manager
            assert everybody.visible_to(by).count() == 1
            others = (
                cast.ngo_caseworker, cast.other_manager, cast.co_ordinator, cast.rapporteur,
                cast.funder, cast.administrator, cast.officer, cast.stranger,
            )  # fmt: skip
            for user in others:
                assert not everybody.visible_to(cast.actor(user)).exists(), user
            assert not everybody.visible_to(system_actor("sweep", cast.at)).exists()

    def test_is_sealed_with_a_key_of_its_organisation(self, cast: Cast) -> None:
        row = opened(cast, NEEDS)
        first, second = members(cast, 2)
        for by in (first, second):
            answered(row, by, {"additional": "yes"})
        mine, theirs = NeedsAnswer.objects.order_by("pk")
        assert mine.key != theirs.key
        mine.content_ct = theirs.content_ct
        with pytest.raises(SealBroken):
            mine.answers  # noqa: B018 - reading opens
        with connection.cursor() as cursor:
            cursor.execute("SELECT content_ct FROM funding_needsanswer")
            assert not any(b"additional" in bytes(value) for (value,) in cursor.fetchall())

    def test_is_saved_by_steps_and_counts_once_sent(self, cast: Cast) -> None:
        row = opened(cast, NEEDS)
        (by,) = members(cast, 1)
        save = declarations.save_answers
        first = save(round=row, answers={"additional": "yes"}, by=by, at=cast.at, version=0)
        then = save(
            round=row, answers={"lost_staff": "no", "additional": None}, by=by, at=cast.at,
            version=first.version,
        )  # fmt: skip
        assert (then.answers, then.sent_at) == ({"lost_staff": "no"}, None)
        with pytest.raises(Stale):
            save(round=row, answers={}, by=by, at=cast.at, version=first.version)
        declarations.send_answers(round=row, by=by, at=cast.at)
        assert declarations.send_answers(round=row, by=by, at=cast.at).sent_at == cast.at

    def test_is_erased_when_it_is_taken_back(self, cast: Cast) -> None:
        row = opened(cast, NEEDS)
        (by,) = members(cast, 1)
        answered(row, by, {"additional": "yes"})
        for _twice in range(2):
            declarations.take_back(round=row, by=by, at=cast.at)
        assert not NeedsAnswer.objects.exists()

    def test_is_not_asked_of_the_state(self, cast: Cast) -> None:
        row = opened(cast, NEEDS)
        for user in (cast.funder, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                declarations.save_answers(
                    round=row, answers={"additional": "yes"}, by=cast.actor(user), at=cast.at,
                    version=0,
                )  # fmt: skip


class TestFigures:
    def test_show_nothing_of_four_and_something_of_five(self, cast: Cast) -> None:
        people = members(cast, 5)
        income, needs = opened(cast, INCOME), opened(cast, NEEDS)
        for by, state in zip(people, (90, 10, 20, 0, 0), strict=True):
            declared(income, by, state_central=state, foundation=100 - state)
            if by is not people[4]:
                answered(needs, by, {"additional": "yes"})
        income, needs = closed(cast, income), closed(cast, needs)
        assert figures(income)["government_mean"] == ("exact", 24, 5)
        assert income.answered == 5
        assert set(figures(needs).values()) == {("withheld", None, None)}
        assert needs.answered is None

    def test_count_what_was_sent_and_nothing_else(self, cast: Cast) -> None:
        people = members(cast, 6)
        row = opened(cast, NEEDS)
        for by in people[:5]:
            answered(row, by, {"additional": "yes"})
        declarations.save_answers(
            round=row, answers={"additional": "no"}, by=people[5], at=cast.at, version=0
        )
        assert figures(closed(cast, row))["additional"] == ("at_least", 60, 5)

    def test_change_with_one_answer_where_it_belongs_and_nowhere_else(self, cast: Cast) -> None:
        """The same nine, before and after one of them changes one answer."""
        people = members(cast, 9)
        first, again = opened(cast, NEEDS), opened(cast, NEEDS, is_synthetic=True)
        for row in (first, again):
            for number, by in enumerate(people):
                answers = {"additional": "yes" if number < 5 else "no"}
                if number < 8:
                    answers["within_12"] = "yes" if number < 4 else "no"
                if number < 7:
                    answers["fully_operational"] = "yes" if number < 3 else "no"
                answered(row, by, answers)
        answered(again, people[8], {"additional": "yes"})
        one, two = figures(closed(cast, first)), figures(closed(cast, again))
        assert one["additional"] == ("exact", 56, 9)
        assert one["within_12"] == ("exact", 50, 8)
        assert one["fully_operational"] == ("exact", 43, 7)
        assert {code for code in one if one[code] != two[code]} == {"additional"}

    def test_are_frozen(self, cast: Cast) -> None:
        """Two looks cannot be taken apart: what closed does not change when somebody goes."""
        people = members(cast, 5)
        row = opened(cast, NEEDS)
        for by in people:
            answered(row, by, {"additional": "yes"})
        before = figures(closed(cast, row))
        DeclarationKey.objects.filter(organisation=people[0].organisation).update(data_key=None)
        assert rounds.close_due(cast.at + timedelta(days=90)) == 0
        assert figures(SurveyRound.objects.get(pk=row.pk)) == before
        assert RoundFigure.objects.filter(round=row).count() == len(before)


def run(cast: Cast, **more: Any) -> EmpowermentProgramme:
    given: dict[str, Any] = {
        "client_key": uuid4(), "title": "Sewing (invented)", "kind": "training",
        "from_on": date(2025, 3, 1), "until_on": date(2025, 8, 31), "began": 14, "completed": 11,
    }  # fmt: skip
    by = cast.actor(cast.ngo_manager)
    return programmes.enter_programme(by=by, at=cast.at, **{**given, **more})


class TestAProgramme:
    def test_is_followed_up_after_six_and_twelve_months(self, cast: Cast) -> None:
        row = run(cast)
        ends = Deadline.objects.filter(subject_uuid=row.uuid).order_by("due_at")
        assert [each.due_at.date() for each in ends] == [date(2026, 2, 28), date(2026, 8, 31)]
        programmes.enter_follow_up(
            programme=row, after=6, by=cast.actor(cast.ngo_manager), at=cast.at, reached=9,
            in_business=2, in_job=4, in_training=1,
        )  # fmt: skip
        assert Deadline.objects.open().filter(subject_uuid=row.uuid).count() == 1
        with pytest.raises(NotPossible):
            programmes.enter_follow_up(
                programme=row, after=6, by=cast.actor(cast.ngo_manager), at=cast.at, reached=9,
                in_business=2, in_job=4, in_training=1,
            )  # fmt: skip

    def test_is_its_organisations_own(self, cast: Cast) -> None:
        row, key = run(cast), uuid4()
        assert run(cast, client_key=key) == run(cast, client_key=key)
        for user in (cast.other_manager, cast.co_ordinator, cast.funder):
            assert not EmpowermentProgramme.objects.visible_to(cast.actor(user)).exists()
        with pytest.raises(NotAllowed):
            programmes.enter_follow_up(
                programme=row, after=6, by=cast.actor(cast.other_manager), at=cast.at, reached=1,
                in_business=0, in_job=0, in_training=0,
            )  # fmt: skip
