"""Clocks: starting, stopping, moving and ending deadlines. Each is called in the caller's
transaction, beside the act that starts or ends the clock.

Which rule applies stands in the country profile; whom it binds, the caller says. Telling people is
`deadlines.services.reminders`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.audit import Who
from accounts.models import User
from common.country import current, local_day
from common.marks import Subject
from common.profile import Bound, DeadlineRule, Pausing
from common.workdays import (
    Calendar,
    DayZero,
    DeadlineLength,
    Pause,
    Roll,
    Unit,
    due_at,
    moved_by,
)
from deadlines import notifications
from deadlines.calendars import working_days
from deadlines.choices import DeadlineAct
from deadlines.kinds import kind_of
from deadlines.models import Deadline, DeadlineEvent
from deadlines.rulebook import rulebook
from deadlines.services.notices import mark_handled_many
from deadlines.stages import first_step

Holder = Group | User
NO_CALENDAR = Calendar(frozenset(), frozenset(), "none")
"""For ends that are set elsewhere, whatever day they fall on."""
SUBJECT = "deadline"
"""What a notice about a deadline names as the kind of its subject."""


def rule_in_force(code: str, *, at: datetime, subdivision: str = "") -> DeadlineRule | None:
    """The rule of this code on the local day of `at`; None where the country has none, or off."""
    on = local_day(at)
    return rulebook().rule(code, on=on, subdivision=subdivision)


def start(
    *,
    kind: str,
    rule: str | DeadlineRule,
    subject: Subject,
    holders: Iterable[Holder],
    starts_at: datetime,
    by: Who,
    at: datetime,
    organisation_uuid: UUID | None = None,
    subdivision: str = "",
) -> list[Deadline]:
    """Start the clock of a rule for each group or person it binds; the deadlines, in their order.

    `rule` is a code of the profile, looked up on the local day of `starts_at`. Where the country
    has no verified rule the list is empty: nothing is invented. A clock that already runs for a
    holder is given back as it stands. `organisation_uuid` is the one for which its people are told.
    Raises ValueError for a kind nobody registered, and OutsideCalendar for years without holidays.
    """
    if kind_of(kind) is None:
        raise ValueError("Nobody registered this kind of deadline.")
    if isinstance(rule, str):
        found = rule_in_force(rule, at=starts_at, subdivision=subdivision)
        if found is None:
            return []
        rule = found
    return _start(
        kind=kind,
        subject=subject,
        holders=holders,
        starts_at=starts_at,
        organisation_uuid=organisation_uuid,
        subdivision=subdivision,
        created_at=at,
        created_by_id=by.user_id,
        **_counted(rule, starts_at=starts_at, at=at, subdivision=subdivision),
    )


def start_until(
    *,
    kind: str,
    subject: Subject,
    holders: Iterable[Holder],
    starts_at: datetime,
    until: datetime,
    by: Who,
    at: datetime,
    bound: Bound = Bound.LASTS,
    remind_before_days: int = 0,
    organisation_uuid: UUID | None = None,
) -> list[Deadline]:
    """Put an end that is set elsewhere (an invitation's, a token's) among the deadlines.

    No rule of the country says how long it is, and no calendar moves it. Raises ValueError for a
    kind nobody registered.
    """
    if kind_of(kind) is None:
        raise ValueError("Nobody registered this kind of deadline.")
    first = first_step(
        starts_at=starts_at,
        due_at=until,
        unit=Unit.FIXED_DATE,
        remind_before_days=remind_before_days,
        calendar=NO_CALENDAR,
        zone=current().time_zone,
    )
    return _start(
        kind=kind,
        subject=subject,
        holders=holders,
        starts_at=starts_at,
        organisation_uuid=organisation_uuid,
        rule_code="",
        bound=bound.value,
        unit=Unit.FIXED_DATE.value,
        day_zero=DayZero.EXCLUDED.value,
        roll=Roll.NONE.value,
        remind_before_days=remind_before_days,
        calendar_version=NO_CALENDAR.version,
        due_at=until,
        next_stage=first.stage,
        next_at=first.at,
        created_at=at,
        created_by_id=by.user_id,
    )


def put_off(*, subject: Subject, kinds: Iterable[str], until: datetime) -> None:
    """The end that is set elsewhere is a later one now (a draft was worked on).

    No event: what moved it has its own. Nobody is told twice of the same end.
    """
    with transaction.atomic():
        rows = _locked(subject, kinds)
        for row in rows:
            give_end(row, until, NO_CALENDAR)
        save(rows, ["due_at"])


def _start(
    *, kind: str, subject: Subject, holders: Iterable[Holder], **fields: Any
) -> list[Deadline]:
    """The rows for each holder; one that runs already keeps its place."""
    rows = [
        Deadline(
            kind=kind,
            subject_kind=subject.kind,
            subject_uuid=subject.uuid,
            group=holder if isinstance(holder, Group) else None,
            user=holder if isinstance(holder, User) else None,
            **fields,
        )
        for holder in holders
    ]
    # The unique constraints leave a new row out where an older one runs.
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = [(row.group_id, row.user_id) for row in rows]
    running = {
        (row.group_id, row.user_id): row
        for row in Deadline.objects.open().filter(kind=kind, subject_uuid=subject.uuid)
    }
    return [running[holder] for holder in wanted if holder in running]


def deadlines_of(subject: Subject, *, kinds: Iterable[str] | None = None) -> list[Deadline]:
    """Every deadline about a subject, those that run first, then by their end. One query."""
    about = Deadline.objects.filter(subject_uuid=subject.uuid, subject_kind=subject.kind)
    if kinds is not None:
        about = about.filter(kind__in=list(kinds))
    return sorted(about, key=lambda row: (not row.is_open, row.due_at, row.pk))


def pause(*, subject: Subject, because: Pausing, by: Who, at: datetime) -> list[Deadline]:
    """Stop the clocks of a subject that this state stops, as their rules say; those it stopped."""
    with transaction.atomic():
        rows = [
            row for row in _locked(subject) if row.paused_at is None and because in row.stops_for
        ]
        _stop(rows, because, reason_code=because.value, by=by, at=at)
    return rows


def resume(*, subject: Subject, because: Pausing, by: Who, at: datetime) -> list[Deadline]:
    """Let the clocks of a subject that this state stopped run on, moved by what held them up."""
    with transaction.atomic():
        rows = [row for row in _locked(subject) if row.paused_for == because]
        _run_on(rows, by=by, at=at)
    return rows


def suspend(*, deadline: Deadline, by: Who, at: datetime, reason_code: str) -> Deadline:
    """Stop one clock, for a reason of the list.

    Raises ValueError when it does not run, or its rule says nothing of being suspended.
    """
    with transaction.atomic():
        row = lock(deadline)
        if not row.is_open or row.paused_at is not None or not reason_code:
            raise ValueError("Only a clock that runs can be stopped, and with a reason.")
        if Pausing.SUSPENDED not in row.stops_for:
            raise ValueError("The rule of this clock does not let it be stopped.")
        _stop([row], Pausing.SUSPENDED, reason_code=reason_code, by=by, at=at)
    return row


def run_on(*, deadline: Deadline, by: Who, at: datetime) -> Deadline:
    """Let one clock that was suspended run on. Raises ValueError when it was not."""
    with transaction.atomic():
        row = lock(deadline)
        if row.paused_for != Pausing.SUSPENDED:
            raise ValueError("This clock was not suspended.")
        _run_on([row], by=by, at=at)
    return row


def lock(deadline: Deadline) -> Deadline:
    """The row as it is now, held until the transaction ends."""
    return Deadline.objects.select_for_update(of=("self",)).get(pk=deadline.pk)


def _stop(
    rows: list[Deadline], because: Pausing, *, reason_code: str, by: Who, at: datetime
) -> None:
    for row in rows:
        row.paused_at, row.paused_for = at, because.value
        _silence(row)
    save(rows, ["paused_at", "paused_for"])
    note(rows, DeadlineAct.PAUSED, by=by, at=at, reason_code=reason_code)


def _run_on(rows: list[Deadline], *, by: Who, at: datetime) -> None:
    pauses = pauses_of(rows)
    before = {row.pk: row.due_at for row in rows}
    for row in rows:
        assert row.paused_at is not None  # noqa: S101 - the caller chose them by it
        # A server whose clock was put back meanwhile held nobody up for less than no time.
        stops = [*pauses[row.pk], Pause(row.paused_at, max(at, row.paused_at))]
        row.paused_at, row.paused_for = None, ""
        calendar = calendar_for(row.length, [row.starts_at, row.due_at, at], row.subdivision)
        give_end(row, end_of(row, stops, calendar), calendar)
    save(rows, ["paused_at", "paused_for", "due_at", "calendar_version"])
    note(rows, DeadlineAct.RESUMED, by=by, at=at, due_before=before)
    quiet(rows, at)


def extend(
    *, deadline: Deadline, until: datetime, by: Who, at: datetime, reason_code: str
) -> Deadline:
    """Give a deadline a later end. People are reminded of the new one as of the old.

    Raises ValueError when it has ended or stands still, when `until` is not later, and without a
    reason.
    """
    with transaction.atomic():
        row = lock(deadline)
        if not row.is_open or row.paused_at is not None:
            raise ValueError("Only a deadline that runs can be extended.")
        if until <= row.due_at or not reason_code:
            raise ValueError("An extension has a later end and a reason.")
        before = {row.pk: row.due_at}
        row.extended_at, row.extended_to = at, until
        give_end(row, until, calendar_for(row.length, [row.starts_at, until], row.subdivision))
        save([row], ["due_at", "extended_at", "extended_to", "calendar_version"])
        note([row], DeadlineAct.EXTENDED, by=by, at=at, due_before=before, reason_code=reason_code)
        quiet([row], at)
    return row


def meet(*, subject: Subject, kinds: Iterable[str], by: Who, at: datetime) -> list[Deadline]:
    """What was due has been done, in time or late: quiet for everybody it bound."""
    return _end(subject, kinds, DeadlineAct.MET, by=by, at=at)


def cancel(
    *,
    subject: Subject,
    by: Who,
    at: datetime,
    kinds: Iterable[str] | None = None,
    reason_code: str = "",
    users: Iterable[int] | None = None,
) -> list[Deadline]:
    """It need not be done any more: of these kinds, or whatever runs about the subject.

    With `users`, only where it binds one of these people in person.
    """
    act = DeadlineAct.CANCELLED
    return _end(subject, kinds, act, by=by, at=at, reason_code=reason_code, users=users)


def kept_of(rule: DeadlineRule) -> dict[str, Any]:
    """What a deadline keeps of the rule it was counted by, so that no later change moves it."""
    counting = rule.counting
    return {
        "rule_code": rule.code,
        "bound": rule.bound.value,
        "unit": counting.length.unit.value,
        "amount": counting.length.amount,
        "day_zero": counting.day_zero.value,
        "roll": counting.roll.value,
        "stops_for": tuple(each.value for each in rule.pauses),
        "remind_before_days": rule.remind_before_days,
    }


def _counted(
    rule: DeadlineRule, *, starts_at: datetime, at: datetime, subdivision: str
) -> dict[str, Any]:
    """When it ends and is first told of, and what is kept of the rule."""
    counting, zone = rule.counting, current().time_zone
    calendar = calendar_for(counting.length, [starts_at, at], subdivision)
    ends = due_at(starts_at, counting, calendar, zone)
    first = first_step(
        starts_at=starts_at,
        due_at=ends,
        unit=counting.length.unit,
        remind_before_days=rule.remind_before_days,
        calendar=calendar,
        zone=zone,
    )
    return {
        **kept_of(rule),
        "calendar_version": calendar.version,
        "due_at": ends,
        "next_stage": first.stage,
        "next_at": first.at,
    }


def _locked(
    subject: Subject, kinds: Iterable[str] | None = None, users: Iterable[int] | None = None
) -> list[Deadline]:
    """What runs about a subject, held until the transaction ends, always in the same order."""
    rows = Deadline.objects.open().filter(subject_uuid=subject.uuid, subject_kind=subject.kind)
    if users is not None:
        rows = rows.filter(user__in=list(users))
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def _end(
    subject: Subject,
    kinds: Iterable[str] | None,
    act: DeadlineAct,
    *,
    by: Who,
    at: datetime,
    reason_code: str = "",
    users: Iterable[int] | None = None,
) -> list[Deadline]:
    with transaction.atomic():
        rows = _locked(subject, kinds, users)
        for row in rows:
            row.paused_at, row.paused_for = None, ""
            if act is DeadlineAct.MET:
                row.met_at = at
            else:
                row.cancelled_at = at
            _silence(row)
        save(rows, ["paused_at", "paused_for", "met_at", "cancelled_at"])
        note(rows, act, by=by, at=at, reason_code=reason_code)
        quiet(rows, at)
    return rows


def pauses_of(rows: Sequence[Deadline]) -> dict[int, list[Pause]]:
    """The pauses that have ended, from the events. One query."""
    found: dict[int, list[Pause]] = {row.pk: [] for row in rows}
    stopped: dict[int, datetime] = {}
    acts = (DeadlineAct.PAUSED, DeadlineAct.RESUMED)
    for event in DeadlineEvent.objects.filter(deadline__in=found, act__in=acts).order_by("pk"):
        if event.act == DeadlineAct.PAUSED:
            stopped[event.deadline_id] = event.at
        else:
            found[event.deadline_id].append(Pause(stopped[event.deadline_id], event.at))
    return found


def end_of(row: Deadline, stops: list[Pause], calendar: Calendar) -> datetime:
    counting, zone = row.counting, current().time_zone
    if counting is None:
        return row.due_at
    if row.extended_at is None or row.extended_to is None:
        return due_at(row.starts_at, counting, calendar, zone, pauses=stops)
    since = [stop for stop in stops if stop.start >= row.extended_at]
    return moved_by(row.extended_to, since, counting.length.unit, calendar, zone)


def give_end(row: Deadline, ends: datetime, calendar: Calendar) -> None:
    """Give the row its end, the version it was counted with, and its first stage again.

    Stages that were told for the same end before are not told twice: `Reminder` sees to it.
    """
    row.due_at = ends
    row.calendar_version = calendar.version
    step = first_step(
        starts_at=row.starts_at,
        due_at=ends,
        unit=Unit(row.unit),
        remind_before_days=row.remind_before_days,
        calendar=calendar,
        zone=current().time_zone,
    )
    row.next_stage, row.next_rung, row.next_at = step.stage, 0, step.at


def _silence(row: Deadline) -> None:
    row.next_stage, row.next_rung, row.next_at = "", 0, None


def save(rows: list[Deadline], fields: list[str]) -> None:
    Deadline.objects.bulk_update(rows, [*fields, "next_stage", "next_rung", "next_at"])


def note(
    rows: list[Deadline],
    act: DeadlineAct,
    *,
    by: Who,
    at: datetime,
    due_before: dict[int, datetime] | None = None,
    reason_code: str = "",
) -> None:
    DeadlineEvent.objects.bulk_create(
        DeadlineEvent(
            deadline=row,
            act=act,
            at=at,
            by_id=by.user_id,
            reason_code=reason_code,
            due_before=(due_before or {}).get(row.pk, row.due_at),
            due_after=row.due_at,
        )
        for row in rows
    )


def quiet(rows: list[Deadline], at: datetime) -> None:
    """What was said of the old end, or of a clock that has ended, needs nobody any more."""
    if rows:
        mark_handled_many(
            kind=SUBJECT,
            uuids=[row.uuid for row in rows],
            kinds=notifications.DEADLINE_KINDS,
            at=at,
        )


def calendar_for(
    length: DeadlineLength | None, moments: list[datetime], subdivision: str
) -> Calendar:
    """The calendar for every year the count can reach from these moments."""
    years = [moment.year for moment in moments]
    reach = 0
    if length is not None:
        in_a_year = {Unit.WORKING_DAYS: 150, Unit.MONTHS: 12, Unit.HOURS: 8000}
        reach = length.amount // in_a_year.get(length.unit, 365)
        years += [length.fixed.year] if length.fixed else []
    return working_days(range(min(years) - 1, max(years) + reach + 3), subdivision)
