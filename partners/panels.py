"""Panels of named people who decide about an organisation: who may sit, and what their votes say.

Reads only; `partners/services/proceedings.py` writes. A body of a higher package can take a panel's
place: its seats are then named with the body as `Subject`, and everything here holds for them.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from common.workflow import Refusal
from partners.choices import Instance, ProceedingState, Vote
from partners.models import PanelSeat, Proceeding

#: Fewer than three cannot outvote each other; one vote an organisation keeps any from a majority.
VOTES_AT_LEAST = 3


def seats_now(proceeding: Proceeding) -> list[PanelSeat]:
    """The seats of the panel whose turn it is, in the order in which they were named."""
    seats = proceeding.seats.filter(instance=proceeding.instance)
    return list(seats.select_related("user", "organisation").order_by("pk"))


def not_yet(proceeding: Proceeding, at: datetime) -> Refusal | None:
    """While the organisation may still answer, nobody votes."""
    waits = proceeding.state == ProceedingState.NOTICED
    if waits and at < proceeding.answer_until_at:
        return Refusal(_("The organisation still has time to answer. Votes are given after that."))
    return None


def votes_missing(proceeding: Proceeding) -> Refusal | None:
    """A panel decides when each of its voting seats has voted."""
    voting = [seat for seat in seats_now(proceeding) if seat.has_vote]
    if is_incomplete(voting):
        return Refusal(_("The panel is not complete."))
    if any(not seat.vote for seat in voting):
        return Refusal(_("Not everybody on the panel has voted."))
    return None


def is_incomplete(voting: list[PanelSeat]) -> bool:
    """Whether the voting seats are too few, or civil society has none of them."""
    return len(voting) < VOTES_AT_LEAST or not any(seat.is_civil_society for seat in voting)


def is_justified(proceeding: Proceeding) -> bool:
    """More than half of the votes say so; a tie is in favour of the organisation."""
    votes = [seat.vote for seat in seats_now(proceeding) if seat.has_vote]
    return 2 * sum(vote != Vote.UNJUSTIFIED for vote in votes) > len(votes)


def files_are_withheld(proceeding: Proceeding) -> bool:
    """Whether more than half of the first panel closed the organisation's own files as well."""
    if not proceeding.withholds_files:
        return False
    seats = proceeding.seats.filter(instance=Instance.FIRST, has_vote=True)
    votes = list(seats.values_list("vote", flat=True))
    return 2 * sum(vote == Vote.JUSTIFIED for vote in votes) > len(votes)
