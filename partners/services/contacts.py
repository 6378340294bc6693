"""Points of contact and their deputies: entering, changing, verifying, ending.

Whatever changes who answers for a post tells those it concerns (`handing_over`); what a person says
through the link of a mail is in `contact_links`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import clocks, grants, notifications
from partners.access import Actor
from partners.choices import (
    ChannelKind,
    ContactStatus,
    EventKind,
    GrantReason,
    OrganisationState,
    Role,
    VerifiedHow,
)
from partners.models import (
    Channel,
    Organisation,
    OrganisationEvent,
    PointOfContact,
    RoleGroup,
)
from partners.services.listings import relist
from partners.services.memberships import require

CHANGEABLE = (
    "person_name",
    "post",
    "area",
    "languages",
    "duties",
    "hours",
    "week",
    "key_fingerprint",
    "status",
)
ChannelGiven = tuple[str, str] | tuple[str, str, bool]
"""Kind, number or address, and whether it comes first in an emergency."""


@transaction.atomic
def enter_contact(
    *,
    organisation: Organisation,
    channels: Sequence[ChannelGiven],
    by: Actor,
    at: datetime,
    deputy_for: PointOfContact | None = None,
    **details: Any,
) -> PointOfContact:
    """Name a point of contact, or a deputy for one, with the ways to reach them in order.

    Raises NotAllowed.
    """
    _require_own(organisation, by)
    with handing_over(contact=deputy_for, by=by, at=at):
        contact = PointOfContact.objects.create(
            organisation=organisation,
            deputy_for=deputy_for,
            rank=_next_rank(deputy_for),
            created_at=at,
            **_known(details),
        )
        write_channels(contact, channels)
    for mirrored in RoleGroup.objects.filter(organisation=organisation).select_related("group"):
        grants.grant(
            subject=contact,
            permissions=["see", "edit"] if mirrored.role == Role.MANAGER else ["see"],
            to=mirrored.group,
            reason=GrantReason.OWN_ORGANISATION,
            by=by.user,
            at=at,
        )
    record(organisation=organisation, by=by, at=at, comment=_("Entered"))
    clocks.contact_to_confirm(contact, by=by, at=at)
    return contact


@transaction.atomic
def change_contact(
    *,
    contact: PointOfContact,
    channels: Sequence[ChannelGiven],
    by: Actor,
    at: datetime,
    version: int,
    **details: Any,
) -> PointOfContact:
    """Change an entry, which then is no longer verified. Raises NotAllowed, Stale."""
    _require_own(contact.organisation, by)
    row = locked(contact)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(details).items():
        setattr(row, name, value)
    row.version += 1
    row.verified_on = row.verified_by = None
    row.verified_how = row.verified_channel = ""
    row.save()
    write_channels(row, channels)
    record(organisation=row.organisation, by=by, at=at, comment=_("Changed"))
    return row


@transaction.atomic
def set_status(
    *, contact: PointOfContact, status: ContactStatus, by: Actor, at: datetime
) -> PointOfContact:
    """Say that the post is filled, or its holder was reassigned, or it is vacant.

    From reassigned or vacant on the first active deputy answers; filled again, the post itself
    does. Whoever answers from now on is told. Raises NotAllowed.
    """
    _require_own(contact.organisation, by)
    row = locked(contact)
    if row.status == status:
        return row
    with handing_over(contact=row, by=by, at=at):
        row.status = status
        row.version += 1
        row.save(update_fields=["status", "version"])
        if status != ContactStatus.ACTIVE:
            row.links.unended().update(ended_at=at)
    record(organisation=row.organisation, by=by, at=at, comment=str(ContactStatus(status).label))
    return row


@transaction.atomic
def verify_contact(*, contact: PointOfContact, by: Actor, at: datetime, on: date) -> PointOfContact:
    """Its organisation says that the entry was checked, `on` a day in the country.

    Raises NotAllowed.
    """
    _require_own(contact.organisation, by)
    return verified(row=locked(contact), how=VerifiedHow.ORGANISATION, by=by, at=at, on=on)


@transaction.atomic
def verify_by_phone(
    *, contact: PointOfContact, channel: ChannelKind, by: Actor, at: datetime, on: date
) -> PointOfContact:
    """The co-ordination called on one of the entry's channels and was told that all is correct.

    Raises NotAllowed; NotPossible where the entry has no such channel, or nobody in the post.
    """
    require(by, Permission.CONTACT_STEER, contact)
    row = locked(contact)
    if row.status != ContactStatus.ACTIVE or row.ended_at is not None:
        raise NotPossible(_("Nobody is in this post: call the deputy."))
    if not row.channels.filter(kind=channel).exists():
        raise NotPossible(_("The entry has no such channel."))
    return verified(row=row, how=VerifiedHow.PHONE, channel=channel, by=by, at=at, on=on)


def verified(
    *,
    row: PointOfContact,
    how: VerifiedHow,
    by: Actor,
    at: datetime,
    on: date,
    channel: str = "",
) -> PointOfContact:
    """Write down that a locked entry is correct; the next check is counted from `on`."""
    row.verified_on, row.verified_by = on, by.user
    row.verified_how, row.verified_channel = how, channel
    row.save(update_fields=["verified_on", "verified_by", "verified_how", "verified_channel"])
    row.links.unended().update(ended_at=at)
    comment = str(how.label)
    if channel:
        comment = f"{comment}: {ChannelKind(channel).label}"
    record(
        organisation=row.organisation,
        by=by,
        at=at,
        comment=comment,
        kind=EventKind.CONTACT_VERIFIED,
    )
    clocks.contact_to_confirm(row, by=by, at=at)
    return row


@transaction.atomic
def end_contact(*, contact: PointOfContact, by: Actor, at: datetime) -> PointOfContact:
    """Take a point of contact out of use; the entry stays in the past. Raises NotAllowed.

    With a post go its deputies: there is nobody left to stand in for.
    """
    _require_own(contact.organisation, by)
    row = locked(contact)
    if row.ended_at is None:
        with handing_over(contact=row, by=by, at=at):
            for ending in (row, *row.deputies.filter(ended_at__isnull=True)):
                ending.ended_at = at
                ending.save(update_fields=["ended_at"])
                ending.links.unended().update(ended_at=at)
                clocks.contact_ended(ending, by=by, at=at)
        record(organisation=row.organisation, by=by, at=at, comment=_("Ended"))
    return row


# --- who answers ----------------------------------------------------------------------------------


@contextmanager
def handing_over(*, contact: PointOfContact | None, by: Actor, at: datetime) -> Iterator[None]:
    """Around a write: whoever answers for the post afterwards, and did not before, is told.

    `contact` is the post or one of its deputies; None for a post that is only being entered.
    """
    if contact is None or contact.organisation.state != OrganisationState.MEMBER:
        yield
        return
    post = contact.deputy_for or contact
    before = _answering(post, at)
    yield
    after = _answering(post, at)
    if after == before or _over(post):
        return
    notifications.contact_settled(post, at=at)
    if after is None:
        comment, kind = post.post, EventKind.CONTACT_UNCOVERED
        notifications.contact_uncovered(post, by=by, at=at)
    else:
        comment, kind = after.post, EventKind.CONTACT_HANDED_OVER
        _tell_both(post, before, after, by=by, at=at)
    record(organisation=post.organisation, by=by, at=at, comment=comment, kind=kind)


def _tell_both(
    post: PointOfContact,
    before: PointOfContact | None,
    after: PointOfContact,
    *,
    by: Actor,
    at: datetime,
) -> None:
    from partners.services import contact_links  # which writes entries through this module

    if after != post:
        contact_links.tell_to_stand_in(after, by=by, at=at)
        notifications.contact_handed_over(post, by=by, at=at)
    if before is None:
        return
    stands_down = PointOfContact.objects.filter(
        pk=before.pk,
        deputy_for=post,
        status=ContactStatus.ACTIVE,
        ended_at__isnull=True,
    )
    for deputy in stands_down:
        notifications.contact_relieved(deputy, by=by, at=at)


def _answering(post: PointOfContact, at: datetime) -> PointOfContact | None:
    row = PointOfContact.objects.get(pk=post.pk)
    return None if row.ended_at is not None else row.answering(at)


def _over(post: PointOfContact) -> bool:
    return PointOfContact.objects.filter(pk=post.pk, ended_at__isnull=False).exists()


# --- parts ----------------------------------------------------------------------------------------


def locked(contact: PointOfContact) -> PointOfContact:
    """The row, held until the end of the transaction."""
    return PointOfContact.objects.select_for_update(of=("self",)).get(pk=contact.pk)


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


def write_channels(contact: PointOfContact, channels: Sequence[ChannelGiven]) -> None:
    """Put these ways to reach the person, in their order, in place of those that stand."""
    contact.channels.all().delete()
    Channel.objects.bulk_create(
        Channel(
            contact=contact,
            kind=kind,
            value=value,
            rank=rank,
            is_for_emergencies=bool(first and first[0]),
        )
        for rank, (kind, value, *first) in enumerate(channels, start=1)
    )


def record(
    *,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    comment: str,
    kind: EventKind = EventKind.CONTACT_CHANGED,
) -> None:
    """One line of the organisation's past; names nobody."""
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )
    relist([organisation.pk])
