"""Service offers and locations: entering, changing, confirming, ending, inspecting."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.choices import LogAction
from accounts.models import User
from common.country import local_day
from common.marks import Permission, Subject
from common.workflow import NotAllowed, NotPossible, Stale
from partners import clocks_places, grants
from partners.access import Actor
from partners.choices import GrantReason, OrganisationState, Role
from partners.choices_places import (
    KNOW_THE_HOUSES,
    POOLS,
    ServiceEventKind,
)
from partners.models import (
    Area,
    Inspection,
    Location,
    Organisation,
    RoleGroup,
    ServiceEvent,
    ServiceOffer,
    ServiceStandard,
)
from partners.services.memberships import require

P = Permission
#: What a service's form may write; areas are given apart.
CHANGEABLE = frozenset(
    {
        "kind", "name", "description", "eligibility", "minimum_age", "maximum_age", "languages",
        "accessibility", "hours", "duty_number", "location", "route", "route_words", "pool_size",
        "operating", "operating_until_on", "operating_reason", "standing", "public_money",
        "licence", "licence_until_on", "is_shown", "is_urgent", "is_published",
    }
)  # fmt: skip


# --- offers ---------------------------------------------------------------------------------------


@transaction.atomic
def enter_offer(
    *,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    areas: Iterable[Area] = (),
    **details: Any,
) -> ServiceOffer:
    """Enter what an organisation offers. Raises NotAllowed, NotPossible."""
    _require_own(organisation, by)
    offer = ServiceOffer(organisation=organisation, created_at=at, changed_at=at, **_known(details))
    _refuse(offer)
    offer.save()
    _serve(offer, areas)
    note(offer, ServiceEventKind.ENTERED, by=by, at=at)
    clocks_places.offer_to_confirm(offer, by=by, at=at)
    return offer


@transaction.atomic
def change_offer(
    *,
    offer: ServiceOffer,
    by: Actor,
    at: datetime,
    version: int,
    areas: Iterable[Area] | None = None,
    **details: Any,
) -> ServiceOffer:
    """Change an offer, which then is not confirmed.

    Raises NotAllowed, NotPossible, Stale.
    """
    _require_own(offer.organisation, by)
    row = ServiceOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if row.ended_at is not None:
        raise NotPossible(_("This service is out of the list."))
    if row.version != version:
        raise Stale(row)
    for name, value in _known(details).items():
        setattr(row, name, value)
    _refuse(row)
    row.version += 1
    row.changed_at = at
    row.assured_on = row.assured_by = None
    row.save()
    _serve(row, row.areas.all() if areas is None else areas)
    note(row, ServiceEventKind.CHANGED, by=by, at=at)
    return row


@transaction.atomic
def assure_offer(*, offer: ServiceOffer, by: Actor, at: datetime) -> ServiceOffer:
    """Say that all of it is still correct today. Raises NotAllowed."""
    _require_own(offer.organisation, by)
    row = ServiceOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    row.assured_on, row.assured_by = local_day(at), by.user
    row.save(update_fields=["assured_on", "assured_by"])
    note(row, ServiceEventKind.ASSURED, by=by, at=at)
    clocks_places.offer_to_confirm(row, by=by, at=at)
    return row


@transaction.atomic
def end_offer(*, offer: ServiceOffer, by: Actor, at: datetime) -> ServiceOffer:
    """Take an offer out of every list; its past stays. Raises NotAllowed, NotPossible."""
    _require_own(offer.organisation, by)
    row = ServiceOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if row.ended_at is not None:
        return row
    if any(count.holds.live(at).exists() for count in row.places.all()):
        raise NotPossible(_("Somebody holds a place there: answer that first."))
    row.ended_at = at
    row.is_published = False
    row.version += 1
    row.save(update_fields=["ended_at", "is_published", "version"])
    note(row, ServiceEventKind.ENDED, by=by, at=at)
    clocks_places.offer_ended(row, by=by, at=at)
    return row


def note(
    offer: ServiceOffer, kind: ServiceEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> ServiceEvent:
    """The one event of a write; `comment` never says where a place is, nor anything of a person."""
    return ServiceEvent.objects.create(
        organisation_id=offer.organisation_id,
        offer=offer,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


def _require_own(organisation: Organisation, by: Actor) -> None:
    require(by, P.SERVICE_EDIT, organisation)
    if not by.system and organisation.pk != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    if organisation.state != OrganisationState.MEMBER:
        raise NotAllowed(_("Only a member enters services."))


def _known(details: dict[str, Any]) -> dict[str, Any]:
    unknown = set(details) - CHANGEABLE
    if unknown:
        raise TypeError(f"A service has no {sorted(unknown)}")
    return details


def _serve(offer: ServiceOffer, areas: Iterable[Area]) -> None:
    """Of a confidential place nothing finer than a region is kept: a search would find it."""
    offer.areas.set({area.region() for area in areas} if offer.is_confidential else areas)


def _refuse(offer: ServiceOffer) -> None:
    """What the columns of one row cannot say."""
    if offer.location is not None and offer.location.organisation_id != offer.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    if offer.is_published and offer.is_confidential:
        raise NotPossible(_("A service in a confidential place is never shown to everybody."))
    if offer.pool_size is not None and offer.kind.role not in POOLS:
        raise NotPossible(_("Only a pool of interpreters or lawyers counts its people."))


# --- locations ------------------------------------------------------------------------------------


@transaction.atomic
def enter_location(
    *,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    is_confidential: bool,
    area: Area | None,
    name: str,
    street: str,
    city: str,
    postal_code: str,
) -> Location:
    """Enter a house or office; of a confidential one name and address are sealed.

    Its organisation's managers and caseworkers may see it. Raises NotAllowed.
    """
    _require_own(organisation, by)
    location = Location(organisation=organisation, created_at=at)
    _put(location, is_confidential, area, name, street, city, postal_code)
    location.save()
    for mirrored in RoleGroup.objects.filter(
        organisation=organisation, role__in=KNOW_THE_HOUSES
    ).select_related("group"):
        grants.grant(
            subject=location,
            permissions=["see", "edit"] if mirrored.role == Role.MANAGER else ["see"],
            to=mirrored.group,
            reason=GrantReason.OWN_ORGANISATION,
            by=by.user,
            at=at,
        )
    _note_location(location, ServiceEventKind.LOCATION_ENTERED, by=by, at=at)
    return location


@transaction.atomic
def change_location(
    *,
    location: Location,
    by: Actor,
    at: datetime,
    version: int,
    is_confidential: bool,
    area: Area | None,
    name: str,
    street: str,
    city: str,
    postal_code: str,
) -> Location:
    """Change a location; what becomes confidential leaves the open directory at once.

    Raises NotAllowed, Stale.
    """
    require(by, P.SERVICE_EDIT, location)
    row = Location.objects.select_for_update(of=("self",)).get(pk=location.pk)
    if row.version != version:
        raise Stale(row)
    _put(row, is_confidential, area, name, street, city, postal_code)
    row.version += 1
    row.save()
    if is_confidential:
        for offer in row.services.all():
            _serve(offer, offer.areas.all())
            offer.is_published = False
            offer.version += 1
            offer.changed_at = at
            offer.save(update_fields=["is_published", "version", "changed_at"])
    _note_location(row, ServiceEventKind.LOCATION_CHANGED, by=by, at=at)
    return row


@transaction.atomic
def open_address(*, location: Location, by: Actor, at: datetime) -> list[str]:
    """The lines of the address; of a confidential one logged first, shown second.

    Raises NotAllowed for whoever holds no grant.
    """
    if not Location.objects.visible_to(by).filter(pk=location.pk).exists():
        raise NotAllowed(_("Where it is, is not open to you."))
    if location.is_confidential:
        audit.record(
            action=LogAction.ADDRESS_OPENED,
            by=by,
            at=at,
            subject=Subject("location", location.uuid),
            membership_uuid=by.membership_uuid,
            organisation_uuid=by.organisation_uuid,
        )
    return location.address()


@transaction.atomic
def show_to(*, location: Location, user: User, by: Actor, at: datetime, until: datetime) -> None:
    """Let one person outside see where it is, until a moment. Raises NotAllowed."""
    require(by, P.PLACE_UPDATE, location)
    if location.organisation_id != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    grants.grant(
        subject=location,
        permissions=["see"],
        to=user,
        reason=GrantReason.INDIVIDUAL,
        by=by.user,
        at=at,
        until=until,
    )


def _put(
    row: Location,
    is_confidential: bool,
    area: Area | None,
    name: str,
    street: str,
    city: str,
    postal_code: str,
) -> None:
    row.is_confidential, row.area = is_confidential, area
    if is_confidential:
        row.area = area.region() if area else None
        row.label = row.street = row.city = row.postal_code = ""
        lines = [street, f"{postal_code} {city}".strip()]
        row.secret_label = name
        row.whereabouts = "\n".join(line for line in lines if line)
    else:
        row.label, row.street, row.city, row.postal_code = name, street, city, postal_code
        row.secret_label = row.whereabouts = None


def _note_location(location: Location, kind: ServiceEventKind, *, by: Actor, at: datetime) -> None:
    ServiceEvent.objects.create(
        organisation_id=location.organisation_id,
        location=location,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
    )


# --- inspections ----------------------------------------------------------------------------------


@transaction.atomic
def record_inspection(
    *,
    offer: ServiceOffer,
    standard: ServiceStandard,
    inspected_on: date,
    outcome: str,
    conditions: str,
    next_on: date | None,
    by: Actor,
    at: datetime,
) -> Inspection:
    """Record what an inspection found; the same one twice is recorded once.

    Nobody inspects the organisation they work for. Raises NotAllowed, NotPossible.
    """
    require(by, P.SERVICE_INSPECT, offer)
    if by.user is None or by.organisation is None:
        raise NotAllowed(_("A person inspects, never the system."))
    if offer.organisation_id == by.organisation_id:
        raise NotAllowed(_("Nobody inspects their own organisation."))
    if inspected_on > local_day(at):
        raise NotPossible(_("That day is still to come."))
    inspection, is_new = Inspection.objects.get_or_create(
        offer=offer,
        standard=standard,
        inspected_on=inspected_on,
        defaults={
            "outcome": outcome,
            "conditions": conditions,
            "next_on": next_on,
            "by_organisation": by.organisation,
            "recorded_at": at,
            "recorded_by": by.user,
        },
    )
    if is_new:
        note(offer, ServiceEventKind.INSPECTED, by=by, at=at, comment=str(standard.name))
        clocks_places.inspected(inspection, by=by, at=at)
    return inspection
