"""Background work of the action plan: the plan and its half-yearly reports as PDF."""

from django.core.files.base import ContentFile
from django.utils import translation

from common.country import local_day
from common.marks import Permission
from common.pdf import PdfUnavailable
from deadlines.jobs import JobFailed, JobFile, Progress
from deadlines.models import Job
from ncm.jobs import asked_again, log
from ncm.models import ActionPlan, Body, PlanReport
from ncm.plan_figures import activities_of, figures_of
from ncm.reports.formats import to_pdf
from ncm.reports.plan import PlanStatus
from ncm.reports.task_force import TaskForceReport
from ncm.services import plan_reports

PLAN_REPORT = "plan_report"
TASK_FORCE = "task_force_report"


def plan_report(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: language, and the uuid of a plan or of a report that was sent.

    That of a sent report is made from its frozen figures, and kept with it the first time.
    """
    at = job.started_at or job.created_at
    actor = asked_again(job, Permission.COORDINATION_SEE, at)
    progress(0, 2, "counting")
    sent = None
    if "report" in job.params:
        rows = PlanReport.objects.visible_to(actor).exclude(digest="")
        sent = rows.filter(uuid=job.params["report"]).first()
        if sent is None:
            raise JobFailed("not_allowed")
        status = PlanStatus(sent.figures, summary=sent.summary, checksum=sent.digest)
        told = sent.sent_at or at
    else:
        plan = ActionPlan.objects.visible_to(actor).filter(uuid=job.params["plan"]).first()
        if plan is None:
            raise JobFailed("not_allowed")
        status = PlanStatus(figures_of(plan, activities_of(plan), on=local_day(job.created_at)))
        told = at
    with translation.override(job.params["language"]):
        context = status.context(at=told)
        progress(1, 2, "printing")
        try:
            content = to_pdf(context, status.print_template)
        except PdfUnavailable:
            raise JobFailed("no_pdf") from None
    if sent is not None:
        plan_reports.keep_file(report=sent, ending="pdf", content=content, by=actor, at=at)
    log(job, actor, at)
    progress(2, 2)
    return JobFile(f"{context.name}.pdf", ContentFile(content))


def task_force(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: language, and the uuid of a body; as of the day it was asked for."""
    at = job.started_at or job.created_at
    actor = asked_again(job, Permission.REPORT_SEE, at)
    progress(0, 2, "counting")
    body = Body.objects.visible_to(actor).filter(uuid=job.params["body"]).first()
    if body is None:
        raise JobFailed("not_allowed")
    report = TaskForceReport(body, local_day(job.created_at))
    with translation.override(job.params["language"]):
        context = report.context(at=at)
        progress(1, 2, "printing")
        try:
            content = to_pdf(context, report.print_template)
        except PdfUnavailable:
            raise JobFailed("no_pdf") from None
    log(job, actor, at)
    progress(2, 2)
    return JobFile(f"{context.name}.pdf", ContentFile(content))
