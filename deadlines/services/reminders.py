"""Telling people of a deadline's stages: what is due or was missed, each once.

One transaction takes a batch, writes who is told, the notices, and when each row is next to be
looked at. Twice, in parallel or after a week without a sweep, nobody is told anything twice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.audit import Oneself
from accounts.models import User
from common.bulk import write_each
from common.country import current
from common.marks import Subject
from deadlines import kinds
from deadlines.choices import DeadlineAct, Stage, Urgency
from deadlines.models import Deadline, DeadlineEvent, Reminder
from deadlines.notifications import deadline_notice
from deadlines.services.absences import deputies
from deadlines.services.clocks import SUBJECT
from deadlines.services.notices import Telling, notify_each
from deadlines.stages import Step, is_belated, step_after

logger = logging.getLogger(__name__)

SWEEP = Oneself(None, "sweep")
BATCH = 200
BATCHES = 200
"""At most so many in one run of the sweep; the rest a minute later."""
TRY_AGAIN = timedelta(hours=1)
TOP = 10
"""No ladder is climbed further."""


@dataclass(frozen=True)
class _Told:
    """One row's stage and whom it reaches."""

    row: Deadline
    step: Step
    users: frozenset[int]
    is_bound: bool
    """Those it binds; else those who answer for it, perhaps in another organisation."""


def remind(at: datetime) -> int:
    """The sweep's part: how many stages were told. With nothing due it reads one small index."""
    told = 0
    for _batch in range(BATCHES):
        taken, reached = _remind_batch(at)
        told += reached
        if not taken:
            break
    return told


def _remind_batch(at: datetime) -> tuple[int, int]:
    """How many rows were taken, and for how many of them there was something to tell."""
    with transaction.atomic():
        # The lock holds until the commit, so a claim needs no lease; rows another sweep holds are
        # passed over. On SQLite the transaction is the lock.
        due = Deadline.objects.with_stage_due(at)
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        if not rows:
            return 0, 0
        people = _people(rows, at)
        told = []
        for row in rows:
            assert row.next_at is not None  # noqa: S101 - that is what it was found by
            step = Step(Stage(row.next_stage), row.next_at, row.next_rung)
            told += _take(row, step, people, at)
        active = _active(user for each in told for user in each.users)
        _write(told, active, at)
        write_each(rows, ["next_stage", "next_rung", "next_at", "met_at"])
    return len(rows), len(told)


def _take(
    row: Deadline, step: Step, people: dict[Deadline, frozenset[int]], at: datetime
) -> list[_Told]:
    """Whom the stage reaches; the row is set to what comes next."""
    if step.stage is Stage.AFTER and not row.can_be_late:
        _come_to_its_end(row, at)
        return []
    users = people[row]
    is_bound = step.stage is not Stage.ESCALATE and bool(users)
    if not is_bound:
        ladder = _ladder(row, at)
        if ladder is None:
            row.next_at = at + TRY_AGAIN
            return []
        if step.stage is Stage.ESCALATE:
            if step.rung > min(len(ladder), TOP):
                row.next_stage, row.next_rung, row.next_at = "", 0, None
                return []
            users = frozenset(ladder[step.rung - 1])
        else:
            # Nobody holds the role any more: better the first who answers for it than nobody.
            users = frozenset(next((rung for rung in ladder if rung), ()))
    kind = kinds.kind_of(row.kind)
    following = step_after(
        step,
        starts_at=row.starts_at,
        due_at=row.due_at,
        climbs_every=kind.climbs_every if kind else kinds.CLIMBS_EVERY,
        zone=current().time_zone,
    )
    row.next_stage, row.next_rung, row.next_at = following.stage, following.rung, following.at
    return [_Told(row, step, users, is_bound)]


def _come_to_its_end(row: Deadline, at: datetime) -> None:
    """A period that protected somebody, or held an act back, is over; nobody is late."""
    row.met_at = row.due_at
    row.next_stage, row.next_rung, row.next_at = "", 0, None
    DeadlineEvent.objects.create(
        deadline=row, act=DeadlineAct.ENDED, at=at, due_before=row.due_at, due_after=row.due_at
    )


def _ladder(row: Deadline, at: datetime) -> list[list[int]] | None:
    """The kind's ladder; None when asking failed, which must not keep others from being told."""
    kind = kinds.kind_of(row.kind)
    if kind is None or kind.escalation is kinds.nobody:
        return []
    try:
        with transaction.atomic():
            return kinds.ladder_of(row, at)
    except Exception as error:
        logger.error("Ladder of %s failed: %s", row.kind, type(error).__name__)
        return None


def _write(told: list[_Told], active: frozenset[int], at: datetime) -> None:
    reminders, tellings = [], []
    for each in told:
        row, step, users = each.row, each.step, each.users & active
        reminders += [
            Reminder(
                deadline=row,
                stage=step.stage,
                rung=step.rung,
                for_due_at=row.due_at,
                recipient_id=user,
                at=at,
            )
            for user in sorted(users)
        ]
        kind = kinds.kind_of(row.kind)
        tellings.append(
            Telling(
                users,
                deadline_notice(step.stage, is_belated=is_belated(step, due_at=row.due_at, at=at)),
                Subject(SUBJECT, row.uuid),
                # Of the subject, not the row: somebody in two groups it binds is told once.
                f"{row.kind}:{row.subject_uuid}:{step.stage}{step.rung}:{row.due_at:%Y%m%d%H%M%S}",
                urgency=_urgency(step, kind),
                organisation_uuid=row.organisation_uuid if each.is_bound else None,
            )
        )
    Reminder.objects.bulk_create(reminders, ignore_conflicts=True)
    notify_each(tellings, by=SWEEP, at=at)


def _urgency(step: Step, kind: kinds.DeadlineKind | None) -> Urgency:
    """Only what is over or nearly so may be worth a mail of its own, where its kind says so."""
    return kind.urgency if kind and step.stage is not Stage.BEFORE else Urgency.DIGEST


def _people(rows: list[Deadline], at: datetime) -> dict[Deadline, frozenset[int]]:
    """Whom each row binds now and may still sign in, with those who stand in for them, as far as
    they may know of what it is about.

    At most three queries, and those of the kinds that ask.
    """
    groups = {row.group_id for row in rows if row.group_id}
    members: dict[int | None, set[int]] = defaultdict(set)
    if groups:
        through = User.groups.through.objects.filter(group_id__in=groups, user__is_active=True)
        for group, user in through.values_list("group_id", "user_id"):
            members[group].add(user)
    single = {row.user_id for row in rows if row.user_id}
    active = _active(single) if single else frozenset()
    bound = {
        row: frozenset(members[row.group_id]) if row.group_id else active & {row.user_id}
        for row in rows
    }
    standing_in = deputies(frozenset().union(*bound.values()), at=at)
    people = {row: users | _deputies(row, users, standing_in) for row, users in bound.items()}
    return kinds.to_tell(people, at)


def _deputies(
    row: Deadline,
    users: frozenset[int],
    standing_in: Mapping[tuple[int, UUID], frozenset[int]],
) -> frozenset[int]:
    """Only in the organisation the row is for: elsewhere they are no colleagues."""
    here = row.organisation_uuid
    if here is None:
        return frozenset()
    return frozenset().union(*(standing_in.get((user, here), frozenset()) for user in users))


def _active(users: Iterable[int]) -> frozenset[int]:
    """Those who may still sign in. One query."""
    found = User.objects.filter(pk__in=set(users), is_active=True)
    return frozenset(found.values_list("pk", flat=True))
