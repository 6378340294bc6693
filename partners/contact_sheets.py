"""The list of whom to call, as paper and as cards: rows first, then the form they take.

Rows are those the actor may see, so an entry that is not listed is on nobody's sheet but its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.http import QueryDict

from accounts.audit import record
from accounts.choices import LogAction
from common.marks import Subject
from common.vcard import Card
from partners.access import Actor
from partners.choices import OUT_OF_BAND, ChannelKind
from partners.filters import OrganisationFilter
from partners.hours import in_words
from partners.languages import language_name
from partners.models import Organisation, PointOfContact
from partners.reach import SPOKEN, in_order

CONTACT_SHEET: Final = "contact_sheet"
MOST: Final = 300
"""Organisations on one sheet; a longer list is no paper anybody hangs beside a telephone."""
ASKED: Final = ("name", "kind", "capacity", "area", "language")


@dataclass(frozen=True)
class Answering:
    """Whoever answers for a post now; None where nobody does."""

    post: PointOfContact
    person: PointOfContact | None


@dataclass(frozen=True)
class Listed:
    """One organisation with its posts."""

    organisation: Organisation
    answering: list[Answering]


@dataclass(frozen=True)
class ContactSheet:
    """Whom to call, by organisation; `is_cut` where there are more than one sheet holds."""

    rows: list[Listed]
    is_cut: bool


def contact_sheet(actor: Actor, asked: Mapping[str, str]) -> ContactSheet:
    """Members the actor may see, narrowed as in the registry, with whoever answers.

    Three queries, whatever the number of members.
    """
    query = QueryDict(mutable=True)
    query.update({name: asked[name] for name in ASKED if asked.get(name)})
    members = Organisation.objects.visible_to(actor).members().order_by("name", "id")
    found = list(OrganisationFilter(query, queryset=members).qs[: MOST + 1])
    in_use = PointOfContact.objects.filter(ended_at__isnull=True).visible_to(actor)
    people = in_use.filter(organisation__in=found[:MOST]).order_by("rank", "id")
    by_organisation: dict[int, list[PointOfContact]] = {}
    for person in people.prefetch_related("channels"):
        by_organisation.setdefault(person.organisation_id, []).append(person)
    rows = [
        Listed(each, _answering(by_organisation.get(each.pk, []), each, actor.at))
        for each in found[:MOST]
    ]
    return ContactSheet(rows, len(found) > MOST)


def _answering(
    people: Sequence[PointOfContact], organisation: Organisation, at: datetime
) -> list[Answering]:
    deputies: dict[int, list[PointOfContact]] = {}
    for person in people:
        person.organisation = organisation
        if person.deputy_for_id is not None:
            deputies.setdefault(person.deputy_for_id, []).append(person)
    return [
        Answering(post, post.answering(at, deputies.get(post.pk, [])))
        for post in people
        if post.deputy_for_id is None
    ]


def shown(sheet: ContactSheet, actor: Actor) -> list[dict[str, Any]]:
    """The sheet's rows in words, for the page and the paper alike."""
    return [
        {
            "organisation": listed.organisation.display_name,
            "href": listed.organisation.get_absolute_url(),
            "office": listed.organisation.phone,
            "people": [_person(each, actor) for each in listed.answering],
        }
        for listed in sheet.rows
    ]


def _person(each: Answering, actor: Actor) -> dict[str, Any]:
    if each.person is None:
        return {"name": "", "post": each.post.post}
    person = each.person
    return {
        "name": person.person_name,
        "post": person.post,
        "stands_in": person != each.post,
        "hours": [*in_words(person.week), *([person.hours] if person.hours else [])],
        "languages": ", ".join(sorted(map(language_name, person.languages))),
        "channels": [
            {
                "kind": str(ChannelKind(c.kind).label),
                "value": c.value,
                "is_out_of_band": c.kind in OUT_OF_BAND,
            }
            for c in in_order(person.channels.all(), in_emergency=actor.in_emergency)
        ],
    }


def cards(people: Sequence[PointOfContact], actor: Actor) -> list[Card]:
    """A card for each person, with the numbers in the order in which to try them."""
    return [_card(person, actor) for person in people]


def _card(person: PointOfContact, actor: Actor) -> Card:
    channels = in_order(person.channels.all(), in_emergency=actor.in_emergency)
    others = [
        f"{ChannelKind(c.kind).label}: {c.value}"
        for c in channels
        if c.kind not in (*SPOKEN, ChannelKind.EMAIL)
    ]
    hours = [*in_words(person.week), *([person.hours] if person.hours else [])]
    return Card(
        uid=person.uuid,
        name=person.person_name,
        organisation=person.organisation.display_name,
        title=person.post,
        phones=[c.value for c in channels if c.kind in SPOKEN],
        emails=[c.value for c in channels if c.kind == ChannelKind.EMAIL],
        languages=person.languages,
        note="\n".join([*hours, *others]),
    )


def log_export(actor: Actor, at: datetime, *, form: str, subject: Subject | None = None) -> None:
    """People's numbers leave the system: one row, before they do."""
    with transaction.atomic():
        record(
            action=LogAction.EXPORT,
            by=actor,
            at=at,
            subject=subject,
            field_group=CONTACT_SHEET,
            reason_code=form,
        )
