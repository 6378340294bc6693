"""The person's own background work: how far it is, its result, stopping it, doing it again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record
from accounts.choices import LogAction
from common.marks import Actor, Permission, Subject, needs
from common.paging import Order, paginate
from deadlines.choices import JobState
from deadlines.files import content_type
from deadlines.models import Job
from deadlines.services import jobs

NEWEST_FIRST = Order("-created_at", "-id")
COLOURS = {
    JobState.QUEUED: "grey",
    JobState.RUNNING: "blue",
    JobState.DONE: "green",
    JobState.FAILED: "red",
    JobState.CANCELLED: "grey",
    JobState.EXPIRED: "grey",
}


@needs(Permission.SIGNED_IN)
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """What the person started for the organisation they act for, newest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    mine = Job.objects.visible_to(actor)
    page = paginate(mine, NEWEST_FIRST, cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": [
            {"job": row, "colour": COLOURS[JobState(row.state)], "href": _href("job", row)}
            for row in page.rows
        ],
        "caption": _("Jobs"),
        "columns": [{"label": label} for label in (_("What"), _("Asked for"), _("State"))],
        "empty": {
            "title": _("No jobs yet"),
            "text": _("When you ask for a report or an export, it appears here."),
        },
        "next_href": page.next and f"?{urlencode({'page': page.next})}",
        "previous_href": page.previous and f"?{urlencode({'page': page.previous})}",
    }
    return render(request, "deadlines/jobs.html", context)


@needs(Permission.SIGNED_IN)
@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How far one job is; the part that changes alone when htmx asks."""
    row = _mine(request, uuid)
    asks_for_part = bool(getattr(request, "htmx", False))
    template = "deadlines/job.html#state" if asks_for_part else "deadlines/job.html"
    return render(request, template, _state(row))


@needs(Permission.SIGNED_IN)
@require_safe
def job_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The result, to its owner acting for the organisation it was made for. 410 once it is gone."""
    row = _mine(request, uuid)
    at = timezone.now()
    if row.state == JobState.EXPIRED or (row.result and row.expires_at and row.expires_at <= at):
        return render(request, "deadlines/job_expired.html", _state(row), status=410)
    if not row.result:
        raise Http404
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        record(
            action=LogAction.FILE_OPENED,
            by=request.actor,  # type: ignore[attr-defined]
            at=at,
            subject=Subject("job", row.uuid),
            field_group=row.kind[:40],
            organisation_uuid=row.organisation_uuid,
        )
    with row.result.open("rb") as file:
        answer = HttpResponse(file.read(), content_type=content_type(row.result_name))
    answer["Content-Disposition"] = f'attachment; filename="{row.result_name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@needs(Permission.SIGNED_IN)
@require_POST
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stop it."""
    row = _mine(request, uuid)
    if jobs.cancel_job(job=row, by=_actor(request), at=timezone.now()):
        messages.success(request, _("Stopped. Nothing more is done for it."))
    else:
        messages.info(request, _("It had already finished."))
    return redirect("deadlines:job", uuid)


@needs(Permission.SIGNED_IN)
@require_POST
def retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Do it once more from the beginning."""
    row = _mine(request, uuid)
    if not jobs.retry_job(job=row, by=_actor(request), at=timezone.now()):
        messages.info(request, _("It is under way or done already."))
    return redirect("deadlines:job", uuid)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _mine(request: HttpRequest, uuid: UUID) -> Job:
    row = Job.objects.visible_to(_actor(request)).filter(uuid=uuid).first()
    if row is None:
        raise Http404
    return row


def _href(name: str, row: Job) -> str:
    return reverse(f"deadlines:{name}", args=[row.uuid])


def _state(row: Job) -> dict[str, Any]:
    """What the page shows of a job in its present state."""
    state = JobState(row.state)
    ended = {
        JobState.CANCELLED: _("It was stopped before it was finished."),
        JobState.EXPIRED: _("The result was kept for a while and has been deleted."),
    }
    has_failed = state == JobState.FAILED
    return {
        "job": row,
        "colour": COLOURS[state],
        "words": "" if has_failed else row.words,
        "problem": row.words if has_failed else "",
        "ended": ended.get(state, ""),
        "progress_title": _("Progress"),
        "result_href": _href("job_file", row) if row.result else "",
        "page_href": _href("job", row),
        "cancel_href": _href("cancel_job", row) if row.is_open else "",
        "retry_href": _href("retry_job", row) if has_failed or state in ended else "",
    }
