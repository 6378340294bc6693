"""Bodies the ministry keeps, with Lantern House at the table; Open Door has no seat there."""

from collections.abc import Callable
from typing import Any

from ncm.models import AgendaItem, Body, BodyDocument, Meeting, Motion, Paper, Resolution, Seat
from ncm.services import agenda, bodies, meetings
from tests.ncm import sittings as at_table
from tests.support.cast import Cast

NEVER = "00000000-0000-4000-8000-000000000000"


def body(cast: Cast) -> Body:
    """With seats and a mandate document."""
    if "body" not in cast.rows:
        row = at_table.seated(cast)
        cast.rows["body document"] = bodies.add_document(
            body=row, title="Order", name="order.pdf", content=at_table.PDF,
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        cast.rows["body"] = row
    return cast.rows["body"]


def document(cast: Cast) -> BodyDocument:
    body(cast)
    return cast.rows["body document"]


def seat(cast: Cast) -> Seat:
    body(cast)
    return cast.rows["seat ngo"]


def planned(cast: Cast) -> Meeting:
    if "meeting planned" not in cast.rows:
        cast.rows["meeting planned"] = at_table.planned(cast, body(cast), days=60)
    return cast.rows["meeting planned"]


def item(cast: Cast) -> AgendaItem:
    """Lantern House's, not answered yet, with a paper."""
    if "agenda item" not in cast.rows:
        body(cast)
        row = at_table.submitted(cast, cast.ngo_manager, seat(cast), title="Rent")
        cast.rows["paper"] = agenda.add_paper(
            item=row, title="Rent", name="rent.pdf", content=at_table.PDF,
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
        cast.rows["agenda item"] = row
    return cast.rows["agenda item"]


def paper(cast: Cast) -> Paper:
    item(cast)
    return cast.rows["paper"]


def held(cast: Cast) -> Meeting:
    """A meeting that voted, resolved and has its minutes drafted."""
    if "meeting held" not in cast.rows:
        meeting = at_table.invited(cast, body(cast))
        raised = at_table.submitted(cast, cast.ngo_manager, seat(cast))
        raised = at_table.put(cast, raised, meeting)
        meeting = at_table.all_came(cast, at_table.held(cast, meeting))
        motion = at_table.carried(cast, raised, meeting)
        cast.rows |= {
            "meeting held": meeting,
            "motion": motion,
            "resolution": at_table.resolved(cast, motion),
        }
        meetings.write_minutes(
            meeting=meeting, words="It was decided.", by=at_table.keeper(cast, meeting),
            at=meeting.starts_at, version=0,
        )  # fmt: skip
    return cast.rows["meeting held"]


def motion(cast: Cast) -> Motion:
    held(cast)
    return cast.rows["motion"]


def resolution(cast: Cast) -> Resolution:
    held(cast)
    return cast.rows["resolution"]


Row = Callable[[Cast], dict[str, Any]]


def _act(row: Callable[[Cast], Any], name: str) -> Row:
    return lambda cast: {"uuid": row(cast).uuid, "name": name}


ARGUMENTS: dict[str, Row] = {
    "ncm:body": lambda cast: {"uuid": body(cast).uuid},
    "ncm:body@never": lambda cast: {"uuid": NEVER},
    "ncm:body-act": _act(body, "edit"),
    "ncm:body-act@quorum": _act(body, "quorum"),
    "ncm:body-act@seat": _act(body, "seat"),
    "ncm:body-act@own-seat": _act(body, "own-seat"),
    "ncm:body-act@document": _act(body, "document"),
    "ncm:body-act@dissolve": _act(body, "dissolve"),
    "ncm:body-act@meeting": _act(body, "meeting"),
    "ncm:agenda-new": lambda cast: {"uuid": body(cast).uuid},
    "ncm:body-file": lambda cast: {"uuid": body(cast).uuid, "file": document(cast).uuid},
    "ncm:seat-act": _act(seat, "edit"),
    "ncm:seat-act@end": _act(seat, "end"),
    "ncm:meeting": lambda cast: {"uuid": held(cast).uuid},
    "ncm:meeting@planned": lambda cast: {"uuid": planned(cast).uuid},
    "ncm:meeting@never": lambda cast: {"uuid": NEVER},
    "ncm:meeting-act": _act(planned, "invite"),
    "ncm:meeting-act@hold": _act(planned, "hold"),
    "ncm:meeting-act@cancel": _act(planned, "cancel"),
    "ncm:meeting-act@edit": _act(planned, "edit"),
    "ncm:meeting-act@item": _act(planned, "item"),
    "ncm:meeting-act@order": _act(planned, "order"),
    "ncm:meeting-act@paper": _act(planned, "paper"),
    "ncm:meeting-act@attendance": _act(held, "attendance"),
    "ncm:meeting-act@minutes": _act(held, "minutes"),
    "ncm:meeting-act@approve": _act(held, "approve"),
    "ncm:meeting-act@annex": _act(held, "annex"),
    "ncm:minutes": lambda cast: {"uuid": held(cast).uuid},
    "ncm:minutes-build": lambda cast: {"uuid": held(cast).uuid},
    "ncm:meeting-file": lambda cast: {"uuid": planned(cast).uuid, "name": "invitation.ics"},
    "ncm:meeting-file@docx": lambda cast: {"uuid": held(cast).uuid, "name": "minutes.docx"},
    "ncm:agenda-item": lambda cast: {"uuid": item(cast).uuid},
    "ncm:agenda-item@never": lambda cast: {"uuid": NEVER},
    "ncm:agenda-item-act": _act(item, "put"),
    "ncm:agenda-item-act@decline": _act(item, "decline"),
    "ncm:agenda-item-act@withdraw": _act(item, "withdraw"),
    "ncm:agenda-item-act@paper": _act(item, "paper"),
    "ncm:paper": lambda cast: {"uuid": paper(cast).uuid},
    "ncm:motion-act": _act(motion, "adopt"),
    "ncm:motion-act@dissent": _act(motion, "dissent"),
    "ncm:resolution": lambda cast: {"uuid": resolution(cast).uuid},
    "ncm:resolution@never": lambda cast: {"uuid": NEVER},
    "ncm:participation-file": lambda cast: {"ending": "csv"},
}
