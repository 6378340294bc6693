"""Guidance: writing a version, its documents, who has read it, and reminding whoever has not.

What moves a version from one state to the next stands in `partners/learning_workflow.py`.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import learning_clocks as clocks
from partners import learning_notifications as notifications
from partners.access import Actor, may, system_actor
from partners.agreement_files import LARGEST, kind_of
from partners.choices import ChannelKind
from partners.guidance_files import MOST_FILES, guidance_storage
from partners.learning_choices import GuidanceEventKind, GuidanceState, ReadHow
from partners.models import (
    Guidance,
    GuidanceEvent,
    GuidanceFile,
    GuidanceReceipt,
    PointOfContact,
)
from partners.services import contact_links
from partners.services.memberships import require

P = Permission
S = GuidanceState
E = GuidanceEventKind
TEXT = ("title", "summary", "changes", "for_kinds", "for_capacities", "area")
BATCH = 50


@transaction.atomic
def draft_guidance(
    *, client_key: UUID, by: Actor, at: datetime, replaces: Guidance | None = None, **text: Any
) -> Guidance:
    """Begin a version; the same key again gives what it made. Raises NotAllowed."""
    require(by, P.GUIDANCE_KEEP, None)
    if by.organisation is None:
        raise NotAllowed(_("Guidance is written for an organisation."))
    standing = Guidance.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.GUIDANCE_KEEP, standing)
        return standing
    row = Guidance.objects.create(
        client_key=client_key,
        kept_by=by.organisation,
        replaces=replaces,
        number=replaces.number + 1 if replaces else 1,
        created_at=at,
        created_by=by.user,
        **_known(text),
    )
    _note(row, E.DRAFTED, by=by, at=at)
    return row


@transaction.atomic
def change_text(
    *, guidance: Guidance, by: Actor, at: datetime, version: int, **text: Any
) -> Guidance:
    """Change what a draft says and for whom it is. Raises NotAllowed, NotPossible, Stale."""
    row = _draft(guidance, by)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(text).items():
        setattr(row, name, value)
    return _changed(row, by=by, at=at)


@transaction.atomic
def add_file(
    *, guidance: Guidance, title: str, name: str, content: bytes, by: Actor, at: datetime
) -> GuidanceFile:
    """Add a document to a draft: its ending and first bytes say what it is.

    The same content twice is one. Raises NotAllowed; NotPossible for what is not taken.
    """
    row = _draft(guidance, by)
    kind = kind_of(name, content[:16])
    if kind is None:
        raise NotPossible(_("Only PDF, Word, OpenDocument text, PNG and JPEG are taken."))
    if len(content) > LARGEST:
        raise NotPossible(_("The file is larger than 10 MB."))
    if by.user is None:
        raise NotAllowed(_("A person adds documents, never the system."))
    digest = hashlib.sha256(content).hexdigest()
    standing: GuidanceFile | None = row.files.filter(digest=digest).first()
    if standing is not None:
        return standing
    if row.files.count() >= MOST_FILES:
        raise NotPossible(_("A version has at most %(n)s documents.") % {"n": MOST_FILES})
    made = GuidanceFile(
        guidance=row, title=title, kind=kind, size=len(content), digest=digest, added_at=at,
        added_by=by.user,
    )  # fmt: skip
    made.content.save(name, ContentFile(content))
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def remove_file(*, guidance: Guidance, file: UUID, by: Actor, at: datetime) -> None:
    """Take a document out of a draft. Raises NotAllowed, NotPossible."""
    row = _draft(guidance, by)
    found = row.files.filter(uuid=file).first()
    if found is None:
        return
    name = found.content.name
    found.delete()
    transaction.on_commit(lambda: guidance_storage().delete(name))
    _changed(row, by=by, at=at)


@transaction.atomic
def next_version(*, guidance: Guidance, by: Actor, at: datetime) -> Guidance:
    """Begin the next version with the same words and readers; its document is added anew.

    One that is being written is given back. Raises NotAllowed, NotPossible.
    """
    require(by, P.GUIDANCE_KEEP, guidance)
    row = Guidance.objects.select_for_update(of=("self",)).get(pk=guidance.pk)
    standing = row.next_versions.exclude(state=S.DROPPED).first()
    if standing is not None:
        return standing
    if row.state not in (S.IN_FORCE, S.ENDED):
        raise NotPossible(_("Only a version that was in force is followed by another."))
    same = {name: getattr(row, name) for name in TEXT if name != "changes"}
    return draft_guidance(client_key=uuid4(), by=by, at=at, replaces=row, **same)


# --- reading --------------------------------------------------------------------------------------


def may_confirm(guidance: Guidance, contact: PointOfContact, by: Actor) -> ReadHow | None:
    """How this actor can say that the contact read it: as that person, or for the organisation.

    A point of contact need not have an account; whoever signs in with an address of the entry is
    that person.
    """
    if by.user is None or not may(by, P.GUIDANCE_SEE, guidance):
        return None
    if contact.organisation_id != by.organisation_id:
        return None
    letters = {c.value.lower() for c in contact.channels.all() if c.kind == ChannelKind.EMAIL}
    if by.user.email.lower() in letters:
        return ReadHow.SELF
    return ReadHow.OFFICE if P.CONTACT_EDIT in by.permissions else None


@transaction.atomic
def confirm_read(
    *, guidance: Guidance, contact: PointOfContact, by: Actor, at: datetime
) -> GuidanceReceipt:
    """Say that a point of contact has read it; said twice it is the first time that counts.

    Raises NotAllowed; NotPossible where it is not in force or not for this post.
    """
    how = may_confirm(guidance, contact, by)
    if how is None:
        raise NotAllowed(_("This belongs to another organisation."))
    return _receipt(guidance, contact, how, by=by, at=at)


@transaction.atomic
def confirm_by_link(*, token_hash: str, guidance: UUID, at: datetime) -> GuidanceReceipt:
    """Whoever holds the link to an entry says so of that entry; the link goes on working.

    Raises `contact_links.NotOpen`; NotPossible where it is not in force or not for this post.
    """
    link = contact_links.find(token_hash, at)
    row = Guidance.objects.in_force().filter(uuid=guidance).first()
    if row is None:
        raise NotPossible(_("This guidance is not in force."))
    return _receipt(row, link.contact, ReadHow.LINK, by=system_actor("link", at), at=at)


def to_read_by(contact: PointOfContact) -> list[Guidance]:
    """What is in force and for this post, newest first; `receipt` is when it was read, or None."""
    rows = Guidance.objects.in_force().select_related("area").prefetch_related("files")
    read = dict(contact.guidance_read.values_list("guidance", "read_at"))
    found = []
    for each in rows.order_by("-in_force_at", "-pk")[:BATCH]:
        if each.readers().filter(pk=contact.pk).exists():
            each.receipt = read.get(each.pk)  # type: ignore[attr-defined]
            found.append(each)
    return found


def _receipt(
    guidance: Guidance, contact: PointOfContact, how: ReadHow, *, by: Actor, at: datetime
) -> GuidanceReceipt:
    row = Guidance.objects.select_for_update(of=("self",)).get(pk=guidance.pk)
    if row.state != S.IN_FORCE:
        raise NotPossible(_("This guidance is not in force."))
    if not row.readers().filter(pk=contact.pk).exists():
        raise NotPossible(_("This guidance is not for this point of contact."))
    made, _new = GuidanceReceipt.objects.get_or_create(
        guidance=row,
        contact=contact,
        defaults={
            "read_at": at,
            "how": how,
            "recorded_by": None if how == ReadHow.LINK else by.user,
        },
    )
    return made


# --- reminding ------------------------------------------------------------------------------------


@transaction.atomic
def remind_unread(*, guidance: Guidance, by: Actor, at: datetime) -> int:
    """Remind the organisations where somebody has not read it; how many people have not.

    Raises NotAllowed; NotPossible where it is not in force, or everybody has read it, or whoever
    has not was reminded within the reading time.
    """
    require(by, P.GUIDANCE_KEEP, guidance)
    row = Guidance.objects.select_for_update(of=("self",)).get(pk=guidance.pk)
    if row.state != S.IN_FORCE:
        raise NotPossible(_("This guidance is not in force."))
    lately = clocks.reading_time(at)
    if lately is not None and row.reminded_at is not None and row.reminded_at > at - lately:
        raise NotPossible(_("They were reminded less than %(n)s days ago.") % {"n": lately.days})
    number = row.unread().count()
    if not number:
        raise NotPossible(_("Everybody has read it."))
    row.reminded_at = at
    row.save(update_fields=["reminded_at"])
    event = _note(row, E.REMINDED, by=by, at=at, comment=str(number))
    notifications.unread(row, event, by=by, at=at)
    return number


def keep_up(at: datetime) -> int:
    """Remind once of what lies unread after the reading time; of how many. Part of the sweep."""
    waits = clocks.reading_time(at)
    if waits is None:
        return 0
    due = Guidance.objects.in_force().filter(
        Q(reminded_at__isnull=True), in_force_at__lte=at - waits
    )
    by, number = system_actor("sweep", at), 0
    for row in due.order_by("in_force_at", "pk")[:BATCH]:
        try:
            remind_unread(guidance=row, by=by, at=at)
        except NotPossible:
            # Nobody to remind: looked at once, and not again each minute.
            Guidance.objects.filter(pk=row.pk, reminded_at=None).update(reminded_at=at)
            continue
        number += 1
    return number


def _draft(guidance: Guidance, by: Actor) -> Guidance:
    require(by, P.GUIDANCE_KEEP, guidance)
    row = Guidance.objects.select_for_update(of=("self",)).get(pk=guidance.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft is changed. Begin the next version."))
    return row


def _changed(row: Guidance, *, by: Actor, at: datetime) -> Guidance:
    row.version += 1
    row.save()
    last = row.events.order_by("-at", "-id").first()
    if last is None or last.kind != E.CHANGED or last.by != by.user:
        _note(row, E.CHANGED, by=by, at=at)
    return row


def _note(
    row: Guidance, kind: GuidanceEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> GuidanceEvent:
    return GuidanceEvent.objects.create(
        guidance=row, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment,
    )  # fmt: skip


def _known(text: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"Guidance has no {sorted(unknown)}")
    return text
