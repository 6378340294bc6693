"""Who the person is: recording it, opening it, finding a file by it; and opening what was sent.

Every read is written to the access log first. Where the log cannot be written, nothing is read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record as log
from accounts.choices import LogAction
from common.blind_index import exact_index, near_index, number_index
from common.marks import Permission, Subject
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import Actor
from partners.models import Organisation
from referrals import packets
from referrals.choices import EventKind, OpenReason, Section
from referrals.models import Identity, Packet, Referral
from referrals.models.referral import granted_to
from referrals.notifications import SUBJECT
from referrals.packets import IDENTITY_FIELDS, Shown
from referrals.sections import sections
from referrals.services.working import lock, refuse_unknown, require, require_identity, save
from referrals.steps import record

NAMES = ("name", "other_names", "birth_date", "document")
CONTACTS = ("contact", "safe_contact")
FIELDS = (*NAMES, *CONTACTS)
LONGEST = 500  # characters
#: What the blind indexes are of.
NAME, DOCUMENT = "identity.name", "identity.document"
#: Stands in the index for a year of birth that is not known.
NO_YEAR = "unknown"


@dataclass(frozen=True)
class OpenedIdentity:
    """What is known of a person, as it was opened; None where nothing is recorded or open."""

    name: str | None = None
    other_names: str | None = None
    birth_date: str | None = None
    document: str | None = None
    contact: str | None = None
    safe_contact: str | None = None


@transaction.atomic
def record_identity(
    *, referral: Referral, by: Actor, at: datetime, version: int | None = None, **values: str
) -> Referral:
    """Keep who the person is and how to reach them safely.

    A birth date is 1999-12-31, 1999-12 or 1999. Law enforcement records no contact details.
    Raises NotAllowed, Stale, ValidationError.
    """
    refuse_unknown(values, FIELDS, "An identity")
    row = lock(referral, by=by, version=version)
    require_identity(by, row)
    if row.person is None:
        raise NotPossible(_("A notice without identity has nobody to name."))
    if by.is_enforcement and any(values.get(name) for name in CONTACTS):
        raise NotAllowed(_("Contact details are not recorded by law enforcement."))
    _check(values)
    identity = _identity(row) or Identity(person=row.person)
    for name, value in values.items():
        setattr(identity, name, value.strip() or None)
    _index(identity, row.first_responder)
    identity.save()
    save(row, [], at=at)
    record(row, EventKind.IDENTITY_RECORDED, by=by, at=at)
    return row


def _check(values: dict[str, str]) -> None:
    problems = {
        name: _("This is longer than %(most)d characters.") % {"most": LONGEST}
        for name, value in values.items()
        if len(value) > LONGEST
    }
    born = values.get("birth_date", "").strip()
    if born and not _is_date(born):
        problems["birth_date"] = _("Give the date as 1999-12-31, or as much of it as is known.")
    if problems:
        raise ValidationError(problems)


def _is_date(text: str) -> bool:
    """A date, or its beginning: a year, or a year and a month."""
    for known in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            datetime.strptime(text, known)  # noqa: DTZ007 - only the form is looked at
        except ValueError:
            continue
        return True
    return False


def _index(identity: Identity, organisation: Organisation) -> None:
    """Let the organisation find its own file again, without opening one."""
    year = (identity.birth_date or "")[:4] or NO_YEAR
    name, document, keeper = identity.name or "", identity.document or "", organisation.uuid
    identity.name_index = exact_index(name, year, field=NAME, organisation=keeper)
    identity.name_sound_index = near_index(name, year, field=NAME, organisation=keeper)
    identity.document_index = number_index(document, field=DOCUMENT, organisation=keeper)


# --- opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_identity(
    *, referral: Referral, by: Actor, at: datetime, reason: OpenReason | str = ""
) -> OpenedIdentity:
    """What is recorded of the person. Logged first, shown second.

    A reason is needed from everybody but the person who made the referral. Raises NotAllowed,
    MissingAnswers, and whatever keeps the log from being written: then nothing is shown.
    """
    require(by, Permission.REFERRAL_SEE, referral)
    opened = sections(by, referral)
    if Section.IDENTITY not in opened:
        raise NotAllowed(_("The person’s identity is not open to you."))
    if not reason and by.user_id != referral.referrer_id:
        raise MissingAnswers(("reason",))
    _log(LogAction.IDENTITY_OPENED, referral, "identity", reason, by=by, at=at)
    identity = _identity(referral)
    if identity is None:
        return OpenedIdentity()
    fields = FIELDS if Section.CONTACT in opened else NAMES
    return OpenedIdentity(**{name: getattr(identity, name) for name in fields})


def has_identity(referral: Referral) -> bool:
    """Whether anything is recorded, without opening it."""
    return referral.person is not None and Identity.objects.filter(person=referral.person).exists()


def _identity(referral: Referral) -> Identity | None:
    if referral.person is None:
        return None
    return Identity.objects.select_related("person").filter(person=referral.person).first()


@transaction.atomic
def packet_preview(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    recipient: Organisation | None = None,
    struck: Any = (),
) -> tuple[Shown, ...]:
    """Exactly what the recipient will see, were it sent now; logged as an opened identity.

    Every authority gets the same fields, so that `recipient` changes nothing yet. Raises
    NotAllowed, ValueError for a field that cannot be struck.
    """
    require(by, Permission.REFERRAL_KEEP, referral)
    content = packets.content_of(referral, struck=struck)
    if IDENTITY_FIELDS & set(content):
        _log(LogAction.IDENTITY_OPENED, referral, "preview", OpenReason.PACKET, by=by, at=at)
    return packets.shown(content)


@transaction.atomic
def open_packet(*, packet: Packet, by: Actor, at: datetime) -> tuple[Shown, ...]:
    """What was sent, as the recipient reads it; logged first. Raises NotAllowed.

    Open to the recipient it was sent to, and to whoever sent it.
    """
    referral = packet.referral
    require(by, Permission.REFERRAL_SEE, referral)
    opened = sections(by, referral)
    is_theirs = by.organisation_id in (packet.recipient_id, referral.first_responder_id)
    if Section.PACKET not in opened or not (is_theirs or by.system):
        raise NotAllowed(_("This packet was sent to another organisation."))
    _log(LogAction.FILE_OPENED, referral, "packet", "", by=by, at=at)
    return packets.opened(packet)


@transaction.atomic
def open_file(*, referral: Referral, by: Actor, at: datetime) -> frozenset[Section]:
    """Log that the case was opened, and say what is open. Raises NotAllowed when nothing is."""
    opened = sections(by, referral)
    if not opened:
        raise NotAllowed(_("This belongs to another organisation."))
    if opened != {Section.HEADER}:
        _log(LogAction.FILE_OPENED, referral, "file", "", by=by, at=at)
    return opened


def _log(
    action: LogAction, referral: Referral, group: str, reason: str, *, by: Actor, at: datetime
) -> None:
    log(
        action=action,
        by=by,
        at=at,
        subject=Subject(SUBJECT, referral.uuid),
        field_group=group,
        reason_code=reason,
    )


# --- finding --------------------------------------------------------------------------------------


@transaction.atomic
def find_referrals(
    *, by: Actor, at: datetime, name: str = "", birth_year: str = "", document: str = ""
) -> list[Referral]:
    """The organisation's own files on somebody of this name and year of birth, or this document.

    A name spelt in another way, or in another script, is found too; so is one recorded without a
    year. Nothing of another organisation's is ever found. Logged. Raises NotAllowed.
    """
    require(by, Permission.REFERRAL_SEE)
    if by.organisation is None or by.is_enforcement:
        raise NotAllowed(_("Your role in this organisation does not include this."))
    log(
        action=LogAction.IDENTITY_SEARCHED,
        by=by,
        at=at,
        subject=Subject("organisation", by.organisation.uuid),
    )
    rule = _matching(by.organisation, name, birth_year, document)
    if not rule:
        return []
    people = Identity.objects.filter(rule).values("person")
    mine = Referral.objects.visible_to(by).filter(granted_to(by, "identity"), person__in=people)
    return list(mine.with_header().order_by("-created_at", "-pk")[:20])


def _matching(organisation: Organisation, name: str, birth_year: str, document: str) -> Q:
    rule, keeper = Q(), organisation.uuid
    for year in {birth_year.strip() or NO_YEAR, NO_YEAR}:
        if exact := exact_index(name, year, field=NAME, organisation=keeper):
            rule |= Q(name_index=exact)
        if near := near_index(name, year, field=NAME, organisation=keeper):
            rule |= Q(name_sound_index=near)
    number = number_index(document, field=DOCUMENT, organisation=keeper)
    return rule | Q(document_index=number) if number else rule
