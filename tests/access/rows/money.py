"""Rows of money: Bridge Fund's fund, and its award to Lantern House with everything that hangs on
it. "@mine" is what the fund alone may do with its proposal."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from funding.models import Award
from funding.services import changes
from tests.funding import money
from tests.support.cast import Cast


def fund(cast: Cast) -> Any:
    if "fund" not in cast.rows:
        cast.rows["fund"] = money.fund(cast)
    return cast.rows["fund"]


def unknown_fund(cast: Cast) -> Any:
    """Nothing was awarded from it yet."""
    if "unknown fund" not in cast.rows:
        cast.rows["unknown fund"] = money.fund(cast)
    return cast.rows["unknown fund"]


def instalment(cast: Cast) -> Any:
    """Due today, of the award in force."""
    if "instalment" not in cast.rows:
        cast.rows["instalment"] = money.due(cast, fund=fund(cast))
    return cast.rows["instalment"]


def award(cast: Cast) -> Award:
    return instalment(cast).award  # type: ignore[no-any-return]


def proposal(cast: Cast) -> Award:
    if "award proposed" not in cast.rows:
        cast.rows["award proposed"] = money.proposed(cast, fund=fund(cast))
    return cast.rows["award proposed"]  # type: ignore[no-any-return]


def payment(cast: Cast) -> Any:
    if "payment" not in cast.rows:
        money.pay(cast, instalment(cast))
        cast.rows["payment"] = instalment(cast).payments.get()
    return cast.rows["payment"]


def change(cast: Cast) -> Any:
    if "award change" not in cast.rows:
        cast.rows["award change"] = changes.propose_change(
            award=award(cast), lines={"staff": money.D(5_000), "ict": money.D(1_000)},
            words="Tablets.", client_key=uuid4(), is_reallocation=True,
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
    return cast.rows["award change"]


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "funding:fund": lambda cast: {"uuid": award(cast).fund.uuid},
    "funding:fund@mine": lambda cast: {"uuid": unknown_fund(cast).uuid},
    "funding:fund-act": lambda cast: {"uuid": fund(cast).uuid, "name": "change"},
    "funding:award": lambda cast: {"uuid": award(cast).uuid},
    "funding:award@mine": lambda cast: {"uuid": proposal(cast).uuid},
    "funding:award-act": lambda cast: {"uuid": award(cast).uuid, "name": "amend"},
    "funding:award-act@spending": lambda cast: {"uuid": award(cast).uuid, "name": "spending"},
    "funding:award-act@mine": lambda cast: {"uuid": proposal(cast).uuid, "name": "lines"},
    "funding:instalment": lambda cast: {"uuid": instalment(cast).uuid},
    "funding:instalment-act": lambda cast: {"uuid": instalment(cast).uuid, "name": "pay"},
    "funding:payment-arrived": lambda cast: {"uuid": payment(cast).uuid},
    "funding:change-act": lambda cast: {"uuid": change(cast).uuid, "name": "drop"},
}
