"""Several who decide: bodies that agree, a panel with a seat of civil society, who sits there."""

from datetime import timedelta

import pytest

from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import system_actor
from partners.choices import Capacity, Role
from partners.models import HeldCapacity
from referrals import deciding
from referrals.checks import check_deciders
from referrals.choices import State
from referrals.models import DecidingSeat, Decision, DecisionVote, Packet, Referral
from referrals.services import decisions, seats
from tests.referrals import stages
from tests.referrals.stages import Panel
from tests.support.cast import Cast, works_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def joint(monkeypatch):
    with stages.country_is(monkeypatch, "joint"):
        yield


@pytest.fixture
def panel(cast: Cast, joint) -> Panel:
    return Panel(cast)


def decide(panel: Panel, referral: Referral, user, outcome: str, **said) -> Referral:
    return decisions.decide(
        referral=referral, outcome=outcome, by=panel.actor(user), at=panel.cast.at, **said
    )


def before_the_panel(panel: Panel) -> Referral:
    referral = stages.sent(panel.cast)
    panel.vote(referral, panel.cast.officer, "positive")
    panel.vote(referral, panel.social_officer, "positive")
    return decide(panel, referral, panel.cast.officer, "positive")


class TestJoint:
    def test_decide_when_each_agrees(self, panel: Panel) -> None:
        assert before_the_panel(panel).state == State.PRELIM_POSITIVE

    def test_wait_for_each_other(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        panel.vote(referral, panel.cast.officer, "positive")
        with pytest.raises(NotPossible, match="One vote is still missing"):
            decide(panel, referral, panel.cast.officer, "positive")

    def test_do_not_decide_when_one_disagrees(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        panel.vote(referral, panel.cast.officer, "positive")
        panel.vote(referral, panel.social_officer, "negative")
        for outcome in ("positive", "negative"):
            with pytest.raises(NotPossible, match="do not agree"):
                decide(panel, referral, panel.cast.officer, outcome, reasons="None.")

    def test_may_vote_anew_until_it_is_decided(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        panel.vote(referral, panel.cast.officer, "negative")
        panel.vote(referral, panel.social_officer, "positive")
        panel.vote(referral, panel.cast.officer, "positive")
        assert DecisionVote.objects.filter(referral=referral).count() == 2
        assert decide(panel, referral, panel.cast.officer, "positive").state == "prelim_positive"

    def test_a_negative_by_two_is_two_people(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        panel.vote(referral, panel.cast.officer, "negative")
        panel.vote(referral, panel.social_officer, "negative")
        referral = decide(panel, referral, panel.cast.officer, "negative", reasons="Invented.")
        decision = Decision.objects.get(referral=referral)
        assert decision.decided_by == panel.cast.officer
        assert decision.seconded_by == panel.social_officer

    def test_each_receives_the_packet(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        sent = Packet.objects.filter(referral=referral)
        assert {packet.recipient for packet in sent} == {panel.cast.authority, panel.social}
        assert len({packet.content for packet in sent}) == 1

    def test_a_body_without_an_organisation_is_said(self, cast: Cast, joint) -> None:
        system = system_actor("tests", cast.at)
        seats.name_decider(
            authority="police_side", organisation=cast.authority, by=system, at=cast.at
        )
        referral = stages.sent(cast)
        decisions.cast_vote(
            referral=referral, outcome="positive", by=cast.actor(cast.officer), at=cast.at
        )
        with pytest.raises(NotPossible, match="no organisation named"):
            decisions.decide(
                referral=referral, outcome="positive", by=cast.actor(cast.officer), at=cast.at
            )

    def test_nothing_is_sent_while_nobody_is_named(self, cast: Cast, joint) -> None:
        with pytest.raises(NotPossible, match="decides on identification"):
            stages.sent(cast)


class TestPanel:
    def test_decides_by_majority_with_a_seat_of_civil_society(self, panel: Panel) -> None:
        referral = before_the_panel(panel)
        panel.vote(referral, panel.cast.officer, "positive")
        panel.vote(referral, panel.ngo_officer, "positive")
        assert decide(panel, referral, panel.ngo_officer, "positive").state == "concl_positive"

    def test_does_not_decide_past_civil_society(self, panel: Panel) -> None:
        referral = before_the_panel(panel)
        panel.vote(referral, panel.cast.officer, "positive")
        panel.vote(referral, panel.social_officer, "positive")
        with pytest.raises(NotPossible, match="seat of civil society"):
            decide(panel, referral, panel.cast.officer, "positive")

    def test_counts_every_seat_not_only_the_votes(self, panel: Panel) -> None:
        referral = before_the_panel(panel)
        panel.vote(referral, panel.ngo_officer, "positive")
        with pytest.raises(NotPossible, match="2 votes are still missing"):
            decide(panel, referral, panel.ngo_officer, "positive")

    def test_has_no_majority_in_the_other_direction(self, panel: Panel) -> None:
        referral = before_the_panel(panel)
        panel.vote(referral, panel.cast.officer, "positive")
        panel.vote(referral, panel.social_officer, "negative")
        panel.vote(referral, panel.ngo_officer, "positive")
        with pytest.raises(NotPossible, match="no majority"):
            decide(panel, referral, panel.social_officer, "negative", reasons="Alone.")
        assert decide(panel, referral, panel.social_officer, "positive").state == "concl_positive"

    def test_a_negative_needs_reasons_and_another_voter(self, panel: Panel) -> None:
        referral = before_the_panel(panel)
        panel.vote(referral, panel.social_officer, "negative")
        panel.vote(referral, panel.ngo_officer, "negative")
        with pytest.raises(MissingAnswers):
            decide(panel, referral, panel.ngo_officer, "negative")
        referral = decide(panel, referral, panel.ngo_officer, "negative", reasons="Invented.")
        assert Decision.objects.get(referral=referral, stage="conclusive").seconded_by == (
            panel.social_officer
        )

    def test_receives_the_packet_when_it_is_its_turn(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        officer = panel.actor(panel.ngo_officer)
        assert not Referral.objects.visible_to(officer).filter(pk=referral.pk).exists()
        referral = before_the_panel(panel)
        assert Referral.objects.visible_to(officer).filter(pk=referral.pk).exists()
        assert Packet.objects.filter(referral=referral, recipient=panel.ngo).count() == 1

    def test_does_not_hear_the_organisation_that_referred(self, panel: Panel) -> None:
        """An NGO that sits on the panel steps aside for its own referral."""
        cast = panel.cast
        HeldCapacity.objects.create(
            organisation=cast.ngo,
            capacity=Capacity.COMPETENT_AUTHORITY,
            granted_at=cast.at,
            granted_by=cast.co_ordinator,
        )
        panel.seat("the_panel", cast.ngo)
        works_for(cast.stranger, cast.ngo, Role.OFFICER, cast.at)
        referral = before_the_panel(panel)
        stage = deciding.stage_to_decide(referral)
        assert cast.ngo not in deciding.deciders(referral, stage)
        with pytest.raises(NotAllowed):
            panel.vote(referral, cast.stranger, "positive")

    def test_one_outside_it_does_not_vote(self, panel: Panel) -> None:
        referral = stages.sent(panel.cast)
        with pytest.raises(NotAllowed):
            panel.vote(referral, panel.ngo_officer, "positive")

    def test_a_negative_vote_says_why(self, panel: Panel) -> None:
        with pytest.raises(MissingAnswers):
            decisions.cast_vote(
                referral=stages.sent(panel.cast),
                outcome="negative",
                by=panel.actor(panel.cast.officer),
                at=panel.cast.at,
            )

    def test_no_proposal_is_made_where_votes_decide(self, panel: Panel) -> None:
        with pytest.raises(NotPossible, match="No proposal is needed"):
            decisions.propose_negative(
                referral=stages.sent(panel.cast),
                by=panel.actor(panel.cast.officer),
                at=panel.cast.at,
                reasons="Invented.",
            )


class TestSingle:
    def test_nobody_votes(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="nobody votes"):
            decisions.cast_vote(
                referral=stages.sent(cast),
                outcome="positive",
                by=cast.actor(cast.officer),
                at=cast.at,
            )

    def test_a_panel_that_nobody_named_does_not_decide(self, cast: Cast) -> None:
        """`coe`: one authority first, then a panel."""
        referral = stages.decided(cast, stages.sent(cast), "positive")
        with pytest.raises(NotPossible, match="Nobody has been named yet"):
            stages.decided(cast, referral, "positive")


class TestSeats:
    def test_are_named_by_the_co_ordination(self, cast: Cast) -> None:
        seat = seats.name_decider(
            authority="panel",
            organisation=cast.authority,
            by=cast.actor(cast.co_ordinator),
            at=cast.at,
        )
        again = seats.name_decider(
            authority="panel",
            organisation=cast.authority,
            by=cast.actor(cast.co_ordinator),
            at=cast.at,
        )
        assert again == seat
        seats.end_seat(seat=seat, by=cast.actor(cast.co_ordinator), at=cast.at)
        assert not DecidingSeat.objects.held().exists()

    def test_are_named_by_nobody_else(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            seats.name_decider(
                authority="panel",
                organisation=cast.authority,
                by=cast.actor(cast.ngo_manager),
                at=cast.at,
            )

    @pytest.mark.parametrize(
        ("authority", "who"), [("nobody", "authority"), ("panel", "other_ngo")]
    )
    def test_are_of_the_country_and_for_those_who_may(self, cast: Cast, authority, who) -> None:
        with pytest.raises(NotPossible):
            seats.name_decider(
                authority=authority,
                organisation=getattr(cast, who),
                by=system_actor("tests", cast.at),
                at=cast.at,
            )

    def test_decide_whom_a_referral_can_be_sent_to(self, panel: Panel) -> None:
        offered = set(deciding.recipients())
        assert offered == {panel.cast.authority, panel.social}


class TestTooFew:
    def test_is_said_by_the_check(self, cast: Cast) -> None:
        assert check_deciders(databases=["default"]) == []
        member = cast.second_officer.memberships.get()
        member.until_at = cast.at - timedelta(minutes=1)
        member.save()
        assert [each.id for each in check_deciders(databases=["default"])] == ["referrals.W001"]
        assert check_deciders(databases=None) == []
