"""The plan as a file, and the half-yearly report: who has reported, sending it, its files."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record
from accounts.choices import LogAction
from common.country import local_day
from common.marks import Permission, Subject, needs
from deadlines.files import content_type
from deadlines.services.jobs import start_job
from ncm.forms import plan as asked
from ncm.models import Activity, ActivityStatus, PlanReport, PlanReportFile, PlanReportPart
from ncm.plan_choices import IS_OVER, ReportState
from ncm.plan_figures import activities_of, figures_of
from ncm.plan_jobs import PLAN_REPORT
from ncm.reports.formats import FORMATS
from ncm.reports.plan import PlanStatus, in_groups
from ncm.services import plan_reports as services
from ncm.views.plan_shown import Names, tag
from ncm.views.plans import found_plan
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, done, form_page, typed
from partners.views.lists import columns

P = Permission
READ = ["GET", "HEAD", "POST"]
AT_ONCE = ("csv", "xlsx", "json")


def _log(actor: Actor, subject: Subject, ending: str) -> None:
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        record(
            action=LogAction.EXPORT, by=actor, at=actor.at, subject=subject,
            field_group=PLAN_REPORT, reason_code=ending,
        )  # fmt: skip


def _file(name: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type(name))
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


# --- the plan as it stands ------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def take(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The plan as it stands today, as figures on a page and as files."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    report = PlanStatus(figures_of(plan, activities_of(plan), on=local_day(actor.at)))
    files = [
        {"label": _("Take it as %(format)s") % {"format": ending.upper()}, "kind": "secondary",
         "href": reverse("ncm:plan-file", args=[plan.uuid, ending])}
        for ending in AT_ONCE
    ]  # fmt: skip
    context = {
        "plan": plan,
        "report": report.context(at=actor.at),
        "files": files,
        "build_href": reverse("ncm:plan-build", args=[plan.uuid]),
        "buttons": [{"label": _("Build the PDF")}],
        "back": plan.get_absolute_url(),
    }
    return render(request, "ncm/plan_take.html", context)


@needs(P.COORDINATION_SEE)
@require_safe
def file(request: HttpRequest, uuid: UUID, ending: str) -> HttpResponse:
    """The plan as it stands, as a file that is written at once."""
    actor = actor_of(request)
    if ending not in AT_ONCE:
        raise Http404
    plan = found_plan(actor, uuid)
    report = PlanStatus(figures_of(plan, activities_of(plan), on=local_day(actor.at)))
    _log(actor, Subject("plan", plan.uuid), ending)
    context = report.context(at=actor.at)
    content = FORMATS[ending](context, report.print_template)
    return _file(f"{context.name}.{ending}", content)


@needs(P.COORDINATION_SEE)
@require_POST
def build(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Start the job that makes the PDF of the plan as it stands."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    params = {"language": get_language() or "en", "plan": str(plan.uuid)}
    job = start_job(kind=PLAN_REPORT, params=params, by=actor, at=actor.at)
    return redirect("deadlines:job", job.uuid)


# --- the half-yearly report -----------------------------------------------------------------------


def found_report(actor: Actor, uuid: UUID) -> PlanReport:
    return get_or_404(PlanReport.objects.select_related("plan"), actor, uuid=uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A half-yearly report: who has reported, or, once it is sent, its figures and files."""
    actor = actor_of(request)
    found = found_report(actor, uuid)
    is_sent = found.state == ReportState.SENT
    parts = PlanReportPart.objects.filter(report=found).visible_to(actor)
    rows = list(parts.select_related("organisation").order_by("organisation__name", "pk"))
    names = Names(actor, (each.organisation for each in rows))
    keeps = may(actor, P.COORDINATION_KEEP, found)
    context: dict[str, Any] = {
        "found": found,
        "tags": [tag(found)],
        "facts": [
            {"label": _("Half year"),
             "value": f"{shown.date(found.from_on)} – {shown.date(found.until_on)}"},
            {"label": _("Leads report by"), "value": shown.date(found.due_on)},
            *([{"label": _("Sent"), "value": shown.day(found.sent_at)}] if is_sent else []),
        ],
        "acts": [] if is_sent or not keeps else [
            {"label": _("Put it together and send it"),
             "href": reverse("ncm:plan-report-send", args=[found.uuid])}
        ],
        "columns": columns(_("Lead"), _("Reported")),
        "rows": [_part(each, names, found, actor) for each in rows],
    }  # fmt: skip
    if is_sent:
        status = PlanStatus(found.figures, summary=found.summary, checksum=found.digest)
        context |= {"report": status.context(at=found.sent_at or actor.at), **_files(found, actor)}
    return render(request, "ncm/plan_report.html", context)


def _part(
    each: PlanReportPart, names: Names, found: PlanReport, actor: Actor
) -> list[dict[str, Any]]:
    lead: dict[str, Any] = {"text": names.of(each.organisation)}
    if each.organisation_id == actor.organisation_id and found.state == ReportState.OPEN:
        lead["href"] = reverse("ncm:plan-part", args=[each.uuid])
    if each.delivered_at:
        said = {"text": _("Reported"), "colour": "green", "note": shown.day(each.delivered_at)}
    else:
        said = {"text": _("Not yet"), "colour": "yellow"}
    return [lead, said]


def _files(found: PlanReport, actor: Actor) -> dict[str, Any]:
    kept = list(PlanReportFile.objects.filter(report=found).visible_to(actor).order_by("ending"))
    return {
        "files": [
            {"label": _("Take it as %(format)s") % {"format": each.ending.upper()},
             "kind": "secondary",
             "href": reverse("ncm:plan-report-file", args=[found.uuid, each.ending])}
            for each in kept
        ],
        "sums": [
            {"label": each.ending.upper(), "value": in_groups(each.digest)} for each in kept
        ],
        "build_href": ""
        if any(each.ending == "pdf" for each in kept)
        else reverse("ncm:plan-report-build", args=[found.uuid]),
        "buttons": [{"label": _("Build the PDF")}],
    }  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def send(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put it together with a summary and send it to every member."""
    actor = actor_of(request)
    found = found_report(actor, uuid)
    form = asked.Summary(typed(request), initial={"version": found.version})
    if form.is_valid():
        given = form.cleaned_data
        if given["version"] != found.version:
            rows = [{"label": _("Summary"), "mine": [given["summary"]],
                     "theirs": [found.summary] if found.summary else []}]  # fmt: skip
            back = found.get_absolute_url()
            return conflict(request, rows=rows, version=found.version, back=back)
        if done(request, lambda: _send(found, actor, **given), _("Sent. Every member reads it.")):
            return redirect(found)
    waiting = found.parts.filter(delivered_at__isnull=True).count()
    lines = [_("Its figures are frozen now, under a checksum, and stay as they are.")]
    if waiting:
        lines.append(_("Leads that have not reported: %(n)s. The report says so.") % {"n": waiting})
    return form_page(
        request, form=form, title=_("Send the half-yearly report"), button=_("Send it"),
        back=found.get_absolute_url(), about=found.plan.title, lines=lines,
        warning=_("It cannot be taken back."),
    )  # fmt: skip


def _send(found: PlanReport, actor: Actor, *, version: int, summary: str) -> None:
    """Sent, with the files that are written at once; the PDF follows in a job."""
    with transaction.atomic():
        row = services.send(report=found, version=version, summary=summary, by=actor, at=actor.at)
        status = PlanStatus(row.figures, summary=row.summary, checksum=row.digest)
        context = status.context(at=actor.at)
        for ending in AT_ONCE:
            content = FORMATS[ending](context, status.print_template)
            services.keep_file(report=row, ending=ending, content=content, by=actor, at=actor.at)
        params = {"language": get_language() or "en", "report": str(row.uuid)}
        start_job(kind=PLAN_REPORT, params=params, by=actor, at=actor.at)


@needs(P.COORDINATION_SEE)
@require_safe
def report_file(request: HttpRequest, uuid: UUID, ending: str) -> HttpResponse:
    """A file of a report that was sent, byte by byte as it was kept."""
    actor = actor_of(request)
    rows = PlanReportFile.objects.filter(report__uuid=uuid).select_related("report")
    found = get_or_404(rows, actor, ending=ending)
    _log(actor, Subject("plan_report", found.report.uuid), ending)
    with found.content.open("rb") as content:
        return _file(f"action-plan-{found.report.until_on.isoformat()}.{ending}", content.read())


@needs(P.COORDINATION_SEE)
@require_POST
def report_build(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Start the job that makes the PDF of a report that was sent."""
    actor = actor_of(request)
    found = found_report(actor, uuid)
    if found.state != ReportState.SENT:
        raise Http404
    params = {"language": get_language() or "en", "report": str(found.uuid)}
    job = start_job(kind=PLAN_REPORT, params=params, by=actor, at=actor.at)
    return redirect("deadlines:job", job.uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def part(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a lead is asked to report: its activities, those it has not reported on first."""
    actor = actor_of(request)
    rows = PlanReportPart.objects.select_related("report__plan", "organisation")
    found = get_or_404(rows, actor, uuid=uuid)
    if found.organisation_id != actor.organisation_id:
        return redirect(found.report)
    half = found.report
    own = Activity.objects.filter(plan=half.plan, lead=found.organisation).visible_to(actor)
    own = own.standing().exclude(progress__in=IS_OVER, reported_on__lt=half.from_on)
    said = ActivityStatus.objects.filter(
        activity__in=own, organisation=found.organisation, reported_at__gte=half.opened_at
    ).visible_to(actor)
    reported = set(said.values_list("activity", flat=True))
    listed = sorted(
        own.select_related("objective", "plan").order_by("place"),
        key=lambda each: (each.pk in reported, each.place),
    )
    context = {
        "part": found,
        "due": shown.date(half.due_on),
        "period": f"{shown.date(half.from_on)} – {shown.date(half.until_on)}",
        "columns": columns(_("No."), _("Activity"), _("Deadline"), _("Reported")),
        "rows": [
            [
                {"text": each.reference},
                {"text": each.words,
                 "href": reverse("ncm:plan-activity-act", args=[each.uuid, "report"])},
                {"text": shown.date(each.deadline_on)},
                {"text": _("Reported"), "colour": "green"}
                if each.pk in reported
                else {"text": _("Not yet"), "colour": "yellow"},
            ]
            for each in listed
        ],
        "is_delivered": found.delivered_at is not None,
    }  # fmt: skip
    return render(request, "ncm/plan_part.html", context)
