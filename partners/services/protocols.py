"""Local protocols: writing a version, its signatories and contact chain, and the next version."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor, system_actor
from partners.facility_choices import ProtocolEventKind, ProtocolState
from partners.models import (
    LocalProtocol,
    Organisation,
    PointOfContact,
    ProtocolEvent,
    ProtocolSignatory,
    ProtocolStep,
)
from partners.protocol_workflow import PROTOCOL
from partners.services.memberships import require

P = Permission
S = ProtocolState
TEXT = ("title", "area", "procedure", "until_on")
MOST_STEPS = 20
BATCH = 200


@transaction.atomic
def draft_protocol(
    *, client_key: UUID, by: Actor, at: datetime, replaces: LocalProtocol | None = None, **text: Any
) -> LocalProtocol:
    """Begin a version; the same key again gives what it made. Raises NotAllowed."""
    require(by, P.AGREEMENT_DRAFT, None)
    if by.organisation is None:
        raise NotAllowed(_("A protocol is written for an organisation."))
    standing = LocalProtocol.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.AGREEMENT_DRAFT, standing)
        return standing
    row = LocalProtocol.objects.create(
        client_key=client_key,
        kept_by=by.organisation,
        replaces=replaces,
        number=replaces.number + 1 if replaces else 1,
        created_at=at,
        created_by=by.user,
        **_known(text),
    )
    _note(row, ProtocolEventKind.DRAFTED, by=by, at=at)
    return row


@transaction.atomic
def change_text(
    *, protocol: LocalProtocol, by: Actor, at: datetime, version: int, **text: Any
) -> LocalProtocol:
    """Change what a draft says. Raises NotAllowed, NotPossible, Stale."""
    row = _draft(protocol, by)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(text).items():
        setattr(row, name, value)
    return _changed(row, by=by, at=at)


@transaction.atomic
def name_signatory(
    *,
    protocol: LocalProtocol,
    organisation: Organisation,
    name: str,
    by: Actor,
    at: datetime,
    post: str = "",
    signed_on: date | None = None,
) -> ProtocolSignatory:
    """Name who signs for an organisation, and once it has, the day. Raises NotAllowed, NotPossible.

    The paper is signed outside the platform; its keeper records it.
    """
    row = _draft(protocol, by)
    if signed_on is not None and signed_on > local_day(at):
        raise NotPossible(_("A signature cannot be of a day to come."))
    made, _new = ProtocolSignatory.objects.update_or_create(
        protocol=row,
        organisation=organisation,
        defaults={"name": name, "post": post, "signed_on": signed_on},
    )
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def add_step(
    *,
    protocol: LocalProtocol,
    what: str,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    contact: PointOfContact | None = None,
    within: str = "",
) -> ProtocolStep:
    """Put a step at the end of the contact chain. Raises NotAllowed, NotPossible."""
    row = _draft(protocol, by)
    number = row.steps.count()
    if number >= MOST_STEPS:
        raise NotPossible(_("A contact chain has at most %(n)s steps.") % {"n": MOST_STEPS})
    if contact is not None and contact.organisation_id != organisation.pk:
        raise NotPossible(_("This point of contact belongs to another organisation."))
    made = ProtocolStep.objects.create(
        protocol=row,
        rank=number + 1,
        what=what,
        within=within,
        organisation=organisation,
        contact=contact,
    )
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def remove_part(*, protocol: LocalProtocol, part: UUID, by: Actor, at: datetime) -> None:
    """Take a signatory or a step out of a draft; the steps after it move up.

    Raises NotAllowed, NotPossible. Removing it twice changes nothing.
    """
    row = _draft(protocol, by)
    row.signatories.filter(uuid=part).delete()
    gone = row.steps.filter(uuid=part).first()
    if gone is not None:
        gone.delete()
        for rank, step in enumerate(row.steps.order_by("rank"), start=1):
            if step.rank != rank:
                step.rank = rank
                step.save(update_fields=["rank"])
    _changed(row, by=by, at=at)


@transaction.atomic
def next_version(*, protocol: LocalProtocol, by: Actor, at: datetime) -> LocalProtocol:
    """Begin the next version as a draft with the same text and chain; signatures are given anew.

    One that is being written is given back. Raises NotAllowed, NotPossible.
    """
    require(by, P.AGREEMENT_DRAFT, protocol)
    row = LocalProtocol.objects.select_for_update(of=("self",)).get(pk=protocol.pk)
    standing = row.next_versions.exclude(state=S.DROPPED).first()
    if standing is not None:
        return standing
    if row.state not in (S.IN_FORCE, S.ENDED):
        raise NotPossible(_("Only a version that was in force is followed by another."))
    made = draft_protocol(
        client_key=uuid4(), by=by, at=at, replaces=row, title=row.title, area=row.area,
        procedure=row.procedure,
    )  # fmt: skip
    ProtocolSignatory.objects.bulk_create(
        ProtocolSignatory(
            protocol=made, organisation_id=each.organisation_id, name=each.name, post=each.post
        )
        for each in row.signatories.all()
    )
    ProtocolStep.objects.bulk_create(
        ProtocolStep(
            protocol=made,
            rank=each.rank,
            what=each.what,
            within=each.within,
            organisation_id=each.organisation_id,
            contact_id=each.contact_id,
        )
        for each in row.steps.all()
    )
    return made


def keep_up(at: datetime) -> int:
    """End the protocols whose last day has passed; how many. Part of the sweep."""
    over = LocalProtocol.objects.filter(state=S.IN_FORCE, until_on__lt=local_day(at))
    by, number = system_actor("sweep", at), 0
    for row in over.order_by("until_on", "pk")[:BATCH]:
        words = _("Its last day has passed.")
        try:
            PROTOCOL.apply(row, "end", by=by, at=at, version=row.version, comment=words)
        except (NotPossible, Stale):
            continue  # somebody else has just ended it
        number += 1
    return number


def _draft(protocol: LocalProtocol, by: Actor) -> LocalProtocol:
    require(by, P.AGREEMENT_DRAFT, protocol)
    row = LocalProtocol.objects.select_for_update(of=("self",)).get(pk=protocol.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft is changed. Begin the next version."))
    return row


def _changed(row: LocalProtocol, *, by: Actor, at: datetime) -> LocalProtocol:
    row.version += 1
    row.save()
    last = row.events.order_by("-at", "-id").first()
    if last is None or last.kind != ProtocolEventKind.CHANGED or last.by != by.user:
        _note(row, ProtocolEventKind.CHANGED, by=by, at=at)
    return row


def _note(row: LocalProtocol, kind: ProtocolEventKind, *, by: Actor, at: datetime) -> None:
    ProtocolEvent.objects.create(
        protocol=row, kind=kind, at=at, by=by.user, by_organisation=by.organisation
    )


def _known(text: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"A protocol has no {sorted(unknown)}")
    return text
