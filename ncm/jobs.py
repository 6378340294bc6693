"""Background work of the national co-ordination: the quarterly report as PDF."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import translation

from accounts.audit import record
from accounts.choices import LogAction
from common.marks import Permission, Subject
from common.pdf import PdfUnavailable
from deadlines.jobs import JobFailed, JobFile, Progress
from deadlines.models import Job
from ncm.models import TaskForce
from ncm.reports.formats import to_pdf
from ncm.reports.periods import Quarter
from ncm.reports.quarterly_report import QuarterlyReport
from partners.access import Actor, actor_for, may

QUARTERLY_REPORT = "quarterly_report"


def quarterly_report(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: quarter, language, and the uuid of a task force or None.

    Asks again whether the person may, since the job was started some time ago.
    """
    at = job.started_at or job.created_at
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    if not may(actor, Permission.REPORT_BUILD) or actor.organisation_uuid != job.organisation_uuid:
        raise JobFailed("not_allowed")
    progress(0, 2, "counting")
    report = QuarterlyReport(
        Quarter.parse(job.params["quarter"]),
        addressee=_addressee(actor, job.params.get("task_force")),
    )
    with translation.override(job.params["language"]):
        context = report.context(at=at)
        progress(1, 2, "printing")
        try:
            content = to_pdf(context, report.print_template)
        except PdfUnavailable:
            raise JobFailed("no_pdf") from None
    _log(job, actor, at)
    progress(2, 2)
    return JobFile(f"{context.name}.pdf", ContentFile(content))


def _addressee(actor: Actor, uuid: str | None) -> str:
    chosen = TaskForce.objects.visible_to(actor).filter(uuid=uuid).first() if uuid else None
    return chosen.name if chosen else ""


def _log(job: Job, actor: Actor, at: datetime) -> None:
    with transaction.atomic():
        record(
            action=LogAction.EXPORT,
            by=actor,
            at=at,
            subject=Subject("job", job.uuid),
            field_group=QUARTERLY_REPORT,
            reason_code="pdf",
        )
