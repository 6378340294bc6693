"""The two-way board: what State bodies owe civil society and what civil society owes State bodies,
on the same clocks and by one definition.

A delay is the number of days from the day something was due to the day it was done: none when it
was done in time; of what is open and late, the days so far. Counted is what was done in the last
twelve months, and what is open and late. Docs: adr/0030.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import TruncDate

from common.country import current, local_day
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
SAME = ("kind", "subject_uuid", "organisation_uuid", "due_at", "met_at")
"""What the rows have in common that are one thing owed and bind several groups."""


@dataclass
class Side:
    """What one side owes the other in one class: how many came how many days late, and how many
    are late now."""

    delays: Counter[int] = field(default_factory=Counter)
    late: int = 0
    is_hidden: bool = False

    @property
    def base(self) -> int:
        return self.delays.total()

    @property
    def median(self) -> float | None:
        """The middle one; half way between the two where there are two."""
        days = sorted(self.delays)
        ends = list(accumulate(self.delays[each] for each in days))
        if not ends:
            return None
        low, high = (bisect_right(ends, place // 2) for place in (ends[-1] - 1, ends[-1]))
        return (days[low] + days[high]) / 2


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
    """The whole board for one reader. Two queries; the database counts, and answers with a row for
    each number of days that occurs, however much is owed."""
    lines = {debt.code: Line(debt) for debt in DEBTS}
    for is_open, found in _counted(actor):
        line, number = lines[DEBT_OF[found["kind"]].code], found["number"]
        if found["side"]:
            part = line.sides[found["side"]]
            part.delays[max(0, found["lasted"].days)] += number
            part.late += number * is_open
        if is_open:
            line.late_to_us += number * found["to_us"]
            line.late_by_us += number * found["by_us"]
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


def _counted(actor: Actor) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Whether it is open, and how many: of what was done in the period, then of what is open and
    late; each once, however many groups it binds."""
    zone = current().time_zone
    rows = Deadline.objects.filter(_owed())
    done = rows.filter(met_at__gte=actor.at - PERIOD)
    today = Value(local_day(actor.at), DateField())
    ours = {"to_us": _to_us(actor), "by_us": _by_us(actor)}
    for part, is_open, until, more in (
        (done, False, TruncDate("met_at", tzinfo=zone), {}),
        (rows.late(actor.at), True, today, ours),
    ):
        firsts = part.order_by().values(*SAME).annotate(first=Min("pk")).values("first")
        told = Deadline.objects.filter(pk__in=firsts).annotate(
            side=_side(), lasted=until - TruncDate("due_at", tzinfo=zone), **more
        )
        by = ("kind", "side", "lasted", *more)
        for found in told.order_by().values(*by).annotate(number=Count("pk")):
            yield is_open, found


def _owed(debts: Iterable[Debt] = DEBTS) -> Q:
    """Deadlines of these classes that somebody can be late with."""
    owed = [kind for debt in debts for kind in debt.owed]
    return Q(kind__in=owed, bound__in=CAN_BE_LATE)


def _side() -> Case:
    """The side that owes it to the other; empty where it is none between the two."""
    debtor = Organisation.objects.filter(uuid=OuterRef("organisation_uuid"))
    # The debtor first: to whom it is owed is asked of what one of the two sides owes, and once.
    return Case(
        *(
            When(
                Exists(debtor.filter(kind__in=_KIND_OF[side])),
                then=Case(
                    When(_to(Q(kind__in=_KIND_OF[_OTHER[side]])), then=Value(side)),
                    default=Value(""),
                ),
            )
            for side in SIDES
        ),
        default=Value(""),
    )


def _to_us(actor: Actor) -> Case:
    """Whether it is owed to the organisation that looks, and not to everybody."""
    return _to(Q(pk=actor.organisation_id), mechanism=False)


def _by_us(actor: Actor) -> Case:
    """Whether the organisation that looks owes it to another."""
    ours = When(organisation_uuid=actor.organisation_uuid, then=_to(Q()))
    return Case(ours, default=Value(False))


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
    rows = rows.filter(due_at__lt=actor.at + AHEAD)
    # Where several people are bound by one, it is one.
    twin = Deadline.objects.open().filter(
        kind=OuterRef("kind"), subject_uuid=OuterRef("subject_uuid"),
        organisation_uuid=OuterRef("organisation_uuid"), pk__lt=OuterRef("pk"),
    )  # fmt: skip
    # To another, and never where it is about a case (`board_debts`).
    rows = rows.filter(~Exists(twin)).alias(is_owed=_to(Q())).filter(is_owed=True)
    if ours or not lists_all(debt, actor):
        rows = rows.alias(to_us=_to_us(actor))
        rows = rows.filter(Q(organisation_uuid=actor.organisation_uuid) | Q(to_us=True))
    if side in SIDES:
        rows = rows.alias(side=_side()).filter(side=side)
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
