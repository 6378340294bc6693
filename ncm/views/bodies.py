"""Bodies in pages: the register, one body with its seats and meetings, its mandate document."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.uploads import CONTENT_TYPES
from ncm import bodies_access
from ncm.bodies_choices import (
    OF_CIVIL_SOCIETY,
    MeetingState,
    SeatKind,
    SeatRole,
    WorkArea,
)
from ncm.bodies_names import Names, keeper_name
from ncm.meetings_shown import meeting_tag, moment, resolution_tag
from ncm.models import (
    AgendaItem,
    Body,
    BodyDocument,
    BodyEvent,
    Meeting,
    QuorumRule,
    Resolution,
    Seat,
)
from ncm.plan_choices import FourP
from ncm.quorum import Asked
from partners.access import Actor, get_or_404
from partners.models import Organisation
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
BY_NAME = Order("name", "id")
SHOWN = 8
"""Meetings and resolutions on a body's own page; the lists have all."""


def found_body(actor: Actor, uuid: UUID) -> Body:
    return get_or_404(Body.objects.select_related("area", "kept_by"), actor, uuid=uuid)


def keeps(actor: Actor, body: Body) -> bool:
    """Whether the acts of its secretariat are this actor's."""
    return P.COORDINATION_KEEP in actor.permissions and bodies_access.keeps(actor, body)


def act_href(body: Body, name: str) -> str:
    return reverse("ncm:body-act", args=[body.uuid, name])


def sent_file(content: Any, kind: str, name: str) -> HttpResponse:
    """A kept file, to be saved and never opened inside the site."""
    with content.open("rb") as opened:
        answer = HttpResponse(opened.read(), content_type=CONTENT_TYPES[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@needs(P.COORDINATION_SEE)
@require_safe
def bodies(request: HttpRequest) -> HttpResponse:
    """Which bodies there are, and how many of their seats are civil society's."""
    actor = actor_of(request)
    day = local_day(actor.at)
    live = Q(seats__from_on__lte=day) & (Q(seats__until_on=None) | Q(seats__until_on__gte=day))
    civil = live & Q(seats__kind__in=OF_CIVIL_SOCIETY)
    rows = Body.objects.visible_to(actor).select_related("area")
    is_all = request.GET.get("all") == "1"
    if not is_all:
        rows = rows.standing(day)
    counted = rows.annotate(
        seat_count=Count("seats", filter=live), civil_count=Count("seats", filter=civil)
    )
    page = paginate(counted, BY_NAME, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "is_all": is_all,
        "columns": columns(_("Body"), _("Where"), _("Areas"), _("Seats"), _("Civil society")),
        "rows": [_row(each) for each in page.rows],
        "empty": _nothing(actor),
        "acts": _list_acts(actor),
        **page_links(request, page),
    }
    return render(request, "ncm/bodies.html", context)


def _row(each: Any) -> list[dict[str, Any]]:
    note = str(each.get_kind_display())
    if each.ended_on:
        note = _("%(kind)s, until %(day)s") % {"kind": note, "day": shown.date(each.ended_on)}
    share = _share(each.civil_count, each.seat_count)
    return [
        {"text": each.name, "href": each.get_absolute_url(), "note": note},
        {"text": each.area.name if each.area else _("The whole country")},
        {"text": ", ".join(str(WorkArea(code).label) for code in each.areas) or "–"},
        {"text": str(each.seat_count)},
        {"text": share},
    ]


def _share(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {"part": part, "whole": whole} if whole else "–"


def _nothing(actor: Actor) -> dict[str, str]:
    empty = {
        "title": _("No body is entered yet"),
        "text": _("National committee, task forces, technical tables, survivor panel: every "
                  "member sees here who sits where."),
    }  # fmt: skip
    if P.COORDINATION_KEEP in actor.permissions:
        empty |= {"href": reverse("ncm:body-new"), "label": _("Enter a body")}
    return empty


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    if P.COORDINATION_KEEP not in actor.permissions:
        return []
    return [{"label": _("Enter a body"), "href": reverse("ncm:body-new")}]


# --- one body -------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def body(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One body: what it rests on, who sits on it, when it meets, what it resolved."""
    actor = actor_of(request)
    found = found_body(actor, uuid)
    day, ours = local_day(actor.at), keeps(actor, found)
    seats = list(Seat.objects.visible_to(actor).filter(body=found))
    live = [each for each in seats if each.is_taken_on(day)]
    names = Names(actor, seats)
    meetings = Meeting.objects.visible_to(actor).filter(body=found).order_by("-on", "-id")
    resolved = Resolution.objects.visible_to(actor).filter(body=found)
    context = {
        "body": found,
        "facts": _facts(found, live, actor),
        "acts": _acts(found, live, actor, is_keeper=ours),
        "areas": [str(WorkArea(code).label) for code in found.areas],
        "documents": _documents(found, actor),
        "quorum": _quorum(found, actor),
        "seat_columns": columns(_("Seat"), _("Kind"), _("Rights"), _("Contributes to"), _("Term")),
        "seats": [_seat(each, names, is_keeper=ours) for each in live],
        "former": [_seat(each, names, is_keeper=False) for each in seats if each not in live],
        "shares": _shares(live),
        "meeting_columns": columns(_("Meeting"), _("Where"), _("State")),
        "meetings": [_meeting(each) for each in meetings[:SHOWN]],
        "resolution_columns": columns(_("Resolution"), _("Adopted"), _("State")),
        "resolutions": [
            _resolution(each) for each in resolved.order_by("-adopted_on", "-id")[:SHOWN]
        ],
        "events": _past(found, actor),
    }
    return render(request, "ncm/body.html", context)


def _facts(found: Body, live: list[Seat], actor: Actor) -> list[dict[str, str]]:
    facts = [
        (_("Level"), str(found.get_level_display())),
        (_("Where"), found.area.name if found.area else _("The whole country")),
        (_("Who keeps it"), keeper_name(actor, found)),
        (_("Short code"), found.code),
        (_("Set up on"), shown.date(found.since_on) if found.since_on else ""),
        (_("Dissolved on"), shown.date(found.ended_on) if found.ended_on else ""),
        (_("Act it rests on"), found.instrument),
        (_("How it decides"), str(found.get_decides_by_display())),
        (_("Papers"), _("%(n)s days before a meeting") % {"n": found.papers_days}),
        (_("Seats with a vote"), str(sum(each.has_vote for each in live))),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(found: Body, live: list[Seat], actor: Actor, *, is_keeper: bool) -> list[dict[str, str]]:
    acts = []
    if any(each.may_submit and each.is_spoken_for_by(actor) for each in live):
        href = reverse("ncm:agenda-new", args=[found.uuid])
        acts.append((_("Submit an agenda item"), href, ""))
    if is_keeper and found.ended_on is None:
        acts += [
            (_("Plan a meeting"), act_href(found, "meeting"), ""),
            (_("Give a seat"), act_href(found, "seat"), "secondary"),
            (_("Give a person a seat"), act_href(found, "own-seat"), "secondary"),
            (_("Quorum"), act_href(found, "quorum"), "secondary"),
            (_("Mandate documents"), act_href(found, "document"), "secondary"),
            (_("Change the entry"), act_href(found, "edit"), "secondary"),
            (_("Dissolve it"), act_href(found, "dissolve"), "secondary"),
        ]
    if P.REPORT_SEE in actor.permissions:
        href = reverse("ncm:task-force-report", args=[found.uuid])
        acts.append((_("Report for this body"), href, "secondary"))
    return [{"label": label, "href": href, "kind": kind} for label, href, kind in acts]


def _documents(found: Body, actor: Actor) -> list[dict[str, Any]]:
    rows = BodyDocument.objects.visible_to(actor).filter(body=found)
    return [
        {
            "name": each.title,
            "href": reverse("ncm:body-file", args=[found.uuid, each.uuid]),
            "size": each.size,
            "kind": each.kind.upper(),
        }
        for each in rows
    ]


def _quorum(found: Body, actor: Actor) -> list[str]:
    """Each rule that stands or is to come, in words."""
    day = local_day(actor.at)
    lines = []
    for each in QuorumRule.objects.visible_to(actor).filter(body=found):
        if each.until_on is not None and each.until_on < day:
            continue
        words = Asked(each.seat_kind, each.at_least, 0).words
        if each.from_on > day:
            words = _("from %(day)s: %(rule)s") % {"day": shown.date(each.from_on), "rule": words}
        lines.append(words)
    return lines


def _seat(each: Seat, names: Names, *, is_keeper: bool) -> list[dict[str, Any]]:
    first: dict[str, Any] = {"text": names[each]}
    notes = []
    if each.role != SeatRole.MEMBER:
        notes.append(str(each.get_role_display()))
    if is_keeper and each.organisation_id is None:
        notes.append(_("with an account") if each.holder_id else _("without an account"))
    if notes:
        first["note"] = ", ".join(notes)
    if is_keeper:
        first["href"] = reverse("ncm:seat-act", args=[each.uuid, "edit"])
    rights = [
        *([_("vote")] if each.has_vote else []),
        *([_("agenda")] if each.may_submit else []),
        _("papers"), _("minutes"), _("dissent"),
    ]  # fmt: skip
    term = _("from %(day)s") % {"day": shown.date(each.from_on)}
    if each.until_on:
        dates = {"from": shown.date(each.from_on), "until": shown.date(each.until_on)}
        term = _("%(from)s to %(until)s") % dates
    return [
        first,
        {"text": str(each.get_kind_display())},
        {"text": ", ".join(rights)},
        {"text": ", ".join(str(FourP(code).label) for code in each.contributes) or "–"},
        {"text": term, "note": "; ".join(filter(None, (each.appointed_by, each.terms)))},
    ]


def _shares(live: list[Seat]) -> list[dict[str, str]]:
    """Seats and votes of each kind, with what they are of."""
    all_, voting = Counter(each.kind for each in live), Counter()
    voting.update(each.kind for each in live if each.has_vote)
    votes = sum(voting.values())
    lines = []
    for kind in SeatKind:
        if all_[kind]:
            words = _("%(seats)s of %(all)s seats, %(votes)s of %(voting)s votes")
            numbers = {
                "seats": all_[kind], "all": len(live), "votes": voting[kind], "voting": votes
            }  # fmt: skip
            lines.append({"label": str(kind.label), "value": words % numbers})
    return lines


def _meeting(each: Meeting) -> list[dict[str, Any]]:
    return [
        {
            "text": each.label,
            "href": each.get_absolute_url(),
            "note": moment(each.starts_at),
        },
        {"text": each.place or _("Remotely")},
        meeting_tag(each),
    ]


def _resolution(each: Resolution) -> list[dict[str, Any]]:
    return [
        {"text": each.title, "href": each.get_absolute_url(), "note": each.reference},
        {"text": shown.date(each.adopted_on)},
        resolution_tag(each),
    ]


def _past(found: Body, actor: Actor) -> list[dict[str, Any]]:
    events = BodyEvent.objects.visible_to(actor).filter(body=found)
    rows = list(events.select_related("by_organisation")[:30])
    homes = {each.by_organisation_id for each in rows if each.by_organisation_id}
    seen = Organisation.objects.visible_to(actor).filter(pk__in=homes)
    known = set(seen.values_list("pk", flat=True))
    return [
        {
            "title": each.get_kind_display(),
            "at": each.at,
            "by": each.by_organisation.display_name
            if each.by_organisation and each.by_organisation_id in known
            else "",
            "text": each.comment,
        }
        for each in rows
    ]


@needs(P.COORDINATION_SEE)
@require_safe
def file(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A mandate document."""
    rows = BodyDocument.objects.filter(body__uuid=uuid)
    found = get_or_404(rows, actor_of(request), uuid=file)
    return sent_file(found.content, found.kind, "mandate")


def to_come(body: Body, actor: Actor) -> list[Meeting]:
    """Meetings of a body that take items."""
    open_ = (MeetingState.PLANNED, MeetingState.INVITED, MeetingState.HELD)
    rows = Meeting.objects.visible_to(actor).filter(body=body, state__in=open_)
    return list(rows.order_by("on", "id")[:20])


def waiting(body: Body, actor: Actor) -> list[AgendaItem]:
    """Items of a body that wait for an answer."""
    rows = AgendaItem.objects.visible_to(actor).filter(body=body, state="submitted")
    return list(rows.order_by("submitted_at", "id")[:20])
