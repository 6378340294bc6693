"""Work on points of contact that waits for nobody: the printed sheet, links that are due."""

from django.core.files.base import ContentFile
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.country import current
from common.marks import Permission, Subject
from common.pdf import PdfUnavailable, render_pdf
from deadlines import jobs, sweeps
from deadlines.jobs import JobFailed, JobFile, Progress
from deadlines.models import Job
from partners.access import actor_for, may
from partners.contact_sheets import CONTACT_SHEET, MOST, contact_sheet, log_export, shown
from partners.services import contact_links


def register() -> None:
    """Called once when the app is ready."""
    jobs.register(
        CONTACT_SHEET,
        run=print_sheet,
        label=gettext_lazy("Whom to call"),
        permission=Permission.CONTACT_SEE,
        words={
            "printing": gettext_lazy("Setting the pages"),
            "not_allowed": gettext_lazy("Your role no longer includes seeing points of contact."),
            "no_pdf": gettext_lazy(
                "This installation cannot make PDF files. Tell whoever runs it."
            ),
        },
    )
    sweeps.register("links to points of contact", contact_links.send_due_links)


def print_sheet(job: Job, progress: Progress) -> JobFile:
    """The PDF of a sheet; `params` hold what was asked and the language.

    Asks again who may, and what may be seen, since the job was started some time ago.
    """
    at = job.started_at or job.created_at
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    if not may(actor, Permission.CONTACT_SEE) or actor.organisation_uuid != job.organisation_uuid:
        raise JobFailed("not_allowed")
    sheet = contact_sheet(actor, job.params["asked"])
    with translation.override(job.params["language"]):
        progress(0, 1, "printing")
        context = {
            "title": _("Whom to call"),
            "mechanism": current().mechanism_name,
            "classification": _("For members only: do not pass on"),
            "generated_at": at,
            "rows": shown(sheet, actor),
            "is_cut": sheet.is_cut,
            "most": MOST,
        }
        try:
            content = render_pdf("print/contact_sheet.html", context)
        except PdfUnavailable:
            raise JobFailed("no_pdf") from None
    log_export(actor, at, form="pdf", subject=Subject("job", job.uuid))
    progress(1, 1)
    return JobFile("whom-to-call.pdf", ContentFile(content))
