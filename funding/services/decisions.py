"""What a fund decides about applications, and how a decision becomes an award."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission, Subject
from common.workflow import NotAllowed, NotPossible
from deadlines.services.clocks import deadlines_of
from funding import call_clocks
from funding.call_choices import (
    ApplicationState,
    CallState,
    ComplaintState,
    ReviewState,
    Route,
    Verdict,
)
from funding.call_workflow import APPLICATION, CALL, COMPLAINT
from funding.models import (
    Application,
    Award,
    Call,
    Complaint,
    DecisionLine,
    FundingDecision,
)
from funding.money_workflow import AWARD
from funding.services import awards, payments, reviews
from partners.access import Actor
from partners.services.memberships import require

S = ApplicationState
P = Permission


@transaction.atomic
def decide(
    *,
    application: Application,
    verdict: Verdict | str,
    lines: Mapping[str, Decimal],
    reason: str,
    by: Actor,
    at: datetime,
) -> FundingDecision:
    """Say what becomes of an application, and why: an award of `lines` ({line: amount}) or none.

    In a call it stays the fund's until the result is published, and can be changed until then.
    Emergency money is told at once; a proposal nobody asked for waits for a second person.
    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_KEEP, application)
    row = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if by.user is None:
        raise NotAllowed(_("A person decides, never the system."))
    _refuse_what_cannot_be_decided(row, by)
    granted = {kind: sum_ for kind, sum_ in lines.items() if sum_}
    amount = sum(granted.values(), Decimal(0)) if verdict == Verdict.AWARD else Decimal(0)
    if verdict == Verdict.AWARD:
        _refuse_wrong_amounts(row, granted, amount)
    made, _new = FundingDecision.objects.update_or_create(
        application=row,
        defaults={
            "verdict": verdict, "amount": amount, "reason": reason, "decided_at": at,
            "decided_by": by.user,
        },
    )  # fmt: skip
    made.lines.all().delete()
    if verdict == Verdict.AWARD:
        DecisionLine.objects.bulk_create(
            DecisionLine(decision=made, kind=kind, amount=sum_) for kind, sum_ in granted.items()
        )
    if _is_told_at_once(row):
        _carry_out(row, made, by=by, at=at)
    return made


def _refuse_what_cannot_be_decided(row: Application, by: Actor) -> None:
    if row.state != S.SUBMITTED:
        raise NotPossible(_("Only what was submitted is decided."))
    before = FundingDecision.objects.filter(application=row).first()
    upheld = Complaint.objects.filter(application=row, state=ComplaintState.UPHELD).exists()
    if upheld and before is not None and before.decided_by_id == by.user_id:
        raise NotPossible(_("After an upheld complaint somebody else decides."))
    if before is not None and row.route == Route.PROPOSAL and before.verdict == Verdict.AWARD:
        raise NotPossible(_("It waits for a second person already."))
    if row.route != Route.CALL or row.call is None or upheld:
        return
    if row.call.state != CallState.IN_REVIEW:
        raise NotPossible(_("Applications are decided once the call has closed."))
    if not reviews.all_in(row.call):
        raise NotPossible(_("Not all reviews are in. Nobody reads a score before they are."))
    given = row.reviews.filter(state=ReviewState.SUBMITTED).count()
    if given < row.call.reviews_needed:
        words = _("This application has %(n)s of the %(of)s reviews it needs. Name a reviewer.")
        raise NotPossible(words % {"n": given, "of": row.call.reviews_needed})


def _refuse_wrong_amounts(row: Application, granted: dict[str, Decimal], amount: Decimal) -> None:
    asked = dict(row.lines.values_list("kind", "amount"))
    if unknown := set(granted) - set(asked):
        raise TypeError(f"The application has no line {sorted(unknown)}")
    if any(each < 0 for each in granted.values()) or amount <= 0:
        raise NotPossible(_("An award is more than nothing."))
    if amount > row.amount:
        raise NotPossible(_("An award is not more than what was asked for."))


def _is_told_at_once(row: Application) -> bool:
    upheld = Complaint.objects.filter(application=row, state=ComplaintState.UPHELD).exists()
    return row.route != Route.CALL or upheld


@transaction.atomic
def announce(*, call: Call, by: Actor, at: datetime) -> Call:
    """Publish the result of a call: awards come into force, every applicant is told why.

    Raises NotAllowed, NotPossible (an application is undecided; the money does not suffice; the
    same person decided and the call asks for another).
    """
    row = CALL.apply(call, "announce", by=by, at=at)
    told = FundingDecision.objects.filter(
        application__call=row, application__state=S.SUBMITTED
    ).select_related("application")
    total = sum((each.amount for each in told), Decimal(0))
    if total > row.amount and not row.is_emergency:
        words = _("The awards come to %(total)s, the call has %(amount)s.")
        raise NotPossible(words % {"total": total, "amount": row.amount})
    for decision in told.order_by("pk"):
        _carry_out(decision.application, decision, by=by, at=at)
    return row


def _carry_out(
    application: Application, decision: FundingDecision, *, by: Actor, at: datetime
) -> None:
    """Tell the applicant; where it is an award, promise the money first."""
    if decision.verdict == Verdict.REFUSE:
        APPLICATION.apply(application, "refuse", by=by, at=at)
        return
    award = _proposed(application, decision, by=by, at=at)
    if award.is_direct:
        AWARD.apply(award, "send", by=by, at=at)
        return  # a second person puts it in force; `application_follow` tells the applicant
    awards.put_in_force(award=award, by=by, at=at)
    APPLICATION.apply(application, "award", by=by, at=at, award_uuid=award.uuid)
    if application.route == Route.EMERGENCY:
        _pay_at_once(award, application, by=by, at=at)


def _proposed(
    application: Application, decision: FundingDecision, *, by: Actor, at: datetime
) -> Award:
    direct = application.route == Route.PROPOSAL
    if application.from_on is None or application.until_on is None:
        raise NotPossible(_("Say from when until when."))
    return awards.propose(
        fund=application.fund, recipient=application.organisation, kind=application.kind,
        title=application.title, purpose=application.purpose, amount=decision.amount,
        currency=application.currency, from_on=application.from_on, until_on=application.until_on,
        lines=[(line.kind, line.amount) for line in decision.lines.all()], area=application.area,
        application_uuid=application.uuid,
        call_uuid=application.call.uuid if application.call else None, is_direct=direct,
        justification=decision.reason if direct else "", by=by, at=at,
    )  # fmt: skip


def _pay_at_once(award: Award, application: Application, *, by: Actor, at: datetime) -> None:
    """One instalment of everything, due on the day of the target; today where there is none."""
    about = Subject("application", application.uuid)
    running = [each for each in deadlines_of(about, kinds=[call_clocks.PAYMENT]) if each.is_open]
    due = local_day(running[0].due_at) if running else local_day(at)
    payments.plan_instalment(award=award, due_on=due, amount=award.amount, by=by, at=at)


def answer_complaint(
    *, complaint: Complaint, outcome: str, answer: str, by: Actor, at: datetime
) -> Complaint:
    """Answer a complaint, by somebody who took no part. Raises NotAllowed, NotPossible."""
    return COMPLAINT.apply(complaint, "answer", by=by, at=at, outcome=outcome, answer=answer)
