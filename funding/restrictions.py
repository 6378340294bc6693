"""How often grants come with clauses that restrict their recipients: figures for the mechanism.

By class and funder only; neither the clause, nor what was said against it, nor by whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from funding.models import Condition
from funding.terms_choices import HOLDS, RESTRICTIVE, ConditionKind, ConditionState, DataAsked

C = ConditionState
#: Which states each figure counts, in the order in which they are shown.
COUNTED: tuple[tuple[str, Sequence[str]], ...] = (
    ("hold", HOLDS),
    ("contested", (C.CONTESTED,)),
    ("upheld", (C.UPHELD,)),
    ("changed", (C.CHANGED,)),
    ("withdrawn", (C.WITHDRAWN,)),
)


@dataclass(frozen=True)
class Restricting:
    """Clauses of one class that one funder's grants have."""

    funder: str
    kind: ConditionKind
    numbers: tuple[int, ...]
    """As many as `COUNTED` has."""

    @property
    def holding(self) -> int:
        return self.numbers[0]


def by_class_and_funder() -> list[Restricting]:
    """Clauses that restrict, of awards that were ever in force. One query."""
    numbers = {name: Count("pk", filter=Q(state__in=list(states))) for name, states in COUNTED}
    rows = (
        Condition.objects.restrictive()
        .filter(award__in_force_at__isnull=False)
        .values("award__funder__name", "kind")
        .annotate(**numbers)
        .order_by("award__funder__name", "kind")
    )
    return [
        Restricting(
            row["award__funder__name"],
            ConditionKind(row["kind"]),
            tuple(row[name] for name, _states in COUNTED),
        )
        for row in rows
    ]


def by_class() -> dict[ConditionKind, int]:
    """How many clauses of each class hold now, every class named. One query."""
    rows = (
        Condition.objects.holding()
        .filter(award__in_force_at__isnull=False, kind__in=RESTRICTIVE)
        .values("kind")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found = {row["kind"]: row["number"] for row in rows}
    return {kind: found.get(kind, 0) for kind in RESTRICTIVE}


def demands_for_case_data() -> int:
    """How many clauses that recipients reported demand data about the people helped."""
    return Condition.objects.holding().filter(data=DataAsked.CASES).count()
