"""Who takes part in the co-ordination: seats, votes, attendance, agenda and papers by kind of seat.

Numbers by kind of seat with what they are of, never by seat: how one voted is for its table. Reads
only, a fixed number of queries whatever there is.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ncm.bodies_choices import (
    IS_PRESENT,
    OF_CIVIL_SOCIETY,
    Ballot,
    ItemState,
    SeatKind,
    WorkArea,
)
from ncm.models import AgendaItem, Attendance, Body, Motion, Paper, Resolution, Seat, Vote
from ncm.plan_choices import FourP

FEWEST = 3
"""Of how many seats of civil society that voted it is told how they voted together: of fewer, a
reader could tell how one did."""
TAKEN = (ItemState.ON_AGENDA, ItemState.DECIDED, ItemState.NOTED, ItemState.POSTPONED)


@dataclass
class Figures:
    """The numbers, each a count by kind of seat, and those of no kind."""

    seats: Counter[str] = field(default_factory=Counter)
    voting: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)
    ballots: Counter[str] = field(default_factory=Counter)
    submitted: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    contributes: Counter[tuple[str, str]] = field(default_factory=Counter)
    resolutions: int = 0
    with_civil: int = 0
    against_civil: int = 0
    without_civil: int = 0
    few_civil: int = 0
    papers: int = 0
    papers_in_time: int = 0

    def of_civil_society(self, counted: Counter[str]) -> int:
        return sum(counted[kind] for kind in OF_CIVIL_SOCIETY)


def figures(day: date, body: Body | None = None) -> Figures:
    """Of one body, or of all together; seats as of the day, the rest since the beginning."""
    found = Figures()
    seats = Seat.objects.on(day)
    only = Q(body=body) if body else Q()
    for kind, has_vote, contributes in seats.filter(only).values_list(
        "kind", "has_vote", "contributes"
    ):
        found.seats[kind] += 1
        found.voting[kind] += bool(has_vote)
        found.contributes.update((kind, code) for code in contributes)
    of_meeting = Q(meeting__body=body) if body else Q()
    came = Attendance.objects.filter(of_meeting).values("seat__kind").order_by()
    here = Count("pk", filter=Q(presence__in=IS_PRESENT))
    for row in came.annotate(all=Count("pk"), here=here):
        found.expected[row["seat__kind"]] = row["all"]
        found.present[row["seat__kind"]] = row["here"]
    cast = Vote.objects.filter(Q(motion__meeting__body=body) if body else Q())
    for row in cast.values("seat__kind").order_by().annotate(all=Count("pk")):
        found.ballots[row["seat__kind"]] = row["all"]
    # A postponed item that was taken up again is one submission.
    items = AgendaItem.objects.filter(only, earlier=None, seat__isnull=False)
    taken = Count("pk", filter=Q(state__in=TAKEN))
    for row in items.values("seat__kind").order_by().annotate(all=Count("pk"), taken=taken):
        found.submitted[row["seat__kind"]] = row["all"]
        found.taken[row["seat__kind"]] = row["taken"]
    _resolutions(found, of_meeting)
    _papers(found, body)
    return found


def _resolutions(found: Figures, of_meeting: Q) -> None:
    civil = Q(votes__seat__kind__in=OF_CIVIL_SOCIETY)
    adopted = Motion.objects.filter(of_meeting, pk__in=Resolution.objects.values("motion"))
    votes = adopted.annotate(
        cast=Count("votes", filter=civil),
        yes=Count("votes", filter=civil & Q(votes__ballot=Ballot.IN_FAVOUR)),
        no=Count("votes", filter=civil & Q(votes__ballot=Ballot.AGAINST)),
    )
    enough = Q(cast__gte=FEWEST)
    counted = votes.order_by().aggregate(
        all=Count("pk"),
        none=Count("pk", filter=Q(cast=0)),
        few=Count("pk", filter=Q(cast__gt=0, cast__lt=FEWEST)),
        against=Count("pk", filter=enough & Q(no__gt=F("yes"))),
    )
    found.resolutions, found.against_civil = counted["all"], counted["against"]
    found.without_civil, found.few_civil = counted["none"], counted["few"]
    found.with_civil = (
        found.resolutions - found.against_civil - found.without_civil - found.few_civil
    )


def _papers(found: Figures, body: Body | None) -> None:
    due = Coalesce("meeting__papers_due_on", "item__meeting__papers_due_on")
    rows = Paper.objects.annotate(due=due).filter(due__isnull=False)
    if body is not None:
        rows = rows.filter(Q(meeting__body=body) | Q(item__body=body))
    counted = rows.aggregate(all=Count("pk"), in_time=Count("pk", filter=Q(added_on__lte=F("due"))))
    found.papers, found.papers_in_time = counted["all"], counted["in_time"]


# --- as tables ------------------------------------------------------------------------------------


def share(part: int, whole: int) -> str:
    """ "3 of 8 (38 %)"; a dash where there is nothing to be a share of."""
    if not whole:
        return "–"
    percent = (200 * part + whole) // (2 * whole)
    words = _("%(part)s of %(whole)s (%(percent)s %%)")
    return words % {"part": part, "whole": whole, "percent": percent}


def by_kind(found: Figures) -> tuple[list[str], list[list[str]]]:
    """A row for each kind of seat there is, and one for civil society together."""
    heads = [
        _("Kind of seat"), _("Seats"), _("Votes held"), _("Attendance"), _("Votes cast"),
        _("Agenda items submitted"), _("Of them on an agenda"),
    ]  # fmt: skip
    rows = []
    for kind in SeatKind:
        if found.seats[kind] or found.expected[kind] or found.submitted[kind]:
            rows.append([str(kind.label), *_cells(found, (kind,))])
    if rows:
        rows.append([_("Civil society together"), *_cells(found, OF_CIVIL_SOCIETY)])
    return heads, rows


def _cells(found: Figures, kinds: tuple[SeatKind, ...]) -> list[str]:
    def of(counted: Counter[str]) -> int:
        return sum(counted[kind] for kind in kinds)

    return [
        share(of(found.seats), found.seats.total()),
        share(of(found.voting), found.voting.total()),
        share(of(found.present), of(found.expected)),
        share(of(found.ballots), found.ballots.total()),
        share(of(found.submitted), found.submitted.total()),
        share(of(found.taken), of(found.submitted)),
    ]


def outcomes(found: Figures) -> list[tuple[str, str]]:
    """Resolutions by how civil society voted, and papers in time."""
    whole = found.resolutions
    few = _("Resolutions on which fewer than %(n)s seats of civil society voted: not said how")
    return [
        (
            _("Resolutions that had as many or more votes of civil society in favour as against"),
            share(found.with_civil, whole),
        ),
        (
            _("Resolutions carried although more of civil society voted against"),
            share(found.against_civil, whole),
        ),
        (few % {"n": FEWEST}, share(found.few_civil, whole)),
        (
            _("Resolutions on which nobody of civil society voted"),
            share(found.without_civil, whole),
        ),
        (_("Papers that were there in time"), share(found.papers_in_time, found.papers)),
    ]


def by_pillar(found: Figures) -> tuple[list[str], list[list[str]]]:
    """How many seats of each kind contribute to each P."""
    heads = [_("Kind of seat"), *(str(each.label) for each in FourP)]
    rows = [
        [str(kind.label), *(str(found.contributes[kind, code]) for code in FourP)]
        for kind in SeatKind
        if found.seats[kind]
    ]
    return heads, rows


def by_area(bodies: list[Body], day: date) -> tuple[list[str], list[list[str]]]:
    """For each body and area it works in: seats of civil society of all its seats."""
    live = Seat.objects.on(day).filter(body__in=bodies).values("body").order_by()
    civil = Count("pk", filter=Q(kind__in=OF_CIVIL_SOCIETY))
    counted: dict[int, Any] = {
        row["body"]: (row["civil"], row["all"])
        for row in live.annotate(all=Count("pk"), civil=civil)
    }
    heads = [_("Body"), *(str(each.label) for each in WorkArea)]
    rows = []
    for each in bodies:
        civil_seats, all_seats = counted.get(each.pk, (0, 0))
        cell = _("%(part)s of %(whole)s") % {"part": civil_seats, "whole": all_seats}
        rows.append([each.name, *(cell if area in each.areas else "–" for area in WorkArea)])
    return heads, rows
