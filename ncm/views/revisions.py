"""A revision of the plan in pages: why, what changes field by field, adopting it as a second
person."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from ncm import plan_text
from ncm.forms import plan as asked
from ncm.models import Activity, Revision, RevisionChange
from ncm.plan_choices import ChangeKind, RevisionState
from ncm.plan_workflow import REVISION
from ncm.services import revisions as services
from ncm.views.plan_shown import tag, value_in_words
from ncm.views.plans import found_plan
from partners.access import Actor, get_or_404, may
from partners.models import Area, Emergency, Organisation
from partners.views import shown
from partners.views.deeds import actor_of, done, form_page, typed

P = Permission
S = RevisionState
READ = ["GET", "HEAD", "POST"]
PAGES = ("propose", "take_back", "adopt", "drop", "add")
KINDS = {ChangeKind.CHANGE: "blue", ChangeKind.ADD: "green", ChangeKind.DROP: "red"}


def found_revision(actor: Actor, uuid: UUID) -> Revision:
    rows = Revision.objects.select_related("plan", "emergency", "created_by")
    return get_or_404(rows, actor, uuid=uuid)


def act_href(row: Revision, name: str) -> str:
    return reverse("ncm:plan-revision-act", args=[row.uuid, name])


# --- what changes ---------------------------------------------------------------------------------


def fields_shown(
    before: Mapping[str, Any], after: Mapping[str, Any], actor: Actor
) -> list[dict[str, Any]]:
    """Where two texts differ, as lines a person reads. Two queries."""
    return _fields(before, after, *_known([before, after], actor))


def _known(
    texts: Iterable[Mapping[str, Any]], actor: Actor
) -> tuple[dict[str, str], dict[str, str]]:
    """The organisations and areas that stand in these texts, by what the texts call them."""
    homes: set[str] = set()
    codes: set[str] = set()
    for text in texts:
        homes |= {each for each in [text.get("lead"), *text.get("partners", ())] if each}
        codes |= set(text.get("areas", ()))
    seen = Organisation.objects.visible_to(actor).filter(uuid__in=homes)
    areas = Area.objects.filter(code__in=codes)
    return (
        {str(each.uuid): each.display_name for each in seen},
        dict(areas.values_list("code", "name")),
    )


def _fields(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    homes: dict[str, str],
    areas: dict[str, str],
) -> list[dict[str, Any]]:
    return [
        {
            "label": plan_text.LABELS[name],
            "before": value_in_words(name, before.get(name), homes, areas),
            "after": value_in_words(name, after.get(name), homes, areas),
        }
        for name in plan_text.differing(before, after)
    ]


def changes_shown(changes: Any, actor: Actor) -> list[dict[str, Any]]:
    """Changes with their fields, before and after; of a draft, before is what stands now."""
    rows = list(
        changes.select_related("revision", "objective", "activity__objective", "activity__lead")
    )
    texts = {each.pk: (_before(each), each.after) for each in rows}
    homes, areas = _known([text for pair in texts.values() for text in pair], actor)
    return [
        {
            "title": each.activity.words if each.activity else each.after.get("words", ""),
            "number": each.revision.number,
            "revision": each.revision.get_absolute_url(),
            "why": each.revision.reason,
            "at": each.revision.adopted_at,
            "href": each.activity.get_absolute_url() if each.activity else "",
            "objective": str(each.objective),
            "uuid": each.uuid,
            "tag": {"text": str(each.get_kind_display()), "colour": KINDS[ChangeKind(each.kind)]},
            "fields": []
            if each.kind == ChangeKind.DROP
            else _fields(*texts[each.pk], homes, areas),
        }
        for each in rows
    ]


def _before(change: RevisionChange) -> Mapping[str, Any]:
    if change.before or change.kind == ChangeKind.ADD or change.activity is None:
        return change.before  # type: ignore[no-any-return]
    return plan_text.text_of(change.activity)


# --- the page -------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def revision(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One revision: why, what it changes, and what is to be done with it."""
    actor = actor_of(request)
    found = found_revision(actor, uuid)
    changes = RevisionChange.objects.filter(revision=found).visible_to(actor)
    context = {
        "revision": found,
        "tags": [tag(found)],
        "facts": _facts(found, actor),
        "acts": _acts(found, actor),
        "why_not": _why_not(found, actor),
        "changes": changes_shown(changes, actor),
        "can_change": found.state == S.DRAFT and bool(may(actor, P.COORDINATION_KEEP, found)),
        "remove_href": act_href(found, "remove"),
        "choose_href": reverse("ncm:plan-revision-choose", args=[found.uuid]),
    }
    return render(request, "ncm/plan_revision.html", context)


def _facts(found: Revision, actor: Actor) -> list[dict[str, str]]:
    own = may(actor, P.COORDINATION_KEEP)
    facts = [
        (_("Plan"), found.plan.title),
        (_("Drafted on"), shown.day(found.created_at)),
        (_("Drafted by"), found.created_by.display_name if own else ""),
        (_("Emergency"), found.emergency.reason if found.emergency else ""),
        (_("Adopted on"), shown.day(found.adopted_at)),
        (_("Adopting act"), found.act),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(found: Revision, actor: Actor) -> list[dict[str, str]]:
    acts = []
    if found.state == S.DRAFT and may(actor, P.COORDINATION_KEEP, found):
        acts += [
            (_("Change an activity"), reverse("ncm:plan-revision-choose", args=[found.uuid]), ""),
            (_("Add an activity"), act_href(found, "add"), "secondary"),
        ]
    acts += [
        (each.title, act_href(found, each.name), "secondary" if each.name != "adopt" else "")
        for each, decision in REVISION.available(found, actor)
        if decision
    ]
    return [{"label": str(label), "href": href, "kind": kind} for label, href, kind in acts]


def _why_not(found: Revision, actor: Actor) -> str:
    """Why whoever keeps the plan cannot adopt it, said where the button would be."""
    if found.state != S.PROPOSED or not may(actor, P.COORDINATION_KEEP, found):
        return ""
    for each, decision in REVISION.available(found, actor):
        if each.name == "adopt" and not decision:
            return str(decision.reason)
    return ""


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def begin(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Begin a revision: why, and which emergency it answers to."""
    actor = actor_of(request)
    plan = found_plan(actor, uuid)
    on = Emergency.objects.on(actor.at).visible_to(actor)
    form = asked.Begin(on, typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        made: list[Revision] = []
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.begin(plan=plan, by=actor, at=actor.at, **form.cleaned_data)
        )
        if done(request, act, _("The revision is begun. Choose what it changes.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Revise the plan"), button=_("Begin the revision"),
        back=plan.get_absolute_url(), about=plan.title,
        lines=[
            _("The plan stays as it is until somebody else of the co-ordination adopts the "
              "revision."),
            _("What it says now stays readable beside the new text."),
        ],
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_safe
def choose(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Which activity the revision changes: those whose money can be moved first in an emergency."""
    actor = actor_of(request)
    found = found_revision(actor, uuid)
    rows = Activity.objects.filter(plan=found.plan).visible_to(actor).standing()
    rows = rows.select_related("objective")
    order = ["place"]
    if found.emergency_id:
        order.insert(0, "-reallocatable_in_emergency")
    context = {
        "revision": found,
        "columns": [{"label": _("No.")}, {"label": _("Activity")},
                    {"label": _("Its money can be moved in an emergency")}],
        "rows": [
            [
                {"text": each.reference},
                {"text": each.words,
                 "href": reverse("ncm:plan-revision-change", args=[found.uuid, each.uuid])},
                {"text": _("Yes") if each.reallocatable_in_emergency else _("No")},
            ]
            for each in rows.order_by(*order)
        ],
    }  # fmt: skip
    return render(request, "ncm/plan_revision_choose.html", context)


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def change(request: HttpRequest, uuid: UUID, activity: UUID) -> HttpResponse:
    """Propose a new text for one activity, or that it is taken out."""
    actor = actor_of(request)
    found = found_revision(actor, uuid)
    rows = Activity.objects.select_related("plan", "objective", "lead").filter(plan=found.plan)
    row = get_or_404(rows, actor, uuid=activity)
    if request.POST.get("drop"):
        act = lambda: services.drop_activity(  # noqa: E731
            revision=found, activity=row, by=actor, at=actor.at
        )
        done(request, act, _("The revision takes it out."))
        return redirect(found)
    form = asked.ActivityText(found.plan, actor, typed(request), initial=asked.standing(row))
    if form.is_valid():
        act = lambda: services.change_activity(  # noqa: E731
            revision=found, activity=row, by=actor, at=actor.at, **form.text()
        )
        if done(request, act, _("Saved in the revision.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the activity in this revision"),
        button=_("Save in the revision"), back=found.get_absolute_url(), about=found.plan.title,
        template="ncm/plan_change_form.html",
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Give it to a second person, send it back, adopt it, drop it; add or take out a change."""
    actor = actor_of(request)
    found = found_revision(actor, uuid)
    if not may(actor, P.COORDINATION_KEEP, found):
        raise PermissionDenied
    if name == "remove" and request.method == "POST":
        return _remove(request, actor, found)
    if name not in PAGES:
        raise Http404
    return _add(request, actor, found) if name == "add" else _move(request, actor, found, name)


def _remove(request: HttpRequest, actor: Actor, found: Revision) -> HttpResponse:
    try:
        change = UUID(request.POST.get("change", ""))
    except ValueError as error:
        raise Http404 from error
    act = lambda: services.remove_change(  # noqa: E731
        revision=found, change=change, by=actor, at=actor.at
    )
    done(request, act, _("Taken out of the revision."))
    return redirect(found)


def _add(request: HttpRequest, actor: Actor, found: Revision) -> HttpResponse:
    plan = found.plan
    start = {"version": 0, "deadline_on": plan.until_on}
    form = asked.ActivityText(plan, actor, typed(request), is_new=True, initial=start)
    if form.is_valid():
        objective = form.cleaned_data["objective"]
        act = lambda: services.add_activity(  # noqa: E731
            revision=found, objective=objective, by=actor, at=actor.at, **form.text()
        )
        if done(request, act, _("Saved in the revision.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Add an activity in this revision"),
        button=_("Save in the revision"), back=found.get_absolute_url(), about=plan.title,
    )  # fmt: skip


def _move(request: HttpRequest, actor: Actor, found: Revision, name: str) -> HttpResponse:
    forms = {"take_back": asked.Why, "drop": asked.Why, "adopt": asked.AdoptRevision}
    title, line, button, said = {
        "propose": (_("Give it to a second person"),
                    _("Every other co-ordinator is told; at once where an emergency is the "
                      "reason."), _("Give it on"), _("The other co-ordinators have been told.")),
        "take_back": (_("Send it back to be changed"), _("It is a draft again."),
                      _("Send it back"), _("It is a draft again.")),
        "adopt": (_("Adopt the revision"),
                  _("Its activities get their new text at once; what they said before stays with "
                    "the revision. Who leads them is told."), _("Adopt it"),
                  _("The revision is adopted. Who leads an activity that changed has been told.")),
        "drop": (_("Drop the revision"), _("The plan stays as it is."), _("Drop it"),
                 _("Dropped. The plan stays as it is.")),
    }[name]  # fmt: skip
    form = forms.get(name, asked.Confirm)(typed(request))
    if form.is_valid():
        act = lambda: REVISION.apply(  # noqa: E731
            found, name, by=actor, at=actor.at, **form.cleaned_data
        )
        done(request, act, said)
        return redirect(found)
    return form_page(
        request, form=form, title=title, button=button, back=found.get_absolute_url(),
        about=_("Revision %(n)s") % {"n": found.number}, lines=[line],
    )  # fmt: skip
