"""Conditions of grants: who enters and reads them, contesting one, the answers, what is counted."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from funding import restrictions
from funding.models import Condition, TermsEvent
from funding.services import conditions
from funding.terms_choices import (
    ConditionKind,
    ConditionOrigin,
    ConditionState,
    ContestAnswer,
    DataAsked,
)
from funding.terms_workflow import CONDITION, CONDITION_EVENTS
from partners.access import system_actor
from tests.funding import money, terms
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db]
C = ConditionState
K = ConditionKind


def sees(cast: Cast, name: str, row: Condition) -> bool:
    actor = cast.actor(getattr(cast, name))
    return Condition.objects.visible_to(actor).filter(pk=row.pk).exists()


class TestTheTable:
    def test_reaches_every_state_and_has_an_event_for_every_act(self) -> None:
        CONDITION.assert_complete(C.values)
        assert set(CONDITION_EVENTS) == {each.name for each in CONDITION.transitions}


class TestACondition:
    def test_is_read_by_the_two_sides_and_by_nobody_who_oversees(self, cast: Cast) -> None:
        row = terms.condition(cast)
        assert sees(cast, "funder", row)
        assert sees(cast, "ngo_manager", row)
        for name in ("co_ordinator", "rapporteur", "other_manager", "ngo_caseworker", "officer"):
            assert not sees(cast, name, row), name

    def test_is_entered_by_the_funder_and_reported_by_the_recipient(self, cast: Cast) -> None:
        award = terms.award(cast)
        assert terms.condition(cast, award).origin == ConditionOrigin.FUNDER
        theirs = terms.condition(cast, award, user=cast.ngo_manager)
        assert theirs.origin == ConditionOrigin.RECIPIENT
        assert Notice.objects.filter(kind="condition_entered").count() >= 2
        for user in (cast.other_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                terms.condition(cast, award, user=user)

    def test_is_made_once_for_a_form_sent_twice(self, cast: Cast) -> None:
        row = terms.condition(cast)
        again = conditions.enter_condition(
            client_key=row.client_key, award=row.award, kind=K.OTHER, words="Twice",
            by=cast.actor(cast.funder), at=cast.at,
        )  # fmt: skip
        assert again == row
        assert Condition.objects.count() == 1

    def test_of_a_funder_cannot_demand_data_about_people(self, cast: Cast) -> None:
        award = terms.award(cast)
        with pytest.raises(NotPossible, match="data about the people helped"):
            terms.condition(cast, award, kind=K.DATA, data=DataAsked.CASES)
        row = terms.condition(cast, award, kind=K.DATA, data=DataAsked.FIGURES)
        with pytest.raises(IntegrityError), transaction.atomic():
            Condition.objects.filter(pk=row.pk).update(data=DataAsked.CASES)


class TestContesting:
    def test_starts_the_funders_clock_and_tells_it(self, cast: Cast) -> None:
        row = terms.contested(cast)
        assert (row.state, row.contests.get().reason) == (C.CONTESTED, terms.REASON)
        clock = Deadline.objects.get(kind="grant_condition_answer")
        assert (clock.subject_uuid, clock.is_open) == (row.uuid, True)
        told = Notice.objects.filter(kind="condition_contested")
        assert told.filter(recipient=cast.funder).exists()
        assert not told.filter(recipient=cast.ngo_manager).exists()

    def test_is_the_recipients_alone_and_done_once(self, cast: Cast) -> None:
        row = terms.condition(cast)
        for user in (cast.funder, cast.other_manager):
            with pytest.raises(NotAllowed):
                conditions.contest(condition=row, reason="No", by=cast.actor(user), at=cast.at)
        by = cast.actor(cast.ngo_manager)
        conditions.contest(condition=row, reason="No", by=by, at=cast.at)
        with pytest.raises(NotPossible):
            conditions.contest(condition=row, reason="No again", by=by, at=cast.at)
        assert row.contests.count() == 1

    def test_can_be_taken_back(self, cast: Cast) -> None:
        row = terms.contested(cast)
        row = conditions.take_back(condition=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert row.state == C.STANDS
        assert row.contests.get().answer == ContestAnswer.TAKEN_BACK
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()


class TestAnswering:
    @pytest.mark.parametrize(
        ("answer", "state"),
        [("uphold", C.UPHELD), ("withdraw", C.WITHDRAWN), ("change", C.CHANGED)],
    )
    def test_ends_the_clock_and_keeps_every_word(self, cast: Cast, answer: str, state: str) -> None:
        row = terms.contested(cast)
        more: dict[str, Any] = (
            {"new_words": "Only advertising asks for leave.", "kind": K.OTHER}
            if answer == "change"
            else {}
        )
        row = getattr(conditions, answer)(
            condition=row, words="We thought again.", by=cast.actor(cast.funder), at=cast.at, **more
        )
        contest = row.contests.get()
        assert (row.state, contest.answer) == (state, state)
        assert (contest.words_then, contest.answer_words) == (terms.WORDS, "We thought again.")
        assert row.words == (more["new_words"] if more else terms.WORDS)
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()
        assert sees(cast, "ngo_manager", row)
        assert Notice.objects.filter(kind="condition_answered").exists()

    def test_of_a_demand_for_case_data_is_never_to_keep_it(self, cast: Cast) -> None:
        row = terms.contested(cast, user=cast.ngo_manager, kind=K.DATA, data=DataAsked.CASES)
        by = cast.actor(cast.funder)
        with pytest.raises(NotPossible, match="No clause can demand"):
            conditions.uphold(condition=row, words="We must.", by=by, at=cast.at)
        row = conditions.change(
            condition=row, kind=K.DATA, data=DataAsked.FIGURES, new_words="Figures.", words="Yes.",
            by=by, at=cast.at,
        )  # fmt: skip
        assert row.data == DataAsked.FIGURES

    def test_is_refused_to_whoever_read_an_older_text(self, cast: Cast) -> None:
        row, by = terms.contested(cast), cast.actor(cast.funder)
        with pytest.raises(Stale):
            conditions.uphold(
                condition=row, words="No.", by=by, at=cast.at, version=row.version - 1
            )
        with pytest.raises(NotAllowed):
            conditions.uphold(
                condition=row, words="No.", by=cast.actor(cast.ngo_manager), at=cast.at
            )


class TestWhatIsCounted:
    def test_is_class_and_funder_and_no_words(self, cast: Cast) -> None:
        award = terms.award(cast)
        terms.contested(cast, award)
        terms.condition(cast, award, kind=K.NONE)
        withdrawn = terms.condition(cast, award)
        conditions.withdraw(
            condition=withdrawn, words="Gone.", by=cast.actor(cast.funder), at=cast.at
        )
        terms.condition(cast, award, kind=K.DATA, data=DataAsked.CASES, user=cast.ngo_manager)
        with at_most(2):
            rows = restrictions.by_class_and_funder()
            assert restrictions.demands_for_case_data() == 1
        assert [(row.funder, row.kind, row.numbers) for row in rows] == [
            (cast.fund.name, K.DATA, (1, 0, 0, 0, 0)),
            (cast.fund.name, K.GAG, (1, 1, 0, 0, 1)),
        ]
        assert restrictions.by_class()[K.GAG] == 1

    def test_leaves_out_what_was_never_in_force(self, cast: Cast) -> None:
        terms.condition(cast, money.proposed(cast))
        assert restrictions.by_class_and_funder() == []


class TestTheEvents:
    def test_are_read_by_the_two_sides_only(self, cast: Cast) -> None:
        terms.contested(cast)
        seen = TermsEvent.objects.visible_to
        assert seen(system_actor("tests", cast.at)).count() == 2
        assert seen(cast.actor(cast.ngo_manager)).count() == 2
        assert not seen(cast.actor(cast.co_ordinator)).exists()
