"""Whose training as a first responder counts today: of one's own people by name, of others a share.

What the co-ordination sees is a share for each organisation; below five people only in words.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from common.marks import Permission
from partners.access import Actor
from partners.choices import Role
from partners.learning_choices import TrainingState
from partners.models import Attendance, Membership, TrainingParty

#: Who does the work of a first responder in an organisation that is one.
FIRST_LINE = (Role.CASEWORKER, Role.MANAGER)
SOON = timedelta(days=60)
FEW = 5
"""Below so many people a share would say something about one of them."""


@dataclass(frozen=True)
class Colleague:
    """Somebody of one's own organisation, and until when their training counts."""

    name: str
    last_on: date | None
    until_on: date | None

    def standing(self, today: date) -> str:
        """current, soon, lapsed or never."""
        if self.until_on is None:
            return "never"
        if self.until_on < today:
            return "lapsed"
        return "soon" if self.until_on <= today + SOON else "current"


@dataclass(frozen=True)
class Share:
    """Of one organisation: how many of its first responders are current, and its last training."""

    people: int
    current: int
    last_on: date | None

    @property
    def words(self) -> str:
        if not self.people:
            return _("Nobody has an account")
        if self.people < FEW:
            if self.current == self.people:
                return _("All")
            return _("Some") if self.current else _("Nobody")
        return _("%(n)s %%") % {"n": round(100 * self.current / self.people)}

    @property
    def colour(self) -> str:
        if not self.people:
            return "grey"
        if self.current == self.people:
            return "green"
        return "yellow" if self.current else "orange"


def colleagues(actor: Actor) -> list[Colleague]:
    """The people of the organisation acted for, those whose training lapses first first.

    Whoever may not see colleagues sees oneself. Two queries.
    """
    seen = Attendance.objects.visible_to(actor).filter(valid_until_on__isnull=False)
    latest = {
        row["user"]: row
        for row in seen.values("user").annotate(on=Max("on"), until=Max("valid_until_on"))
    }
    working = _first_line([actor.organisation_id], actor.at).select_related("user")
    people = {each.user_id: each.user for each in working}
    if Permission.TRAINING_ENTER not in actor.permissions:
        people = {pk: user for pk, user in people.items() if pk == actor.user_id}
    found = [
        Colleague(
            name=user.display_name,
            last_on=latest[pk]["on"] if pk in latest else None,
            until_on=latest[pk]["until"] if pk in latest else None,
        )
        for pk, user in people.items()
    ]
    return sorted(found, key=lambda each: (each.until_on or date.min, each.name))


def shares(organisations: Collection[Any], at: datetime, today: date) -> dict[int, Share]:
    """For each of these organisations, by key. Three queries, however many there are."""
    keys = [each.pk for each in organisations]
    people: dict[int, set[int]] = {}
    for home, user in _first_line(keys, at).values_list("organisation", "user"):
        people.setdefault(home, set()).add(user)
    valid = Attendance.objects.filter(organisation__in=keys, valid_until_on__gte=today)
    current: dict[int, set[int]] = {}
    for home, user in valid.values_list("organisation", "user"):
        current.setdefault(home, set()).add(user)
    held = TrainingParty.objects.filter(
        organisation__in=keys,
        participants__gt=0,
        training__state=TrainingState.HELD,
        training__is_for_currency=True,
    )
    last = dict(
        held.values("organisation").annotate(on=Max("training__on")).values_list(
            "organisation", "on"
        )
    )  # fmt: skip
    return {
        pk: Share(
            people=len(people.get(pk, ())),
            current=len(people.get(pk, set()) & current.get(pk, set())),
            last_on=last.get(pk),
        )
        for pk in keys
    }


def _first_line(organisations: Collection[Any], at: datetime) -> Any:
    return Membership.objects.active(at).filter(
        organisation__in=list(organisations), role__in=FIRST_LINE
    )
