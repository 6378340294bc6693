"""The quarter's figures: one pass over the referrals and one over the decisions, then tables.

Counts are of referrals received, and of decisions made, on days of the quarter in the country's
time zone; as known when asked. A person referred twice is two referrals. Notices without identity and
drafts are not referrals. Not here: what may leave the house (`ncm/reports/disclosure.py`).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Count

from common.fields import SEPARATOR
from ncm.reports.periods import Quarter
from referrals.choices import Outcome, StageCode
from referrals.models import Decision, Referral

Cells = dict[str, Any]
"""A table: cell key → number, or row key → (cell key → number)."""

UNKNOWN = "UNKNOWN"

#: What each dimension of the pass is called in the tables.
DIMENSIONS = {
    "first_responder_type": "responder_type",
    "first_responder": "first_responder__name",
    "exploitation_type": "exploitation",
    "age_at_exploitation": "age_at_exploitation",
    "gender": "gender",
    "nationality": "nationalities",
}
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


def tables(quarter: Quarter) -> dict[str, Any]:
    """Every table of the quarter, keyed by name; cells are keyed by code, combinations by "+"."""
    rows = _referrals(quarter)
    found: dict[str, Any] = {
        "quarter": str(quarter),
        "referrals_total": sum(number for _, number in rows),
    }
    for name in ONE_WAY:
        found[f"referrals_by_{name}"] = _one_way(rows, name)
    for table, outer, inner in TWO_WAY:
        found[f"referrals_by_{table}"] = _two_way(rows, outer, inner)
    decided = _decisions(quarter)
    for table, stage in DECISIONS:
        found[table] = decided.get(stage, {})
    return found


def _referrals(quarter: Quarter) -> list[tuple[dict[str, str], int]]:
    """Each combination that occurs, with its number, in one GROUP BY."""
    grouped = (
        Referral.objects.counted()
        .filter(received_on__range=(quarter.first, quarter.last))
        .values(*DIMENSIONS.values())
        .annotate(number=Count("pk"))
        .order_by()
    )
    return [
        ({name: _key(row[column]) for name, column in DIMENSIONS.items()}, row["number"])
        for row in grouped
    ]


def _key(value: Any) -> str:
    if isinstance(value, tuple):
        value = SEPARATOR.join(value)
    return str(value) or UNKNOWN


def _one_way(rows: Iterable[tuple[dict[str, str], int]], name: str) -> Cells:
    cells: Counter[str] = Counter()
    for keys, number in rows:
        cells[keys[name]] += number
    return dict(sorted(cells.items()))


def _two_way(rows: Iterable[tuple[dict[str, str], int]], outer: str, inner: str) -> Cells:
    cells: dict[str, Counter[str]] = {}
    for keys, number in rows:
        cells.setdefault(keys[outer], Counter())[keys[inner]] += number
    return {key: dict(sorted(cells[key].items())) for key in sorted(cells)}


def _decisions(quarter: Quarter) -> dict[str, Cells]:
    """stage → age → outcome → number, in one GROUP BY; both outcomes always stand."""
    grouped = (
        Decision.objects.filter(decided_on__range=(quarter.first, quarter.last))
        .values("stage", "outcome", "referral__age_at_exploitation")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: dict[str, Cells] = {}
    for row in grouped:
        ages = found.setdefault(row["stage"], {})
        cells = ages.setdefault(
            _key(row["referral__age_at_exploitation"]), {each: 0 for each in Outcome.values}
        )
        cells[row["outcome"]] += row["number"]
    return found
