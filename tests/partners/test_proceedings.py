"""Suspending and refusing: closed list, time to answer, panel, votes, appeal, what it closes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.services import issue_token
from common.marks import Permission, Subject
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Mail, Notice
from partners.access import actor_for
from partners.choices import (
    REASONS_FOR,
    Capacity,
    EventKind,
    Instance,
    OrganisationState,
    ProceedingKind,
    ProceedingReason,
    ProceedingState,
    Vote,
)
from partners.models import HeldCapacity, Membership, Organisation, PanelSeat, Proceeding
from partners.roles import WHILE_SUSPENDED
from partners.services import proceedings
from partners.services.proceedings import Named, PanelRefused
from partners.workflow import ORGANISATION, PROCEEDING, PROCEEDING_EVENTS
from referrals.models import Referral
from tests.partners import stages
from tests.referrals import stages as referral_stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
P = Permission
S = ProceedingState
LIST = reverse("partners:proceedings")
AGAINST, FILES, FOR = Vote.JUSTIFIED, Vote.KEEPS_FILES, Vote.UNJUSTIFIED


def state_of(organisation: Organisation) -> str:
    return Organisation.objects.get(pk=organisation.pk).state


def url(name: str, proceeding: Proceeding, *more: str) -> str:
    return reverse(f"partners:{name}", args=[proceeding.uuid, *more])


class TestTheTable:
    def test_reaches_every_state_and_has_an_event_for_every_act(self) -> None:
        PROCEEDING.assert_complete(S.values)
        assert set(PROCEEDING_EVENTS) == {each.name for each in PROCEEDING.transitions}


class TestTheClosedList:
    @pytest.mark.parametrize("word", ["critic", "money", "fund", "donor", "foreign", "abroad"])
    def test_has_no_reason_that_the_design_forbids(self, word: str) -> None:
        assert not [r for r in ProceedingReason if word in str(r.label).lower()]

    def test_is_kept_by_the_service_and_by_the_database(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="closed list"):
            stages.notice(cast, cast.ngo, reason=ProceedingReason.NO_PART)
        proceeding = stages.notice(cast, cast.ngo)
        for reason in ("", "criticism", ProceedingReason.NO_PART):
            with pytest.raises(IntegrityError, match="closed|on_the_list"), transaction.atomic():
                Proceeding.objects.filter(pk=proceeding.pk).update(reason=reason)
        assert set(REASONS_FOR) == set(ProceedingKind)


class TestNotice:
    def test_tells_the_managers_by_mail_at_once_and_changes_nothing_else(self, cast: Cast) -> None:
        before = cast.actor(cast.ngo_manager).permissions
        proceeding = stages.notice(cast, cast.ngo)
        told = Notice.objects.filter(kind="proceeding_noticed")
        assert {n.recipient for n in told} == {cast.ngo_manager, cast.without_factor}
        assert Mail.objects.filter(recipient=cast.ngo_manager).exists()
        assert state_of(cast.ngo) == OrganisationState.MEMBER
        assert cast.actor(cast.ngo_manager).permissions == before
        assert proceeding.answer_until_at == cast.at + timedelta(days=14)

    def test_leaves_at_least_fourteen_days(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="14 days"):
            stages.notice(cast, cast.ngo, answer_within=timedelta(days=13))
        proceeding = stages.notice(cast, cast.ngo)
        with pytest.raises(IntegrityError, match="time_to_answer"), transaction.atomic():
            Proceeding.objects.filter(pk=proceeding.pk).update(answer_until_at=cast.at)

    @pytest.mark.parametrize("who", ["ngo_manager", "other_manager", "rapporteur", "officer"])
    def test_is_the_co_ordinations_alone(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            proceedings.give_notice(
                organisation=cast.ngo,
                reason=ProceedingReason.HARM,
                words="No.",
                by=cast.actor(getattr(cast, who)),
                at=cast.at,
            )

    def test_is_given_to_nobody_twice_nor_to_the_reviewers_own(self, cast: Cast) -> None:
        stages.notice(cast, cast.ngo)
        with pytest.raises(NotPossible, match="open already"):
            stages.notice(cast, cast.ngo)
        with pytest.raises(NotAllowed):
            stages.notice(cast, cast.ministry)

    def test_falls_away_when_the_application_is_admitted(self, cast: Cast) -> None:
        stages.under_review(cast)
        proceeding = stages.notice(cast, stages.now(cast))
        stages.judge(cast)
        stages.step(cast, "admit", "co_ordinator")
        assert stages.here(proceeding).state == S.DROPPED


class TestThePanel:
    def test_needs_three_votes_and_one_of_civil_society(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        for people in (("other_manager", "officer"), ("officer", "funder", "police_officer")):
            with pytest.raises(PanelRefused, match="civil society"):
                stages.name_panel(cast, proceeding, people, "co_ordinator")
        stages.name_panel(cast, proceeding, stages.FIRST_PANEL, "co_ordinator")
        told = Notice.objects.filter(kind="proceeding_panel")
        assert {n.recipient for n in told} == {getattr(cast, who) for who in stages.FIRST_PANEL}

    def test_gives_an_organisation_one_vote(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        with pytest.raises(PanelRefused, match="one vote"):
            stages.name_panel(
                cast, proceeding, ("officer", "second_officer", "other_manager"), "co_ordinator"
            )

    def test_keeps_out_whoever_is_concerned(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        others = ("other_manager", "officer")
        for who in ("ngo_caseworker", "co_ordinator", "applicant"):
            with pytest.raises(PanelRefused):
                stages.name_panel(cast, proceeding, (*others, who), "co_ordinator")
        wrong = Named(cast.funder, cast.unlisted_ngo)
        with pytest.raises(PanelRefused, match="does not work"):
            proceedings.name_panel(
                proceeding=proceeding,
                people=[*(stages.seat(cast, who) for who in others), wrong],
                by=cast.actor(cast.co_ordinator),
                at=cast.at,
            )

    def test_can_be_a_body_of_a_higher_package(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        body = Subject("body", cast.ministry.uuid)
        seats = proceedings.name_panel(
            proceeding=proceeding,
            people=[stages.seat(cast, who) for who in stages.FIRST_PANEL],
            by=cast.actor(cast.co_ordinator),
            at=cast.at,
            body=body,
        )
        assert {(seat.body_kind, seat.body_uuid) for seat in seats} == {(body.kind, body.uuid)}

    def test_stays_once_somebody_has_voted(self, cast: Cast) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        stages.vote(cast, proceeding, "officer", FOR)
        with pytest.raises(NotPossible, match="stays"):
            stages.name_panel(cast, proceeding, stages.APPEAL_PANEL, "co_ordinator")


class TestVoting:
    def test_waits_for_the_answer_or_its_last_day(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        stages.name_panel(cast, proceeding, stages.FIRST_PANEL, "co_ordinator")
        with pytest.raises(NotPossible, match="time to answer"):
            stages.vote(cast, proceeding, "officer", AGAINST)
        stages.vote(cast, proceeding, "officer", AGAINST, at=cast.at + timedelta(days=14))

    def test_is_for_seats_with_a_vote_and_once(self, cast: Cast) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        for who in ("co_ordinator", "ngo_manager", "second_officer"):
            with pytest.raises(NotAllowed):
                stages.vote(cast, proceeding, who, FOR)
        stages.vote(cast, proceeding, "officer", AGAINST)
        with pytest.raises(NotPossible, match="already"):
            stages.vote(cast, proceeding, "officer", FOR)

    @pytest.mark.parametrize(
        ("votes", "state"),
        [
            ((AGAINST, AGAINST, FOR), OrganisationState.SUSPENDED),
            ((AGAINST, FOR, FOR), OrganisationState.MEMBER),
        ],
    )
    def test_decides_with_the_last_vote_and_by_more_than_half(
        self, cast: Cast, votes: tuple[Vote, ...], state: str
    ) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        for who, said in zip(stages.FIRST_PANEL, votes, strict=True):
            assert state_of(cast.ngo) == OrganisationState.MEMBER
            stages.vote(cast, proceeding, who, said)
        assert state_of(cast.ngo) == state
        decided = stages.here(proceeding)
        assert decided.decided_by == cast.funder
        assert Notice.objects.filter(kind="proceeding_decided", recipient=cast.ngo_manager).exists()

    def test_is_for_the_organisation_when_it_ties(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        four = (*stages.FIRST_PANEL, "police_officer")
        stages.name_panel(cast, proceeding, four, "co_ordinator")
        late = cast.at + timedelta(days=15)
        for who, said in zip(four, (AGAINST, AGAINST, FOR, FOR), strict=True):
            stages.vote(cast, proceeding, who, said, at=late)
        assert stages.here(proceeding).state == S.DISMISSED

    def test_is_no_longer_possible_for_whom_the_organisation_lost_its_place(
        self, cast: Cast
    ) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        Organisation.objects.filter(pk=cast.other_ngo.pk).update(state=OrganisationState.SUSPENDED)
        with pytest.raises(NotAllowed):
            stages.vote(cast, proceeding, "other_manager", FOR)
        seen = Proceeding.objects.visible_to(cast.actor(cast.other_manager))
        assert not seen.exists()

    def test_is_the_only_way_to_suspend_or_refuse(self, cast: Cast) -> None:
        for name, organisation in (("suspend", cast.ngo), ("leave", cast.other_ngo)):
            with pytest.raises(NotAllowed):
                ORGANISATION.apply(organisation, name, by=cast.actor(cast.co_ordinator), at=cast.at)
        stages.answered(cast, cast.ngo, "ngo_manager")
        # A seat alone suspends nobody: the transition wants the decision of this very moment.
        with pytest.raises(NotPossible, match="Only a panel"):
            ORGANISATION.apply(cast.ngo, "suspend", by=cast.actor(cast.officer), at=cast.at)


class TestSuspended:
    def test_keeps_its_own_files_for_ninety_days_and_nothing_else(self, cast: Cast) -> None:
        own = referral_stages.sent(cast)
        stages.suspended(cast)
        manager, worker = cast.actor(cast.ngo_manager), cast.actor(cast.ngo_caseworker)
        assert manager.permissions == WHILE_SUSPENDED
        assert worker.permissions == {P.REFERRAL_SEE}
        assert Referral.objects.visible_to(worker).get() == own
        for who in (cast.ngo_manager, cast.ngo_caseworker):
            later = cast.actor(who, cast.at + timedelta(days=90, seconds=1))
            assert P.REFERRAL_SEE not in later.permissions
            assert not Referral.objects.visible_to(later).exists()

    def test_moves_and_closes_no_case(self, cast: Cast) -> None:
        own = referral_stages.sent(cast)
        held = set(own.group_grants.values_list("group_id", "permission_id"))
        stages.suspended(cast)
        now = Referral.objects.get(pk=own.pk)
        assert (now.first_responder, now.authority, now.state) == (
            own.first_responder,
            own.authority,
            own.state,
        )
        assert set(now.group_grants.values_list("group_id", "permission_id")) == held
        assert Referral.objects.visible_to(cast.actor(cast.officer)).filter(pk=own.pk).exists()

    def test_sees_nothing_that_others_keep(self, cast: Cast) -> None:
        kept_elsewhere = referral_stages.sent(cast)
        Organisation.objects.filter(pk=cast.authority.pk).update(
            state=OrganisationState.SUSPENDED, files_until_at=cast.at + timedelta(days=1)
        )
        by = cast.actor(cast.officer)
        assert P.REFERRAL_SEE in by.permissions
        assert not Referral.objects.visible_to(by).filter(pk=kept_elsewhere.pk).exists()

    def test_loses_its_files_only_when_most_say_it_endangers_somebody(self, cast: Cast) -> None:
        for votes, closed in (((AGAINST, AGAINST, FILES), True), ((AGAINST, FILES, FILES), False)):
            with transaction.atomic():
                proceeding = stages.answered(
                    cast, cast.ngo, "ngo_manager", security_words="Somebody reads along."
                )
                for who, said in zip(stages.FIRST_PANEL, votes, strict=True):
                    stages.vote(cast, proceeding, who, said)
                assert state_of(cast.ngo) == OrganisationState.SUSPENDED
                permissions = cast.actor(cast.ngo_caseworker).permissions
                assert (P.REFERRAL_SEE not in permissions) == closed
                transaction.set_rollback(True)

    def test_loses_its_programs_at_once(self, cast: Cast) -> None:
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        token, _text = issue_token(
            user=cast.ngo_caseworker,
            membership_uuid=membership.uuid,
            name="intranet",
            scopes=[P.REFERRAL_SEE],
            expires_at=cast.at + timedelta(days=1),
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
        )
        stages.suspended(cast)
        by = actor_for(
            cast.ngo_caseworker,
            at=cast.at,
            scopes=[P.REFERRAL_SEE],
            membership_uuid=token.membership_uuid,
        )
        assert by.permissions == frozenset()

    def test_is_unlisted_and_its_people_are_told(self, cast: Cast, client_for) -> None:
        stages.suspended(cast)
        assert not Organisation.objects.visible_to(cast.actor(cast.other_manager)).filter(
            pk=cast.ngo.pk
        )
        told = Notice.objects.filter(kind="organisation_standing").values_list("recipient")
        assert (cast.ngo_caseworker.pk,) in told
        body = client_for(cast.ngo_caseworker).get(reverse("ncm:home")).content.decode()
        assert "Your organisation is suspended" in body

    def test_answers_read_only_on_every_page(self, cast: Cast, client_for) -> None:
        own = referral_stages.sent(cast)
        stages.suspended(cast)
        client = client_for(cast.ngo_caseworker)
        assert client.get(reverse("referrals:detail", args=[own.uuid])).status_code == 200
        act = reverse("referrals:act", args=[own.uuid, "withdraw"])
        assert client.post(act).status_code in (403, 404)
        assert client.get(reverse("partners:registry")).status_code == 403
        assert client.post(reverse("referrals:new")).status_code == 403
        assert client_for(cast.ngo_manager).get(reverse("partners:people")).status_code == 403

    def test_is_reinstated_by_one_person_at_once(self, cast: Cast) -> None:
        proceeding = stages.suspended(cast)
        ORGANISATION.apply(
            stages.here(proceeding).organisation,
            "reinstate",
            by=cast.actor(cast.second_co_ordinator),
            at=cast.at,
        )
        assert P.REFERRAL_MAKE in cast.actor(cast.ngo_manager).permissions
        assert stages.here(proceeding).state == S.ENDED
        assert Organisation.objects.get(pk=cast.ngo.pk).files_until_at is None

    def test_keeps_the_database_from_open_files_without_a_suspension(self, cast: Cast) -> None:
        with pytest.raises(IntegrityError, match="files_stay_open"), transaction.atomic():
            Organisation.objects.filter(pk=cast.ngo.pk).update(files_until_at=cast.at)


class TestAppeal:
    def test_is_heard_by_others(self, cast: Cast) -> None:
        proceeding = stages.suspended(cast)
        appeal = stages.appealed(cast, proceeding, "ngo_manager")
        with pytest.raises(PanelRefused, match="decided already"):
            stages.name_panel(cast, appeal, stages.FIRST_PANEL, "second_co_ordinator")
        with pytest.raises(NotAllowed, match="somebody else"):
            stages.name_panel(cast, appeal, stages.APPEAL_PANEL, "co_ordinator")
        seat = PanelSeat.objects.filter(instance=Instance.APPEAL).first()
        with pytest.raises(IntegrityError), transaction.atomic():
            PanelSeat.objects.filter(pk=seat.pk).update(user=cast.officer)

    def test_lifts_the_suspension_when_it_is_granted(self, cast: Cast) -> None:
        appeal = stages.appealed(cast, stages.suspended(cast), "ngo_manager")
        for who in stages.APPEAL_PANEL:
            stages.vote(cast, appeal, who, FOR)
        assert stages.here(appeal).state == S.OVERTURNED
        assert state_of(cast.ngo) == OrganisationState.MEMBER

    def test_leaves_it_when_it_is_rejected(self, cast: Cast) -> None:
        appeal = stages.appealed(cast, stages.suspended(cast), "ngo_manager")
        for who in stages.APPEAL_PANEL:
            stages.vote(cast, appeal, who, AGAINST)
        assert stages.here(appeal).state == S.UPHELD
        assert state_of(cast.ngo) == OrganisationState.SUSPENDED

    def test_lapses_the_suspension_when_nobody_decides_it(self, cast: Cast) -> None:
        appeal = stages.appealed(cast, stages.suspended(cast), "ngo_manager")
        assert proceedings.lapse_overdue(appeal.appeal_due_at - timedelta(seconds=1)) == 0
        assert proceedings.lapse_overdue(appeal.appeal_due_at) == 1
        assert proceedings.lapse_overdue(appeal.appeal_due_at) == 0
        assert state_of(cast.ngo) == OrganisationState.MEMBER
        assert stages.here(appeal).state == S.ENDED

    def test_is_made_in_time_with_grounds_and_by_the_organisation(self, cast: Cast) -> None:
        proceeding = stages.suspended(cast)
        late = proceeding.appeal_until_at
        with pytest.raises(NotPossible, match="has passed"):
            PROCEEDING.apply(
                proceeding,
                "appeal",
                by=cast.actor(cast.ngo_manager, late),
                at=late,
                appeal_words="Late.",
            )
        with pytest.raises(MissingAnswers):
            PROCEEDING.apply(proceeding, "appeal", by=cast.actor(cast.ngo_manager), at=cast.at)
        with pytest.raises(NotAllowed):
            PROCEEDING.apply(
                proceeding, "appeal", by=cast.actor(cast.co_ordinator), at=cast.at, appeal_words="I"
            )

    def test_admits_a_refused_applicant_without_far_reaching_capacities(self, cast: Cast) -> None:
        stages.under_review(cast)
        HeldCapacity.objects.create(
            organisation=cast.applying, capacity=Capacity.COMPETENT_AUTHORITY
        )
        proceeding = stages.decided(cast, stages.now(cast), "applicant")
        assert stages.now(cast).state == OrganisationState.REFUSED
        appeal = stages.appealed(cast, proceeding, "applicant")
        for who in stages.APPEAL_PANEL:
            stages.vote(cast, appeal, who, FOR)
        admitted = stages.now(cast)
        assert admitted.state == OrganisationState.MEMBER
        assert admitted.member_by == cast.police_officer
        assert admitted.held_capacities() == ["first_responder", "service_provider"]
        assert admitted.events.filter(kind=EventKind.ADMITTED_ON_APPEAL).exists()

    def test_comes_before_applying_anew(self, cast: Cast) -> None:
        stages.refused(cast)
        proceeding = Proceeding.objects.get()
        appeal = stages.appealed(cast, proceeding, "applicant")
        with pytest.raises(NotPossible, match="being heard"):
            stages.step(cast, "reopen", "applicant")
        for who in stages.APPEAL_PANEL:
            stages.vote(cast, appeal, who, AGAINST)
        assert stages.step(cast, "reopen", "applicant").state == OrganisationState.DRAFT


class TestWhoSeesIt:
    def test_the_organisation_its_panel_and_reviewers_see_it(self, cast: Cast, client_for) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        page = url("proceeding", proceeding)
        for user in (cast.ngo_manager, cast.co_ordinator, cast.officer, cast.other_manager):
            assert client_for(user).get(page).status_code == 200
        for user in (cast.ngo_caseworker, cast.second_officer, cast.rapporteur, cast.applicant):
            assert client_for(user).get(page).status_code == 404

    def test_votes_are_closed_until_the_panel_has_decided(self, cast: Cast, client_for) -> None:
        proceeding = stages.answered(cast, cast.ngo, "ngo_manager")
        stages.vote(cast, proceeding, "officer", AGAINST)
        page = url("proceeding", proceeding)
        justified = str(AGAINST.label)
        assert justified not in client_for(cast.ngo_manager).get(page).content.decode()
        assert justified not in client_for(cast.co_ordinator).get(page).content.decode()
        assert justified in client_for(cast.officer).get(page).content.decode()
        for who in ("other_manager", "funder"):
            stages.vote(cast, proceeding, who, AGAINST)
        assert justified in client_for(cast.ngo_manager).get(page).content.decode()

    @pytest.mark.parametrize("number", [1, 30])
    def test_the_list_asks_no_more_for_thirty(self, cast: Cast, client_for, number: int) -> None:
        first = stages.notice(cast, cast.ngo)
        Proceeding.objects.bulk_create(
            Proceeding(
                organisation=cast.ngo,
                kind=first.kind,
                reason=first.reason,
                words="Before.",
                state=S.DROPPED,
                noticed_at=first.noticed_at,
                noticed_by=cast.co_ordinator,
                answer_until_at=first.answer_until_at,
            )
            for _n in range(number - 1)
        )
        client = client_for(cast.co_ordinator)
        with at_most(8):
            client.get(LIST)


class TestPages:
    def test_lead_from_the_notice_to_the_appeal(self, cast: Cast, client_for) -> None:
        desk, office = client_for(cast.co_ordinator), client_for(cast.ngo_manager)
        start = reverse("partners:proceeding-new", args=[cast.ngo.uuid])
        assert start in desk.get(cast.ngo.get_absolute_url()).content.decode()
        given = {"reason": "harm", "words": "What happened.", "days": "14", "security_words": ""}
        assert desk.post(start, {**given, "reason": "criticism"}).status_code == 200
        assert not Proceeding.objects.exists()
        desk.post(start, given)
        proceeding = Proceeding.objects.get()
        panel = {f"email_{n}": getattr(cast, who).email
                 for n, who in enumerate(stages.FIRST_PANEL, start=1)}  # fmt: skip
        panel |= {f"vote_{n}": "on" for n in range(1, 6)}
        wrong = desk.post(
            url("proceeding-panel", proceeding), {**panel, "email_1": "a@example.org"}
        )
        assert "Nobody works for a member" in wrong.content.decode()
        desk.post(url("proceeding-panel", proceeding), panel)
        assert PanelSeat.objects.count() == 3
        office.post(url("proceeding-speak", proceeding, "answer"), {"answer": "Not so."})
        for who in stages.FIRST_PANEL:
            client = client_for(getattr(cast, who))
            vote = url("proceeding-vote", proceeding)
            assert "What happened." in client.get(vote).content.decode()
            client.post(vote, {"vote": "justified", "reasons": "As I see it."})
        assert state_of(cast.ngo) == OrganisationState.SUSPENDED
        answer = office.post(url("proceeding-speak", proceeding, "appeal"), {"appeal_words": "No"})
        assert answer["Location"] == url("proceeding", proceeding)
        assert stages.here(proceeding).state == S.APPEALED

    def test_let_the_co_ordination_take_back_and_lift(self, cast: Cast, client_for) -> None:
        desk = client_for(cast.co_ordinator)
        proceeding = stages.notice(cast, cast.ngo)
        assert desk.get(url("proceeding-drop", proceeding)).status_code == 200
        desk.post(url("proceeding-drop", proceeding), {})
        assert stages.here(proceeding).state == S.DROPPED
        proceeding = stages.suspended(cast)
        desk.post(url("proceeding-lift", proceeding), {"comment": "Settled."})
        assert state_of(cast.ngo) == OrganisationState.MEMBER
