"""The clocks of the registry: applications, points of contact, invitations and tokens."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts import invitations
from accounts.models import Invitation
from common.country import current
from common.marks import Permission
from deadlines.models import Deadline
from deadlines.services.reminders import remind
from partners import clocks
from partners.choices import OrganisationKind, Role
from partners.models import Organisation
from partners.services import contacts, memberships, organisations, tokens
from partners.workflow import ORGANISATION, PROCEEDING
from tests.partners import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    """Monday, 2 March 2026, in the morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def of(kind: str, uuid: Any) -> Deadline:
    return Deadline.objects.filter(kind=kind, subject_uuid=uuid).latest("pk")


def ends(row: Deadline) -> date:
    return row.due_at.astimezone(current().time_zone).date()


class TestContacts:
    def test_are_to_be_confirmed_ninety_days_after_they_were(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.verify_contact(contact=cast.contact, by=by, at=cast.at, on=date(2026, 3, 2))
        row = of(clocks.CONTACT, cast.contact.uuid)
        assert (ends(row), row.is_open) == (date(2026, 5, 31), True)
        assert Deadline.objects.open().filter(subject_uuid=cast.contact.uuid).count() == 1

    def test_remind_the_managers_and_then_the_co_ordination(self, cast: Cast) -> None:
        row = of(clocks.CONTACT, cast.contact.uuid)
        for days in range(75, 100):
            remind(cast.at + timedelta(days=days))
        told = set(row.reminders.values_list("stage", "recipient__email"))
        managers = {stage for stage, email in told if email == cast.ngo_manager.email}
        assert managers == {"before", "on", "after"}
        assert ("escalate", cast.co_ordinator.email) in told

    def test_need_nothing_once_they_ended(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.end_contact(contact=cast.contact, by=by, at=cast.at)
        assert of(clocks.CONTACT, cast.contact.uuid).cancelled_at == cast.at

    def test_of_an_applicant_run_from_its_admission(self, cast: Cast) -> None:
        organisation = stages.admitted(cast)
        named = organisation.contacts.first()
        assert named is not None
        assert of(clocks.CONTACT, named.uuid).created_at == organisation.member_at


class TestApplication:
    def test_is_answered_in_time_by_the_co_ordinators(self, cast: Cast) -> None:
        organisation = stages.sent(cast)
        row = of(clocks.REVIEW, organisation.uuid)
        members = set(row.group.user_set.all()) if row.group else set()
        assert cast.co_ordinator in members
        assert row.amount == 30

    def test_stands_still_while_the_applicant_has_the_questions(self, cast: Cast) -> None:
        organisation = stages.returned(cast)
        row = of(clocks.REVIEW, organisation.uuid)
        assert row.paused_for == "returned"
        actor = cast.actor(cast.applicant)
        later = cast.at + timedelta(days=10)
        ORGANISATION.apply(organisation, "send", by=actor, at=later)
        again = of(clocks.REVIEW, organisation.uuid)
        assert (again.pk, again.paused_at) == (row.pk, None)
        assert again.due_at - row.due_at >= timedelta(days=9)

    def test_is_answered_by_the_admission(self, cast: Cast) -> None:
        organisation = stages.admitted(cast)
        assert of(clocks.REVIEW, organisation.uuid).met_at is not None

    def test_needs_no_answer_once_withdrawn(self, cast: Cast) -> None:
        organisation = stages.sent(cast)
        by = cast.actor(cast.applicant)
        ORGANISATION.apply(organisation, "withdraw", by=by, at=cast.at)
        assert of(clocks.REVIEW, organisation.uuid).cancelled_at == cast.at


class TestInvitation:
    def invite(self, cast: Cast) -> Invitation:
        return memberships.invite_colleague(
            organisation=cast.ngo, email="new@example.org", role=Role.CASEWORKER,
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip

    def test_runs_out_before_whoever_sent_it_knows(self, cast: Cast) -> None:
        invitation = self.invite(cast)
        row = of(clocks.INVITATION, invitation.uuid)
        assert (row.user, row.due_at) == (cast.ngo_manager, invitation.expires_at)
        remind(invitation.expires_at - timedelta(days=2))
        assert row.reminders.get().recipient == cast.ngo_manager

    def test_makes_nobody_late(self, cast: Cast) -> None:
        invitation = self.invite(cast)
        for days in range(11, 20):
            remind(cast.at + timedelta(days=days))
        row = of(clocks.INVITATION, invitation.uuid)
        assert row.met_at == row.due_at
        assert not row.reminders.filter(stage__in=["after", "escalate"]).exists()

    def test_is_forgotten_once_withdrawn(self, cast: Cast) -> None:
        invitation = self.invite(cast)
        by = cast.actor(cast.ngo_manager)
        memberships.withdraw_invitation(invitation=invitation, by=by, at=cast.at)
        assert of(clocks.INVITATION, invitation.uuid).cancelled_at == cast.at

    def test_is_forgotten_once_accepted(self, cast: Cast) -> None:
        invitation = self.invite(cast)
        invitations.join(token_hash=invitation.token_hash, user=self.joining(cast), at=cast.at)
        assert of(clocks.INVITATION, invitation.uuid).cancelled_at == cast.at

    def joining(self, cast: Cast) -> Any:
        cast.stranger.email = "new@example.org"
        cast.stranger.save(update_fields=["email"])
        return cast.stranger

    def test_to_an_organisation_leads_where_it_is_sent_anew(self, cast: Cast) -> None:
        organisation, invitation = organisations.invite_to_apply(
            name="Invented Aid", kind=OrganisationKind.CSO, email="aid@example.org",
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        assert isinstance(organisation, Organisation)
        assert clocks._to_invitation(invitation.uuid) == "/invitations/"
        assert clocks._to_invitation(self.invite(cast).uuid) == "/people/"


class TestToken:
    def test_is_told_of_two_weeks_before_its_end_and_no_more_once_taken_back(
        self, cast: Cast
    ) -> None:
        by = cast.actor(cast.ngo_manager)
        token, _text = tokens.issue(
            membership_uuid=by.membership_uuid, name="An intranet",
            scopes=[Permission.ORGANISATION_SEE], expires_at=cast.at + timedelta(days=30),
            by=by, at=cast.at,
        )  # fmt: skip
        row = of(clocks.TOKEN, token.uuid)
        assert (row.user, row.next_stage) == (cast.ngo_manager, "before")
        assert row.due_at == token.expiry
        tokens.revoke(token=token, by=by, at=cast.at)
        assert of(clocks.TOKEN, token.uuid).cancelled_at == cast.at


class TestProceeding:
    def of_proceeding(self, row: Any) -> dict[str, Deadline]:
        found = Deadline.objects.filter(subject_uuid=row.uuid).order_by("pk")
        return {deadline.kind: deadline for deadline in found}

    def test_puts_the_time_to_answer_among_the_managers_dates(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        row = self.of_proceeding(proceeding)[clocks.ANSWER]
        assert (row.due_at, row.organisation_uuid) == (proceeding.answer_until_at, cast.ngo.uuid)
        assert row.group is not None
        assert cast.ngo_manager in row.group.user_set.all()

    def test_goes_on_to_the_appeal_and_to_those_who_hear_it(self, cast: Cast) -> None:
        proceeding = stages.suspended(cast)
        rows = self.of_proceeding(proceeding)
        assert rows[clocks.ANSWER].met_at == cast.at
        assert rows[clocks.APPEAL].due_at == proceeding.appeal_until_at
        appealed = stages.appealed(cast, proceeding, "ngo_manager")
        rows = self.of_proceeding(proceeding)
        assert rows[clocks.APPEAL].met_at is not None
        hearing = Deadline.objects.open().filter(kind=clocks.APPEAL_DECISION)
        assert {row.due_at for row in hearing} == {appealed.appeal_due_at}
        heard_by = {row.user for row in hearing if row.user}
        assert heard_by == set(
            seat.user for seat in appealed.seats.filter(instance="appeal", has_vote=True)
        )

    def test_is_over_when_the_notice_is_taken_back(self, cast: Cast) -> None:
        proceeding = stages.notice(cast, cast.ngo)
        by = cast.actor(cast.co_ordinator)
        PROCEEDING.apply(proceeding, "drop", by=by, at=cast.at)
        assert self.of_proceeding(proceeding)[clocks.ANSWER].cancelled_at == cast.at
