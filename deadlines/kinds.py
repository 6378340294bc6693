"""The kinds of deadline: what each is called, where it leads, who is told when nobody acts.

A higher package registers its kinds in its `apps.py`; `deadlines.services.clocks` writes the rows.
How long one runs is no matter of the kind: that stands in the country profile.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.functional import Promise

from common.marks import Actor
from deadlines.choices import Urgency

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from deadlines.models import Deadline

Words = str | Promise
Link = Callable[[UUID], str]
Escalation = Callable[["Deadline"], list[list[int]]]
"""The ladder for one deadline: keys of users, rung by rung, each told after the one before."""
MayChange = Callable[[Actor, "Deadline"], bool]
"""Whether the actor, whom it binds, may give it more time or stop it."""
Moved = Callable[[Collection[UUID]], None]
"""Keeps in step what a higher package copied of these subjects' ends."""
People = Mapping["Deadline", frozenset[int]]
Tellable = Callable[[People, datetime], People]
"""Of the people each of these deadlines binds, or who answer for it, those who may be told that
there is something. A bounded number of queries, whatever their number."""
Subjects = Callable[[Actor], "QuerySet[Any]"]
"""The rows such deadlines are about that are open to the actor, as a subquery; a `uuid` names
each. For numbers, where no row can be asked about by itself."""
StillVisible = Callable[[Actor, Collection[UUID]], Mapping[UUID, str]]
"""Of these subjects, those the actor may still see, each with the reference it is known by (empty
for none, never a name). One query, whatever their number."""


@dataclass(frozen=True)
class DeadlineKind:
    """One kind of deadline.

    `climbs_every` is how long each rung of the ladder has before the next is told; the first is
    told that long after the end. `urgency` is that of the notices on the day and after it.
    `protects` says that the time is the person's own: a change of a rule never takes any of it
    away. `may_change` says who may extend or stop one, among those it binds. `moved` is called in
    the transaction that moved, stopped or extended deadlines of this kind, with their subjects.
    `tellable` and `subjects` are for kinds whose subjects are not open to the whole of a group.
    """

    code: str
    title: Words
    link: Link
    still_visible: StillVisible
    escalation: Escalation
    climbs_every: timedelta
    urgency: Urgency
    protects: bool
    may_change: MayChange
    moved: Moved
    tellable: Tellable
    subjects: Subjects | None


CLIMBS_EVERY = timedelta(days=2)
"""This platform's proposal, where a kind says nothing else."""

_kinds: dict[str, DeadlineKind] = {}


def nobody_may(actor: Actor, deadline: "Deadline") -> bool:
    """A date nobody gives more time to."""
    return False


def nothing_to_keep(subjects: Collection[UUID]) -> None:
    """Nobody copied the end."""


def everybody(people: People, at: datetime) -> People:
    """The whole of a group may know of what binds it."""
    return people


def nobody(deadline: "Deadline") -> list[list[int]]:
    """A ladder without rungs: those bound are told, and nobody else."""
    return []


def register(
    kind: str,
    *,
    title: Words,
    link: Link,
    still_visible: StillVisible,
    escalation: Escalation = nobody,
    climbs_every: timedelta = CLIMBS_EVERY,
    urgency: Urgency = Urgency.DIGEST,
    protects: bool = False,
    may_change: MayChange = nobody_may,
    moved: Moved = nothing_to_keep,
    tellable: Tellable = everybody,
    subjects: Subjects | None = None,
) -> None:
    """Make a kind of deadline known; the fields are those of DeadlineKind.

    Raises ValueError when the name is taken by another.
    """
    known = _kinds.get(kind)
    if known is not None and known.link is not link:
        raise ValueError(f"Two kinds of deadline are called {kind}.")
    _kinds[kind] = DeadlineKind(
        kind, title, link, still_visible, escalation, climbs_every, urgency, protects, may_change,
        moved, tellable, subjects,
    )  # fmt: skip


def kind_of(code: str) -> DeadlineKind | None:
    """The kind registered under this name, or None: a row may outlive the code that wrote it."""
    return _kinds.get(code)


def registered() -> tuple[DeadlineKind, ...]:
    """Every kind known, by name."""
    return tuple(_kinds[code] for code in sorted(_kinds))


def to_tell(people: People, at: datetime) -> dict["Deadline", frozenset[int]]:
    """Of the people of each deadline, those who may be told of it: each kind is asked once."""
    told = dict(people)
    for code in {row.kind for row in people}:
        kind = kind_of(code)
        if kind is not None and kind.tellable is not everybody:
            told |= kind.tellable({row: told[row] for row in people if row.kind == code}, at)
    return told


def ladder_of(deadline: "Deadline", at: datetime) -> list[list[int]]:
    """Those who answer for a deadline, rung by rung, as far as they may know of it."""
    kind = kind_of(deadline.kind)
    rungs = kind.escalation(deadline) if kind else []
    if kind is None or kind.tellable is everybody or not rungs:
        return rungs
    asked = frozenset(user for rung in rungs for user in rung)
    told = kind.tellable({deadline: asked}, at)[deadline]
    return [[user for user in rung if user in told] for rung in rungs]


def tell_moved(deadlines: "Collection[Deadline]") -> None:
    """Let each kind keep in step what was copied of these deadlines' ends."""
    by_kind: dict[str, set[UUID]] = {}
    for deadline in deadlines:
        by_kind.setdefault(deadline.kind, set()).add(deadline.subject_uuid)
    for code, subjects in by_kind.items():
        kind = kind_of(code)
        if kind is not None:
            kind.moved(subjects)


def seen(actor: Actor, deadlines: "Collection[Deadline]") -> dict[tuple[str, UUID], str]:
    """Of these deadlines' subjects, those the actor may still see, with their references.

    Keys are (kind, subject); one question for each kind. A kind no longer known is not shown.
    """
    asked: dict[str, set[UUID]] = {}
    for deadline in deadlines:
        asked.setdefault(deadline.kind, set()).add(deadline.subject_uuid)
    answers: dict[tuple[str, UUID], str] = {}
    for code, uuids in asked.items():
        kind = kind_of(code)
        if kind is not None:
            visible = kind.still_visible(actor, uuids)
            answers |= {(code, uuid): visible[uuid] for uuid in uuids if uuid in visible}
    return answers


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)
