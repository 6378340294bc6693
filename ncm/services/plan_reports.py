"""The half-yearly report on a plan: asking the leads, who has reported, sending it frozen."""

import hashlib
from datetime import date, datetime, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotPossible
from ncm import plan_clocks as clocks
from ncm import plan_notifications as notifications
from ncm.models import ActionPlan, ActivityStatus, PlanReport, PlanReportFile, PlanReportPart
from ncm.plan_choices import IS_OVER, PlanEventKind, PlanState, ReportState
from ncm.plan_workflow import REPORT, plan_event
from ncm.services.plans import person
from partners.access import Actor
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
JULY = 7
DAYS_WITHOUT_A_RULE = 15
"""Where the country has no rule, leads see this day; no clock runs then."""


def half_year_before(day: date) -> tuple[date, date]:
    """The first and last day of the last half year that was over on this day."""
    if day.month >= JULY:
        return date(day.year, 1, 1), date(day.year, 6, 30)
    return date(day.year - 1, 7, 1), date(day.year - 1, 12, 31)


@transaction.atomic
def open_report(*, plan: ActionPlan, by: Actor, at: datetime) -> PlanReport:
    """Ask every lead of a plan in force to report on the last half year; once for each.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_KEEP, plan)
    row = ActionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    from_on, until_on = half_year_before(local_day(at))
    standing: PlanReport | None = row.reports.filter(until_on=until_on).first()
    if standing is not None:
        return standing
    if row.state != PlanState.ADOPTED:
        raise NotPossible(_("Only a plan in force is reported on."))
    if row.reports.filter(state=ReportState.OPEN).exists():
        raise NotPossible(_("An earlier report is open: send it first."))
    report = PlanReport.objects.create(
        plan=row, from_on=from_on, until_on=until_on, opened_at=at, opened_by=person(by),
        due_on=until_on + timedelta(days=DAYS_WITHOUT_A_RULE),
    )  # fmt: skip
    for lead in _leads(row, from_on):
        part = PlanReportPart.objects.create(report=report, organisation=lead)
        started = clocks.asked_to_report(part, by=by, at=at)
        if started:
            report.due_on = local_day(started[0].due_at)
        notifications.asked_to_report(part, by=by, at=at)
    report.save(update_fields=["due_on"])
    plan_event(row, PlanEventKind.REPORT_OPENED, by=by, at=at)
    return report


def _leads(plan: ActionPlan, from_on: date) -> list[Organisation]:
    """Who leads something that was not over before the half year began."""
    over = plan.activities.filter(progress__in=IS_OVER, reported_on__lt=from_on)
    reporting = plan.activities.standing().exclude(pk__in=over.values("pk"))
    return list(Organisation.objects.filter(pk__in=reporting.values("lead")).order_by("pk"))


def delivered(*, plan: ActionPlan, organisation: Organisation, by: Actor, at: datetime) -> None:
    """Where a lead has now reported on all it leads since it was asked, its clock ends."""
    part = PlanReportPart.objects.filter(
        report__plan=plan, report__state=ReportState.OPEN, organisation=organisation,
        delivered_at__isnull=True,
    ).select_related("report", "organisation").first()  # fmt: skip
    if part is None or still_to_report(part) > 0:
        return
    part.delivered_at = at
    part.save(update_fields=["delivered_at"])
    clocks.reported(part, by=by, at=at)
    notifications.reported(part, by=by, at=at)


def still_to_report(part: PlanReportPart) -> int:
    """How many of the lead's activities it has not reported on since it was asked."""
    report = part.report
    own = report.plan.activities.standing().filter(lead=part.organisation)
    over = own.filter(progress__in=IS_OVER, reported_on__lt=report.from_on)
    said = ActivityStatus.objects.filter(
        activity__in=own, organisation=part.organisation, reported_at__gte=report.opened_at
    )
    waiting = own.exclude(pk__in=said.values("activity")).exclude(pk__in=over.values("pk"))
    return waiting.count()


@transaction.atomic
def send(
    *, report: PlanReport, summary: str, by: Actor, at: datetime, version: int | None = None
) -> PlanReport:
    """Send it to every member, its figures frozen under a checksum.

    Leads that have not reported are named as such, where they may be named. Raises NotAllowed,
    NotPossible, MissingAnswers, Stale.
    """
    return REPORT.apply(report, "send", by=by, at=at, version=version, summary=summary)


@transaction.atomic
def keep_file(
    *, report: PlanReport, ending: str, content: bytes, by: Actor, at: datetime
) -> PlanReportFile:
    """Keep a file of a report that was sent, with its checksum; what was kept first stays.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_SEE, report)
    row = PlanReport.objects.select_for_update(of=("self",)).get(pk=report.pk)
    standing: PlanReportFile | None = row.files.filter(ending=ending).first()
    if standing is not None:
        return standing
    if row.state != ReportState.SENT:
        raise NotPossible(_("Files are kept of reports that were sent."))
    made = PlanReportFile(
        report=row, ending=ending, size=len(content), made_at=at,
        digest=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    made.content.save(f"report.{ending}", ContentFile(content))
    return made
