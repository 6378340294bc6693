"""Whatever is done in whatever order: the sums that are kept are the sums of the rows, none is
negative, nothing is paid twice. 300 sequences here, 10,000 with `make prove`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common.workflow import NotPossible
from funding.models import Award, BudgetLine, Fund, Instalment, Payment, Spending
from funding.money_choices import HOLDS_ALL, AwardState, InstalmentState, LineKind, SourceClass
from funding.money_workflow import AWARD
from funding.services import awards, changes, payments
from partners.access import Actor, system_actor
from partners.choices import Capacity, OrganisationKind
from partners.models import Organisation
from partners.services import organisations
from tests.support.cast import person

D = Decimal
TODAY = date(2026, 3, 2)
KINDS = (LineKind.STAFF, LineKind.SHELTER, LineKind.ICT)

cents = st.integers(1, 400_000).map(lambda number: D(number) / 100)
which = st.integers(0, 2)
act = st.one_of(
    st.tuples(st.just("award"), which, cents),
    st.tuples(st.just("plan"), which, cents),
    st.tuples(st.just("pay"), which, cents),
    st.tuples(st.just("pay_all"), which, cents),
    st.tuples(st.just("pay_twice"), which, cents),
    st.tuples(st.just("move"), which, cents),
    st.tuples(st.just("amend"), which, cents),
    st.tuples(st.just("spend"), which, cents),
    st.tuples(st.just("cancel"), which, cents),
    st.tuples(st.just("cancel_instalment"), which, cents),
)
sequences = st.lists(act, min_size=1, max_size=6)


@dataclass
class Play:
    """A fund of 9,000 with one award in force; each act does what a person would."""

    fund: Fund
    ngo: Organisation
    at: datetime
    officer: User
    manager: User
    paid: dict[UUID, Decimal] = field(default_factory=dict)

    @property
    def by(self) -> Actor:
        return system_actor("tests", self.at)

    def side(self, organisation: Organisation) -> Actor:
        user = self.officer if organisation == self.fund.keeper else self.manager
        return Actor(at=self.at, user=user, organisation=organisation, system="tests")

    def pick(self, number: int) -> Award:
        rows = list(Award.objects.order_by("pk"))
        return rows[number % len(rows)]

    def award(self, number: int, amount: Decimal) -> None:
        row = awards.propose(
            fund=self.fund, recipient=self.ngo, kind="core", title="t", purpose="p", amount=amount,
            currency="EUR", from_on=TODAY, until_on=TODAY + timedelta(days=99),
            lines=[(KINDS[number], amount)], by=self.by, at=self.at,
        )  # fmt: skip
        awards.put_in_force(award=row, by=self.by, at=self.at)

    def plan(self, number: int, amount: Decimal) -> None:
        row = self.pick(number)
        payments.plan_instalment(award=row, due_on=TODAY, amount=amount, by=self.by, at=self.at)

    def pay(self, number: int, amount: Decimal, times: int = 1) -> None:
        row = Instalment.objects.order_by("pk")[number : number + 1].first()
        if row is None:
            return
        key = uuid4()
        for _time in range(times):
            payments.pay(
                instalment=row, amount=amount, paid_on=TODAY, client_key=key, by=self.by, at=self.at
            )
        self.paid[key] = amount

    def pay_all(self, number: int, _amount: Decimal) -> None:
        row = Instalment.objects.order_by("pk")[number : number + 1].first()
        if row is not None:
            self.pay(number, row.left)

    def pay_twice(self, number: int, amount: Decimal) -> None:
        self.pay(number, amount, times=2)

    def change(self, row: Award, lines: dict[str, Decimal], *, moves: bool) -> None:
        asked = changes.propose_change(
            award=row, lines=lines, words="w", client_key=uuid4(), is_reallocation=moves,
            by=self.side(self.fund.keeper), at=self.at,
        )  # fmt: skip
        changes.sign(change=asked, by=self.side(self.ngo), at=self.at)

    def move(self, number: int, amount: Decimal) -> None:
        row = self.pick(number)
        now = {line.kind: line.amount for line in row.lines.all()}
        first = next(iter(now))
        other = KINDS[(number + 1) % len(KINDS)]
        self.change(
            row, {first: now[first] - amount, other: now.get(other, D(0)) + amount}, moves=True
        )

    def amend(self, number: int, amount: Decimal) -> None:
        self.change(self.pick(number), {KINDS[number]: amount}, moves=False)

    def spend(self, number: int, amount: Decimal) -> None:
        row = self.pick(number)
        awards.state_spending(
            award=row, spent={KINDS[number]: amount}, as_of_on=TODAY, by=self.by, at=self.at
        )

    def cancel(self, number: int, _amount: Decimal) -> None:
        AWARD.apply(self.pick(number), "cancel", by=self.by, at=self.at, comment="w")

    def cancel_instalment(self, number: int, _amount: Decimal) -> None:
        row = Instalment.objects.order_by("pk")[number : number + 1].first()
        if row is not None:
            payments.cancel_instalment(instalment=row, comment="w", by=self.by, at=self.at)


def total(rows: Any, column: str = "amount") -> Decimal:
    return rows.aggregate(sum=Sum(column))["sum"] or D(0)


def check(play: Play) -> None:
    """Every sum that is kept against its rows, added up here by other means than the code's."""
    fund = Fund.objects.get(pk=play.fund.pk)
    held = D(0)
    for award in Award.objects.all():
        lines, parts = list(award.lines.all()), list(award.instalments.all())
        assert award.budgeted == sum((line.amount for line in lines), D(0))
        assert award.spent == sum((line.spent for line in lines), D(0))
        for line in lines:
            assert 0 <= line.spent <= line.amount
            assert line.spent == total(Spending.objects.filter(line=line))
        for part in parts:
            assert part.paid == total(Payment.objects.filter(instalment=part)) <= part.amount
            assert (part.state == InstalmentState.PAID) == (part.paid == part.amount)
        planned = [p.paid if p.state == InstalmentState.CANCELLED else p.amount for p in parts]
        assert award.planned == sum(planned, D(0)) <= award.amount
        assert award.paid == sum((part.paid for part in parts), D(0))
        if award.state == AwardState.IN_FORCE:
            assert award.budgeted == award.amount
        held += award.amount if award.state in HOLDS_ALL else award.paid
    assert fund.awarded == held <= fund.amount
    assert total(Payment.objects.all()) == sum(play.paid.values(), D(0))
    assert Payment.objects.count() == len(play.paid)


@pytest.fixture
def play(db: None, at: datetime) -> Play:
    by = system_actor("tests", at)

    def found(name: str, *capacities: Capacity) -> Organisation:
        return organisations.found(
            name=name, kind=OrganisationKind.CSO, capacities=capacities, by=by, at=at
        )

    keeper = found("Bridge Fund (invented)", Capacity.FUNDER)
    fund = Fund.objects.create(
        client_key=uuid4(), name="f", source_class=SourceClass.EU, keeper=keeper, currency="EUR",
        amount=D(9_000), from_on=TODAY, until_on=TODAY + timedelta(days=400), opened_at=at,
        published_at=at,
    )  # fmt: skip
    people = person("Fund Officer", at), person("Ngo Manager", at)
    made = Play(fund, found("Lantern House (invented)"), at, *people)
    made.award(0, D(3_000))
    made.plan(0, D(1_500))
    return made


@pytest.fixture
def at() -> datetime:
    """The afternoon of the day on which everything happens."""
    from datetime import UTC

    return datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=UTC)


def run(play: Play, acts: list[tuple[str, int, Decimal]]) -> None:
    """Play the acts one after the other and forget them; a refusal changes nothing."""
    with transaction.atomic():
        play.paid.clear()
        for name, number, amount in acts:
            do: Callable[[int, Decimal], None] = getattr(play, name)
            try:
                with transaction.atomic():
                    do(number, amount)
            except NotPossible:
                continue
        check(play)
        transaction.set_rollback(True)


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


class TestSums:
    @pytest.mark.slow
    @settings(max_examples=300, suppress_health_check=QUIET)
    @given(acts=sequences)
    def test_are_those_of_the_rows_after_any_sequence(self, play: Play, acts: Any) -> None:
        run(play, acts)

    @pytest.mark.prove
    @settings(max_examples=10_000, suppress_health_check=QUIET)
    @given(acts=sequences)
    def test_are_so_at_full_size(self, play: Play, acts: Any) -> None:
        run(play, acts)

    def test_the_check_sees_a_sum_that_is_not(self, play: Play) -> None:
        Award.objects.update(planned=D(1))
        with pytest.raises(AssertionError):
            check(play)
        assert BudgetLine.objects.count() == 1
