"""One activity of the plan in pages: what it says, how far it is, what is missing; writing it."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.uploads import CONTENT_TYPES
from ncm import plan_text
from ncm.forms import plan as asked
from ncm.models import Activity, ActivityGap, ActivityStatus, Prevention, RevisionChange
from ncm.plan_choices import PlanState, Progress, RevisionState
from ncm.services import plans as services
from ncm.views.plan_shown import PROGRESS, Names, facts_of, figure, past, progress_tag
from ncm.views.plans import found_plan
from ncm.views.revisions import changes_shown, fields_shown
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, done, form_page, typed

P = Permission
READ = ["GET", "HEAD", "POST"]
ACTS = ("report", "gap")


def found_activity(actor: Actor, uuid: UUID) -> Activity:
    rows = Activity.objects.select_related("plan", "objective", "lead")
    return get_or_404(rows, actor, uuid=uuid)


def act_href(row: Activity, name: str) -> str:
    return reverse("ncm:plan-activity-act", args=[row.uuid, name])


@needs(P.COORDINATION_SEE)
@require_safe
def activity(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One activity: who leads, by when, who pays, what was reported, what is missing."""
    actor = actor_of(request)
    found = found_activity(actor, uuid)
    statuses = list(
        ActivityStatus.objects.filter(activity=found).visible_to(actor)
        .select_related("organisation")[:50]
    )  # fmt: skip
    gaps = list(
        ActivityGap.objects.filter(activity=found).visible_to(actor)
        .select_related("organisation")
    )  # fmt: skip
    partners, areas = list(found.partners.all()), list(found.areas.order_by("path"))
    prevention = list(
        Prevention.objects.filter(activity=found).visible_to(actor).select_related("keeper")[:50]
    )
    names = Names(
        actor,
        [found.lead, *partners, *(each.organisation for each in (*statuses, *gaps)),
         *(each.keeper for each in prevention)],
    )  # fmt: skip
    changes = RevisionChange.objects.filter(
        activity=found, revision__state=RevisionState.ADOPTED
    ).visible_to(actor)
    context = {
        "activity": found,
        "tags": _tags(found, actor),
        "facts": facts_of(found, names, areas, partners),
        "acts": _acts(found, actor),
        "statuses": [_status(each, found, names) for each in statuses],
        "gaps": [_gap(each, names, actor) for each in gaps],
        "prevention": [
            {"text": each.title, "href": each.get_absolute_url(), "by": names.of(each.keeper)}
            for each in prevention
        ],
        "changes": _changes(changes, actor),
        "events": past(found.events.all(), actor),
    }
    return render(request, "ncm/plan_activity.html", context)


def _tags(found: Activity, actor: Actor) -> list[dict[str, str]]:
    tags = [progress_tag(found)]
    if found.is_late(local_day(actor.at)):
        tags.append({"text": _("Late"), "colour": "red"})
    if found.dropped_at is not None:
        tags.append({"text": _("Taken out of the plan"), "colour": "red"})
    return tags


def _acts(found: Activity, actor: Actor) -> list[dict[str, str]]:
    acts: list[tuple[str, str, str]] = []
    in_force = found.plan.state == PlanState.ADOPTED and found.dropped_at is None
    if in_force and may(actor, P.COORDINATION_SPEAK, found):
        acts.append((_("Report how far it is"), act_href(found, "report"), ""))
    if in_force and may(actor, P.COORDINATION_SPEAK):
        acts.append((_("Say what is missing"), act_href(found, "gap"), "secondary"))
    if in_force and may(actor, P.COORDINATION_SPEAK):
        href = f"{reverse('ncm:action-new')}?activity={found.uuid}"
        acts.append((_("Make an action point of this"), href, "secondary"))
    if found.plan.state == PlanState.DRAFT and may(actor, P.COORDINATION_KEEP, found):
        href = reverse("ncm:plan-activity-edit", args=[found.uuid])
        acts.append((_("Change the activity"), href, ""))
    return [{"label": label, "href": href, "kind": kind} for label, href, kind in acts]


def _status(each: ActivityStatus, found: Activity, names: Names) -> dict[str, Any]:
    known = Progress(each.progress)
    return {
        "title": _("As of %(day)s") % {"day": shown.date(each.on)},
        "at": each.reported_at,
        "by": names.of(each.organisation),
        "words": each.words,
        "value": figure(each.value, found.unit),
        "tag": {"text": str(known.label), "colour": PROGRESS[known]},
        "file": reverse("ncm:plan-evidence", args=[found.uuid, each.uuid])
        if each.file_kind else "",
        "file_kind": each.file_kind.upper(),
    }  # fmt: skip


def _changes(changes: Any, actor: Actor) -> list[dict[str, Any]]:
    """What each revision changed, under the revision's own name and reason."""
    return [
        {
            **each, "title": _("Revision %(n)s") % {"n": each["number"]},
            "href": each["revision"], "reason": each["why"],
        }
        for each in changes_shown(changes, actor)
    ]  # fmt: skip


def _gap(each: ActivityGap, names: Names, actor: Actor) -> dict[str, Any]:
    answers = each.settled_at is None and may(actor, P.COORDINATION_KEEP)
    return {
        "kind": str(each.get_kind_display()),
        "by": names.of(each.organisation),
        "at": each.named_at,
        "words": each.words,
        "proposal": each.proposal,
        "answer": each.answer,
        "settled_at": each.settled_at,
        "href": reverse("ncm:plan-gap", args=[each.uuid]) if answers else "",
    }


# --- what members say -----------------------------------------------------------------------------


@needs(P.COORDINATION_SPEAK)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Report how far it is, as its lead; say what is missing, as any member."""
    actor = actor_of(request)
    if name not in ACTS:
        raise Http404
    found = found_activity(actor, uuid)
    return {"report": _report, "gap": _name_gap}[name](request, actor, found)


def _report(request: HttpRequest, actor: Actor, found: Activity) -> HttpResponse:
    if not may(actor, P.COORDINATION_SPEAK, found):
        raise PermissionDenied
    start = {"client_key": uuid4(), "progress": found.progress, "value": found.value,
             "on": local_day(actor.at)}  # fmt: skip
    form = asked.Status(typed(request), request.FILES or None, initial=start)
    if form.is_valid():
        given = dict(form.cleaned_data)
        file = given.pop("file")
        act = lambda: services.report_progress(  # noqa: E731 - done() asks for a function
            activity=found, by=actor, at=actor.at,
            file=(file.name, file.read()) if file else None, **given,
        )  # fmt: skip
        if done(request, act, _("Reported. Every member reads it.")):
            return redirect(found)
    target = figure(found.target, found.unit)
    lines = [_("Indicator: %(words)s") % {"words": found.indicator}]
    if target:
        lines.append(_("Target: %(figure)s") % {"figure": target})
    lines.append(_("What was reported before stays; nobody else can change your words."))
    return form_page(
        request, form=form, title=_("Report how far it is"), button=_("Report"),
        back=found.get_absolute_url(), about=found.words, lines=lines,
        template="ncm/plan_status_form.html",
    )  # fmt: skip


def _name_gap(request: HttpRequest, actor: Actor, found: Activity) -> HttpResponse:
    form = asked.Gap(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        act = lambda: services.name_gap(  # noqa: E731
            activity=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Entered. The co-ordination answers it here.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Say what is missing"), button=_("Enter it"),
        back=found.get_absolute_url(), about=found.words,
        lines=[_("It stands here under your organisation’s name, where it is listed; nobody else "
                 "can change it.")],
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def gap(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answer what a member says is missing."""
    actor = actor_of(request)
    row = get_or_404(ActivityGap.objects.select_related("activity__plan"), actor, uuid=uuid)
    form = asked.Reply(typed(request))
    if form.is_valid():
        answer = form.cleaned_data["answer"]
        act = lambda: services.settle_gap(  # noqa: E731
            gap=row, answer=answer, by=actor, at=actor.at
        )
        if done(request, act, _("Answered.")):
            return redirect(row.activity)
    return form_page(
        request, form=form, title=_("Answer what is missing"), button=_("Answer"),
        back=row.activity.get_absolute_url(), about=row.activity.words,
        lines=[each for each in (row.words, row.proposal) if each],
    )  # fmt: skip


@needs(P.COORDINATION_SEE)
@require_safe
def evidence(request: HttpRequest, uuid: UUID, status: UUID) -> HttpResponse:
    """The file a lead gave with a report, to whoever reads the report; never inside the site."""
    actor = actor_of(request)
    rows = ActivityStatus.objects.filter(activity__uuid=uuid).exclude(file_kind="")
    found = get_or_404(rows, actor, uuid=status)
    with found.file.open("rb") as content:
        answer = HttpResponse(content.read(), content_type=CONTENT_TYPES[found.file_kind])
    answer["Content-Disposition"] = f'attachment; filename="evidence.{found.file_kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


# --- writing a draft ------------------------------------------------------------------------------


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Add an activity to a draft."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    start = {"version": 0, "deadline_on": plan.until_on, "from_on": plan.from_on}
    form = asked.ActivityText(plan, actor, typed(request), is_new=True, initial=start)
    if form.is_valid():
        objective = form.cleaned_data["objective"]
        act = lambda: services.add_activity(  # noqa: E731
            objective=objective, by=actor, at=actor.at, **form.text()
        )
        if done(request, act, _("Saved.")):
            return redirect(plan)
    return form_page(
        request, form=form, title=_("Add an activity"), button=_("Save"),
        back=plan.get_absolute_url(), about=plan.title,
        lines=[] if plan.objectives.exists() else [_("Enter an objective first.")],
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change an activity of a draft; one of a plan in force changes in a revision."""
    actor = actor_of(request)
    found = found_activity(actor, uuid)
    form = asked.ActivityText(found.plan, actor, typed(request), initial=asked.standing(found))
    if form.is_valid():
        version = form.cleaned_data["version"]
        if version != found.version:
            return _differs(request, form, found, actor)
        act = lambda: services.change_activity(  # noqa: E731
            activity=found, version=version, by=actor, at=actor.at, **form.text()
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the activity"), button=_("Save"),
        back=found.get_absolute_url(), about=found.plan.title,
    )  # fmt: skip


def _differs(
    request: HttpRequest, form: asked.ActivityText, found: Activity, actor: Actor
) -> HttpResponse:
    """409: what was typed beside what somebody else has saved meanwhile."""
    mine, theirs = plan_text.plain(form.text()), plan_text.text_of(found)
    rows = [
        {"label": each["label"], "mine": each["after"], "theirs": each["before"]}
        for each in fields_shown(theirs, mine, actor)
    ]
    return conflict(request, rows=rows, version=found.version, back=found.get_absolute_url())
