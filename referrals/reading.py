"""One referral as data, as far as it is open to whoever asks: what the API shows of it.

What is open says `referrals/sections.py`; that it was read is logged before it is. Codes stay
codes, and nothing is here that the page does not show.
"""

import json
from collections.abc import Mapping
from typing import Any

from common.marks import Subject
from common.profile import Sight
from deadlines.services.clocks import deadlines_of
from partners.access import Actor
from referrals import packets
from referrals.answers import ANSWERS
from referrals.choices import Section, State
from referrals.models import Opinion, Packet, Question, Referral
from referrals.notifications import SUBJECT
from referrals.sections import (
    comment_open,
    decisions_open,
    header_sight,
    is_notice,
    line_sight,
    questions_open,
    sections,
    sight_of_header,
    status,
    timeline,
)
from referrals.services import identity
from referrals.workflow import DRAFT_KEPT

LATEST_EVENTS = 100
Data = dict[str, Any]


def line(referral: Referral, due_at: Any, actor: Actor) -> Data:
    """A referral as a list shows it; what is not open is None. Asks the database nothing."""
    return _header(referral, actor, due_at, line_sight(actor, referral))


def _header(referral: Referral, actor: Actor, due_at: Any, sees: frozenset[Sight]) -> Data:
    shows_who = Sight.ORGANISATIONS in sees
    is_placed = Sight.REGION in sees and referral.region is not None
    return {
        "uuid": referral.uuid,
        "reference": referral.reference,
        "state": status(actor, referral),
        "created_at": referral.created_at,
        "received_at": referral.received_at,
        "due_at": due_at if Sight.CLOCKS in sees else None,
        "first_responder": referral.first_responder if shows_who else None,
        "authority": referral.authority if shows_who else None,
        "region": referral.region.code if is_placed and referral.region else None,
    }


def case(referral: Referral, actor: Actor) -> Data:
    """The whole of it, as far as it is open. Raises whatever keeps the log from being written."""
    opened, sees = sections(actor, referral), header_sight(actor, referral)
    runs = _deadlines(referral, actor) if Sight.CLOCKS in sees else []
    due = [row["due_at"] for row in runs if row["is_mine"] and not row["is_paused"]]
    found: Data = {
        **_header(referral, actor, min(due, default=None), sees),
        "version": referral.version,
        "sections": sorted(opened),
        "events": _events(referral, actor, opened),
    }
    if Sight.CLOCKS in sees:
        found["deadlines"] = runs
    if Section.FILE in opened:
        found["file"] = _file(referral, actor, opened)
        found["sent"] = _sent(referral)
    elif Section.PACKET in opened:
        found["packet"] = _packet(referral, actor)
    if questions_open(opened):
        found["questions"] = _questions(referral)
    if Section.HEADER in opened:
        found["decisions"] = _decisions(referral, actor, has_reasons=Section.DECISION in opened)
    if Section.DECISION in opened:
        found["opinions"] = _opinions(referral)
    if Section.SUPPORT in opened:
        found["tracks"] = list(referral.tracks.values("kind", "status", "since_at"))
    return {name: value for name, value in found.items() if value is not None}


def answers_of(referral: Referral, names: Any = ANSWERS) -> Mapping[str, Any]:
    """Answers as the API takes them. Opens sealed values: the caller logs it."""
    return {
        name: (getattr(referral, name) or "") if name == "narrative" else getattr(referral, name)
        for name in names
    }


def _file(referral: Referral, actor: Actor, opened: frozenset[Section]) -> Data:
    identity.open_file(referral=referral, by=actor, at=actor.at)
    names = [name for name in ANSWERS if name != "narrative" or Section.NARRATIVE in opened]
    saved = referral.saved_at or referral.created_at
    return {
        "basis": referral.basis,
        "answers": answers_of(referral, names),
        "has_identity": Section.IDENTITY in opened and identity.has_identity(referral),
        "runs_out_at": saved + DRAFT_KEPT if referral.state == State.DRAFT else None,
    }


def _packet(referral: Referral, actor: Actor) -> Data | None:
    """What was sent to the organisation acted for; logged before it is read."""
    if is_notice(referral):
        content = packets.content_of(referral, kind=packets.NOTICE)
        return {"version": None, "sent_at": referral.received_at, "content": content}
    mine = Packet.objects.filter(referral=referral, recipient_id=actor.organisation_id)
    packet = mine.select_related("referral__person").order_by("-version").first()
    if packet is None:
        return None
    identity.open_packet(packet=packet, by=actor, at=actor.at)
    content = json.loads(packet.content or "{}")
    return {"version": packet.version, "sent_at": packet.sent_at, "content": content}


def _sent(referral: Referral) -> list[Packet]:
    found = Packet.objects.filter(referral=referral).select_related("recipient")
    return list(found.order_by("recipient_id", "-version"))


def _questions(referral: Referral) -> list[Question]:
    return list(Question.objects.filter(referral=referral).select_related("referral__person"))


def _decisions(referral: Referral, actor: Actor, *, has_reasons: bool) -> list[Data]:
    return [
        {
            "stage": each.stage,
            "outcome": each.outcome,
            "decided_on": each.decided_on,
            **(
                {"reasons": each.reasons, "opinion_answer": each.opinion_answer}
                if has_reasons
                else {}
            ),
        }
        for each in decisions_open(actor, referral).select_related("referral__person")
    ]


def _opinions(referral: Referral) -> list[Opinion]:
    found = Opinion.objects.filter(referral=referral)
    return list(found.select_related("organisation", "referral__person"))


def _deadlines(referral: Referral, actor: Actor) -> list[Data]:
    """What runs, each once however many groups it runs for."""
    found: dict[tuple[str, Any], Data] = {}
    for row in deadlines_of(Subject(SUBJECT, referral.uuid)):
        if not row.is_open:
            continue
        known = found.setdefault(
            (row.rule_code, row.due_at),
            {
                "rule": row.rule_code,
                "title": row.title,
                "bound": row.bound,
                "due_at": row.due_at,
                "is_paused": row.paused_at is not None,
                "is_mine": False,
            },
        )
        known["is_mine"] |= row.group_id in actor.group_ids
    return list(found.values())


def _events(referral: Referral, actor: Actor, opened: frozenset[Section]) -> list[Data]:
    """The latest of what happened; of each the organisation, never the person."""
    latest = timeline(actor, referral).select_related("referral__person")[:LATEST_EVENTS]
    shows_who = Sight.ORGANISATIONS in sight_of_header(actor, opened)
    return [
        {
            "kind": event.kind,
            "at": event.at,
            "organisation": event.by_organisation if shows_who else None,
            "new_state": event.new_state,
            **({"comment": event.comment or ""} if comment_open(opened, event) else {}),
        }
        for event in latest
    ]
