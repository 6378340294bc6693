"""When the people a deadline binds are told: the moments of its stages. No database, no clock.

Who is told, and of what, is `deadlines.services.reminders`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.workdays import DAY, INSTANT, Calendar, Unit, add_working_days, start_of_day
from deadlines.choices import Stage

BELATED_AFTER = timedelta(days=1)
"""A stage told of later than this says that it comes late."""


@dataclass(frozen=True)
class Step:
    """One stage and its moment; `rung` is that of the ladder, 0 before it."""

    stage: Stage
    at: datetime
    rung: int = 0


def first_step(
    *,
    starts_at: datetime,
    due_at: datetime,
    unit: Unit,
    remind_before_days: int,
    calendar: Calendar,
    zone: ZoneInfo,
) -> Step:
    """The first stage of an end: some days before it where the rule says so, else on the day.

    The days before are working days where the rule counts those. A reminder that would lie before
    the start is left out.
    """
    if remind_before_days:
        due_on = due_at.astimezone(zone).date()
        if unit is Unit.WORKING_DAYS:
            day = add_working_days(due_on, -remind_before_days, calendar)
        else:
            day = due_on - DAY * remind_before_days
        before = start_of_day(day, zone)
        if before > starts_at:
            return Step(Stage.BEFORE, before)
    return _on_the_day(starts_at, due_at, zone)


def step_after(
    step: Step,
    *,
    starts_at: datetime,
    due_at: datetime,
    climbs_every: timedelta,
    zone: ZoneInfo,
) -> Step:
    """What comes next: the day, the end, and then rung after rung, without a last one."""
    if step.stage is Stage.BEFORE:
        return _on_the_day(starts_at, due_at, zone)
    if step.stage is Stage.ON:
        return Step(Stage.AFTER, due_at + INSTANT)
    rung = step.rung + 1
    return Step(Stage.ESCALATE, due_at + climbs_every * rung + INSTANT, rung)


def is_belated(step: Step, *, due_at: datetime, at: datetime) -> bool:
    """Was the step missed for so long that its words would no longer be true?"""
    too_late = step.stage in (Stage.BEFORE, Stage.ON) and at > due_at
    return too_late or at - step.at > BELATED_AFTER


def _on_the_day(starts_at: datetime, due_at: datetime, zone: ZoneInfo) -> Step:
    morning = start_of_day(due_at.astimezone(zone).date(), zone)
    return Step(Stage.ON, max(morning, starts_at))
