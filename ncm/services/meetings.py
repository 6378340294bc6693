"""Meetings: planning and moving one, who came, the minutes and what corrects them.

What moves a meeting from one state to the next stands in `ncm/meetings_workflow.py`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from ncm import meetings_notices as notices
from ncm.bodies_choices import (
    IS_PRESENT,
    TO_COME,
    MeetingEventKind,
    MeetingState,
    Presence,
)
from ncm.models import (
    Attendance,
    Body,
    Meeting,
    MeetingEvent,
    Minutes,
    MinutesAnnex,
    Seat,
    Vote,
)
from partners.access import Actor
from partners.services.memberships import require

P = Permission
S = MeetingState
MOST_ANNEXES = 20


@transaction.atomic
def plan_meeting(
    *,
    body: Body,
    client_key: UUID,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "",
    remote: str = "",
    by: Actor,
    at: datetime,
) -> Meeting:
    """Plan a meeting; it gets the next number of its year.

    The same key again gives the one it made. Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_KEEP, body)
    # The body's row is the lock of its numbers.
    row = Body.objects.select_for_update(of=("self",)).get(pk=body.pk)
    standing: Meeting | None = row.meetings.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    day = local_day(starts_at)
    if row.ended_on is not None and row.ended_on < day:
        raise NotPossible(_("This body is dissolved."))
    _refuse_times(starts_at, ends_at)
    last = row.meetings.filter(year=day.year).aggregate(last=Max("number"))["last"] or 0
    made = Meeting.objects.create(
        client_key=client_key, body=row, year=day.year, number=last + 1, on=day,
        starts_at=starts_at, ends_at=ends_at, place=place, remote=remote,
        papers_due_on=day - timedelta(days=row.papers_days), created_at=at,
        created_by=person(by),
    )  # fmt: skip
    note(made, MeetingEventKind.PLANNED, by=by, at=at)
    return made


@transaction.atomic
def change_meeting(
    *,
    meeting: Meeting,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    remote: str,
    by: Actor,
    at: datetime,
    version: int,
) -> Meeting:
    """Move a meeting to come, or say where it is; whoever was invited is told of a new time.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = locked(meeting, by, states=TO_COME)
    if row.version != version:
        raise Stale(row)
    _refuse_times(starts_at, ends_at)
    is_moved = row.starts_at != starts_at
    row.starts_at, row.ends_at, row.place, row.remote = starts_at, ends_at, place, remote
    row.on = local_day(starts_at)
    row.papers_due_on = row.on - timedelta(days=row.body.papers_days)
    row.version += 1
    row.save()
    kind = MeetingEventKind.MOVED if is_moved else MeetingEventKind.CHANGED
    event = note(row, kind, by=by, at=at)
    if is_moved and row.state == S.INVITED:
        notices.moved(row, event, by=by, at=at)
    return row


@transaction.atomic
def record_attendance(
    *, meeting: Meeting, presences: Mapping[UUID, str], by: Actor, at: datetime
) -> Meeting:
    """Say of each seat whether it takes part; a seat left out stays as it was.

    Raises NotAllowed; NotPossible for a seat that voted and is to have been away.
    """
    row = locked(meeting, by, states=(S.HELD,))
    seats = {each.uuid: each for each in Seat.objects.filter(body=row.body).on(row.on)}
    if unknown := set(presences) - set(seats):
        raise NotPossible(_("Seats that are not taken on that day: %(n)s.") % {"n": len(unknown)})
    voted = set(Vote.objects.filter(motion__meeting=row).values_list("seat", flat=True))
    for uuid, presence in presences.items():
        seat = seats[uuid]
        if seat.pk in voted and presence not in IS_PRESENT:
            raise NotPossible(_("A seat that voted was present."))
        Attendance.objects.update_or_create(
            meeting=row, seat=seat,
            defaults={
                "presence": Presence(presence), "recorded_at": at, "recorded_by": person(by)
            },
        )  # fmt: skip
    note(row, MeetingEventKind.ATTENDANCE, by=by, at=at)
    return row


# --- minutes --------------------------------------------------------------------------------------


@transaction.atomic
def write_minutes(
    *, meeting: Meeting, words: str, by: Actor, at: datetime, version: int
) -> Minutes:
    """Write the draft; with version 0 the first one, and the seats can read it.

    Whoever wrote last does not approve. Raises NotAllowed, NotPossible, Stale.
    """
    row = locked(meeting, by, states=(S.HELD,))
    drafts = Minutes.objects.select_for_update(of=("self",)).filter(meeting=row)
    standing: Minutes | None = drafts.first()
    if standing is None:
        made = Minutes.objects.create(
            meeting=row, words=words, drafted_at=at, drafted_by=person(by)
        )
        event = note(row, MeetingEventKind.DRAFTED, by=by, at=at)
        notices.drafted(row, event, by=by, at=at)
        return made
    if standing.version != version:
        raise Stale(standing)
    standing.words, standing.drafted_at, standing.drafted_by = words, at, person(by)
    standing.version += 1
    standing.save()
    note(row, MeetingEventKind.DRAFTED, by=by, at=at)
    return standing


@transaction.atomic
def annex(
    *, meeting: Meeting, client_key: UUID, words: str, by: Actor, at: datetime
) -> MinutesAnnex:
    """Correct approved minutes beside them. The same key again gives what it made.

    Raises NotAllowed, NotPossible before they are approved.
    """
    row = locked(meeting, by, states=(S.APPROVED,))
    standing: MinutesAnnex | None = row.annexes.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if row.annexes.count() >= MOST_ANNEXES:
        raise NotPossible(_("Minutes have at most %(n)s annexes.") % {"n": MOST_ANNEXES})
    made = MinutesAnnex.objects.create(
        client_key=client_key, meeting=row, words=words, added_at=at, added_by=person(by)
    )
    note(row, MeetingEventKind.ANNEXED, by=by, at=at)
    return made


# --- for its neighbours ---------------------------------------------------------------------------


def note(
    meeting: Meeting,
    kind: MeetingEventKind,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
    of_a_seat: bool = False,
) -> MeetingEvent:
    """Write one line of a meeting's past; of what a seat does, without who did it."""
    return MeetingEvent.objects.create(
        meeting=meeting, kind=kind, at=at, by=None if of_a_seat else by.user,
        by_organisation=None if of_a_seat else by.organisation, comment=comment,
    )  # fmt: skip


def locked(meeting: Meeting, by: Actor, *, states: tuple[MeetingState, ...]) -> Meeting:
    """The row as it is now, held, in one of the states. Raises NotAllowed, NotPossible."""
    require(by, P.COORDINATION_KEEP, meeting)
    row = Meeting.objects.select_for_update(of=("self",)).select_related("body").get(pk=meeting.pk)
    if row.state not in states:
        words = _("This is not possible while the meeting is “%(state)s”.")
        raise NotPossible(words % {"state": row.get_state_display()})
    return row


def person(by: Actor) -> User:
    """Whoever acts. Raises NotAllowed for the system."""
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user


def _refuse_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise NotPossible(_("A meeting ends after it begins."))
