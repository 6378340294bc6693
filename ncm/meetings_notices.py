"""Who is told what about seats, meetings and agenda items; never of whom, what or how it went."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from ncm import speakers
from ncm.bodies_access import keepers
from ncm.models import AgendaItem, Body, Meeting, Seat
from partners.notifications import _tell_about

OF_BODIES = {"seat_given": _("Your organisation, or you, have a seat")}
OF_MEETINGS = {
    "meeting_invited": _("An invitation to a meeting"),
    "meeting_moved": _("A meeting was moved"),
    "meeting_cancelled": _("A meeting was cancelled"),
    "minutes_drafted": _("Minutes of a meeting can be read and approved"),
    "minutes_approved": _("Minutes of a meeting were approved"),
}
OF_ITEMS = {
    "agenda_item_submitted": _("Somebody submits an agenda item"),
    "agenda_item_answered": _("An agenda item you submitted is answered"),
    "agenda_item_settled": _("An agenda item you submitted was dealt with"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("meetings", title=_("Bodies, meetings and agenda items"))
    for kinds, link, seen in (
        (OF_BODIES, _to_body, _bodies),
        (OF_MEETINGS, _to_meeting, _meetings),
        (OF_ITEMS, _to_item, _items),
    ):
        for kind, title in kinds.items():
            register(kind, title=title, link=link, still_visible=seen, topic="meetings")


def _to_body(uuid: UUID) -> str:
    return reverse("ncm:body", args=[uuid])


def _to_meeting(uuid: UUID) -> str:
    return reverse("ncm:meeting", args=[uuid])


def _to_item(uuid: UUID) -> str:
    return reverse("ncm:agenda-item", args=[uuid])


def _bodies(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    seen = Body.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(seen.values_list("uuid", flat=True))


def _meetings(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    seen = Meeting.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(seen.values_list("uuid", flat=True))


def _items(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    seen = AgendaItem.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(seen.values_list("uuid", flat=True))


# --- who ------------------------------------------------------------------------------------------


def people_of(seats: Iterable[Seat]) -> Any:
    """Memberships of whoever speaks for these seats, or sits there in person."""
    seats = list(seats)
    homes = {each.organisation_id for each in seats if each.organisation_id}
    holders = {each.holder_id for each in seats if each.holder_id}
    return speakers.of(homes) | speakers.themselves(holders)


def _seats(meeting: Meeting) -> list[Seat]:
    return list(Seat.objects.filter(body=meeting.body_id).on(meeting.on))


# --- bodies and meetings --------------------------------------------------------------------------


def seat_given(seat: Seat, *, by: Any, at: datetime) -> None:
    """Whoever speaks for it gets a notice."""
    about = Subject("body", seat.body.uuid)
    who = people_of([seat])
    _tell_about(who, "seat_given", about, by=by, at=at, once=str(seat.uuid))


def invited(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever speaks for a seat gets an invitation"""
    _to_seats(meeting, "meeting_invited", event, by=by, at=at)


def moved(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever was invited gets a notice."""
    _to_seats(meeting, "meeting_moved", event, by=by, at=at)


def cancelled(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever was invited gets a notice"""
    _handled(meeting, ["meeting_invited", "meeting_moved"], at)
    if meeting.invited_at is not None:
        _to_seats(meeting, "meeting_cancelled", event, by=by, at=at)


def held(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Invitations are done"""
    _handled(meeting, ["meeting_invited", "meeting_moved"], at)


def drafted(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever speaks for a seat can read the draft."""
    _to_seats(meeting, "minutes_drafted", event, by=by, at=at)


def approved(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever speaks for a seat gets a notice"""
    _handled(meeting, ["minutes_drafted"], at)
    _to_seats(meeting, "minutes_approved", event, by=by, at=at)


def _to_seats(meeting: Meeting, kind: str, event: Any, *, by: Any, at: datetime) -> None:
    about = Subject("meeting", meeting.uuid)
    who = people_of(_seats(meeting))
    _tell_about(who, kind, about, by=by, at=at, once=str(event.pk))


def _handled(meeting: Meeting, kinds: list[str], at: datetime) -> None:
    mark_handled(subject=Subject("meeting", meeting.uuid), kinds=kinds, at=at)


# --- agenda items ---------------------------------------------------------------------------------


def submitted(item: AgendaItem, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever keeps the body gets a notice."""
    who = speakers.co_ordinators().filter(organisation__in=keepers(item.body))
    _about_item(item, "agenda_item_submitted", who, event, by=by, at=at)


def answered(item: AgendaItem, event: Any, *, by: Any, at: datetime) -> None:
    """Whose item it is gets a notice"""
    taken_back(item, at=at)
    if item.seat is not None:
        who = people_of([item.seat])
        _about_item(item, "agenda_item_answered", who, event, by=by, at=at)


def settled(item: AgendaItem, event: Any, *, by: Any, at: datetime) -> None:
    """Whose item it is gets a notice"""
    if item.seat is not None:
        who = people_of([item.seat])
        _about_item(item, "agenda_item_settled", who, event, by=by, at=at)


def taken_back(item: AgendaItem, *, at: datetime) -> None:
    """Nobody need answer it."""
    about = Subject("agenda_item", item.uuid)
    mark_handled(subject=about, kinds=["agenda_item_submitted"], at=at)


def _about_item(
    item: AgendaItem, kind: str, who: Any, event: Any, *, by: Any, at: datetime
) -> None:
    about = Subject("agenda_item", item.uuid)
    _tell_about(who, kind, about, by=by, at=at, once=str(event.pk))
