"""The arithmetic of deadlines: a table of dated cases, and properties that hold for any dates."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.workdays import (
    Calendar,
    Counting,
    DayZero,
    DeadlineLength,
    OutsideCalendar,
    Pause,
    Roll,
    Unit,
    add_months,
    add_working_days,
    due_at,
    end_of_day,
    roll,
    working_days_between,
)

LONDON, PARIS, KYIV = ZoneInfo("Europe/London"), ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Kyiv")
BEIRUT, HAVANA, APIA = ZoneInfo("Asia/Beirut"), ZoneInfo("America/Havana"), ZoneInfo("Pacific/Apia")

# Christmas and New Year 2025/26 and Easter 2026 in England, and the Summer bank holiday.
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-08-31",
        "2026-12-25",
        "2026-12-28",
    )
)
ENGLAND = Calendar(frozenset({6, 7}), HOLIDAYS, "test:1", frozenset(range(2025, 2028)))
PLAIN = Calendar(frozenset({6, 7}), frozenset(), "test:0")
FRIDAY_OFF = Calendar(frozenset({5, 6}), frozenset(), "test:2")


def day(text):
    return date.fromisoformat(text)


def local(text, zone, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def counting(unit, amount, day_zero=DayZero.EXCLUDED, how=Roll.NONE):
    return Counting(DeadlineLength(Unit(unit), amount), day_zero, how)


class TestAddWorkingDays:
    @pytest.mark.parametrize(
        ("start", "days", "due"),
        [
            ("2026-03-02", 5, "2026-03-09"),  # Monday to Monday
            ("2026-03-06", 1, "2026-03-09"),  # Friday to Monday
            ("2026-03-07", 1, "2026-03-09"),  # Saturday counts for nothing
            ("2026-03-08", 5, "2026-03-13"),
            ("2025-12-24", 1, "2025-12-29"),  # Christmas, Boxing Day, a weekend
            ("2025-12-24", 5, "2026-01-05"),  # over the year's end
            ("2026-04-02", 1, "2026-04-07"),  # Easter: Friday to Monday
            ("2026-04-02", 5, "2026-04-13"),
            ("2026-05-01", 1, "2026-05-05"),
            ("2026-12-24", 1, "2026-12-29"),
            ("2026-03-02", 0, "2026-03-02"),
            ("2026-03-07", 0, "2026-03-07"),
            ("2026-03-09", -1, "2026-03-06"),
            ("2026-04-07", -1, "2026-04-02"),
            ("2026-03-08", -1, "2026-03-06"),
        ],
    )
    def test_leaves_out_the_day_of_the_event(self, start, days, due):
        assert add_working_days(day(start), days, ENGLAND) == day(due)

    @pytest.mark.parametrize(
        ("start", "days", "due"),
        [
            ("2026-03-02", 1, "2026-03-02"),
            ("2026-03-02", 5, "2026-03-06"),
            ("2026-03-07", 1, "2026-03-09"),  # a Saturday cannot be day 1
            ("2026-04-03", 2, "2026-04-08"),  # nor can Good Friday
        ],
    )
    def test_counts_the_day_of_the_event_where_the_rule_says_so(self, start, days, due):
        assert add_working_days(day(start), days, ENGLAND, DayZero.INCLUDED) == day(due)

    def test_knows_other_weekends(self):
        assert add_working_days(day("2026-03-05"), 1, FRIDAY_OFF) == day("2026-03-08")

    def test_refuses_a_year_whose_holidays_are_not_known(self):
        with pytest.raises(OutsideCalendar, match="2028"):
            add_working_days(day("2027-12-31"), 1, ENGLAND)


class TestCalendar:
    @pytest.mark.parametrize("weekend", [{1, 2, 3, 4, 5, 6, 7}, {0}, {8}])
    def test_refuses_a_week_without_work_and_days_that_do_not_exist(self, weekend):
        with pytest.raises(ValueError, match="ISO weekdays"):
            Calendar(frozenset(weekend), frozenset(), "x")


class TestAddMonths:
    @pytest.mark.parametrize(
        ("start", "months", "end"),
        [
            ("2026-01-15", 1, "2026-02-15"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-08-31", 1, "2026-09-30"),
            ("2026-02-28", 1, "2026-03-28"),  # the last day of one month is not that of the next
            ("2028-02-29", 12, "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29"),
            ("2008-02-29", 216, "2026-02-28"),  # eighteen years
            ("2026-12-31", 2, "2027-02-28"),
            ("2026-11-30", 3, "2027-02-28"),
            ("2026-03-31", -1, "2026-02-28"),
            ("2026-01-01", -1, "2025-12-01"),
            ("2026-06-10", 0, "2026-06-10"),
        ],
    )
    def test_keeps_the_day_or_takes_the_last(self, start, months, end):
        assert add_months(day(start), months) == day(end)


class TestRoll:
    @pytest.mark.parametrize(
        ("start", "how", "end"),
        [
            ("2026-03-07", Roll.FORWARD, "2026-03-09"),
            ("2026-03-07", Roll.BACK, "2026-03-06"),
            ("2026-03-07", Roll.NONE, "2026-03-07"),
            ("2026-04-03", Roll.FORWARD, "2026-04-07"),
            ("2026-04-06", Roll.BACK, "2026-04-02"),
            ("2026-03-09", Roll.FORWARD, "2026-03-09"),
            ("2026-03-09", Roll.BACK, "2026-03-09"),
        ],
    )
    def test_leaves_days_nobody_works(self, start, how, end):
        assert roll(day(start), how, ENGLAND) == day(end)


# start (local), zone, rule, last instant in UTC
CASES = [
    # Friday, one second before midnight: still Friday.
    ("2026-03-06T23:59:59", LONDON, counting("working_days", 1), "2026-03-09T23:59:59.999999"),
    ("2026-03-07T00:00:00", LONDON, counting("working_days", 1), "2026-03-09T23:59:59.999999"),
    # 00:30 in Kyiv is the day before in UTC; the local day counts.
    ("2026-03-03T00:30:00", KYIV, counting("days", 1), "2026-03-04T21:59:59.999999"),
    ("2026-03-02T23:30:00", KYIV, counting("days", 1), "2026-03-03T21:59:59.999999"),
    # Over the night in which clocks go forward (29 March 2026) the end is an hour earlier in UTC …
    ("2026-03-27T12:00:00", PARIS, counting("days", 1), "2026-03-28T22:59:59.999999"),
    ("2026-03-27T12:00:00", PARIS, counting("days", 2), "2026-03-29T21:59:59.999999"),
    ("2026-03-28T12:00:00", LONDON, counting("days", 1), "2026-03-29T22:59:59.999999"),
    # … and over the night in which they go back (25 October 2026) an hour later.
    ("2026-10-24T12:00:00", PARIS, counting("days", 1), "2026-10-25T22:59:59.999999"),
    ("2026-10-23T12:00:00", PARIS, counting("days", 1), "2026-10-24T21:59:59.999999"),
    ("2026-10-23T12:00:00", LONDON, counting("working_days", 1), "2026-10-26T23:59:59.999999"),
    # Hours run on the clock: 72 hours are 72 hours, whatever the wall says.
    ("2026-03-28T12:00:00", PARIS, counting("hours", 24), "2026-03-29T11:00:00"),
    ("2026-10-24T12:00:00", PARIS, counting("hours", 72), "2026-10-27T10:00:00"),
    # 29 February, months and the year's end.
    ("2028-02-29T10:00:00", LONDON, counting("months", 12), "2029-02-28T23:59:59.999999"),
    ("2028-02-28T10:00:00", LONDON, counting("days", 1), "2028-02-29T23:59:59.999999"),
    ("2027-02-28T10:00:00", LONDON, counting("days", 1), "2027-03-01T23:59:59.999999"),
    ("2026-01-31T10:00:00", LONDON, counting("months", 1), "2026-02-28T23:59:59.999999"),
    ("2026-12-31T23:59:59", LONDON, counting("days", 1), "2027-01-01T23:59:59.999999"),
    ("2026-12-02T10:00:00", LONDON, counting("days", 30), "2027-01-01T23:59:59.999999"),
    ("2025-12-31T10:00:00", LONDON, counting("working_days", 1), "2026-01-02T23:59:59.999999"),
    # Does the first day count?
    ("2026-03-02T10:00:00", LONDON, counting("days", 30), "2026-04-01T22:59:59.999999"),
    (
        "2026-03-02T10:00:00",
        LONDON,
        counting("days", 30, DayZero.INCLUDED),
        "2026-03-31T22:59:59.999999",
    ),
    (
        "2026-01-01T10:00:00",
        LONDON,
        counting("months", 1, DayZero.INCLUDED),
        "2026-01-31T23:59:59.999999",
    ),
    (
        "2026-01-31T10:00:00",
        LONDON,
        counting("months", 1, DayZero.INCLUDED),
        "2026-02-28T23:59:59.999999",
    ),
    (
        "2026-03-01T10:00:00",
        LONDON,
        counting("months", 1, DayZero.INCLUDED),
        "2026-03-31T22:59:59.999999",
    ),
    # A period that ends on a Saturday, and on a holiday.
    (
        "2026-03-05T10:00:00",
        LONDON,
        counting("days", 2, how=Roll.FORWARD),
        "2026-03-09T23:59:59.999999",
    ),
    (
        "2026-03-05T10:00:00",
        LONDON,
        counting("days", 2, how=Roll.BACK),
        "2026-03-06T23:59:59.999999",
    ),
    (
        "2026-03-03T10:00:00",
        LONDON,
        counting("months", 1, how=Roll.FORWARD),
        "2026-04-07T22:59:59.999999",
    ),
    # Zones whose clocks change at midnight, and one that skipped a whole day.
    ("2026-03-27T10:00:00", BEIRUT, counting("days", 1), "2026-03-28T21:59:59.999999"),
    ("2026-10-23T10:00:00", BEIRUT, counting("days", 1), "2026-10-24T21:59:59.999999"),
    ("2026-10-31T10:00:00", HAVANA, counting("days", 1), "2026-11-02T04:59:59.999999"),
    ("2011-12-28T10:00:00", APIA, counting("days", 1), "2011-12-30T09:59:59.999999"),
]


class TestDueAt:
    @pytest.mark.parametrize(("start", "zone", "rule", "due"), CASES)
    def test_ends_with_the_local_day(self, start, zone, rule, due):
        calendar = ENGLAND if "2025" < start < "2027" else PLAIN
        found = due_at(local(start, zone), rule, calendar, zone)
        assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)
        assert found.tzinfo is UTC

    @pytest.mark.parametrize("fold", [0, 1])
    def test_tells_the_hour_that_comes_twice_apart(self, fold):
        start = local("2026-10-25T02:30:00", PARIS, fold)
        found = due_at(start, counting("hours", 1), PLAIN, PARIS)
        assert found == datetime(2026, 10, 25, 1 + fold, 30, tzinfo=UTC)

    def test_takes_a_fixed_date(self):
        rule = Counting(DeadlineLength(Unit.FIXED_DATE, fixed=day("2026-12-31")))
        start = local("2026-03-02T10:00:00", LONDON)
        assert due_at(start, rule, PLAIN, LONDON) == end_of_day(day("2026-12-31"), LONDON)

    @pytest.mark.parametrize(
        ("start", "due"),
        [
            ("2026-01-10", "2026-01-15"),
            ("2026-01-15", "2026-01-15"),
            ("2026-01-16", "2026-07-15"),
            ("2026-07-16", "2027-01-15"),
        ],
    )
    def test_takes_the_next_of_the_dates_that_return(self, start, due):
        rule = Counting(DeadlineLength(Unit.YEARLY, yearly=((7, 15), (1, 15))))
        found = due_at(local(f"{start}T10:00:00", PARIS), rule, PLAIN, PARIS)
        assert found == end_of_day(day(due), PARIS)

    def test_refuses_a_naive_start(self):
        with pytest.raises(ValueError, match="aware"):
            due_at(datetime(2026, 3, 2), counting("days", 1), PLAIN, PARIS)  # noqa: DTZ001


class TestLength:
    @pytest.mark.parametrize(
        "values",
        [
            {"unit": Unit.DAYS},
            {"unit": Unit.DAYS, "amount": -1},
            {"unit": Unit.DAYS, "amount": 1, "fixed": date(2026, 1, 1)},
            {"unit": Unit.FIXED_DATE},
            {"unit": Unit.FIXED_DATE, "amount": 1},
            {"unit": Unit.YEARLY},
            {"unit": Unit.YEARLY, "yearly": ((2, 29),)},
            {"unit": Unit.YEARLY, "yearly": ((13, 1),)},
        ],
    )
    def test_refuses_what_is_not_one_period(self, values):
        with pytest.raises(ValueError, match=r"length|day|month"):
            DeadlineLength(**values)


def stop(start, end, zone=LONDON):
    return Pause(local(start, zone), local(end, zone))


class TestPauses:
    START = "2026-03-02T10:00:00"  # a Monday

    @pytest.mark.parametrize(
        ("unit", "amount", "pauses", "due"),
        [
            # Monday to Thursday: three days held up.
            ("days", 10, [("2026-03-02T12:00", "2026-03-05T09:00")], "2026-03-15"),
            ("working_days", 5, [("2026-03-02T12:00", "2026-03-05T09:00")], "2026-03-12"),
            ("months", 1, [("2026-03-02T12:00", "2026-03-05T09:00")], "2026-04-05"),
            # Friday to Monday: three days, of which one is worked.
            ("days", 10, [("2026-03-06T12:00", "2026-03-09T09:00")], "2026-03-15"),
            ("working_days", 5, [("2026-03-06T12:00", "2026-03-09T09:00")], "2026-03-10"),
            # Within a day nothing is held up.
            ("days", 10, [("2026-03-03T09:00", "2026-03-03T17:00")], "2026-03-12"),
            # Two pauses add up; overlapping ones count once; order does not matter.
            (
                "days",
                10,
                [
                    ("2026-03-05T09:00", "2026-03-06T09:00"),
                    ("2026-03-03T09:00", "2026-03-04T09:00"),
                ],
                "2026-03-14",
            ),
            (
                "days",
                10,
                [
                    ("2026-03-03T09:00", "2026-03-05T09:00"),
                    ("2026-03-04T09:00", "2026-03-06T09:00"),
                ],
                "2026-03-15",
            ),
            # What lies before the start or begins after the end changes nothing.
            ("days", 10, [("2026-02-20T09:00", "2026-02-25T09:00")], "2026-03-12"),
            ("days", 10, [("2026-02-20T09:00", "2026-03-03T09:00")], "2026-03-13"),
            ("days", 10, [("2026-03-13T09:00", "2026-03-20T09:00")], "2026-03-12"),
            # A pause that begins in time because another one held the clock up.
            (
                "days",
                10,
                [
                    ("2026-03-12T09:00", "2026-03-14T09:00"),
                    ("2026-03-14T12:00", "2026-03-15T09:00"),
                ],
                "2026-03-15",
            ),
        ],
    )
    def test_move_the_end_by_what_they_held_up(self, unit, amount, pauses, due):
        found = due_at(
            local(self.START, LONDON),
            counting(unit, amount),
            ENGLAND,
            LONDON,
            pauses=[stop(*each) for each in pauses],
        )
        assert found == end_of_day(day(due), LONDON)

    def test_move_hours_by_hours(self):
        pauses = [
            stop("2026-03-02T12:00", "2026-03-02T13:30"),
            stop("2026-03-02T16:00", "2026-03-02T20:00"),  # after the end
        ]
        found = due_at(
            local(self.START, LONDON), counting("hours", 4), PLAIN, LONDON, pauses=pauses
        )
        assert found == datetime(2026, 3, 2, 15, 30, tzinfo=UTC)

    def test_do_not_move_a_fixed_date(self):
        rule = Counting(DeadlineLength(Unit.FIXED_DATE, fixed=day("2026-12-31")))
        found = due_at(
            local(self.START, LONDON),
            rule,
            PLAIN,
            LONDON,
            pauses=[stop("2026-04-02T12:00", "2026-05-02T13:30")],
        )
        assert found == end_of_day(day("2026-12-31"), LONDON)

    def test_are_put_in_order_by_the_clock_and_not_by_the_wall(self):
        """02:30 comes twice on 25 October; the pause spans from the first to the second."""
        pause = Pause(
            local("2026-10-25T02:30:00", PARIS, 0), local("2026-10-25T02:30:00", PARIS, 1)
        )
        start = local("2026-10-25T01:00:00", PARIS)
        found = due_at(start, counting("hours", 4), PLAIN, PARIS, pauses=[pause])
        assert found == datetime(2026, 10, 25, 4, 0, tzinfo=UTC)

    def test_must_not_end_before_they_begin(self):
        backwards = Pause(local("2026-03-05T09:00", LONDON), local("2026-03-04T09:00", LONDON))
        with pytest.raises(ValueError, match="before it begins"):
            due_at(
                local(self.START, LONDON),
                counting("days", 9),
                PLAIN,
                LONDON,
                pauses=[backwards],
            )


days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
amounts = st.integers(1, 400)
calendars = st.builds(
    Calendar,
    weekend=st.frozensets(st.integers(1, 7), max_size=4),
    holidays=st.frozensets(days, max_size=30),
    version=st.just("any"),
)
zones = st.sampled_from([LONDON, PARIS, KYIV, BEIRUT, HAVANA, APIA, ZoneInfo("Asia/Kathmandu")])
instants = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rules = st.builds(
    counting,
    st.sampled_from(["days", "working_days", "months", "hours"]),
    amounts,
    st.sampled_from(DayZero),
    st.sampled_from(Roll),
)


class TestProperties:
    @settings(deadline=None)
    @given(days, amounts, calendars)
    def test_between_is_the_inverse_of_adding(self, start, amount, calendar):
        end = add_working_days(start, amount, calendar)
        assert calendar.is_working(end)
        assert working_days_between(start, end, calendar) == amount

    @settings(deadline=None)
    @given(days, st.integers(-60, 60), st.integers(-60, 60), calendars)
    def test_between_adds_up_over_any_third_day(self, start, first, second, calendar):
        middle, end = start + timedelta(first), start + timedelta(second)
        assert working_days_between(start, end, calendar) == working_days_between(
            start, middle, calendar
        ) + working_days_between(middle, end, calendar)

    @settings(deadline=None)
    @given(days, amounts, calendars)
    def test_going_there_and_back_from_a_working_day_arrives(self, start, amount, calendar):
        start = roll(start, Roll.FORWARD, calendar)
        there = add_working_days(start, amount, calendar)
        assert add_working_days(there, -amount, calendar) == start

    @settings(deadline=None)
    @given(days, amounts, calendars)
    def test_counting_the_first_day_is_never_later(self, start, amount, calendar):
        without = add_working_days(start, amount, calendar)
        including = add_working_days(start, amount, calendar, DayZero.INCLUDED)
        assert including <= without
        assert (including < without) == calendar.is_working(start)

    @settings(deadline=None)
    @given(days, st.integers(-600, 600))
    def test_months_land_in_the_right_month(self, start, months):
        end = add_months(start, months)
        assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
        assert end.day == start.day or (end + timedelta(1)).day == 1

    @settings(deadline=None)
    @given(instants, rules, calendars, zones)
    def test_the_end_is_the_last_instant_of_its_local_day(self, start, rule, calendar, zone):
        end = due_at(start, rule, calendar, zone)
        if rule.length.unit is Unit.HOURS:
            assert end - start == timedelta(hours=rule.length.amount)
            return
        after = (end + timedelta(microseconds=1)).astimezone(zone)
        assert end.astimezone(zone).date() < after.date()

    @settings(deadline=None)
    @given(instants, rules, calendars, zones)
    def test_a_longer_period_never_ends_earlier(self, start, rule, calendar, zone):
        longer = counting(rule.length.unit, rule.length.amount + 1, rule.day_zero, rule.roll)
        assert due_at(start, rule, calendar, zone) <= due_at(start, longer, calendar, zone)

    @settings(deadline=None)
    @given(
        instants,
        rules,
        calendars,
        zones,
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 300)), max_size=4),
    )
    def test_a_pause_never_shortens_a_period_and_order_is_nothing(
        self, start, rule, calendar, zone, gaps
    ):
        pauses = [
            Pause(start + timedelta(hours=begin), start + timedelta(hours=begin + length))
            for begin, length in gaps
        ]
        end = due_at(start, rule, calendar, zone, pauses=pauses)
        assert end >= due_at(start, rule, calendar, zone)
        assert end == due_at(start, rule, calendar, zone, pauses=pauses[::-1])
        assert end == due_at(start, rule, calendar, zone, pauses=pauses * 2)
