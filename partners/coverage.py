"""Which delegated duties are covered where: by agreements that hold, and which no longer are.

A duty is expected where an agreement ever gave it to somebody; it is uncovered where none of those
that hold today reaches the place. The State stays responsible throughout.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, Subquery, When

from partners.deed_choices import IN_FORCE, STATE_DOES_NOT_PAY, AgreementState, Duty
from partners.models import Agreement, DelegatedDuty

HOLDS = Q(agreement__state__in=IN_FORCE)
BEGINS = Q(agreement__state=AgreementState.SIGNED)


@dataclass
class Place:
    """One duty in one area: until when it is covered, since when it is not, and what comes."""

    duty: Duty
    area: str
    path: str
    covered_until: date | None
    uncovered_since: datetime | None
    begins_on: date | None
    unpaid: int
    key: int
    #: Covered by an agreement for a larger area only.
    is_from_above: bool = False
    agreement: Agreement | None = None
    carried_by: str = ""

    @property
    def is_covered(self) -> bool:
        return self.covered_until is not None


def places(actor: Any) -> list[Place]:
    """Every duty and area of the agreements this actor sees, uncovered ones first. Two queries.

    Whether a place is covered is told by all agreements; which those are, only of visible ones.
    """
    seen = DelegatedDuty.objects.ever_held().visible_to(actor).values_list("duty", "area")
    expected = set(seen.order_by().distinct())
    known = [
        _place(row)
        for row in _rows()
        if (row["duty"], row["area"]) in expected or row["covered_until"] is not None
    ]
    _cover_from_above(known)
    wanted = [place for place in known if (place.duty, place.key) in expected]
    return sorted(wanted, key=lambda each: (each.is_covered, each.duty.label, each.path))


def _rows() -> Iterable[dict[str, Any]]:
    """One row for each duty and area, whatever the number of agreements."""
    grouped = DelegatedDuty.objects.ever_held().values("duty", "area", "area__name", "area__path")
    return grouped.order_by("duty", "area__path").annotate(
        covered_until=Max(Case(When(HOLDS, then=F("agreement__ends_on")))),
        ended_at=Max(Case(When(~HOLDS & ~BEGINS, then=F("agreement__over_at")))),
        begins_on=Min(Case(When(BEGINS, then=F("agreement__from_on")))),
        unpaid=Count("pk", filter=HOLDS & Q(funding__in=STATE_DOES_NOT_PAY)),
    )


def _place(row: dict[str, Any]) -> Place:
    return Place(
        duty=Duty(row["duty"]),
        area=row["area__name"],
        path=row["area__path"],
        covered_until=row["covered_until"],
        uncovered_since=None if row["covered_until"] else row["ended_at"],
        begins_on=row["begins_on"],
        unpaid=row["unpaid"],
        key=row["area"],
    )


def _cover_from_above(known: list[Place]) -> None:
    """What holds for a larger area holds for every part of it."""
    whole = [place for place in known if place.is_covered]
    for place in known:
        if place.is_covered:
            continue
        above = [
            each.covered_until
            for each in whole
            if each.duty == place.duty and place.path.startswith(each.path) and each.covered_until
        ]
        if above:
            place.covered_until, place.uncovered_since = max(above), None
            place.is_from_above = True


def agreements_of(actor: Any, wanted: list[Place]) -> None:
    """Put beside each place the visible agreement that lasts, or lasted, longest. One query."""
    rows = DelegatedDuty.objects.ever_held().visible_to(actor)
    latest = rows.filter(duty=OuterRef("duty"), area=OuterRef("area")).order_by(
        "-agreement__ends_on", "-pk"
    )
    last = rows.filter(pk=Subquery(latest.values("pk")[:1]))
    found = {(row.duty, row.area_id): row for row in last.select_related("agreement", "carried_by")}
    for place in wanted:
        row = found.get((place.duty.value, place.key))
        if row is not None:
            place.agreement, place.carried_by = row.agreement, row.carried_by.display_name
