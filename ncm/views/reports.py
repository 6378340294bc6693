"""Reports: choosing a quarter, looking at it, taking it as a file, having the PDF built.

Everything here is protected against disclosure; full figures leave by the command alone.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record
from accounts.choices import LogAction
from common.country import current, local_day
from common.marks import Permission, needs
from common.rowlock import beyond_sight
from deadlines.files import content_type
from deadlines.services.jobs import start_job
from ncm.forms.reports import BuildForm, QuarterForm
from ncm.jobs import QUARTERLY_REPORT
from ncm.reports.formats import FORMATS
from ncm.reports.periods import NotAQuarter, Quarter
from ncm.reports.quarterly_report import QuarterlyReport
from partners.access import Actor
from referrals.models import Referral

P = Permission
#: What is written while one waits; a PDF takes longer and is built in a job.
AT_ONCE = ("csv", "xlsx", "json")
MOST_QUARTERS = 80


@needs(P.REPORT_SEE)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Which quarter; chosen, its page."""
    quarters = _ended_quarters(timezone.now())
    form = QuarterForm(request.GET or None, quarters=quarters)
    if form.is_valid():
        return redirect("ncm:report", form.cleaned_data["quarter"])
    context = {
        "form": form,
        "has_quarters": bool(quarters),
        "buttons": [{"label": _("Show the report")}],
    }
    return render(request, "ncm/reports/index.html", context)


@needs(P.REPORT_SEE)
@require_safe
def quarterly(request: HttpRequest, quarter: str) -> HttpResponse:
    """The report on screen."""
    at = timezone.now()
    chosen = _ended(quarter, at)
    return _page(request, chosen, BuildForm(actor=request.actor), at)  # type: ignore[attr-defined]


@needs(P.REPORT_SEE)
@require_safe
def take(request: HttpRequest, quarter: str, ending: str) -> HttpResponse:
    """The report as a file that is written at once."""
    at = timezone.now()
    report = QuarterlyReport(_ended(quarter, at))
    if ending not in AT_ONCE:
        raise Http404
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        record(
            action=LogAction.EXPORT,
            by=request.actor,  # type: ignore[attr-defined]
            at=at,
            field_group=QUARTERLY_REPORT,
            reason_code=ending,
        )
    context = report.context(at=at)
    name = f"{context.name}.{ending}"
    answer = HttpResponse(
        FORMATS[ending](context, report.print_template), content_type=content_type(name)
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@needs(P.REPORT_BUILD)
@require_POST
def build(request: HttpRequest, quarter: str) -> HttpResponse:
    """Start the job that makes the PDF, and show how far it is."""
    at = timezone.now()
    chosen = _ended(quarter, at)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = BuildForm(request.POST, actor=actor)
    if not form.is_valid():
        return _page(request, chosen, form, at, status=422)
    task_force = form.cleaned_data["task_force"]
    job = start_job(
        kind=QUARTERLY_REPORT,
        params={
            "quarter": str(chosen),
            "language": get_language() or "en",
            "task_force": str(task_force.uuid) if task_force else None,
        },
        by=actor,
        at=at,
    )
    return redirect("deadlines:job", job.uuid)


def _page(
    request: HttpRequest, quarter: Quarter, form: BuildForm, at: datetime, *, status: int = 200
) -> HttpResponse:
    may_build = P.REPORT_BUILD in request.actor.permissions  # type: ignore[attr-defined]
    report = QuarterlyReport(quarter).context(at=at)
    context: dict[str, Any] = {
        "report": report,
        "headlines": [
            {"label": each.label, "lines": [each.value, *([each.note] if each.note else [])]}
            for each in report.headlines
        ],
        "files": [
            {
                "label": ending.upper(),
                "href": reverse("ncm:report-file", args=[quarter, ending]),
                "kind": "secondary",
            }
            for ending in AT_ONCE
        ],
        "form": form if may_build else None,
        "build_href": reverse("ncm:report-build", args=[quarter]),
        "buttons": [{"label": _("Build the PDF")}],
    }
    return render(request, "ncm/reports/quarterly.html", context, status=status)


def _ended(text: str, at: datetime) -> Quarter:
    """The quarter of an address. Http404 unless it is one, and over: a report of running days,
    looked at twice, would tell what came in between."""
    try:
        quarter = Quarter.parse(text)
    except NotAQuarter:
        raise Http404 from None
    if not quarter.has_ended(at, current().time_zone):
        raise Http404
    return quarter


def _ended_quarters(at: datetime) -> list[Quarter]:
    """From the last one that is over back to that of the first referral."""
    with beyond_sight("the first quarter"):
        first = Referral.objects.counted().aggregate(first=Min("received_on"))["first"]
    if first is None:
        return []
    found = [Quarter.of(local_day(at)).previous()]
    while found[-1] > Quarter.of(first) and len(found) < MOST_QUARTERS:
        found.append(found[-1].previous())
    return [quarter for quarter in found if quarter >= Quarter.of(first)]
