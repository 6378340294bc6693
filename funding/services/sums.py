"""The sums that a fund and an award keep, written anew from their rows.

Called inside the transaction that changed a row, with the award locked. The order of locks is
award, its instalments, then the fund.
"""

from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Sum, When
from django.utils.translation import gettext as _

from common.workflow import NotPossible
from funding.amounts import written
from funding.models import Award, BudgetLine, Fund, Instalment
from funding.models.funds import NOTHING
from funding.money_choices import HOLDS_ALL, AwardState, InstalmentState


def lock(award: Award) -> Award:
    """The award as it is now, locked until the transaction ends."""
    return Award.objects.select_for_update(of=("self",)).get(pk=award.pk)


def of_lines(award: Award) -> tuple[Decimal, Decimal]:
    """(in lines, spent) of an award, from its rows."""
    rows = BudgetLine.objects.filter(award=award)
    found = rows.aggregate(amount=Sum("amount"), spent=Sum("spent"))
    return found["amount"] or NOTHING, found["spent"] or NOTHING


def of_instalments(award: Award) -> tuple[Decimal, Decimal]:
    """(planned, paid) of an award: what was paid of a cancelled instalment stays planned."""
    counts = Case(When(state=InstalmentState.CANCELLED, then=F("paid")), default=F("amount"))
    found = Instalment.objects.filter(award=award).aggregate(planned=Sum(counts), paid=Sum("paid"))
    return found["planned"] or NOTHING, found["paid"] or NOTHING


def held(award: Award) -> Decimal:
    """What the award keeps of its fund, where it stands now."""
    if award.state in HOLDS_ALL:
        return award.amount
    return award.paid if award.state == AwardState.CANCELLED else NOTHING


def write(award: Award, **new: Any) -> Award:
    """Write an award's sums, and `new` with them, in one step. Raises NotPossible."""
    for name, value in new.items():
        setattr(award, name, value)
    award.budgeted, award.spent = of_lines(award)
    award.planned, award.paid = of_instalments(award)
    award.held = held(award)
    _check(award)
    award.version += 1
    award.save()
    return award


def write_fund(award: Award) -> None:
    """Write what the award's fund has awarded. Raises NotPossible where it has not so much."""
    fund = Fund.objects.select_for_update(of=("self",)).get(pk=award.fund_id)
    total = Award.objects.filter(fund=fund).aggregate(held=Sum("held"))["held"] or NOTHING
    if total > fund.amount:
        left = fund.amount - fund.awarded
        raise NotPossible(
            _("The fund has %(left)s left. This takes more.")
            % {"left": written(left, fund.currency)}
        )
    if total != fund.awarded:
        fund.awarded = total
        fund.save(update_fields=["awarded"])


def _check(award: Award) -> None:
    amount = written(award.amount, award.currency)
    if award.budgeted > award.amount:
        raise NotPossible(
            _("The lines come to %(lines)s, more than the award of %(amount)s.")
            % {"lines": written(award.budgeted, award.currency), "amount": amount}
        )
    if award.planned > award.amount:
        raise NotPossible(
            _("The instalments come to %(planned)s, more than the award of %(amount)s.")
            % {"planned": written(award.planned, award.currency), "amount": amount}
        )
