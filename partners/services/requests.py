"""Recurring requests: registering, changing with a reason, opening rounds, giving back.

Announcing, ending, answering and declining are transitions of `partners/request_workflow.py`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners import request_clocks, request_notices, schedule
from partners.access import Actor, system_actor
from partners.choices import (
    ASKING,
    AnswerState,
    LegalBasis,
    OrganisationState,
    RequestEventKind,
    RequestState,
)
from partners.models import (
    Organisation,
    RecurringRequest,
    RequestAnswer,
    RequestEvent,
    RequestRound,
)
from partners.request_workflow import ANSWER, REQUEST, too_soon
from partners.services.memberships import require

P = Permission
FIELDS = (
    "title",
    "purpose",
    "purpose_words",
    "basis",
    "basis_source",
    "every",
    "first_due_on",
    "days_to_answer",
    "minutes",
    "comes_back",
    "days_to_give_back",
    "asked_kinds",
    "asked_capacities",
)
ROUNDS_A_SWEEP = 200


@transaction.atomic
def register_request(
    *, by: Actor, at: datetime, asked_by_name: Iterable[Organisation] = (), **answers: Any
) -> RecurringRequest:
    """Register a draft for the organisation acted for; nobody is asked before it is announced.

    A draft of one's own under the same title is given back as it stands, so that posting twice
    makes one. Raises NotAllowed; TypeError for an answer the register does not know.
    """
    require(by, P.REQUEST_MAKE, None)
    if by.user is None or by.organisation is None:
        raise NotAllowed(_("A person registers this for an organisation, never the system."))
    Organisation.objects.select_for_update(of=("self",)).get(pk=by.organisation.pk)
    drafts = RecurringRequest.objects.filter(
        organisation=by.organisation, state=RequestState.DRAFT, title=answers.get("title", "")
    )
    if known := drafts.first():
        return known
    request = RecurringRequest(
        organisation=by.organisation, created_at=at, created_by=by.user, **_known(answers)
    )
    request.save()
    request.asked_by_name.set(list(asked_by_name))
    _event(request, RequestEventKind.REGISTERED, "", by=by, at=at)
    return request


@transaction.atomic
def change_request(
    *,
    request: RecurringRequest,
    by: Actor,
    at: datetime,
    version: int,
    reason: str = "",
    asked_by_name: Iterable[Organisation] | None = None,
    **answers: Any,
) -> RecurringRequest:
    """Change a request; once it is announced with a reason, which everybody asked is told of.

    Rounds that are open stay as they are. Raises NotAllowed, Stale, NotPossible, MissingAnswers.
    """
    require(by, P.REQUEST_MAKE, request)
    row = RecurringRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if row.version != version:
        raise Stale(row)
    if row.state == RequestState.ENDED:
        raise NotPossible(_("This has ended. Register it anew."))
    is_asking, said = row.state in ASKING, reason.strip()
    if is_asking and not said:
        raise MissingAnswers(("reason",))
    before = {name: getattr(row, name) for name in FIELDS}
    for name, value in _known(answers).items():
        setattr(row, name, value)
    changed = [name for name in FIELDS if getattr(row, name) != before[name]]
    chosen = None if asked_by_name is None else list(asked_by_name)
    if chosen is not None and {each.pk for each in chosen} != set(
        row.asked_by_name.values_list("pk", flat=True)
    ):
        row.asked_by_name.set(chosen)
        changed.append("asked_by_name")
    if not changed:
        return row
    if is_asking:
        _plan_again(row, changed, at)
    row.version += 1
    row.save()
    labels = ", ".join(str(_label(name)) for name in changed)
    comment = f"{labels}: {said}" if said else labels
    _event(row, RequestEventKind.CHANGED, comment, by=by, at=at)
    if is_asking:
        request_notices.tell_asked(row, "request_changed", by=by, at=at)
    return row


def _known(answers: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(answers) - set(FIELDS):
        raise TypeError(f"A recurring request has no {sorted(unknown)}")
    if answers.get("basis") == LegalBasis.VOLUNTARY:
        return {**answers, "basis_source": ""}
    return answers


def _label(name: str) -> Any:
    if name == "asked_by_name":
        return _("organisations chosen")
    return RecurringRequest._meta.get_field(name).verbose_name  # type: ignore[union-attr]


def _plan_again(row: RecurringRequest, changed: list[str], at: datetime) -> None:
    """The next round by what holds now; the day of the first counts until there has been one."""
    last = row.rounds.order_by("-planned_on").first()
    if last is None:
        if "first_due_on" in changed and too_soon(row, at):
            raise NotPossible(
                _("The first answer is due too soon: partners would not have the days to answer.")
            )
        row.next_due_on = row.first_due_on
    elif "first_due_on" in changed:
        raise NotPossible(_("The first round is over: its day cannot be moved any more."))
    elif "every" in changed:
        row.next_due_on = schedule.next_after(last.planned_on, row.every, row.first_due_on.day)
    row.next_opens_on = row.opens_on


# --- rounds ---------------------------------------------------------------------------------------


def open_due_rounds(at: datetime) -> int:
    """The sweep's part: open the next round of each request whose day has come. How many.

    One round of a request at a time. What an outage kept from being opened follows one by one, says
    that it is late, and leaves the full time to answer from the day it is opened.
    """
    today = local_day(at)
    due = RecurringRequest.objects.to_open(today).filter(
        organisation__state=OrganisationState.MEMBER
    )
    keys = list(due.values_list("pk", flat=True)[:ROUNDS_A_SWEEP])
    return sum(_open_next(pk, at) for pk in keys)


@transaction.atomic
def _open_next(pk: int, at: datetime) -> bool:
    row = RecurringRequest.objects.select_for_update(of=("self",)).get(pk=pk)
    today = local_day(at)
    planned = row.next_due_on
    if planned is None or row.opens_on is None or row.opens_on > today:
        return False  # another sweep did it a moment ago
    was_late = row.opens_on < today
    by = system_actor("recurring requests", at)
    if row.state == RequestState.ANNOUNCED:
        row = REQUEST.apply(row, "begin", by=by, at=at)
    opened = RequestRound.objects.create(
        request=row,
        planned_on=planned,
        answer_until_on=max(planned, today + timedelta(days=row.days_to_answer)),
        opened_at=at,
        was_late=was_late,
        is_voluntary=row.is_voluntary,
    )
    row.next_due_on = schedule.next_after(planned, row.every, row.first_due_on.day)
    row.next_opens_on = row.opens_on
    row.save(update_fields=["next_due_on", "next_opens_on"])
    _event(row, RequestEventKind.OPENED, "", by=by, at=at, round_=opened)
    _ask(opened, by=by, at=at)
    return True


def _ask(opened: RequestRound, *, by: Actor, at: datetime) -> None:
    asked = list(opened.request.asked_organisations())
    answers = RequestAnswer.objects.bulk_create(
        RequestAnswer(
            round=opened,
            organisation=each,
            answer_until_on=opened.answer_until_on,
            estimated_minutes=opened.request.minutes,
        )
        for each in asked
    )
    by_place = {answer.organisation_id: answer for answer in answers}
    speakers = request_notices.speakers_of(asked, at)
    for each in speakers:
        if each.group is not None:
            request_clocks.asked(by_place[each.organisation.pk], each.group, by=by, at=at)
    request_notices.round_opened(by_place, speakers, by=by, at=at)


@transaction.atomic
def give_back(
    *, round_: RequestRound, by: Actor, at: datetime, text: str = "", link: str = ""
) -> RequestRound:
    """Say what came back to those who answered, or where it is to be read; can be said anew.

    Raises NotAllowed, MissingAnswers.
    """
    require(by, P.REQUEST_MAKE, round_)
    row = RequestRound.objects.select_for_update(of=("self",)).get(pk=round_.pk)
    said, where = text.strip(), link.strip()
    if not said and not where:
        raise MissingAnswers(("given_back",))
    if (row.given_back, row.given_back_link) == (said, where):
        return row
    row.given_back, row.given_back_link = said, where
    row.given_back_at, row.given_back_by = at, by.user
    row.save(update_fields=["given_back", "given_back_link", "given_back_at", "given_back_by"])
    _event(row.request, RequestEventKind.GIVEN_BACK, "", by=by, at=at, round_=row)
    request_clocks.given_back(row, by=by, at=at)
    answered = Organisation.objects.filter(
        request_answers__round=row, request_answers__state=AnswerState.ANSWERED
    )
    request_notices.given_back(row, answered, by=by, at=at)
    return row


# --- leaving --------------------------------------------------------------------------------------


def organisation_left(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """What it regularly asked for ends, and it is asked for nothing any more"""
    system = system_actor("recurring requests", at)
    own = RecurringRequest.objects.filter(organisation=organisation)
    for request in own.exclude(state=RequestState.ENDED):
        reason = _("The organisation has left the mechanism.")
        REQUEST.apply(request, "end", by=system, at=at, reason=reason)
    waiting = RequestAnswer.objects.waiting().filter(organisation=organisation)
    for answer in waiting.select_related("round__request"):
        ANSWER.apply(answer, "drop", by=system, at=at)


def _event(
    request: RecurringRequest,
    kind: RequestEventKind,
    comment: str,
    *,
    by: Actor,
    at: datetime,
    round_: RequestRound | None = None,
) -> None:
    RequestEvent.objects.create(
        request=request,
        round=round_,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment[:2000],
    )
