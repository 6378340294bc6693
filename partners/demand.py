"""How many places were asked for, found, refused and why: from searches and holds, nobody in them.

Figures for the circle of the parties. What is published goes through the reports.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from partners.choices_places import HoldState, PlaceType, RefusalReason, RequestEnd, Who
from partners.models import PlaceCount, PlaceHold, PlaceRequest

ENDS = (RequestEnd.FOUND, RequestEnd.ELSEWHERE, RequestEnd.NONE, RequestEnd.NOT_NEEDED)


@dataclass(frozen=True)
class Line:
    """One row: a label with asked, found, found elsewhere, not found, still open."""

    label: str
    asked: int
    found: int
    elsewhere: int
    none: int
    open: int


@dataclass(frozen=True)
class Demand:
    """What was asked from one moment to another, and what stands now."""

    total: Line
    by_who: list[Line]
    by_area: list[Line]
    refused: list[tuple[str, int]]
    without_offer: int
    waiting: int
    places: list[tuple[str, int, int]]


def demand(*, since: datetime, until: datetime, at: datetime, home: Any = None) -> Demand:
    """Everything from `since` up to `until`; of one organisation's houses only with `home`.

    Seven queries however many searches there are.
    """
    asked = PlaceRequest.objects.filter(asked_at__gte=since, asked_at__lt=until)
    holds = PlaceHold.objects.filter(held_at__gte=since, held_at__lt=until)
    counts = PlaceCount.objects.filter(offer__ended_at__isnull=True, total__gt=0)
    if home is not None:
        holds = holds.filter(count__offer__organisation=home)
        asked = asked.filter(Exists(holds.filter(request=OuterRef("pk"))))
        counts = counts.filter(offer__organisation=home)
    kept = PlaceHold.objects.live(at).filter(request=OuterRef("pk"), state=HoldState.ACCEPTED)
    by_who = [_line(str(Who(row["who"]).label), row) for row in _sums(asked, "who")]
    by_area = [
        _line(row["area__name"] or _("The whole country"), row)
        for row in _sums(asked, "area__name")
    ]
    refused = holds.filter(state=HoldState.REFUSED).values("reason").order_by("reason")
    standing: dict[str, list[int]] = {}
    for count in counts.with_available(at):
        sums = standing.setdefault(count.place_type, [0, 0])
        sums[0] += count.total
        sums[1] += count.available  # type: ignore[attr-defined]
    return Demand(
        total=_line(_("All"), _totals(by_who)),
        by_who=by_who,
        by_area=by_area,
        refused=[
            (str(RefusalReason(row["reason"]).label), row["number"])
            for row in refused.annotate(number=Count("pk"))
        ],
        without_offer=asked.filter(found=0).count(),
        waiting=asked.open().filter(~Exists(kept)).count(),
        places=[(str(t.label), *standing[t.value]) for t in PlaceType if t.value in standing],
    )


@dataclass(frozen=True)
class OwnLine:
    """One row: a label with how often a house was asked, and what it said."""

    label: str
    asked: int
    waiting: int
    accepted: int
    refused: int
    without_answer: int


@dataclass(frozen=True)
class OwnDemand:
    """What one organisation's houses were asked, and what they answered."""

    total: OwnLine
    by_type: list[OwnLine]
    refused: list[tuple[str, int]]


def own_demand(*, home: Any, since: datetime, until: datetime) -> OwnDemand:
    """What was held in the houses of one organisation, and what it said. Two queries.

    Given back by whoever held it counts as asked and as nothing else: the house did not answer.
    """
    holds = PlaceHold.objects.filter(
        held_at__gte=since, held_at__lt=until, count__offer__organisation=home
    )
    counted = {state.value: Count("pk", filter=Q(state=state)) for state in HoldState}
    rows = list(holds.values("count__place_type").annotate(asked=Count("pk"), **counted).order_by())
    by_type = {row["count__place_type"]: row for row in rows}
    refused = holds.filter(state=HoldState.REFUSED).values("reason").order_by("reason")
    lines = [_own(str(t.label), by_type[t.value]) for t in PlaceType if t.value in by_type]
    names = ("asked", "waiting", "accepted", "refused", "without_answer")
    sums = {name: sum(getattr(line, name) for line in lines) for name in names}
    return OwnDemand(
        total=OwnLine(label=_("All"), **sums),
        by_type=lines,
        refused=[
            (str(RefusalReason(row["reason"]).label), row["number"])
            for row in refused.annotate(number=Count("pk"))
        ],
    )


def _own(label: str, row: Any) -> OwnLine:
    return OwnLine(
        label=label,
        asked=row["asked"],
        waiting=row[HoldState.HELD],
        accepted=row[HoldState.ACCEPTED] + row[HoldState.TAKEN],
        refused=row[HoldState.REFUSED],
        without_answer=row[HoldState.LAPSED],
    )


def _sums(asked: Any, column: str) -> Any:
    counted = {f"ended_{end.value}": Count("pk", filter=Q(end=end)) for end in ENDS}
    rows = asked.values(column).annotate(asked=Count("pk"), **counted)
    return rows.annotate(open=Count("pk", filter=Q(end=""))).order_by(column)


def _line(label: str, row: Any) -> Line:
    return Line(
        label,
        row["asked"],
        row["ended_found"],
        row["ended_elsewhere"],
        row["ended_none"] + row["ended_not_needed"],
        row["open"],
    )


def _totals(lines: list[Line]) -> dict[str, int]:
    return {
        "asked": sum(line.asked for line in lines),
        "ended_found": sum(line.found for line in lines),
        "ended_elsewhere": sum(line.elsewhere for line in lines),
        "ended_none": sum(line.none for line in lines),
        "ended_not_needed": 0,
        "open": sum(line.open for line in lines),
    }
