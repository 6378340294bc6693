"""When a period ends: hours, days, working days, months and fixed dates. Pure arithmetic.

No clock, no database and no law in here: the caller brings the start, the rule (from the country
profile) and the calendar. Dates are local to the zone given; instants are aware and come back in
UTC.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


class OutsideCalendar(ValueError):
    """A date in a year whose holidays the calendar does not hold: guessing would be wrong."""


@dataclass(frozen=True)
class Calendar:
    """Which days are working days.

    ``weekend`` holds ISO weekday numbers (Monday 1 … Sunday 7). ``version`` is kept with every
    deadline computed from this calendar. ``years`` are the years whose holidays are known; empty
    means that there are no holidays to know. ``worked`` are days worked after all: a holiday, or a
    Saturday in exchange for a day between.
    """

    weekend: frozenset[int]
    holidays: frozenset[date]
    version: str
    years: frozenset[int] = frozenset()
    worked: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(1, 8)):
            raise ValueError("a weekend is some of the ISO weekdays 1 to 7, never all of them")

    def is_working(self, day: date) -> bool:
        """Raises OutsideCalendar when the year's holidays are not known."""
        if self.years and day.year not in self.years:
            raise OutsideCalendar(f"{self.version} does not know the holidays of {day.year}")
        if day in self.worked:
            return True
        return day.isoweekday() not in self.weekend and day not in self.holidays


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    FIXED_DATE = "fixed_date"
    YEARLY = "yearly"


@dataclass(frozen=True)
class DeadlineLength:
    """How long a period is: an amount of a unit, one fixed date, or dates that return every year.

    ``yearly`` holds (month, day) pairs; the period ends at the first that is not before the start.
    """

    unit: Unit
    amount: int = 0
    fixed: date | None = None
    yearly: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        given = (self.amount > 0, self.fixed is not None, bool(self.yearly))
        if given != (self.is_counted, self.unit is Unit.FIXED_DATE, self.unit is Unit.YEARLY):
            raise ValueError(f"a length in {self.unit} needs its own value and no other")
        for month, day in self.yearly:
            date(2001, month, day)  # Raises for a day that most years do not have.

    @property
    def is_counted(self) -> bool:
        """True when time runs, so that a pause can stop it."""
        return self.unit not in (Unit.FIXED_DATE, Unit.YEARLY)


class DayZero(StrEnum):
    """Does the day of the event count?"""

    EXCLUDED = "excluded"
    """Day 1 is the next day (or the next working day)."""
    INCLUDED = "included"
    """The day of the event is day 1 (for working days: if it is one)."""


class Roll(StrEnum):
    """Where a period goes that ends on a day nobody works."""

    NONE = "none"
    FORWARD = "forward"
    BACK = "back"


@dataclass(frozen=True)
class Counting:
    """How a rule is counted: everything about it that is arithmetic."""

    length: DeadlineLength
    day_zero: DayZero = DayZero.EXCLUDED
    roll: Roll = Roll.NONE


class Pause(NamedTuple):
    """An interval in which the clock stood still, from ``start`` up to ``end``; both aware."""

    start: datetime
    end: datetime


def add_working_days(
    start: date, days: int, calendar: Calendar, day_zero: DayZero = DayZero.EXCLUDED
) -> date:
    """The day on which the ``days``-th working day falls; 0 gives ``start`` itself.

    A negative number counts backwards, for a reminder that goes out before; the start never counts
    then.
    """
    step = DAY if days > 0 else -DAY
    left = abs(days)
    if days > 0 and day_zero is DayZero.INCLUDED and calendar.is_working(start):
        left -= 1
    day = start
    while left:
        day += step
        left -= calendar.is_working(day)
    return day


def working_days_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days after the earlier day, up to and including the later; negative if turned round.

    The inverse of `add_working_days` with the start day excluded.
    """
    if end < start:
        return -working_days_between(end, start, calendar)
    days = (start + DAY * n for n in range(1, (end - start).days + 1))
    return sum(calendar.is_working(day) for day in days)


def add_months(start: date, months: int) -> date:
    """The same day of the month ``months`` later, or that month's last day if it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, _days_in(year, month + 1)))


def roll(day: date, how: Roll, calendar: Calendar) -> date:
    """``day`` if people work on it, else the next or the last working day, as ``how`` says."""
    if how is not Roll.NONE:
        while not calendar.is_working(day):
            day += DAY if how is Roll.FORWARD else -DAY
    return day


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last instant of a local day, in UTC.

    One microsecond before the next day begins, so that the local date of the result is ``day`` even
    where clocks change at midnight.
    """
    return datetime.combine(day + DAY, time.min, zone).astimezone(UTC) - INSTANT


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return end_of_day(day - DAY, zone) + INSTANT


def moved_by(
    end: datetime, pauses: Iterable[Pause], unit: Unit, calendar: Calendar, zone: ZoneInfo
) -> datetime:
    """An end somebody set (an extension), moved by the pauses after it as `due_at` moves its own.

    ``pauses`` are those that began since the end was set. Raises as `due_at`.
    """
    for stop in _merge(pauses, datetime.min.replace(tzinfo=UTC)):
        if stop.start > end:
            break
        if unit is Unit.HOURS:
            end += stop.end - stop.start
            continue
        first, last, day = (moment.astimezone(zone).date() for moment in (*stop, end))
        if unit is Unit.WORKING_DAYS:
            held_up = working_days_between(first, last, calendar)
            day = add_working_days(day, held_up, calendar)
        elif unit in (Unit.DAYS, Unit.MONTHS):
            day += last - first
        end = end_of_day(day, zone)
    return end


def due_at(
    start: datetime,
    counting: Counting,
    calendar: Calendar,
    zone: ZoneInfo,
    *,
    pauses: Iterable[Pause] = (),
) -> datetime:
    """The last instant, in UTC, at which the act is still in time.

    Hours run on the clock; everything else ends with the local day. A pause that begins in time
    moves the end by what it held up: its length for hours, else the days (or working days) after
    the one it began on, up to and including the one it ended on. Raises ValueError for a naive
    ``start``, OutsideCalendar for a year without known holidays.
    """
    if start.tzinfo is None:
        raise ValueError("a deadline starts at an aware datetime")
    stops = _merge(pauses, start)
    if counting.length.unit is Unit.HOURS:
        end = start.astimezone(UTC) + timedelta(hours=counting.length.amount)
        for stop in stops:
            end += stop.end - stop.start if stop.start <= end else timedelta()
        return end
    start_on = start.astimezone(zone).date()
    held_up = 0
    end = end_of_day(_due_on(start_on, counting, calendar, held_up), zone)
    for stop in stops:
        if stop.start > end:
            break
        first, last = (moment.astimezone(zone).date() for moment in stop)
        if counting.length.unit is Unit.WORKING_DAYS:
            held_up += working_days_between(first, last, calendar)
        else:
            held_up += (last - first).days
        end = end_of_day(_due_on(start_on, counting, calendar, held_up), zone)
    return end


def _due_on(start: date, counting: Counting, calendar: Calendar, held_up: int) -> date:
    length, included = counting.length, counting.day_zero is DayZero.INCLUDED
    match length.unit:
        case Unit.WORKING_DAYS:
            day = add_working_days(start, length.amount + held_up, calendar, counting.day_zero)
        case Unit.DAYS:
            day = start + DAY * (length.amount - included + held_up)
        case Unit.MONTHS:
            day = _months_end(start, length.amount, included=included) + DAY * held_up
        case Unit.YEARLY:
            day = _next_of(start, length.yearly)
        case _:
            assert length.fixed is not None  # noqa: S101 - DeadlineLength saw to it
            day = length.fixed
    return roll(day, counting.roll, calendar)


def _months_end(start: date, months: int, *, included: bool) -> date:
    """The last day of a period of months; if its first day counts, the day before the like day."""
    if not included:
        return add_months(start, months)
    if start.day == 1:
        return add_months(start, months) - DAY
    return add_months(start.replace(day=start.day - 1), months)


def _next_of(start: date, yearly: tuple[tuple[int, int], ...]) -> date:
    days = [date(start.year + more, month, day) for more in (0, 1) for month, day in yearly]
    return min(day for day in days if day >= start)


def _merge(pauses: Iterable[Pause], start: datetime) -> list[Pause]:
    """Pauses in UTC and in order, without overlaps and without what lies before the start."""
    # In UTC, because Python compares times of one zone by the wall clock, which repeats an hour.
    in_utc = [Pause(each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in pauses]
    merged: list[Pause] = []
    for pause in sorted(in_utc):
        if pause.end < pause.start:
            raise ValueError("a pause ends before it begins")
        begin = max(pause.start, start.astimezone(UTC))
        if merged and begin <= merged[-1].end:
            merged[-1] = Pause(merged[-1].start, max(merged[-1].end, pause.end))
        elif begin < pause.end:
            merged.append(Pause(begin, pause.end))
    return merged


def _days_in(year: int, month: int) -> int:
    return gregorian.monthrange(year, month)[1]
