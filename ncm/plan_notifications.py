"""Who is told what about the plan and its consultations; never of whom or in whose words."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.choices import Urgency
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from ncm import speakers
from ncm.models import ActionPlan, Consultation, PlanReport, PlanReportPart, Position, Revision
from partners.models import Organisation
from partners.notifications import _tell_about

OF_PLANS = {"plan_adopted": _("An action plan is adopted")}
OF_REVISIONS = {
    "plan_revision_proposed": _("A revision of the action plan waits for a second person"),
    "plan_revised": _("The action plan was revised"),
}
OF_REPORTS = {"plan_report_sent": _("A report on the action plan was sent")}
PART = "plan_report_asked"
OF_CONSULTATIONS = {"consultation_asked": _("Your organisation is asked for its position")}
OF_POSITIONS = {
    "position_stated": _("A position was stated in a consultation"),
    "position_answered": _("Your position in a consultation was answered"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("plan", title=_("Action plan and consultations"))
    for kinds, link, shown in (
        (OF_PLANS, _to_plan, _plans),
        (OF_REVISIONS, _to_revision, _revisions),
        (OF_REPORTS, _to_report, _reports),
        (OF_CONSULTATIONS, _to_consultation, _consultations),
        (OF_POSITIONS, _to_position, _positions),
        ({PART: _("Report on the activities you lead")}, _to_part, _parts),
    ):
        for kind, title in kinds.items():
            register(kind, title=title, link=link, still_visible=shown, topic="plan")


# --- plans ----------------------------------------------------------------------------------------


def adopted(plan: ActionPlan, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever leads an activity gets a notice"""
    who = speakers.of(plan.activities.standing().values("lead"))
    _tell(who, "plan_adopted", Subject("plan", plan.uuid), "", by=by, at=at)


def revision_proposed(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Every other co-ordinator gets a notice, at once where an emergency is the reason"""
    urgency = Urgency.IMMEDIATE if revision.emergency_id else Urgency.DIGEST
    subject = Subject("plan_revision", revision.uuid)
    _tell(
        speakers.co_ordinators(), "plan_revision_proposed", subject, str(event.pk), by=by, at=at,
        urgency=urgency,
    )  # fmt: skip


def revised(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever leads an activity that changed gets a notice"""
    subject = Subject("plan_revision", revision.uuid)
    mark_handled(subject=subject, kinds=["plan_revision_proposed"], at=at)
    leads = revision.changes.filter(activity__isnull=False).values("activity__lead")
    _tell(speakers.of(leads), "plan_revised", subject, "", by=by, at=at)


def revision_closed(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Notices that wait for a second person are done"""
    subject = Subject("plan_revision", revision.uuid)
    mark_handled(subject=subject, kinds=["plan_revision_proposed"], at=at)


# --- reports --------------------------------------------------------------------------------------


def asked_to_report(part: PlanReportPart, *, by: Any, at: datetime) -> None:
    """Who speaks for the lead gets a notice."""
    who = speakers.of([part.organisation_id])
    _tell(who, PART, Subject("plan_part", part.uuid), "", by=by, at=at)


def reported(part: PlanReportPart, *, by: Any, at: datetime) -> None:
    """The notice that asked is done."""
    mark_handled(subject=Subject("plan_part", part.uuid), kinds=[PART], at=at)


def report_sent(report: PlanReport, event: Any, *, by: Any, at: datetime) -> None:
    """Who speaks for a member gets a notice"""
    who = speakers.of(Organisation.objects.members())
    _tell(who, "plan_report_sent", Subject("plan_report", report.uuid), "", by=by, at=at)


# --- consultations --------------------------------------------------------------------------------


def asked(position: Position, *, by: Any, at: datetime) -> None:
    """Who speaks for the organisation gets a notice."""
    who = speakers.of([position.organisation_id])
    subject = Subject("consultation", position.consultation.uuid)
    _tell(who, "consultation_asked", subject, "", by=by, at=at)


def stated(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """The co-ordination gets a notice"""
    subject = Subject("position", position.uuid)
    _tell(speakers.co_ordinators(), "position_stated", subject, "", by=by, at=at)


def answered(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """Who stated it gets a notice"""
    subject = Subject("position", position.uuid)
    mark_handled(subject=subject, kinds=["position_stated"], at=at)
    who = speakers.of([position.organisation_id])
    _tell(who, "position_answered", subject, "", by=by, at=at)


def _tell(
    members: Any, kind: str, subject: Subject, once: str, *, by: Any, at: datetime,
    urgency: Urgency = Urgency.DIGEST,
) -> None:  # fmt: skip
    """A notice for each of them but the one who acted."""
    others = members.exclude(user=by.user_id) if by.user_id else members
    _tell_about(others, kind, subject, by=by, at=at, urgency=urgency, once=once)


def _to_plan(uuid: UUID) -> str:
    return reverse("ncm:plan-whole", args=[uuid])


def _to_revision(uuid: UUID) -> str:
    return reverse("ncm:plan-revision", args=[uuid])


def _to_report(uuid: UUID) -> str:
    return reverse("ncm:plan-report", args=[uuid])


def _to_part(uuid: UUID) -> str:
    return reverse("ncm:plan-part", args=[uuid])


def _to_consultation(uuid: UUID) -> str:
    return reverse("ncm:consultation", args=[uuid])


def _to_position(uuid: UUID) -> str:
    return reverse("ncm:position", args=[uuid])


def _seen(rows: Any, actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = rows.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _plans(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(ActionPlan.objects, actor, uuids)


def _revisions(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(Revision.objects, actor, uuids)


def _reports(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(PlanReport.objects, actor, uuids)


def _parts(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(PlanReportPart.objects, actor, uuids)


def _consultations(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(Consultation.objects, actor, uuids)


def _positions(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    return _seen(Position.objects, actor, uuids)
