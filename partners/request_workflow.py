"""How a recurring request comes to run and ends, and what an organisation says to a round of it.

Two tables; the only code that changes either state.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, request_clocks, request_notices
from partners.choices import AnswerState, RequestEventKind, RequestState
from partners.models import RecurringRequest, RequestAnswer, RequestEvent

P = Permission
S = RequestState
A = AnswerState
K = RequestEventKind
REQUEST_EVENTS = {"announce": K.ANNOUNCED, "begin": K.BEGUN, "end": K.ENDED}
ANSWER_EVENTS = {
    "answer": K.ANSWERED,
    "decline": K.DECLINED,
    "take_back": K.TAKEN_BACK,
    "drop": K.DROPPED,
}


def _event(
    obj: RecurringRequest,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> RequestEvent:
    return RequestEvent.objects.create(
        request=obj,
        kind=REQUEST_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(answers.get("reason") or ""),
    )


def _answer_event(
    obj: RequestAnswer,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> RequestEvent:
    return RequestEvent.objects.create(
        request_id=obj.round.request_id,
        round=obj.round,
        answer=obj,
        kind=ANSWER_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
    )


# --- a request ------------------------------------------------------------------------------------


def _can_be_announced(
    obj: RecurringRequest, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Nobody is asked, or the first answer would be due too soon"""
    if not obj.asked_organisations().exists():
        return Refusal(_("Nobody is asked: choose kinds, capacities or organisations."))
    if too_soon(obj, at):
        return Refusal(
            _("The first answer is due too soon: partners would not have the days to answer.")
        )
    return None


def too_soon(request: RecurringRequest, at: datetime) -> bool:
    """Whether the first round should have been open before today."""
    days = (request.first_due_on - local_day(at)).days
    return days < request.days_to_answer


def _first_round(obj: RecurringRequest, at: datetime) -> Mapping[str, Any]:
    obj.next_due_on = obj.first_due_on
    return {"next_due_on": obj.first_due_on, "next_opens_on": obj.opens_on}


def _no_more_rounds(obj: RecurringRequest, at: datetime) -> Mapping[str, Any]:
    return {"next_due_on": None, "next_opens_on": None}


def _tell_announced(request: RecurringRequest, event: RequestEvent, *, by: Any, at: Any) -> None:
    """Everybody asked gets a notice"""
    request_notices.tell_asked(request, "request_announced", by=by, at=at)


def _stop_asking(request: RecurringRequest, event: RequestEvent, *, by: Any, at: datetime) -> None:
    """What nobody answered yet is no longer asked for, and everybody asked gets a notice"""
    if request.announced_at is None:
        return
    waiting = RequestAnswer.objects.waiting().filter(round__request=request)
    for answer in waiting.select_related("round__request"):
        ANSWER.apply(answer, "drop", by=by, at=at)
    request_notices.tell_asked(request, "request_ended", by=by, at=at)


REQUEST = Workflow(
    "partners.RecurringRequest",
    (
        Transition(
            "announce",
            from_=S.DRAFT,
            to=S.ANNOUNCED,
            permission=P.REQUEST_MAKE,
            guard=_can_be_announced,
            sets=_first_round,
            then=(_tell_announced,),
            label=_("Announce it"),
        ),
        Transition(
            "begin",
            from_=S.ANNOUNCED,
            to=S.RUNNING,
            permission=P.REQUEST_MAKE,
            label=_("Begin: the first round opens"),
        ),
        Transition(
            "end",
            from_=(S.DRAFT, S.ANNOUNCED, S.RUNNING),
            to=S.ENDED,
            permission=P.REQUEST_MAKE,
            asks=("reason",),
            sets=_no_more_rounds,
            then=(_stop_asking,),
            label=_("End it"),
        ),
    ),
    event=_event,
    may=access.may,
)


# --- an answer ------------------------------------------------------------------------------------


def _is_voluntary(
    obj: RequestAnswer, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Answering is not voluntary"""
    if not obj.round.is_voluntary:
        return Refusal(_("Answering this is not voluntary, so it cannot be declined."))
    return None


def _still_open(
    obj: RequestAnswer, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The last day to answer is over, and it was not said today; or the request has ended"""
    today = local_day(at)
    said_on = local_day(obj.said_at) if obj.said_at else today
    if today > max(obj.answer_until_on, said_on) or obj.round.request.state == S.ENDED:
        return Refusal(_("It is too late to take this back."))
    return None


def _unsaid(obj: RequestAnswer, at: datetime) -> Mapping[str, Any]:
    return {"said_at": None, "said_by_id": None, "minutes": None}


def _settled(answer: RequestAnswer, event: RequestEvent, *, by: Any, at: datetime) -> None:
    """The clock ends and its notices fall quiet"""
    request_clocks.said(answer, by=by, at=at)
    request_notices.answer_said(answer, at=at)


def _something_is_owed(answer: RequestAnswer, event: RequestEvent, *, by: Any, at: Any) -> None:
    """What was promised is owed from the first answer on"""
    request_clocks.owed(answer.round, by=by, at=at)


def _asked_again(answer: RequestAnswer, event: RequestEvent, *, by: Any, at: datetime) -> None:
    """The time to answer runs again; nothing is owed where nobody else answered"""
    request_clocks.asked_again(answer, by=by, at=at)
    if not answer.round.answers.filter(state=A.ANSWERED).exists():
        request_clocks.nothing_owed(answer.round, by=by, at=at)


def _clock_stopped(answer: RequestAnswer, event: RequestEvent, *, by: Any, at: datetime) -> None:
    """The clock stops"""
    request_clocks.dropped(answer, by=by, at=at)
    request_notices.answer_said(answer, at=at)


ANSWER = Workflow(
    "partners.RequestAnswer",
    (
        Transition(
            "answer",
            from_=A.WAITING,
            to=A.ANSWERED,
            permission=P.REQUEST_SEE,
            may_ask=("minutes",),
            stamps="said",
            then=(_settled, _something_is_owed),
            label=_("We have answered"),
        ),
        Transition(
            "decline",
            from_=A.WAITING,
            to=A.DECLINED,
            permission=P.REQUEST_SEE,
            guard=_is_voluntary,
            stamps="said",
            then=(_settled,),
            label=_("We decline"),
        ),
        Transition(
            "take_back",
            from_=(A.ANSWERED, A.DECLINED),
            to=A.WAITING,
            permission=P.REQUEST_SEE,
            guard=_still_open,
            sets=_unsaid,
            then=(_asked_again,),
            label=_("Take that back"),
        ),
        Transition(
            "drop",
            from_=A.WAITING,
            to=A.DROPPED,
            permission=P.REQUEST_MAKE,
            then=(_clock_stopped,),
            label=_("No longer asked for"),
        ),
    ),
    event=_answer_event,
    may=access.may,
)
