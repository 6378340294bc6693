"""Which P is covered where: activities of the plan, services and money, and where nothing is.

What reaches the whole country, or a larger area, reaches each region. Services and awards stand
under a P by their kind; a kind that a country adds stands under protection until it is named here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q

from funding.models import Award
from funding.money_choices import AwardState, FundingKind
from ncm.models import Activity
from ncm.plan_choices import FourP, PlanState
from partners.choices import AreaLevel, OrganisationState
from partners.models import Area, ServiceOffer

#: Kinds of service that are not protection, by their code.
OF_SERVICES: dict[str, FourP] = {
    "outreach": FourP.PREVENTION,
    "helpline": FourP.PREVENTION,
    "legal": FourP.PROSECUTION,
}
#: What money is meant for, where that is not protection.
OF_MONEY = {
    FundingKind.PREVENTION: FourP.PREVENTION,
    FundingKind.ECONOMIC_EMPOWERMENT: FourP.PREVENTION,
    FundingKind.TRAINING: FourP.PREVENTION,
    FundingKind.LEGAL_AID: FourP.PROSECUTION,
    FundingKind.NETWORKING: FourP.PARTNERSHIP,
    FundingKind.RESEARCH: FourP.PARTNERSHIP,
}
#: No service is partnership: a hole in services is none there.
HAS_SERVICES = (FourP.PREVENTION, FourP.PROTECTION, FourP.PROSECUTION)


@dataclass
class Cell:
    """One P in one region."""

    p: FourP
    region: str
    path: str
    activities: int = 0
    services: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """What there is none of: codes of `activities`, `services`, `money`."""
        found = []
        if not self.activities:
            found.append("activities")
        if not self.services and self.p in HAS_SERVICES:
            found.append("services")
        if not self.money:
            found.append("money")
        return found


def cells(on: date, *, below: str = "") -> list[Cell]:
    """Every P in every region, those of one area only where its path is given. Four queries."""
    regions = Area.objects.filter(level=AreaLevel.REGION).order_by("path")
    named = list(regions.values_list("name", "path"))
    if below:
        named = [(name, path) for name, path in named if _reaches(below, path)]
    found = [Cell(p, name, path) for p in FourP for name, path in named]
    for p, paths, _none in _activities():
        for cell in _of(found, p, paths):
            cell.activities += 1
    for p, paths, _none in _services():
        for cell in _of(found, p, paths):
            cell.services += 1
    for p, paths, (currency, amount) in _money(on):
        for cell in _of(found, p, paths):
            cell.money[currency] = cell.money.get(currency, Decimal(0)) + amount
    return found


def _of(found: list[Cell], p: FourP, paths: frozenset[str]) -> Iterable[Cell]:
    for cell in found:
        if cell.p == p and (not paths or any(_reaches(path, cell.path) for path in paths)):
            yield cell


def _reaches(one: str, other: str) -> bool:
    """One area lies in the other."""
    return one.startswith(other) or other.startswith(one)


Found = Iterable[tuple[FourP, frozenset[str], tuple[str, Decimal]]]
NO_MONEY = ("", Decimal(0))


def _activities() -> Found:
    rows = Activity.objects.standing().filter(plan__state=PlanState.ADOPTED)
    known = {str(p): p for p in FourP}
    return _together(rows.values_list("pk", "objective__p", "areas__path"), known)


def _services() -> Found:
    rows = ServiceOffer.objects.in_use().filter(
        is_shown=True,
        organisation__state=OrganisationState.MEMBER,
        organisation__is_listed=True,
    )
    return _together(rows.values_list("pk", "kind__code", "areas__path"), OF_SERVICES)


def _together(rows: Iterable[tuple[int, str, str | None]], known: dict[str, FourP]) -> Found:
    """Rows joined with their areas, put together again."""
    paths: dict[int, set[str]] = {}
    ps: dict[int, FourP] = {}
    for key, code, path in rows:
        ps[key] = known.get(code, FourP.PROTECTION)
        paths.setdefault(key, set()).update([path] if path else [])
    for key, p in ps.items():
        yield p, frozenset(paths[key]), NO_MONEY


def _money(on: date) -> Found:
    """Awards that run; which they are is published (360Giving)."""
    runs = Award.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gte=on), state=AwardState.IN_FORCE
    )
    for kind, path, currency, amount in runs.values_list(
        "kind", "area__path", "currency", "amount"
    ):
        p = OF_MONEY.get(FundingKind(kind), FourP.PROTECTION)
        yield p, frozenset([path] if path else []), (currency, amount)
