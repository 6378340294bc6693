"""Background work of the national co-ordination: reports as PDF."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import translation

from accounts.audit import record
from accounts.choices import LogAction
from common.country import local_day
from common.marks import Permission, Subject
from common.pdf import PdfUnavailable
from deadlines.jobs import JobFailed, JobFile, Progress
from deadlines.models import Job
from ncm.models import Body
from ncm.reports.base import Report
from ncm.reports.formats import to_pdf
from ncm.reports.periods import Quarter
from ncm.reports.quarterly_report import QuarterlyReport
from ncm.reports.state_of_funding import StateOfFunding
from partners.access import Actor, actor_for, may

QUARTERLY_REPORT = "quarterly_report"
STATE_OF_FUNDING = "state_of_funding"


def quarterly_report(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: quarter, language, and the uuid of a task force or None.

    Asks again whether the person may, since the job was started some time ago.
    """
    at = job.started_at or job.created_at
    actor = asked_again(job, Permission.REPORT_BUILD, at)
    quarter = Quarter.parse(job.params["quarter"])
    report = QuarterlyReport(quarter, addressee=_addressee(actor, job.params.get("task_force")))
    return _printed(job, report, progress, actor, at)


def state_of_funding(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: language, and the uuid of a task force or None; as of the day it was
    asked for."""
    at = job.started_at or job.created_at
    actor = asked_again(job, Permission.FUNDING_OVERSEE, at)
    addressee = _addressee(actor, job.params.get("task_force"))
    report = StateOfFunding(local_day(job.created_at), addressee=addressee)
    return _printed(job, report, progress, actor, at)


def asked_again(job: Job, permission: Permission, at: datetime) -> Actor:
    """Whoever started the job, as they are now; it was started some time ago."""
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    if not may(actor, permission) or actor.organisation_uuid != job.organisation_uuid:
        raise JobFailed("not_allowed")
    return actor


def _printed(job: Job, report: Report, progress: Progress, actor: Actor, at: datetime) -> JobFile:
    progress(0, 2, "counting")
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


def _addressee(actor: Actor, uuid: str | None) -> str:
    chosen = Body.objects.visible_to(actor).filter(uuid=uuid).first() if uuid else None
    return chosen.name if chosen else ""


def log(job: Job, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        record(
            action=LogAction.EXPORT,
            by=actor,
            at=at,
            subject=Subject("job", job.uuid),
            field_group=job.kind,
            reason_code="pdf",
        )
