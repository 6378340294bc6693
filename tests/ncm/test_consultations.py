"""Consultations, prevention and obligations: words stay their author's, the State accountable."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.country import local_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from ncm.models import ConsultationEvent, ObligationEvent, Position, Prevention, PreventionEvent
from ncm.plan_choices import ConsultationState, PositionState
from ncm.plan_workflow import CONSULTATION, POSITION
from ncm.services import consultations, obligations, prevention
from tests.ncm import plans as stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


class TestAConsultation:
    def test_reaches_every_state(self) -> None:
        CONSULTATION.assert_complete(ConsultationState.values)
        POSITION.assert_complete(PositionState.values)

    def test_on_a_plan_names_it_and_on_a_law_none(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="which plan"):
            stages.consultation(cast, subject="plan")
        plan = stages.draft(cast)
        with pytest.raises(NotPossible, match="which plan"):
            stages.consultation(cast, plan, subject="law")
        assert stages.consultation(cast, plan).plan == plan

    def test_is_opened_by_the_co_ordination_alone(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            consultations.open_consultation(
                client_key=uuid4(), subject="law", plan=None, stage="drafting", title="x",
                proposal="x", until_on=local_day(cast.at), by=cast.actor(cast.ngo_manager),
                at=cast.at,
            )  # fmt: skip

    def test_asks_each_organisation_once(self, cast: Cast) -> None:
        row, by = stages.consultation(cast), cast.actor(cast.co_ordinator)
        asked = [cast.ngo, cast.other_ngo]
        assert consultations.ask(consultation=row, organisations=asked, by=by, at=cast.at) == 2
        assert consultations.ask(consultation=row, organisations=asked, by=by, at=cast.at) == 0
        told = Notice.objects.filter(kind="consultation_asked", recipient=cast.ngo_manager)
        assert told.count() == 1

    def test_is_closed_once_every_position_is_answered(self, cast: Cast) -> None:
        row, by = stages.consultation(cast), cast.actor(cast.co_ordinator)
        consultations.ask(consultation=row, organisations=[cast.other_ngo], by=by, at=cast.at)
        position = consultations.state_position(
            consultation=row, words="Not so.", by=cast.actor(cast.ngo_manager), at=cast.at
        )
        with pytest.raises(NotPossible, match="without an answer: 1"):
            consultations.close(consultation=row, outcome="Passed.", by=by, at=cast.at)
        consultations.answer(position=position, answer="partly", reason="Half.", by=by, at=cast.at)
        with pytest.raises(MissingAnswers):
            consultations.close(consultation=row, outcome="", by=by, at=cast.at)
        consultations.close(consultation=row, outcome="Passed.", by=by, at=cast.at)
        with pytest.raises(NotPossible, match="closed"):
            consultations.state_position(
                consultation=row, words="Late.", by=cast.actor(cast.other_manager), at=cast.at
            )


class TestAPosition:
    def test_is_stated_unasked_and_never_changed(self, cast: Cast) -> None:
        row, by = stages.consultation(cast), cast.actor(cast.ngo_manager)
        for _twice in range(2):
            consultations.state_position(consultation=row, words="No.", by=by, at=cast.at)
        with pytest.raises(NotPossible):
            consultations.state_position(consultation=row, words="Yes.", by=by, at=cast.at)
        assert Position.objects.get().words == "No."
        assert ConsultationEvent.objects.filter(kind="stated").count() == 1

    def test_is_written_by_nobody_else(self, cast: Cast) -> None:
        row = stages.consultation(cast)
        position = consultations.state_position(
            consultation=row, words="No.", by=cast.actor(cast.ngo_manager), at=cast.at
        )
        assert position.organisation == cast.ngo
        with pytest.raises(NotAllowed):
            POSITION.apply(
                position, "say", by=cast.actor(cast.co_ordinator), at=cast.at, words="Yes."
            )
        with pytest.raises(NotAllowed):
            consultations.answer(
                position=position, answer="not", reason="x", by=cast.actor(cast.ngo_manager),
                at=cast.at,
            )  # fmt: skip

    def test_has_a_clock_towards_an_answer_with_a_reason(self, cast: Cast) -> None:
        row = stages.consultation(cast)
        position = consultations.state_position(
            consultation=row, words="No.", by=cast.actor(cast.ngo_manager), at=cast.at
        )
        clock = Deadline.objects.get(kind="consultation_answer")
        assert clock.due_at - cast.at > timedelta(days=29)
        by = cast.actor(cast.co_ordinator)
        with pytest.raises(MissingAnswers):
            consultations.answer(position=position, answer="not", reason="", by=by, at=cast.at)
        consultations.answer(position=position, answer="not", reason="Costs.", by=by, at=cast.at)
        clock.refresh_from_db()
        assert clock.met_at == cast.at
        assert Notice.objects.filter(kind="position_answered", recipient=cast.ngo_manager).exists()

    def test_answered_without_a_reason_is_refused_by_the_database(self, cast: Cast) -> None:
        row = stages.consultation(cast)
        position = consultations.state_position(
            consultation=row, words="No.", by=cast.actor(cast.ngo_manager), at=cast.at
        )
        values = {"answered_at": cast.at, "answered_by": cast.co_ordinator, "answer": "not"}
        with pytest.raises(IntegrityError), transaction.atomic():
            Position.objects.filter(pk=position.pk).update(
                **values, **{"state": PositionState.ANSWERED}
            )


class TestPrevention:
    def test_shows_with_whom_and_not_oneself_among_them(self, cast: Cast) -> None:
        row = stages.entry(cast, partners=[cast.other_ngo, cast.ngo])
        assert list(row.partners.all()) == [cast.other_ngo]

    def test_is_changed_and_counted_by_its_keeper_alone(self, cast: Cast) -> None:
        row = stages.entry(cast)
        for user in (cast.co_ordinator, cast.other_manager):
            with pytest.raises(NotAllowed):
                prevention.count(prevention=row, reach=10, by=cast.actor(user), at=cast.at)
        by = cast.actor(cast.ngo_manager)
        for _twice in range(2):
            row = prevention.count(prevention=row, reach=180, by=by, at=cast.at)
        assert row.reach == 180
        assert PreventionEvent.objects.filter(kind="counted").count() == 1
        text = {"title": "Puppets", "target_groups": ("children",), "from_on": row.from_on,
                "until_on": row.until_on}  # fmt: skip
        with pytest.raises(Stale):
            prevention.change(prevention=row, version=1, partners=[], by=by, at=cast.at, **text)

    def test_is_for_somebody(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="for whom"):
            stages.entry(cast, target_groups=())
        row = stages.entry(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            Prevention.objects.filter(pk=row.pk).update(target_groups=())

    def test_counts_towards_activities_of_prevention_only(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        with pytest.raises(NotPossible, match="not about prevention"):
            stages.entry(cast, activity=stages.own(plan, cast.other_ngo))
        assert stages.entry(cast, activity=stages.own(plan, cast.ngo)).activity is not None


class TestAnObligation:
    def test_is_answered_for_by_a_body_of_the_state(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="body of the State"):
            stages.obligation(cast, accountable=cast.ngo)

    def test_entered_twice_is_one_and_a_move_stands_in_its_past(self, cast: Cast) -> None:
        row = stages.obligation(cast)
        assert stages.obligation(cast) == row
        by = cast.actor(cast.co_ordinator)
        text = {name: getattr(row, name) for name in obligations.TEXT}
        obligations.change(
            obligation=row, version=row.version, by=by, at=cast.at,
            **(text | {"accountable": cast.police}),
        )  # fmt: skip
        assert "Ministry" in ObligationEvent.objects.get(kind="changed").comment
        with pytest.raises(NotAllowed):
            obligations.enter(by=cast.actor(cast.ngo_manager), at=cast.at, **text)
