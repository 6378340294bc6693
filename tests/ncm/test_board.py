"""The two-way board: one definition for both sides, who sees which row, nothing about a case."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from common.country import current
from deadlines import kinds
from deadlines.models import Deadline
from funding.services import conditions
from ncm import board as counted
from ncm.board import CIVIL, STATE, Board, Side
from ncm.board_debts import DEBT_OF, DEBTS
from ncm.models import ActionPoint, Seat
from partners.access import Actor
from partners.choices import CIVIL_SOCIETY
from partners.models import Organisation
from tests.funding import terms
from tests.ncm import actions, sittings
from tests.referrals import talk
from tests.support import queries
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db]
BOARD = reverse("ncm:board")


def seen_by(cast: Cast, user, *, days: int = 0) -> Actor:
    return cast.actor(user, cast.at + timedelta(days=days))


def line(found: Board, code: str):
    return next(each for each in found.lines if each.debt.code == code)


def listed(actor: Actor, code: str, *, ours: bool = False) -> list:
    return list(counted.rows_of(code, actor, ours=ours))


class TestTheRegistry:
    def test_names_kinds_that_exist_and_each_once(self) -> None:
        known = {each.code for each in kinds.registered()}
        assert set(DEBT_OF) <= known
        assert len(DEBT_OF) == sum(len(debt.owed) for debt in DEBTS)

    def test_holds_no_clock_of_a_case(self) -> None:
        from referrals import clocks

        assert not set(DEBT_OF) & set(clocks._TITLES)


class TestTheDefinition:
    def test_is_days_from_due_to_done_and_none_when_in_time(self) -> None:
        assert Side().median is None
        for days in ([0, 0, 9], [1, 4], [7], [2, 2], [0, 3, 3, 8], [5, 1, 1, 1, 9, 9]):
            assert Side(delays=Counter(days)).median == median(days)

    def test_is_the_same_for_both_sides(self, cast: Cast) -> None:
        given, checked = actions.made(cast), actions.reported(cast, actions.made(cast))
        due = Deadline.objects.filter(cancelled_at=None)
        due.filter(subject_uuid=given.uuid).update(due_at=cast.at - timedelta(days=3))
        due.filter(subject_uuid=checked.uuid, kind="action_verification").update(
            due_at=cast.at - timedelta(days=5)
        )
        found = counted.board(seen_by(cast, cast.co_ordinator))
        state, civil = (line(found, "actions").sides[side] for side in (STATE, CIVIL))
        # The one that was reported in time counts none for whoever did it.
        assert (civil.delays, civil.late) == ({0: 1, 3: 1}, 1)
        assert (state.delays, state.late) == ({5: 1}, 1)

    def test_counts_minutes_that_seats_of_civil_society_wait_for(self, cast: Cast) -> None:
        meeting, _item = sittings.sitting(cast)
        later = (meeting.starts_at - cast.at).days + 25
        for user in (cast.co_ordinator, cast.ngo_manager):
            found = line(counted.board(seen_by(cast, user, days=later)), "minutes")
            assert (found.sides[STATE].late, found.sides[CIVIL].late) == (1, 0)
        assert found.late_to_us == 1
        stranger = seen_by(cast, cast.other_manager, days=later)
        assert line(counted.board(stranger), "minutes").late_to_us == 0
        Seat.objects.filter(body=meeting.body).update(until_on=meeting.on - timedelta(days=1))
        found = line(counted.board(seen_by(cast, cast.ngo_manager, days=later)), "minutes")
        assert (found.sides[STATE].late, found.late_to_us) == (0, 0)

    def test_counts_what_was_done_late_by_its_days_and_for_a_year(self, cast: Cast) -> None:
        row = actions.reported(cast)
        met = Deadline.objects.filter(subject_uuid=row.uuid, kind="action_point")
        met.update(due_at=cast.at - timedelta(days=7), met_at=cast.at)
        found = counted.board(seen_by(cast, cast.co_ordinator, days=100))
        assert line(found, "actions").sides[CIVIL].delays == {7: 1}
        found = counted.board(seen_by(cast, cast.co_ordinator, days=366))
        assert line(found, "actions").sides[CIVIL].delays == {}

    def test_leaves_out_what_one_owes_oneself_and_one_side_owes_itself(self, cast: Cast) -> None:
        for row in (actions.own(cast), actions.made(cast, responsible=cast.police)):
            Deadline.objects.filter(subject_uuid=row.uuid).update(
                due_at=cast.at - timedelta(days=1)
            )
        found = line(counted.board(seen_by(cast, cast.co_ordinator)), "actions")
        assert not found.sides[STATE].base
        assert not found.sides[CIVIL].base
        assert found.late_to_us == 1

    def test_counts_one_thing_once_however_many_people_it_binds(self, cast: Cast) -> None:
        # A co-ordinator and the rapporteur speak for the ministry: two groups are bound.
        row = actions.reported(cast)
        clock = Deadline.objects.open().filter(subject_uuid=row.uuid)
        assert clock.count() == 2
        clock.update(due_at=cast.at - timedelta(days=2))
        found = line(counted.board(seen_by(cast, cast.ngo_manager)), "actions")
        assert found.sides[STATE].delays == {2: 1}
        assert len(listed(seen_by(cast, cast.ngo_manager), "actions")) == 1


def clocks_of(cast: Cast, number: int) -> None:
    """Clocks of every sort, at any minute of two years: of action points both ways and between
    two of one side, of points of contact, of what nobody can be late with or is no debt; stopped,
    cancelled, in time, late, open; some bind two groups, and some nobody's organisation."""
    homes = [cast.ministry, cast.ngo, cast.other_ngo, cast.police, cast.fund]
    points = []
    for each in homes:
        points += [actions.made(cast, responsible=each) for _twice in range(2)]
        row = actions.made(cast, responsible=each)
        # As if it were given the other way round.
        ActionPoint.objects.filter(pk=row.pk).update(by_organisation=cast.ngo, responsible=each)
        points.append(row)
    first, second = (Group.objects.create(name=f"Group {n}") for n in range(2))
    pick, rows = Random(7), []  # noqa: S311 - the same each time, and no secret
    for _each in range(number):
        kind = pick.choice(
            ["action_point", "action_verification", "contact_verification", "invitation"]
        )
        due = cast.at - timedelta(minutes=pick.randrange(-30_000, 1_000_000))
        met, stopped, cancelled = pick.choice(
            [(None, None, None)] * 3
            + [(due + timedelta(minutes=pick.randrange(-90_000, 90_000)), None, None)] * 5
            + [(None, due, None), (None, None, due)]
        )
        what: dict[str, Any] = {
            "kind": kind, "subject_kind": "x", "calendar_version": "none", "unit": "fixed_date",
            "subject_uuid": uuid4() if kind == "contact_verification" else pick.choice(points).uuid,
            "organisation_uuid": pick.choice([*(each.uuid for each in homes), None]),
            "bound": pick.choice(["latest", "latest", "expires", "lasts"]), "roll": "none",
            "day_zero": "excluded", "starts_at": due, "due_at": due, "created_at": due,
            "met_at": met, "paused_at": stopped, "cancelled_at": cancelled,
            "paused_for": "returned" if stopped else "",
        }  # fmt: skip
        for group in pick.choice([(first,), (first, second)]):
            rows.append(Deadline(group=group, **what))
    # Of those that are open, one kind and subject has one clock for each group.
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)


def reckoned(actor: Actor) -> dict[str, Any]:
    """The figures as they were reckoned before, by reading every clock: for each class and side
    the days and how many are late now; then what is late to us and of ours."""
    zone = current().time_zone

    def day(moment: datetime) -> Any:
        return moment.astimezone(zone).date()

    kinds_of = dict(Organisation.objects.values_list("pk", "kind"))
    keys = dict(Organisation.objects.values_list("uuid", "pk"))
    side_of = {"state_agency": STATE, **dict.fromkeys(CIVIL_SOCIETY, CIVIL)}
    found: dict[str, Any] = {debt.code: {STATE: [], CIVIL: [], "late": Counter()} for debt in DEBTS}
    seen = set()
    owed = Deadline.objects.filter(kind__in=DEBT_OF, bound__in=["latest", "expires"])
    for row in owed.filter(cancelled_at=None, paused_at=None):
        is_open = row.met_at is None
        if (row.due_at >= actor.at) if is_open else (row.met_at < actor.at - timedelta(days=365)):
            continue
        one = (row.kind, row.subject_uuid, row.organisation_uuid, row.due_at, row.met_at)
        if one in seen:
            continue
        seen.add(one)
        debtor = keys.get(row.organisation_uuid)
        asked = DEBT_OF[row.kind].owed[row.kind](row.subject_uuid)
        to_all = asked is None
        others = {pk for each in asked or () for pk in each.values()} - {None, debtor}
        if debtor is None or not (to_all or others):
            continue
        class_, by = found[DEBT_OF[row.kind].code], side_of.get(kinds_of[debtor])
        to = {CIVIL, STATE} if to_all else {side_of.get(kinds_of[pk]) for pk in others}
        if by and {STATE: CIVIL, CIVIL: STATE}[by] in to:
            done = day(actor.at) if is_open else day(row.met_at)
            class_[by].append(max(0, (done - day(row.due_at)).days))
            class_["late"][by] += is_open
        class_["late"]["to us"] += is_open and actor.organisation_id in others
        class_["late"]["by us"] += is_open and actor.organisation_id == debtor
    return found


@pytest.mark.sqlite_too
class TestTheFigures:
    def test_are_what_reading_every_clock_gives(self, cast: Cast) -> None:
        clocks_of(cast, 1500)
        both = set()
        for user in (
            cast.co_ordinator, cast.rapporteur, cast.ngo_manager, cast.other_manager, cast.funder
        ):  # fmt: skip
            actor = cast.actor(user)
            found, expected = counted.board(actor), reckoned(actor)
            for each in found.lines:
                one = expected[each.debt.code]
                for side, part in each.sides.items():
                    assert part.delays == Counter(one[side])
                    assert part.base == len(one[side])
                    assert part.median == (median(one[side]) if one[side] else None)
                    assert part.late == one["late"][side]
                    both.add((each.debt.code, side, part.base > 20, part.late > 0))
                assert (each.late_to_us, each.late_by_us) == (
                    one["late"]["to us"], one["late"]["by us"]
                )  # fmt: skip
            if counted.sees_all(actor):
                for side, part in found.total.items():
                    days = [n for one in expected.values() for n in one[side]]
                    assert (part.median, part.base) == (median(days), len(days))
        # The trial is one: there is plenty on both sides.
        assert {("actions", STATE, True, True), ("actions", CIVIL, True, True)} <= both
        assert {("contacts", STATE, True, True), ("contacts", CIVIL, True, True)} <= both

    @pytest.mark.parametrize("number", [10, 400])
    def test_take_two_questions_however_many_clocks_there_are(
        self, cast: Cast, number: int
    ) -> None:
        clocks_of(cast, number)
        actor = cast.actor(cast.co_ordinator)
        with queries.counted() as asked:
            counted.board(actor)
        assert len(asked) == 2, asked.sql


class TestMoney:
    def test_that_the_state_owes_stands_beside_what_the_recipient_owes(self, cast: Cast) -> None:
        terms.contested(cast)
        found = counted.board(seen_by(cast, cast.co_ordinator, days=60))
        assert line(found, "conditions").sides[STATE].late == 1
        report = terms.due(cast)
        found = counted.board(seen_by(cast, cast.co_ordinator, days=60))
        assert line(found, "reports").sides[CIVIL].late >= 1
        theirs = listed(seen_by(cast, cast.ngo_manager, days=60), "reports")
        assert report.uuid in {each.subject_uuid for each in theirs}

    def test_between_two_is_shown_to_the_two_and_counted_out_to_nobody_else_when_few(
        self, cast: Cast
    ) -> None:
        row = terms.contested(cast)
        for user in (cast.ngo_manager, cast.funder):
            [each] = listed(seen_by(cast, user, days=60), "conditions")
            assert each.subject_uuid == row.uuid
        for user in (cast.co_ordinator, cast.rapporteur, cast.other_manager):
            assert listed(seen_by(cast, user, days=60), "conditions") == []
        other = counted.board(seen_by(cast, cast.other_manager, days=60))
        assert line(other, "conditions").sides[STATE].is_hidden
        assert other.has_hidden
        assert other.total[STATE].base == 0
        keeper = counted.board(seen_by(cast, cast.co_ordinator, days=60))
        assert not keeper.has_hidden
        assert keeper.total[STATE].late == 1

    def test_that_was_answered_in_time_counts_none(self, cast: Cast) -> None:
        row = terms.contested(cast)
        conditions.withdraw(condition=row, words="Gone.", by=cast.actor(cast.funder), at=cast.at)
        found = counted.board(seen_by(cast, cast.co_ordinator, days=60))
        assert line(found, "conditions").sides[STATE].delays == {0: 1}


class TestSight:
    def test_of_rows_is_ones_own_organisations_and_all_for_who_keeps_or_reports(
        self, cast: Cast
    ) -> None:
        row = actions.made(cast)
        for user in (cast.co_ordinator, cast.rapporteur, cast.ngo_manager):
            assert [each.subject_uuid for each in listed(seen_by(cast, user), "actions")] == [
                row.uuid
            ]
        for user in (cast.other_manager, cast.unlisted_manager, cast.funder):
            assert listed(seen_by(cast, user), "actions") == []

    def test_of_a_question_about_a_case_is_nobodys_here(self, cast: Cast) -> None:
        talk.begun(cast)
        asked = Deadline.objects.open().filter(kind="contact_answer")
        assert asked.update(due_at=cast.at - timedelta(days=1))
        for user in (cast.ngo_manager, cast.officer, cast.co_ordinator):
            actor = seen_by(cast, user)
            found = line(counted.board(actor), "questions")
            assert listed(actor, "questions") == []
            assert (found.late_to_us, found.late_by_us) == (0, 0)


class TestThePages:
    @pytest.mark.parametrize("number", [1, 500])
    def test_ask_few_questions_however_much_is_owed(
        self, cast: Cast, client_for, number: int
    ) -> None:
        first = actions.made(cast)
        clock = Deadline.objects.get(subject_uuid=first.uuid)
        rows = [
            ActionPoint(
                reference=f"AP-{n:04}-0000", title=f"Many {n}", todo="Do it.", pillar="prevention",
                by_organisation=first.by_organisation, responsible=first.responsible,
                due_on=first.due_on, made_at=cast.at, made_by=first.made_by,
            )
            for n in range(number)
        ]  # fmt: skip
        for row in rows:
            row.client_key = row.uuid
        ActionPoint.objects.bulk_create(rows)
        late = [
            Deadline(
                kind=clock.kind, subject_kind=clock.subject_kind, subject_uuid=row.uuid,
                group=clock.group, organisation_uuid=clock.organisation_uuid, bound=clock.bound,
                unit=clock.unit, day_zero=clock.day_zero, roll=clock.roll, starts_at=cast.at,
                calendar_version="none", due_at=cast.at - timedelta(days=4), created_at=cast.at,
            )
            for row in rows
        ]  # fmt: skip
        Deadline.objects.bulk_create(late)
        client = client_for(cast.co_ordinator)
        with at_most(10):
            page = client.get(BOARD)
        assert f"{number} " in page.content.decode()
        with at_most(10):
            page = client.get(reverse("ncm:board-rows", args=["actions"]))
        assert "AP-0" in page.content.decode()

    def test_lead_from_a_number_to_what_it_counts_and_on_to_the_thing(
        self, cast: Cast, client_for
    ) -> None:
        row = actions.made(cast)
        Deadline.objects.filter(subject_uuid=row.uuid).update(due_at=cast.at - timedelta(days=4))
        for user in (cast.co_ordinator, cast.ngo_manager):
            client = client_for(user)
            links = [
                cell["href"]
                for cells in client.get(BOARD).context["rows"]
                for cell in cells[1:]
                if "href" in cell
            ]
            assert links
            for href in links:
                page = client.get(href)
                [[what, *_rest]] = page.context["rows"]
                assert what["href"] == row.get_absolute_url()

    def test_name_no_organisation_that_is_not_shown(self, cast: Cast, client_for) -> None:
        row = actions.made(cast, responsible=cast.unlisted_ngo)
        Deadline.objects.filter(subject_uuid=row.uuid).update(due_at=cast.at - timedelta(days=4))
        href = reverse("ncm:board-rows", args=["actions"])
        body = client_for(cast.rapporteur).get(href).content.decode()
        assert "An organisation that is not named, for its safety" in body
        assert cast.unlisted_ngo.name not in body

    def test_say_so_where_nothing_is_owed(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert "None yet" in client.get(BOARD).content.decode()
        page = client.get(reverse("ncm:board-rows", args=["payments"]))
        assert "Nothing is late" in page.content.decode()
        assert client.get(reverse("ncm:board-rows", args=["cases"])).status_code == 404
