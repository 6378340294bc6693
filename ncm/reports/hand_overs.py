"""How long referrals wait from one body to the next, per region, as it may be printed (ADR 0010).

Every report of a body is one line of the same tables, regions by bands, with the country's as their
margin: so those of two bodies, taken from each other, tell no more than each alone. No place inside
a region has figures of its own. Nothing that happened after the last quarter that has ended counts.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Max, Min, Q

from common.charts import WITHHELD
from common.rowlock import beyond_sight
from ncm.reports.disclosure import Margin, NotProtected, Pair, Value, protect, protect_pairs
from ncm.reports.periods import Quarter
from partners.choices import AreaLevel
from partners.models import Area
from referrals.models import Referral

QUARTERS = 4
BANDS = ((5, "within_5"), (30, "within_30"), (90, "within_90"))
OVER, NONE = "over_90", "none"
TO_FIRST, TO_LAST = "to_first", "to_last"
COLUMNS = (*(name for _days, name in BANDS), OVER, NONE)
_ELSEWHERE = ""
"""Of the rows: in no region, or in none that was said."""


@dataclass(frozen=True)
class Found:
    """In full. Pairs are (path of the region, band)."""

    to_first: Counter[Pair] = field(default_factory=Counter)
    to_last: Counter[Pair] = field(default_factory=Counter)
    """Of those decided once: by how long until the last decision; none yet."""
    quarters: Counter[str] = field(default_factory=Counter)


def region_path(path: str) -> str:
    """The path of the region that a path lies in; empty where it lies in none."""
    rows = Area.objects.filter(level=AreaLevel.REGION).values_list("path", flat=True)
    return next((each for each in rows if path.startswith(each)), _ELSEWHERE)


@beyond_sight("delays per hand-over in an area")
def found(on: date) -> Found:
    """Referrals of the last ended quarters: received to the first decision, and from the first to
    the last, as it stood when the last quarter ended. Two queries."""
    last = Quarter.of(on).previous()
    first = last
    for _n in range(QUARTERS - 1):
        first = first.previous()
    paths = list(Area.objects.filter(level=AreaLevel.REGION).values_list("path", flat=True))
    by_then = Q(decisions__decided_on__lte=last.last)
    rows = (
        Referral.objects.counted()
        .filter(received_on__range=(first.first, last.last))
        .annotate(
            first_on=Min("decisions__decided_on", filter=by_then),
            last_on=Max("decisions__decided_on", filter=by_then),
        )
        .values_list("region__path", "received_on", "first_on", "last_on")
    )
    made = Found()
    for path, received, first_on, last_on in rows:
        region = next((each for each in paths if (path or "").startswith(each)), _ELSEWHERE)
        made.quarters[str(Quarter.of(received))] += 1
        if first_on is None:
            made.to_first[region, NONE] += 1
            continue
        made.to_first[region, band(first_on - received)] += 1
        again = band(last_on - first_on) if last_on != first_on else NONE
        made.to_last[region, again] += 1
    return made


def band(waited: timedelta) -> str:
    return next((name for days, name in BANDS if waited.days <= days), OVER)


def printed(found: Found, region: str, minimum: int) -> dict[str, Margin]:
    """The two lines of a region, or of the country where it is empty."""
    first = _Table(found.to_first, minimum)
    # The report of a quarter prints its total, or withholds it: the year must not give it away.
    if any(0 < number < minimum for number in found.quarters.values()):
        first.withhold()
    line = first.line(region)
    second = _second(first, _Table(found.to_last, minimum))
    if second is None:
        # Nor what is zero: for whom the first is over is told by that too.
        total = _over(line)
        return {TO_FIRST: line, TO_LAST: Margin(total, dict.fromkeys(COLUMNS, total and WITHHELD))}
    return {TO_FIRST: line, TO_LAST: second.line(region)}


class _Table:
    """Regions by bands, with both margins."""

    def __init__(self, counts: Mapping[Pair, int], minimum: int) -> None:
        self.counts, self.minimum = counts, minimum
        sums: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        for (region, band), number in counts.items():
            sums[0][region] += number
            sums[1][band] += number
        self.rows, self.columns = protect(sums[0], minimum), protect(sums[1], minimum)

    def withhold(self) -> None:
        """Nothing is printed but what is zero."""
        self.rows, self.columns = (
            Margin(margin.total and WITHHELD,
                   {key: value and WITHHELD for key, value in margin.cells.items()})
            for margin in (self.rows, self.columns)
        )  # fmt: skip

    def pairs(self) -> dict[Pair, Value]:
        return protect_pairs(self.counts, self.rows, self.columns, self.minimum)

    def lines(self) -> dict[str, Margin]:
        """Each region's."""
        pairs = self.pairs()
        return {
            region: Margin(total, {band: pairs[region, band] for band in self.columns.cells})
            for region, total in self.rows.cells.items()
        }

    def line(self, region: str) -> Margin:
        return self.columns if region == _ELSEWHERE else self.lines().get(region, Margin(0, {}))


def _over(line: Margin) -> Value:
    """For how many the first hand-over is over, where what is printed of it says so."""
    bands = [value for name, value in line.cells.items() if name != NONE]
    if WITHHELD not in bands:
        return sum(int(value) for value in bands)
    whole, waiting = line.total, line.cells.get(NONE, 0)
    if isinstance(whole, str) or isinstance(waiting, str):
        return WITHHELD
    return whole - waiting


def _second(first: _Table, second: _Table) -> _Table | None:
    """The second hand-over is of those whose first is over: its totals are those of the first less
    who still waits, so where one of the two is not printed, neither are they. None where nothing
    of it can be."""
    if WITHHELD in (first.rows.total, first.columns.cells.get(NONE)):
        return None
    cells = {region: _over(line) for region, line in first.lines().items()}
    second.rows = Margin(second.rows.total, cells)
    try:
        second.pairs()
    except NotProtected:
        return None
    return second
