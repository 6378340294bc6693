"""The lives of a meeting, an agenda item and a resolution: three tables, and nothing else changes
their states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from ncm import bodies_access
from ncm import meetings_clocks as clocks
from ncm import meetings_notices as notices
from ncm.bodies_choices import (
    TO_COME,
    ItemEventKind,
    ItemState,
    MeetingEventKind,
    MeetingState,
    ResolutionState,
)
from ncm.models import AgendaItem, ItemEvent, Meeting, MeetingEvent, Minutes, Resolution, Seat
from partners import access
from partners.access import system_actor

P = Permission
M = MeetingState
I = ItemState  # noqa: E741 - beside M and R
R = ResolutionState

# --- meetings -------------------------------------------------------------------------------------


def _has_seats(
    obj: Meeting, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It has begun, or nobody has a seat on that day"""
    if obj.starts_at <= at:
        return Refusal(_("It begins in the past. Move it first."))
    if not Seat.objects.filter(body=obj.body_id).on(obj.on).exists():
        return Refusal(_("Nobody has a seat on that day. Give seats first."))
    return None


def _day_has_come(
    obj: Meeting, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its day has not come"""
    if local_day(at) < obj.on:
        return Refusal(_("The day of the meeting has not come."))
    return None


def _can_be_approved(
    obj: Meeting, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """An item is open, there is no draft, or the actor drafted it"""
    minutes = Minutes.objects.filter(meeting=obj.pk).first()
    if minutes is None:
        return Refusal(_("The minutes are not drafted."))
    open_ = obj.items.filter(state=I.ON_AGENDA).count()
    if open_:
        return Refusal(_("Agenda items nobody has said what became of: %(n)s.") % {"n": open_})
    if minutes.drafted_by_id == by.user_id:
        return Refusal(_("Somebody else approves: you wrote this draft."))
    return None


def _postpone_items(obj: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """What was on its agenda is postponed"""
    system = system_actor("workflow", at)
    for item in obj.items.filter(state=I.ON_AGENDA).order_by("position", "pk"):
        ITEM.apply(item, "postpone", by=system, at=at)


def _meeting_event(
    obj: Meeting,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> MeetingEvent:
    kind = {
        "invite": MeetingEventKind.INVITED,
        "hold": MeetingEventKind.HELD,
        "cancel": MeetingEventKind.CANCELLED,
        "approve": MeetingEventKind.APPROVED,
    }[transition.name]
    # A chair acts as a seat: behind some seats nobody may be found.
    is_chair = P.COORDINATION_KEEP not in by.permissions and not by.system
    return MeetingEvent.objects.create(
        meeting=obj, kind=kind, at=at, by=None if is_chair else by.user,
        by_organisation=None if is_chair else by.organisation, comment=comment, old_state=old,
        new_state=new,
    )  # fmt: skip


MEETING = Workflow(
    "ncm.Meeting",
    (
        Transition(
            "invite", M.PLANNED, M.INVITED, P.COORDINATION_KEEP, guard=_has_seats,
            then=(notices.invited,), label=_("Invite the seats"),
        ),
        Transition(
            "hold", M.INVITED, M.HELD, P.COORDINATION_KEEP, guard=_day_has_come,
            then=(notices.held, clocks.held), label=_("Open the meeting"),
        ),
        Transition(
            "cancel", (M.PLANNED, M.INVITED), M.CANCELLED, P.COORDINATION_KEEP, asks=("comment",),
            then=(notices.cancelled, _postpone_items), label=_("Cancel the meeting"),
        ),
        Transition(
            "approve", M.HELD, M.APPROVED, P.COORDINATION_SPEAK, guard=_can_be_approved,
            then=(notices.approved, clocks.approved), label=_("Approve the minutes"),
        ),
    ),
    event=_meeting_event,
    may=access.may,
)  # fmt: skip

# --- agenda items ---------------------------------------------------------------------------------


def _fits(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The meeting is another body's, or over"""
    meeting = answers.get("meeting")
    if meeting is None:
        return None
    if meeting.body_id != obj.body_id:
        return Refusal(_("This meeting is of another body."))
    # What comes up in the room is put on the agenda there.
    if meeting.state not in (*TO_COME, M.HELD):
        return Refusal(_("This meeting takes no items any more."))
    return None


def _before_the_meeting(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its meeting was held"""
    if obj.meeting is not None and obj.meeting.state not in TO_COME:
        return Refusal(_("The meeting was held."))
    return _fits(obj, by=by, at=at, answers=answers)


def _its_own(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The actor does not speak for the seat whose item it is, or its meeting was held"""
    if obj.seat is None:
        own = P.COORDINATION_KEEP in by.permissions and bodies_access.keeps(by, obj.body)
    else:
        own = obj.seat.is_spoken_for_by(by)
    if not own:
        return Refusal(_("Only whoever submitted it takes it back."))
    if obj.meeting is not None and obj.meeting.state not in TO_COME:
        return Refusal(_("The meeting was held."))
    return None


def _in_the_meeting(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its meeting is not being held"""
    if obj.meeting is None or obj.meeting.state != M.HELD:
        return Refusal(_("Open the meeting first."))
    return None


def _was_voted_on(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its meeting is not being held, or nothing was put to the vote"""
    refusal = _in_the_meeting(obj, by=by, at=at, answers=answers)
    if refusal is None and not obj.motions.exists():
        return Refusal(_("Nothing was put to the vote. An item without a vote is noted."))
    return refusal


def _held_or_cancelled(
    obj: AgendaItem, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its meeting is to come, or its minutes are approved"""
    if obj.meeting is None or obj.meeting.state not in (M.HELD, M.CANCELLED):
        return Refusal(_("Move it to another meeting instead."))
    return None


def _withdrawn(obj: AgendaItem, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need answer it"""
    # The system's line: who of a seat takes it back stands nowhere.
    clocks.taken_back(obj, by=system_actor("workflow", at), at=at)
    notices.taken_back(obj, at=at)


def _item_event(
    obj: AgendaItem,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ItemEvent:
    kind = {
        "put": ItemEventKind.PUT,
        "move": ItemEventKind.PUT,
        "decline": ItemEventKind.DECLINED,
        "withdraw": ItemEventKind.WITHDRAWN,
        "decide": ItemEventKind.DECIDED,
        "note": ItemEventKind.NOTED,
        "postpone": ItemEventKind.POSTPONED,
    }[transition.name]
    seat = obj.seat if transition.name == "withdraw" else None
    return ItemEvent.objects.create(
        item=obj, kind=kind, at=at, by=None if seat else by.user, by_seat=seat, comment=comment,
        old_state=old, new_state=new,
    )  # fmt: skip


ITEM = Workflow(
    "ncm.AgendaItem",
    (
        Transition(
            "put", I.SUBMITTED, I.ON_AGENDA, P.COORDINATION_KEEP, asks=("meeting", "position"),
            guard=_fits, stamps="answered", then=(clocks.answered, notices.answered),
            label=_("Put it on the agenda"),
        ),
        Transition(
            "move", I.ON_AGENDA, I.ON_AGENDA, P.COORDINATION_KEEP, asks=("meeting", "position"),
            guard=_before_the_meeting, label=_("Move it to another meeting"),
        ),
        Transition(
            "decline", I.SUBMITTED, I.DECLINED, P.COORDINATION_KEEP, asks=("comment",),
            stamps="answered", then=(clocks.answered, notices.answered), label=_("Decline it"),
        ),
        Transition(
            "withdraw", (I.SUBMITTED, I.ON_AGENDA), I.WITHDRAWN, P.COORDINATION_SEE,
            guard=_its_own, stamps="settled", then=(_withdrawn,), label=_("Take it back"),
        ),
        Transition(
            "decide", I.ON_AGENDA, I.DECIDED, P.COORDINATION_KEEP, guard=_was_voted_on,
            stamps="settled", then=(notices.settled,), label=_("It was decided"),
        ),
        Transition(
            "note", I.ON_AGENDA, I.NOTED, P.COORDINATION_KEEP, guard=_in_the_meeting,
            stamps="settled", then=(notices.settled,), label=_("It was noted"),
        ),
        Transition(
            "postpone", I.ON_AGENDA, I.POSTPONED, P.COORDINATION_KEEP, guard=_held_or_cancelled,
            stamps="settled", then=(notices.settled,), label=_("It was postponed"),
        ),
    ),
    event=_item_event,
    may=access.may,
)  # fmt: skip

# --- resolutions ----------------------------------------------------------------------------------


def _ended_by_a_later_one(
    obj: Resolution, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """No later resolution ends it"""
    if not obj.later.exists():
        return Refusal(_("A resolution ends by a later one."))
    return None


def _resolution_event(
    obj: Resolution,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> MeetingEvent:
    """It stands among what happened at the meeting of the later one."""
    later = obj.later.select_related("meeting").get()
    return MeetingEvent.objects.create(
        meeting=later.meeting, kind=MeetingEventKind.RESOLVED, at=at, by=by.user,
        by_organisation=by.organisation, comment=obj.reference, old_state=old, new_state=new,
    )  # fmt: skip


RESOLUTION = Workflow(
    "ncm.Resolution",
    (
        Transition(
            "replace", R.IN_FORCE, R.REPLACED, P.COORDINATION_KEEP, guard=_ended_by_a_later_one,
            stamps="ended", label=_("Replaced by a later one"),
        ),
        Transition(
            "repeal", R.IN_FORCE, R.REPEALED, P.COORDINATION_KEEP, guard=_ended_by_a_later_one,
            stamps="ended", label=_("Repealed by a later one"),
        ),
    ),
    event=_resolution_event,
    may=access.may,
)  # fmt: skip
