"""The state of funding in figures: what runs, who pays, how long, what is late, what restricts.

About organisations and their money only: nothing here is about a person, and nothing is read of
a case. No sum crosses currencies.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q

from common.country import current
from common.rowlock import beyond_sight
from funding import restrictions
from funding.models import Award, GrantReport, Instalment
from funding.models.awards import after_months
from funding.models.declarations import RoundFigure, SurveyRound
from funding.money_choices import AwardState, InstalmentState
from funding.survival_choices import RoundState
from funding.terms_choices import ConditionKind, ReportState
from partners.deed_choices import IN_FORCE, STATE_DOES_NOT_PAY, Duty, DutyFunding
from partners.models import DelegatedDuty

MONTHS_AHEAD = 12
SAID = ("government_mean", "government_pooled", "additional", "within_12", "fully_operational")
"""The codes of what organisations say of themselves that a task force reads (F1 to F4)."""
LATEST_ROUNDS = 6
EVERYWHERE = ""
"""The key of grants for the whole country."""

Money = Mapping[str, Decimal]
"""Currency → amount."""


@dataclass(frozen=True)
class Grant:
    """As much of a grant that runs as the figures need."""

    kind: str
    source_class: str
    area: str
    currency: str
    amount: Decimal
    from_on: date
    until_on: date
    allows_overhead: bool

    @property
    def is_long_term(self) -> bool:
        months = current().funding.long_term_months
        return self.until_on + timedelta(days=1) >= after_months(self.from_on, months)


@dataclass(frozen=True)
class Heap:
    """Some grants together: how many, and how much in each currency."""

    number: int
    money: Money


@dataclass(frozen=True)
class Delegated:
    """Duties of one kind that agreements in force delegate, and who pays for them."""

    duty: Duty
    number: int
    not_by_the_state: int
    by_nobody: int
    with_a_grant: int


@dataclass(frozen=True)
class FundingFigures:
    """Everything the report is made of, as of a day."""

    on: date
    grants: tuple[Grant, ...]
    duties: tuple[Delegated, ...]
    clauses: Mapping[ConditionKind, int]
    case_data: int
    instalments: Mapping[str, int]
    """Of awards that were in force: due, late, waiting for a report."""
    reports: Mapping[str, int]
    """With the recipient, overdue, with the funder."""
    said: tuple[tuple[SurveyRound, RoundFigure], ...] = ()
    """What organisations said of themselves, as it was frozen when the round closed."""

    @property
    def currencies(self) -> list[str]:
        return sorted({each.currency for each in self.grants})

    @property
    def all_grants(self) -> Heap:
        return heap(self.grants)

    @property
    def long_term(self) -> int:
        return sum(each.is_long_term for each in self.grants)

    @property
    def with_overhead(self) -> int:
        return sum(each.allows_overhead for each in self.grants)

    @property
    def unpaid_duties(self) -> int:
        return sum(each.not_by_the_state for each in self.duties)

    @property
    def ending_soon(self) -> int:
        """Grants whose last day is at most three months ahead."""
        until = after_months(self.on, 3)
        return sum(each.until_on <= until for each in self.grants)

    def by(self, key: Callable[[Grant], str]) -> dict[str, Heap]:
        """The grants put together by what `key` gives, the most first."""
        found: dict[str, list[Grant]] = defaultdict(list)
        for each in self.grants:
            found[key(each)].append(each)
        heaps = {name: heap(rows) for name, rows in found.items()}
        return dict(sorted(heaps.items(), key=lambda pair: (-pair[1].number, pair[0])))

    def ending(self) -> dict[date, Heap]:
        """First day of each month ahead → the grants whose last day lies in it."""
        first = self.on.replace(day=1)
        months = [after_months(first, ahead) for ahead in range(MONTHS_AHEAD)]
        return {
            month: heap(e for e in self.grants if e.until_on.replace(day=1) == month)
            for month in months
        }


def heap(grants: Iterable[Grant]) -> Heap:
    money: Counter[str] = Counter()
    number = 0
    for each in grants:
        number += 1
        money[each.currency] += each.amount  # type: ignore[assignment]
    return Heap(number, dict(money))


@beyond_sight("figures of funding")
def figures(on: date) -> FundingFigures:
    """The state of funding on a day. Eight queries, whatever the number of grants."""
    return FundingFigures(
        on=on,
        grants=tuple(_grants(on)),
        duties=tuple(_duties()),
        clauses=restrictions.by_class(),
        case_data=restrictions.demands_for_case_data(),
        instalments=_instalments(on),
        reports=_reports(on),
        said=tuple(_said()),
    )


def _grants(on: date) -> Iterable[Grant]:
    rows = Award.objects.filter(state=AwardState.IN_FORCE, until_on__gte=on).order_by("pk")
    for row in rows.values_list(
        "kind", "fund__source_class", "area__name", "currency", "amount", "from_on", "until_on",
        "allows_overhead",
    ):  # fmt: skip
        kind, source, area, *rest = row
        yield Grant(kind, source, area or EVERYWHERE, *rest)


def _duties() -> Iterable[Delegated]:
    """By kind of duty; one query. A grant that runs on the same agreement counts beside."""
    runs = Award.objects.filter(agreement=OuterRef("agreement_id"), state=AwardState.IN_FORCE)
    rows = (
        DelegatedDuty.objects.filter(agreement__state__in=IN_FORCE)
        .annotate(has_grant=Exists(runs))
        .values("duty")
        .annotate(
            number=Count("pk"),
            not_by_the_state=Count("pk", filter=Q(funding__in=STATE_DOES_NOT_PAY)),
            by_nobody=Count("pk", filter=Q(funding=DutyFunding.NOT_FUNDED)),
            with_a_grant=Count("pk", filter=Q(has_grant=True)),
        )
        .order_by("duty")
    )
    for row in rows:
        yield Delegated(Duty(row.pop("duty")), **row)


def _instalments(on: date) -> dict[str, int]:
    waiting = Q(report_uuid__isnull=False, report_accepted_at__isnull=True)
    return Instalment.objects.filter(award__in_force_at__isnull=False).aggregate(
        due=Count("pk", filter=Q(state=InstalmentState.DUE)),
        late=Count("pk", filter=Q(state=InstalmentState.DUE, due_on__lt=on)),
        waiting=Count("pk", filter=waiting & Q(state=InstalmentState.PLANNED)),
    )


def _reports(on: date) -> dict[str, int]:
    written = Q(state__in=(ReportState.DUE, ReportState.SENT_BACK))
    return GrantReport.objects.aggregate(
        open=Count("pk", filter=written),
        overdue=Count("pk", filter=written & Q(due_on__lt=on)),
        sent=Count("pk", filter=Q(state=ReportState.SENT)),
    )


def _said() -> Iterable[tuple[SurveyRound, RoundFigure]]:
    """Of each code the latest closed round's figure, each with its own base; two queries."""
    closed = SurveyRound.objects.filter(state=RoundState.CLOSED).order_by("-year", "-id")
    latest: dict[str, tuple[SurveyRound, RoundFigure]] = {}
    for row in closed.prefetch_related("figures")[:LATEST_ROUNDS]:
        for figure in row.figures.all():
            if figure.code in SAID:
                latest.setdefault(figure.code, (row, figure))
    return (latest[code] for code in SAID if code in latest)
