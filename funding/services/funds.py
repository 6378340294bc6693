"""Funds: opening, changing, making known, closing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from funding.amounts import written
from funding.models import Award, Fund, FundEvent
from funding.money_choices import NOT_YET_DECIDED, FundEventKind
from partners.access import Actor
from partners.services.memberships import require

P = Permission
TEXT = (
    "name", "purpose", "kinds", "source_class", "currency", "amount", "allows_overhead", "from_on",
    "until_on",
)  # fmt: skip


@transaction.atomic
def open_fund(*, client_key: UUID, by: Actor, at: datetime, **text: Any) -> Fund:
    """Open a fund, the organisation acted for its keeper.

    The same key again gives the fund it made. Raises NotAllowed.
    """
    require(by, P.FUNDING_KEEP, None)
    if by.organisation is None:
        raise NotAllowed(_("A fund is kept by an organisation."))
    standing = Fund.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.FUNDING_KEEP, standing)
        return standing
    fund = Fund(
        client_key=client_key, keeper=by.organisation, opened_at=at, opened_by=by.user,
        **_known(text),
    )  # fmt: skip
    fund.save()
    _note(fund, FundEventKind.OPENED, by=by, at=at)
    return fund


@transaction.atomic
def change_fund(*, fund: Fund, by: Actor, at: datetime, version: int, **text: Any) -> Fund:
    """Change what a fund says; its currency stays once something was awarded from it.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = _open(fund, by)
    if row.version != version:
        raise Stale(row)
    before = written(row.amount, row.currency)
    if text.get("currency", row.currency) != row.currency and row.awards.exists():
        raise NotPossible(_("Awards were made in %(currency)s.") % {"currency": row.currency})
    for name, value in _known(text).items():
        setattr(row, name, value)
    if row.amount < row.awarded:
        raise NotPossible(
            _("%(awarded)s of it is awarded already.")
            % {"awarded": written(row.awarded, row.currency)}
        )
    row.version += 1
    row.save()
    now = written(row.amount, row.currency)
    words = "" if now == before else f"{before} → {now}"
    _note(row, FundEventKind.CHANGED, by=by, at=at, comment=words)
    return row


@transaction.atomic
def publish(*, fund: Fund, by: Actor, at: datetime) -> Fund:
    """Make a fund known to everybody who sees calls and awards; twice changes nothing."""
    row = _open(fund, by)
    if row.published_at is None:
        row.published_at = at
        row.save(update_fields=["published_at"])
        _note(row, FundEventKind.PUBLISHED, by=by, at=at)
    return row


@transaction.atomic
def close_fund(*, fund: Fund, by: Actor, at: datetime) -> Fund:
    """Award nothing more from it; what was awarded is paid on. Raises NotAllowed, NotPossible."""
    row = _open(fund, by)
    if by.user is None:
        raise NotAllowed(_("A person closes a fund."))
    if Award.objects.filter(fund=row, state__in=NOT_YET_DECIDED).exists():
        raise NotPossible(_("Awards from it wait for a decision."))
    row.closed_at, row.closed_by = at, by.user
    row.version += 1
    row.save()
    _note(row, FundEventKind.CLOSED, by=by, at=at)
    return row


def _open(fund: Fund, by: Actor) -> Fund:
    require(by, P.FUNDING_KEEP, fund)
    row = Fund.objects.select_for_update(of=("self",)).get(pk=fund.pk)
    if row.closed_at is not None:
        raise NotPossible(_("The fund is closed."))
    return row


def _note(
    fund: Fund, kind: FundEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> FundEvent:
    return FundEvent.objects.create(
        fund=fund, kind=kind, at=at, by=by.user, by_organisation=by.organisation, comment=comment
    )


def _known(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(TEXT):
        raise TypeError(f"A fund has no {sorted(unknown)}")
    return given
