"""The two-way board: what State bodies owe civil society and what civil society owes State bodies,
on the same clocks and by one definition.

A delay is the number of days from the day something was due to the day it was done: none when it
was done in time; of what is open and late, the days so far. Counted is what was done in the last
twelve months, and what is open and late. Docs: adr/0030.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from common.country import current
from common.marks import Actor, Permission
from deadlines.models import Deadline
from deadlines.models.clocks import CAN_BE_LATE
from ncm.board_debts import BY_CODE, DEBT_OF, DEBTS, Debt, owed_to
from partners.choices import CIVIL_SOCIETY, OrganisationKind
from partners.models import Organisation

P = Permission
PERIOD = timedelta(days=365)
AHEAD = timedelta(days=30)
"""How far ahead the lists show what is not late yet."""
STATE, CIVIL = "state", "civil"
SIDES = (STATE, CIVIL)
_KIND_OF = {STATE: (OrganisationKind.STATE_AGENCY,), CIVIL: CIVIL_SOCIETY}
_OTHER = {STATE: CIVIL, CIVIL: STATE}
MOST_READ = 20_000


@dataclass
class Side:
    """What one side owes the other in one class: delays in days, and how many are late now."""

    delays: list[int] = field(default_factory=list)
    late: int = 0
    is_hidden: bool = False

    @property
    def base(self) -> int:
        return len(self.delays)

    @property
    def median(self) -> float | None:
        return float(median(self.delays)) if self.delays else None


@dataclass
class Line:
    """One class: both sides, and what is late of and for the organisation that looks."""

    debt: Debt
    sides: dict[str, Side] = field(default_factory=lambda: {side: Side() for side in SIDES})
    late_to_us: int = 0
    late_by_us: int = 0

    @property
    def has_any(self) -> bool:
        """Whether there is anything to show of it."""
        return bool(any(part.base for part in self.sides.values()) or self.late_to_us
                    or self.late_by_us)  # fmt: skip


@dataclass
class Board:
    """Every class, and both sides together."""

    lines: list[Line]
    total: dict[str, Side]
    has_hidden: bool


def sees_all(actor: Actor) -> bool:
    """Who keeps the co-ordination and the rapporteur see every organisation's."""
    return bool({P.COORDINATION_KEEP, P.REPORT_BUILD} & actor.permissions)


def lists_all(debt: Debt, actor: Actor) -> bool:
    """Whether this reader may be shown each one of a class, and not their own only."""
    return sees_all(actor) and not debt.is_between


def board(actor: Actor) -> Board:
    """The whole board for one reader. Two queries."""
    lines = {debt.code: Line(debt) for debt in DEBTS}
    zone = current().time_zone
    today = actor.at.astimezone(zone).date()
    for row in _counted(actor):
        line = lines[DEBT_OF[row["kind"]].code]
        is_open = row["met_at"] is None
        until = today if is_open else row["met_at"].astimezone(zone).date()
        days = max(0, (until - row["due_at"].astimezone(zone).date()).days)
        for side in SIDES:
            if row[f"by_{side}"] and row[f"to_{_OTHER[side]}"]:
                line.sides[side].delays.append(days)
                line.sides[side].late += is_open
        if is_open:
            line.late_to_us += row["to_us"]
            line.late_by_us += row["organisation_uuid"] == actor.organisation_uuid
    return _together(list(lines.values()), actor)


def _together(lines: list[Line], actor: Actor) -> Board:
    """The sums; of what only its two sides may know, few are not counted out to anybody else."""
    total = {side: Side() for side in SIDES}
    has_hidden = False
    for line in lines:
        for side in SIDES:
            part = line.sides[side]
            few = 0 < part.base < current().minimum_cell
            if few and line.debt.is_between and not sees_all(actor):
                part.is_hidden = has_hidden = True
                continue
            total[side].delays += part.delays
            total[side].late += part.late
    return Board(lines, total, has_hidden)


def _counted(actor: Actor) -> Iterable[dict[str, Any]]:
    """Done in the period, and open and late: each once, however many people it binds."""
    rows = Deadline.objects.filter(_owed())
    met = rows.filter(met_at__gte=actor.at - PERIOD)
    late = rows.open().filter(due_at__lt=actor.at, paused_at=None)
    for part in (met, late):
        told = _told(part, actor).filter(is_owed=True).values(
            "kind", "subject_uuid", "organisation_uuid", "due_at", "met_at", "by_state", "by_civil",
            "to_state", "to_civil", "to_us",
        )  # fmt: skip
        yield from told.order_by().distinct()[:MOST_READ]


def _owed(debts: Iterable[Debt] = DEBTS) -> Q:
    """Deadlines of these classes that somebody can be late with."""
    owed = [kind for debt in debts for kind in debt.owed]
    return Q(kind__in=owed, bound__in=CAN_BE_LATE)


def _told(rows: QuerySet[Deadline], actor: Actor) -> QuerySet[Deadline]:
    """With whose it is: by which side, to which, and whether to one's own organisation."""
    debtor = Organisation.objects.filter(uuid=OuterRef("organisation_uuid"))
    ours = Q(pk=actor.organisation_id)
    return rows.annotate(
        **{f"by_{side}": Exists(debtor.filter(kind__in=_KIND_OF[side])) for side in SIDES},
        **{f"to_{side}": _to(Q(kind__in=_KIND_OF[side])) for side in SIDES},
        to_us=_to(ours, mechanism=False),
        # Not to the debtor itself, and never where it is about a case (`board_debts`).
        is_owed=_to(Q()),
    )


def _to(rule: Q, *, mechanism: bool = True) -> Case:
    """Whether it is owed to such an organisation, by its kind; what is owed to the mechanism as a
    whole is owed to everybody there."""
    whens = []
    for kind, debt in DEBT_OF.items():
        found = owed_to(debt.owed[kind], rule)
        whens.append(When(kind=kind, then=found if isinstance(found, Exists) else Value(mechanism)))
    return Case(*whens, default=Value(False))


# --- one class, row by row ------------------------------------------------------------------------


def rows_of(code: str, actor: Actor, *, ours: bool, side: str = "") -> QuerySet[Deadline]:
    """What is open in one class and late or due soon, that this reader may be shown: one's own
    organisation's, both ways; every organisation's where one sees all and the class is open."""
    debt = BY_CODE[code]
    rows = Deadline.objects.open().filter(_owed([debt]), paused_at=None)
    rows = _told(rows.filter(due_at__lt=actor.at + AHEAD), actor)
    # Where several people are bound by one, it is one.
    twin = Deadline.objects.open().filter(
        kind=OuterRef("kind"), subject_uuid=OuterRef("subject_uuid"),
        organisation_uuid=OuterRef("organisation_uuid"), pk__lt=OuterRef("pk"),
    )  # fmt: skip
    rows = rows.filter(~Exists(twin), is_owed=True)
    if ours or not lists_all(debt, actor):
        rows = rows.filter(Q(organisation_uuid=actor.organisation_uuid) | Q(to_us=True))
    if side in SIDES:
        rows = rows.filter(**{f"by_{side}": True, f"to_{_OTHER[side]}": True})
    return rows.annotate(debtor=_debtor(), creditor=_creditor(debt))


def _debtor() -> Subquery:
    return Subquery(
        Organisation.objects.filter(uuid=OuterRef("organisation_uuid")).values("pk")[:1]
    )


def _creditor(debt: Debt) -> Case:
    """The first of the organisations it is owed to, other than the debtor."""
    whens = []
    for kind, creditors in debt.owed.items():
        keys = creditors(OuterRef(OuterRef("subject_uuid")))
        if keys is None:
            continue
        first = Organisation.objects.filter(pk__in=keys).exclude(uuid=OuterRef("organisation_uuid"))
        whens.append(When(kind=kind, then=Subquery(first.order_by("pk").values("pk")[:1])))
    return Case(*whens, default=Value(None))
