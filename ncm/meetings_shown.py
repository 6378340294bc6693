"""How meetings, agenda items and resolutions are shown: states in colour, moments, the record."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from common.country import current
from ncm.bodies_choices import ItemState, MeetingState, ResolutionState
from ncm.models import AgendaItem, Meeting, Resolution

MEETING_COLOURS = {
    MeetingState.PLANNED: "grey",
    MeetingState.INVITED: "blue",
    MeetingState.HELD: "yellow",
    MeetingState.APPROVED: "green",
    MeetingState.CANCELLED: "red",
}
ITEM_COLOURS = {
    ItemState.SUBMITTED: "yellow",
    ItemState.ON_AGENDA: "blue",
    ItemState.DECLINED: "red",
    ItemState.WITHDRAWN: "grey",
    ItemState.DECIDED: "green",
    ItemState.NOTED: "teal",
    ItemState.POSTPONED: "orange",
}
RESOLUTION_COLOURS = {
    ResolutionState.IN_FORCE: "green",
    ResolutionState.REPLACED: "grey",
    ResolutionState.REPEALED: "red",
}


def meeting_tag(meeting: Meeting) -> dict[str, str]:
    known = MeetingState(meeting.state)
    return {"text": str(known.label), "colour": MEETING_COLOURS[known]}


def item_tag(item: AgendaItem) -> dict[str, str]:
    known = ItemState(item.state)
    return {"text": str(known.label), "colour": ITEM_COLOURS[known]}


def resolution_tag(resolution: Resolution) -> dict[str, str]:
    known = ResolutionState(resolution.state)
    return {"text": str(known.label), "colour": RESOLUTION_COLOURS[known]}


def moment(at: Any) -> str:
    """A moment in the country's time."""
    return date_format(_there(at), "DATETIME_FORMAT") if at else ""


def _there(at: datetime) -> datetime:
    """Where the meeting is: whatever zone the reader chose, and in a job, which has none."""
    return localtime(at, current().time_zone)


def hours(meeting: Meeting) -> str:
    """From when to when, in the country's time: it is also what minutes and their PDF say."""
    begins, ends = _there(meeting.starts_at), _there(meeting.ends_at)
    return f"{date_format(begins, 'TIME_FORMAT')} – {date_format(ends, 'TIME_FORMAT')}"
