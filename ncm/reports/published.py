"""A quarter's figures as they are printed: in full for the circle of the parties, or protected.

Says which categories are put together, which tables share a margin and which figures stand inside
which others; the arithmetic is in `ncm/reports/disclosure.py`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.fields import SEPARATOR
from ncm.reports.disclosure import Margin, Value, protect, protect_pairs, together
from ncm.reports.periods import Quarter
from ncm.reports.quarterly import AGE, DECISIONS, ONE_WAY, TWO_WAY, UNKNOWN, Figures
from referrals.choices import Outcome

OTHERS = "OTHERS"
"""Small categories put together; no code list of ours has it."""
#: Dimensions with many small categories: those are put together, not withheld one by one.
POOLED = ("exploitation_type", "nationality")
RESPONDER, RESPONDER_TYPE = "first_responder", "first_responder_type"

Cells = Mapping[str, Value]


@dataclass(frozen=True)
class Decided:
    """One stage's decisions: by age, by outcome, and by both (age → outcome)."""

    ages: Margin
    outcomes: Margin
    cells: Mapping[str, Cells]


@dataclass(frozen=True)
class Published:
    """Every figure that a report of the quarter prints; nothing else is known outside this module.

    `minimum` is None where nothing is withheld. In `two_way` a pair that is missing is zero.
    """

    quarter: Quarter
    minimum: int | None
    total: Value
    one_way: Mapping[str, Cells]
    two_way: Mapping[str, Mapping[str, Cells]]
    decisions: Mapping[str, Decided]
    ages: Mapping[Quarter, Margin]
    has_history: bool
    all_history: bool

    def tables(self) -> dict[str, Any]:
        """The tables by name in the shape of `quarterly.tables`."""
        named: dict[str, Any] = {"quarter": str(self.quarter), "referrals_total": self.total}
        named |= {f"referrals_by_{name}": dict(cells) for name, cells in self.one_way.items()}
        named |= {
            f"referrals_by_{name}": {outer: dict(cells) for outer, cells in rows.items()}
            for name, rows in self.two_way.items()
        }
        for table, stage in DECISIONS:
            decided = self.decisions.get(stage)
            rows = decided.cells if decided else {}
            named[table] = {age: dict(cells) for age, cells in rows.items()}
        return named


def in_full(figures: Figures) -> Published:
    """Every figure, for the circle of the parties only."""
    return Published(
        minimum=None,
        one_way={name: figures.one_way(name) for name in ONE_WAY},
        two_way={name: figures.two_way(outer, inner) for name, outer, inner in TWO_WAY},
        decisions={
            stage: Decided(_margin(_by_age(ages)), _margin(_by_outcome(ages)), ages)
            for stage, ages in figures.decisions.items()
        },
        ages={quarter: _margin(cells) for quarter, cells in figures.ages.items()},
        total=figures.total,
        **_marks(figures),
    )


def protected(figures: Figures, minimum: int) -> Published:
    """What may be printed for anybody."""
    named = {name: _pool(figures.one_way(name), minimum) for name in POOLED}
    margins = {
        name: protect(_renamed(figures.one_way(name), named.get(name, {})), minimum)
        for name in ONE_WAY
        if name != RESPONDER
    }
    margins[RESPONDER] = _responders(figures, margins[RESPONDER_TYPE], minimum)
    return Published(
        minimum=minimum,
        one_way={name: margins[name].cells for name in ONE_WAY},
        two_way={
            name: _two_way(figures, named, margins, (outer, inner), minimum)
            for name, outer, inner in TWO_WAY
        },
        decisions={stage: _decided(ages, minimum) for stage, ages in figures.decisions.items()},
        ages={quarter: protect(cells, minimum) for quarter, cells in figures.ages.items()},
        total=margins[AGE].total,
        **_marks(figures),
    )


def _marks(figures: Figures) -> dict[str, Any]:
    return {
        "quarter": figures.quarter,
        "has_history": figures.imported > 0,
        "all_history": figures.imported == figures.total,
    }


def _margin(counts: Mapping[str, int]) -> Margin:
    return Margin(sum(counts.values()), counts)


def _by_age(ages: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {age: sum(cells.values()) for age, cells in ages.items()}


def _by_outcome(ages: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {
        outcome: sum(cells.get(outcome, 0) for cells in ages.values()) for outcome in Outcome.values
    }


def _pool(counts: Mapping[str, int], minimum: int) -> dict[str, str]:
    """Small categories → `OTHERS`. The unknown ones stay by themselves as long as they can."""
    return dict.fromkeys(together(counts, minimum, last=[UNKNOWN]), OTHERS)


def _renamed(counts: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    cells: Counter[str] = Counter()
    for key, count in counts.items():
        cells[names.get(key, key)] += count
    return dict(cells)


def _two_way(
    figures: Figures,
    named: Mapping[str, Mapping[str, str]],
    margins: Mapping[str, Margin],
    dimensions: tuple[str, str],
    minimum: int,
) -> dict[str, Cells]:
    outer, inner = dimensions
    counts: Counter[tuple[str, str]] = Counter()
    for keys, number in figures.referrals:
        pair = [named.get(name, {}).get(keys[name], keys[name]) for name in dimensions]
        counts[pair[0], pair[1]] += number
    return _nested(protect_pairs(counts, margins[outer], margins[inner], minimum))


def _nested(pairs: Mapping[tuple[str, str], Value]) -> dict[str, Cells]:
    rows: dict[str, dict[str, Value]] = {}
    for (row, column), value in sorted(pairs.items()):
        rows.setdefault(row, {})[column] = value
    return dict(rows)


def _decided(ages: Mapping[str, Mapping[str, int]], minimum: int) -> Decided:
    by_age, by_outcome = protect(_by_age(ages), minimum), protect(_by_outcome(ages), minimum)
    pairs = {(age, outcome): n for age, cells in ages.items() for outcome, n in cells.items()}
    return Decided(by_age, by_outcome, _nested(protect_pairs(pairs, by_age, by_outcome, minimum)))


def _responders(figures: Figures, types: Margin, minimum: int) -> Margin:
    """Referrals by organisation. Everybody knows an organisation's type, so each stands inside it.

    The small ones of a type are put together, all of them where the type's own figure is withheld.
    An organisation that referred as two types is among the others of both: its figure would be a
    link between them.
    """
    inside: dict[str, Counter[str]] = {}
    for keys, number in figures.referrals:
        inside.setdefault(keys[RESPONDER_TYPE], Counter())[keys[RESPONDER]] += number
    of_types = Counter(name for names in inside.values() for name in names)
    several = {name for name, number in of_types.items() if number > 1}
    cells: Counter[str] = Counter()
    for kind, names in inside.items():
        if kind in types.withheld:
            cells[OTHERS] += sum(names.values())
            continue
        others = together(names, minimum, always=several)
        for name, number in names.items():
            cells[f"{OTHERS}{SEPARATOR}{kind}" if name in others else name] += number
    return protect(cells, minimum)
