"""An action point's life from the day it is given to the day somebody else sees it done. The only
code that changes its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from ncm import action_clocks as clocks
from ncm import action_notifications as notifications
from ncm import speakers
from ncm.action_choices import TO_DO, ActionEventKind, ActionState
from ncm.models import ActionEvent, ActionPoint
from partners import access

S = ActionState
E = ActionEventKind
P = Permission

EVENTS = {
    "assign": E.ASSIGNED,
    "begin": E.BEGUN,
    "report": E.REPORTED,
    "verify": E.VERIFIED,
    "send_back": E.SENT_BACK,
    "move": E.MOVED,
    "cancel": E.CANCELLED,
}
MOVES_THE_DAY = ("move", "send_back")


def _event(
    obj: ActionPoint,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ActionEvent:
    moves = transition.name in MOVES_THE_DAY
    return ActionEvent.objects.create(
        action=obj, kind=EVENTS[transition.name], at=at, by=by.user,
        by_organisation=by.organisation, comment=comment,
        evidence=answers.get("evidence") or "", old_state=old, new_state=new,
        old_due_on=obj.due_before_on if moves else None,
        new_due_on=obj.due_on if moves else None,
    )  # fmt: skip


def _of_the_organisation(
    obj: ActionPoint, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The person does not work on co-ordination in the responsible organisation"""
    person = answers.get("responsible_person")
    if person is None:
        return None
    if speakers.colleagues(obj.responsible).filter(user=person).exists():
        return None
    return Refusal(_("Name a colleague of the organisation that is responsible."))


def _with_evidence(
    obj: ActionPoint, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Nothing shows that it is done: neither words nor a document"""
    if not answers or str(answers.get("evidence") or "").strip() or obj.files.exists():
        return None
    return Refusal(_("Say what shows that it is done, or add a document first."))


def _another_person(
    obj: ActionPoint, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It is one's own work; or, of one's own organisation's or with high priority, one made it"""
    if by.user_id in (obj.reported_by_id, obj.responsible_person_id):
        return Refusal(_("Somebody else sees whether it is done: you did it or reported it."))
    if obj.needs_two and by.user_id == obj.made_by_id:
        return Refusal(
            _("A second person sees whether it is done: you made this action point, and it has "
              "high priority or is your own organisation’s. A colleague can, or the co-ordination.")
        )  # fmt: skip
    return None


def _to_come(
    obj: ActionPoint, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The new day has passed, or is the one it has"""
    due_on = answers.get("due_on")
    if due_on is None:
        return None
    if due_on < local_day(at):
        return Refusal(_("Give a day to come."))
    if due_on == obj.due_on and obj.is_to_do:
        return Refusal(_("It is due on that day already."))
    return None


def _same(obj: ActionPoint, answers: Mapping[str, Any]) -> str:
    return obj.state


def _keeps_the_day(obj: ActionPoint, at: datetime) -> Mapping[str, Any]:
    return {"due_before_on": obj.due_on}


ACTION = Workflow(
    "ncm.ActionPoint",
    (
        Transition(
            "begin",
            from_=S.OPEN,
            to=S.IN_PROGRESS,
            permission=P.COORDINATION_SEE,
            stamps="begun",
            label=_("Begin"),
            follows=_("Both sides see that somebody works on it"),
        ),
        Transition(
            "assign",
            from_=TO_DO,
            to=TO_DO,
            permission=P.COORDINATION_SEE,
            may_ask=("responsible_person",),
            chooses=_same,
            guard=_of_the_organisation,
            then=(clocks.assigned, notifications.assigned),
            label=_("Name who does it"),
        ),
        Transition(
            "report",
            from_=TO_DO,
            to=S.REPORTED,
            permission=P.COORDINATION_SEE,
            asks=("comment",),
            may_ask=("evidence",),
            guard=_with_evidence,
            then=(clocks.reported, notifications.reported),
            label=_("Report it done"),
        ),
        Transition(
            "verify",
            from_=S.REPORTED,
            to=S.VERIFIED,
            permission=P.COORDINATION_SPEAK,
            guard=_another_person,
            then=(clocks.verified, notifications.verified),
            label=_("Verify that it is done"),
        ),
        Transition(
            "send_back",
            from_=S.REPORTED,
            to=S.SENT_BACK,
            permission=P.COORDINATION_SPEAK,
            asks=("comment", "due_on"),
            guard=_to_come,
            sets=_keeps_the_day,
            then=(clocks.sent_back, notifications.sent_back),
            label=_("Send it back"),
        ),
        Transition(
            "move",
            from_=TO_DO,
            to=TO_DO,
            permission=P.COORDINATION_SPEAK,
            asks=("due_on", "comment"),
            chooses=_same,
            guard=_to_come,
            sets=_keeps_the_day,
            then=(clocks.moved, notifications.moved),
            label=_("Move the due day"),
        ),
        Transition(
            "cancel",
            from_=TO_DO,
            to=S.CANCELLED,
            permission=P.COORDINATION_SPEAK,
            asks=("comment",),
            then=(clocks.cancelled, notifications.cancelled),
            label=_("Cancel it"),
        ),
    ),
    event=_event,
    may=access.may,
)
