"""The link by which a point of contact confirms the entry without an account (ADR 0021).

Good for one answer within fourteen days; kept as a hash; it goes to the entry's own address alone.
It ends with the answer, with a newer link, and with the post or the entry.
"""

import secrets
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.invitations import hash_of
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline
from deadlines.services.mail import post_mail
from partners import notifications
from partners.access import Actor, may, system_actor
from partners.choices import (
    ChannelKind,
    ContactStatus,
    EventKind,
    LinkAnswer,
    OrganisationState,
    VerifiedHow,
)
from partners.clocks import CONTACT
from partners.models import Channel, ContactLink, PointOfContact
from partners.services import contacts

LIFE: Final = timedelta(days=14)
ASKED_BEFORE: Final = timedelta(days=14)
"""The link leaves so long before the entry is to be confirmed again."""
ASKED_AGAIN: Final = timedelta(days=42)
"""Unanswered, another leaves by itself so long after the last."""
NOT_AGAIN_WITHIN: Final = timedelta(minutes=10)
BATCH: Final = 200
#: What whoever holds the link may change; name, post, area and duties are the organisation's.
CORRECTABLE: Final = ("hours", "week", "languages")


class NotOpen(Exception):
    """Unknown, used, replaced, ended or run out: which of them is nobody's business."""


# --- sending --------------------------------------------------------------------------------------


@transaction.atomic
def send_link(
    *,
    contact: PointOfContact,
    by: Actor,
    at: datetime,
    kind: str = notifications.CONTACT_LINK,
) -> ContactLink:
    """Mail the person a link to their own entry; a link sent before works no more.

    Raises NotAllowed; NotPossible where nobody is in the post, the entry has no e-mail address, or
    one was sent a moment ago.
    """
    allowed = (Permission.CONTACT_EDIT, Permission.CONTACT_STEER)
    if not any(may(by, permission, contact) for permission in allowed):
        raise NotAllowed(_("This belongs to another organisation."))
    row = contacts.locked(contact)
    address = notifications.address_of(row)
    _refuse_pointless(row, address, at)
    row.links.unended().update(ended_at=at)
    token = secrets.token_urlsafe(32)
    link = ContactLink.objects.create(
        contact=row,
        token_hash=hash_of(token),
        sent_at=at,
        sent_by=by.user,
        expires_at=at + LIFE,
    )
    post_mail(
        kind=kind,
        to=address,
        variables={
            "url": settings.SITE_URL + reverse("partners:contact-link", args=[token]),
            "date": link.expires_at.date(),
        },
        key=f"{kind}:{link.token_hash}",
        at=at,
    )
    contacts.record(
        organisation=row.organisation, by=by, at=at, comment=row.post, kind=EventKind.CONTACT_ASKED
    )
    return link


def _refuse_pointless(row: PointOfContact, address: str, at: datetime) -> None:
    if row.ended_at is not None or row.status != ContactStatus.ACTIVE:
        raise NotPossible(_("Nobody is in this post, so nobody can confirm it."))
    if row.organisation.state != OrganisationState.MEMBER:
        raise NotPossible(_("Only a member’s points of contact are asked to confirm."))
    if not address:
        raise NotPossible(_("The entry has no e-mail address: call the person instead."))
    if row.links.unended().filter(sent_at__gt=at - NOT_AGAIN_WITHIN).exists():
        raise NotPossible(_("A link was sent a moment ago. Wait ten minutes before another."))


def tell_to_stand_in(deputy: PointOfContact, *, by: Actor, at: datetime) -> None:
    """The deputy answers from now on: a mail says so, with the link to check the entry."""
    try:
        with transaction.atomic():
            deputy.links.unended().update(ended_at=at)
            send_link(contact=deputy, by=by, at=at, kind=notifications.CONTACT_STANDS_IN)
    except NotPossible:
        # Without an address nobody is written to; the organisation's managers have the notice.
        return


def send_due_links(at: datetime) -> int:
    """The sweep's part: whoever is to confirm soon, and was not asked yet this time, is asked."""
    soon = at + ASKED_BEFORE
    due = Deadline.objects.open().filter(
        kind=CONTACT, subject_uuid=OuterRef("uuid"), due_at__lte=soon
    )
    asked = ContactLink.objects.filter(contact=OuterRef("pk"), sent_at__gt=at - ASKED_AGAIN)
    letters = Channel.objects.filter(contact=OuterRef("pk"), kind=ChannelKind.EMAIL)
    rows = PointOfContact.objects.filter(
        Exists(due),
        Exists(letters),
        ~Exists(asked),
        status=ContactStatus.ACTIVE,
        ended_at__isnull=True,
        organisation__state=OrganisationState.MEMBER,
    )
    sent = 0
    for contact in rows.select_related("organisation").order_by("pk")[:BATCH]:
        try:
            send_link(contact=contact, by=system_actor("sweep", at), at=at)
        except NotPossible:
            continue  # another sweep, or somebody at a desk, was quicker
        sent += 1
    return sent


# --- answering ------------------------------------------------------------------------------------


def find(token_hash: str, at: datetime) -> ContactLink:
    """The link that works, with its entry. Raises NotOpen."""
    return _checked(ContactLink.objects.filter(token_hash=token_hash), at)


@transaction.atomic
def confirm(*, token_hash: str, at: datetime, on: date) -> PointOfContact:
    """The person says that the entry is correct. Raises NotOpen."""
    link = _taken(token_hash, at, LinkAnswer.CORRECT)
    row = contacts.locked(link.contact)
    return contacts.verified(row=row, how=VerifiedHow.LINK, by=_nobody(at), at=at, on=on)


@transaction.atomic
def correct(
    *,
    token_hash: str,
    channels: list[contacts.ChannelGiven],
    at: datetime,
    on: date,
    version: int,
    **details: Any,
) -> PointOfContact:
    """The person puts hours, languages and numbers right, which confirms the entry as well.

    E-mail addresses stay as they are: the next link goes there, so they are the organisation's to
    change. Its managers are told. Raises NotOpen, Stale.
    """
    unknown = set(details) - set(CORRECTABLE)
    if unknown:
        raise TypeError(f"Not to be corrected through a link: {sorted(unknown)}")
    row = contacts.locked(find(token_hash, at).contact)
    if row.version != version:
        raise Stale(row)
    _taken(token_hash, at, LinkAnswer.CORRECTED)
    for name, value in details.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    letters = row.channels.filter(kind=ChannelKind.EMAIL).order_by("rank")
    kept = [(each.kind, each.value, each.is_for_emergencies) for each in letters]
    others = [channel for channel in channels if channel[0] != ChannelKind.EMAIL]
    contacts.write_channels(row, [*others, *kept])
    nobody = _nobody(at)
    notifications.contact_corrected(row, by=nobody, at=at)
    return contacts.verified(row=row, how=VerifiedHow.LINK, by=nobody, at=at, on=on)


@transaction.atomic
def leave(*, token_hash: str, at: datetime) -> PointOfContact:
    """The person says that the post is no longer theirs; the deputy answers. Raises NotOpen."""
    link = _taken(token_hash, at, LinkAnswer.LEFT)
    return contacts.set_status(
        contact=link.contact, status=ContactStatus.REASSIGNED, by=_nobody(at), at=at
    )


def _checked(links: Any, at: datetime) -> ContactLink:
    link: ContactLink | None = (
        links.open(at)
        .filter(
            contact__status=ContactStatus.ACTIVE,
            contact__organisation__state=OrganisationState.MEMBER,
        )
        .select_related("contact__organisation", "contact__deputy_for")
        .first()
    )
    if link is None:
        raise NotOpen
    return link


def _taken(token_hash: str, at: datetime, answer: LinkAnswer) -> ContactLink:
    """The link, used up by this answer."""
    links = ContactLink.objects.select_for_update(of=("self",)).filter(token_hash=token_hash)
    link = _checked(links, at)
    link.answered_at, link.answer = at, answer
    link.save(update_fields=["answered_at", "answer"])
    return link


def _nobody(at: datetime) -> Actor:
    """Whoever holds the link: no account, hence no name in the past."""
    return system_actor("link to an entry", at)
