"""Requests for access and authorisations, as tables; the only code that changes their states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, facility_clocks
from partners import facility_notifications as notifications
from partners.facility_choices import AccessEventKind, AuthorisationState, RequestState
from partners.models import AccessAuthorisation, AccessEvent

R = RequestState
A = AuthorisationState
P = Permission
REQUEST_EVENTS = {
    "grant": AccessEventKind.GRANTED,
    "refuse": AccessEventKind.REFUSED,
    "withdraw": AccessEventKind.WITHDRAWN,
}
AUTHORISATION_EVENTS = {
    "revoke": AccessEventKind.REVOKED,
    "expire": AccessEventKind.EXPIRED,
}


def _event(
    obj: Any,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> AccessEvent:
    kinds = {**REQUEST_EVENTS, **AUTHORISATION_EVENTS}
    return AccessEvent.objects.create(
        facility=obj.facility,
        organisation=obj.organisation,
        kind=kinds[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


REQUEST = Workflow(
    "partners.AccessRequest",
    (
        Transition(
            "grant",
            from_=R.ASKED,
            to=R.GRANTED,
            permission=P.FACILITY_DECIDE,
            stamps="decided",
            then=(facility_clocks.request_decided, notifications.request_decided),
            label=_("Grant access"),
            follows=_("An authorisation for the days granted"),
        ),
        Transition(
            "refuse",
            from_=R.ASKED,
            to=R.REFUSED,
            permission=P.FACILITY_DECIDE,
            asks=("refusal", "refusal_words"),
            stamps="decided",
            then=(facility_clocks.request_decided, notifications.request_decided),
            label=_("Refuse access"),
        ),
        Transition(
            "withdraw",
            from_=R.ASKED,
            to=R.WITHDRAWN,
            permission=P.FACILITY_ASK,
            then=(facility_clocks.request_withdrawn,),
            label=_("Take the request back"),
        ),
    ),
    event=_event,
    may=access.may,
)


def _has_run_out(
    obj: AccessAuthorisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its last day has not passed"""
    if obj.until_on >= local_day(at):
        return Refusal(_("Its last day has not passed."))
    return None


AUTHORISATION = Workflow(
    "partners.AccessAuthorisation",
    (
        Transition(
            "revoke",
            from_=A.IN_FORCE,
            to=A.REVOKED,
            permission=P.FACILITY_DECIDE,
            asks=("comment",),
            then=(facility_clocks.authorisation_over, notifications.authorisation_revoked),
            label=_("Revoke the authorisation"),
        ),
        Transition(
            "expire",
            from_=A.IN_FORCE,
            to=A.EXPIRED,
            permission=P.FACILITY_KEEP,
            guard=_has_run_out,
            then=(facility_clocks.authorisation_over,),
            label=_("Run out"),
        ),
    ),
    event=_event,
    may=access.may,
)
