"""Changing a rule or the working days of the country, and moving what runs, if somebody says so.

A change moves nothing by itself. What it would move is worked out first (`moves_of_rule`,
`moves_of_day`), shown, and moved only by the act that says so, each with its event. Time that is
the person's own is never taken away, whatever anybody says.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit import Who
from common.country import current, local_day
from common.profile import Bound, DeadlineRule
from common.workdays import Calendar, Pause, Roll, Unit, due_at, end_of_day, start_of_day
from deadlines.calendars import working_days
from deadlines.choices import DeadlineAct, MoveReason
from deadlines.kinds import kind_of, tell_moved
from deadlines.models import CalendarDay, Deadline, Rule
from deadlines.models.clocks import DeadlineQuerySet
from deadlines.rulebook import rulebook
from deadlines.services import clocks

MOST = 2000
"""Running deadlines one change may move; where more run, they keep what they began with."""


class Which(StrEnum):
    """Which of the running deadlines are moved by a change."""

    NONE = "none"
    SINCE = "since"
    """Those whose clock began on or after the first day of the rule."""
    ALL = "all"


class TooMany(ValueError):
    """More deadlines run than one act may move."""


class Changed(ValueError):
    """What would be moved is not any more what was shown."""


@dataclass(frozen=True)
class Move:
    """What a change would do to one running deadline; `stays` says why it does nothing."""

    deadline: Deadline
    due_after: datetime
    stays: str | Promise = ""

    @property
    def due_before(self) -> datetime:
        return self.deadline.due_at

    @property
    def moves(self) -> bool:
        return not self.stays and self.due_after != self.due_before

    @property
    def by(self) -> timedelta:
        return self.due_after - self.due_before


def seal_of(moves: Iterable[Move]) -> str:
    """A mark of what was shown, to see when it is confirmed that nothing has changed since."""
    lines = "".join(f"{move.deadline.pk}:{move.due_before}:{move.due_after};" for move in moves)
    return hashlib.sha256(lines.encode()).hexdigest()


# --- a rule ---------------------------------------------------------------------------------------


def moves_of_rule(rule: DeadlineRule) -> list[Move]:
    """What would become of the running deadlines if all followed this rule. Raises TooMany."""
    return _moves_of_rule(rule, _under(rule))


def chosen(moves: Iterable[Move], rule: DeadlineRule, which: Which) -> list[Move]:
    """Of these moves, those that `which` means."""
    if which is Which.NONE:
        return []
    return [
        move
        for move in moves
        if which is Which.ALL or rule.is_valid(local_day(move.deadline.starts_at))
    ]


@transaction.atomic
def change_rule(
    *, draft: Rule, rule: DeadlineRule, which: Which, seen: str, by: Who, at: datetime
) -> Rule:
    """Enter a change of a rule, and move what runs as `which` says.

    `draft` is the unsaved row and `rule` what it makes; `seen` is the seal of the moves that were
    shown. Writes the row, and an event for each deadline that moves. Raises Changed, TooMany.
    """
    draft.country, draft.entered_at, draft.entered_by_id = current().code, at, by.user_id
    if which is Which.NONE:
        draft.save(force_insert=True)
        return draft
    rows = _under(rule).select_for_update(of=("self",))
    moves = _moves_of_rule(rule, rows)
    if seal_of(moves) != seen:
        raise Changed
    draft.save(force_insert=True)
    kept = clocks.kept_of(rule)
    _carry_out(chosen(moves, rule, which), kept, MoveReason.RULE, by=by, at=at)
    return draft


def _under(rule: DeadlineRule) -> DeadlineQuerySet:
    """What runs by this code, in the part of the country the rule is for."""
    running = Deadline.objects.open().filter(rule_code=rule.code)
    if rule.subdivision:
        return running.filter(subdivision=rule.subdivision)
    # Parts that have a rule of their own are not touched by the country's.
    book = rulebook()
    said = (*book.profile.rules(), *(change.rule for change in book.changes))
    own = {each.subdivision for each in said if each.code == rule.code}
    return running.exclude(subdivision__in=own - {""})


def _moves_of_rule(rule: DeadlineRule, running: DeadlineQuerySet) -> list[Move]:
    if not rule.verified:
        return []  # what runs is not ended by a rule that is switched off
    rows = _capped(running)
    pauses = clocks.pauses_of(rows)
    calendars = _Calendars()
    return [_move_by_rule(row, rule, pauses[row.pk], calendars) for row in rows]


def _move_by_rule(
    row: Deadline, rule: DeadlineRule, pauses: list[Pause], calendars: "_Calendars"
) -> Move:
    if row.extended_at is not None:
        return Move(row, row.due_at, _("Somebody gave it more time: that end stands."))
    calendar = calendars.of(row)
    ends = due_at(row.starts_at, rule.counting, calendar, current().time_zone, pauses=pauses)
    return _unless_it_takes(row, ends)


# --- the working days -----------------------------------------------------------------------------


def moves_of_day(day: CalendarDay) -> list[Move]:
    """What would become of the running deadlines if the day were corrected. Raises TooMany."""
    return _moves_of_day(day, _over(day))


@transaction.atomic
def correct_calendar(
    *, draft: CalendarDay, moves_them: bool, seen: str, by: Who, at: datetime
) -> CalendarDay:
    """Enter a correction of the calendar, and move what runs over the day if that is said.

    Writes the row, and an event for each deadline that moves. Raises Changed, TooMany.
    """
    moves: list[Move] = []
    if moves_them:
        rows = _over(draft).select_for_update(of=("self",))
        moves = _moves_of_day(draft, rows)
        if seal_of(moves) != seen:
            raise Changed
    draft.country, draft.entered_at, draft.entered_by_id = current().code, at, by.user_id
    draft.save(force_insert=True)
    _carry_out(moves, {}, MoveReason.CALENDAR, by=by, at=at)
    return draft


def _over(day: CalendarDay) -> DeadlineQuerySet:
    """What runs over the day and asks whether people work on it."""
    zone = current().time_zone
    rows = Deadline.objects.open().filter(
        Q(unit=Unit.WORKING_DAYS) | ~Q(roll=Roll.NONE),
        starts_at__lt=end_of_day(day.day, zone),
        due_at__gte=start_of_day(day.day, zone),
    )
    return rows.filter(subdivision=day.subdivision) if day.subdivision else rows


def _moves_of_day(day: CalendarDay, running: DeadlineQuerySet) -> list[Move]:
    rows = _capped(running)
    pauses = clocks.pauses_of(rows)
    day.country = current().code
    calendars = _Calendars([day])
    return [
        _unless_it_takes(row, clocks.end_of(row, pauses[row.pk], calendars.of(row))) for row in rows
    ]


# --- both -----------------------------------------------------------------------------------------


class _Calendars:
    """One calendar for each part of the country, for all years that a period may reach."""

    def __init__(self, corrections: Sequence[CalendarDay] = ()) -> None:
        self.corrections = corrections
        self.known: dict[tuple[str, int], Calendar] = {}

    def of(self, row: Deadline) -> Calendar:
        key = (row.subdivision, row.starts_at.year)
        if key not in self.known:
            years = range(row.starts_at.year - 1, row.starts_at.year + 25)
            self.known[key] = working_days(years, row.subdivision, and_also=self.corrections)
        return self.known[key]


def _capped(rows: DeadlineQuerySet) -> list[Deadline]:
    found = list(rows.order_by("due_at", "pk")[: MOST + 1])
    if len(found) > MOST:
        raise TooMany
    return found


def _unless_it_takes(row: Deadline, ends: datetime) -> Move:
    kind = kind_of(row.kind)
    own = (kind is not None and kind.protects) or row.bound == Bound.LASTS
    if own and ends < row.due_at:
        return Move(row, row.due_at, _("It is the person’s own time: none of it is taken away."))
    if row.bound == Bound.EARLIEST and ends > row.due_at:
        return Move(row, row.due_at, _("Nobody is made to wait longer than was said."))
    return Move(row, ends)


def _carry_out(
    moves: list[Move], kept: dict[str, Any], reason: MoveReason, *, by: Who, at: datetime
) -> None:
    """Give each row its end; what is kept of the new rule goes with it."""
    moved = [move for move in moves if move.moves]
    before = {move.deadline.pk: move.due_before for move in moved}
    calendars = _Calendars()
    rows = []
    for move in moved:
        row = move.deadline
        for name, value in kept.items():
            setattr(row, name, value)
        clocks.give_end(row, move.due_after, calendars.of(row))
        rows.append(row)
    fields = ["due_at", "calendar_version", *(name for name in kept if name != "rule_code")]
    clocks.save(rows, fields)
    clocks.note(rows, DeadlineAct.MOVED, by=by, at=at, due_before=before, reason_code=reason.value)
    clocks.quiet(rows, at)
    tell_moved(rows)
