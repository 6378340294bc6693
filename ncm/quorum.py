"""Whether a meeting can vote: what its body's rules ask for, and who is there. Reads only."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ncm.bodies_choices import SeatKind
from ncm.models import Meeting, QuorumRule, Seat


@dataclass(frozen=True)
class Asked:
    """One rule beside what is there. Seats without a vote are not counted."""

    seat_kind: str
    at_least: int
    present: int

    @property
    def is_met(self) -> bool:
        return self.present >= self.at_least

    @property
    def words(self) -> str:
        """What the rule asks for."""
        if self.seat_kind:
            text = ngettext(
                "at least one seat with a vote of the kind “%(kind)s” present",
                "at least %(n)s seats with a vote of the kind “%(kind)s” present",
                self.at_least,
            )
        else:
            text = ngettext(
                "at least one seat with a vote present",
                "at least %(n)s seats with a vote present",
                self.at_least,
            )
        kind = SeatKind(self.seat_kind).label if self.seat_kind else ""
        return text % {"n": self.at_least, "kind": kind}

    @property
    def met(self) -> str:
        """The rule, and how many were there."""
        rule = {"rule": self.words, "n": self.present}
        return _("Quorum: the rule asks for %(rule)s; present: %(n)s.") % rule

    @property
    def refusal(self) -> str:
        """Why there is no vote, where the rule is not met."""
        if not self.present:
            text = _("No vote: the rule asks for %(rule)s, and none is.")
        else:
            text = ngettext(
                "No vote: the rule asks for %(rule)s, and %(n)s is.",
                "No vote: the rule asks for %(rule)s, and %(n)s are.",
                self.present,
            )
        return text % {"rule": self.words, "n": self.present}


def voting_seats(meeting: Meeting) -> list[Seat]:
    """Seats with a vote that are present."""
    present = meeting.attendances.filter(
        presence__in=("in_person", "remote"), seat__has_vote=True
    ).select_related("seat")
    return [each.seat for each in present.order_by("seat_id")]


def asked(meeting: Meeting, seats: list[Seat]) -> list[Asked]:
    """Every rule in force on the meeting's day, beside how many of these seats it counts.

    Where a body has no rule, at least one seat with a vote is asked for.
    """
    kinds = Counter(each.kind for each in seats)
    rules = QuorumRule.objects.filter(body=meeting.body_id, from_on__lte=meeting.on)
    in_force = [each for each in rules if each.until_on is None or each.until_on >= meeting.on]
    found = [
        Asked(
            each.seat_kind, each.at_least, kinds[each.seat_kind] if each.seat_kind else len(seats)
        )
        for each in in_force
    ]
    return found or [Asked("", 1, len(seats))]


def why_not(meeting: Meeting, seats: list[Seat]) -> list[str]:
    """In words, each rule that stands against a vote now; empty where the quorum is there."""
    return [each.refusal for each in asked(meeting, seats) if not each.is_met]
