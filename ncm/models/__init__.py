"""Bodies of the national co-ordination and what they keep."""

from ncm.models.action_points import ActionComment, ActionEvent, ActionFile, ActionPoint
from ncm.models.agenda import AgendaItem, ItemEvent, Paper, PaperLimit
from ncm.models.bodies import Body, BodyDocument, BodyEvent, QuorumRule, Seat
from ncm.models.consultations import Consultation, ConsultationEvent, Position
from ncm.models.meetings import Attendance, Meeting, MeetingEvent, Minutes, MinutesAnnex
from ncm.models.obligations import Obligation, ObligationEvent
from ncm.models.plan import (
    ActionPlan,
    Activity,
    ActivityGap,
    ActivityStatus,
    Objective,
    PlanEvent,
    Revision,
    RevisionChange,
)
from ncm.models.plan_reports import PlanReport, PlanReportFile, PlanReportPart
from ncm.models.prevention import Prevention, PreventionEvent
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
    "ActionPlan",
    "ActionPoint",
    "Activity",
    "ActivityGap",
    "ActivityStatus",
    "Consultation",
    "ConsultationEvent",
    "Objective",
    "Obligation",
    "ObligationEvent",
    "PlanEvent",
    "PlanReport",
    "PlanReportFile",
    "PlanReportPart",
    "Position",
    "Prevention",
    "PreventionEvent",
    "Revision",
    "RevisionChange",
]
