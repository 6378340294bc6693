"""Funds and awards at each stage, each step taken through the services."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from funding.models import Award, Fund, Instalment
from funding.money_choices import FundingKind, LineKind, SourceClass
from funding.money_workflow import AWARD
from funding.services import awards, funds, payments
from partners.choices import Role
from tests.support.cast import Cast, person, works_for

EUR = "EUR"
D = Decimal
HALF = D(5_000)


def fund(cast: Cast, **more: Any) -> Fund:
    """Bridge Fund keeps 100,000 euros."""
    today = local_day(cast.at)
    text: dict[str, Any] = {
        "name": "Shelter fund (invented)", "purpose": "Beds and advice.", "kinds": (),
        "source_class": SourceClass.STATE_CENTRAL, "currency": EUR, "amount": D(100_000),
        "allows_overhead": True, "from_on": today - timedelta(days=30),
        "until_on": today + timedelta(days=700),
    }  # fmt: skip
    by = cast.actor(cast.funder)
    return funds.open_fund(client_key=uuid4(), by=by, at=cast.at, **(text | more))


def second_officer(cast: Cast) -> User:
    """A colleague of the fund officer."""
    if "second funder" not in cast.rows:
        user = person("Second Funder", cast.at - timedelta(hours=1))
        works_for(user, cast.fund, Role.FUNDER, cast.at - timedelta(hours=1))
        cast.rows["second funder"] = user
    return cast.rows["second funder"]  # type: ignore[no-any-return]


def now(award: Award) -> Award:
    """As it stands in the database."""
    return Award.objects.get(pk=award.pk)


def proposed(cast: Cast, **more: Any) -> Award:
    """A direct award to Lantern House is proposed: 6,000 for staff, 4,000 for shelter."""
    today = local_day(cast.at)
    text: dict[str, Any] = {
        "fund": more.get("fund") or fund(cast), "recipient": cast.ngo,
        "kind": FundingKind.LONG_TERM_TARGETED, "title": "Beds in the north (invented)",
        "purpose": "Six beds, day and night.", "amount": D(10_000), "currency": EUR,
        "from_on": today, "until_on": today + timedelta(days=365),
        "lines": [(LineKind.STAFF, D(6_000)), (LineKind.SHELTER, D(4_000))],
        "is_direct": True, "justification": "No other shelter works there.", "area": cast.area,
    }  # fmt: skip
    return awards.propose(by=cast.actor(cast.funder), at=cast.at, **(text | more))


def awaiting(cast: Cast, **more: Any) -> Award:
    row = proposed(cast, **more)
    return AWARD.apply(row, "send", by=cast.actor(cast.funder), at=cast.at)


def in_force(cast: Cast, **more: Any) -> Award:
    row = awaiting(cast, **more)
    by = cast.actor(second_officer(cast))
    return AWARD.apply(row, "approve", by=by, at=cast.at)


def instalment(
    cast: Cast, award: Award, amount: Decimal = HALF, due_on: date | None = None
) -> Instalment:
    return payments.plan_instalment(
        award=award, due_on=due_on or local_day(cast.at), amount=amount,
        by=cast.actor(cast.funder), at=cast.at,
    )  # fmt: skip


def due(cast: Cast, **more: Any) -> Instalment:
    """An instalment of 5,000 of an award in force is due today."""
    row = instalment(cast, in_force(cast, **more))
    payments.keep_up(cast.at)
    return Instalment.objects.get(pk=row.pk)


def pay(
    cast: Cast, row: Instalment, amount: Decimal = HALF, at: datetime | None = None, **more: Any
) -> None:
    at = at or cast.at
    text = {"client_key": uuid4(), "paid_on": local_day(at)} | more
    by = cast.actor(cast.funder, at)
    payments.pay(instalment=row, amount=amount, by=by, at=at, **text)
