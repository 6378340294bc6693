"""What becomes of a version of a local protocol; the only code that changes its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access
from partners.facility_choices import ProtocolEventKind, ProtocolState
from partners.models import LocalProtocol, ProtocolEvent

S = ProtocolState
P = Permission
LEAST_SIGNATORIES = 2
EVENTS = {
    "put_in_force": ProtocolEventKind.IN_FORCE,
    "be_replaced": ProtocolEventKind.REPLACED,
    "end": ProtocolEventKind.ENDED,
    "drop": ProtocolEventKind.DROPPED,
}


def _ready(
    obj: LocalProtocol, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A signature or the contact chain is missing"""
    signatories = list(obj.signatories.all())
    if len(signatories) < LEAST_SIGNATORIES:
        return Refusal(_("A protocol is signed by at least two organisations."))
    if any(each.signed_on is None for each in signatories):
        return Refusal(_("Enter for each signatory the day on which it signed."))
    if not obj.steps.exists():
        return Refusal(_("Say whom to call: the contact chain is empty."))
    return None


def _take_the_place(protocol: LocalProtocol, event: Any, *, by: Any, at: datetime) -> None:
    """The version before it gives way"""
    before = protocol.replaces
    if before is not None and before.state == S.IN_FORCE:
        PROTOCOL.apply(before, "be_replaced", by=access.system_actor("workflow", at), at=at)


def _event(
    obj: LocalProtocol,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ProtocolEvent:
    return ProtocolEvent.objects.create(
        protocol=obj,
        kind=EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


PROTOCOL = Workflow(
    "partners.LocalProtocol",
    (
        Transition(
            "put_in_force",
            from_=S.DRAFT,
            to=S.IN_FORCE,
            permission=P.AGREEMENT_DRAFT,
            guard=_ready,
            sets=lambda obj, at: {"from_on": local_day(at)},
            then=(_take_the_place,),
            label=_("Put in force"),
        ),
        Transition(
            "drop",
            from_=S.DRAFT,
            to=S.DROPPED,
            permission=P.AGREEMENT_DRAFT,
            stamps="over",
            label=_("Give the draft up"),
        ),
        Transition(
            "end",
            from_=S.IN_FORCE,
            to=S.ENDED,
            permission=P.AGREEMENT_DRAFT,
            asks=("comment",),
            stamps="over",
            sets=lambda obj, at: {"until_on": min(obj.until_on or local_day(at), local_day(at))},
            label=_("End the protocol"),
        ),
        Transition(
            "be_replaced",
            from_=S.IN_FORCE,
            to=S.REPLACED,
            permission=P.AGREEMENT_STEER,
            stamps="over",
            sets=lambda obj, at: {"until_on": local_day(at)},
            label=_("Give way to a newer version"),
        ),
    ),
    event=_event,
    may=access.may,
)
