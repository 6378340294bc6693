"""A task force with seats on both sides, its meetings, and what they decide."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.workflow import Workflow
from ncm.bodies_choices import Ballot, DecidesBy, SeatKind, SeatRole
from ncm.meetings_workflow import MEETING
from ncm.models import AgendaItem, Body, Meeting, Motion, Resolution, Seat
from ncm.services import agenda, bodies, meetings, votes
from partners.models import Organisation
from tests.support.cast import Cast

PDF = b"%PDF-1.7 invented"


def body(cast: Cast, code: str = "NTF", **facts: Any) -> Body:
    """A body that the ministry keeps."""
    given = {
        "name": f"Task force {code} (invented)", "code": code, "kept_by": cast.ministry,
        "papers_days": 7, "decides_by": DecidesBy.MAJORITY, "since_on": cast.at.date(),
    }  # fmt: skip
    by = cast.actor(cast.co_ordinator)
    return bodies.enter_body(client_key=uuid4(), by=by, at=cast.at, **(given | facts))


def seat(
    cast: Cast, row: Body, organisation: Organisation | None, kind: SeatKind, **more: Any
) -> Seat:
    given: dict[str, Any] = {
        "role": SeatRole.MEMBER, "has_vote": True, "may_submit": True,
        "from_on": (cast.at - timedelta(days=30)).date(),
    }  # fmt: skip
    return bodies.give_seat(
        body=row, client_key=uuid4(), kind=kind, organisation=organisation,
        by=cast.actor(cast.co_ordinator), at=cast.at, **(given | more),
    )  # fmt: skip


def seated(cast: Cast, code: str = "NTF", **facts: Any) -> Body:
    """Police, authority and Lantern House vote, the fund chairs without a vote."""
    row = body(cast, code, **facts)
    cast.rows |= {
        "seat police": seat(cast, row, cast.police, SeatKind.STATE),
        "seat authority": seat(cast, row, cast.authority, SeatKind.STATE),
        "seat ngo": seat(cast, row, cast.ngo, SeatKind.CSO),
        "seat fund": seat(
            cast, row, cast.fund, SeatKind.STATE, role=SeatRole.CHAIR, has_vote=False
        ),
    }
    return row


def own_seat(cast: Cast, row: Body, holder: User, name: str = "River") -> Seat:
    """A survivor under a chosen name."""
    return seat(cast, row, None, SeatKind.SURVIVOR, holder=holder, chosen_name=name)


def planned(cast: Cast, row: Body, *, days: int = 20) -> Meeting:
    starts = cast.at + timedelta(days=days)
    return meetings.plan_meeting(
        body=row, client_key=uuid4(), starts_at=starts, ends_at=starts + timedelta(hours=2),
        place="Hall 1", by=cast.actor(cast.co_ordinator), at=cast.at,
    )  # fmt: skip


def invited(cast: Cast, row: Body, *, days: int = 20) -> Meeting:
    meeting = planned(cast, row, days=days)
    return MEETING.apply(meeting, "invite", by=cast.actor(cast.co_ordinator), at=cast.at)


def submitted(cast: Cast, by: User, one: Seat, **facts: Any) -> AgendaItem:
    given = {"issue": "referral", "title": "Beds at night", "words": "Two hundred nights."}
    return agenda.submit_item(
        seat=one, client_key=uuid4(), by=cast.actor(by), at=cast.at, **(given | facts)
    )


def put(cast: Cast, item: AgendaItem, meeting: Meeting) -> AgendaItem:
    return agenda.put(item=item, meeting=meeting, by=cast.actor(cast.co_ordinator), at=cast.at)


def held(cast: Cast, meeting: Meeting) -> Meeting:
    return MEETING.apply(
        meeting, "hold", by=cast.actor(cast.co_ordinator, meeting.starts_at),
        at=meeting.starts_at,
    )  # fmt: skip


def sitting(cast: Cast, code: str = "NTF", **facts: Any) -> tuple[Meeting, AgendaItem]:
    """A meeting that is being held, with an item of Lantern House's on its agenda."""
    row = seated(cast, code, **facts)
    meeting = invited(cast, row)
    item = put(cast, submitted(cast, cast.ngo_manager, cast.rows["seat ngo"]), meeting)
    return held(cast, meeting), item


def came(cast: Cast, meeting: Meeting, **presences: str) -> Meeting:
    """`came(cast, meeting, police="in_person")`: of the seats by their short names."""
    given = {cast.rows[f"seat {name}"].uuid: how for name, how in presences.items()}
    return meetings.record_attendance(
        meeting=meeting, presences=given, by=keeper(cast, meeting), at=meeting.starts_at
    )


def all_came(cast: Cast, meeting: Meeting) -> Meeting:
    return came(cast, meeting, police="in_person", authority="in_person", ngo="remote")


def vote(cast: Cast, item: AgendaItem, meeting: Meeting, **ballots: str) -> Motion:
    given: Mapping[Any, str] = {
        cast.rows[f"seat {name}"].uuid: Ballot(how) for name, how in ballots.items()
    }
    return votes.take_vote(
        item=now(item), client_key=uuid4(), words="Beds are counted at night, too.",
        ballots=given, by=keeper(cast, meeting), at=meeting.starts_at,
    )  # fmt: skip


def carried(cast: Cast, item: AgendaItem, meeting: Meeting) -> Motion:
    return vote(cast, item, meeting, police="in_favour", authority="abstained", ngo="in_favour")


def resolved(cast: Cast, motion: Motion, title: str = "Beds", **more: Any) -> Resolution:
    at = motion.meeting.starts_at
    return votes.adopt(
        motion=motion, title=title, by=cast.actor(cast.co_ordinator, at), at=at, **more
    )


def settle(cast: Cast, table: Workflow, row: Any, name: str, at: datetime, **answers: Any) -> Any:
    return table.apply(now(row), name, by=cast.actor(cast.co_ordinator, at), at=at, **answers)


def keeper(cast: Cast, meeting: Meeting) -> Any:
    return cast.actor(cast.co_ordinator, meeting.starts_at)


def now(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)
