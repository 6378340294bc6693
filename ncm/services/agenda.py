"""Agenda items and papers: submitting one, answering it, its place, and taking it up again.

What moves an item from one state to the next stands in `ncm/meetings_workflow.py`. Who of a seat
does something is written down nowhere: behind some seats nobody may be found.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.uploads import Upload, checked
from common.workflow import NotAllowed, NotPossible
from ncm import bodies_access
from ncm import meetings_clocks as clocks
from ncm import meetings_notices as notices
from ncm.bodies_choices import (
    TO_COME,
    ItemEventKind,
    ItemState,
    MeetingEventKind,
    MeetingState,
)
from ncm.bodies_files import MOST_FILES, body_storage
from ncm.meetings_workflow import ITEM
from ncm.models import AgendaItem, Body, ItemEvent, Meeting, Paper, PaperLimit, Seat
from ncm.services.meetings import locked, note
from partners.access import Actor, system_actor
from partners.services.memberships import require

P = Permission
S = ItemState
MOST_OPEN = 20
"""Items of one seat that wait for an answer."""


@transaction.atomic
def submit_item(
    *,
    seat: Seat,
    client_key: UUID,
    issue: str,
    title: str,
    words: str,
    by: Actor,
    at: datetime,
) -> AgendaItem:
    """Submit an item for a seat; whoever keeps the body has the country's time to answer.

    The same key again gives the one it made. Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_SEE, seat.body)
    if not seat.is_spoken_for_by(by):
        raise NotAllowed(_("Only whoever speaks for the seat submits for it."))
    row: Seat = Seat.objects.select_for_update(of=("self",)).get(pk=seat.pk)
    standing: AgendaItem | None = row.items.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if not row.is_taken_on(local_day(at)):
        raise NotPossible(_("The seat has ended."))
    if not row.may_submit:
        raise NotPossible(_("This seat does not put items on the agenda."))
    if row.items.filter(state=S.SUBMITTED).count() >= MOST_OPEN:
        raise NotPossible(_("Items of yours that wait for an answer: %(n)s.") % {"n": MOST_OPEN})
    made = AgendaItem.objects.create(
        client_key=client_key, body=row.body, seat=row, issue=issue, title=title, words=words,
        submitted_at=at,
    )  # fmt: skip
    event = _note(made, ItemEventKind.SUBMITTED, by=None, seat=row, at=at)
    system = system_actor("workflow", at)
    clocks.submitted(made, by=system, at=at)
    notices.submitted(made, event, by=system, at=at)
    return made


@transaction.atomic
def add_item(
    *, meeting: Meeting, client_key: UUID, by: Actor, at: datetime, **facts: Any
) -> AgendaItem:
    """The co-ordination puts an item of its own on an agenda.

    The same key again gives the one it made. Raises NotAllowed, NotPossible.
    """
    row = locked(meeting, by, states=(*TO_COME, MeetingState.HELD))
    standing: AgendaItem | None = row.body.items.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    made = AgendaItem.objects.create(
        client_key=client_key, body=row.body, seat=None, submitted_at=at, **_known(facts)
    )
    return put(item=made, meeting=row, by=by, at=at)


@transaction.atomic
def put(*, item: AgendaItem, meeting: Meeting, by: Actor, at: datetime) -> AgendaItem:
    """Put an item last on the agenda of a meeting, or move it there from another.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_KEEP, item)
    row = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    last = row.items.aggregate(last=Max("position"))["last"] or 0
    name = "put" if item.state == S.SUBMITTED else "move"
    return ITEM.apply(item, name, by=by, at=at, meeting=row, position=last + 1)


@transaction.atomic
def reorder(*, meeting: Meeting, item: UUID, up: bool, by: Actor, at: datetime) -> None:
    """Change places with the item before or behind. Raises NotAllowed, NotPossible."""
    row = locked(meeting, by, states=(*TO_COME, MeetingState.HELD))
    items = list(row.items.order_by("position", "pk"))
    where = next((n for n, each in enumerate(items) if each.uuid == item), None)
    other = None if where is None else where - 1 if up else where + 1
    if where is None or other is None or not 0 <= other < len(items):
        return
    items[where], items[other] = items[other], items[where]
    for position, each in enumerate(items, start=1):
        if each.position != position:
            each.position = position
            each.save(update_fields=["position"])


@transaction.atomic
def take_up(
    *, item: AgendaItem, meeting: Meeting, client_key: UUID, by: Actor, at: datetime
) -> AgendaItem:
    """Put a postponed item on the agenda of a later meeting; what was postponed stays.

    Taking it up twice gives one. Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_KEEP, item)
    row: AgendaItem = AgendaItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    standing: AgendaItem | None = row.later.exclude(state=S.WITHDRAWN).first()
    if standing is not None:
        return standing
    if row.state != S.POSTPONED:
        raise NotPossible(_("Only what was postponed is taken up again."))
    made = AgendaItem.objects.create(
        client_key=client_key, body=row.body, seat=row.seat, earlier=row, issue=row.issue,
        title=row.title, words=row.words, submitted_at=at,
    )  # fmt: skip
    return put(item=made, meeting=meeting, by=by, at=at)


# --- papers ---------------------------------------------------------------------------------------


@transaction.atomic
def add_paper(
    *,
    item: AgendaItem | None = None,
    meeting: Meeting | None = None,
    title: str,
    name: str,
    content: bytes,
    only_seats: Collection[UUID] = (),
    by: Actor,
    at: datetime,
) -> Paper:
    """Add a paper to an item, by whose it is or who keeps the body; or to a meeting, by the latter.

    A late one is taken and counted. The same content twice is one. Raises NotAllowed, NotPossible.
    """
    seat = _whose_paper(item, meeting, by)
    about = item if item is not None else meeting
    if about is None:
        raise TypeError("A paper belongs to an item or to a meeting.")
    held_at = meeting or (item.meeting if item else None)
    if held_at is not None and held_at.state in (MeetingState.APPROVED, MeetingState.CANCELLED):
        raise NotPossible(_("The meeting is over."))
    if item is not None and item.state in (S.DECLINED, S.WITHDRAWN):
        raise NotPossible(_("The item is not pursued."))
    upload = _looked_at(name, content)
    digest = hashlib.sha256(upload.content).hexdigest()
    standing: Paper | None = about.papers.filter(digest=digest).first()
    if standing is not None:
        return standing
    if about.papers.count() >= MOST_FILES:
        raise NotPossible(_("There are at most %(n)s papers.") % {"n": MOST_FILES})
    made = Paper(
        item=item, meeting=meeting, seat=seat, title=title, kind=upload.ending,
        size=len(upload.content), digest=digest, added_at=at, added_on=local_day(at),
    )  # fmt: skip
    made.content.save(upload.name, ContentFile(upload.content))
    seats = Seat.objects.filter(body=about.body_id, uuid__in=list(only_seats))
    PaperLimit.objects.bulk_create(PaperLimit(paper=made, seat=each) for each in seats)
    if held_at is not None:
        note(
            held_at, MeetingEventKind.PAPER_ADDED, by=by, at=at,
            comment="" if only_seats else title, of_a_seat=seat is not None,
        )  # fmt: skip
    return made


@transaction.atomic
def remove_paper(*, paper: Paper, by: Actor, at: datetime) -> None:
    """Take a paper back before its meeting is held. Raises NotAllowed, NotPossible."""
    seat = _whose_paper(paper.item, paper.meeting, by)
    if paper.seat_id is not None and (seat is None or seat.pk != paper.seat_id):
        raise NotAllowed(_("This paper is another seat’s."))
    held_at = paper.meeting or (paper.item.meeting if paper.item else None)
    if held_at is not None and held_at.state not in TO_COME:
        raise NotPossible(_("What lay before a meeting stays."))
    name = str(paper.content.name)
    paper.limits.all().delete()
    paper.delete()
    transaction.on_commit(lambda: body_storage().delete(name))
    if held_at is not None:
        note(held_at, MeetingEventKind.PAPER_REMOVED, by=by, at=at, of_a_seat=seat is not None)


def _whose_paper(item: AgendaItem | None, meeting: Meeting | None, by: Actor) -> Seat | None:
    """The seat the actor speaks for here; None for who keeps the body. Raises NotAllowed."""
    body: Body | None = item.body if item else meeting.body if meeting else None
    if body is None:
        raise TypeError("A paper belongs to an item or to a meeting.")
    if item is not None and item.seat is not None and item.seat.is_spoken_for_by(by):
        require(by, P.COORDINATION_SEE, item)
        return item.seat
    require(by, P.COORDINATION_KEEP, item or meeting)
    if not bodies_access.keeps(by, body):
        raise NotAllowed(_("This belongs to another organisation."))
    return None


def _looked_at(name: str, content: bytes) -> Upload:
    try:
        return checked(name=name, content=content)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error


def _note(
    item: AgendaItem, kind: ItemEventKind, *, by: Actor | None, seat: Seat | None, at: datetime
) -> ItemEvent:
    return ItemEvent.objects.create(
        item=item, kind=kind, at=at, by=by.user if by else None, by_seat=seat
    )


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - {"issue", "title", "words"}:
        raise TypeError(f"An agenda item has no {sorted(unknown)}")
    return facts
