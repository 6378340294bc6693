"""The clocks of the plan: leads report half-yearly, a second person answers a revision, and who
states a position is answered. How long each runs stands in the country's rules."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.workdays import end_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from ncm import speakers
from ncm.models import PlanReport, PlanReportPart, Position, Revision
from partners.choices import Capacity, Role
from partners.models import Organisation, RoleGroup

REPORT = "action_plan_report"
REVISION = "plan_revision"
POSITION = "consultation_answer"


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        REPORT,
        title=_("Report on the activities of the action plan that one leads"),
        link=_to_part,
        still_visible=_parts,
        escalation=_co_ordinators,
    )
    kinds.register(
        REVISION,
        title=_("A revision of the action plan waits for a second person"),
        link=_to_revision,
        still_visible=_revisions,
        escalation=_managers_of_co_ordination,
    )
    kinds.register(
        POSITION,
        title=_("Answer to a position in a consultation"),
        link=_to_position,
        still_visible=_positions,
        escalation=_co_ordinators,
    )


# --- reports --------------------------------------------------------------------------------------


def asked_to_report(part: PlanReportPart, *, by: Any, at: datetime) -> list[Deadline]:
    """The lead's clock runs from the last day of the half year."""
    report, lead = part.report, part.organisation
    return running.start(
        kind=REPORT,
        rule=REPORT,
        subject=Subject("plan_part", part.uuid),
        holders=speakers.groups(lead),
        starts_at=end_of_day(report.until_on, current().time_zone),
        by=by,
        at=at,
        organisation_uuid=lead.uuid,
    )


def reported(part: PlanReportPart, *, by: Any, at: datetime) -> None:
    """The lead has reported on all it leads."""
    running.meet(subject=Subject("plan_part", part.uuid), kinds=[REPORT], by=by, at=at)


def report_sent(report: PlanReport, event: Any, *, by: Any, at: datetime) -> None:
    """Clocks of leads that have not reported end"""
    for part in report.parts.filter(delivered_at__isnull=True):
        running.cancel(subject=Subject("plan_part", part.uuid), by=by, at=at)


# --- revisions ------------------------------------------------------------------------------------


def proposed(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """The clock for a second person runs"""
    homes = list(Organisation.objects.holding(Capacity.CO_ORDINATION))
    running.start(
        kind=REVISION,
        rule=REVISION,
        subject=Subject("plan_revision", revision.uuid),
        holders=_groups(homes),
        starts_at=at,
        by=by,
        at=at,
        organisation_uuid=by.organisation_uuid,
    )


def adopted(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """The clock for a second person ends"""
    running.meet(subject=Subject("plan_revision", revision.uuid), kinds=[REVISION], by=by, at=at)


def taken_back(revision: Revision, event: Any, *, by: Any, at: datetime) -> None:
    """Its clock ends"""
    running.cancel(subject=Subject("plan_revision", revision.uuid), by=by, at=at)


# --- positions ------------------------------------------------------------------------------------


def stated(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """The co-ordination's clock towards an answer runs"""
    for home in Organisation.objects.holding(Capacity.CO_ORDINATION):
        running.start(
            kind=POSITION,
            rule=POSITION,
            subject=Subject("position", position.uuid),
            holders=_groups([home]),
            starts_at=at,
            by=by,
            at=at,
            organisation_uuid=home.uuid,
        )


def answered(position: Position, event: Any, *, by: Any, at: datetime) -> None:
    """The clock towards an answer ends"""
    running.meet(subject=Subject("position", position.uuid), kinds=[POSITION], by=by, at=at)


def _groups(homes: list[Organisation]) -> list[Group]:
    groups = RoleGroup.objects.filter(organisation__in=homes, role=Role.CO_ORDINATOR)
    return [each.group for each in groups.select_related("group").order_by("pk")]


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """What a lead leaves open is the co-ordination's matter."""
    return [speakers.users(speakers.co_ordinators())]


def _managers_of_co_ordination(deadline: Deadline) -> list[list[int]]:
    """A revision nobody answers moves up to who manages the co-ordinating organisation."""
    return [speakers.users(speakers.managers_of_co_ordination())]


def _to_part(uuid: UUID) -> str:
    return reverse("ncm:plan-part", args=[uuid])


def _to_revision(uuid: UUID) -> str:
    return reverse("ncm:plan-revision", args=[uuid])


def _to_position(uuid: UUID) -> str:
    return reverse("ncm:position", args=[uuid])


def _parts(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = PlanReportPart.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _revisions(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Revision.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _positions(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Position.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
