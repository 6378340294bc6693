"""The action plan in pages: the list, the whole plan as table and as timeline, writing a draft."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.charts import bar_chart
from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import Stale
from funding.amounts import written
from ncm.forms import plan as asked
from ncm.models import ActionPlan, Activity, Objective, PlanReport, Revision
from ncm.plan_choices import (
    IS_BEING_REVISED,
    IS_OVER,
    FourP,
    PlanState,
    Progress,
    ReportState,
    TargetGroup,
)
from ncm.plan_figures import Sum as Heap
from ncm.services import plan_reports
from ncm.services import plans as services
from ncm.views.plan_shown import (
    Names,
    past,
    progress_tag,
    sums_columns,
    sums_rows,
    tag,
)
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = PlanState
READ = ["GET", "HEAD", "POST"]
NEWEST_FIRST = Order("-from_on", "-id")
BY_PLACE = Order("place", "id")
ACTS = ("adopt", "end", "report")


def found_plan(actor: Actor, uuid: UUID) -> ActionPlan:
    return get_or_404(ActionPlan.objects.all(), actor, uuid=uuid)


def act_href(plan: ActionPlan, name: str) -> str:
    return reverse("ncm:plan-act", args=[plan.uuid, name])


# --- which plan -----------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def current(request: HttpRequest) -> HttpResponse:
    """The plan in force; where there is none, or more than one, the list."""
    actor = actor_of(request)
    in_force = list(ActionPlan.objects.visible_to(actor).filter(state=S.ADOPTED)[:2])
    return redirect(in_force[0]) if len(in_force) == 1 else redirect("ncm:plans")


@needs(P.COORDINATION_SEE)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan this actor sees, the latest first."""
    actor = actor_of(request)
    page = paginate(
        ActionPlan.objects.visible_to(actor), NEWEST_FIRST, cursor=request.GET.get("cursor", "")
    )
    keeps = P.COORDINATION_KEEP in actor.permissions
    acts = [{"label": _("Write a plan"), "href": reverse("ncm:plan-new")}] if keeps else []
    context = {
        "page": page,
        "columns": columns(_("Plan"), _("From – until"), _("Adopting act"), _("State")),
        "rows": [
            [
                {"text": each.title, "href": each.get_absolute_url()},
                {"text": f"{shown.date(each.from_on)} – {shown.date(each.until_on)}"},
                {"text": each.act or "–"},
                tag(each),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No action plan yet"),
            "text": _("A plan stands here once it is adopted: what is to be done, who leads, "
                      "who pays, and how far it is."),
        },
        "acts": acts,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/plans.html", context)


# --- one plan -------------------------------------------------------------------------------------


class Narrow(forms.Form):
    """Under which P, how far, for whom, and whose."""

    p = forms.ChoiceField(required=False)
    progress = forms.ChoiceField(required=False)
    group = forms.ChoiceField(required=False)
    whose = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        whose = [("", _("Every lead")), ("ours", _("We lead")), ("late", _("Late")),
                 ("unpaid", _("Not paid in full"))]  # fmt: skip
        for name, label, choices in (
            ("p", _("P"), [("", _("All four")), *FourP.choices]),
            ("progress", _("Progress"), [("", _("Any")), *Progress.choices]),
            ("group", _("For whom"), [("", _("Everybody")), *TargetGroup.choices]),
            ("whose", _("Which"), whose),
        ):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Activity], actor: Actor) -> QuerySet[Activity]:
        given = self.cleaned_data if self.is_valid() else {}
        if given.get("p"):
            rows = rows.filter(objective__p=given["p"])
        if given.get("progress"):
            rows = rows.filter(progress=given["progress"])
        if given.get("group"):
            rows = rows.filter(target_groups__contains=given["group"])
        match given.get("whose"):
            case "ours":
                rows = rows.filter(lead=actor.organisation)
            case "late":
                late = Q(deadline_on__lt=local_day(actor.at)) & ~Q(progress__in=IS_OVER)
                rows = rows.filter(late)
            case "unpaid":
                rows = rows.filter(cost__gt=F("from_state") + F("from_donors") + F("from_own"))
        return rows


@needs(P.COORDINATION_SEE)
@require_safe
def whole(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The plan: progress by P, and its activities by objective, narrowed and page by page."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    form = Narrow(request.GET)
    seen = Activity.objects.filter(plan=plan).visible_to(actor).standing()
    rows = form.narrow(seen.select_related("objective", "lead"), actor)
    page = paginate(rows, BY_PLACE, cursor=request.GET.get("cursor", ""))
    names = Names(actor, (each.lead for each in page.rows))
    today = local_day(actor.at)
    heaps = heaps_of(seen, today)
    context = {
        "plan": plan,
        "tags": [tag(plan)],
        "facts": _facts(plan, heaps),
        "acts": _acts(plan, actor),
        "open": _open(plan, actor),
        "links": _links(plan),
        "sums_columns": sums_columns(_("P")),
        "sums": sums_rows(((str(FourP(p).label), one) for p, one in heaps.items()), plan.currency),
        "filter": form,
        "clear_href": plan.get_absolute_url(),
        "page": page,
        "columns": columns(
            _("No."), _("Activity"), _("Lead"), _("Deadline"), _("Progress"), _("Nobody pays yet")
        ),
        "rows": [_row(each, names, plan, today) for each in page.rows],
        "empty": _nothing(plan, is_narrowing=bool(request.GET)),
        **page_links(request, page),
    }
    return render(request, "ncm/plan.html", context)


def heaps_of(rows: QuerySet[Activity], today: date) -> dict[str, Heap]:
    """Sums by P, those without an activity too. One query, however many activities there are."""
    found = {str(p): Heap(str(p)) for p in FourP}
    late = Q(deadline_on__lt=today) & ~Q(progress__in=IS_OVER)
    grouped = rows.order_by().values("objective__p", "progress").annotate(
        number=Count("pk"), late=Count("pk", filter=late), cost=Sum("cost"),
        from_state=Sum("from_state"), from_donors=Sum("from_donors"), from_own=Sum("from_own"),
    )  # fmt: skip
    for each in grouped:
        heap = found[each["objective__p"]]
        heap.number += each["number"]
        heap.late += each["late"]
        heap.by_progress[each["progress"]] += each["number"]
        for name in ("cost", "from_state", "from_donors", "from_own"):
            setattr(heap, name, getattr(heap, name) + each[name])
        heap.gap = heap.cost - heap.from_state - heap.from_donors - heap.from_own
    return found


def _facts(plan: ActionPlan, heaps: dict[str, Heap]) -> list[dict[str, str]]:
    cost = sum((one.cost for one in heaps.values()), start=0 * Heap("").cost)
    gap = sum((one.gap for one in heaps.values()), start=0 * Heap("").cost)
    facts = [
        (_("From – until"), f"{shown.date(plan.from_on)} – {shown.date(plan.until_on)}"),
        (_("Adopting act"), plan.act),
        (_("Activities"), str(sum(one.number for one in heaps.values()))),
        (_("Cost"), written(cost, plan.currency)),
        (_("Nobody pays yet"), written(gap, plan.currency)),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(plan: ActionPlan, actor: Actor) -> list[dict[str, str]]:
    if not may(actor, P.COORDINATION_KEEP):
        return []
    acts: list[tuple[str, str, str]] = []
    if plan.state == S.DRAFT:
        acts = [
            (_("Add an activity"), reverse("ncm:plan-activity-new", args=[plan.uuid]), ""),
            (_("Objectives"), reverse("ncm:plan-objectives", args=[plan.uuid]), "secondary"),
            (_("Change the text"), reverse("ncm:plan-edit", args=[plan.uuid]), "secondary"),
            (_("Record that it is adopted"), act_href(plan, "adopt"), "secondary"),
        ]
    elif plan.state == S.ADOPTED:
        acts = [
            (_("Revise the plan"), reverse("ncm:plan-revise", args=[plan.uuid]), ""),
            (_("Ask the leads to report"), act_href(plan, "report"), "secondary"),
            (_("End the plan"), act_href(plan, "end"), "secondary"),
        ]
    return [{"label": label, "href": href, "kind": kind} for label, href, kind in acts]


def _open(plan: ActionPlan, actor: Actor) -> list[dict[str, str]]:
    """What is under way: a revision, a half-yearly report."""
    found = []
    revisions = Revision.objects.filter(plan=plan, state__in=IS_BEING_REVISED)
    for each in revisions.visible_to(actor):
        words = _("Revision %(n)s: %(state)s") % {
            "n": each.number, "state": each.get_state_display()
        }  # fmt: skip
        found.append({"text": words, "href": each.get_absolute_url()})
    for report in PlanReport.objects.filter(plan=plan, state=ReportState.OPEN).visible_to(actor):
        words = _("Leads report on the half year until %(day)s, by %(due)s") % {
            "day": shown.date(report.until_on), "due": shown.date(report.due_on)
        }  # fmt: skip
        found.append({"text": words, "href": report.get_absolute_url()})
    return found


def _links(plan: ActionPlan) -> list[dict[str, str]]:
    named = (
        ("ncm:plan-timeline", _("Timeline")),
        ("ncm:plan-past", _("Revisions, reports and what happened")),
        ("ncm:plan-take", _("Take it with you")),
    )
    return [
        {"label": label, "href": reverse(name, args=[plan.uuid]), "kind": "secondary"}
        for name, label in named
    ]


def _row(each: Activity, names: Names, plan: ActionPlan, today: date) -> list[dict[str, Any]]:
    late = _("late") if each.is_late(today) else ""
    return [
        {"text": each.reference, "note": str(FourP(each.objective.p).label)},
        {"text": each.words, "href": each.get_absolute_url(), "note": each.objective.words},
        {"text": names.of(each.lead)},
        {"text": shown.date(each.deadline_on), "note": late},
        progress_tag(each),
        {"text": written(each.gap, plan.currency) if each.gap else "–"},
    ]


def _nothing(plan: ActionPlan, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No activity matches"),
            "text": _("Take away one of the filters."),
            "href": plan.get_absolute_url(),
            "label": _("Show all activities"),
        }
    return {
        "title": _("The plan has no activity yet"),
        "text": _("First the objectives under the four Ps, then what is done towards each."),
    }


def _quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def _quarters(first: date, last: date) -> list[str]:
    """Every quarter from one day to another, those without an activity too."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return list(dict.fromkeys(f"{month // 12}-Q{month % 12 // 3 + 1}" for month in months))


@needs(P.COORDINATION_SEE)
@require_safe
def timeline(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """When activities are due, quarter by quarter, by how far they are; with the numbers."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    rows = Activity.objects.filter(plan=plan).visible_to(actor).standing()
    counted = list(rows.order_by().values("deadline_on", "progress").annotate(number=Count("pk")))
    days = [plan.from_on, plan.until_on, *(each["deadline_on"] for each in counted)]
    quarters = {name: dict.fromkeys(Progress.values, 0) for name in _quarters(min(days), max(days))}
    for each in counted:
        quarters[_quarter(each["deadline_on"])][each["progress"]] += each["number"]
    drawn = [
        {"quarter": name, "progress": str(Progress(progress).label), "number": number}
        for name, quarter in quarters.items()
        for progress, number in quarter.items()
    ]
    chart = bar_chart(
        drawn, x="quarter", y="number", colour="progress", stacked=True, horizontal=False,
        title=_("Activities by the quarter in which they are due"),
        labels={"quarter": _("Quarter"), "number": _("Activities"), "progress": _("Progress")},
    ) if counted else None  # fmt: skip
    coming = rows.exclude(progress__in=IS_OVER).select_related("objective", "lead", "plan")
    page = paginate(coming, Order("deadline_on", "id"), cursor=request.GET.get("cursor", ""))
    names, today = Names(actor, (each.lead for each in page.rows)), local_day(actor.at)
    context = {
        "plan": plan,
        "chart": chart,
        "page": page,
        "columns": columns(_("Deadline"), _("Activity"), _("Lead"), _("Progress")),
        "rows": [
            [
                {"text": shown.date(each.deadline_on),
                 "note": _("late") if each.is_late(today) else ""},
                {"text": each.words, "href": each.get_absolute_url(), "note": each.reference},
                {"text": names.of(each.lead)},
                progress_tag(each),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("Nothing is still to be done"),
            "text": _("Every activity of the plan is done or was stopped."),
        },
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/plan_timeline.html", context)


@needs(P.COORDINATION_SEE)
@require_safe
def whole_past(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Revisions of a plan, reports on it, consultations, and what happened."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    revisions = Revision.objects.filter(plan=plan).visible_to(actor).select_related("emergency")
    reports = PlanReport.objects.filter(plan=plan).visible_to(actor)
    context = {
        "plan": plan,
        "revision_columns": columns(_("Revision"), _("Why"), _("Adopted"), _("State")),
        "revisions": [
            [
                {"text": _("Revision %(n)s") % {"n": each.number},
                 "href": each.get_absolute_url()},
                {"text": each.reason,
                 "note": _("Emergency: %(what)s") % {"what": each.emergency.reason}
                 if each.emergency else ""},
                {"text": shown.day(each.adopted_at) or "–", "note": each.act},
                tag(each),
            ]
            for each in revisions[:50]
        ],
        "report_columns": columns(_("Half year"), _("Leads report by"), _("Sent"), _("State")),
        "reports": [
            [
                {"text": f"{shown.date(each.from_on)} – {shown.date(each.until_on)}",
                 "href": each.get_absolute_url()},
                {"text": shown.date(each.due_on)},
                {"text": shown.day(each.sent_at) or "–"},
                tag(each),
            ]
            for each in reports[:50]
        ],
        "no_revision": {"title": _("The plan has not been revised"), "text": ""},
        "no_report": {"title": _("No half-yearly report yet"), "text": ""},
        "events": past(plan.events.all(), actor),
    }  # fmt: skip
    return render(request, "ncm/plan_past.html", context)


# --- writing --------------------------------------------------------------------------------------


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft; only the co-ordination reads it."""
    actor = actor_of(request)
    form = asked.Text(typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[ActionPlan] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.draft_plan(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The draft is begun. First its objectives.")):
            return redirect("ncm:plan-objectives", made[0].uuid)
    return form_page(
        request, form=form, title=_("Write an action plan"), button=_("Save and go on"),
        back=reverse("ncm:plans"),
        lines=[_("Only the co-ordination reads the draft until it is adopted.")],
    )  # fmt: skip


def _kept(actor: Actor, uuid: UUID) -> ActionPlan:
    """A plan this actor keeps; 403 otherwise."""
    plan = found_plan(actor, uuid)
    if not may(actor, P.COORDINATION_KEEP, plan):
        raise PermissionDenied
    return plan


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change the text of a draft."""
    actor = actor_of(request)
    plan = _kept(actor, uuid)
    names = ("title", "strategy", "from_on", "until_on", "currency", "version")
    standing = {name: getattr(plan, name) for name in names}
    form = asked.Text(typed(request), initial=standing)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            act = lambda: services.change_plan(  # noqa: E731
                plan=plan, version=version, by=actor, at=actor.at, **form.text()
            )
            if plan.version != version:
                raise Stale(plan)
            if done(request, act, _("Saved.")):
                return redirect(plan)
        except Stale:
            labels = {name: field.label for name, field in form.fields.items()}
            standing.pop("version")
            rows = differences(labels, form.text(), standing)
            back = plan.get_absolute_url()
            return conflict(request, rows=rows, version=plan.version, back=back)
    return form_page(
        request, form=form, title=_("Change the text"), button=_("Save"),
        back=plan.get_absolute_url(), about=plan.title,
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def objectives(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Add objectives to a draft, one after the other."""
    actor = actor_of(request)
    plan = _kept(actor, uuid)
    form = asked.NewObjective(typed(request))
    if form.is_valid():
        act = lambda: services.add_objective(  # noqa: E731
            plan=plan, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Enter the next objective, or go back.")):
            return redirect(request.path)
    rows = Objective.objects.filter(plan=plan).visible_to(actor)
    parts = [{"text": str(each), "note": str(each.get_p_display())} for each in rows]
    return form_page(
        request, form=form, title=_("Objectives"), button=_("Save this objective"),
        back=plan.get_absolute_url(), about=plan.title, template="partners/deed_parts.html",
        parts=parts,
        hint=_("They are numbered in the order in which they are entered, and stay once the plan "
               "is adopted."),
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Record that it is adopted, end it, ask the leads to report."""
    actor = actor_of(request)
    if name not in ACTS:
        raise Http404
    plan = _kept(actor, uuid)
    return {"adopt": _adopt, "end": _end, "report": _report}[name](request, actor, plan)


def _adopt(request: HttpRequest, actor: Actor, plan: ActionPlan) -> HttpResponse:
    form = asked.Adopt(typed(request))
    if form.is_valid():
        said = form.cleaned_data["act"]
        act = lambda: services.adopt(plan=plan, act=said, by=actor, at=actor.at)  # noqa: E731
        if done(request, act, _("The plan is in force. Its leads have been told.")):
            return redirect(plan)
    return form_page(
        request, form=form, title=_("Record that it is adopted"), button=_("Record it"),
        back=plan.get_absolute_url(), about=plan.title,
        lines=[
            _("Every member reads it, and who leads an activity is told."),
            _("From now on it changes through revisions only; what it said before stays."),
        ],
    )  # fmt: skip


def _end(request: HttpRequest, actor: Actor, plan: ActionPlan) -> HttpResponse:
    form = asked.Why(typed(request))
    if form.is_valid():
        why = form.cleaned_data["comment"]
        act = lambda: services.end(plan=plan, comment=why, by=actor, at=actor.at)  # noqa: E731
        if done(request, act, _("The plan has ended.")):
            return redirect(plan)
    return form_page(
        request, form=form, title=_("End the plan"), button=_("End it"),
        back=plan.get_absolute_url(), about=plan.title,
        warning=_("It cannot be taken up again. It stays readable."),
    )  # fmt: skip


def _report(request: HttpRequest, actor: Actor, plan: ActionPlan) -> HttpResponse:
    from_on, until_on = plan_reports.half_year_before(local_day(actor.at))
    if request.method == "POST":
        made: list[PlanReport] = []
        act = lambda: made.append(  # noqa: E731
            plan_reports.open_report(plan=plan, by=actor, at=actor.at)
        )
        if done(request, act, _("The leads have been asked.")):
            return redirect(made[0])
        return redirect(plan)
    period = {"from": shown.date(from_on), "until": shown.date(until_on)}
    return form_page(
        request, form=asked.Confirm(), title=_("Ask the leads to report"), button=_("Ask them"),
        back=plan.get_absolute_url(), about=plan.title,
        lines=[
            _("On the half year from %(from)s until %(until)s.") % period,
            _("Each lead has until the day the country’s rule sets, and is reminded. What they "
              "report is theirs; you put it together and send it."),
        ],
    )  # fmt: skip
