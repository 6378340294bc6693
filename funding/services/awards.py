"""Awards: proposing one, its budget, putting it in force, and what the recipient says of it.

What moves an award from one state to the next stands in `funding/money_workflow.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.references import new_reference
from common.workflow import NotPossible, Stale
from funding import money_clocks as clocks
from funding.amounts import written
from funding.models import Award, AwardEvent, BudgetLine, CoFunding, Fund, Spending
from funding.money_choices import (
    NOT_YET_DECIDED,
    AwardEventKind,
    AwardState,
    FundingKind,
    LineKind,
    SourceClass,
)
from funding.money_workflow import AWARD
from funding.services import sums
from partners.access import Actor, system_actor
from partners.choices import OrganisationState
from partners.models import Agreement, Area, Organisation
from partners.services.memberships import require

S = AwardState
P = Permission
BATCH = 200
Lines = Iterable[tuple[LineKind | str, Decimal]]
#: What it pays for, the amount, the unit, how many.
Row = tuple[LineKind | str, Decimal, str, int | None]


@transaction.atomic
def propose(
    *,
    fund: Fund,
    recipient: Organisation,
    kind: FundingKind | str,
    title: str,
    purpose: str,
    amount: Decimal,
    currency: str,
    from_on: date,
    until_on: date,
    lines: Lines,
    by: Actor,
    at: datetime,
    application_uuid: UUID | None = None,
    call_uuid: UUID | None = None,
    is_direct: bool = False,
    justification: str = "",
    area: Area | None = None,
    client_key: UUID | None = None,
) -> Award:
    """Propose an award; it holds its amount of the fund from now on.

    `lines` are (what it pays for, amount) and may come later (`set_lines`); they make the amount
    before it is decided. The same key, or the same application, again gives the award it made.
    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_KEEP, fund)
    standing = _standing(client_key, application_uuid)
    if standing is not None:
        require(by, P.FUNDING_KEEP, standing)
        return standing
    locked = Fund.objects.select_for_update(of=("self",)).get(pk=fund.pk)
    _refuse_what_the_fund_does_not_allow(
        locked, recipient, kind=kind, amount=amount, currency=currency, from_on=from_on
    )
    award = Award.objects.create(
        reference=new_reference("G"), client_key=client_key or uuid4(), fund=locked, kind=kind,
        funder_id=locked.keeper_id, recipient=recipient, title=title, purpose=purpose,
        currency=currency, amount=amount, signed_amount=amount, held=amount, from_on=from_on,
        until_on=until_on,
        signed_until_on=until_on, area=None if area is None else area.region(),
        allows_overhead=locked.allows_overhead, call_uuid=call_uuid,
        application_uuid=application_uuid, is_direct=is_direct, justification=justification,
        proposed_at=at, proposed_by=by.user,
    )  # fmt: skip
    _write_lines(award, [(line, sum_, "", None) for line, sum_ in lines])
    award = sums.write(award)
    sums.write_fund(award)
    note(award, AwardEventKind.PROPOSED, by=by, at=at, comment=written(amount, currency))
    return award


def _standing(client_key: UUID | None, application_uuid: UUID | None) -> Award | None:
    if application_uuid is not None:
        return Award.objects.filter(application_uuid=application_uuid).first()
    return Award.objects.filter(client_key=client_key).first() if client_key else None


def _refuse_what_the_fund_does_not_allow(
    fund: Fund,
    recipient: Organisation,
    *,
    kind: FundingKind | str,
    amount: Decimal,
    currency: str,
    from_on: date,
) -> None:
    if fund.closed_at is not None:
        raise NotPossible(_("The fund is closed."))
    if currency != fund.currency:
        raise NotPossible(
            _("The fund is in %(fund)s. An award from it cannot be in %(asked)s.")
            % {"fund": fund.currency, "asked": currency}
        )
    if fund.kinds and kind not in fund.kinds:
        raise NotPossible(_("The fund does not pay for this."))
    if amount <= 0:
        raise NotPossible(_("An award is more than nothing."))
    if amount > fund.left:
        raise NotPossible(
            _("The fund has %(left)s left. This takes more.")
            % {"left": written(fund.left, fund.currency)}
        )
    if not fund.from_on <= from_on <= fund.until_on:
        raise NotPossible(_("The work begins while the fund runs."))
    if recipient.pk == fund.keeper_id:
        raise NotPossible(_("Nobody awards money to itself."))
    if recipient.state != OrganisationState.MEMBER:
        raise NotPossible(_("The recipient is not a member of the mechanism."))


@transaction.atomic
def set_lines(
    *, award: Award, lines: Sequence[Row], by: Actor, at: datetime, version: int
) -> Award:
    """Write the budget of a proposal: (what it pays for, amount, unit, how many) for each line.

    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.FUNDING_KEEP, award)
    row = sums.lock(award)
    if row.state != S.PROPOSED:
        raise NotPossible(_("Only a proposal is changed. Later both sides sign a change."))
    if row.version != version:
        raise Stale(row)
    row.lines.all().delete()
    _write_lines(row, lines)
    row = sums.write(row)
    note(row, AwardEventKind.CHANGED, by=by, at=at)
    return row


def _write_lines(award: Award, lines: Iterable[Row]) -> None:
    rows = [
        BudgetLine(award=award, kind=kind, amount=amount, unit=unit, units=units)
        for kind, amount, unit, units in lines
        if amount
    ]
    if any(row.kind == LineKind.OVERHEAD for row in rows) and not award.allows_overhead:
        raise NotPossible(_("The fund does not pay overhead."))
    if any(row.amount < 0 for row in rows):
        raise NotPossible(_("A line is more than nothing."))
    BudgetLine.objects.bulk_create(rows)


def put_in_force(*, award: Award, by: Actor, at: datetime) -> Award:
    """Put in force what was decided on an application. Raises NotAllowed, NotPossible."""
    return AWARD.apply(award, "decide", by=by, at=at)


@transaction.atomic
def name_agreement(*, award: Award, agreement: Agreement | None, by: Actor, at: datetime) -> Award:
    """Say which agreement the award pays for, or none. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_KEEP, award)
    row = sums.lock(award)
    if agreement is not None:
        seen = Agreement.objects.filter(pk=agreement.pk).visible_to(by)
        if not seen.filter(parties__organisation=row.recipient_id).exists():
            raise NotPossible(_("The recipient is no party to this agreement."))
    row.agreement = agreement
    row.version += 1
    row.save()
    note(row, AwardEventKind.AGREEMENT, by=by, at=at)
    return row


@transaction.atomic
def state_spending(
    *,
    award: Award,
    spent: Mapping[str, Decimal],
    as_of_on: date,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Award:
    """Say how much of each line was spent in all until a day: {kind of line: sum}.

    What was said before stays; a row is written for the difference, so that saying the same twice
    changes nothing. Raises NotAllowed, NotPossible (more than the line has), Stale.
    """
    require(by, P.FUNDING_APPLY, award)
    row = sums.lock(award)
    if row.state in NOT_YET_DECIDED:
        raise NotPossible(_("The award is not in force."))
    if version is not None and row.version != version:
        raise Stale(row)
    if as_of_on > local_day(at):
        raise NotPossible(_("What was spent cannot be of a day to come."))
    lines = {line.kind: line for line in row.lines.all()}
    for kind, total in spent.items():
        line = lines.get(kind)
        if line is None:
            raise NotPossible(_("The award has no such line."))
        _spend(line, total, row.currency, as_of_on=as_of_on, by=by, at=at)
    row = sums.write(row)
    note(row, AwardEventKind.SPENT, by=by, at=at, comment=written(row.spent, row.currency))
    return row


def _spend(
    line: BudgetLine, total: Decimal, currency: str, *, as_of_on: date, by: Actor, at: datetime
) -> None:
    if total < 0:
        raise NotPossible(_("What was spent is not less than nothing."))
    if total > line.amount:
        raise NotPossible(
            _("“%(line)s” has %(amount)s. Ask for a reallocation before more is spent on it.")
            % {"line": line.get_kind_display(), "amount": written(line.amount, currency)}
        )
    if total == line.spent:
        return
    Spending.objects.create(
        line=line, amount=total - line.spent, as_of_on=as_of_on, stated_at=at, stated_by=by.user
    )
    line.spent = total
    line.save(update_fields=["spent"])


@transaction.atomic
def state_co_funding(
    *,
    award: Award,
    source_class: SourceClass | str,
    amount: Decimal,
    currency: str,
    by: Actor,
    at: datetime,
) -> None:
    """Say what another source pays towards the same work; nothing takes it away again.

    Raises NotAllowed.
    """
    require(by, P.FUNDING_APPLY, award)
    same: dict[str, Any] = {"award": award, "source_class": source_class, "currency": currency}
    if amount == 0:
        CoFunding.objects.filter(**same).delete()
    else:
        said = {"amount": amount, "stated_at": at, "stated_by": by.user}
        CoFunding.objects.update_or_create(**same, defaults=said)
    said_as = f"{SourceClass(source_class).label}: {written(amount, currency)}"
    note(award, AwardEventKind.CO_FUNDED, by=by, at=at, comment=said_as)


def note(
    award: Award, kind: AwardEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> AwardEvent:
    """Write one line of an award's past."""
    return AwardEvent.objects.create(
        award=award,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


# --- what a date does -----------------------------------------------------------------------------


def keep_up(at: datetime) -> int:
    """Let awards end, and move up what no second person answered; how many moved.

    Part of the sweep: two queries where nothing is due, and safe to run twice.
    """
    over = Award.objects.filter(state=S.IN_FORCE, until_on__lt=local_day(at))
    steps = [(row, "end") for row in over.order_by("until_on", "pk")[:BATCH]]
    waiting = Award.objects.filter(state=S.AWAITS_SECOND, moved_up_at__isnull=True)
    late = waiting.filter(clocks.is_late(at)).order_by("awaiting_at", "pk")
    steps += [(row, "move_up") for row in late[:BATCH]]
    by = system_actor("sweep", at)
    return sum(_take_step(row, step, by=by, at=at) for row, step in steps)


def _take_step(row: Award, step: str, *, by: Actor, at: datetime) -> int:
    try:
        AWARD.apply(row, step, by=by, at=at, version=row.version)
    except (NotPossible, Stale):
        return 0  # somebody else has just moved it; the next round looks again
    return 1
