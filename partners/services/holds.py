"""A place tonight: asking, holding the last one for exactly one caseworker, passing on, lapsing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.country import current
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners import notifications_places, tonight
from partners.access import Actor, system_actor
from partners.choices_places import HoldState, RequestEnd, ServiceEventKind
from partners.hold_workflow import HOLD
from partners.models import Area, PlaceCount, PlaceHold, PlaceRequest
from partners.services.memberships import require
from partners.services.offers import note

P = Permission
BATCH = 200


@transaction.atomic
def ask_for_place(
    *,
    uuid: UUID,
    who: str,
    needs: Iterable[str],
    area: Area | None,
    by: Actor,
    at: datetime,
) -> PlaceRequest:
    """Begin a search: who (no name), what it must have, where. `uuid` is the form's own, so that
    sending it twice begins one search. Raises NotAllowed.
    """
    if by.user is None or by.organisation is None or P.PLACE_HOLD not in by.permissions:
        raise NotAllowed(_("Your role in this organisation does not include this."))
    known = PlaceRequest.objects.filter(uuid=uuid).first()
    if known is not None:
        if known.organisation_id != by.organisation_id:
            raise NotAllowed(_("This belongs to another organisation."))
        return known
    request = PlaceRequest(
        uuid=uuid,
        organisation=by.organisation,
        asked_by=by.user,
        asked_at=at,
        who=who,
        needs=tuple(needs),
        area=area,
    )
    free = {f.offer.pk for f in tonight.places_for(request, by=by, at=at) if f.available}
    request.found = len(free)
    request.save()
    return request


@transaction.atomic
def hold_place(*, request: PlaceRequest, count: PlaceCount, by: Actor, at: datetime) -> PlaceHold:
    """Keep one place for two hours for whoever the caseworker brings, and tell the house.

    The same place asked for twice is held once; another one of the same search is given back
    first. Raises NotAllowed, NotPossible (nothing is free, it does not work now, search closed).
    """
    search = PlaceRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not PlaceRequest.objects.visible_to(by).filter(pk=search.pk).exists() or by.user is None:
        raise NotAllowed(_("This belongs to another organisation."))
    if search.closed_at is not None:
        raise NotPossible(_("This search is over. Begin another one."))
    # Searches and holds are locked before counts everywhere, so that nobody waits in a circle.
    standing = search.holds.filter(ended_at__isnull=True).first()
    if standing is not None:
        if standing.is_live(at) and standing.count_id == count.pk:
            return standing
        if standing.is_live(at):
            HOLD.apply(standing, "give_back", by=by, at=at)
        else:
            _lapse(standing, at)
    place = PlaceCount.objects.select_for_update(of=("self",)).get(pk=count.pk)
    seen = tonight.candidates(by=by, at=at).filter(pk=place.pk).first()
    if seen is None:
        raise NotPossible(_("This service does not take anybody in at present."))
    hold = _take_a_slot(search, place, by=by, at=at)
    note(place.offer, ServiceEventKind.HELD, by=by, at=at)
    notifications_places.place_held(hold, by=by, at=at)
    return hold


def _take_a_slot(search: PlaceRequest, place: PlaceCount, *, by: Actor, at: datetime) -> PlaceHold:
    """The row that keeps a place. The lock on the count makes two takers come one after another;
    the unique slot refuses the second even without it."""
    assert by.user is not None  # noqa: S101 - asked by the caller
    assert by.organisation is not None  # noqa: S101 - asked by the caller
    unended = list(place.holds.filter(ended_at__isnull=True).values_list("slot", "until_at"))
    if sum(until > at for _slot, until in unended) >= place.free:
        raise NotPossible(_("Somebody was faster: no place of this kind is free there now."))
    used = {slot for slot, _until in unended}
    slot = next(n for n in range(1, len(used) + 2) if n not in used)
    try:
        with transaction.atomic():
            return PlaceHold.objects.create(
                request=search,
                count=place,
                slot=slot,
                organisation=by.organisation,
                held_by=by.user,
                held_at=at,
                until_at=at + timedelta(minutes=current().places.hold_minutes),
            )
    except IntegrityError as error:
        words = _("Somebody was faster: no place of this kind is free there now.")
        raise NotPossible(words) from error


@transaction.atomic
def close_request(
    *, request: PlaceRequest, end: RequestEnd, by: Actor, at: datetime
) -> PlaceRequest:
    """Say how a search ended; a place still held by it is given back. Raises NotAllowed."""
    row = PlaceRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    require(by, P.PLACE_HOLD, None)
    if row.organisation_id != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    if row.closed_at is not None:
        return row
    standing = row.holds.filter(ended_at__isnull=True).first()
    if standing is not None and standing.is_live(at):
        HOLD.apply(standing, "give_back", by=by, at=at)
    row.closed_at, row.end = at, end
    row.save(update_fields=["closed_at", "end"])
    return row


# --- the sweep ------------------------------------------------------------------------------------


def lapse_overdue(at: datetime) -> int:
    """End the holds whose time is over. They have not counted since; this tells, and tidies."""
    overdue = list(PlaceHold.objects.overdue(at).order_by("until_at")[:BATCH])
    return sum(_lapse(hold, at) for hold in overdue)


def _lapse(hold: PlaceHold, at: datetime) -> bool:
    try:
        HOLD.apply(hold, "lapse", by=system_actor("sweep", at), at=at)
    except NotPossible:
        return False  # somebody answered, or another sweep was faster
    return True


def propose_the_next(at: datetime) -> int:
    """Tell whoever waits for an answer longer than the profile's minutes, once for each hold."""
    before = at - timedelta(minutes=current().places.next_after_minutes)
    waiting = PlaceHold.objects.live(at).filter(
        state=HoldState.HELD, held_at__lte=before, nudged_at__isnull=True
    )
    told = 0
    for hold in waiting.select_related("organisation").order_by("held_at")[:BATCH]:
        with transaction.atomic():
            # Whoever writes the column first tells; a second sweep finds it written.
            mine = PlaceHold.objects.filter(pk=hold.pk, nudged_at__isnull=True)
            if mine.update(nudged_at=at):
                notifications_places.hold_unanswered(hold, by=system_actor("sweep", at), at=at)
                told += 1
    return told
