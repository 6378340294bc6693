"""Keeping the headings of the registry true: called wherever what they say is changed."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from common.country import local_day
from partners.choices import ContactStatus
from partners.models import HeldCapacity, Listing, Organisation, PointOfContact
from partners.models.listing import ALL, NO_DEPUTY, heading, in_area
from partners.upkeep import MINUTES_A_DAY, share

BATCH = 1000


def relist(organisation_ids: Collection[int]) -> int:
    """Put organisations under the headings that hold for them now; how many rows were wrong.

    In the transaction of what was changed. Entries that nobody sent yet stand under none.
    """
    ids = sorted(set(organisation_ids))
    return sum(_relist(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))


def relisted(organisation: Organisation, event: object, *, by: object, at: datetime) -> None:
    """The registry finds it under the right headings"""
    relist([organisation.pk])


def prove_a_part(at: datetime) -> int:
    """Put right, a share each minute, what somebody changed past the services; all of it in a day.

    An area that was moved in the tree is such a case.
    """
    last = Organisation.objects.aggregate(last=Max("pk"))["last"] or 0
    minute = at.hour * 60 + at.minute
    keys = share(last, minute % MINUTES_A_DAY)
    return relist(list(Organisation.objects.filter(pk__in=keys).values_list("pk", flat=True)))


def _relist(ids: list[int]) -> int:
    with transaction.atomic():
        # Locked in one order: two changes of one organisation would otherwise each miss the other.
        found = Organisation.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
        rows = list(found.select_related("area").order_by("pk"))
        wanted = {
            (row.pk, name): (row.name, fresh_on(row))
            for row, headings in _headings(rows)
            for name in headings
        }
        standing = {
            (each.organisation_id, each.heading): each
            for each in Listing.objects.filter(organisation__in=ids)
        }
        gone = [each.pk for key, each in standing.items() if key not in wanted]
        new = [
            Listing(organisation_id=pk, heading=under, name=name, fresh_on=fresh)
            for (pk, under), (name, fresh) in wanted.items()
            if (pk, under) not in standing
        ]
        changed = []
        for key, (name, fresh) in wanted.items():
            each = standing.get(key)
            if each is not None and (each.name, each.fresh_on) != (name, fresh):
                each.name, each.fresh_on = name, fresh
                changed.append(each)
        if gone:
            Listing.objects.filter(pk__in=gone).delete()
        Listing.objects.bulk_create(new, batch_size=BATCH)
        Listing.objects.bulk_update(changed, ["name", "fresh_on"], batch_size=200)
    return len(gone) + len(new) + len(changed)


def fresh_on(organisation: Organisation) -> date:
    """The day from which an entry's age counts: when it was last said to be correct."""
    if organisation.verified_on is not None:
        return organisation.verified_on
    said = organisation.member_at or organisation.applied_at or organisation.created_at
    return local_day(said)


def _headings(rows: list[Organisation]) -> Iterator[tuple[Organisation, set[str]]]:
    sent = [row for row in rows if row.applied_at is not None]
    held: dict[int, set[str]] = {}
    of = [row.pk for row in sent]
    capacities = HeldCapacity.objects.held().filter(organisation__in=of)
    for pk, capacity in capacities.values_list("organisation", "capacity"):
        held.setdefault(pk, set()).add(capacity)
    covered = _covered(of)
    for row in sent:
        does = held.get(row.pk, set())
        areas = set(row.area.path.strip("/").split("/")) if row.area else set()
        headings = {ALL, heading("kind", row.kind)}
        headings |= {heading("capacity", code) for code in does}
        headings |= {heading("area", code) for code in areas}
        headings |= {in_area(area, capacity) for area in areas for capacity in does}
        headings |= {heading("language", code) for code in row.languages}
        if row.cso_class:
            headings.add(heading("class", row.cso_class))
        if row.pk not in covered:
            headings.add(NO_DEPUTY)
        yield row, headings


def _covered(organisation_ids: Iterable[int]) -> set[int]:
    """Those with a point of contact, for each of which an active deputy stands in."""
    deputies = PointOfContact.objects.filter(
        deputy_for=OuterRef("pk"), ended_at__isnull=True, status=ContactStatus.ACTIVE
    )
    posts = (
        PointOfContact.objects.primary()
        .filter(organisation__in=list(organisation_ids), ended_at__isnull=True)
        .values_list("organisation", Exists(deputies))
    )
    having: set[int] = set()
    lacking: set[int] = set()
    for pk, has_deputy in posts:
        (having if has_deputy else lacking).add(pk)
    return having - lacking
