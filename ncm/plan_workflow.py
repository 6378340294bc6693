"""The lives of a plan, a revision, a report on it, a consultation and a position: five tables, and
nothing else changes their states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from ncm import plan_clocks as clocks
from ncm import plan_figures, plan_text
from ncm import plan_notifications as notifications
from ncm.models import (
    ActionPlan,
    Activity,
    Consultation,
    ConsultationEvent,
    PlanEvent,
    PlanReport,
    Position,
    Revision,
)
from ncm.plan_choices import (
    ChangeKind,
    ConsultationEventKind,
    ConsultationState,
    PlanEventKind,
    PlanState,
    PositionState,
    ReportState,
    RevisionState,
)
from partners import access

P = Permission
S = PlanState
R = RevisionState
K = PlanEventKind


def plan_event(plan: ActionPlan, kind: PlanEventKind, *, by: Any, at: datetime,
               comment: str = "", activity: Activity | None = None,
               old: str = "", new: str = "") -> PlanEvent:  # fmt: skip
    """Write one line of a plan's past."""
    return PlanEvent.objects.create(
        plan=plan, activity=activity, kind=kind, at=at, by=by.user,
        by_organisation=by.organisation, comment=comment[:2000], old_state=old, new_state=new,
    )  # fmt: skip


# --- plans ----------------------------------------------------------------------------------------


def _has_activities(
    obj: ActionPlan, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It has no activity"""
    if not obj.activities.standing().exists():
        return Refusal(_("A plan without activities is not adopted."))
    return None


def _not_being_revised(
    obj: ActionPlan, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A revision is being drafted, or leads are being asked to report"""
    if obj.revisions.filter(state__in=[R.DRAFT, R.PROPOSED]).exists():
        return Refusal(_("A revision is being drafted: adopt or drop it first."))
    if obj.reports.filter(state=ReportState.OPEN).exists():
        return Refusal(_("A half-yearly report is open: send it first."))
    return None


def _of_plan(
    obj: ActionPlan,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> PlanEvent:
    kind = {"adopt": K.ADOPTED, "end": K.ENDED}[transition.name]
    said = comment or str(answers.get("act") or "")
    return plan_event(obj, kind, by=by, at=at, comment=said, old=old, new=new)


PLAN = Workflow(
    "ncm.ActionPlan",
    (
        Transition(
            "adopt",
            from_=S.DRAFT,
            to=S.ADOPTED,
            permission=P.COORDINATION_KEEP,
            asks=("act",),
            guard=_has_activities,
            then=(notifications.adopted,),
            label=_("Record that it is adopted"),
        ),
        Transition(
            "end",
            from_=S.ADOPTED,
            to=S.ENDED,
            permission=P.COORDINATION_KEEP,
            asks=("comment",),
            guard=_not_being_revised,
            label=_("End the plan"),
        ),
    ),
    event=_of_plan,
    may=access.may,
)

# --- revisions ------------------------------------------------------------------------------------


def _has_changes(
    obj: Revision, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """It changes nothing"""
    if not obj.changes.exists():
        return Refusal(_("The revision changes nothing yet."))
    return None


def _by_a_second_person(
    obj: Revision, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The actor drafted or proposed it, or it cannot be carried out"""
    if by.user_id in {obj.created_by_id, obj.proposed_by_id}:
        return Refusal(_("Somebody else than who drafted it adopts a revision."))
    if obj.plan.state != S.ADOPTED:
        return Refusal(_("The plan is not in force."))
    return None


def carry_out(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Its activities get their new text; the former one is kept with the revision"""
    for change in revision.changes.select_related("activity__objective", "objective"):
        if change.kind == ChangeKind.ADD:
            last = change.objective.activities.order_by("-number").first()
            number = last.number + 1 if last else 1
            change.activity = plan_text.added(change.objective, number, change.after)
        else:
            row = Activity.objects.select_for_update(of=("self",)).get(pk=change.activity_id)
            change.before = plan_text.text_of(row)
            if change.kind == ChangeKind.DROP:
                row.dropped_at = at
                row.version += 1
                row.save()
            else:
                plan_text.write(row, change.after)
        change.save()
        plan_event(
            revision.plan, K.REVISED, by=by, at=at, comment=revision.reason,
            activity=change.activity,
        )  # fmt: skip


def _of_revision(
    obj: Revision,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> PlanEvent:
    kind = {
        "propose": K.REVISION_PROPOSED,
        "take_back": K.REVISION_BACK,
        "adopt": K.REVISED,
        "drop": K.REVISION_DROPPED,
    }[transition.name]
    said = comment or obj.reason
    return plan_event(obj.plan, kind, by=by, at=at, comment=said, old=old, new=new)


REVISION = Workflow(
    "ncm.Revision",
    (
        Transition(
            "propose",
            from_=R.DRAFT,
            to=R.PROPOSED,
            permission=P.COORDINATION_KEEP,
            guard=_has_changes,
            then=(clocks.proposed, notifications.revision_proposed),
            label=_("Give it to a second person"),
        ),
        Transition(
            "take_back",
            from_=R.PROPOSED,
            to=R.DRAFT,
            permission=P.COORDINATION_KEEP,
            asks=("comment",),
            then=(clocks.taken_back, notifications.revision_closed),
            label=_("Send it back to be changed"),
        ),
        Transition(
            "adopt",
            from_=R.PROPOSED,
            to=R.ADOPTED,
            permission=P.COORDINATION_KEEP,
            may_ask=("act",),
            guard=_by_a_second_person,
            then=(carry_out, clocks.adopted, notifications.revised),
            label=_("Adopt the revision"),
        ),
        Transition(
            "drop",
            from_=(R.DRAFT, R.PROPOSED),
            to=R.DROPPED,
            permission=P.COORDINATION_KEEP,
            asks=("comment",),
            then=(clocks.taken_back, notifications.revision_closed),
            label=_("Drop the revision"),
        ),
    ),
    event=_of_revision,
    may=access.may,
)

# --- reports --------------------------------------------------------------------------------------


def _of_report(
    obj: PlanReport,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> PlanEvent:
    return plan_event(obj.plan, K.REPORT_SENT, by=by, at=at, comment=comment, old=old, new=new)


REPORT = Workflow(
    "ncm.PlanReport",
    (
        Transition(
            "send",
            from_=ReportState.OPEN,
            to=ReportState.SENT,
            permission=P.COORDINATION_KEEP,
            asks=("summary",),
            sets=plan_figures.frozen,
            then=(clocks.report_sent, notifications.report_sent),
            label=_("Send the report"),
            follows=_("Its figures are frozen under a checksum; every member reads it"),
        ),
    ),
    event=_of_report,
    may=access.may,
)

# --- consultations --------------------------------------------------------------------------------


def consultation_event(
    consultation: Consultation, kind: ConsultationEventKind, *, by: Any, at: datetime,
    comment: str = "",
) -> ConsultationEvent:  # fmt: skip
    """Write one line of a consultation's past."""
    return ConsultationEvent.objects.create(
        consultation=consultation, kind=kind, at=at, by=by.user,
        by_organisation=by.organisation, comment=comment[:2000],
    )  # fmt: skip


def _all_answered(
    obj: Consultation, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """A position waits for an answer"""
    waiting = obj.positions.filter(state=PositionState.STATED).count()
    if waiting:
        return Refusal(_("Positions without an answer: %(n)s.") % {"n": waiting})
    return None


def _of_consultation(
    obj: Consultation,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ConsultationEvent:
    return consultation_event(obj, ConsultationEventKind.CLOSED, by=by, at=at, comment=comment)


CONSULTATION = Workflow(
    "ncm.Consultation",
    (
        Transition(
            "close",
            from_=ConsultationState.OPEN,
            to=ConsultationState.CLOSED,
            permission=P.COORDINATION_KEEP,
            asks=("outcome",),
            guard=_all_answered,
            label=_("Close it with its outcome"),
        ),
    ),
    event=_of_consultation,
    may=access.may,
)


def _is_open(
    obj: Position, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """The consultation is closed"""
    if obj.consultation.state != ConsultationState.OPEN:
        return Refusal(_("The consultation is closed."))
    return None


def _of_position(
    obj: Position,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ConsultationEvent:
    stated = transition.name == "say"
    kind = ConsultationEventKind.STATED if stated else ConsultationEventKind.ANSWERED
    return consultation_event(obj.consultation, kind, by=by, at=at, comment=comment)


POSITION = Workflow(
    "ncm.Position",
    (
        Transition(
            "say",
            from_=PositionState.INVITED,
            to=PositionState.STATED,
            permission=P.COORDINATION_SPEAK,
            asks=("words",),
            guard=_is_open,
            then=(clocks.stated, notifications.stated),
            label=_("State a position"),
            follows=_("Every member reads it; nobody can change it"),
        ),
        Transition(
            "answer",
            from_=PositionState.STATED,
            to=PositionState.ANSWERED,
            permission=P.COORDINATION_KEEP,
            asks=("answer", "reason"),
            then=(clocks.answered, notifications.answered),
            label=_("Answer it"),
        ),
    ),
    event=_of_position,
    may=access.may,
)
