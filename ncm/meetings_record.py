"""What was entered about a meeting, for one reader: who came, quorum, items, votes, resolutions.

The page, the minutes, the PDF and the DOCX are made of this and of nothing else, so that no name
stands in one of them that another would keep back. Reads only.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ncm import quorum
from ncm.bodies_choices import IS_PRESENT, ItemState, SeatKind
from ncm.bodies_names import Names
from ncm.meetings_shown import hours
from ncm.models import (
    AgendaItem,
    Attendance,
    Dissent,
    Meeting,
    MinutesAnnex,
    Motion,
    Paper,
    Resolution,
    Seat,
    Vote,
)
from partners.access import Actor
from partners.views import shown


@dataclass(frozen=True)
class Came:
    """A seat, and whether it took part."""

    name: str
    kind: str
    has_vote: bool
    presence: str
    is_present: bool


@dataclass(frozen=True)
class Voted:
    """A motion with how the vote went."""

    motion: Motion
    result: str
    quorum: list[str]
    votes: list[tuple[str, str]]
    dissents: list[tuple[str, str]]
    resolution: Resolution | None


@dataclass(frozen=True)
class OnAgenda:
    """An agenda item with whose it is, its papers, and the votes on it."""

    item: AgendaItem
    whose: str
    papers: list[Paper]
    motions: list[Voted]


@dataclass(frozen=True)
class Record:
    """Everything that was entered about a meeting."""

    meeting: Meeting
    names: Names
    seats: list[Seat]
    came: list[Came]
    quorum: list[quorum.Asked]
    items: list[OnAgenda]
    papers: list[Paper]
    annexes: list[MinutesAnnex] = field(default_factory=list)

    @property
    def present(self) -> int:
        return sum(each.is_present for each in self.came)


def record(meeting: Meeting, actor: Actor) -> Record:
    """The record of a meeting for this reader. Asks a fixed number of queries."""
    attendances = {each.seat_id: each for each in Attendance.objects.filter(meeting=meeting)}
    items = list(AgendaItem.objects.filter(meeting=meeting).order_by("position", "pk"))
    seats = _seats(meeting, attendances, items)
    names = Names(actor, seats)
    papers = list(Paper.objects.visible_to(actor).filter(item__in=items))
    by_item: dict[int, list[Paper]] = defaultdict(list)
    for each in papers:
        by_item[each.item_id or 0].append(each)
    motions = _motions(meeting, names)
    here = [each for each in seats if each.is_taken_on(meeting.on)]
    voting = [
        each
        for each in here
        if each.has_vote and each.pk in attendances and attendances[each.pk].is_present
    ]
    return Record(
        meeting=meeting,
        names=names,
        seats=here,
        came=[_came(each, attendances, names) for each in here],
        quorum=quorum.asked(meeting, voting),
        items=[
            OnAgenda(each, names.of(each.seat_id), by_item[each.pk], motions[each.pk])
            for each in items
        ],
        papers=list(Paper.objects.visible_to(actor).filter(meeting=meeting)),
        annexes=list(MinutesAnnex.objects.filter(meeting=meeting)),
    )


def _seats(
    meeting: Meeting, attendances: dict[int, Attendance], items: list[AgendaItem]
) -> list[Seat]:
    """Those of its day, those that came, and those whose items are on the agenda."""
    wanted = set(attendances) | {each.seat_id for each in items if each.seat_id}
    of_body = Seat.objects.filter(body=meeting.body_id)
    rows = of_body.on(meeting.on) | of_body.filter(pk__in=wanted)
    return list(rows.order_by("kind", "from_on", "pk"))


def _came(seat: Seat, attendances: dict[int, Attendance], names: Names) -> Came:
    standing = attendances.get(seat.pk)
    return Came(
        names[seat],
        str(seat.get_kind_display()),
        seat.has_vote,
        str(standing.get_presence_display()) if standing else _("Not recorded"),
        standing is not None and standing.presence in IS_PRESENT,
    )


def _motions(meeting: Meeting, names: Names) -> dict[int, list[Voted]]:
    asked_of = Motion.objects.filter(meeting=meeting).prefetch_related("quorum")
    rows = list(asked_of.select_related("resolution"))
    votes: dict[int, list[Vote]] = defaultdict(list)
    for vote in Vote.objects.filter(motion__meeting=meeting):
        votes[vote.motion_id].append(vote)
    dissents: dict[int, list[Dissent]] = defaultdict(list)
    for dissent in Dissent.objects.filter(motion__meeting=meeting):
        dissents[dissent.motion_id].append(dissent)
    found: dict[int, list[Voted]] = defaultdict(list)
    for each in rows:
        asked = [
            quorum.Asked(one.seat_kind, one.at_least, one.present) for one in each.quorum.all()
        ]
        found[each.item_id].append(
            Voted(
                each,
                result(each),
                [one.met for one in asked],
                [(names.of(v.seat_id), str(v.get_ballot_display())) for v in votes[each.pk]],
                [(names.of(d.seat_id), d.words) for d in dissents[each.pk]],
                getattr(each, "resolution", None),
            )
        )
    return found


def result(motion: Motion) -> str:
    """How a vote went, in numbers and in words."""
    counts = _("%(yes)s in favour, %(no)s against, %(abstained)s abstained") % {
        "yes": motion.in_favour,
        "no": motion.against,
        "abstained": motion.abstained,
    }
    said = _("Carried: %(counts)s.") if motion.is_carried else _("Not carried: %(counts)s.")
    return said % {"counts": counts}


def draft(found: Record) -> str:
    """Minutes as the record says them: numbers, kinds of seat and titles, but no name of a seat,
    since everybody at the table reads the same words."""
    meeting = found.meeting
    when = {"day": shown.date(meeting.on), "hours": hours(meeting)}
    lines = [_("Held on %(day)s, %(hours)s.") % when, _presence(found)]
    lines += [each.met if each.is_met else each.refusal for each in found.quorum]
    for number, each in enumerate(found.items, start=1):
        lines += ["", f"{number}. {each.item.title}"]
        lines += _of_item(each)
    return "\n".join(lines)


def _presence(found: Record) -> str:
    kinds = Counter(each.kind for each in found.came if each.is_present)
    present = ngettext(
        "Present: %(n)s of %(all)s seat", "Present: %(n)s of %(all)s seats", len(found.came)
    ) % {"n": found.present, "all": len(found.came)}
    parts = ", ".join(f"{kind} {number}" for kind, number in kinds.items())
    return f"{present} ({parts})." if parts else f"{present}."


def _of_item(each: OnAgenda) -> list[str]:
    item = each.item
    kind = SeatKind(item.seat.kind).label if item.seat else _("the co-ordination")
    lines = [_("Submitted from the side: %(kind)s.") % {"kind": kind}, item.words]
    for voted in each.motions:
        lines.append(_("Put to the vote: %(words)s") % {"words": voted.motion.words})
        lines.append(voted.result)
        if voted.resolution is not None:
            lines.append(_("Resolution %(number)s.") % {"number": voted.resolution.reference})
        if voted.dissents:
            lines.append(_("Dissents recorded: %(n)s.") % {"n": len(voted.dissents)})
    if item.state != ItemState.ON_AGENDA:
        lines.append(_("Outcome: %(state)s.") % {"state": item.get_state_display()})
    return lines


def late(found: Record) -> set[Any]:
    """Keys of the papers that came after the meeting's day for papers."""
    every = [*found.papers, *(paper for each in found.items for paper in each.papers)]
    return {each.pk for each in every if each.is_late_for(found.meeting)}
