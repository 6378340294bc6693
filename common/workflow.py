"""The engine behind every model that has a ``state``: a table of transitions and one ``apply``.

Here: the table, its checks, and the only code that assigns ``.state``. Not here: any app's table,
who may do what (injected as ``may``) and what an event row looks like (injected as ``event``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from common.marks import Actor, Decision, Permission

M = TypeVar("M", bound=models.Model)
Text = str | Promise

# No answer may be written into these: they belong to the engine or to the row's identity.
RESERVED = frozenset({"pk", "id", "uuid", "state", "version", "by", "at"})


class May(Protocol):
    """Answers who may; the answer never depends on the object's state."""

    def __call__(self, actor: Any, permission: Permission, obj: Any, /) -> Decision: ...


class Guard(Protocol):
    """Refuses for a reason of fact. ``answers`` is empty when a page only asks what is possible."""

    def __call__(
        self, obj: Any, /, *, by: Actor, at: datetime, answers: Mapping[str, Any]
    ) -> Refusal | None: ...


class WriteEvent(Protocol):
    """Writes and returns the one event row of a transition."""

    def __call__(
        self,
        obj: Any,
        transition: Transition,
        /,
        *,
        by: Actor,
        at: datetime,
        comment: str,
        old: str,
        new: str,
        answers: Mapping[str, Any],
    ) -> Any: ...


# Called as then(obj, event, by=…, at=…) inside the transaction, after the event is written.
Then = Callable[..., object]


@dataclass(frozen=True)
class Refusal:
    """What a guard returns when the facts stand against a transition: the reason, for the page."""

    reason: Text


class WorkflowError(Exception):
    """A transition that did not happen. ``str()`` is fit for the page and names no person."""


class NotAllowed(WorkflowError):
    """This actor may not do it."""


class NotPossible(WorkflowError):
    """Not from this state, or a guard refuses."""


class MissingAnswers(WorkflowError):
    """Required answers are absent or empty; ``names`` lists them in the table's order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(_("These answers are missing: %(names)s.") % {"names": ", ".join(names)})


class Stale(WorkflowError):
    """Somebody changed the row since the caller read it; ``current`` is the row as it is now."""

    def __init__(self, current: models.Model) -> None:
        self.current = current
        super().__init__(_("Somebody else changed this in the meantime. Compare and try again."))


@dataclass(frozen=True)
class Transition:
    """One row of a workflow table.

    ``from_`` and ``to`` take one state or several; with several targets ``chooses(obj, answers)``
    says which (a suspended referral goes back to where it was). ``asks`` are required answers and
    ``may_ask`` optional ones: an answer named like a field of the model is written to it, any other
    only reaches the guard and the event; ``comment`` is always accepted and goes to the event.
    ``stamps`` is the prefix of the ``_at``/``_by`` pair to write; without it, the new state's name.
    ``sets(obj, at)`` gives further columns that follow from the act, such as its local day.
    """

    name: str
    from_: str | tuple[str, ...]
    to: str | tuple[str, ...]
    permission: Permission
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    guard: Guard | None = None
    chooses: Callable[[Any, Mapping[str, Any]], str] | None = None
    then: tuple[Then, ...] = ()
    stamps: str = ""
    sets: Callable[[Any, datetime], Mapping[str, Any]] | None = None
    label: Text = ""
    follows: Text = ""

    def __post_init__(self) -> None:
        if reserved := RESERVED & {*self.asks, *self.may_ask}:
            raise ImproperlyConfigured(f"{self.name}: cannot ask for {sorted(reserved)}")
        if (len(self.targets) > 1) != (self.chooses is not None):
            raise ImproperlyConfigured(f"{self.name}: several targets and 'chooses' go together")

    @property
    def sources(self) -> tuple[str, ...]:
        return _states(self.from_)

    @property
    def targets(self) -> tuple[str, ...]:
        return _states(self.to)

    @property
    def title(self) -> str:
        return str(self.label) or _words(self.name).capitalize()

    def target(self, obj: models.Model, answers: Mapping[str, Any]) -> str:
        if self.chooses is None:
            return self.targets[0]
        chosen = str(self.chooses(obj, answers))
        if chosen not in self.targets:
            raise ImproperlyConfigured(f"{self.name}: {chosen!r} is not one of {self.targets}")
        return chosen


class Row(NamedTuple):
    """A transition in words, for the help page and ``docs/workflows.md``."""

    name: str
    from_: tuple[str, ...]
    to: tuple[str, ...]
    permission: str
    asks: tuple[str, ...]
    unless: str
    follows: str


class Workflow:
    """The transitions of one model, in the order in which people meet them.

    ``may(actor, permission, obj)`` answers who may; ``event(obj, transition, by=…, …)`` writes the
    event row. Neither is imported here, so that every app can bring its own.
    """

    def __init__(
        self, model_label: str, transitions: Iterable[Transition], *, event: WriteEvent, may: May
    ) -> None:
        self.model_label = model_label
        self.transitions = tuple(transitions)
        self._by_name = {each.name: each for each in self.transitions}
        self._event = event
        self._may = may
        if len(self._by_name) != len(self.transitions):
            raise ImproperlyConfigured(f"{model_label}: two transitions share a name")

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.model_label)

    def __getitem__(self, name: str) -> Transition:
        return self._by_name[name]

    def available(self, obj: models.Model, actor: Actor) -> list[tuple[Transition, Decision]]:
        """Every transition that leaves the present state, each with its decision.

        A false decision is kept, so that the page can say why a button is not there.
        """
        found: list[tuple[Transition, Decision]] = []
        for transition in self._leaving(_state(obj)):
            decision = self._may(actor, transition.permission, obj)
            if decision and transition.guard is not None:
                refusal = transition.guard(obj, by=actor, at=actor.at, answers={})
                decision = Decision(False, str(refusal.reason)) if refusal else decision
            found.append((transition, decision))
        return found

    def apply(
        self,
        obj: M,
        name: str,
        *,
        by: Actor,
        at: datetime,
        version: int | None = None,
        **answers: Any,
    ) -> M:
        """Move ``obj`` along the transition ``name`` and return the row as it was saved.

        One transaction: the row is locked and read again, checked, saved with its stamps, its event
        written, and what follows is done. The caller's ``obj`` is left as it was: use the result.
        Raises NotAllowed, Stale (``version`` is not the row's), NotPossible, MissingAnswers;
        TypeError for an answer the transition does not know.
        """
        transition = self._by_name[name]
        if obj._meta.label != self.model_label:
            raise TypeError(f"{self.model_label} has no transition for a {obj._meta.label}")
        comment = str(answers.get("comment") or "")
        with transaction.atomic():
            locked = type(obj)._base_manager.select_for_update(of=("self",))
            row = locked.filter(pk=obj.pk).first()
            if row is None:  # closed to them meanwhile, as the database sees it (common/rowlock)
                raise NotAllowed(_("This is not open to you."))
            # Who may comes first: what a row says now is not told to those who may not touch it.
            if not (decision := self._may(by, transition.permission, row)):
                raise NotAllowed(str(decision.reason))
            if version is not None and version != row.version:  # type: ignore[attr-defined]
                raise Stale(row)
            self._refuse_wrong_state(row, transition)
            _refuse_wrong_answers(transition, answers)
            if transition.guard is not None:
                refusal = transition.guard(row, by=by, at=at, answers=answers)
                if refusal is not None:
                    raise NotPossible(str(refusal.reason))
            answers.pop("comment", None)
            old, new = _state(row), transition.target(row, answers)
            written = _write(row, transition, new=new, by=by, at=at, answers=answers)
            row.save(update_fields=written)
            event = self._event(
                row, transition, by=by, at=at, comment=comment, old=old, new=new, answers=answers
            )
            for follow in transition.then:
                follow(row, event, by=by, at=at)
        return row

    def rows(self) -> list[Row]:
        """The table in words, one row per transition."""
        return [
            Row(
                name=each.title,
                from_=tuple(self._label(state) for state in each.sources),
                to=tuple(self._label(state) for state in each.targets),
                permission=str(each.permission),
                asks=tuple(_words(name) for name in each.asks),
                unless=_says(each.guard) if each.guard else "",
                follows=str(each.follows) or "; ".join(_says(step) for step in each.then),
            )
            for each in self.transitions
        ]

    def as_table(self) -> str:
        """The same rows as a Markdown table."""
        head = ["Act", "From", "To", "Who may", "Asks", "Guard", "What follows"]
        lines = [head, ["---"] * len(head)]
        for row in self.rows():
            cells = [cell if isinstance(cell, str) else ", ".join(cell) for cell in row]
            lines.append([cell.replace("|", "\\|") for cell in cells])
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"

    def assert_complete(self, states: Iterable[str], *, initial: str | None = None) -> None:
        """AssertionError unless the table names only ``states`` and reaches each of them.

        The walk begins at ``initial``, by default the default of the model's ``state`` field.
        """
        known = {str(state) for state in states}
        named = {s for each in self.transitions for s in (*each.sources, *each.targets)}
        if unknown := named - known:
            raise AssertionError(f"{self.model_label}: unknown states {sorted(unknown)}")
        reached = {initial or _state(self.model())}
        for _round in known:
            for each in self.transitions:
                if reached & set(each.sources):
                    reached |= set(each.targets)
        if unreached := known - reached:
            raise AssertionError(f"{self.model_label}: never reached {sorted(unreached)}")

    def _leaving(self, state: str) -> list[Transition]:
        return [each for each in self.transitions if state in each.sources]

    def _refuse_wrong_state(self, row: models.Model, transition: Transition) -> None:
        if _state(row) in transition.sources:
            return
        words = {
            "act": transition.title,
            "state": self._label(_state(row)),
            "possible": ", ".join(each.title for each in self._leaving(_state(row))),
        }
        if words["possible"]:
            raise NotPossible(
                _("“%(act)s” is not possible: the state is “%(state)s”. Possible: %(possible)s.")
                % words
            )
        raise NotPossible(
            _("“%(act)s” is not possible: the state is “%(state)s”, and it is final.") % words
        )

    def _label(self, state: str) -> str:
        labels = dict(self.model._meta.get_field("state").flatchoices)  # type: ignore[union-attr]
        return str(labels.get(state, state))


def _refuse_wrong_answers(transition: Transition, answers: Mapping[str, Any]) -> None:
    known = {*transition.asks, *transition.may_ask, "comment"}
    if unknown := set(answers) - known:
        raise TypeError(f"{transition.name} does not ask for {sorted(unknown)}")
    missing = tuple(name for name in transition.asks if _is_empty(answers.get(name)))
    if missing:
        raise MissingAnswers(missing)


def _write(
    row: models.Model,
    transition: Transition,
    *,
    new: str,
    by: Actor,
    at: datetime,
    answers: Mapping[str, Any],
) -> list[str]:
    """Put the new state, its stamps, the version and the answers on ``row``; name what changed."""
    values: dict[str, Any] = {name: v for name, v in answers.items() if _has_field(row, name)}
    values["state"] = new
    prefix = transition.stamps or new
    stamps = {f"{prefix}_at": at, f"{prefix}_by_id": by.user_id}
    values |= {name: value for name, value in stamps.items() if _has_field(row, name)}
    if transition.stamps and not values.keys() & stamps.keys():
        raise ImproperlyConfigured(f"{row._meta.label} has no {prefix}_at or {prefix}_by")
    if transition.sets is not None:
        values |= transition.sets(row, at)
    if _has_field(row, "version"):
        values["version"] = row.version + 1  # type: ignore[attr-defined]
    for name, value in values.items():
        setattr(row, name, value)
    return list(values)


def _has_field(row: models.Model, name: str) -> bool:
    try:
        return bool(row._meta.get_field(name).concrete)
    except FieldDoesNotExist:
        return False


def _state(obj: models.Model) -> str:
    return str(obj.state)  # type: ignore[attr-defined]


def _states(value: str | tuple[str, ...]) -> tuple[str, ...]:
    # A TextChoices member is a str; a tuple of them is not.
    return (str(value),) if isinstance(value, str) else tuple(str(each) for each in value)


def _is_empty(value: Any) -> bool:
    # False and 0 are answers.
    return value is None or value in ([], (), {}) or (isinstance(value, str) and not value.strip())


def _words(name: str) -> str:
    return name.replace("_", " ")


def _says(function: Any) -> str:
    """The first line of a function's docstring, or its name in words."""
    doc = (getattr(function, "__doc__", None) or "").strip()
    return doc.split("\n")[0].rstrip(".") or _words(getattr(function, "__name__", ""))
