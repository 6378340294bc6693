"""The report for a body, on screen, as a file, as a PDF: for who sees the mechanism's reports."""

from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record
from accounts.choices import LogAction
from common.country import local_day
from common.marks import Permission, Subject, needs
from deadlines.files import content_type
from deadlines.services.jobs import start_job
from ncm.models import Body
from ncm.plan_jobs import TASK_FORCE
from ncm.reports.formats import FORMATS
from ncm.reports.task_force import TaskForceReport
from partners.access import Actor, get_or_404
from partners.views.deeds import actor_of

P = Permission
AT_ONCE = ("csv", "xlsx", "json")


def _found(actor: Actor, uuid: UUID) -> Body:
    return get_or_404(Body.objects.select_related("area"), actor, uuid=uuid)


@needs(P.REPORT_SEE)
@require_safe
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a body needs to know of its region today."""
    actor = actor_of(request)
    body = _found(actor, uuid)
    context = {
        "body": body,
        "report": TaskForceReport(body, local_day(actor.at)).context(at=actor.at),
        "files": [
            {"label": _("Take it as %(format)s") % {"format": ending.upper()}, "kind": "secondary",
             "href": reverse("ncm:task-force-file", args=[body.uuid, ending])}
            for ending in AT_ONCE
        ],
        "build_href": reverse("ncm:task-force-build", args=[body.uuid]),
        "buttons": [{"label": _("Build the PDF")}],
    }  # fmt: skip
    return render(request, "ncm/task_force.html", context)


@needs(P.REPORT_SEE)
@require_safe
def take(request: HttpRequest, uuid: UUID, ending: str) -> HttpResponse:
    """The same as a file that is written at once."""
    actor = actor_of(request)
    if ending not in AT_ONCE:
        raise Http404
    body = _found(actor, uuid)
    found = TaskForceReport(body, local_day(actor.at))
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        record(
            action=LogAction.EXPORT, by=actor, at=actor.at, subject=Subject("body", body.uuid),
            field_group=TASK_FORCE, reason_code=ending,
        )  # fmt: skip
    context = found.context(at=actor.at)
    name = f"{context.name}.{ending}"
    answer = HttpResponse(
        FORMATS[ending](context, found.print_template), content_type=content_type(name)
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@needs(P.REPORT_SEE)
@require_POST
def build(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Start the job that makes the PDF."""
    actor = actor_of(request)
    body = _found(actor, uuid)
    params = {"language": get_language() or "en", "body": str(body.uuid)}
    job = start_job(kind=TASK_FORCE, params=params, by=actor, at=actor.at)
    return redirect("deadlines:job", job.uuid)
