"""Where nobody answers: each organisation's areas, and each area's duties, from a few queries.

What counts as covered: a post with somebody who answers now, for an area that holds this one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, Subquery

from deadlines.models import Deadline
from partners import clocks
from partners.choices import ContactDuty, ContactStatus
from partners.models import Area, Organisation, PointOfContact
from partners.models.organisation import OrganisationQuerySet


@dataclass
class Holes:
    """What is missing at one organisation: names of areas, and how many entries are overdue."""

    nobody: list[str] = field(default_factory=list)
    thin: list[str] = field(default_factory=list)
    overdue: int = 0
    posts: int = 0


@dataclass(frozen=True)
class DutyHoles:
    """For one area: duties nobody said they answer for, and those with one post only."""

    area: str
    nobody: list[str]
    thin: list[str]


@dataclass(frozen=True)
class Part:
    """A part of the country that coverage is asked for."""

    name: str
    path: str


def parts_of(areas: Iterable[tuple[str, str, str]]) -> list[Part]:
    """What lies right below the country, of (code, name, path); else the country itself."""
    known = [Part(name, path) for _code, name, path in areas]
    return [part for part in known if part.path.count("/") == 2] or known[:1]


def with_hole(
    organisations: OrganisationQuerySet, which: str, at: datetime
) -> OrganisationQuerySet:
    """Those organisations at which nobody answers, or a post has one person only, or an entry was
    to be confirmed by now."""
    people = PointOfContact.objects.filter(
        organisation=OuterRef("pk"), ended_at__isnull=True, status=ContactStatus.ACTIVE
    )
    if which == "nobody":
        return organisations.filter(~Exists(people))
    if which == "thin":
        deputies = PointOfContact.objects.filter(
            deputy_for=OuterRef("pk"), ended_at__isnull=True, status=ContactStatus.ACTIVE
        )
        return organisations.filter(
            Exists(people.filter(deputy_for__isnull=True).exclude(Exists(deputies)))
        )
    late = Deadline.objects.open().filter(
        kind=clocks.CONTACT, subject_uuid=OuterRef("uuid"), due_at__lte=at
    )
    return organisations.filter(Exists(people.filter(Exists(late))))


def holes_of(
    organisations: Sequence[Organisation], parts: Sequence[Part], at: datetime
) -> dict[int, Holes]:
    """By the organisation's key; `organisations` come with their area. One query."""
    due_at = Deadline.objects.open().filter(kind=clocks.CONTACT, subject_uuid=OuterRef("uuid"))
    rows = list(
        PointOfContact.objects.filter(organisation__in=organisations, ended_at__isnull=True)
        .annotate(due_at=Subquery(due_at.order_by("due_at").values("due_at")[:1]))
        .select_related("area")
        .order_by("rank", "id")
    )
    found = {each.pk: Holes() for each in organisations}
    able: dict[int, int] = {}
    for row in rows:
        if row.status == ContactStatus.ACTIVE:
            post = row.deputy_for_id or row.pk
            able[post] = able.get(post, 0) + 1
            found[row.organisation_id].overdue += row.due_at is not None and row.due_at <= at
    posts: dict[int, list[PointOfContact]] = {}
    for row in rows:
        if row.deputy_for_id is None:
            posts.setdefault(row.organisation_id, []).append(row)
    for each in organisations:
        holes, own = found[each.pk], posts.get(each.pk, [])
        holes.posts = len(own)
        for part in _asked_of(each, parts):
            best = max(
                (able.get(post.pk, 0) for post in own if _covers(post.area, part)), default=0
            )
            if best == 0:
                holes.nobody.append(part.name)
            elif best == 1:
                holes.thin.append(part.name)
    return found


def duty_holes(organisations: OrganisationQuerySet, parts: Sequence[Part]) -> list[DutyHoles]:
    """For each part of the country what nobody, or one post only, says it answers for. One query.

    As many rows as there are different areas and sets of duties, whatever the number of posts.
    """
    deputies = PointOfContact.objects.filter(
        deputy_for=OuterRef("pk"), ended_at__isnull=True, status=ContactStatus.ACTIVE
    )
    answering = (
        PointOfContact.objects.filter(
            organisation__in=organisations.values("pk"),
            ended_at__isnull=True,
            deputy_for__isnull=True,
        )
        .annotate(has_deputy=Exists(deputies))
        .filter(Q(status=ContactStatus.ACTIVE) | Q(has_deputy=True))
    )
    rows = set()
    for own, home, duties, has_deputy in answering.values_list(
        F("area__path"), F("organisation__area__path"), "duties", "has_deputy"
    ).distinct():
        rows.add((own or home or "", tuple(duties), has_deputy))
    return [_of_part(part, rows) for part in parts]


def _of_part(part: Part, rows: Iterable[tuple[str, tuple[str, ...], bool]]) -> DutyHoles:
    nobody, thin = [], []
    for duty in ContactDuty:
        backed = [
            has_deputy
            for path, duties, has_deputy in rows
            if duty in duties and part.path.startswith(path)
        ]
        if not backed:
            nobody.append(str(duty.label))
        elif not any(backed):
            thin.append(str(duty.label))
    return DutyHoles(part.name, nobody, thin)


def _asked_of(organisation: Organisation, parts: Sequence[Part]) -> list[Part]:
    """The parts an organisation answers for: within its area; else its own, smaller than a part."""
    home = organisation.area
    if home is None:
        return list(parts)
    return [part for part in parts if part.path.startswith(home.path)] or [
        Part(home.name, home.path)
    ]


def _covers(area: Area | None, part: Part) -> bool:
    return area is None or part.path.startswith(area.path)
