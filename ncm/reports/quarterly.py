"""The quarter's figures: one pass over the referrals and one over the decisions, then tables.

Counts are of referrals received, and of decisions made, on days of the quarter in the country's
time zone; as known when asked. A person referred twice is two referrals. Notices without identity
and drafts are not referrals. Not here: what may leave the house (`ncm/reports/published.py`).
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When
from django.db.models.functions import ExtractQuarter, ExtractYear

from common.rowlock import beyond_sight
from ncm.reports.periods import Quarter
from referrals.choices import Origin, Outcome, StageCode
from referrals.models import Decision, Referral

Cells = dict[str, int]
"""A table of one dimension: code → number; several codes of one referral are joined by "+"."""

UNKNOWN = "UNKNOWN"
TREND = 5
"""How many quarters the trend shows; the first is the same quarter of the year before."""

#: What each dimension of the pass is called in the tables.
DIMENSIONS = {
    "first_responder_type": "responder_type",
    "first_responder": "first_responder__name",
    "exploitation_type": "exploitation",
    "age_at_exploitation": "age_at_exploitation",
    "gender": "gender",
    "nationality": "nationalities",
}
AGE = "age_at_exploitation"
#: Tables of one dimension and of two, in the order in which the report prints them.
ONE_WAY = tuple(DIMENSIONS)
TWO_WAY = (
    ("age_and_exploitation_type", "age_at_exploitation", "exploitation_type"),
    ("age_and_gender", "age_at_exploitation", "gender"),
    ("first_responder_type_and_nationality", "first_responder_type", "nationality"),
    ("first_responder_type_and_exploitation_type", "first_responder_type", "exploitation_type"),
)
DECISIONS = (
    ("reasonable_grounds_decisions", StageCode.PRELIMINARY),
    ("conclusive_grounds_decisions", StageCode.CONCLUSIVE),
)


@dataclass(frozen=True)
class Figures:
    """Everything the report of a quarter is made of, in full."""

    quarter: Quarter
    referrals: tuple[tuple[dict[str, str], int], ...]
    """Each combination of codes that occurs, by dimension, with its number."""
    imported: int
    """How many of the quarter's referrals are imported history."""
    ages: dict[Quarter, Cells]
    """Referrals by age in the last quarters, oldest first; the last is the report's own."""
    decisions: dict[str, dict[str, Cells]]
    """Stage → age → outcome → number, both outcomes always."""

    @property
    def total(self) -> int:
        return sum(number for _keys, number in self.referrals)

    def one_way(self, name: str) -> Cells:
        """Referrals by one dimension."""
        cells: Counter[str] = Counter()
        for keys, number in self.referrals:
            cells[keys[name]] += number
        return dict(sorted(cells.items()))

    def two_way(self, outer: str, inner: str) -> dict[str, Cells]:
        """Referrals by two dimensions; what does not occur is left out."""
        cells: dict[str, Counter[str]] = {}
        for keys, number in self.referrals:
            cells.setdefault(keys[outer], Counter())[keys[inner]] += number
        return {key: dict(sorted(cells[key].items())) for key in sorted(cells)}


def tables(quarter: Quarter) -> dict[str, Any]:
    """Every table of the quarter, keyed by name; cells are keyed by code, combinations by "+"."""
    found = figures(quarter)
    named: dict[str, Any] = {"quarter": str(quarter), "referrals_total": found.total}
    for name in ONE_WAY:
        named[f"referrals_by_{name}"] = found.one_way(name)
    for table, outer, inner in TWO_WAY:
        named[f"referrals_by_{table}"] = found.two_way(outer, inner)
    for table, stage in DECISIONS:
        named[table] = found.decisions.get(stage, {})
    return named


@beyond_sight("figures of a quarter")
def figures(quarter: Quarter) -> Figures:
    """The figures of a quarter, in two queries whatever the number of tables."""
    trend = [quarter]
    while len(trend) < TREND:
        trend.insert(0, trend[0].previous())
    ages: dict[Quarter, Counter[str]] = {each: Counter() for each in trend}
    combinations: Counter[tuple[str, ...]] = Counter()
    imported = 0
    for row in _referrals(quarter, trend[0]):
        when = Quarter(row.pop("year"), row.pop("number_of_quarter"))
        number, of_history = row.pop("number"), row.pop("of_history")
        ages[when][row[AGE] or UNKNOWN] += number
        if when == quarter:
            combinations[tuple(row[_column(name)] or UNKNOWN for name in DIMENSIONS)] += number
            imported += of_history
    return Figures(
        quarter=quarter,
        referrals=tuple(
            (dict(zip(DIMENSIONS, keys, strict=True)), number)
            for keys, number in sorted(combinations.items())
        ),
        imported=imported,
        ages={when: dict(sorted(cells.items())) for when, cells in ages.items()},
        decisions=_decisions(quarter),
    )


def _referrals(quarter: Quarter, since: Quarter) -> Any:
    """Each combination that occurs in the quarter, and each age in the quarters before it."""
    detailed = {
        _column(name): Case(
            When(received_on__gte=quarter.first, then=F(column)),
            default=Value(""),
            output_field=CharField(),  # several codes stay the text they are kept as
        )
        for name, column in DIMENSIONS.items()
        if name != AGE
    }
    return (
        Referral.objects.counted()
        .filter(received_on__range=(since.first, quarter.last))
        .values(
            AGE,
            year=ExtractYear("received_on"),
            number_of_quarter=ExtractQuarter("received_on"),
            **detailed,
        )
        .annotate(number=Count("pk"), of_history=Count("pk", filter=Q(origin=Origin.HISTORICAL)))
        .order_by()
    )


def _column(dimension: str) -> str:
    """The name of a dimension in the pass; an annotation may not be called as a field is."""
    return AGE if dimension == AGE else f"{dimension}_now"


def _decisions(quarter: Quarter) -> dict[str, dict[str, Cells]]:
    """The quarter's decisions by stage, age and outcome, in one GROUP BY."""
    grouped = (
        Decision.objects.filter(decided_on__range=(quarter.first, quarter.last))
        .values("stage", "outcome", "referral__age_at_exploitation")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: dict[str, dict[str, Cells]] = {}
    for row in grouped:
        ages = found.setdefault(row["stage"], {})
        age = row["referral__age_at_exploitation"] or UNKNOWN
        cells = ages.setdefault(age, {each: 0 for each in Outcome.values})
        cells[row["outcome"]] += row["number"]
    return found
