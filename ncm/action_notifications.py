"""Who is told what about action points, as notices; a mail says only that something waits."""

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
from ncm.models import ActionPoint
from partners.notifications import _tell_about

KINDS = {
    "action_given": _("An action point for your organisation"),
    "action_assigned": _("You are named to do an action point"),
    "action_reported": _("An action point is reported done: see whether it is"),
    "action_sent_back": _("An action point came back"),
    "action_verified": _("An action point is verified"),
    "action_moved": _("The due day of an action point was moved"),
    "action_cancelled": _("An action point was cancelled"),
    "action_comment": _("A comment on an action point"),
}
WAITS_FOR_DOER = ("action_given", "action_assigned", "action_sent_back", "action_moved")


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("actions", title=_("Action points"))
    for kind, title in KINDS.items():
        register(kind, title=title, link=_to_action, still_visible=_actions, topic="actions")


def made(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The responsible organisation gets a notice."""
    _tell(point, "action_given", _doers(point), event, by=by, at=at)


def assigned(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever was named gets a notice"""
    if point.responsible_person_id is not None:
        _tell(point, "action_assigned", _doers(point), event, by=by, at=at)


def reported(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever speaks for the organisation that made it gets a notice"""
    mark_handled(subject=_about(point), kinds=WAITS_FOR_DOER, at=at)
    _tell(point, "action_reported", speakers.of([point.by_organisation]), event, by=by, at=at)


def sent_back(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The responsible organisation gets a notice"""
    mark_handled(subject=_about(point), kinds=["action_reported"], at=at)
    _tell(point, "action_sent_back", _doers(point), event, by=by, at=at)


def verified(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The responsible organisation gets a notice"""
    mark_handled(subject=_about(point), kinds=["action_reported"], at=at)
    _tell(point, "action_verified", _doers(point), event, by=by, at=at)


def moved(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The responsible organisation gets a notice"""
    _tell(point, "action_moved", _doers(point), event, by=by, at=at)


def cancelled(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The responsible organisation gets a notice"""
    mark_handled(subject=_about(point), kinds=WAITS_FOR_DOER, at=at)
    _tell(point, "action_cancelled", _doers(point), event, by=by, at=at)


def commented(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The side that did not write gets a notice."""
    theirs = by.organisation_id == point.responsible_id
    others = speakers.of([point.by_organisation]) if theirs else _doers(point)
    _tell(point, "action_comment", others, event, by=by, at=at)


def _doers(point: ActionPoint) -> Any:
    """Whoever was named and is there still; else those who speak for that organisation."""
    named = speakers.colleagues(point.responsible).filter(user=point.responsible_person_id)
    return named if named.exists() else speakers.of([point.responsible])


def _tell(
    point: ActionPoint, kind: str, members: Any, event: Any, *, by: Any, at: datetime
) -> None:
    others = members.exclude(user=by.user_id) if by.user_id else members
    _tell_about(others, kind, _about(point), by=by, at=at, once=str(event.pk))


def _about(point: ActionPoint) -> Subject:
    return Subject("action_point", point.uuid)


def _to_action(uuid: UUID) -> str:
    return reverse("ncm:action", args=[uuid])


def _actions(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = ActionPoint.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))
