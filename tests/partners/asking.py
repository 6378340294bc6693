"""Recurring requests, brought to where a test begins: the ministry asks civil society."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from common.country import local_day
from partners.models import Organisation, RecurringRequest, RequestAnswer, RequestRound
from partners.request_workflow import ANSWER, REQUEST
from partners.services import requests
from tests.support.cast import Cast

DAYS = 14
ANSWERS: dict[str, Any] = {
    "title": "Figures on people assisted, by month",
    "purpose": "assisted",
    "purpose_words": "The invented yearly report; read by the invented rapporteur.",
    "basis": "law",
    "basis_source": "Invented Act 12/2020, article 7",
    "every": "month",
    "days_to_answer": DAYS,
    "minutes": 60,
    "comes_back": "The figures of the whole invented country.",
    "days_to_give_back": 30,
    "asked_kinds": ("cso",),
    "asked_capacities": (),
}


def draft(cast: Cast, by: User | None = None, **changed: Any) -> RecurringRequest:
    """Of the co-ordinator, or of somebody else; the first answer due in twenty days."""
    due = local_day(cast.at) + timedelta(days=20)
    return requests.register_request(
        by=cast.actor(by or cast.co_ordinator),
        at=cast.at,
        **{**ANSWERS, "first_due_on": due, **changed},
    )


def announced(cast: Cast, by: User | None = None, **changed: Any) -> RecurringRequest:
    actor = cast.actor(by or cast.co_ordinator)
    return REQUEST.apply(draft(cast, by, **changed), "announce", by=actor, at=cast.at)


def opening(request: RecurringRequest, cast: Cast) -> datetime:
    """A moment of the day on which its first round opens."""
    return cast.at + timedelta(days=20 - request.days_to_answer)


def running(cast: Cast, by: User | None = None, **changed: Any) -> RecurringRequest:
    """Its first round is open."""
    request = announced(cast, by, **changed)
    requests.open_due_rounds(opening(request, cast))
    return RecurringRequest.objects.get(pk=request.pk)


def open_now(cast: Cast, by: User | None = None, **changed: Any) -> RequestRound:
    """Announced a week ago and opened today."""
    request = announced(
        cast, by, **{**changed, "first_due_on": local_day(cast.at) + timedelta(DAYS)}
    )
    requests.open_due_rounds(cast.at)
    return request.rounds.get()


def answer_of(organisation: Organisation, round_: RequestRound | None = None) -> RequestAnswer:
    found = RequestAnswer.objects.filter(organisation=organisation)
    return (found.filter(round=round_) if round_ else found).latest("pk")


def say(
    cast: Cast, answer: RequestAnswer, name: str, by: User, at: datetime | None = None, **said: Any
) -> RequestAnswer:
    at = at or cast.at
    return ANSWER.apply(answer, name, by=cast.actor(by, at), at=at, **said)
