"""An award's life from the proposal to its end, an instalment's, and a change's. Three tables; the
only code that changes their states. The sweep takes the steps that a date takes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from funding import application_follow as application
from funding import money_clocks as clocks
from funding import money_notifications as notifications
from funding.amounts import written
from funding.models import Award, AwardChange, AwardEvent, BudgetLine, Instalment
from funding.models.funds import NOTHING
from funding.money_choices import (
    CAN_BE_PAID,
    OPEN,
    AwardEventKind,
    AwardState,
    ChangeState,
    InstalmentState,
)
from funding.services import sums
from partners import access
from partners.choices import OrganisationState

S = AwardState
I = InstalmentState  # noqa: E741 - beside S and C, as the tables below read
C = ChangeState
P = Permission
K = AwardEventKind

EVENTS = {
    "send": K.SENT,
    "decide": K.IN_FORCE,
    "approve": K.IN_FORCE,
    "approve_above": K.IN_FORCE,
    "refuse": K.REFUSED,
    "refuse_above": K.REFUSED,
    "move_up": K.MOVED_UP,
    "cancel": K.CANCELLED,
    "end": K.ENDED,
}
INSTALMENT_EVENTS = {"fall_due": K.DUE, "pay": K.PAID, "cancel": K.INSTALMENT_CANCELLED}


# --- awards ---------------------------------------------------------------------------------------


def missing(award: Award, at: datetime) -> list[str]:
    """What a proposal still lacks before it can be decided, in words."""
    found = []
    if award.budgeted != award.amount:
        found.append(
            _("The lines come to %(lines)s, the award is %(amount)s.")
            % {
                "lines": written(award.budgeted, award.currency),
                "amount": written(award.amount, award.currency),
            }
        )
    if award.recipient.state != OrganisationState.MEMBER:
        found.append(_("The recipient is not a member of the mechanism."))
    if award.fund.closed_at is not None:
        found.append(_("The fund is closed."))
    return [str(each) for each in found]


def _direct_and_complete(
    obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It follows from a call, or something is missing"""
    if not obj.is_direct:
        return Refusal(_("An award after a call is decided with the call."))
    lacking = missing(obj, at)
    return Refusal(" ".join(lacking)) if lacking else None


def _of_a_call_and_complete(
    obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It is a direct award, or something is missing"""
    if obj.is_direct:
        return Refusal(_("A direct award needs a second person."))
    lacking = missing(obj, at)
    return Refusal(" ".join(lacking)) if lacking else None


def _by_somebody_else(
    obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The same person proposed it"""
    if obj.proposed_by_id == by.user_id:
        return Refusal(_("You proposed it. Somebody else decides."))
    return None


def _moved_up_to_somebody_else(
    obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The funder can still decide, they proposed it, or their organisation receives it"""
    if obj.moved_up_at is None:
        return Refusal(_("The funder still has time to decide."))
    if obj.recipient_id == by.organisation_id:
        return Refusal(_("Nobody decides about money for their own organisation."))
    return _by_somebody_else(obj, by=by, at=at, answers=answers)


def _nobody_answered(
    obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The time to decide is not over"""
    if obj.moved_up_at is None and clocks.second_person_is_late(obj, at):
        return None
    return Refusal(_("The time to decide is not over."))


def _is_over(obj: Award, /, *, by: Any, at: datetime, answers: Mapping[str, Any]) -> Refusal | None:
    """Its last day has not passed"""
    return None if obj.until_on < local_day(at) else Refusal(_("Its last day has not passed."))


def _dated(award: Award, at: datetime) -> Mapping[str, Any]:
    return {"award_on": local_day(at)}


def _gives_all_back(award: Award, at: datetime) -> Mapping[str, Any]:
    return {"held": NOTHING}


def _gives_the_rest_back(award: Award, at: datetime) -> Mapping[str, Any]:
    return {"held": award.paid}


def _fund_is_known(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The fund is made known"""
    fund = award.fund
    if fund.published_at is None:
        fund.published_at = at
        fund.save(update_fields=["published_at"])


def _cancel_the_rest(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """Instalments and changes that are open are cancelled; the fund has the rest back"""
    system = access.system_actor("workflow", at)
    for each in award.changes.filter(state=C.PROPOSED):
        CHANGE.apply(each, "lapse", by=system, at=at)
    for each in award.instalments.filter(state__in=OPEN):
        INSTALMENT.apply(each, "cancel", by=system, at=at, comment=str(_("The award ended.")))
    sums.write(award)
    sums.write_fund(award)


def _event(
    obj: Award,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AwardEvent:
    return AwardEvent.objects.create(
        award=obj,
        kind=EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
        old_state=old,
        new_state=new,
    )


_BEGINS: tuple[Any, ...] = (
    _fund_is_known,
    clocks.second_person_answered,
    notifications.in_force,
    application.award_approved,
)

AWARD = Workflow(
    "funding.Award",
    (
        Transition(
            "send",
            from_=S.PROPOSED,
            to=S.AWAITS_SECOND,
            permission=P.FUNDING_KEEP,
            guard=_direct_and_complete,
            stamps="awaiting",
            then=(clocks.second_person_asked, notifications.awaits_second),
            label=_("Send to a second person"),
        ),
        Transition(
            "decide",
            from_=S.PROPOSED,
            to=S.IN_FORCE,
            permission=P.FUNDING_KEEP,
            guard=_of_a_call_and_complete,
            sets=_dated,
            then=_BEGINS,
            label=_("Put in force what was decided on an application"),
        ),
        Transition(
            "approve",
            from_=S.AWAITS_SECOND,
            to=S.IN_FORCE,
            permission=P.FUNDING_KEEP,
            guard=_by_somebody_else,
            sets=_dated,
            then=_BEGINS,
            label=_("Approve as the second person"),
        ),
        Transition(
            "approve_above",
            from_=S.AWAITS_SECOND,
            to=S.IN_FORCE,
            permission=P.FUNDING_OVERSEE,
            guard=_moved_up_to_somebody_else,
            sets=_dated,
            then=_BEGINS,
            label=_("Approve for the co-ordination"),
        ),
        Transition(
            "refuse",
            from_=S.AWAITS_SECOND,
            to=S.REFUSED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            guard=_by_somebody_else,
            sets=_gives_all_back,
            stamps="over",
            then=(
                _cancel_the_rest,
                clocks.second_person_answered,
                notifications.refused,
                application.award_refused,
            ),
            label=_("Refuse as the second person"),
        ),
        Transition(
            "refuse_above",
            from_=S.AWAITS_SECOND,
            to=S.REFUSED,
            permission=P.FUNDING_OVERSEE,
            asks=("comment",),
            guard=_moved_up_to_somebody_else,
            sets=_gives_all_back,
            stamps="over",
            then=(
                _cancel_the_rest,
                clocks.second_person_answered,
                notifications.refused,
                application.award_refused,
            ),
            label=_("Refuse for the co-ordination"),
        ),
        Transition(
            "move_up",
            from_=S.AWAITS_SECOND,
            to=S.AWAITS_SECOND,
            permission=P.FUNDING_OVERSEE,
            guard=_nobody_answered,
            stamps="moved_up",
            then=(notifications.moved_up,),
            label=_("Move up to the co-ordination"),
        ),
        Transition(
            "cancel",
            from_=(S.PROPOSED, S.AWAITS_SECOND, S.IN_FORCE),
            to=S.CANCELLED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            sets=_gives_the_rest_back,
            stamps="over",
            then=(_cancel_the_rest, clocks.second_person_answered, notifications.cancelled),
            label=_("Cancel the award"),
        ),
        Transition(
            "end",
            from_=S.IN_FORCE,
            to=S.ENDED,
            permission=P.FUNDING_KEEP,
            guard=_is_over,
            stamps="over",
            label=_("End"),
            follows=_("Instalments that are open can still be paid"),
        ),
    ),
    event=_event,
    may=access.may,
)


# --- instalments ----------------------------------------------------------------------------------


def paid_of(instalment: Instalment) -> Decimal:
    """The sum of its payments."""
    return instalment.payments.aggregate(paid=Sum("amount"))["paid"] or NOTHING


def _day_has_come(
    obj: Instalment, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its day has not come, the award is not in force, or a report must be accepted first"""
    if obj.award.state not in CAN_BE_PAID:
        return Refusal(_("The award is not in force."))
    if obj.waits_for_report:
        return Refusal(_("A report must be accepted first."))
    if obj.due_on > local_day(at):
        return Refusal(_("Its day has not come."))
    return None


def _can_be_paid(
    obj: Instalment, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The award is not in force, or a report must be accepted first"""
    if obj.award.state not in CAN_BE_PAID:
        return Refusal(_("The award is not in force. Nothing is paid before it is."))
    if obj.waits_for_report:
        return Refusal(_("A report must be accepted first."))
    return None


def _paid_in_full(obj: Instalment, answers: Mapping[str, Any]) -> str:
    return I.PAID if paid_of(obj) == obj.amount else obj.state


def _counted(instalment: Instalment, at: datetime) -> Mapping[str, Any]:
    return {"paid": paid_of(instalment)}


def _instalment_event(
    obj: Instalment,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AwardEvent:
    what = _("Instalment %(number)s") % {"number": obj.number}
    return AwardEvent.objects.create(
        award=obj.award,
        kind=INSTALMENT_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=f"{what}: {comment or written(obj.amount, obj.award.currency)}",
    )


INSTALMENT = Workflow(
    "funding.Instalment",
    (
        Transition(
            "fall_due",
            from_=I.PLANNED,
            to=I.DUE,
            permission=P.FUNDING_KEEP,
            guard=_day_has_come,
            then=(clocks.payment_due, notifications.due),
            label=_("Fall due"),
        ),
        Transition(
            "pay",
            from_=OPEN,
            to=(I.PLANNED, I.DUE, I.PAID),
            permission=P.FUNDING_KEEP,
            guard=_can_be_paid,
            chooses=_paid_in_full,
            sets=_counted,
            then=(clocks.payment_made, notifications.paid, application.instalment_paid),
            label=_("Record a payment"),
            follows=_("Paid once all of it is; the clock of late payment ends"),
        ),
        Transition(
            "cancel",
            from_=OPEN,
            to=I.CANCELLED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            then=(clocks.payment_off,),
            label=_("Cancel the instalment"),
        ),
    ),
    event=_instalment_event,
    may=access.may,
)


# --- changes --------------------------------------------------------------------------------------


def _still_fits(
    obj: AwardChange, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The award is not in force, or the change no longer fits what was spent, planned or is left"""
    award = obj.award
    if award.state != S.IN_FORCE:
        return Refusal(_("The award is not in force."))
    now = {line.kind: line for line in award.lines.all()}
    for each in obj.lines.all():
        line = now.get(each.kind)
        amount, spent = (line.amount, line.spent) if line else (NOTHING, NOTHING)
        if amount + each.difference < spent:
            return Refusal(
                _("“%(line)s”: %(spent)s is spent already.")
                % {
                    "line": each.get_kind_display(),
                    "spent": written(spent, award.currency),
                }
            )
    if award.amount + obj.difference < award.planned:
        return Refusal(
            _("Instalments of %(planned)s are planned already. Cancel some of them first.")
            % {"planned": written(award.planned, award.currency)}
        )
    if obj.difference > award.fund.left:
        return Refusal(
            _("The fund has %(left)s left. This takes more.")
            % {"left": written(award.fund.left, award.currency)}
        )
    return None


def _when_funder_signs(obj: AwardChange, answers: Mapping[str, Any]) -> str:
    return C.IN_FORCE if obj.recipient_signed_at else C.PROPOSED


def _when_recipient_signs(obj: AwardChange, answers: Mapping[str, Any]) -> str:
    return C.IN_FORCE if obj.funder_signed_at else C.PROPOSED


def _begins_if_both(change: AwardChange, at: datetime) -> Mapping[str, Any]:
    signed = change.funder_signed_at or change.recipient_signed_at
    return {"in_force_at": at} if signed else {}


def _take_over(change: AwardChange, event: Any, *, by: Any, at: datetime) -> None:
    """Once both sides signed, the award takes over lines, amount and last day"""
    if change.state != C.IN_FORCE:
        return
    award = sums.lock(change.award)
    for each in change.lines.all():
        line = award.lines.filter(kind=each.kind).first()
        if line is None:
            BudgetLine.objects.create(award=award, kind=each.kind, amount=each.difference)
        else:
            line.amount += each.difference
            line.save(update_fields=["amount"])
    amount = award.amount + change.difference
    sums.write(award, amount=amount, until_on=change.new_until_on or award.until_on)
    sums.write_fund(award)


def _change_event(
    obj: AwardChange,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AwardEvent:
    kinds = {C.IN_FORCE: K.CHANGE_IN_FORCE, C.DROPPED: K.CHANGE_DROPPED}
    what = _("%(kind)s, no. %(number)s") % {"kind": obj.get_kind_display(), "number": obj.number}
    return AwardEvent.objects.create(
        award=obj.award,
        kind=kinds.get(ChangeState(new), K.CHANGE_PROPOSED),
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=f"{what}: {comment}" if comment else what,
    )


CHANGE = Workflow(
    "funding.AwardChange",
    (
        Transition(
            "sign_for_funder",
            from_=C.PROPOSED,
            to=(C.PROPOSED, C.IN_FORCE),
            permission=P.FUNDING_KEEP,
            guard=_still_fits,
            chooses=_when_funder_signs,
            stamps="funder_signed",
            sets=_begins_if_both,
            then=(_take_over, notifications.change_settled),
            label=_("Sign for the funder"),
        ),
        Transition(
            "sign_for_recipient",
            from_=C.PROPOSED,
            to=(C.PROPOSED, C.IN_FORCE),
            permission=P.FUNDING_APPLY,
            guard=_still_fits,
            chooses=_when_recipient_signs,
            stamps="recipient_signed",
            sets=_begins_if_both,
            then=(_take_over, notifications.change_settled),
            label=_("Sign for the recipient"),
        ),
        Transition(
            "refuse",
            from_=C.PROPOSED,
            to=C.DROPPED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            then=(notifications.change_settled,),
            label=_("Drop it for the funder"),
        ),
        Transition(
            "drop",
            from_=C.PROPOSED,
            to=C.DROPPED,
            permission=P.FUNDING_APPLY,
            asks=("comment",),
            then=(notifications.change_settled,),
            label=_("Drop it for the recipient"),
        ),
        Transition(
            "lapse",
            from_=C.PROPOSED,
            to=C.DROPPED,
            permission=P.FUNDING_KEEP,
            label=_("Lapse with the award"),
        ),
    ),
    event=_change_event,
    may=access.may,
)
