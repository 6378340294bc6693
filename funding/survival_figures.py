"""From answers to figures: what is computed once when a round closes, and what is never shown.

Pure: takes what was opened, gives figures, reads nothing. The rules (ADR 0028): no figure below the
country's least number of answers; a share of which fewer than `TAIL` organisations stand on one
side is given as a bound; parts of a mean in which fewer than `TAIL` take part are put together.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from funding.money_choices import SourceClass
from funding.survival_choices import GOVERNMENT, Bound
from funding.survival_questions import Answer, Question

TAIL = 3
"""So many must stand on either side: one of two could work out what the other answered."""
DOMINATES = Decimal("0.75")
"""From this part of a sum on, its share would be that of one organisation."""
MEAN, POOLED, TOGETHER = "government_mean", "government_pooled", "source_together"
SOURCE = "source_"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Figure:
    """One figure as it is kept: a share in whole per cent of a base, or why there is none."""

    code: str
    bound: Bound
    base: int | None = None
    share: int | None = None
    version: int = 0


@dataclass(frozen=True)
class Income:
    """What one organisation declared for a year, in one currency."""

    currency: str
    amounts: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.amounts.values(), Decimal(0))

    @property
    def government(self) -> Decimal:
        return sum((self.amounts.get(each, Decimal(0)) for each in GOVERNMENT), Decimal(0))

    def part(self, codes: Iterable[str]) -> Decimal:
        """The share of these classes in this organisation's income, between 0 and 1."""
        return sum((self.amounts.get(each, Decimal(0)) for each in codes), Decimal(0)) / self.total


def per_cent(part: Decimal | int, whole: Decimal | int) -> int:
    """In whole per cent, halves up."""
    return int((HUNDRED * part / whole).quantize(Decimal(1), ROUND_HALF_UP))


# --- yes and no -----------------------------------------------------------------------------------


def share(code: str, yes: int, base: int, *, least: int, version: int) -> Figure:
    """How many said yes, of all who answered this question."""
    if base < least:
        return Figure(code, Bound.WITHHELD, version=version)
    low = TAIL - 1
    if yes <= low:
        return Figure(code, Bound.AT_MOST, base, per_cent(low, base), version)
    if yes >= base - low:
        return Figure(code, Bound.AT_LEAST, base, per_cent(base - low, base), version)
    return Figure(code, Bound.EXACT, base, per_cent(yes, base), version)


def needs_figures(
    questions: Iterable[Question], answers: Iterable[Mapping[str, object]], *, least: int
) -> list[Figure]:
    """A figure for each question, or each thing to tick, on its own base."""
    given = list(answers)
    figures = []
    for question in questions:
        said = [each[question.code] for each in given if each.get(question.code)]
        if question.answer is Answer.YES_NO:
            yes = sum(answer == "yes" for answer in said)
            figures.append(
                share(question.code, yes, len(said), least=least, version=question.version)
            )
            continue
        for option, _words in question.options:
            ticked = sum(option in answer for answer in said if isinstance(answer, list))
            code = f"{question.code}.{option}"
            figures.append(share(code, ticked, len(said), least=least, version=question.version))
    return figures


# --- income ---------------------------------------------------------------------------------------


def income_figures(declared: Iterable[Income], *, least: int) -> list[Figure]:
    """The government's part, mean and pooled, and the mean part of the other sources.

    The mean counts every organisation alike; the pooled share counts every unit of money alike, in
    the currency most declared in, because no sum crosses currencies. They differ.
    """
    rows = [each for each in declared if each.total > 0]
    if len(rows) < least:
        return [Figure(MEAN, Bound.WITHHELD), Figure(POOLED, Bound.WITHHELD)]
    if not _both_sides(rows):
        return [Figure(MEAN, Bound.FEW, len(rows)), Figure(POOLED, Bound.FEW, len(rows))]
    mean = Figure(MEAN, Bound.EXACT, len(rows), _mean(rows, GOVERNMENT))
    return [mean, _pooled(rows, least), *_sources(rows)]


def _both_sides(rows: list[Income]) -> bool:
    """Whether enough have money of the government, and enough have other money."""
    with_public = sum(each.government > 0 for each in rows)
    with_other = sum(each.government < each.total for each in rows)
    return min(with_public, with_other) >= TAIL


def _mean(rows: list[Income], codes: Iterable[str]) -> int:
    wanted = list(codes)
    return per_cent(sum((each.part(wanted) for each in rows), Decimal(0)), len(rows))


def _pooled(rows: list[Income], least: int) -> Figure:
    by_currency: dict[str, list[Income]] = defaultdict(list)
    for each in rows:
        by_currency[each.currency].append(each)
    most = max(sorted(by_currency), key=lambda code: len(by_currency[code]))
    pool = by_currency[most]
    if len(pool) < least:
        return Figure(POOLED, Bound.WITHHELD)
    if not _both_sides(pool):
        return Figure(POOLED, Bound.FEW, len(pool))
    whole = sum((each.total for each in pool), Decimal(0))
    if max(each.total for each in pool) > DOMINATES * whole:
        return Figure(POOLED, Bound.ONE_RULES, len(pool))
    part = sum((each.government for each in pool), Decimal(0))
    return Figure(POOLED, Bound.EXACT, len(pool), per_cent(part, whole))


def _sources(rows: list[Income]) -> list[Figure]:
    """The mean part of every source but the State; those with too few givers put together.

    The State's two budgets are one here: apart, the smaller one would follow from the mean.
    """
    others = [code for code in SourceClass if code not in GOVERNMENT]
    holders = {
        code: {number for number, each in enumerate(rows) if each.amounts.get(code)}
        for code in others
    }
    few = [code for code in others if 0 < len(holders[code]) < TAIL]
    shown = [code for code in others if len(holders[code]) >= TAIL]
    # What is put together follows from the rest, so enough must stand behind it as well.
    while few and len(set[int]().union(*(holders[code] for code in few))) < TAIL and shown:
        smallest = min(shown, key=lambda code: (len(holders[code]), code))
        shown.remove(smallest)
        few.append(smallest)
    figures = [
        Figure(f"{SOURCE}{code}", Bound.EXACT, len(rows), _mean(rows, [code])) for code in shown
    ]
    if few:
        figures.append(Figure(TOGETHER, Bound.EXACT, len(rows), _mean(rows, few)))
    return figures
