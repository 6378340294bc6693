"""Somebody who has the whole report and wants the withheld figures: exact linear programming.

Knows every printed cell, that rows, columns, pages and organisations add up as they must, and that
no count is negative. Knows nothing of how the report was made.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from common.charts import WITHHELD

Name = tuple[str, ...]
Sums = list[tuple[Name, list[Name]]]


class Attacker:
    """`cells` are the printed figures by name, `sums` say which cell is the sum of which."""

    def __init__(self, cells: Mapping[Name, int | str], sums: Sums) -> None:
        self.cells = cells
        self.unknown = [name for name, value in cells.items() if value == WITHHELD]
        self.rows: list[tuple[dict[int, int], int]] = []
        place = {name: number for number, name in enumerate(self.unknown)}
        for whole, parts in sums:
            row: dict[int, int] = defaultdict(int)
            known = 0
            for name, sign in [(whole, -1), *((part, 1) for part in parts)]:
                value = cells.get(name, 0)
                if isinstance(value, str):
                    row[place[name]] += sign
                else:
                    known -= sign * value
            row = {key: value for key, value in row.items() if value}
            assert row or not known, f"{whole} does not add up"
            if row:
                self.rows.append((row, known))

    def ranges(self) -> dict[Name, tuple[Fraction, Fraction | None]]:
        """The least and the greatest each withheld figure can be; None is without bound."""
        found: dict[Name, tuple[Fraction, Fraction | None]] = {}
        for members, rows in self._parts():
            program = _Program(rows)
            for number in members:
                least = program.least({number: Fraction(1)})
                most = program.least({number: Fraction(-1)})
                assert least is not None
                found[self.unknown[number]] = (least, None if most is None else -most)
        return found

    def _parts(self) -> list[tuple[list[int], list[tuple[dict[int, int], int]]]]:
        """Unknowns that no equation links are looked at apart."""
        parent = list(range(len(self.unknown)))

        def root(number: int) -> int:
            while parent[number] != number:
                number = parent[number]
            return number

        for row, _known in self.rows:
            first, *rest = row
            for number in rest:
                parent[root(number)] = root(first)
        members: dict[int, list[int]] = defaultdict(list)
        rows: dict[int, list[tuple[dict[int, int], int]]] = defaultdict(list)
        for number in range(len(self.unknown)):
            members[root(number)].append(number)
        for row, known in self.rows:
            rows[root(next(iter(row)))].append((row, known))
        return [(members[key], rows[key]) for key in members]


class _Program:
    """Linear programs over x ≥ 0 with the same equations: the simplex method in exact fractions."""

    def __init__(self, rows: list[tuple[dict[int, int], int]]) -> None:
        self.rows: list[dict[int, Fraction]] = []
        self.right: list[Fraction] = []
        self.basis: list[int] = []
        for number, (row, known) in enumerate(rows):
            sign = -1 if known < 0 else 1
            helper = -1 - number  # one helping variable an equation, to begin with
            made = {key: Fraction(sign * value) for key, value in row.items()}
            self.rows.append({**made, helper: Fraction(1)})
            self.right.append(Fraction(sign * known))
            self.basis.append(helper)
        away = self._solve({-1 - number: Fraction(1) for number in range(len(rows))})
        assert away == 0, "The printed figures contradict each other."
        self._drop_helpers()

    def least(self, aim: dict[int, Fraction]) -> Fraction | None:
        """The least value of the sum, or None where it has no bound."""
        return self._solve(aim)

    def _drop_helpers(self) -> None:
        for line in range(len(self.rows) - 1, -1, -1):
            if self.basis[line] >= 0:
                continue
            real = next((key for key, value in self.rows[line].items() if key >= 0 and value), None)
            if real is None:
                del self.rows[line], self.right[line], self.basis[line]
            else:
                self._pivot(line, real)
        self.rows = [{k: v for k, v in row.items() if k >= 0} for row in self.rows]

    def _solve(self, aim: dict[int, Fraction]) -> Fraction | None:
        cost, value = dict(aim), Fraction(0)
        for line, entering in enumerate(self.basis):
            if factor := cost.get(entering):
                value += factor * self.right[line]
                for key, number in self.rows[line].items():
                    cost[key] = cost.get(key, Fraction(0)) - factor * number
        while True:
            # Bland's rule: the first that helps, so that it never goes round in circles.
            entering_or_none = min((key for key, price in cost.items() if price < 0), default=None)
            if entering_or_none is None:
                return value
            entering = entering_or_none
            ratios = [
                (self.right[line] / row[entering], self.basis[line], line)
                for line, row in enumerate(self.rows)
                if row.get(entering, 0) > 0
            ]
            if not ratios:
                return None
            _ratio, _key, line = min(ratios)
            self._pivot(line, entering)
            factor = cost[entering]
            value += factor * self.right[line]
            for key, number in self.rows[line].items():
                cost[key] = cost.get(key, Fraction(0)) - factor * number

    def _pivot(self, line: int, entering: int) -> None:
        factor = self.rows[line][entering]
        if factor != 1:
            self.rows[line] = {key: value / factor for key, value in self.rows[line].items()}
            self.right[line] /= factor
        pivot = self.rows[line]
        for other, row in enumerate(self.rows):
            if other != line and (share := row.get(entering)):
                for key, value in pivot.items():
                    if left := row.get(key, Fraction(0)) - share * value:
                        row[key] = left
                    else:
                        row.pop(key, None)
                self.right[other] -= share * self.right[line]
        self.basis[line] = entering


def attack(document: Mapping[str, Any], types: Mapping[str, str]) -> Attacker:
    """An attacker with a report's JSON; `types` says what kind each organisation is known to be."""
    cells: dict[Name, int | str] = {}
    sums: Sums = []
    tables = {table["key"]: table for table in document["printed"]}
    for key, table in tables.items():
        across = [name for name, _words in table["columns"]]
        down = [row[0] for row in table["rows"]]
        for row in table["rows"]:
            for name, value in zip(across, row[2:], strict=True):
                _keep(cells, _cell(key, row[0], name), value)
        for name in across:
            parts = [_cell(key, row, name) for row in down if row != "TOTAL"]
            sums.append((_cell(key, "TOTAL", name), parts))
        if "TOTAL" in across:
            for row in down:
                parts = [_cell(key, row, name) for name in across if name != "TOTAL"]
                sums.append((_cell(key, row, "TOTAL"), parts))
    for quarter, trend in document["trend"].items():
        is_own = quarter == document["quarter"]
        total = ("referrals",) if is_own else ("then", quarter)
        _keep(cells, total, trend["total"])
        ages = {age: ("age_at_exploitation", age) if is_own else ("then", quarter, age)
                for age in trend["age_at_exploitation"]}  # fmt: skip
        for age, name in ages.items():
            _keep(cells, name, trend["age_at_exploitation"][age])
        sums.append((total, list(ages.values())))
    sums += _organisations(cells, types)
    return Attacker(cells, sums)


ACROSS = {
    "referrals_by_age_and_exploitation_type": ("age_at_exploitation", "exploitation_type"),
    "referrals_by_age_and_gender": ("age_at_exploitation", "gender"),
    "referrals_by_first_responder_type_and_nationality": ("first_responder_type", "nationality"),
    "referrals_by_first_responder_type_and_exploitation_type": (
        "first_responder_type",
        "exploitation_type",
    ),
}


def _cell(table: str, row: str, column: str) -> Name:
    """One name for one figure, in whatever table it stands."""
    if table.endswith("_decisions"):
        return (table, row, column)
    if table not in ACROSS:
        name = table.removeprefix("referrals_by_")
        return ("referrals",) if row == "TOTAL" else (name, row)
    outer, inner = ACROSS[table]
    if row == column == "TOTAL":
        return ("referrals",)
    if row == "TOTAL":
        return (outer, column)
    return (inner, row) if column == "TOTAL" else (table, row, column)


def _keep(cells: dict[Name, int | str], name: Name, value: int | str) -> None:
    assert cells.setdefault(name, value) == value, f"{name} is printed in two ways"


def _organisations(cells: Mapping[Name, int | str], types: Mapping[str, str]) -> Sums:
    """The organisations of each kind, with the others of that kind, make the kind's figure."""
    members: dict[str, list[Name]] = defaultdict(list)
    for name in [name for name in cells if name[0] == "first_responder"]:
        kind = name[1].partition("+")[2] if name[1].startswith("OTHERS") else types[name[1]]
        members[kind].append(name)
    joined = members.pop("", [])
    kinds = [name for name in cells if name[0] == "first_responder_type"]
    sums = [(kind, members[kind[1]]) for kind in kinds if members.get(kind[1])]
    left = [kind for kind in kinds if not members.get(kind[1])]
    # Others without a kind: those of all kinds of which no organisation is printed.
    return [*sums, *((whole, left) for whole in joined)]
