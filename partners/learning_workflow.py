"""Trainings and guidance, as tables; the only code that changes their states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access
from partners import learning_clocks as clocks
from partners import learning_notifications as notifications
from partners.learning_choices import (
    DelayReason,
    GuidanceEventKind,
    GuidanceState,
    TrainingEventKind,
    TrainingState,
)
from partners.models import Guidance, GuidanceEvent, Training, TrainingEvent

S = TrainingState
G = GuidanceState
P = Permission
TRAINING_EVENTS = {
    "postpone": TrainingEventKind.POSTPONED,
    "hold": TrainingEventKind.HELD,
    "cancel": TrainingEventKind.CANCELLED,
}
GUIDANCE_EVENTS = {
    "put_in_force": GuidanceEventKind.IN_FORCE,
    "drop": GuidanceEventKind.DROPPED,
    "end": GuidanceEventKind.ENDED,
    "be_replaced": GuidanceEventKind.REPLACED,
}


def _training_event(
    obj: Training,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> TrainingEvent:
    reason = answers.get("reason")
    return TrainingEvent.objects.create(
        training=obj,
        kind=TRAINING_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment or (str(DelayReason(reason).label) if reason else ""),
    )


def _was_already(
    obj: Training, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its day is still to come"""
    on = answers.get("on")
    if on is not None and on > local_day(at):
        return Refusal(_("This day is still to come."))
    return None


def _is_to_come(
    obj: Training, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The new day has passed"""
    on = answers.get("on")
    if on is not None and on < local_day(at):
        return Refusal(_("The new day has passed already."))
    return None


TRAINING = Workflow(
    "partners.Training",
    (
        Transition(
            "hold",
            from_=(S.PLANNED, S.POSTPONED),
            to=S.HELD,
            permission=P.TRAINING_KEEP,
            asks=("on",),
            guard=_was_already,
            stamps="held",
            then=(clocks.outcome_said, notifications.held),
            label=_("Say that it was held"),
        ),
        Transition(
            "postpone",
            from_=(S.PLANNED, S.POSTPONED),
            to=S.POSTPONED,
            permission=P.TRAINING_KEEP,
            asks=("reason", "reason_words"),
            may_ask=("on",),
            guard=_is_to_come,
            then=(clocks.day_set, notifications.postponed),
            label=_("Postpone"),
        ),
        Transition(
            "cancel",
            from_=(S.PLANNED, S.POSTPONED),
            to=S.CANCELLED,
            permission=P.TRAINING_KEEP,
            asks=("reason", "reason_words"),
            stamps="cancelled",
            then=(clocks.outcome_said, notifications.cancelled),
            label=_("Cancel it"),
        ),
    ),
    event=_training_event,
    may=access.may,
)


def _guidance_event(
    obj: Guidance,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> GuidanceEvent:
    return GuidanceEvent.objects.create(
        guidance=obj,
        kind=GUIDANCE_EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


def _has_a_document(
    obj: Guidance, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No document is added"""
    return None if obj.files.exists() else Refusal(_("Add the document first."))


def _take_the_place(guidance: Guidance, event: Any, *, by: Any, at: datetime) -> None:
    """The version before gives way, and stays readable"""
    before = guidance.replaces
    if before is not None and before.state == G.IN_FORCE:
        GUIDANCE.apply(before, "be_replaced", by=access.system_actor("workflow", at), at=at)


GUIDANCE = Workflow(
    "partners.Guidance",
    (
        Transition(
            "put_in_force",
            from_=G.DRAFT,
            to=G.IN_FORCE,
            permission=P.GUIDANCE_KEEP,
            guard=_has_a_document,
            stamps="in_force",
            then=(_take_the_place, notifications.published),
            label=_("Put in force"),
        ),
        Transition(
            "drop",
            from_=G.DRAFT,
            to=G.DROPPED,
            permission=P.GUIDANCE_KEEP,
            stamps="over",
            label=_("Give the draft up"),
        ),
        Transition(
            "end",
            from_=G.IN_FORCE,
            to=G.ENDED,
            permission=P.GUIDANCE_KEEP,
            asks=("comment",),
            stamps="over",
            then=(notifications.over,),
            label=_("End it"),
        ),
        Transition(
            "be_replaced",
            from_=G.IN_FORCE,
            to=G.REPLACED,
            permission=P.GUIDANCE_KEEP,
            stamps="over",
            then=(notifications.over,),
            label=_("Give way to a newer version"),
        ),
    ),
    event=_guidance_event,
    may=access.may,
)
