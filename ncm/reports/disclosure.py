"""What may be printed of a table of counts, so that no printed figure gives a small one away.

The rule (ADR 0010): for every cell printed as "c", the smallest and the largest number that agree
with all that is printed lie at least the minimum apart. Works from the margins down: tables of one
dimension are settled first, and tables of two dimensions never reveal what their margins withhold.
Not here: which tables there are (`ncm/reports/published.py`), and what a reader knows from earlier
reports or from elsewhere.
"""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias

from common.charts import WITHHELD

Value: TypeAlias = int | str
"""A number, or `WITHHELD`."""
Pair: TypeAlias = tuple[str, str]

_REST = "\0rest"
"""All withheld categories of a dimension together, inside this module."""
_Node: TypeAlias = tuple[int, str]  # (0, row) or (1, column)


class NotProtected(RuntimeError):
    """The table cannot be printed under the rule; it must not be printed at all."""


@dataclass(frozen=True)
class Margin:
    """A table of one dimension as it is printed: its total, and each category's figure."""

    total: Value
    cells: Mapping[str, Value]

    @property
    def withheld(self) -> frozenset[str]:
        return frozenset(key for key, value in self.cells.items() if value == WITHHELD)


def together(
    counts: Mapping[str, int],
    minimum: int,
    *,
    always: Collection[str] = (),
    last: Collection[str] = (),
) -> frozenset[str]:
    """The categories that must share one fate, so that only their sum can be known.

    Those below the minimum and those in `always`, joined by the smallest others until their sum
    reaches the minimum; `last` are taken only when nothing else is left. Empty where every count is
    zero or large enough. The sum is below the minimum only when the sum of all is.
    """
    chosen = {key for key, count in counts.items() if 0 < count < minimum}
    chosen |= {key for key in always if counts.get(key)}
    others = [key for key, count in counts.items() if count and key not in chosen]
    for key in sorted(others, key=lambda key: (key in last, counts[key], key)):
        if not chosen or sum(counts[each] for each in chosen) >= minimum:
            break
        chosen.add(key)
    return frozenset(chosen)


def protect(counts: Mapping[str, int], minimum: int) -> Margin:
    """A table of one dimension, with zeros kept and `together` withheld.

    A withheld category may be anything from nothing to the sum of the withheld ones, which is at
    least the minimum. A total below the minimum is withheld itself.
    """
    total = sum(counts.values())
    if 0 < total < minimum:
        return Margin(WITHHELD, {key: count and WITHHELD for key, count in counts.items()})
    hidden = together(counts, minimum)
    return Margin(
        total, {key: WITHHELD if key in hidden else count for key, count in counts.items()}
    )


def protect_pairs(
    counts: Mapping[Pair, int], rows: Margin, columns: Margin, minimum: int
) -> dict[Pair, Value]:
    """A table of two dimensions between margins that `protect` gave for the same counts.

    Categories that a margin withholds are treated as one, whose margin everybody can work out and
    which is large enough; so nothing printed here divides what the margin keeps together, and any
    number of tables may share the margin. Returns every pair of a row and a column.
    """
    if WITHHELD in (rows.total, columns.total):
        return {
            (row, column): 0 if 0 in (row_value, column_value) else WITHHELD
            for row, row_value in rows.cells.items()
            for column, column_value in columns.cells.items()
        }
    row_of = {key: _REST if key in rows.withheld else key for key in rows.cells}
    column_of = {key: _REST if key in columns.withheld else key for key in columns.cells}
    merged: Counter[Pair] = Counter()
    for (row, column), count in counts.items():
        merged[row_of[row], column_of[column]] += count
    hidden = _Grid(merged, minimum).protect()
    return {
        (row, column): _printed(merged[pair], pair, hidden)
        for row in rows.cells
        for column in columns.cells
        for pair in [(row_of[row], column_of[column])]
    }


def _printed(count: int, pair: Pair, hidden: Collection[Pair]) -> Value:
    # A pair inside a rest is not printed even where the rest as a whole can be worked out, except
    # as zero: then everybody knows it to be zero.
    return WITHHELD if pair in hidden or (count and _REST in pair) else count


class _Grid:
    """A table of two dimensions whose margins are all known and each zero or at least the minimum.

    A hidden cell can rise or fall only along a closed walk over hidden cells, a row and a column in
    turn, one cell up and the next down: that leaves all margins as they are. How far it can go is
    a maximum flow between its row and its column, so the range of each cell is exact.
    """

    def __init__(self, counts: Mapping[Pair, int], minimum: int) -> None:
        self.minimum = minimum
        self.rows = sorted({row for (row, _column), count in counts.items() if count})
        self.columns = sorted({column for (_row, column), count in counts.items() if count})
        self.counts = {
            (row, column): counts.get((row, column), 0)
            for row in self.rows
            for column in self.columns
        }
        self.hidden = {pair for pair, count in self.counts.items() if 0 < count < minimum}

    def protect(self) -> set[Pair]:
        """The cells to withhold. Raises NotProtected.

        Each hidden cell is looked at once: hiding more never narrows a range. Hiding everything
        gives each cell a range of the smallest of its row, its column and what lies outside
        either, all at least the minimum, so a large enough range is always found.
        """
        waiting = deque(sorted(self.hidden))
        while waiting:
            more = sorted(self._widen(waiting.popleft()) - self.hidden)
            self.hidden.update(more)
            waiting.extend(more)
        return self.hidden

    def _widen(self, cell: Pair) -> set[Pair]:
        """Further cells to hide, cheapest first, until the cell's range is wide enough."""
        wanted = self.minimum
        down, _free = self._shift(cell, rises=False, wanted=wanted, may_hide=False)
        up, _free = self._shift(cell, rises=True, wanted=wanted - down, may_hide=False)
        if up + down >= wanted:
            return set()
        up, used = self._shift(cell, rises=True, wanted=wanted - down, may_hide=True)
        if up + down < wanted:
            down, more = self._shift(cell, rises=False, wanted=wanted - up, may_hide=True)
            used |= more
        if up + down < wanted:
            raise NotProtected("A margin is below the minimum.")
        return used

    def _shift(
        self, cell: Pair, *, rises: bool, wanted: int, may_hide: bool
    ) -> tuple[int, set[Pair]]:
        """How far, up to `wanted`, the cell can rise (or fall), and the cells this goes through."""
        row, column = (0, cell[0]), (1, cell[1])
        start, goal = (column, row) if rises else (row, column)
        wanted = wanted if rises else min(wanted, self.counts[cell])
        counts = dict(self.counts)
        moved, used = 0, set[Pair]()
        while moved < wanted:
            walk = self._walk(start, goal, cell, counts, used if may_hide else None)
            if walk is None:
                break
            step = min([wanted - moved, *(counts[pair] for pair, sign in walk if sign < 0)])
            for pair, sign in walk:
                counts[pair] += sign * step
                used.add(pair)
            moved += step
        return moved, used

    def _walk(
        self,
        start: _Node,
        goal: _Node,
        avoid: Pair,
        counts: Mapping[Pair, int],
        used: Collection[Pair] | None,
    ) -> list[tuple[Pair, int]] | None:
        """The cheapest walk: cells with +1 from a row to a column, -1 from a column to a row.

        A hidden or already used cell costs nothing; `used=None` allows hidden ones only.
        """
        reached: dict[_Node, list[tuple[Pair, int]]] = {}
        edge: list[tuple[int, int, _Node, list[tuple[Pair, int]]]] = [(0, 0, start, [])]
        while edge:
            cost, length, node, walk = heappop(edge)
            if node in reached:
                continue
            reached[node] = walk
            if node == goal:
                return walk
            side, name = node
            for other in self.columns if side == 0 else self.rows:
                pair = (name, other) if side == 0 else (other, name)
                ahead = (1 - side, other)
                if pair == avoid or ahead in reached or (side == 1 and not counts[pair]):
                    continue
                if pair in self.hidden or (used is not None and pair in used):
                    price = 0
                elif used is None:
                    continue
                else:
                    # What is lost with a figure grows with it, but slowly.
                    price = 1 + self.counts[pair].bit_length()
                sign = 1 if side == 0 else -1
                heappush(edge, (cost + price, length + 1, ahead, [*walk, (pair, sign)]))
        return None
