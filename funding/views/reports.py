"""Reports on grants in pages: what an award asks, the list of reports, and one report to read."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from funding.amounts import written
from funding.forms import terms as asked
from funding.models import Award, GrantReport, Instalment
from funding.models.reports import NARRATIVE
from funding.services import reports as services
from funding.terms_choices import ReportState
from funding.terms_filters import ReportFilter
from funding.terms_workflow import REPORT, lacking
from funding.views.conditions import award_between, past, tag, terms_of
from funding.views.report_parts import figures_shown, lines_shown
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, as_uuid, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
R = ReportState
SOONEST_FIRST = Order("due_on", "id")
COLOURS = {
    R.PLANNED: "grey",
    R.DUE: "blue",
    R.SENT: "yellow",
    R.SENT_BACK: "orange",
    R.ACCEPTED: "green",
    R.DROPPED: "grey",
}
SPOKEN = ("send", "accept", "send_back", "put_off", "drop")
CLOSED = (R.ACCEPTED, R.DROPPED)


def report_tag(report: GrantReport, today: Any) -> dict[str, str]:
    """A report's state as components/tag.html takes it; overdue is asked of the day."""
    if report.is_overdue(today):
        return {"text": _("Overdue"), "colour": "red"}
    known = R(report.state)
    return {"text": str(known.label), "colour": COLOURS[known]}


def name_of(report: GrantReport) -> str:
    words = _("%(kind)s %(number)s, %(from)s – %(until)s")
    return words % {
        "kind": report.get_kind_display(),
        "number": report.number,
        "from": shown.date(report.from_on),
        "until": shown.date(report.until_on),
    }


# --- the list -------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Reports on grants one's organisation gives or receives, those due first first."""
    actor, today = actor_of(request), local_day(actor_of(request).at)
    seen = GrantReport.objects.visible_to(actor).select_related("award__recipient", "award__funder")
    narrowed = ReportFilter(request.GET, queryset=seen, today=today)
    rows = narrowed.qs if narrowed.is_narrowing else narrowed.qs.exclude(state__in=CLOSED)
    page = paginate(rows, SOONEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": columns(_("Report"), _("Award"), _("Between"), _("State"), _("Due on")),
        "rows": [_row(each, today) for each in page.rows],
        "empty": {
            "title": _("No report matches") if narrowed.is_narrowing else _("No report is due"),
            "text": _("Reports stand here once a funder plans them on the page of an award."),
        },
        "clear_href": reverse("funding:reports"),
        **page_links(request, page),
    }
    return render(request, "funding/reports.html", context)


def _row(each: GrantReport, today: Any) -> list[dict[str, Any]]:
    award = each.award
    return [
        {"text": name_of(each), "href": each.get_absolute_url()},
        {"text": award.title, "note": award.reference},
        {"text": award.recipient.display_name, "note": award.funder.display_name},
        report_tag(each, today),
        {"text": shown.date(each.due_on)},
    ]


# --- what an award asks ---------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def award_terms(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What an award asks beyond its work: conditions, indicators, and reports with their days."""
    actor = actor_of(request)
    award = award_between(actor, uuid)
    keeps = bool(may(actor, P.FUNDING_KEEP, award))
    today = local_day(actor.at)
    context = {
        "award": award,
        "facts": [
            {"label": _("Funder"), "value": award.funder.display_name},
            {"label": _("Recipient"), "value": award.recipient.display_name},
            {"label": _("Runs"), "value": _span(award)},
        ],
        "acts": _award_acts(award, actor, keeps=keeps),
        "condition_columns": columns(_("What it does"), _("What it says"), _("State")),
        "conditions": [
            [{"text": each.get_kind_display(), "href": each.get_absolute_url()},
             {"text": _short(each.words)}, tag(each)]
            for each in award.conditions.order_by("-entered_at", "-id")
        ],
        "indicator_columns": [
            {"label": _("What is counted")},
            {"label": _("At the beginning"), "is_number": True},
            {"label": _("Wanted at the end"), "is_number": True},
        ],
        "indicators": [
            [{"text": each.name, "note": each.get_measures_display()},
             {"text": str(each.baseline)}, {"text": str(each.target)}]
            for each in award.indicators.all()
        ],
        "report_columns": columns(_("Report"), _("State"), _("Due on")),
        "reports": [
            [{"text": name_of(each), "href": each.get_absolute_url()}, report_tag(each, today),
             {"text": shown.date(each.due_on)}]
            for each in award.reports.exclude(state=R.DROPPED)
        ],
        "back": reverse("funding:desk"),
    }  # fmt: skip
    return render(request, "funding/award_terms.html", context)


def _span(award: Award) -> str:
    return f"{shown.date(award.from_on)} – {shown.date(award.until_on)}"


def _short(words: str) -> str:
    return words if len(words) <= 160 else f"{words[:157]}…"


def _award_acts(award: Award, actor: Actor, *, keeps: bool) -> list[dict[str, str]]:
    acts = []
    if keeps:
        if award.state in services.RUNS:
            acts.append((_("Plan the reports"), reverse("funding:reports-plan", args=[award.uuid])))
        acts.append((_("Indicators"), reverse("funding:indicators", args=[award.uuid])))
        acts.append((_("Enter a condition"), reverse("funding:condition-new", args=[award.uuid])))
    elif may(actor, P.FUNDING_APPLY, award):
        acts.append((_("Report a condition"), reverse("funding:condition-new", args=[award.uuid])))
    return [{"label": label, "href": href, "kind": "secondary"} for label, href in acts]


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Plan the reports of an award ahead."""
    actor = actor_of(request)
    award = _kept(actor, uuid)
    form = asked.Plan(typed(request))
    if form.is_valid():
        every = form.cleaned_data["every"]
        act = lambda: services.plan_reports(award=award, every=every, by=actor, at=actor.at)  # noqa: E731
        if done(request, act, _("Planned. Each falls due when its period is over.")):
            return redirect(terms_of(award))
    days = services.clocks.days_to_write(actor.at).days
    return form_page(
        request, form=form, title=_("Plan the reports"), button=_("Plan them"),
        back=terms_of(award), about=award.title,
        lines=[
            ngettext(
                "Each is due %(n)s day after its period.", "Each is due %(n)s days after its "
                "period.", days,
            ) % {"n": days},
            _("Both sides are reminded. The recipient sees your clock too, once a report is sent."),
            _("Planning anew replaces what is not yet due; what is due or sent stays."),
        ],
    )  # fmt: skip


def _kept(actor: Actor, uuid: UUID) -> Award:
    award = award_between(actor, uuid)
    if not may(actor, P.FUNDING_KEEP, award):
        raise PermissionDenied
    return award


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def indicators(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What an award is measured by: each report then has a figure for it."""
    actor = actor_of(request)
    award, here = _kept(actor, uuid), request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_indicator(  # noqa: E731
            award=award, indicator=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.IndicatorEntry(typed(request))
    if form.is_valid():
        enter = lambda: services.add_indicator(  # noqa: E731
            award=award, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, enter, _("Saved. Enter the next, or go back.")):
            return redirect(here)
    entered = [
        {
            "text": each.name,
            "note": _("from %(from)s to %(to)s") % {"from": each.baseline, "to": each.target},
            "remove": each.uuid,
        }
        for each in award.indicators.all()
    ]
    return form_page(
        request, form=form, title=_("Indicators"), button=_("Save this indicator"),
        back=terms_of(award), about=award.title, template="partners/deed_parts.html",
        parts=entered,
        hint=_("Numbers only. People are counted by sex and age, and never described."),
    )  # fmt: skip


# --- one report -----------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One report: words, figures and money, with what was said beside each; prints as it stands."""
    actor = actor_of(request)
    found = found_report(actor, uuid)
    today = local_day(actor.at)
    writes = found.is_being_written and bool(may(actor, P.FUNDING_APPLY, found))
    beside = _comments(found)
    href = _comment_link(found, actor)
    waits = list(found.award.instalments.filter(report_uuid=found.uuid))
    context = {
        "report": found,
        "title": found.award.title,
        "kind": name_of(found),
        "tags": [report_tag(found, today)],
        "facts": _facts(found),
        "acts": _acts(found, actor),
        "notes": _notes(found, waits, today),
        "tasks": _tasks(found) if writes else [],
        "parts": [
            {
                "field": name,
                "label": GrantReport._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
                "words": getattr(found, name),
                "comments": beside.get(name, []),
                "comment_href": href(name),
            }
            for name in NARRATIVE
        ],
        "figures": figures_shown(found, beside, href),
        "money": lines_shown(found, beside, href),
        "money_words": {
            "field": "money_words", "label": _("About the money"), "words": found.money_words,
            "comments": beside.get("money_words", []), "comment_href": href("money_words"),
        },
        "events": past(found.events.select_related("by", "by_organisation"), actor),
        "back": reverse("funding:reports"),
    }  # fmt: skip
    return render(request, "funding/report.html", context)


def found_report(actor: Actor, uuid: UUID) -> GrantReport:
    rows = GrantReport.objects.select_related("award__recipient", "award__funder")
    return get_or_404(rows, actor, uuid=uuid)


def _facts(found: GrantReport) -> list[dict[str, str]]:
    award = found.award
    facts = [
        (_("Award"), award.reference),
        (_("Recipient"), award.recipient.display_name),
        (_("Funder"), award.funder.display_name),
        (_("Due on"), shown.date(found.due_on)),
        (_("Sent"), shown.day(found.sent_at) if found.sent_at else ""),
        (_("Accepted"), shown.day(found.accepted_at) if found.accepted_at else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _notes(found: GrantReport, waits: list[Instalment], today: Any) -> list[dict[str, str]]:
    """What a reader must know before the rest."""
    notes = []
    if found.state == R.SENT_BACK:
        back = found.events.filter(new_state=R.SENT_BACK, old_state=R.SENT).first()
        words = _("Sent back; wanted again by %(day)s.") % {"day": shown.date(found.due_on)}
        notes.append({"text": f"{words} {back.comment if back else ''}".strip()})
    if found.is_taken_over:
        words = _("The words were taken over from the report before: what was to come stands where "
                  "you say what was done. Go through them.")  # fmt: skip
        notes.append({"text": words})
    for each in waits:
        amount = written(each.amount, found.award.currency)
        words = (
            _("Instalment %(n)s (%(amount)s) waits for this report.")
            if each.waits_for_report
            else _("Instalment %(n)s (%(amount)s) waited for this report.")
        )
        notes.append({"text": words % {"n": each.number, "amount": amount}})
    return notes


def _acts(found: GrantReport, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each, the next step first."""
    names = [
        (transition.title, transition.name)
        for transition, decision in REPORT.available(found, actor)
        if decision and transition.name in SPOKEN
    ]
    if found.state not in CLOSED and may(actor, P.FUNDING_KEEP, found) and _may_wait(found):
        names.append((_("Let an instalment wait for it"), "let_wait"))
    return [
        {
            "label": label,
            "href": reverse("funding:report-act", args=[found.uuid, name]),
            "kind": "" if name in {"send", "accept"} else "secondary",
        }
        for label, name in names
    ]


def _may_wait(found: GrantReport) -> bool:
    return bool(services.free_instalments(found).exists())


def _tasks(found: GrantReport) -> list[dict[str, Any]]:
    """The parts of a report, as components/task_list.html takes them."""
    missing = lacking(found)
    labels = {
        "narrative": (_("What happened"), _("Words; short is enough")),
        "figures": (_("Figures"), _("One for each indicator")),
        "money": (_("Money"), _("Spent so far from each line")),
    }
    return [
        {
            "label": label,
            "href": reverse("funding:report-page", args=[found.uuid, page]),
            "hint": hint,
            "status": _("To do") if page in missing else _("Complete"),
            "colour": "blue" if page in missing else "",
        }
        for page, (label, hint) in labels.items()
    ]


def _comments(found: GrantReport) -> dict[str, list[dict[str, Any]]]:
    """{field: what was said beside it}, oldest first; of either side the organisation."""
    beside: dict[str, list[dict[str, Any]]] = {}
    for each in found.comments.select_related("by_organisation"):
        beside.setdefault(each.field, []).append(
            {"words": each.words, "by": each.by_organisation.display_name, "at": each.at}
        )
    return beside


def _comment_link(found: GrantReport, actor: Actor) -> Any:
    """field → where one writes beside it; empty while it is the other side's turn."""
    try:
        services.may_comment(found, actor)
    except (services.NotAllowed, services.NotPossible):
        return lambda field: ""
    return lambda field: reverse("funding:report-comment", args=[found.uuid, field])
