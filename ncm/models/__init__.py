"""Bodies of the national co-ordination and what they keep."""

from ncm.models.action_points import ActionComment, ActionEvent, ActionFile, ActionPoint
from ncm.models.agenda import AgendaItem, ItemEvent, Paper, PaperLimit
from ncm.models.bodies import Body, BodyDocument, BodyEvent, QuorumRule, Seat
from ncm.models.meetings import Attendance, Meeting, MeetingEvent, Minutes, MinutesAnnex
from ncm.models.resolutions import Dissent, Motion, MotionQuorum, Resolution, Vote

__all__ = [
    "ActionComment",
    "ActionEvent",
    "ActionFile",
    "ActionPoint",
    "AgendaItem",
    "Attendance",
    "Body",
    "BodyDocument",
    "BodyEvent",
    "Dissent",
    "ItemEvent",
    "Meeting",
    "MeetingEvent",
    "Minutes",
    "MinutesAnnex",
    "Motion",
    "MotionQuorum",
    "Paper",
    "PaperLimit",
    "QuorumRule",
    "Resolution",
    "Seat",
    "Vote",
]
