"""What becomes of a held place, as a table; the only code that changes its state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from partners import access, grants, notifications_places
from partners.choices import GrantReason
from partners.choices_places import HoldState, RequestEnd, ServiceEventKind
from partners.models import PlaceCount, PlaceHold, ServiceEvent

S = HoldState
P = Permission
EVENTS = {
    "accept": ServiceEventKind.ACCEPTED,
    "refuse": ServiceEventKind.REFUSED,
    "give_back": ServiceEventKind.GIVEN_BACK,
    "arrive": ServiceEventKind.TAKEN,
    "lapse": ServiceEventKind.LAPSED,
}


def _still_runs(
    hold: PlaceHold, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its time is not over"""
    return None if hold.until_at > at else Refusal(_("The time of this held place is over."))


def _is_over(
    hold: PlaceHold, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its time is over"""
    return Refusal(_("It still runs.")) if hold.until_at > at else None


def _ends(hold: PlaceHold, at: datetime) -> Mapping[str, Any]:
    return {"ended_at": at}


def _keeps(hold: PlaceHold, at: datetime) -> Mapping[str, Any]:
    return {"until_at": at + timedelta(hours=current().places.keep_hours)}


def _one_place_less(hold: PlaceHold, event: ServiceEvent, *, by: Any, at: datetime) -> None:
    """One place less is free, and the search is over"""
    count = PlaceCount.objects.select_for_update(of=("self",)).get(pk=hold.count_id)
    if count.free:
        count.free -= 1
        count.save(update_fields=["free"])
    request = hold.request
    if request.closed_at is None:
        request.closed_at, request.end = at, RequestEnd.FOUND
        request.save(update_fields=["closed_at", "end"])


def _close_address(hold: PlaceHold, event: ServiceEvent, *, by: Any, at: datetime) -> None:
    """Where the house is, if it was shown, is open to the caseworker no longer"""
    house = hold.count.offer.location
    kept = PlaceHold.objects.live(at).filter(state=S.ACCEPTED, held_by=hold.held_by_id)
    if house is None or kept.filter(count__offer__location=house).exclude(pk=hold.pk).exists():
        return
    grants.revoke(subject=house, to=hold.held_by, by=by.user, at=at, reason=GrantReason.INDIVIDUAL)


def _event(
    obj: PlaceHold,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ServiceEvent:
    return ServiceEvent.objects.create(
        organisation_id=obj.count.offer.organisation_id,
        offer_id=obj.count.offer_id,
        kind=EVENTS[transition.name],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=obj.get_reason_display() if new == S.REFUSED else "",
    )


HOLD = Workflow(
    "partners.PlaceHold",
    (
        Transition(
            "accept",
            from_=S.HELD,
            to=S.ACCEPTED,
            permission=P.PLACE_UPDATE,
            guard=_still_runs,
            sets=_keeps,
            then=(notifications_places.hold_answered,),
            label=_("Accept: the place is kept"),
        ),
        Transition(
            "refuse",
            from_=(S.HELD, S.ACCEPTED),
            to=S.REFUSED,
            permission=P.PLACE_UPDATE,
            asks=("reason",),
            guard=_still_runs,
            stamps="ended",
            then=(_close_address, notifications_places.hold_answered),
            label=_("Refuse"),
        ),
        Transition(
            "give_back",
            from_=(S.HELD, S.ACCEPTED),
            to=S.GIVEN_BACK,
            permission=P.PLACE_HOLD,
            stamps="ended",
            then=(_close_address, notifications_places.hold_given_back),
            label=_("Give the place back"),
        ),
        Transition(
            "arrive",
            from_=S.ACCEPTED,
            to=S.TAKEN,
            permission=P.PLACE_UPDATE,
            guard=_still_runs,
            stamps="ended",
            then=(_one_place_less, _close_address),
            label=_("The person has arrived"),
        ),
        Transition(
            "lapse",
            from_=(S.HELD, S.ACCEPTED),
            to=S.LAPSED,
            permission=P.PLACE_HOLD,
            guard=_is_over,
            sets=_ends,
            then=(notifications_places.hold_lapsed,),
            label=_("The time runs out"),
        ),
    ),
    event=_event,
    may=access.may,
)
