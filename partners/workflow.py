"""An organisation's way into the mechanism and out of it, and the proceedings about its place.

Two tables; the only code that changes either state. What a panel decided is carried out here, in
the same transaction, by the person whose vote decided it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, clocks, leaving, notifications, panels
from partners.choices import (
    Capacity,
    EventKind,
    Instance,
    OrganisationState,
    ProceedingKind,
    ProceedingState,
)
from partners.models import HeldCapacity, Organisation, OrganisationEvent, Proceeding
from partners.models.proceedings import APPEAL_DECIDED_WITHIN, APPEAL_WITHIN, FILES_STAY_OPEN
from partners.reviews import answers_in_question, answers_not_yet_right, missing_answers
from partners.services import requests
from partners.services.listings import relisted

S = OrganisationState
PS = ProceedingState
#: What a member may do to others by it; an office gives it, and no appeal does.
FAR_REACHING = (Capacity.CO_ORDINATION, Capacity.RAPPORTEUR, Capacity.COMPETENT_AUTHORITY)

EVENTS = {
    "send": EventKind.APPLIED,
    "withdraw": EventKind.WITHDRAWN,
    "reopen": EventKind.REOPENED,
    "take_up": EventKind.REVIEW_BEGUN,
    "return": EventKind.RETURNED,
    "admit": EventKind.ADMITTED,
    "refuse": EventKind.REFUSED,
    "admit_on_appeal": EventKind.ADMITTED_ON_APPEAL,
    "suspend": EventKind.SUSPENDED,
    "reinstate": EventKind.REINSTATED,
    "reinstate_on_appeal": EventKind.REINSTATED_ON_APPEAL,
    "leave": EventKind.LEFT,
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


def _no_appeal_waits(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An appeal is being heard"""
    if obj.proceedings.undecided().exists():
        return Refusal(_("An appeal is being heard. Wait for it, or apply anew afterwards."))
    return None


def _decided(
    obj: Organisation, at: datetime, kind: ProceedingKind, state: ProceedingState
) -> Proceeding | None:
    """The proceeding that a panel decided so in this very transaction."""
    stamp = "reviewed_at" if state == PS.OVERTURNED else "decided_at"
    return obj.proceedings.filter(kind=kind, state=state, **{stamp: at}).first()


def _panel_refused(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No panel has just decided so"""
    if _decided(obj, at, ProceedingKind.REFUSAL, PS.IMPOSED):
        return None
    return Refusal(_("Only a panel refuses an application."))


def _panel_suspended(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No panel has just decided so"""
    if _decided(obj, at, ProceedingKind.SUSPENSION, PS.IMPOSED):
        return None
    return Refusal(_("Only a panel suspends a member."))


def _appeal_granted(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No appeal has just been granted"""
    kind = ProceedingKind.REFUSAL if obj.state == S.REFUSED else ProceedingKind.SUSPENSION
    if _decided(obj, at, kind, PS.OVERTURNED):
        return None
    return Refusal(_("Only an appeal that was granted does this."))


def _nothing_is_left_open(
    obj: Organisation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Something in its care is still open"""
    if any(work.blocks for work in leaving.open_work(obj)):
        return Refusal(
            _("People in your care would be left behind. Bring what is open to an end first.")
        )
    return None


def _files_until(organisation: Organisation, at: datetime) -> dict[str, Any]:
    decided = _decided(organisation, at, ProceedingKind.SUSPENSION, PS.IMPOSED)
    closed = decided is None or panels.files_are_withheld(decided)
    return {"files_until_at": None if closed else at + FILES_STAY_OPEN}


def _no_files_until(organisation: Organisation, at: datetime) -> dict[str, Any]:
    return {"files_until_at": None}


def _grant_what_no_office_needs(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The capacities asked for are held, but for those that decide, steer or report"""
    asked = HeldCapacity.objects.filter(
        organisation=organisation, granted_at__isnull=True, ended_at__isnull=True
    )
    asked.exclude(capacity__in=FAR_REACHING).update(granted_at=at, granted_by=by.user)


def _drop_refusal(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """A proceeding about its application falls away"""
    system = access.system_actor("workflow", at)
    for proceeding in organisation.proceedings.undecided().filter(kind=ProceedingKind.REFUSAL):
        PROCEEDING.apply(proceeding, "drop", by=system, at=at)


def _end_proceedings(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Proceedings about it end"""
    system = access.system_actor("workflow", at)
    standing = (PS.NOTICED, PS.ANSWERED, PS.IMPOSED, PS.APPEALED, PS.UPHELD)
    suspensions = organisation.proceedings.filter(kind=ProceedingKind.SUSPENSION)
    for proceeding in suspensions.filter(state__in=standing):
        PROCEEDING.apply(proceeding, "end", by=system, at=at)


def _end_memberships(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Everybody's membership, the letters and the capacities of the organisation end"""
    leaving.end_everything(organisation, by=by, at=at)


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
        then=(notifications.application_sent, clocks.application_sent, relisted),
        label=_("Send the application"),
    ),
    Transition(
        "withdraw",
        from_=(S.DRAFT, S.APPLIED, S.UNDER_REVIEW, S.RETURNED),
        to=S.WITHDRAWN,
        permission=Permission.ORGANISATION_APPLY,
        then=(_drop_refusal, clocks.application_withdrawn),
        label=_("Withdraw the application"),
    ),
    Transition(
        "reopen",
        from_=(S.WITHDRAWN, S.REFUSED),
        to=S.DRAFT,
        permission=Permission.ORGANISATION_APPLY,
        guard=_no_appeal_waits,
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
        then=(notifications.application_returned, clocks.application_returned),
        label=_("Send back with questions"),
    ),
    Transition(
        "admit",
        from_=S.UNDER_REVIEW,
        to=S.MEMBER,
        permission=Permission.ORGANISATION_REVIEW,
        guard=_all_right,
        then=(
            _grant_capacities,
            _drop_refusal,
            notifications.organisation_admitted,
            clocks.organisation_admitted,
            relisted,
        ),
        label=_("Admit as a member"),
    ),
    Transition(
        "refuse",
        from_=(S.APPLIED, S.UNDER_REVIEW, S.RETURNED),
        to=S.REFUSED,
        permission=Permission.PANEL_SIT,
        guard=_panel_refused,
        then=(clocks.application_refused,),
        label=_("Refuse the application"),
    ),
    Transition(
        "admit_on_appeal",
        from_=S.REFUSED,
        to=S.MEMBER,
        permission=Permission.PANEL_SIT,
        guard=_appeal_granted,
        then=(
            _grant_what_no_office_needs,
            notifications.organisation_admitted,
            clocks.organisation_admitted,
            relisted,
        ),
        label=_("Admit on appeal"),
    ),
    Transition(
        "suspend",
        from_=S.MEMBER,
        to=S.SUSPENDED,
        permission=Permission.PANEL_SIT,
        guard=_panel_suspended,
        sets=_files_until,
        then=(notifications.standing_changed,),
        label=_("Suspend"),
    ),
    Transition(
        "reinstate",
        from_=S.SUSPENDED,
        to=S.MEMBER,
        permission=Permission.ORGANISATION_REVIEW,
        stamps="reinstated",
        sets=_no_files_until,
        then=(_end_proceedings, notifications.standing_changed),
        label=_("Lift the suspension"),
    ),
    Transition(
        "reinstate_on_appeal",
        from_=S.SUSPENDED,
        to=S.MEMBER,
        permission=Permission.PANEL_SIT,
        guard=_appeal_granted,
        stamps="reinstated",
        sets=_no_files_until,
        then=(notifications.standing_changed,),
        label=_("Lift the suspension on appeal"),
    ),
    Transition(
        "leave",
        from_=(S.MEMBER, S.SUSPENDED),
        to=S.LEFT,
        permission=Permission.ORGANISATION_SPEAK,
        guard=_nothing_is_left_open,
        sets=_no_files_until,
        then=(
            notifications.organisation_left,
            _end_proceedings,
            _end_memberships,
            clocks.organisation_left,
            relisted,
            requests.organisation_left,
        ),
        label=_("Leave the mechanism"),
    ),
)

ORGANISATION = Workflow("partners.Organisation", TRANSITIONS, event=_event, may=access.may)


# --- proceedings about an organisation's place ----------------------------------------------------

PROCEEDING_EVENTS = {
    "answer": EventKind.NOTICE_ANSWERED,
    "decide": EventKind.PANEL_DECIDED,
    "appeal": EventKind.APPEALED,
    "decide_appeal": EventKind.APPEAL_DECIDED,
    "drop": EventKind.PROCEEDING_DROPPED,
    "end": EventKind.PROCEEDING_ENDED,
}
#: What an organisation loses or gets back: (kind, what a panel decided) → its own transition.
CARRIED_OUT = {
    (ProceedingKind.REFUSAL, PS.IMPOSED): "refuse",
    (ProceedingKind.SUSPENSION, PS.IMPOSED): "suspend",
    (ProceedingKind.REFUSAL, PS.OVERTURNED): "admit_on_appeal",
    (ProceedingKind.SUSPENSION, PS.OVERTURNED): "reinstate_on_appeal",
}


def _everybody_voted(
    obj: Proceeding, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A vote is missing, or the organisation may still answer"""
    return panels.not_yet(obj, at) or panels.votes_missing(obj)


def _in_time(
    obj: Proceeding, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The time to appeal has passed"""
    if obj.appeal_until_at is not None and at >= obj.appeal_until_at:
        return Refusal(_("The time to appeal has passed."))
    return None


def _by_votes(obj: Proceeding, answers: Mapping[str, Any]) -> str:
    is_justified = panels.is_justified(obj)
    if obj.instance == Instance.APPEAL:
        return PS.UPHELD if is_justified else PS.OVERTURNED
    return PS.IMPOSED if is_justified else PS.DISMISSED


def _carry_out(obj: Proceeding, event: OrganisationEvent, *, by: Any, at: datetime) -> None:
    """What was decided happens to the organisation at once"""
    act = CARRIED_OUT.get((ProceedingKind(obj.kind), PS(obj.state)))
    if act is not None:
        ORGANISATION.apply(obj.organisation, act, by=by, at=at)


def _proceeding_event(
    obj: Proceeding,
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
        kind=PROCEEDING_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment or str(PS(new).label),
    )


def _follows_the_organisation(
    obj: Proceeding, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The organisation is still suspended"""
    if obj.organisation.state == S.SUSPENDED:
        return Refusal(_("It ends when the suspension is lifted."))
    return None


PROCEEDING_TRANSITIONS = (
    Transition(
        "answer",
        from_=PS.NOTICED,
        to=PS.ANSWERED,
        permission=Permission.ORGANISATION_SPEAK,
        asks=("answer",),
        then=(notifications.notice_answered, clocks.proceeding_moved),
        label=_("Answer the notice"),
    ),
    Transition(
        "decide",
        from_=(PS.NOTICED, PS.ANSWERED),
        to=(PS.IMPOSED, PS.DISMISSED),
        permission=Permission.PANEL_SIT,
        guard=_everybody_voted,
        chooses=_by_votes,
        stamps="decided",
        sets=lambda obj, at: {"appeal_until_at": at + APPEAL_WITHIN},
        then=(_carry_out, notifications.panel_decided, clocks.proceeding_moved),
        label=_("Decide"),
    ),
    Transition(
        "appeal",
        from_=PS.IMPOSED,
        to=PS.APPEALED,
        permission=Permission.ORGANISATION_SPEAK,
        asks=("appeal_words",),
        guard=_in_time,
        sets=lambda obj, at: {"appeal_due_at": at + APPEAL_DECIDED_WITHIN},
        then=(notifications.appeal_made, clocks.proceeding_moved),
        label=_("Appeal"),
    ),
    Transition(
        "decide_appeal",
        from_=PS.APPEALED,
        to=(PS.UPHELD, PS.OVERTURNED),
        permission=Permission.PANEL_SIT,
        guard=_everybody_voted,
        chooses=_by_votes,
        stamps="reviewed",
        then=(_carry_out, notifications.panel_decided, clocks.proceeding_moved),
        label=_("Decide the appeal"),
    ),
    Transition(
        "drop",
        from_=(PS.NOTICED, PS.ANSWERED),
        to=PS.DROPPED,
        permission=Permission.ORGANISATION_REVIEW,
        then=(notifications.notice_dropped, clocks.proceeding_moved),
        label=_("Take the notice back"),
    ),
    Transition(
        "end",
        from_=(PS.NOTICED, PS.ANSWERED, PS.IMPOSED, PS.APPEALED, PS.UPHELD),
        to=PS.ENDED,
        permission=Permission.ORGANISATION_REVIEW,
        guard=_follows_the_organisation,
        then=(clocks.proceeding_moved,),
        label=_("End with the suspension"),
    ),
)

PROCEEDING = Workflow(
    "partners.Proceeding", PROCEEDING_TRANSITIONS, event=_proceeding_event, may=access.may
)
