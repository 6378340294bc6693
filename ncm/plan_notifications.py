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
from deadlines.services.notices import mark_handled, notify
from ncm.models import ActionPlan, Consultation, PlanReport, PlanReportPart, Position, Revision
from ncm.speakers import SPEAKING
from partners.choices import Capacity, OrganisationState, Role
from partners.models import HeldCapacity, Membership

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
    leads = plan.activities.standing().values("lead")
    who = _of(leads, at)
    _tell(who, "plan_adopted", Subject("plan", plan.uuid), "", by=by, at=at)


def revision_proposed(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Every other co-ordinator gets a notice, at once where an emergency is the reason"""
    who = co_ordinators(at).exclude(user_id=by.user_id)
    urgency = Urgency.IMMEDIATE if revision.emergency_id else Urgency.DIGEST
    subject = Subject("plan_revision", revision.uuid)
    _tell(who, "plan_revision_proposed", subject, str(event.pk), by=by, at=at, urgency=urgency)


def revised(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever leads an activity that changed gets a notice"""
    subject = Subject("plan_revision", revision.uuid)
    mark_handled(subject=subject, kinds=["plan_revision_proposed"], at=at)
    leads = revision.changes.filter(activity__isnull=False).values("activity__lead")
    _tell(_of(leads, at), "plan_revised", subject, "", by=by, at=at)


def revision_closed(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Notices that wait for a second person are done"""
    subject = Subject("plan_revision", revision.uuid)
    mark_handled(subject=subject, kinds=["plan_revision_proposed"], at=at)


# --- reports --------------------------------------------------------------------------------------


def asked_to_report(part: PlanReportPart, *, by: Any, at: datetime) -> None:
    """Who speaks for the lead gets a notice."""
    who = _of([part.organisation_id], at)
    _tell(who, PART, Subject("plan_part", part.uuid), "", by=by, at=at)


def reported(part: PlanReportPart, *, by: Any, at: datetime) -> None:
    """The notice that asked is done."""
    mark_handled(subject=Subject("plan_part", part.uuid), kinds=[PART], at=at)


def report_sent(report: PlanReport, event: Any, *, by: Any, at: datetime) -> None:
    """Who speaks for a member gets a notice"""
    who = Membership.objects.active(at).filter(
        role__in=SPEAKING, organisation__state=OrganisationState.MEMBER
    )
    _tell(who, "plan_report_sent", Subject("plan_report", report.uuid), "", by=by, at=at)


# --- consultations --------------------------------------------------------------------------------


def asked(position: Position, *, by: Any, at: datetime) -> None:
    """Who speaks for the organisation gets a notice."""
    who = _of([position.organisation_id], at)
    subject = Subject("consultation", position.consultation.uuid)
    _tell(who, "consultation_asked", subject, "", by=by, at=at)


def stated(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """The co-ordination gets a notice"""
    subject = Subject("position", position.uuid)
    _tell(co_ordinators(at), "position_stated", subject, "", by=by, at=at)


def answered(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """Who stated it gets a notice"""
    subject = Subject("position", position.uuid)
    mark_handled(subject=subject, kinds=["position_stated"], at=at)
    who = _of([position.organisation_id], at)
    _tell(who, "position_answered", subject, "", by=by, at=at)


def co_ordinators(at: datetime) -> Any:
    """The memberships of those who keep the plan."""
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    return Membership.objects.active(at).filter(
        role=Role.CO_ORDINATOR, organisation__in=held.values("organisation")
    )


def _of(organisations: Any, at: datetime) -> Any:
    return Membership.objects.active(at).filter(role__in=SPEAKING, organisation__in=organisations)


def _tell(
    members: Any, kind: str, subject: Subject, once: str, *, by: Any, at: datetime,
    urgency: Urgency = Urgency.DIGEST,
) -> None:  # fmt: skip
    """A notice for each member but the one who acted, for the organisation they are told for."""
    homes: dict[UUID, set[int]] = {}
    for member in members.select_related("organisation"):
        if member.user_id != by.user_id:
            homes.setdefault(member.organisation.uuid, set()).add(member.user_id)
    for home, recipients in homes.items():
        notify(
            recipients=recipients, kind=kind, subject=subject, by=by, at=at,
            key=f"{kind}:{subject.uuid}:{once}", urgency=urgency, organisation_uuid=home,
        )  # fmt: skip


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
