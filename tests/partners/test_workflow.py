"""An organisation's way into the mechanism: every act, from every state, by everybody."""

import pytest
from django.db import IntegrityError, transaction

from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Notice
from partners.choices import Capacity, EventKind, OrganisationState, Verdict
from partners.models import HeldCapacity, Organisation, OrganisationEvent
from partners.services import contacts
from partners.services.reviews import record_verdicts
from partners.workflow import EVENTS, ORGANISATION
from tests.partners import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
S = OrganisationState

REACH = {
    S.DRAFT: stages.filled,
    S.APPLIED: stages.sent,
    S.UNDER_REVIEW: stages.under_review,
    S.RETURNED: stages.returned,
    S.MEMBER: stages.admitted,
    S.WITHDRAWN: stages.withdrawn,
    S.REFUSED: stages.refused,
}
APPLICANT = {"send", "withdraw", "reopen"}
#: What panels decide, and leaving, is walked in test_proceedings.
APPLICATION = {*APPLICANT, "take_up", "return", "admit"}


def actor_of(cast: Cast, name: str):
    return cast.actor(cast.applicant if name in APPLICANT else cast.co_ordinator)


def make_possible(cast: Cast, name: str) -> dict[str, str]:
    """What the guard of an act asks for, so that only the state can be in the way."""
    if name == "admit" and stages.now(cast).state == S.UNDER_REVIEW:
        stages.judge(cast)
    if name == "return" and stages.now(cast).state == S.UNDER_REVIEW:
        stages.judge(cast, name="Really?")
    return {"comment": "Please answer."} if name == "return" else {}


class TestTheTable:
    def test_reaches_every_state(self) -> None:
        ORGANISATION.assert_complete(OrganisationState.values)

    def test_has_an_event_for_every_act(self) -> None:
        assert set(EVENTS) == {each.name for each in ORGANISATION.transitions}
        assert len(set(EVENTS.values())) == len(EVENTS)

    @pytest.mark.parametrize("state", list(REACH))
    def test_moves_from_the_states_it_names_and_from_no_other(self, cast: Cast, state: S) -> None:
        REACH[state](cast)
        for name in APPLICATION:
            with transaction.atomic():
                self.try_act(cast, state, name)
                transaction.set_rollback(True)

    def try_act(self, cast: Cast, state: S, name: str) -> None:
        answers = make_possible(cast, name)
        before = stages.now(cast)
        by = actor_of(cast, name)
        transition = ORGANISATION[name]
        if state in transition.sources:
            row = ORGANISATION.apply(before, name, by=by, at=cast.at, **answers)
            assert row.state == transition.targets[0]
            assert row.version == before.version + 1
            event = OrganisationEvent.objects.filter(organisation=row).latest("pk")
            assert (event.kind, event.old_state, event.new_state) == (
                EVENTS[name],
                state,
                row.state,
            )
            assert event.by == by.user
            assert event.by_organisation == by.organisation
        else:
            with pytest.raises((NotPossible, NotAllowed)) as refused:
                ORGANISATION.apply(before, name, by=by, at=cast.at, **answers)
            # Another organisation's draft is not visible, so there it is no matter of state.
            hidden = state in (S.DRAFT, S.WITHDRAWN) and name not in APPLICANT
            assert (refused.type is NotAllowed) == hidden
            assert stages.now(cast).version == before.version


class TestWhoMay:
    def test_only_the_organisation_itself_sends(self, cast: Cast) -> None:
        stages.filled(cast)
        for who in ("ngo_manager", "ngo_caseworker", "co_ordinator", "administrator", "stranger"):
            with pytest.raises(NotAllowed):
                stages.step(cast, "send", who)

    def test_only_the_co_ordination_reviews(self, cast: Cast) -> None:
        stages.sent(cast)
        for who in ("applicant", "ngo_manager", "rapporteur", "administrator", "funder"):
            with pytest.raises(NotAllowed):
                stages.step(cast, "take_up", who)

    def test_nobody_reviews_the_organisation_they_work_for(self, cast: Cast) -> None:
        under_review = stages.under_review(cast)
        stages.judge(cast)
        Organisation.objects.filter(pk=cast.ministry.pk).update(state=S.UNDER_REVIEW)
        own = Organisation.objects.get(pk=cast.ministry.pk)
        by = cast.actor(cast.co_ordinator)
        assert by.organisation == own
        offered = dict((t.name, d) for t, d in ORGANISATION.available(own, by))
        assert not offered["return"]
        assert not offered["admit"]
        assert stages.now(cast) == under_review

    def test_who_may_is_answered_before_what_the_row_says(self, cast: Cast) -> None:
        stages.sent(cast)
        with pytest.raises(NotAllowed):
            stages.step(cast, "take_up", "ngo_manager", version=999)


class TestSend:
    def test_refuses_while_an_answer_is_missing(self, cast: Cast) -> None:
        stages.filled(cast)
        empty = {"area": None, "languages": []}
        needed = ("name", "level", "description", "area", "languages", "cso_class", "email")
        for field in (*needed, "registration_number"):
            with transaction.atomic():
                organisation = stages.now(cast)
                setattr(organisation, field, empty.get(field, ""))
                organisation.save()
                with pytest.raises(NotPossible, match="still missing"):
                    stages.step(cast, "send", "applicant")
                transaction.set_rollback(True)
        assert stages.step(cast, "send", "applicant").state == S.APPLIED

    def test_refuses_without_a_capacity(self, cast: Cast) -> None:
        stages.filled(cast)
        HeldCapacity.objects.filter(organisation=cast.applying).delete()
        with pytest.raises(NotPossible, match="still missing"):
            stages.step(cast, "send", "applicant")

    def test_refuses_without_a_deputy(self, cast: Cast) -> None:
        stages.filled(cast)
        deputy = cast.applying.contacts.get(rank=1)
        contacts.end_contact(contact=deputy, by=cast.actor(cast.applicant), at=cast.at)
        with pytest.raises(NotPossible, match="still missing"):
            stages.step(cast, "send", "applicant")

    def test_takes_an_informal_group_without_a_number(self, cast: Cast) -> None:
        stages.filled(cast)
        organisation = stages.now(cast)
        organisation.is_informal, organisation.registration_number = True, ""
        organisation.save()
        assert stages.step(cast, "send", "applicant").state == S.APPLIED

    def test_stamps_who_and_when(self, cast: Cast) -> None:
        row = stages.sent(cast)
        assert (row.applied_at, row.applied_by) == (cast.at, cast.applicant)

    def test_tells_every_co_ordinator_once(self, cast: Cast) -> None:
        stages.sent(cast)
        told = Notice.objects.filter(kind="organisation_applied")
        assert {n.recipient for n in told} == {cast.co_ordinator, cast.second_co_ordinator}
        assert len(told) == 2

    def test_refuses_what_was_changed_since(self, cast: Cast) -> None:
        stages.filled(cast)
        with pytest.raises(Stale):
            stages.step(cast, "send", "applicant", version=1)


class TestReturn:
    def test_asks_for_words(self, cast: Cast) -> None:
        stages.under_review(cast)
        stages.judge(cast, name="Really?")
        with pytest.raises(MissingAnswers):
            stages.step(cast, "return", "co_ordinator", comment="  ")

    def test_refuses_without_a_question(self, cast: Cast) -> None:
        stages.under_review(cast)
        with pytest.raises(NotPossible, match="at least one answer"):
            stages.step(cast, "return", "co_ordinator", comment="Please.")

    def test_refuses_when_the_only_question_has_been_answered(self, cast: Cast) -> None:
        stages.returned(cast, description="For whom?")
        organisation = stages.now(cast)
        organisation.description = "For women and their children."
        organisation.save()
        stages.step(cast, "send", "applicant")
        stages.step(cast, "take_up", "co_ordinator")
        with pytest.raises(NotPossible, match="at least one answer"):
            stages.step(cast, "return", "co_ordinator", comment="Please.")

    def test_tells_the_managers(self, cast: Cast) -> None:
        stages.returned(cast)
        told = Notice.objects.filter(kind="organisation_returned")
        assert [n.recipient for n in told] == [cast.applicant]

    def test_is_said_in_words_by_the_database_too(self, cast: Cast) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            OrganisationEvent.objects.create(
                organisation=cast.applying, kind=EventKind.RETURNED, at=cast.at, comment=""
            )


class TestAdmit:
    def test_refuses_until_every_answer_is_right(self, cast: Cast) -> None:
        stages.under_review(cast)
        stages.judge(cast, website="Is this yours?")
        with pytest.raises(NotPossible, match="every answer"):
            stages.step(cast, "admit", "co_ordinator")

    def test_refuses_when_an_answer_changed_after_its_verdict(self, cast: Cast) -> None:
        stages.under_review(cast)
        stages.judge(cast)
        deputy = cast.applying.contacts.get(rank=1)
        contacts.change_contact(
            contact=deputy,
            channels=[("phone", "+000 999")],
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=deputy.version,
        )
        with pytest.raises(NotPossible, match="every answer"):
            stages.step(cast, "admit", "co_ordinator")
        verdict = {"contact": (Verdict.RIGHT, "")}
        by = cast.actor(cast.co_ordinator)
        record_verdicts(organisation=stages.now(cast), verdicts=verdict, by=by, at=cast.at)
        assert stages.step(cast, "admit", "co_ordinator").state == S.MEMBER

    def test_gives_the_capacities_asked_for(self, cast: Cast) -> None:
        row = stages.admitted(cast)
        assert row.held_capacities() == [Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER]
        held = HeldCapacity.objects.filter(organisation=row)
        assert {h.granted_by for h in held} == {cast.co_ordinator}

    def test_opens_the_registry_to_its_people(self, cast: Cast) -> None:
        unseen = Organisation.objects.visible_to(cast.actor(cast.applicant))
        assert cast.ngo not in unseen
        stages.admitted(cast)
        assert cast.ngo in Organisation.objects.visible_to(cast.actor(cast.applicant))
        assert stages.now(cast) in Organisation.objects.visible_to(cast.actor(cast.ngo_manager))

    def test_tells_the_managers(self, cast: Cast) -> None:
        stages.admitted(cast)
        told = Notice.objects.filter(kind="organisation_admitted")
        assert [n.recipient for n in told] == [cast.applicant]

    def test_of_two_who_decide_at_once_the_second_is_told(self, cast: Cast) -> None:
        stages.under_review(cast)
        version = stages.judge(cast).version
        stages.step(cast, "admit", "co_ordinator", version=version)
        with pytest.raises(Stale) as refused:
            stages.step(cast, "return", "second_co_ordinator", version=version, comment="No.")
        assert refused.value.current.state == S.MEMBER


class TestReopen:
    def test_makes_it_the_organisations_own_draft_again(self, cast: Cast) -> None:
        stages.sent(cast)
        stages.withdrawn(cast)
        sees = Organisation.objects.visible_to(cast.actor(cast.co_ordinator))
        assert stages.now(cast) in sees
        stages.step(cast, "reopen", "applicant")
        sees = Organisation.objects.visible_to(cast.actor(cast.co_ordinator))
        assert stages.now(cast) not in sees
        past = OrganisationEvent.objects.visible_to(cast.actor(cast.co_ordinator))
        assert not past.filter(organisation=cast.applying).exists()
