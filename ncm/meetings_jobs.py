"""Background work about meetings: minutes as PDF, papers in one archive."""

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.audit import record as log
from accounts.choices import LogAction
from common.marks import Permission, Subject
from common.pdf import PdfRefused, PdfUnavailable
from deadlines import jobs
from deadlines.jobs import JobFailed, JobFile, Progress
from deadlines.models import Job
from ncm.meetings_files import file_name, to_pdf, to_zip
from ncm.meetings_record import Record, record
from ncm.models import Meeting, Minutes
from partners.access import Actor, actor_for

MINUTES = "meeting_minutes"
PAPERS = "meeting_papers"
WORDS = {
    "collecting": _("Collecting"),
    "printing": _("Setting the pages"),
    "not_allowed": _("The meeting is not open to you any more."),
    "no_pdf": _("This installation cannot make PDF files. Tell whoever runs it."),
    "too_long": _("The minutes are too long for a PDF. Take the DOCX."),
}


def register() -> None:
    """Called once when the app is ready."""
    for code, run, label in (
        (MINUTES, minutes, _("Minutes of a meeting")),
        (PAPERS, papers, _("Papers of a meeting")),
    ):
        jobs.register(
            code, run=run, label=label, permission=Permission.COORDINATION_SEE, words=WORDS
        )


def minutes(job: Job, progress: Progress) -> JobFile:
    """The PDF of `params`: meeting and language."""
    found, _actor = _record(job)
    progress(0, 1, "printing")
    standing = Minutes.objects.filter(meeting=found.meeting).first()
    with translation.override(job.params["language"]):
        try:
            content = to_pdf(found, standing, job.started_at or job.created_at)
        except PdfUnavailable:
            raise JobFailed("no_pdf") from None
        except PdfRefused:
            raise JobFailed("too_long") from None
    return JobFile(f"{file_name(found.meeting, 'minutes')}.pdf", ContentFile(content))


def papers(job: Job, progress: Progress) -> JobFile:
    """Every paper the person may read."""
    found, _actor = _record(job)
    progress(0, 1, "collecting")
    return JobFile(f"{file_name(found.meeting, 'papers')}.zip", ContentFile(to_zip(found)))


def _record(job: Job) -> tuple[Record, Actor]:
    """The meeting for whoever started the job, as they are now; it was started some time ago."""
    at = job.started_at or job.created_at
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    rows = Meeting.objects.visible_to(actor).select_related("body")
    meeting = rows.filter(uuid=job.params["meeting"]).first()
    if meeting is None or actor.organisation_uuid != job.organisation_uuid:
        raise JobFailed("not_allowed")
    with transaction.atomic():
        log(
            action=LogAction.EXPORT, by=actor, at=at, subject=Subject("job", job.uuid),
            field_group=job.kind, reason_code="file",
        )  # fmt: skip
    with translation.override(job.params["language"]):
        return record(meeting, actor), actor
