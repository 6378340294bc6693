"""Who is told about held places: the house at once, the caseworker when it answers or does not.

A notice carries a link and nothing else; whom the place is for stands nowhere.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.choices import Urgency
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled, notify
from partners.choices_places import KNOW_THE_HOUSES
from partners.models import Membership, PlaceHold

ASKED = "place_held"
KINDS = {
    ASKED: _("A place of yours is asked for now"),
    "place_given_back": _("A place of yours was given back"),
    "place_answered": _("The house has answered about the place you hold"),
    "place_unanswered": _("The house has not answered: hold the next place"),
    "place_lapsed": _("The time of a place you held is over"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("places", title=_("Places held and asked for"))
    for kind, title in KINDS.items():
        register(kind, title=title, link=_to_hold, still_visible=_visible, topic="places")


def _to_hold(uuid: UUID) -> str:
    return reverse("partners:hold", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = PlaceHold.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def place_held(hold: PlaceHold, *, by: Any, at: datetime) -> None:
    """Everybody who can answer for the house is told, by mail at once."""
    house = hold.count.offer.organisation
    members = Membership.objects.active(at).filter(organisation=house, role__in=KNOW_THE_HOUSES)
    told = set(members.values_list("user_id", flat=True)) - {by.user_id}
    _tell(told, ASKED, hold, house.uuid, by=by, at=at)


def hold_answered(hold: PlaceHold, event: Any, *, by: Any, at: datetime) -> None:
    """The caseworker who holds it is told at once"""
    _settled(hold, at)
    _tell({hold.held_by_id}, "place_answered", hold, hold.organisation.uuid, by=by, at=at)


def hold_given_back(hold: PlaceHold, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever accepted it is told"""
    _settled(hold, at)
    if hold.accepted_by_id is not None:
        house = hold.count.offer.organisation.uuid
        _tell({hold.accepted_by_id}, "place_given_back", hold, house, by=by, at=at)


def hold_lapsed(hold: PlaceHold, event: Any, *, by: Any, at: datetime) -> None:
    """The caseworker who held it is told at once"""
    _settled(hold, at)
    _tell({hold.held_by_id}, "place_lapsed", hold, hold.organisation.uuid, by=by, at=at)


def hold_unanswered(hold: PlaceHold, *, by: Any, at: datetime) -> None:
    """After the minutes of the profile the caseworker is told to hold the next place."""
    home = hold.organisation.uuid
    _tell({hold.held_by_id}, "place_unanswered", hold, home, by=by, at=at)


def _settled(hold: PlaceHold, at: datetime) -> None:
    about = Subject("place_hold", hold.uuid)
    mark_handled(subject=about, kinds=[ASKED, "place_unanswered"], at=at)


def _tell(
    users: Iterable[int], kind: str, hold: PlaceHold, home: UUID, *, by: Any, at: datetime
) -> None:
    notify(
        recipients=users,
        kind=kind,
        subject=Subject("place_hold", hold.uuid),
        by=by,
        at=at,
        key=f"{kind}:{hold.uuid}:{hold.version}",
        urgency=Urgency.IMMEDIATE,
        organisation_uuid=home,
    )
