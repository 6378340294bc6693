"""A condition's life between funder and recipient, and a report's from its plan to its end. Two
tables; the only code that changes either state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from funding import terms_clocks as clocks
from funding import terms_notifications as notifications
from funding.models import Condition, Contest, GrantReport, TermsEvent
from funding.terms_choices import BEING_WRITTEN, ConditionState, ReportState, TermsEventKind
from partners import access

C = ConditionState
R = ReportState
E = TermsEventKind
P = Permission

CONDITION_EVENTS = {
    "contest": E.CONTESTED,
    "take_back": E.TAKEN_BACK,
    "uphold": E.UPHELD,
    "change": E.CHANGED,
    "withdraw": E.WITHDRAWN,
}
REPORT_EVENTS = {
    "open": E.REPORT_DUE,
    "send": E.REPORT_SENT,
    "send_back": E.REPORT_SENT_BACK,
    "accept": E.REPORT_ACCEPTED,
    "put_off": E.REPORT_PUT_OFF,
    "drop": E.REPORT_DROPPED,
}


def _condition_event(
    obj: Condition,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> TermsEvent:
    return TermsEvent.objects.create(
        award=obj.award, condition=obj, kind=CONDITION_EVENTS[transition.name], at=at,
        by=by.user, by_organisation=by.organisation, comment=comment, old_state=old,
        new_state=new,
    )  # fmt: skip


def _is_contested(
    obj: Condition, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Nothing was written against it"""
    if not answers or Contest.objects.filter(condition=obj).waiting().exists():
        return None
    return Refusal(_("Say why the clause should not stand."))


def _before(obj: Condition, answers: Mapping[str, Any]) -> str:
    """What it was when it was contested: changed once before, or as it was entered."""
    was = obj.events.filter(kind=E.CONTESTED).first()
    return was.old_state if was else C.STANDS


CONDITION = Workflow(
    "funding.Condition",
    (
        Transition(
            "contest",
            from_=(C.STANDS, C.CHANGED),
            to=C.CONTESTED,
            permission=P.FUNDING_APPLY,
            asks=("contest",),
            guard=_is_contested,
            then=(clocks.contested, notifications.contested),
            label=_("Contest the clause"),
        ),
        Transition(
            "take_back",
            from_=C.CONTESTED,
            to=(C.STANDS, C.CHANGED),
            permission=P.FUNDING_APPLY,
            chooses=_before,
            then=(clocks.settled, notifications.settled),
            label=_("No longer contest it"),
        ),
        Transition(
            "uphold",
            from_=C.CONTESTED,
            to=C.UPHELD,
            permission=P.FUNDING_KEEP,
            then=(clocks.settled, notifications.answered),
            label=_("Keep the clause"),
        ),
        Transition(
            "change",
            from_=C.CONTESTED,
            to=C.CHANGED,
            permission=P.FUNDING_KEEP,
            asks=("words", "kind"),
            may_ask=("data", "where"),
            then=(clocks.settled, notifications.answered),
            label=_("Change the clause"),
        ),
        Transition(
            "withdraw",
            from_=(C.STANDS, C.CONTESTED, C.UPHELD, C.CHANGED),
            to=C.WITHDRAWN,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            then=(clocks.settled, notifications.answered),
            label=_("Withdraw the clause"),
        ),
    ),
    event=_condition_event,
    may=access.may,
)


# --- reports --------------------------------------------------------------------------------------


def _report_event(
    obj: GrantReport,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> TermsEvent:
    return TermsEvent.objects.create(
        award=obj.award, report=obj, kind=REPORT_EVENTS[transition.name], at=at, by=by.user,
        by_organisation=by.organisation, comment=comment, old_state=old, new_state=new,
    )  # fmt: skip


def _period_is_over(
    obj: GrantReport, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its period is not over"""
    if obj.until_on >= local_day(at):
        return Refusal(_("Its period is not over."))
    return None


def lacking(report: GrantReport) -> list[str]:
    """The parts of a report that still lack an answer."""
    missing = []
    if report.is_taken_over or not report.done:
        missing.append("narrative")
    if report.award.indicators.exclude(figures__report=report).exists():
        missing.append("figures")
    if report.award.lines.exclude(reported__report=report).exists():
        missing.append("money")
    return missing


def _complete(
    obj: GrantReport, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Words, a figure or an amount is missing"""
    if lacking(obj):
        return Refusal(_("Write what was done, and fill in every figure and every amount first."))
    return None


def _later(
    obj: GrantReport, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The day is not later than the one it has"""
    due_on = answers.get("due_on")
    if due_on is not None and due_on <= max(obj.due_on, local_day(at)):
        return Refusal(_("More time ends on a later day than now."))
    return None


def _to_come(
    obj: GrantReport, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The day by which it is wanted again has passed"""
    due_on = answers.get("due_on")
    if due_on is not None and due_on <= local_day(at):
        return Refusal(_("Give a day to come, so that there is time to change it."))
    return None


def _same(obj: GrantReport, answers: Mapping[str, Any]) -> str:
    return obj.state


REPORT = Workflow(
    "funding.GrantReport",
    (
        Transition(
            "open",
            from_=R.PLANNED,
            to=R.DUE,
            permission=P.FUNDING_KEEP,
            guard=_period_is_over,
            stamps="opened",
            then=(clocks.report_due, notifications.report_due),
            label=_("Fall due"),
        ),
        Transition(
            "send",
            from_=BEING_WRITTEN,
            to=R.SENT,
            permission=P.FUNDING_APPLY,
            guard=_complete,
            sets=lambda obj, at: {"round": obj.round + 1},
            then=(clocks.report_sent, notifications.report_sent),
            label=_("Send the report"),
        ),
        Transition(
            "send_back",
            from_=R.SENT,
            to=R.SENT_BACK,
            permission=P.FUNDING_KEEP,
            asks=("comment", "due_on"),
            guard=_to_come,
            then=(clocks.report_sent_back, notifications.report_sent_back),
            label=_("Send it back"),
        ),
        Transition(
            "accept",
            from_=R.SENT,
            to=R.ACCEPTED,
            permission=P.FUNDING_KEEP,
            then=(clocks.report_settled, notifications.report_accepted),
            label=_("Accept the report"),
        ),
        Transition(
            "put_off",
            from_=(R.PLANNED, *BEING_WRITTEN),
            to=(R.PLANNED, *BEING_WRITTEN),
            permission=P.FUNDING_KEEP,
            asks=("due_on", "comment"),
            guard=_later,
            chooses=_same,
            stamps="put_off",
            then=(clocks.report_put_off, notifications.report_put_off),
            label=_("Give more time"),
        ),
        Transition(
            "drop",
            from_=(R.PLANNED, *BEING_WRITTEN),
            to=R.DROPPED,
            permission=P.FUNDING_KEEP,
            asks=("comment",),
            then=(clocks.report_dropped, notifications.report_dropped),
            label=_("No longer ask for it"),
        ),
    ),
    event=_report_event,
    may=access.may,
)
