"""Votes and what comes of them: a motion, the quorum it had, dissent, and resolutions."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from ncm import bodies_access, quorum
from ncm.bodies_choices import (
    IS_PRESENT,
    Ballot,
    DecidesBy,
    Effect,
    ItemState,
    MeetingEventKind,
    MeetingState,
    ResolutionState,
)
from ncm.meetings_workflow import RESOLUTION
from ncm.models import (
    AgendaItem,
    Attendance,
    Body,
    Dissent,
    Meeting,
    Motion,
    MotionQuorum,
    Resolution,
    Seat,
    Vote,
)
from ncm.services.meetings import locked, note, person
from partners.access import Actor
from partners.services.memberships import require

P = Permission
MOST_MOTIONS = 20
"""On one agenda item."""


@transaction.atomic
def take_vote(
    *,
    item: AgendaItem,
    client_key: UUID,
    words: str,
    ballots: Mapping[UUID, str],
    by: Actor,
    at: datetime,
) -> Motion:
    """Enter how each seat with a vote that is present voted on a text; the result is counted.

    Refused without the quorum, in the rule's words. The same key again gives the motion it made.
    Raises NotAllowed, NotPossible.
    """
    if item.meeting is None:
        raise NotPossible(_("The item is on no agenda."))
    meeting = locked(item.meeting, by, states=(MeetingState.HELD,))
    standing: Motion | None = meeting.motions.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    row: AgendaItem = AgendaItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if row.state != ItemState.ON_AGENDA or row.meeting_id != meeting.pk:
        raise NotPossible(_("Nothing is put to the vote on an item that is settled."))
    if row.motions.count() >= MOST_MOTIONS:
        raise NotPossible(_("An item has at most %(n)s votes.") % {"n": MOST_MOTIONS})
    seats = quorum.voting_seats(meeting)
    if refusals := quorum.why_not(meeting, seats):
        raise NotPossible(" ".join(refusals))
    here = {each.uuid: each for each in seats}
    if set(ballots) != set(here):
        raise NotPossible(
            _("Say of each seat with a vote that is present how it voted, and of no other.")
        )
    counted = Counter(ballots.values())
    made = Motion.objects.create(
        client_key=client_key, meeting=meeting, item=row, words=words,
        decided_by=meeting.body.decides_by, in_favour=counted[Ballot.IN_FAVOUR],
        against=counted[Ballot.AGAINST], abstained=counted[Ballot.ABSTAINED],
        is_carried=is_carried(meeting.body.decides_by, counted), taken_at=at, taken_by=person(by),
    )  # fmt: skip
    MotionQuorum.objects.bulk_create(
        MotionQuorum(
            motion=made, seat_kind=each.seat_kind, at_least=each.at_least, present=each.present
        )
        for each in quorum.asked(meeting, seats)
    )
    Vote.objects.bulk_create(
        Vote(motion=made, seat=here[uuid], ballot=Ballot(ballot))
        for uuid, ballot in ballots.items()
    )
    note(meeting, MeetingEventKind.VOTED, by=by, at=at)
    return made


def is_carried(decides_by: str, counted: Mapping[str, int]) -> bool:
    """Whether a vote is carried: abstentions neither carry nor hinder it."""
    in_favour, against = counted.get(Ballot.IN_FAVOUR, 0), counted.get(Ballot.AGAINST, 0)
    if decides_by == DecidesBy.CONSENSUS:
        return in_favour >= 1 and against == 0
    return in_favour > against


@transaction.atomic
def record_dissent(*, motion: Motion, seat: Seat, words: str, by: Actor, at: datetime) -> Dissent:
    """A seat that was present says why it differs; until the minutes are approved.

    By whoever speaks for the seat, or the secretariat for it. Again changes the words.
    Raises NotAllowed, NotPossible.
    """
    own = seat.is_spoken_for_by(by)
    if not own:
        require(by, P.COORDINATION_KEEP, motion)
        if not bodies_access.keeps(by, motion.meeting.body):
            raise NotAllowed(_("This belongs to another organisation."))
    require(by, P.COORDINATION_SEE, motion)
    meeting = Meeting.objects.select_for_update(of=("self",)).get(pk=motion.meeting_id)
    if meeting.state != MeetingState.HELD:
        raise NotPossible(_("The minutes are approved. Ask for an annex."))
    here = Attendance.objects.filter(meeting=meeting, seat=seat, presence__in=IS_PRESENT)
    if not here.exists():
        raise NotPossible(_("A seat that was present has its dissent recorded."))
    made, _new = Dissent.objects.update_or_create(
        motion=motion, seat=seat,
        defaults={"words": words, "recorded_at": at, "by_secretary": not own},
    )  # fmt: skip
    note(meeting, MeetingEventKind.DISSENT, by=by, at=at, of_a_seat=own)
    return made


@transaction.atomic
def adopt(
    *,
    motion: Motion,
    title: str,
    earlier: Resolution | None = None,
    effect: str = "",
    by: Actor,
    at: datetime,
) -> Resolution:
    """Make a carried motion a resolution, with the next number; its words are those voted on.

    With an earlier one it replaces or repeals that. Adopting it twice gives one.
    Raises NotAllowed, NotPossible.
    """
    meeting = locked(motion.meeting, by, states=(MeetingState.HELD,))
    # The body's row is the lock of its numbers.
    body = Body.objects.select_for_update(of=("self",)).get(pk=meeting.body_id)
    standing = Resolution.objects.filter(motion=motion).first()
    if standing is not None:
        return standing
    if not motion.is_carried:
        raise NotPossible(_("The motion was not carried."))
    if (earlier is None) != (effect == ""):
        raise NotPossible(_("Say which earlier resolution, and what becomes of it."))
    if earlier is not None and earlier.body_id != body.pk:
        raise NotPossible(_("A body ends its own resolutions only."))
    if earlier is not None and (
        earlier.state != ResolutionState.IN_FORCE or earlier.later.exists()
    ):
        raise NotPossible(_("The earlier resolution is not in force any more."))
    year = meeting.on.year
    last = body.resolutions.filter(year=year).aggregate(last=Max("number"))["last"] or 0
    made = Resolution.objects.create(
        body=body, meeting=meeting, item=motion.item, motion=motion, year=year, number=last + 1,
        reference=f"{body.code}/{year}/{last + 1}", title=title, words=motion.words,
        adopted_on=meeting.on, earlier=earlier, effect=effect, adopted_at=at,
    )  # fmt: skip
    note(meeting, MeetingEventKind.RESOLVED, by=by, at=at, comment=made.reference)
    if earlier is not None:
        act = "replace" if effect == Effect.REPLACES else "repeal"
        RESOLUTION.apply(earlier, act, by=by, at=at)
    return made
