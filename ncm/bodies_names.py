"""What a seat is called, to whoever reads: on pages, in minutes, files and exports alike.

An unlisted organisation is named only to who may know of it, a person's own seat only to those at
the same table. The account behind a seat is named to nobody.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from common.country import local_day
from ncm.models import Body, Seat
from ncm.models.meetings import sees_every_meeting
from partners.access import Actor
from partners.models import Organisation


def unnamed() -> str:
    return _("An organisation that is not named, for its safety")


def own_seat() -> str:
    return _("A person who sits for themselves, under a name of their choice")


class Names:
    """The names of these seats for one reader: one query, and one more for persons' own seats."""

    def __init__(self, actor: Actor, seats: Iterable[Seat]) -> None:
        self._seats = {each.pk: each for each in seats}
        homes = {each.organisation_id for each in self._seats.values() if each.organisation_id}
        self._homes = _known(actor, homes)
        own = {each.body_id for each in self._seats.values() if each.organisation_id is None}
        self._tables = _tables(actor, own)

    def __getitem__(self, seat: Seat) -> str:
        if seat.organisation_id is not None:
            return self._homes.get(seat.organisation_id) or unnamed()
        return seat.chosen_name if seat.body_id in self._tables else own_seat()

    def of(self, key: int | None) -> str:
        """By the seat's key; the co-ordination for none."""
        return self[self._seats[key]] if key in self._seats else _("The co-ordination")


def _known(actor: Actor, homes: set[int]) -> dict[int, str]:
    if not homes:
        return {}
    seen = Organisation.objects.visible_to(actor).filter(pk__in=homes)
    return {each.pk: each.display_name for each in seen}


def _tables(actor: Actor, bodies: set[int]) -> set[int]:
    """Of these bodies, those at whose table the actor sits, or whose meetings are all open."""
    if not bodies or actor.system or sees_every_meeting(actor):
        return bodies
    mine = Seat.objects.of(actor).on(local_day(actor.at)).filter(body__in=bodies)
    return set(mine.values_list("body", flat=True))


def keeper_name(actor: Actor, body: Body) -> str:
    """Who keeps a body, for this reader."""
    if body.kept_by_id is None:
        return _("The co-ordination")
    return _known(actor, {body.kept_by_id}).get(body.kept_by_id) or unnamed()
