"""How an application is shown, to its organisation and to the co-ordination alike.

Answers in words, the past as a timeline, and the page for two people who wrote at the same time.
"""

from collections.abc import Iterable, Mapping
from datetime import date as calendar_date
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners.access import Actor
from partners.choices import (
    Capacity,
    ChannelKind,
    Conduct,
    CsoClass,
    EventKind,
    HasIt,
    Level,
    OrganisationKind,
    OrganisationState,
)
from partners.languages import language_name
from partners.models import Area, Organisation, OrganisationEvent
from partners.reviews import LABELS, REVIEWED, raw_answers

#: What the past of an application consists of; who joined or left is the organisation's own matter.
APPLICATION_EVENTS = (
    EventKind.INVITED,
    EventKind.APPLIED,
    EventKind.REVIEW_BEGUN,
    EventKind.RETURNED,
    EventKind.ADMITTED,
    EventKind.WITHDRAWN,
    EventKind.REOPENED,
    EventKind.REFUSED,
    EventKind.ADMITTED_ON_APPEAL,
    EventKind.SUSPENDED,
    EventKind.REINSTATED,
    EventKind.REINSTATED_ON_APPEAL,
    EventKind.LEFT,
    EventKind.NOTICE_GIVEN,
    EventKind.PANEL_NAMED,
    EventKind.NOTICE_ANSWERED,
    EventKind.PANEL_DECIDED,
    EventKind.APPEALED,
    EventKind.APPEAL_DECIDED,
    EventKind.PROCEEDING_DROPPED,
    EventKind.PROCEEDING_ENDED,
    EventKind.CHANGED,
    EventKind.CHANGE_ASKED,
    EventKind.CHANGE_AGREED,
    EventKind.CHANGE_DECLINED,
    EventKind.CHANGE_WITHDRAWN,
)

STATE_COLOURS = {
    OrganisationState.DRAFT: "grey",
    OrganisationState.APPLIED: "blue",
    OrganisationState.UNDER_REVIEW: "yellow",
    OrganisationState.RETURNED: "orange",
    OrganisationState.MEMBER: "green",
    OrganisationState.WITHDRAWN: "grey",
    OrganisationState.REFUSED: "red",
    OrganisationState.SUSPENDED: "red",
    OrganisationState.LEFT: "grey",
}

_CODES: dict[str, Any] = {"kind": OrganisationKind, "cso_class": CsoClass, "level": Level}


def state_tag(state: str) -> dict[str, str]:
    """A state as components/tag.html takes it."""
    known = OrganisationState(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def day(moment: datetime | None) -> str:
    """The day of a moment, in the country's zone and the page's language."""
    return date_format(timezone.localtime(moment)) if moment else ""


def date(on: calendar_date) -> str:
    """A day as it is kept, in the page's language."""
    return date_format(on)


def in_words(field: str, value: Any) -> list[str]:
    """One part of an application as lines a person reads; no line where nothing was answered.

    `value` is what `partners.reviews.raw_answers` has for the part.
    """
    match field:
        case "kind" | "cso_class" | "level":
            return [str(_CODES[field](value).label)] if value else []
        case "registration":
            is_informal, number = value
            return [line for line in (number, _("Not registered") if is_informal else "") if line]
        case "conduct":
            answers, words = value
            said = [f"{Conduct(item).label}: {HasIt(has).label}" for item, has in answers]
            return [*said, *words.splitlines()]
        case "area":
            return _area(value)
        case "languages":
            return [", ".join(sorted(map(language_name, value)))] if value else []
        case "capacities":
            return [str(Capacity(each).label) for each in value]
        case "is_listed":
            return [_("Yes") if value else _("No")]
        case "contact":
            return [line for person in value for line in _person(*person)]
        case _:
            return str(value).splitlines() if value else []


def _area(pk: int | None) -> list[str]:
    """The area with what it belongs to, from the country down."""
    area = Area.objects.filter(pk=pk).first() if pk else None
    if area is None:
        return []
    codes = area.path.rstrip("/").split("/")
    names = dict(Area.objects.filter(code__in=codes).values_list("code", "name"))
    return [", ".join(names[code] for code in reversed(codes) if code in names)]


def _person(rank: int, name: str, post: str, hours: str, channels: list[list[str]]) -> list[str]:
    who = ", ".join(filter(None, (name, post, hours)))
    role = _("Deputy: %(who)s") if rank else _("Point of contact: %(who)s")
    ways = [f"{ChannelKind(kind).label}: {value}" for kind, value in channels]
    return [role % {"who": who}, *ways]


def past(
    organisation: Organisation,
    actor: Actor,
    *,
    latest: int = 50,
    kinds: Iterable[EventKind] = APPLICATION_EVENTS,
) -> list[dict[str, Any]]:
    """The application's past, newest first, as components/timeline.html takes it."""
    events = (
        OrganisationEvent.objects.visible_to(actor)
        .filter(organisation=organisation, kind__in=list(kinds))
        .select_related("by", "by_organisation")
    )
    return [_line(event, actor) for event in events[:latest]]


def _line(event: OrganisationEvent, actor: Actor) -> dict[str, Any]:
    # Of the other side one is told the organisation; of one's own, the person.
    by = event.by_organisation.display_name if event.by_organisation else ""
    if event.by is not None and event.by_organisation_id == actor.organisation_id:
        by = event.by.display_name
    # The note of an invitation is the role offered, which says nothing here.
    text = "" if event.kind == EventKind.INVITED else event.comment
    return {"title": event.get_kind_display(), "at": event.at, "by": by, "text": text}


def differences(said: Mapping[str, Any], organisation: Organisation) -> list[dict[str, Any]]:
    """Where what somebody typed differs from what is kept now, in words, for the conflict page."""
    now = raw_answers(organisation)
    return [
        {
            "label": str(LABELS[field]),
            "mine": in_words(field, said[field]),
            "theirs": in_words(field, now[field]),
        }
        for field in REVIEWED
        if field in said and said[field] != now[field]
    ]


def conflict(
    request: HttpRequest,
    *,
    organisation: Organisation,
    back: str,
    rows: Iterable[Mapping[str, Any]] = (),
    again: Any = None,
) -> HttpResponse:
    """409: what was typed and what is there now, side by side; for an act, what happened instead.

    `again` is the form with what was typed and the present versions; without it nothing can be
    saved any more.
    """
    differing = list(rows)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {
        "rows": differing,
        "again": again,
        "back": back,
        "happened": [] if differing else past(organisation, actor, latest=1),
        "state": state_tag(organisation.state),
    }
    return render(request, "partners/conflict.html", context, status=409)
