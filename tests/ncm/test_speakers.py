"""Who speaks for an organisation: one answer, by the rules of access, for notices and clocks."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from accounts.models import User
from common.marks import Permission
from deadlines.models import Deadline, Notice
from ncm import bodies_access, speakers
from ncm.bodies_choices import SeatKind
from ncm.models import AgendaItem
from partners.access import actor_for, system_actor
from partners.choices import Capacity, OrganisationKind, OrganisationState, Role
from partners.models import HeldCapacity, Membership, Organisation
from partners.services import organisations
from tests.ncm import actions, plans, sittings
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission


def heard(*homes: Organisation) -> set[int]:
    return set(speakers.users(speakers.of(homes)))


def keys(*people: User) -> set[int]:
    return {each.pk for each in people}


def told(kind: str) -> set[int]:
    return set(Notice.objects.filter(kind=kind).values_list("recipient", flat=True))


def put(home: Organisation, state: OrganisationState) -> None:
    """As if it had been decided: how, is told in the tests of the registry."""
    Organisation.objects.filter(pk=home.pk).update(state=state)


def closed(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def ended(cast: Cast, *people: User) -> None:
    Membership.objects.filter(user__in=people).update(until_at=cast.at)


class TestSpeaking:
    def test_is_what_access_says_where_anybody_may(self, cast: Cast) -> None:
        homes = Organisation.objects.members()
        assert homes.count() == 7
        for home in homes:
            speak, see = (
                self.may(cast, home, p) for p in (P.COORDINATION_SPEAK, P.COORDINATION_SEE)
            )
            assert heard(home) == (speak or see) != set(), home

    def may(self, cast: Cast, home: Organisation, permission: Permission) -> set[int]:
        people = User.objects.filter(memberships__organisation=home)
        actors = [actor_for(each, at=cast.at, organisation_uuid=home.uuid) for each in people]
        there = [each for each in actors if each.organisation == home]
        return {each.user_id for each in there if permission in each.permissions}

    def test_falls_to_whoever_reads_only_in_the_organisation_where_nobody_speaks(
        self, cast: Cast
    ) -> None:
        assert heard(cast.ngo) == keys(cast.ngo_manager, cast.without_factor)
        assert heard(cast.authority) == keys(cast.officer, cast.second_officer)
        both = heard(cast.ngo, cast.authority)
        assert both == heard(cast.ngo) | heard(cast.authority)
        ended(cast, cast.ngo_manager, cast.without_factor)
        assert heard(cast.ngo) == keys(cast.ngo_caseworker)

    @pytest.mark.parametrize("state", [OrganisationState.SUSPENDED, OrganisationState.LEFT])
    def test_is_nobodys_in_an_organisation_that_is_no_member(
        self, cast: Cast, state: OrganisationState
    ) -> None:
        put(cast.ngo, state)
        assert heard(cast.ngo, cast.other_ngo) == keys(cast.other_manager)
        assert heard(cast.applying) == set()
        put(cast.ministry, state)
        assert not speakers.co_ordinators().exists()

    def test_is_nobodys_whose_account_is_closed(self, cast: Cast) -> None:
        closed(cast.ngo_manager)
        assert heard(cast.ngo) == keys(cast.without_factor)
        closed(cast.without_factor)
        assert heard(cast.ngo) == keys(cast.ngo_caseworker)
        closed(cast.co_ordinator)
        assert set(speakers.users(speakers.co_ordinators())) == keys(cast.second_co_ordinator)

    def test_stays_with_whom_a_lock_keeps_out_for_some_days(self, cast: Cast) -> None:
        locked = User.objects.filter(pk=cast.other_manager.pk)
        locked.update(locked_until_at=cast.at + timedelta(hours=72))
        assert heard(cast.other_ngo) == keys(cast.other_manager)

    def test_ends_with_the_capacity_that_the_role_needs(self, cast: Cast) -> None:
        assert heard(cast.fund) == keys(cast.funder)
        held = HeldCapacity.objects.filter(organisation__in=[cast.fund, cast.ministry])
        held.exclude(capacity=Capacity.RAPPORTEUR).update(ended_at=cast.at)
        assert heard(cast.fund) == set()
        assert heard(cast.ministry) == keys(cast.rapporteur)
        assert not speakers.co_ordinators().exists()

    def test_of_oneself_is_by_every_organisation_one_works_for(self, cast: Cast) -> None:
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.CASEWORKER, cast.at)
        assert speakers.themselves(keys(cast.ngo_caseworker)).count() == 2
        assert not speakers.themselves(keys(cast.administrator)).exists()


class TestClocks:
    def test_bind_a_suspended_organisation_as_before(self, cast: Cast) -> None:
        before = speakers.groups(cast.ngo)
        assert [each.role_group.role for each in before] == [Role.MANAGER]
        put(cast.ngo, OrganisationState.SUSPENDED)
        assert speakers.groups(cast.ngo) == before

    def test_bind_whoever_reads_where_nobody_speaks(self, cast: Cast) -> None:
        assert [each.role_group.role for each in speakers.groups(cast.authority)] == [Role.OFFICER]


# --- what tells somebody --------------------------------------------------------------------------


def an_action_point(cast: Cast, home: Organisation) -> str:
    actions.made(cast, responsible=home)
    return "action_given"


def a_seat(cast: Cast, home: Organisation) -> str:
    kind = "state" if home.kind == OrganisationKind.STATE_AGENCY else "cso"
    sittings.seat(cast, sittings.body(cast), home, SeatKind(kind))
    return "seat_given"


def a_plan(cast: Cast, home: Organisation) -> str:
    plan = plans.draft(cast)
    plan.activities.update(lead=home)
    by = cast.actor(cast.co_ordinator)
    plans.plans.adopt(plan=plan, act="Decision 12", by=by, at=cast.at)
    return "plan_adopted"


EACH = pytest.mark.parametrize("tell", [an_action_point, a_seat, a_plan])
Tell = Callable[[Cast, Organisation], str]


class TestWhatIsTold:
    @EACH
    def test_reaches_whoever_reads_where_nobody_speaks(self, cast: Cast, tell: Tell) -> None:
        assert told(tell(cast, cast.authority)) == keys(cast.officer, cast.second_officer)

    @EACH
    def test_reaches_no_closed_account_and_no_membership_that_ended(
        self, cast: Cast, tell: Tell
    ) -> None:
        closed(cast.ngo_manager)
        assert told(tell(cast, cast.ngo)) == keys(cast.without_factor)

    def test_reaches_nobody_of_a_member_that_was_suspended(self, cast: Cast) -> None:
        """An action point is given to members alone, so it is one that waits already."""
        plan, row = plans.adopted(cast), actions.reported(cast)
        seat = sittings.seat(cast, sittings.body(cast), cast.ngo, SeatKind.CSO)
        Notice.objects.all().delete()
        put(cast.ngo, OrganisationState.SUSPENDED)
        actions.act(cast, row, "verify", cast.co_ordinator)
        plans.revised(cast, plan)
        meeting = sittings.invited(cast, seat.body)
        assert meeting.invited_at is not None
        assert told("action_verified") == told("plan_revised") == told("meeting_invited") == set()
        put(cast.ngo, OrganisationState.MEMBER)
        sittings.settle(cast, sittings.MEETING, meeting, "cancel", cast.at, comment="Not needed.")
        assert told("meeting_cancelled") == keys(cast.ngo_manager, cast.without_factor)

    def test_of_a_sent_report_reaches_who_speaks_for_each_member(self, cast: Cast) -> None:
        closed(cast.other_manager)
        put(cast.unlisted_ngo, OrganisationState.SUSPENDED)
        plans.sent_report(cast, plans.adopted(cast))
        assert told("plan_report_sent") == keys(
            cast.second_co_ordinator, cast.rapporteur, cast.ngo_manager, cast.without_factor,
            cast.funder, cast.officer, cast.second_officer, cast.police_officer,
        )  # fmt: skip

    def test_of_an_action_point_reaches_who_speaks_once_the_named_person_is_gone(
        self, cast: Cast
    ) -> None:
        row = actions.made(cast)
        person = cast.ngo_caseworker
        row = actions.act(cast, row, "assign", cast.ngo_manager, responsible_person=person)
        Notice.objects.all().delete()
        due = actions.today(cast) + timedelta(days=20)
        actions.act(cast, row, "move", cast.co_ordinator, due_on=due, comment="Later.")
        assert told("action_moved") == keys(person)
        ended(cast, person)
        row = type(row).objects.get(pk=row.pk)
        actions.act(cast, row, "cancel", cast.co_ordinator, comment="Not needed.")
        assert told("action_cancelled") == keys(cast.ngo_manager, cast.without_factor)


class TestWhoKeepsABody:
    def other(self, cast: Cast, person: User) -> Organisation:
        home = organisations.found(
            name="Office of the Government (invented)", kind=cast.ministry.kind,
            capacities=[Capacity.CO_ORDINATION], by=system_actor("tests", cast.at), at=cast.at,
            area=cast.area,
        )  # fmt: skip
        works_for(person, home, Role.CO_ORDINATOR, cast.at)
        return home

    def item(self, cast: Cast) -> AgendaItem:
        sittings.seated(cast)
        return sittings.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])

    def bound(self) -> Iterable[str]:
        rows = Deadline.objects.open().filter(kind="agenda_answer")
        return [str(uuid) for uuid in rows.values_list("organisation_uuid", flat=True)]

    def test_is_its_secretariat_alone(self, cast: Cast) -> None:
        home = self.other(cast, cast.stranger)
        row = self.item(cast)
        assert told("agenda_item_submitted") == keys(cast.co_ordinator, cast.second_co_ordinator)
        assert self.bound() == [str(cast.ministry.uuid)]
        assert list(bodies_access.keepers(row.body)) == [cast.ministry]
        assert not bodies_access.keeps(actor_for(cast.stranger, at=cast.at), row.body)
        assert home.pk != cast.ministry.pk

    def test_is_the_rest_of_the_co_ordination_once_the_secretariat_has_left(
        self, cast: Cast
    ) -> None:
        home = self.other(cast, cast.stranger)
        sittings.seated(cast)
        put(cast.ministry, OrganisationState.LEFT)
        seat = cast.rows["seat ngo"]
        seat.refresh_from_db()
        row = sittings.submitted(cast, cast.ngo_manager, seat)
        assert told("agenda_item_submitted") == keys(cast.stranger)
        assert self.bound() == [str(home.uuid)]
        assert bodies_access.keeps(actor_for(cast.stranger, at=cast.at), row.body)
