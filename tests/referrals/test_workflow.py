"""A referral's way under each country's profile: every act, every guard, in words."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from common import country
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import system_actor
from partners.choices import Role
from referrals import deciding
from referrals.choices import EventKind, Outcome, StageCode, State, TrackKind
from referrals.models import (
    Decision,
    NegativeProposal,
    Opinion,
    Question,
    Referral,
    ReferralEvent,
    Track,
)
from referrals.services import consents, decisions, referrals
from referrals.steps import EVENTS
from referrals.workflow import DECIDED, referral_workflow
from tests.referrals import stages
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
S = State
ROOT = Path(settings.BASE_DIR)
ONE_STAGE = {S.PRELIM_POSITIVE, S.PRELIM_NEGATIVE}


class TestTheTable:
    @pytest.mark.parametrize(
        ("code", "without"), [("coe", set()), ("gb", set()), ("ua", ONE_STAGE), ("joint", set())]
    )
    def test_reaches_every_state_the_country_has(self, monkeypatch, code: str, without) -> None:
        with stages.country_is(monkeypatch, code):
            # A notice without identity is a row of its own: nothing leads to it.
            referral_workflow().assert_complete(set(State.values) - without - {S.NOTIFIED})

    def test_has_an_event_for_every_act(self, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "gb"):
            assert {each.name for each in referral_workflow().transitions} == set(EVENTS)

    def test_calls_the_decisions_what_the_country_calls_them(self, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "joint"):
            names = [row.name for row in referral_workflow().rows()]
        assert "The panel says yes" in names
        assert "Looked at and not believed" in names

    def test_is_built_once_for_a_country(self) -> None:
        assert referral_workflow() is referral_workflow()

    def test_never_lets_a_positive_wait_for_a_second_person(self, monkeypatch) -> None:
        for code in ("coe", "gb", "ua", "joint"):
            with stages.country_is(monkeypatch, code):
                guarded = {
                    each.name
                    for each in referral_workflow().transitions
                    if each.guard and "No second person" in str(each.guard.__doc__)
                }
            negatives = {"first_negative", "last_negative"}
            assert guarded == (negatives if code != "ua" else {"last_negative"})

    def test_no_code_or_template_holds_a_countrys_term(self) -> None:
        term = re.compile(r"reasonable[ _]grounds", re.IGNORECASE)
        files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "referrals").rglob("*.py")]
        assert len(files) > 30
        found = [str(path) for path in files if term.search(path.read_text())]
        assert found == []


class TestTwoStages:
    """`gb`: two decisions of one authority, the second not before thirty days."""

    @pytest.fixture(autouse=True)
    def _country(self, monkeypatch):
        with stages.country_is(monkeypatch, "gb"):
            yield

    def test_goes_through_both_decisions(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "positive")
        assert referral.state == S.PRELIM_POSITIVE
        later = cast.at + timedelta(days=31)
        referral = stages.decided(cast, referral, "positive", at=later, person_asks=False)
        assert referral.state == S.CONCL_POSITIVE
        made = Decision.objects.filter(referral=referral).order_by("stage")
        assert [(d.stage, d.outcome) for d in made] == [
            (StageCode.CONCLUSIVE, Outcome.POSITIVE),
            (StageCode.PRELIMINARY, Outcome.POSITIVE),
        ]

    def test_a_positive_needs_one_officer_alone(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        referral = decisions.decide(
            referral=referral, outcome="positive", by=cast.actor(cast.officer), at=cast.at
        )
        decision = Decision.objects.get(referral=referral)
        assert decision.decided_by == cast.officer
        assert decision.seconded_by is None

    def test_the_second_decision_waits_for_its_day(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "positive")
        early = cast.at + timedelta(days=28)
        with pytest.raises(NotPossible, match="held back until"):
            stages.decided(cast, referral, "positive", at=early, person_asks=False)

    def test_the_second_decision_does_not_wait_when_the_person_asks(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "positive")
        early = cast.at + timedelta(days=2)
        referral = stages.decided(cast, referral, "positive", at=early, person_asks=True)
        assert referral.state == S.CONCL_POSITIVE
        assert Decision.objects.get(referral=referral, stage="conclusive").person_asked

    def test_whether_the_person_asks_is_said_out_loud(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "positive")
        with pytest.raises(MissingAnswers) as refused:
            stages.decided(cast, referral, "positive", at=cast.at + timedelta(days=40))
        assert refused.value.names == ("person_asks",)

    def test_ends_after_a_first_negative(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "negative")
        assert referral.state == S.PRELIM_NEGATIVE
        with pytest.raises(NotPossible, match="waits for no decision"):
            stages.decided(cast, referral, "positive")


class TestOneStage:
    """`ua`: one decision, and no rule about its time."""

    @pytest.fixture(autouse=True)
    def _country(self, monkeypatch):
        with stages.country_is(monkeypatch, "ua"):
            yield

    @pytest.mark.parametrize(
        ("outcome", "state"), [("positive", S.CONCL_POSITIVE), ("negative", S.CONCL_NEGATIVE)]
    )
    def test_goes_straight_to_the_last_decision(self, cast: Cast, outcome, state) -> None:
        referral = stages.decided(cast, stages.sent(cast), outcome)
        assert referral.state == state
        assert Decision.objects.get(referral=referral).stage == StageCode.CONCLUSIVE

    def test_has_no_first_decision(self, cast: Cast) -> None:
        with pytest.raises(KeyError):
            referral_workflow().apply(
                stages.sent(cast), "first_positive", by=cast.actor(cast.officer), at=cast.at
            )


class TestSend:
    def test_needs_the_consent_of_an_adult(self, cast: Cast) -> None:
        referral = stages.named(cast, stages.draft(cast))
        with pytest.raises(NotPossible, match="without the person’s consent"):
            self.send(cast, referral)
        assert stages.now(referral).state == S.DRAFT

    def test_needs_a_consent_that_still_stands(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        consent = referral.consent
        consent.withdrawn_at, consent.withdrawal_recorded_by = cast.at, cast.ngo_caseworker
        consent.save()
        with pytest.raises(NotPossible, match="withdrawn"):
            self.send(cast, referral)

    def test_needs_the_consent_of_this_person(self, cast: Cast) -> None:
        referral, other = stages.consented(cast), stages.consented(cast)
        Referral.objects.filter(pk=referral.pk).update(consent=other.consent)
        with pytest.raises(NotPossible, match="consent"):
            self.send(cast, referral)

    @pytest.mark.parametrize(
        ("name", "empty", "words"),
        [
            ("gender", "", "gender"),
            ("nationalities", [], "nationality"),
            ("exploitation", [], "forms of exploitation"),
            ("narrative", "", "what happened"),
            ("place", "", "where it took place"),
            ("age_at_exploitation", "", "age when exploited"),
            ("authority", None, "whom it is sent to"),
        ],
    )
    def test_needs_every_answer_and_says_which(self, cast: Cast, name, empty, words) -> None:
        referral = stages.consented(cast, **{name: empty})
        with pytest.raises(NotPossible, match=words):
            self.send(cast, referral)

    def test_goes_to_nobody_who_does_not_decide(self, cast: Cast) -> None:
        referral = stages.consented(cast, authority=cast.ministry)
        with pytest.raises(NotPossible, match="decides on identification"):
            self.send(cast, referral)

    def test_is_not_for_another_organisation(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        with pytest.raises(NotAllowed):
            self.send(cast, referral, cast.other_manager)

    def test_is_for_first_responders_only(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            referrals.open_referral(by=cast.actor(cast.officer), at=cast.at)

    def test_happens_once(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        with pytest.raises(NotPossible, match="Sent"):
            self.send(cast, referral)

    def test_keeps_the_day_of_the_country(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        zone = country.current().time_zone
        assert referral.received_at == cast.at
        assert referral.received_on == cast.at.astimezone(zone).date()

    def test_of_a_child_needs_no_consent(self, cast: Cast) -> None:
        referral = stages.child(cast)
        assert (referral.state, referral.basis, referral.consent) == (S.SUBMITTED, "child", None)

    def send(self, cast: Cast, referral: Referral, user=None) -> Referral:
        actor = cast.actor(user or cast.ngo_caseworker)
        return referrals.send_referral(referral=referral, by=actor, at=cast.at)


class TestQuestions:
    def test_go_back_and_come_answered(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        assert referral.state == S.RETURNED
        question = Question.objects.get(referral=referral)
        assert question.text == "Since when?"
        referral = stages.answered(cast, referral)
        question.refresh_from_db()
        assert referral.state == S.SUBMITTED
        assert question.answer == "Since the spring."
        assert question.answered_by == cast.ngo_caseworker

    def test_are_not_sent_back_empty(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for nothing in ([], "", ["  "]):
            with pytest.raises(MissingAnswers):
                referrals.ask_back(
                    referral=referral,
                    by=cast.actor(cast.officer),
                    at=cast.at,
                    questions=nothing,
                )
        assert stages.now(referral).state == S.SUBMITTED

    def test_are_all_answered_or_none(self, cast: Cast) -> None:
        referral = referrals.ask_back(
            referral=stages.sent(cast),
            by=cast.actor(cast.officer),
            at=cast.at,
            questions=["Since when?", "Where?"],
        )
        one = Question.objects.filter(referral=referral)[0]
        with pytest.raises(NotPossible, match="every question"):
            referrals.answer_questions(
                referral=referral,
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
                answers={one.uuid: "Since the spring."},
            )

    def test_open_the_answers_to_whoever_referred(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        saved = referrals.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            version=referral.version,
            place="BOTH",
        )
        assert saved.place == "BOTH"

    def test_do_not_change_when_it_was_received(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        later = cast.at + timedelta(days=3)
        assert stages.answered(cast, referral, at=later).received_at == cast.at

    def test_do_not_let_the_recipient_be_changed(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        with pytest.raises(NotPossible, match="sent already"):
            referrals.save_answers(
                referral=referral,
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
                version=referral.version,
                authority=cast.authority,
            )


class TestNegative:
    @pytest.fixture(autouse=True)
    def _country(self, monkeypatch):
        with stages.country_is(monkeypatch, "ua"):
            yield

    def test_needs_a_proposal(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="needs two people"):
            decisions.decide(
                referral=stages.sent(cast),
                outcome="negative",
                by=cast.actor(cast.officer),
                at=cast.at,
                reasons="Alone.",
            )

    def test_is_not_made_by_whoever_proposed_it(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.propose(cast, referral)
        with pytest.raises(NotPossible, match="needs two people"):
            decisions.decide(
                referral=referral, outcome="negative", by=cast.actor(cast.officer), at=cast.at
            )

    def test_keeps_both_people_and_the_reasons(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "negative")
        decision = Decision.objects.get(referral=referral)
        assert decision.decided_by == cast.second_officer
        assert decision.seconded_by == cast.officer
        assert decision.reasons == "The invented reasons of the first officer."
        assert NegativeProposal.objects.get(referral=referral).closed_by == cast.second_officer

    def test_a_proposal_changes_no_state_and_stops_no_positive(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.propose(cast, referral)
        assert stages.now(referral).state == S.SUBMITTED
        referral = stages.decided(cast, referral, "positive")
        assert referral.state == S.CONCL_POSITIVE
        assert NegativeProposal.objects.get(referral=referral).closed_at == cast.at

    def test_has_one_proposal_at_a_time(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.propose(cast, referral)
        with pytest.raises(NotPossible, match="waits for a second person"):
            self.propose(cast, referral, cast.second_officer)

    def test_a_proposal_needs_reasons(self, cast: Cast) -> None:
        with pytest.raises(MissingAnswers):
            self.propose(cast, stages.sent(cast), reasons=" ")

    def test_a_proposal_can_be_taken_back(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.propose(cast, referral)
        by = cast.actor(cast.second_officer)
        decisions.take_back_proposal(referral=referral, by=by, at=cast.at)
        assert not NegativeProposal.objects.filter(referral=referral, closed_at=None).exists()
        with pytest.raises(NotPossible, match="no proposal"):
            decisions.take_back_proposal(referral=referral, by=by, at=cast.at)

    def test_answers_the_opinion_that_was_given(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.opinion(cast, referral)
        with pytest.raises(MissingAnswers) as refused:
            self.propose(cast, referral)
        assert refused.value.names == ("opinion_answer",)
        self.propose(cast, referral, opinion_answer="The invented answer.")
        referral = decisions.decide(
            referral=referral, outcome="negative", by=cast.actor(cast.second_officer), at=cast.at
        )
        assert Decision.objects.get(referral=referral).opinion_answer == "The invented answer."

    def test_answers_an_opinion_given_after_the_proposal_too(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.propose(cast, referral)
        self.opinion(cast, referral, at=cast.at + timedelta(minutes=1))
        second = cast.actor(cast.second_officer)
        with pytest.raises(NotPossible, match="opinion"):
            decisions.decide(referral=referral, outcome="negative", by=second, at=cast.at)
        referral = decisions.decide(
            referral=referral, outcome="negative", by=second, at=cast.at, opinion_answer="Read."
        )
        assert referral.state == S.CONCL_NEGATIVE

    def test_a_positive_answers_no_opinion(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        self.opinion(cast, referral)
        assert stages.decided(cast, referral, "positive").state == S.CONCL_POSITIVE

    def propose(self, cast: Cast, referral: Referral, user=None, **said) -> NegativeProposal:
        by = cast.actor(user or cast.officer)
        said = {"reasons": "Invented reasons.", **said}
        return decisions.propose_negative(referral=referral, by=by, at=cast.at, **said)

    def opinion(self, cast: Cast, referral: Referral, at=None) -> Opinion:
        by = cast.actor(cast.ngo_manager)
        return decisions.give_opinion(
            referral=referral, by=by, at=at or cast.at, text="The invented opinion."
        )


class TestOpinions:
    def test_come_from_civil_society(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        with pytest.raises(NotAllowed, match="civil society"):
            decisions.give_opinion(
                referral=referral, by=cast.actor(cast.officer), at=cast.at, text="No."
            )

    def test_come_before_the_decision(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="no decision to come"):
            decisions.give_opinion(
                referral=stages.consented(cast),
                by=cast.actor(cast.ngo_manager),
                at=cast.at,
                text="Early.",
            )

    def test_of_others_are_not_asked(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            decisions.give_opinion(
                referral=stages.sent(cast),
                by=cast.actor(cast.other_manager),
                at=cast.at,
                text="Not ours.",
            )


class TestWhoDecides:
    def test_never_works_for_the_organisation_that_referred(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        works_for(cast.officer, cast.ngo, Role.CASEWORKER, cast.at)
        officer = cast.actor(cast.officer)
        assert officer.organisation == cast.authority
        with pytest.raises(NotAllowed, match="works for the organisation that referred"):
            decisions.decide(referral=referral, outcome="positive", by=officer, at=cast.at)

    def test_is_never_the_system(self, cast: Cast) -> None:
        system = system_actor("tests", cast.at)
        with pytest.raises(NotPossible, match="never the system"):
            decisions.decide(referral=stages.sent(cast), outcome="positive", by=system, at=cast.at)

    def test_is_not_the_first_responder(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            decisions.decide(
                referral=stages.sent(cast),
                outcome="positive",
                by=cast.actor(cast.ngo_manager),
                at=cast.at,
            )

    def test_is_not_the_co_ordination(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            decisions.decide(
                referral=stages.sent(cast),
                outcome="positive",
                by=cast.actor(cast.co_ordinator),
                at=cast.at,
            )


class TestEvents:
    def test_tell_every_act_once_with_both_states(self, cast: Cast) -> None:
        referral = stages.answered(cast, stages.returned(cast))
        told = ReferralEvent.objects.filter(referral=referral).exclude(new_state="").order_by("pk")
        assert [(each.kind, each.old_state, each.new_state) for each in told] == [
            (EventKind.SENT, S.DRAFT, S.SUBMITTED),
            (EventKind.RETURNED, S.SUBMITTED, S.RETURNED),
            (EventKind.ANSWERED, S.RETURNED, S.SUBMITTED),
        ]
        assert {each.by_organisation for each in told} == {cast.ngo, cast.authority}

    def test_seal_what_was_said(self, cast: Cast) -> None:
        referral = stages.refused(cast)
        event = ReferralEvent.objects.get(referral=referral, kind=EventKind.CONSENT_REFUSED)
        assert event.comment == "Invented words of a no."
        assert b"Invented words" not in bytes(event.comment_ct)

    def test_the_identification_track_repeats_the_state(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        track = Track.objects.get(referral=referral, kind=TrackKind.IDENTIFICATION)
        assert track.status == S.DRAFT
        referral = stages.sent(cast)
        track = Track.objects.get(referral=referral, kind=TrackKind.IDENTIFICATION)
        assert (track.status, track.get_status_display()) == (S.SUBMITTED, "Sent")


class TestOldVersions:
    def test_are_refused_with_what_is_there_now(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        by = cast.actor(cast.ngo_caseworker)
        first = referrals.save_answers(
            referral=referral, by=by, at=cast.at, version=referral.version, place="HERE"
        )
        with pytest.raises(Stale) as refused:
            referrals.save_answers(
                referral=referral, by=by, at=cast.at, version=referral.version, place="ABROAD"
            )
        assert refused.value.current == first
        assert refused.value.current.place == "HERE"
        with pytest.raises(Stale):
            referrals.send_referral(referral=referral, by=by, at=cast.at, version=referral.version)

    def test_every_act_moves_from_the_states_it_names_only(self, cast: Cast) -> None:
        """Whoever may act tries every act in every state they can bring it to."""
        reach = {
            S.DRAFT: stages.consented,
            S.SUBMITTED: stages.sent,
            S.RETURNED: stages.returned,
            S.PRELIM_POSITIVE: lambda cast: stages.decided(cast, stages.sent(cast), "positive"),
            S.PRELIM_NEGATIVE: lambda cast: stages.decided(cast, stages.sent(cast), "negative"),
            S.WITHDRAWN: self.withdrawn,
        }
        said = {
            "return": {"questions": ["Where?"]},
            "first_negative": {"reasons": "None."},
            "last_negative": {"reasons": "None."},
        }
        flow = referral_workflow()
        for state, bring in reach.items():
            referral = bring(cast)
            assert referral.state == state
            for each in flow.transitions:
                answers = dict(said.get(each.name, {}))
                if each.name == "answer":
                    found = Question.objects.filter(referral=referral)
                    answers = {"answers": {str(q.uuid): "Here." for q in found} or {"x": "y"}}
                at_home = each.permission in ("referral_make", "referral_keep")
                by = cast.actor(cast.ngo_caseworker if at_home else cast.officer)
                with transaction.atomic():
                    try:
                        row = flow.apply(referral, each.name, by=by, at=cast.at, **answers)
                    except (NotPossible, NotAllowed):
                        moved = None
                    else:
                        moved = row.state
                    transaction.set_rollback(True)
                if moved is not None:
                    assert state in each.sources
                    assert moved in each.targets

    def withdrawn(self, cast: Cast) -> Referral:
        referral = stages.sent(cast)
        by = cast.actor(cast.ngo_caseworker)
        return consents.withdraw_consent(referral=referral, by=by, at=cast.at)


def test_every_decision_leads_to_a_state_of_its_own() -> None:
    assert len(set(DECIDED.values())) == 4
    assert {stage.code for stage in deciding.stages()} == set(StageCode)
