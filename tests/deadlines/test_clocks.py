"""Clocks: what starts one, what stops and moves it, what ends it, and what is kept of its rule."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from accounts.models import User
from common.country import current, load
from common.marks import Subject
from common.profile import Bound, Pausing
from common.workdays import Unit
from deadlines.calendars import working_days
from deadlines.choices import DeadlineAct, Stage
from deadlines.models import CalendarDay, Deadline, DeadlineEvent
from deadlines.services import clocks
from tests.deadlines.conftest import Somebody, make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

#: A Monday morning in Paris.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STOPS = frozenset({Pausing.RETURNED})


def day(number, month=3):
    return datetime(2026, month, number, 9, 0, tzinfo=UTC)


def local_day(deadline):
    return deadline.due_at.astimezone(current().time_zone).date()


@pytest.fixture
def subject():
    return Subject("parcel", uuid.uuid4())


@pytest.fixture
def group(ann: User) -> Group:
    group = Group.objects.create(name="those who decide")
    ann.groups.add(group)
    return group


@pytest.fixture
def start(deadline_kind: Any, group: Group, by: Somebody, subject: Subject) -> Any:
    """Starts a clock for the group, by default of ten days; gives the deadline."""

    def go(rule: Any = None, holders: Any = None, **options: Any) -> Deadline:
        values = {
            "kind": options.pop("kind", None) or deadline_kind(),
            "rule": rule or make_rule(10),
            "subject": subject,
            "holders": holders or [group],
            "starts_at": MONDAY,
            "by": by,
            "at": MONDAY,
            **options,
        }
        return clocks.start(**values)[0]

    return go


class TestStart:
    def test_takes_the_rule_of_the_country_by_its_code(self, start, by, settings):
        settings.COUNTRY = "gb"
        found = start("preliminary_decision", starts_at=day(27), subdivision="SCT")
        assert local_day(found) == date(2026, 4, 6)
        assert (found.amount, found.unit, found.rule_code) == (
            5,
            Unit.WORKING_DAYS,
            "preliminary_decision",
        )
        assert found.calendar_version.startswith("gb:SCT:")
        assert (found.created_by_id, found.created_at) == (by.user_id, MONDAY)

    @pytest.mark.parametrize("code", ["breach_notice", "preliminary_decision", "never_heard_of"])
    def test_starts_nothing_where_the_country_has_no_rule_that_is_on(
        self, code, deadline_kind, group, by, subject
    ):
        assert current().code == "coe"
        found = clocks.start(
            kind=deadline_kind(), rule=code, subject=subject, holders=[group], starts_at=MONDAY,
            by=by, at=MONDAY,
        )  # fmt: skip
        assert found == []
        assert not Deadline.objects.exists()

    def test_takes_the_rule_of_the_local_day_on_which_it_starts(self, start, settings):
        settings.COUNTRY = "gb"
        # 23:30 in London on 12 December 2022, a day before the rule changed.
        old = start("recovery_period", starts_at=datetime(2022, 12, 12, 23, 30, tzinfo=UTC))
        assert old.amount == 45

    def test_binds_each_group_and_person_it_is_given(self, start, group, ben, subject):
        start(holders=[group, ben])
        rows = clocks.deadlines_of(subject)
        assert {(row.group, row.user) for row in rows} == {(group, None), (None, ben)}

    def test_gives_back_what_runs_already_as_it_stands(self, start, subject, deadline_kind):
        kind = deadline_kind()
        first = start(kind=kind)
        again = start(kind=kind, starts_at=day(9), at=day(9))
        assert (again.pk, again.due_at) == (first.pk, first.due_at)
        assert Deadline.objects.count() == 1

    def test_starts_anew_after_the_last_one_ended(self, start, subject, by, deadline_kind):
        kind = deadline_kind()
        first = start(kind=kind)
        clocks.meet(subject=subject, kinds=[kind], by=by, at=day(3))
        assert start(kind=kind, starts_at=day(9), at=day(9)).pk != first.pk

    def test_refuses_a_kind_nobody_registered(self, start):
        with pytest.raises(ValueError, match="kind of deadline"):
            start(kind="unheard_of")

    def test_takes_two_queries_however_many_it_binds(
        self, start, ben, group, django_assert_num_queries
    ):
        with django_assert_num_queries(3):  # with the country's corrected days
            start(holders=[group, ben])

    def test_is_told_first_some_days_before_the_end(self, start):
        row = start(make_rule(5, Unit.WORKING_DAYS, remind_before_days=2))
        assert (row.next_stage, row.next_at) == (
            Stage.BEFORE,
            datetime(2026, 3, 4, 23, 0, tzinfo=UTC),  # Thursday in Paris, two working days before
        )

    def test_is_told_first_on_the_day_where_nothing_is_said_of_before(self, start):
        row = start(make_rule(5, Unit.WORKING_DAYS))
        assert (row.next_stage, row.next_at) == (
            Stage.ON,
            datetime(2026, 3, 8, 23, 0, tzinfo=UTC),
        )

    def test_leaves_out_a_reminder_that_would_lie_before_the_start(self, start):
        assert start(make_rule(5, remind_before_days=9)).next_stage == Stage.ON


class TestWorkingDays:
    def correct(self, text, *, is_working, place=""):
        CalendarDay.objects.create(
            country="gb", subdivision=place, day=date.fromisoformat(text), is_working=is_working,
            name="An act", entered_at=MONDAY,
        )  # fmt: skip

    def test_are_those_of_the_public_calendar_as_the_table_corrects_them(self, settings):
        settings.COUNTRY = "gb"
        plain = working_days(range(2026, 2027))
        self.correct("2026-04-03", is_working=True)
        self.correct("2026-04-08", is_working=False)
        corrected = working_days(range(2026, 2027))
        days = [date(2026, 4, 3), date(2026, 4, 8)]
        assert [plain.is_working(each) for each in days] == [False, True]
        assert [corrected.is_working(each) for each in days] == [True, False]
        assert (plain.version[-2:], corrected.version[-2:]) == (":0", ":2")

    def test_go_by_the_newest_row_and_by_the_part_before_the_whole(self, settings):
        settings.COUNTRY = "gb"
        self.correct("2026-04-08", is_working=False, place="SCT")
        self.correct("2026-04-08", is_working=True)
        self.correct("2026-04-09", is_working=False)
        self.correct("2026-04-09", is_working=True)
        days = [date(2026, 4, 8), date(2026, 4, 9)]
        scotland, england = (working_days(range(2026, 2027), place) for place in ("SCT", "ENG"))
        assert [scotland.is_working(each) for each in days] == [False, True]
        assert [england.is_working(each) for each in days] == [True, True]

    def test_do_not_hear_of_another_country(self):
        self.correct("2026-04-08", is_working=False)
        assert working_days(range(2026, 2027)).version.endswith(":0")

    def test_corrected_later_do_not_move_what_runs(self, start, settings):
        settings.COUNTRY = "gb"
        row = start("preliminary_decision")
        self.correct("2026-03-04", is_working=False)
        row.refresh_from_db()
        assert local_day(row) == date(2026, 3, 9)
        assert row.calendar_version.endswith(":0")


class TestPause:
    def test_stops_only_what_its_rule_says_the_state_stops(self, start, subject, by):
        running = start(make_rule(10))
        stopped = start(make_rule(10, pauses=STOPS))
        suspended = start(make_rule(10, pauses=frozenset({Pausing.SUSPENDED})))
        rows = clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(4))
        assert rows == [stopped]
        running.refresh_from_db(), suspended.refresh_from_db(), stopped.refresh_from_db()
        assert (running.paused_at, suspended.paused_at, stopped.paused_at) == (None, None, day(4))
        assert (stopped.next_at, stopped.next_stage) == (None, "")

    def test_a_second_time_changes_nothing(self, start, subject, by):
        start(make_rule(10, pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(4))
        assert clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(5)) == []

    @pytest.mark.parametrize(
        ("unit", "amount", "stops", "due"),
        [
            (Unit.DAYS, 10, [(3, 5)], date(2026, 3, 14)),
            (Unit.DAYS, 10, [(3, 3)], date(2026, 3, 12)),
            (Unit.DAYS, 10, [(3, 5), (9, 10)], date(2026, 3, 15)),
            (Unit.DAYS, 10, [(6, 9)], date(2026, 3, 15)),
            (Unit.WORKING_DAYS, 5, [(3, 5)], date(2026, 3, 11)),
            (Unit.WORKING_DAYS, 5, [(6, 9)], date(2026, 3, 10)),
            (Unit.MONTHS, 1, [(3, 5)], date(2026, 4, 4)),
            # Stopped when it was late already: it stays late.
            (Unit.DAYS, 2, [(6, 20)], date(2026, 3, 4)),
            # Stopped in time because another stop had moved the end.
            (Unit.DAYS, 2, [(3, 5), (6, 7)], date(2026, 3, 7)),
        ],
    )
    def test_moves_the_end_by_what_it_held_up(self, unit, amount, stops, due, start, subject, by):
        row = start(make_rule(amount, unit, pauses=STOPS))
        for first, last in stops:
            clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(first))
            clocks.resume(subject=subject, because=Pausing.RETURNED, by=by, at=day(last))
        row.refresh_from_db()
        assert local_day(row) == due
        assert row.paused_at is None
        assert row.next_stage == Stage.ON

    def test_after_an_extension_moves_the_end_that_was_given(self, start, subject, by):
        row = start(make_rule(5, Unit.WORKING_DAYS, pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(3))
        clocks.resume(
            subject=subject, because=Pausing.RETURNED, by=by, at=day(4)
        )  # to Tuesday 10 March
        until = datetime(2026, 3, 20, 22, 59, 59, 999999, tzinfo=UTC)  # a Friday
        clocks.extend(deadline=row, until=until, by=by, at=day(5), reason_code="interpreter")
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(18))
        clocks.resume(subject=subject, because=Pausing.RETURNED, by=by, at=day(20))
        row.refresh_from_db()
        assert local_day(row) == date(2026, 3, 24)

    def test_moves_hours_by_hours(self, start, subject, by):
        row = start(make_rule(72, Unit.HOURS, pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(3))
        clocks.resume(
            subject=subject, because=Pausing.RETURNED, by=by, at=day(3) + timedelta(hours=5)
        )
        row.refresh_from_db()
        assert row.due_at == MONDAY + timedelta(hours=77)

    def test_is_written_down_with_what_it_did_to_the_date(self, start, subject, by):
        row = start(make_rule(10, pauses=STOPS))
        was = row.due_at
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(4))
        clocks.resume(subject=subject, because=Pausing.RETURNED, by=by, at=day(5))
        found = row.events.values_list("act", "reason_code", "due_before", "due_after", "by")
        assert list(found) == [
            (DeadlineAct.PAUSED, "returned", was, was, by.user_id),
            (DeadlineAct.RESUMED, "", was, was + timedelta(days=1), by.user_id),
        ]

    def test_keeps_to_the_rule_it_began_with(self, start, subject, by, settings, monkeypatch):
        """The profile says ten days by the time the clock runs on; this one began with five."""
        settings.COUNTRY = "gb"
        row = start(make_rule(5, code="preliminary_decision", pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(4))
        monkeypatch.setattr(type(load("gb")), "rules", lambda self: iter([make_rule(10)]))
        clocks.resume(subject=subject, because=Pausing.RETURNED, by=by, at=day(5))
        row.refresh_from_db()
        assert local_day(row) == date(2026, 3, 8)


class TestExtend:
    UNTIL = datetime(2026, 4, 1, 21, 59, 59, 999999, tzinfo=UTC)

    def test_gives_a_later_end_and_says_why(self, start, by):
        row = start(make_rule(10, remind_before_days=3))
        was = row.due_at
        clocks.extend(deadline=row, until=self.UNTIL, by=by, at=day(5), reason_code="interpreter")
        row.refresh_from_db()
        assert (row.due_at, row.extended_at) == (self.UNTIL, day(5))
        assert (row.next_stage, row.next_at) == (
            Stage.BEFORE,
            datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        )
        event = row.events.get()
        assert (event.act, event.reason_code, event.due_before, event.due_after) == (
            DeadlineAct.EXTENDED, "interpreter", was, self.UNTIL,
        )  # fmt: skip

    @pytest.mark.parametrize("reason", ["", "interpreter"])
    def test_refuses_an_earlier_end_and_one_without_a_reason(self, reason, start, by):
        row = start()
        until = row.due_at if reason else self.UNTIL
        with pytest.raises(ValueError, match="later end and a reason"):
            clocks.extend(deadline=row, until=until, by=by, at=day(5), reason_code=reason)

    def test_refuses_what_has_ended_or_stands_still(self, start, subject, by, deadline_kind):
        kind = deadline_kind()
        row = start(make_rule(10, pauses=STOPS), kind=kind)
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(3))
        for _time in range(2):
            with pytest.raises(ValueError, match="runs"):
                clocks.extend(deadline=row, until=self.UNTIL, by=by, at=day(5), reason_code="x")
            clocks.meet(subject=subject, kinds=[kind], by=by, at=day(4))


class TestEnd:
    def test_met_in_time_is_not_late(self, start, subject, by, deadline_kind):
        kind = deadline_kind()
        start(kind=kind)
        [row] = clocks.meet(subject=subject, kinds=[kind], by=by, at=day(5))
        row.refresh_from_db()
        assert (row.met_at, row.late_by, row.next_at, row.is_open) == (day(5), None, None, False)

    def test_met_after_its_end_is_late_by_what_it_took(self, start, subject, by, deadline_kind):
        kind = deadline_kind()
        start(kind=kind)
        [row] = clocks.meet(subject=subject, kinds=[kind], by=by, at=day(20))
        assert row.late_by == day(20) - row.due_at

    def test_meets_only_the_kinds_it_names_and_cancels_what_runs(self, start, subject, by):
        first, second = start(), start()
        clocks.meet(subject=subject, kinds=[first.kind], by=by, at=day(5))
        cancelled = clocks.cancel(subject=subject, by=by, at=day(6), reason_code="withdrawn")
        assert cancelled == [second]
        assert DeadlineEvent.objects.get(deadline=second).reason_code == "withdrawn"

    def test_ends_one_that_stands_still(self, start, subject, by):
        row = start(make_rule(10, pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(3))
        clocks.cancel(subject=subject, by=by, at=day(4))
        row.refresh_from_db()
        assert (row.paused_at, row.cancelled_at) == (None, day(4))

    def test_leaves_other_subjects_alone(self, start, by):
        row = start()
        assert clocks.cancel(subject=Subject("parcel", uuid.uuid4()), by=by, at=day(4)) == []
        assert clocks.cancel(subject=Subject("letter", row.subject_uuid), by=by, at=day(4)) == []


class TestLate:
    def test_begins_the_instant_after_the_end(self, start):
        row = start()
        assert list(Deadline.objects.late(row.due_at)) == []
        assert list(Deadline.objects.late(row.due_at + timedelta(microseconds=1))) == [row]
        assert [row.is_late(row.due_at), row.is_late(day(30))] == [False, True]

    @pytest.mark.parametrize("bound", [Bound.EARLIEST, Bound.LASTS])
    def test_is_never_said_of_what_protects_or_holds_back(self, bound, start):
        row = start(make_rule(2, bound=bound))
        assert list(Deadline.objects.late(day(20))) == []
        assert not row.is_late(day(20))

    def test_is_not_said_of_one_that_stands_still(self, start, subject, by):
        row = start(make_rule(2, pauses=STOPS))
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(3))
        row.refresh_from_db()
        assert not row.is_late(day(20))
        assert list(Deadline.objects.late(day(20))) == []


class TestConstraints:
    @pytest.mark.parametrize(
        "values",
        [
            {"group": None},
            {"bound": "whenever"},
            {"unit": "moons"},
            {"met_at": MONDAY, "next_at": None, "next_stage": "", "cancelled_at": MONDAY},
            {"met_at": MONDAY},
            {"paused_at": MONDAY},
            {"next_stage": ""},
            {"extended_at": MONDAY},
        ],
    )
    def test_repeat_the_rules_in_the_database(self, values, start):
        row = start()
        with pytest.raises(IntegrityError), transaction.atomic():
            Deadline.objects.filter(pk=row.pk).update(**values)


class TestVisibleTo:
    def test_shows_what_binds_ones_groups_or_oneself(self, start, group, ben, ann, by, by_ben):
        ours = start()
        bens = start(holders=[ben])
        ann_acts = Somebody(ann, by.organisation, group_ids=(group.pk,))
        assert list(Deadline.objects.visible_to(ann_acts)) == [ours]
        assert list(Deadline.objects.visible_to(by_ben)) == [bens]
        assert list(Deadline.objects.visible_to(Somebody())) == []
        assert Deadline.objects.visible_to(Somebody(system="sweep")).count() == 2

    def test_shows_ones_own_in_the_organisation_it_was_given_in(self, start, ben, by, by_ben):
        row = start(holders=[ben], organisation_uuid=by.organisation.uuid)
        assert list(Deadline.objects.visible_to(by_ben)) == [row]
        assert list(Deadline.objects.visible_to(Somebody(ben))) == []
