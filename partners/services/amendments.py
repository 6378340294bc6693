"""Amendments of an agreement in force, and its papers: proposing, signing, adding, removing."""

import hashlib
from datetime import date, datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners import deed_notifications as notifications
from partners.access import Actor
from partners.agreement_files import LARGEST, MOST_FILES, agreement_storage, kind_of
from partners.deed_access import is_party
from partners.deed_choices import AmendmentState, DeedEventKind
from partners.deed_workflow import AMENDMENT
from partners.models import Agreement, AgreementFile, Amendment, AmendmentSignature
from partners.services.agreements import Signature, may_sign, note, person
from partners.services.memberships import require

P = Permission


@transaction.atomic
def propose(
    *,
    agreement: Agreement,
    title: str,
    words: str,
    by: Actor,
    at: datetime,
    new_ends_on: date | None = None,
) -> Amendment:
    """Propose an amendment; it has the next number, and holds once every party has signed.

    Raises NotAllowed; NotPossible while another waits, out of force, or for a day that has passed.
    """
    require(by, P.AGREEMENT_SIGN, agreement)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    if not is_party(by, row):
        raise NotAllowed(_("Only a party proposes an amendment."))
    if not row.is_in_force:
        raise NotPossible(_("Only an agreement in force is amended; a draft is changed."))
    if row.amendments.filter(state=AmendmentState.PROPOSED).exists():
        raise NotPossible(_("Another amendment waits for signatures already."))
    if new_ends_on is not None and new_ends_on < local_day(at):
        raise NotPossible(_("The new last day has passed already."))
    made = Amendment.objects.create(
        agreement=row,
        number=row.amendments.count() + 1,
        title=title,
        words=words,
        new_ends_on=new_ends_on,
        proposed_at=at,
        proposed_by=person(by),
    )
    event = note(row, DeedEventKind.AMENDED, by=by, at=at, comment=title)
    notifications.amendment_proposed(made, event, by=by, at=at)
    return made


@transaction.atomic
def sign_amendment(
    *, amendment: Amendment, party: UUID, signature: Signature, by: Actor, at: datetime
) -> Amendment:
    """Record that a party signed an amendment. Raises NotAllowed, NotPossible."""
    agreement = amendment.agreement
    require(by, P.AGREEMENT_SIGN, agreement)
    row: Amendment = Amendment.objects.select_for_update(of=("self",)).get(pk=amendment.pk)
    found = agreement.parties.filter(uuid=party).first()
    if found is None:
        raise NotPossible(_("This organisation is no party."))
    may_sign(agreement, found.organisation_id, signature, by=by, at=at)
    if row.signatures.filter(party=found).exists():
        raise NotPossible(_("This party has signed already."))
    if row.state == AmendmentState.PROPOSED:
        AmendmentSignature.objects.create(
            amendment=row,
            party=found,
            name=signature.name,
            post=signature.post,
            signed_on=signature.on,
            is_on_paper=signature.is_on_paper,
            recorded_at=at,
            recorded_by=person(by),
        )
    words = f"{row.title}: {found.organisation.display_name}"
    return AMENDMENT.apply(row, "sign", by=by, at=at, comment=words)


@transaction.atomic
def add_file(
    *, agreement: Agreement, title: str, name: str, content: bytes, by: Actor, at: datetime
) -> AgreementFile:
    """Add a paper: its ending and its first bytes say what it is. The same content twice is one.

    Its keeper adds while it is a draft; afterwards every party and the co-ordination.
    Raises NotAllowed; NotPossible for what is not taken.
    """
    require(by, P.AGREEMENT_SIGN, agreement)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    kind = kind_of(name, content[:16])
    if kind is None:
        raise NotPossible(_("Only PDF, Word, OpenDocument text, PNG and JPEG are taken."))
    if len(content) > LARGEST:
        raise NotPossible(_("The file is larger than 10 MB."))
    digest = hashlib.sha256(content).hexdigest()
    standing: AgreementFile | None = row.files.filter(digest=digest).first()
    if standing is not None:
        return standing
    if row.files.count() >= MOST_FILES:
        raise NotPossible(_("An agreement has at most %(n)s documents.") % {"n": MOST_FILES})
    made = AgreementFile(
        agreement=row,
        title=title,
        kind=kind,
        size=len(content),
        digest=digest,
        added_at=at,
        added_by=person(by),
    )
    made.content.save(name, ContentFile(content))
    note(row, DeedEventKind.FILE_ADDED, by=by, at=at, comment=title)
    return made


@transaction.atomic
def remove_file(*, agreement: Agreement, file: UUID, by: Actor, at: datetime) -> None:
    """Take a paper out of a draft; what was signed keeps its papers.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.AGREEMENT_DRAFT, agreement)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    found = row.files.filter(uuid=file).first()
    if found is None:
        return
    if row.signed_at is not None or row.parties.filter(signed_on__isnull=False).exists():
        raise NotPossible(_("What was signed keeps its documents."))
    name, title = found.content.name, found.title
    found.delete()
    transaction.on_commit(lambda: agreement_storage().delete(name))
    note(row, DeedEventKind.FILE_REMOVED, by=by, at=at, comment=title)
