"""The clocks of whoever keeps a body: it answers a submitted agenda item, and the seats have the
minutes of a meeting, in time."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines import kinds
from deadlines.services import clocks as running
from ncm import bodies_access
from ncm.models import AgendaItem, Body, Meeting
from partners.choices import Role
from partners.models import RoleGroup

ANSWER = "agenda_answer"
MINUTES = "meeting_minutes"
SUBJECT = "agenda_item"
MEETING = "meeting"


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        ANSWER,
        title=_("Answer to a submitted agenda item"),
        link=_to_item,
        still_visible=_items,
    )
    kinds.register(
        MINUTES,
        title=_("Approved minutes of a meeting"),
        link=_to_meeting,
        still_visible=_meetings,
    )


def submitted(item: AgendaItem, *, by: Any, at: datetime) -> None:
    """The clock of whoever keeps the body runs towards an answer."""
    for home, group in keepers(item.body):
        running.start(
            kind=ANSWER, rule=ANSWER, subject=Subject(SUBJECT, item.uuid), holders=[group],
            starts_at=at, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def answered(item: AgendaItem, event: Any, *, by: Any, at: datetime) -> None:
    """The clock towards an answer ends"""
    running.meet(subject=Subject(SUBJECT, item.uuid), kinds=[ANSWER], by=by, at=at)


def taken_back(item: AgendaItem, *, by: Any, at: datetime) -> None:
    """Nobody waits for an answer any more."""
    running.cancel(subject=Subject(SUBJECT, item.uuid), kinds=[ANSWER], by=by, at=at)


def held(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of whoever keeps the body runs towards approved minutes"""
    for home, group in keepers(meeting.body):
        running.start(
            kind=MINUTES, rule=MINUTES, subject=Subject(MEETING, meeting.uuid), holders=[group],
            starts_at=at, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def approved(meeting: Meeting, event: Any, *, by: Any, at: datetime) -> None:
    """The clock towards approved minutes ends"""
    running.meet(subject=Subject(MEETING, meeting.uuid), kinds=[MINUTES], by=by, at=at)


def keepers(body: Body) -> Iterator[tuple[UUID, Any]]:
    """(organisation, group) of the co-ordinators who keep it."""
    homes = bodies_access.keepers(body)
    groups = RoleGroup.objects.filter(role=Role.CO_ORDINATOR, organisation__in=homes)
    for each in groups.select_related("organisation", "group").order_by("pk"):
        yield each.organisation.uuid, each.group


def _to_item(uuid: UUID) -> str:
    return reverse("ncm:agenda-item", args=[uuid])


def _items(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = AgendaItem.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _to_meeting(uuid: UUID) -> str:
    return reverse("ncm:meeting", args=[uuid])


def _meetings(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Meeting.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return {each.uuid: each.label for each in shown}
