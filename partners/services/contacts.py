"""Points of contact and their deputies: entering, changing, verifying, ending."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, Stale
from partners import clocks, grants
from partners.access import Actor
from partners.choices import ContactStatus, EventKind, GrantReason, Role
from partners.models import (
    Channel,
    Organisation,
    OrganisationEvent,
    PointOfContact,
    RoleGroup,
)
from partners.services.memberships import require

CHANGEABLE = ("person_name", "post", "area", "languages", "hours", "status")


@transaction.atomic
def enter_contact(
    *,
    organisation: Organisation,
    channels: Sequence[tuple[str, str]],
    by: Actor,
    at: datetime,
    deputy_for: PointOfContact | None = None,
    **details: Any,
) -> PointOfContact:
    """Name a point of contact, or a deputy for one, with the ways to reach them in order.

    `channels` are (kind, number or address). Raises NotAllowed.
    """
    _require_own(organisation, by)
    contact = PointOfContact.objects.create(
        organisation=organisation,
        deputy_for=deputy_for,
        rank=_next_rank(deputy_for),
        created_at=at,
        **_known(details),
    )
    _write_channels(contact, channels)
    for mirrored in RoleGroup.objects.filter(organisation=organisation).select_related("group"):
        grants.grant(
            subject=contact,
            permissions=["see", "edit"] if mirrored.role == Role.MANAGER else ["see"],
            to=mirrored.group,
            reason=GrantReason.OWN_ORGANISATION,
            by=by.user,
            at=at,
        )
    _event(organisation, by=by, at=at, comment=_("Entered"))
    clocks.contact_to_confirm(contact, by=by, at=at)
    return contact


@transaction.atomic
def change_contact(
    *,
    contact: PointOfContact,
    channels: Sequence[tuple[str, str]],
    by: Actor,
    at: datetime,
    version: int,
    **details: Any,
) -> PointOfContact:
    """Change an entry, which then is no longer verified. Raises NotAllowed, Stale."""
    _require_own(contact.organisation, by)
    row = PointOfContact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(details).items():
        setattr(row, name, value)
    row.version += 1
    row.verified_on = row.verified_by = None
    row.save()
    _write_channels(row, channels)
    _event(row.organisation, by=by, at=at, comment=_("Changed"))
    return row


@transaction.atomic
def set_status(
    *, contact: PointOfContact, status: ContactStatus, by: Actor, at: datetime
) -> PointOfContact:
    """Say that the post is filled, or its holder was reassigned, or it is vacant.

    From reassigned or vacant on, the first active deputy answers. Raises NotAllowed.
    """
    _require_own(contact.organisation, by)
    row = PointOfContact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    row.status = status
    row.version += 1
    row.save(update_fields=["status", "version"])
    _event(row.organisation, by=by, at=at, comment=str(ContactStatus(status).label))
    return row


@transaction.atomic
def verify_contact(*, contact: PointOfContact, by: Actor, at: datetime, on: date) -> PointOfContact:
    """Say that the entry was checked, `on` a day in the country. Raises NotAllowed."""
    _require_own(contact.organisation, by)
    row = PointOfContact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    row.verified_on, row.verified_by = on, by.user
    row.save(update_fields=["verified_on", "verified_by"])
    _event(row.organisation, by=by, at=at, comment=_("Verified"))
    clocks.contact_to_confirm(row, by=by, at=at)
    return row


@transaction.atomic
def end_contact(*, contact: PointOfContact, by: Actor, at: datetime) -> PointOfContact:
    """Take a point of contact out of use; the entry stays in the past. Raises NotAllowed.

    With a post go its deputies: there is nobody left to stand in for.
    """
    _require_own(contact.organisation, by)
    row = PointOfContact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if row.ended_at is None:
        for ending in (row, *row.deputies.filter(ended_at__isnull=True)):
            ending.ended_at = at
            ending.save(update_fields=["ended_at"])
            clocks.contact_ended(ending, by=by, at=at)
        _event(row.organisation, by=by, at=at, comment=_("Ended"))
    return row


def _require_own(organisation: Organisation, by: Actor) -> None:
    require(by, Permission.CONTACT_EDIT, organisation)
    if not by.system and organisation.pk != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))


def _known(details: dict[str, Any]) -> dict[str, Any]:
    unknown = set(details) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"A point of contact has no {sorted(unknown)}")
    return details


def _next_rank(deputy_for: PointOfContact | None) -> int:
    if deputy_for is None:
        return 0
    standing = deputy_for.deputies.filter(ended_at__isnull=True).order_by("-rank").first()
    return standing.rank + 1 if standing else 1


def _write_channels(contact: PointOfContact, channels: Sequence[tuple[str, str]]) -> None:
    contact.channels.all().delete()
    Channel.objects.bulk_create(
        Channel(contact=contact, kind=kind, value=value, rank=rank)
        for rank, (kind, value) in enumerate(channels, start=1)
    )


def _event(organisation: Organisation, *, by: Actor, at: datetime, comment: str) -> None:
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.CONTACT_CHANGED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )
