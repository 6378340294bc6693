"""An organisation's way into the mechanism, as a table; the only code that changes its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, notifications
from partners.choices import EventKind, OrganisationState
from partners.models import HeldCapacity, Organisation, OrganisationEvent
from partners.reviews import answers_in_question, answers_not_yet_right, missing_answers

S = OrganisationState

EVENTS = {
    "send": EventKind.APPLIED,
    "withdraw": EventKind.WITHDRAWN,
    "reopen": EventKind.REOPENED,
    "take_up": EventKind.REVIEW_BEGUN,
    "return": EventKind.RETURNED,
    "admit": EventKind.ADMITTED,
}


def _complete(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An answer that is needed is missing"""
    if missing_answers(obj):
        return Refusal(_("Some answers are still missing. The task list shows which."))
    return None


def _something_asked(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No answer is in question"""
    if not answers_in_question(obj):
        return Refusal(_("Mark at least one answer with a question before sending it back."))
    return None


def _all_right(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An answer has not been marked as right"""
    if answers_not_yet_right(obj):
        return Refusal(_("Mark every answer as right before admitting the organisation."))
    return None


def _grant_capacities(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The capacities asked for are held from now on"""
    asked = HeldCapacity.objects.filter(
        organisation=organisation, granted_at__isnull=True, ended_at__isnull=True
    )
    asked.update(granted_at=at, granted_by=by.user)


def _event(
    obj: Organisation,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> OrganisationEvent:
    return OrganisationEvent.objects.create(
        organisation=obj,
        kind=EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
        old_state=old,
        new_state=new,
    )


TRANSITIONS = (
    Transition(
        "send",
        from_=(S.DRAFT, S.RETURNED),
        to=S.APPLIED,
        permission=Permission.ORGANISATION_APPLY,
        guard=_complete,
        then=(notifications.application_sent,),
        label=_("Send the application"),
    ),
    Transition(
        "withdraw",
        from_=(S.DRAFT, S.APPLIED, S.UNDER_REVIEW, S.RETURNED),
        to=S.WITHDRAWN,
        permission=Permission.ORGANISATION_APPLY,
        label=_("Withdraw the application"),
    ),
    Transition(
        "reopen",
        from_=S.WITHDRAWN,
        to=S.DRAFT,
        permission=Permission.ORGANISATION_APPLY,
        label=_("Take the application up again"),
    ),
    Transition(
        "take_up",
        from_=S.APPLIED,
        to=S.UNDER_REVIEW,
        permission=Permission.ORGANISATION_REVIEW,
        label=_("Begin the review"),
    ),
    Transition(
        "return",
        from_=S.UNDER_REVIEW,
        to=S.RETURNED,
        permission=Permission.ORGANISATION_REVIEW,
        asks=("comment",),
        guard=_something_asked,
        then=(notifications.application_returned,),
        label=_("Send back with questions"),
    ),
    Transition(
        "admit",
        from_=S.UNDER_REVIEW,
        to=S.MEMBER,
        permission=Permission.ORGANISATION_REVIEW,
        guard=_all_right,
        then=(_grant_capacities, notifications.organisation_admitted),
        label=_("Admit as a member"),
    ),
)

ORGANISATION = Workflow("partners.Organisation", TRANSITIONS, event=_event, may=access.may)
