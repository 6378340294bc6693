"""The clocks of conditions and reports, for both sides: the recipient's to write, the funder's to
answer a contest and to read a report. Their lengths stand in the country's rules."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import Bound
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from funding.models import Condition, GrantReport
from partners.choices import Role
from partners.models import Membership, Organisation, RoleGroup

CONTEST = "grant_condition_answer"
WRITE = "grant_report"
READ = "grant_report_answer"
#: Kinds and rules have the same names: a clock of each rule.
KINDS = {
    CONTEST: _("Answer a contested condition"),
    WRITE: _("Report on a grant"),
    READ: _("Accept a report on a grant, or send it back"),
}
REMIND_BEFORE = 14
"""Days before a report is due on which its writers are reminded: this platform's proposal."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        CONTEST, title=KINDS[CONTEST], link=_to_condition, still_visible=_conditions,
        escalation=_whoever_waits,
    )  # fmt: skip
    for kind in (WRITE, READ):
        kinds.register(
            kind, title=KINDS[kind], link=_to_report, still_visible=_reports,
            escalation=_whoever_waits,
        )  # fmt: skip


# --- conditions -----------------------------------------------------------------------------------


def contested(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s clock to answer runs"""
    for home, group in _desk(condition.award.funder):
        running.start(
            kind=CONTEST, rule=CONTEST, subject=Subject("condition", condition.uuid),
            holders=[group], starts_at=at, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def settled(condition: Condition, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s clock to answer ends"""
    running.meet(subject=Subject("condition", condition.uuid), kinds=[CONTEST], by=by, at=at)


# --- reports --------------------------------------------------------------------------------------


def days_to_write(at: datetime) -> timedelta:
    """How long after its period a report is due, by the country's rule; thirty days without one."""
    rule = running.rule_in_force(WRITE, at=at)
    return timedelta(days=rule.counting.length.amount if rule and rule.counting else 30)


def report_due(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient’s clock to write it runs, until the day it is due"""
    begins = start_of_day(report.until_on + timedelta(days=1), current().time_zone)
    for home, group in _office(report.award.recipient):
        running.start_until(
            kind=WRITE, subject=_about(report), holders=[group], starts_at=begins,
            until=_end_of(report.due_on), bound=Bound.LATEST, by=by, at=at,
            remind_before_days=REMIND_BEFORE, organisation_uuid=home,
        )  # fmt: skip


def report_sent(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient’s clock ends; the funder’s clock to read it runs"""
    running.meet(subject=_about(report), kinds=[WRITE], by=by, at=at)
    for home, group in _desk(report.award.funder):
        running.start(
            kind=READ, rule=READ, subject=_about(report), holders=[group], starts_at=at, by=by,
            at=at, organisation_uuid=home,
        )  # fmt: skip


def report_sent_back(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s clock ends; the recipient’s runs to the day that now holds"""
    running.meet(subject=_about(report), kinds=[READ], by=by, at=at)
    for home, group in _office(report.award.recipient):
        running.start_until(
            kind=WRITE, subject=_about(report), holders=[group], starts_at=at,
            until=_end_of(report.due_on), bound=Bound.LATEST, by=by, at=at,
            organisation_uuid=home,
        )  # fmt: skip


def report_settled(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s clock ends"""
    running.meet(subject=_about(report), kinds=[READ], by=by, at=at)


def report_put_off(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient’s clock runs to the later day"""
    if report.is_being_written:
        running.put_off(subject=_about(report), kinds=[WRITE], until=_end_of(report.due_on))


def report_dropped(report: GrantReport, event: Any, *, by: Any, at: datetime) -> None:
    """Its clocks end"""
    running.cancel(subject=_about(report), kinds=[WRITE, READ], by=by, at=at)


def _about(report: GrantReport) -> Subject:
    return Subject("grant_report", report.uuid)


def _end_of(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1), current().time_zone) - timedelta(microseconds=1)


def _office(organisation: Organisation) -> Iterator[tuple[UUID, Any]]:
    """(organisation, group) of whoever answers for a recipient."""
    return _groups(organisation, Role.MANAGER)


def _desk(organisation: Organisation) -> Iterator[tuple[UUID, Any]]:
    """(organisation, group) of a funder's officers."""
    return _groups(organisation, Role.FUNDER)


def _groups(organisation: Organisation, role: Role) -> Iterator[tuple[UUID, Any]]:
    groups = RoleGroup.objects.filter(organisation=organisation, role=role)
    for each in groups.select_related("group").order_by("pk"):
        yield organisation.uuid, each.group


def _whoever_waits(deadline: Deadline) -> list[list[int]]:
    """The other side is told when nobody acts: the State's lateness is no secret of the State."""
    if deadline.subject_kind == "condition":
        award = Condition.objects.select_related("award").get(uuid=deadline.subject_uuid).award
    else:
        award = GrantReport.objects.select_related("award").get(uuid=deadline.subject_uuid).award
    if deadline.kind == WRITE:
        waiting, role = award.funder_id, Role.FUNDER
    else:
        waiting, role = award.recipient_id, Role.MANAGER
    members = Membership.objects.filter(organisation=waiting, role=role, until_at__isnull=True)
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _to_condition(uuid: UUID) -> str:
    return reverse("funding:condition", args=[uuid])


def _to_report(uuid: UUID) -> str:
    return reverse("funding:report", args=[uuid])


def _conditions(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Condition.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "award__reference"))


def _reports(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = GrantReport.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "award__reference"))
