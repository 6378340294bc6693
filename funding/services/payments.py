"""Instalments and payments: planning, falling due, paying, cancelling, saying that it arrived."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotPossible, Stale
from funding.amounts import written
from funding.models import Award, Instalment, Payment
from funding.money_choices import (
    CAN_BE_PAID,
    NOT_YET_DECIDED,
    AwardEventKind,
    AwardState,
    InstalmentState,
)
from funding.money_workflow import INSTALMENT
from funding.services import sums
from funding.services.awards import note
from partners.access import Actor, system_actor
from partners.services.memberships import require

P = Permission
I = InstalmentState  # noqa: E741 - as the workflow's table reads
BATCH = 200
MOST = 60


@transaction.atomic
def plan_instalment(
    *,
    award: Award,
    due_on: date,
    amount: Decimal,
    by: Actor,
    at: datetime,
    report_uuid: UUID | None = None,
) -> Instalment:
    """Promise a part of the award by a day, where asked for once a report is accepted.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_KEEP, award)
    row = sums.lock(award)
    if row.state not in (*NOT_YET_DECIDED, AwardState.IN_FORCE):
        raise NotPossible(_("Nothing more is planned for this award."))
    if amount <= 0:
        raise NotPossible(_("An instalment is more than nothing."))
    last = row.instalments.aggregate(last=Max("number"))["last"] or 0
    if last >= MOST:
        raise NotPossible(_("An award has at most %(n)s instalments.") % {"n": MOST})
    made: Instalment = Instalment.objects.create(
        award=row, number=last + 1, due_on=due_on, amount=amount, report_uuid=report_uuid
    )
    sums.write(row)
    words = _("Instalment %(number)s: %(amount)s") % {
        "number": made.number,
        "amount": written(amount, row.currency),
    }
    note(row, AwardEventKind.PLANNED, by=by, at=at, comment=words)
    return made


@transaction.atomic
def pay(
    *,
    instalment: Instalment,
    amount: Decimal,
    paid_on: date,
    client_key: UUID,
    by: Actor,
    at: datetime,
) -> Payment:
    """Record that money left the funder. The same key again gives the payment it made.

    Raises NotAllowed, NotPossible (more than is open, a day to come, not in force).
    """
    require(by, P.FUNDING_KEEP, instalment)
    award = sums.lock(instalment.award)
    standing = Payment.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.FUNDING_KEEP, standing.instalment)
        return standing
    row: Instalment = Instalment.objects.select_for_update(of=("self",)).get(pk=instalment.pk)
    _refuse_wrong_payment(award, row, amount=amount, paid_on=paid_on, at=at)
    made = Payment.objects.create(
        client_key=client_key, instalment=row, amount=amount, paid_on=paid_on, recorded_at=at,
        recorded_by=by.user,
    )  # fmt: skip
    INSTALMENT.apply(row, "pay", by=by, at=at, comment=written(amount, award.currency))
    sums.write(award)
    return made


def _refuse_wrong_payment(
    award: Award, row: Instalment, *, amount: Decimal, paid_on: date, at: datetime
) -> None:
    if row.state == I.PAID:
        raise NotPossible(_("This instalment is paid already."))
    if amount <= 0:
        raise NotPossible(_("A payment is more than nothing."))
    if amount > row.left:
        raise NotPossible(
            _("%(open)s of this instalment is open. A payment of %(paid)s is more than that.")
            % {
                "open": written(row.left, award.currency),
                "paid": written(amount, award.currency),
            }
        )
    if paid_on > local_day(at):
        raise NotPossible(_("A payment cannot be of a day to come."))


@transaction.atomic
def say_arrived(*, payment: Payment, arrived_on: date, by: Actor, at: datetime) -> Payment:
    """Say on which day a payment was on the recipient's account.

    Raises NotAllowed, NotPossible. Saying it anew changes the day.
    """
    require(by, P.FUNDING_APPLY, payment.instalment)
    row = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    if not row.paid_on <= arrived_on <= local_day(at):
        raise NotPossible(_("It arrived on a day after it was paid, and not in days to come."))
    row.arrived_on, row.arrived_at = arrived_on, at
    row.save(update_fields=["arrived_on", "arrived_at"])
    note(payment.instalment.award, AwardEventKind.ARRIVED, by=by, at=at)
    return row


@transaction.atomic
def cancel_instalment(
    *, instalment: Instalment, comment: str, by: Actor, at: datetime, version: int | None = None
) -> Instalment:
    """Take back what is open of an instalment. Raises NotAllowed, NotPossible, Stale."""
    require(by, P.FUNDING_KEEP, instalment)
    award = sums.lock(instalment.award)
    row = INSTALMENT.apply(instalment, "cancel", by=by, at=at, version=version, comment=comment)
    sums.write(award)
    return row


@transaction.atomic
def wait_for_report(
    *, instalment: Instalment, report_uuid: UUID | None, by: Actor, at: datetime
) -> Instalment:
    """Say which report must be accepted before this is paid. Raises NotAllowed, NotPossible."""
    require(by, P.FUNDING_KEEP, instalment)
    row: Instalment = Instalment.objects.select_for_update(of=("self",)).get(pk=instalment.pk)
    if row.state != I.PLANNED:
        raise NotPossible(_("Only what is not due yet can wait for a report."))
    row.report_uuid, row.report_accepted_at = report_uuid, None
    row.version += 1
    row.save()
    return row


@transaction.atomic
def report_accepted(*, report_uuid: UUID, at: datetime) -> int:
    """A report was accepted: what waited for it waits no more, and falls due if its day has come.

    How many instalments waited. Called by the act that accepts the report.
    """
    waiting = Instalment.objects.filter(report_uuid=report_uuid, report_accepted_at__isnull=True)
    rows = list(waiting.select_for_update(of=("self",)))
    for row in rows:
        row.report_accepted_at = at
        row.save(update_fields=["report_accepted_at"])
        _fall_due(row, by=system_actor("workflow", at), at=at)
    return len(rows)


def keep_up(at: datetime) -> int:
    """Let instalments fall due whose day has come; how many did.

    Part of the sweep: one query where nothing is due, and safe to run twice.
    """
    rows = (
        Instalment.objects.filter(
            state=I.PLANNED, due_on__lte=local_day(at), award__state__in=CAN_BE_PAID
        )
        .exclude(report_uuid__isnull=False, report_accepted_at__isnull=True)
        .order_by("due_on", "pk")
    )
    by = system_actor("sweep", at)
    return sum(_fall_due(row, by=by, at=at) for row in rows[:BATCH])


def _fall_due(row: Instalment, *, by: Actor, at: datetime) -> int:
    try:
        INSTALMENT.apply(row, "fall_due", by=by, at=at)
    except (NotPossible, Stale):
        return 0
    return 1
