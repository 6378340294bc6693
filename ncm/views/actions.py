"""Action points in pages: the list, its file, one action point with everything said about it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.exports import Row
from common.marks import Permission, Subject, needs
from common.paging import Order, paginate
from common.uploads import CONTENT_TYPES
from deadlines.services.clocks import deadlines_of
from ncm.action_access import may_comment
from ncm.action_choices import ActionState
from ncm.action_clocks import VERIFY
from ncm.action_workflow import ACTION
from ncm.forms.actions import ActionFilter
from ncm.models import ActionFile, ActionPoint
from ncm.views.as_csv import csv_button, csv_of
from partners.access import Actor, get_or_404, may
from partners.models import Organisation
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
S = ActionState
SOONEST_FIRST = Order("due_on", "id")
COLOURS = {
    S.OPEN: "blue",
    S.IN_PROGRESS: "blue",
    S.REPORTED: "yellow",
    S.SENT_BACK: "orange",
    S.VERIFIED: "green",
    S.CANCELLED: "grey",
}
PRIMARY = ("begin", "report", "verify")


def tag(point: ActionPoint, today: Any) -> dict[str, str]:
    """Where it stands as components/tag.html takes it; late is asked of the day."""
    if point.is_late(today):
        return {"text": _("Late"), "colour": "red"}
    known = S(point.state)
    return {"text": str(known.label), "colour": COLOURS[known]}


def names(actor: Actor, keys: Collection[int | None]) -> dict[int, str]:
    """Of these organisations, those this actor may know of, by name. One query."""
    seen = Organisation.objects.visible_to(actor).filter(pk__in={key for key in keys if key})
    return {each.pk: each.display_name for each in seen}


def name_in(known: dict[int, str], key: int | None) -> str:
    """The organisation's name, or that it is not told."""
    return known.get(key or 0) or _("An organisation that is not named, for its safety")


# --- the list -------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def actions(request: HttpRequest) -> HttpResponse:
    """Action points one may see, those due first first."""
    actor = actor_of(request)
    narrowed, today = _narrowed(request, actor), local_day(actor.at)
    page = paginate(narrowed.rows, SOONEST_FIRST, cursor=request.GET.get("cursor", ""))
    homes = {key for each in page.rows for key in (each.by_organisation_id, each.responsible_id)}
    known = names(actor, homes)
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": columns(
            _("Action point"), _("Responsible"), _("Given by"), _("State"), _("Due on")
        ),
        "rows": [_row(each, known, today) for each in page.rows],
        "empty": _nothing(actor, is_narrowing=narrowed.is_narrowing),
        "acts": _list_acts(request, actor),
        "clear_href": reverse("ncm:actions"),
        **page_links(request, page),
    }
    return render(request, "ncm/actions.html", context)


def _narrowed(request: HttpRequest, actor: Actor) -> ActionFilter:
    seen = ActionPoint.objects.visible_to(actor)
    return ActionFilter(request.GET, queryset=seen, actor=actor, today=local_day(actor.at))


def _row(each: ActionPoint, known: dict[int, str], today: Any) -> list[dict[str, Any]]:
    high = each.get_priority_display() if each.priority == "high" else ""
    return [
        {"text": each.title, "href": each.get_absolute_url(), "note": each.reference},
        {"text": name_in(known, each.responsible_id)},
        {"text": name_in(known, each.by_organisation_id)},
        tag(each, today),
        {
            "text": shown.date(each.due_on),
            "note": _("%(priority)s priority") % {"priority": high} if high else "",
        },
    ]


def _nothing(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No action point matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("ncm:actions"),
            "label": _("Show all that are open"),
        }
    empty = {
        "title": _("Nothing is to be done"),
        "text": _("What was resolved and somebody is to do by a day stands here, for both sides."),
    }
    if P.COORDINATION_SPEAK in actor.permissions:
        empty |= {"href": reverse("ncm:action-new"), "label": _("Make an action point")}
    return empty


def _list_acts(request: HttpRequest, actor: Actor) -> list[dict[str, str]]:
    acts = []
    if P.COORDINATION_SPEAK in actor.permissions:
        acts.append({"label": _("Make an action point"), "href": reverse("ncm:action-new")})
    return [*acts, csv_button(request, "ncm:actions-file")]


@needs(P.COORDINATION_SEE)
@require_safe
def as_file(request: HttpRequest) -> HttpResponse:
    """What the filter shows, as CSV; in the log before it leaves."""
    actor = actor_of(request)
    today = local_day(actor.at)
    columns_ = [
        _("Reference"), _("Title"), _("What is to be done"), _("P"), _("Priority"),
        _("Responsible"), _("Given by"), _("State"), _("Due on"), _("Late"),
    ]  # fmt: skip

    def rows_of(found: list[ActionPoint]) -> list[Row]:
        homes = {key for each in found for key in (each.by_organisation_id, each.responsible_id)}
        known = names(actor, homes)
        return [
            [
                each.reference, each.title, each.todo, each.get_pillar_display(),
                each.get_priority_display(), name_in(known, each.responsible_id),
                name_in(known, each.by_organisation_id), each.get_state_display(), each.due_on,
                each.is_late(today),
            ]
            for each in found
        ]  # fmt: skip

    rows = _narrowed(request, actor).rows.order_by("due_on", "pk")
    return csv_of(rows, rows_of, columns=columns_, name="action-points", actor=actor)


# --- one action point -----------------------------------------------------------------------------


def found_action(actor: Actor, uuid: UUID) -> ActionPoint:
    """The action point with its organisations, or 404."""
    rows = ActionPoint.objects.select_related(
        "by_organisation",
        "responsible",
        "responsible_person",
        "body",
        "resolution",
        "activity__objective",
        "obligation",
    )
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def action(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One action point: what, who, by when, what shows that it is done, and what was said."""
    actor = actor_of(request)
    found = found_action(actor, uuid)
    today = local_day(actor.at)
    said = list(found.comments.select_related("by"))
    events = list(found.events.select_related("by")[:50])
    homes = {found.by_organisation_id, found.responsible_id}
    known = names(actor, homes | {each.by_organisation_id for each in [*said, *events]})
    context = {
        "action": found,
        "title": found.title,
        "kind": _("Action point"),
        "tags": _tags(found, today),
        "facts": _facts(found, known),
        "person": _person(found, actor),
        "links": _links(found),
        "acts": _acts(found, actor),
        "notes": _notes(found, events, actor),
        "files": [
            {
                "name": each.title, "size": each.size, "kind": each.kind.upper(),
                "href": reverse("ncm:action-file", args=[found.uuid, each.uuid]),
            }
            for each in found.files.all()
        ],
        "comments": [
            {"words": each.words, "at": each.at, "by": _who(each, known, actor)} for each in said
        ],
        "comment_href": reverse("ncm:action-comment", args=[found.uuid])
        if may_comment(actor, found)
        else "",
        "events": [_line(each, known, actor) for each in events],
        "back": reverse("ncm:actions"),
    }  # fmt: skip
    return render(request, "ncm/action.html", context)


def _tags(found: ActionPoint, today: Any) -> list[dict[str, str]]:
    tags = [tag(found, today)]
    if found.is_late(today):
        tags.append({"text": found.get_state_display(), "colour": COLOURS[S(found.state)]})
    if found.priority == "high":
        tags.append({"text": _("High priority"), "colour": "purple"})
    return tags


def _links(found: ActionPoint) -> list[dict[str, str]]:
    """What it comes from."""
    of = found.resolution
    links = [(f"{of.reference} {of.title}", of)] if of else []
    links += [(found.body.name, found.body)] if found.body else []
    return [{"label": label, "href": row.get_absolute_url()} for label, row in links]


def _person(found: ActionPoint, actor: Actor) -> str:
    """Who does it, to their own organisation; the others see which organisation is responsible."""
    ours = found.responsible_id == actor.organisation_id
    return found.responsible_person.display_name if found.responsible_person and ours else ""


def _facts(found: ActionPoint, known: dict[int, str]) -> list[dict[str, str]]:
    facts = [
        (_("Responsible"), name_in(known, found.responsible_id)),
        (_("Given by"), name_in(known, found.by_organisation_id)),
        (_("Due on"), shown.date(found.due_on)),
        (_("P"), found.get_pillar_display()),
        (_("Activity of the plan"), found.activity.reference if found.activity else ""),
        (_("Obligation"), str(found.obligation) if found.obligation else ""),
        (_("Reported done"), shown.day(found.reported_at) if found.reported_at else ""),
        (_("Verified"), shown.day(found.verified_at) if found.verified_at else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(found: ActionPoint, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each, the next step first."""
    acts = [
        (transition.title, transition.name)
        for transition, decision in ACTION.available(found, actor)
        if decision
    ]
    if found.is_to_do and may(actor, P.COORDINATION_SEE, found):
        acts.append((_("Add a document"), "papers"))
    if found.is_to_do and may(actor, P.COORDINATION_SPEAK, found):
        acts.append((_("Change the text"), "text"))
    return [
        {
            "label": label,
            "href": reverse("ncm:action-act", args=[found.uuid, name]),
            "kind": "" if name in PRIMARY else "secondary",
        }
        for label, name in acts
    ]


def _notes(found: ActionPoint, events: list[Any], actor: Actor) -> list[str]:
    """What a reader must know before the rest."""
    notes = []
    if found.state == S.SENT_BACK:
        back = next((each for each in events if each.new_state == S.SENT_BACK), None)
        words = _("Sent back; wanted again by %(day)s.") % {"day": shown.date(found.due_on)}
        notes.append(f"{words} {back.comment if back else ''}".strip())
    if found.state == S.REPORTED:
        notes.append(_waits(found, actor))
    elif found.is_to_do and found.due_before_on and found.state != S.SENT_BACK:
        words = _("It was due on %(day)s before; why it was moved stands in the history.")
        notes.append(words % {"day": shown.date(found.due_before_on)})
    return notes


def _waits(found: ActionPoint, actor: Actor) -> str:
    """Who can verify it, until when, and why one cannot."""
    clocks = deadlines_of(Subject("action_point", found.uuid), kinds=[VERIFY])
    until = shown.day(clocks[0].due_at) if clocks and clocks[0].is_open else ""
    if may(actor, P.COORDINATION_SPEAK, found):
        refused = [d.reason for t, d in ACTION.available(found, actor) if t.name == "verify"]
        if refused and refused[0]:
            return refused[0]
    words = (
        _("A second person sees whether it is done: of the organisation that gave it, or of the "
          "co-ordination; never whoever did or wrote it.")
        if found.needs_two
        else _("The organisation that gave it sees whether it is done, or the co-ordination.")
    )  # fmt: skip
    by = _("By %(day)s; after that the co-ordination is told.") % {"day": until} if until else ""
    return f"{words} {by}".strip()


def _who(each: Any, known: dict[int, str], actor: Actor) -> str:
    """Of one's own organisation the person, of the other side the organisation."""
    if each.by is not None and each.by_organisation_id == actor.organisation_id:
        return str(each.by.display_name)
    return name_in(known, each.by_organisation_id)


def _line(event: Any, known: dict[int, str], actor: Actor) -> dict[str, Any]:
    text = [event.comment] if event.comment else []
    if event.old_due_on:
        days = {"old": shown.date(event.old_due_on), "new": shown.date(event.new_due_on)}
        text.append(_("Due on %(new)s instead of %(old)s.") % days)
    if event.evidence:
        text.append(event.evidence)
    return {
        "title": event.get_kind_display(),
        "at": event.at,
        "by": _who(event, known, actor),
        "text": "\n\n".join(text),
    }


@needs(P.COORDINATION_SEE)
@require_safe
def file(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A document, to whoever sees the action point; never inside the site."""
    actor = actor_of(request)
    found = get_or_404(ActionFile.objects.filter(action__uuid=uuid), actor, uuid=file)
    with found.content.open("rb") as content:
        answer = HttpResponse(content.read(), content_type=CONTENT_TYPES[found.kind])
    answer["Content-Disposition"] = f'attachment; filename="document.{found.kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
