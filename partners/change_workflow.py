"""What becomes of a change somebody reviews, as a table; the only code that changes its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from common.workflow import Transition, Workflow
from partners import access, notifications
from partners.choices import ChangeState, EventKind
from partners.models import ChangeRequest, OrganisationEvent
from partners.services.changes import carry_out

S = ChangeState
CHANGE_EVENTS = {
    "agree": EventKind.CHANGE_AGREED,
    "decline": EventKind.CHANGE_DECLINED,
    "withdraw": EventKind.CHANGE_WITHDRAWN,
}


def _event(
    obj: ChangeRequest,
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
        organisation=obj.organisation,
        kind=CHANGE_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=obj.words,
    )


CHANGE = Workflow(
    "partners.ChangeRequest",
    (
        Transition(
            "agree",
            from_=S.OPEN,
            to=S.AGREED,
            permission=Permission.ORGANISATION_REVIEW,
            may_ask=("words",),
            stamps="decided",
            then=(carry_out, notifications.change_decided),
            label=_("Agree to the change"),
        ),
        Transition(
            "decline",
            from_=S.OPEN,
            to=S.DECLINED,
            permission=Permission.ORGANISATION_REVIEW,
            asks=("words",),
            stamps="decided",
            then=(notifications.change_decided,),
            label=_("Decline the change"),
        ),
        Transition(
            "withdraw",
            from_=S.OPEN,
            to=S.WITHDRAWN,
            permission=Permission.ORGANISATION_EDIT,
            label=_("Take it back"),
        ),
    ),
    event=_event,
    may=access.may,
)
