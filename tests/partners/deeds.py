"""Agreements at each stage, each step taken through the services."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from partners.deed_choices import ClauseKind, ClauseStatus, Duty, DutyFunding
from partners.deed_workflow import AGREEMENT
from partners.models import Agreement, AgreementFile, Amendment, Organisation
from partners.services import agreements, amendments
from partners.services.agreements import Signature
from tests.support.cast import Cast

TITLE = "Shelter in the north (invented)"


def now(agreement: Agreement) -> Agreement:
    """As it stands in the database."""
    return Agreement.objects.get(pk=agreement.pk)


def draft(
    cast: Cast, *, from_on: date | None = None, days: int = 365, at: datetime | None = None
) -> Agreement:
    """The ministry delegates shelter in the north to Lantern House."""
    at = at or cast.at
    by = cast.actor(cast.co_ordinator, at)
    begins = from_on or local_day(at)
    row = agreements.draft_agreement(
        client_key=uuid4(), by=by, at=at, title=TITLE, purpose="Beds, day and night.",
        area=cast.area, from_on=begins, until_on=begins + timedelta(days=days), notice_days=30,
    )  # fmt: skip
    for organisation, name in ((cast.ministry, "Vera Sample"), (cast.ngo, "Jon Sample")):
        agreements.name_party(
            agreement=row, organisation=organisation, signatory_name=f"{name} (invented person)",
            signatory_post="Director", by=by, at=at,
        )  # fmt: skip
    agreements.add_duty(
        agreement=row, duty=Duty.SHELTER, area=cast.area, delegated_by=cast.ministry,
        carried_by=cast.ngo, legal_basis="Invented act, article 7", funding=DutyFunding.NOT_FUNDED,
        by=by, at=at,
    )  # fmt: skip
    return now(row)


def checked(cast: Cast, **how: object) -> Agreement:
    row = draft(cast, **how)  # type: ignore[arg-type]
    at = row.created_at
    by = cast.actor(cast.co_ordinator, at)
    said = {kind: (ClauseStatus.PRESENT, "article 1") for kind in ClauseKind}
    said[ClauseKind.ANNEXES] = (ClauseStatus.NOT_APPLICABLE, "")
    said[ClauseKind.REFUSAL] = (ClauseStatus.ABSENT, "")
    return agreements.answer_clauses(agreement=row, answers=said, by=by, at=at, version=row.version)


def in_review(cast: Cast, **how: object) -> Agreement:
    row = checked(cast, **how)
    by = cast.actor(cast.co_ordinator, row.created_at)
    return AGREEMENT.apply(row, "send", by=by, at=row.created_at)


def sign(cast: Cast, row: Agreement, user: User, organisation: Organisation) -> Agreement:
    at = row.created_at
    party = row.parties.get(organisation=organisation)
    signature = Signature(party.signatory_name, party.signatory_post, local_day(at))
    by = cast.actor(user, at)
    return agreements.sign(agreement=now(row), party=party.uuid, signature=signature, by=by, at=at)


def signed(cast: Cast, **how: object) -> Agreement:
    """By both parties; in force at once where its first day has come."""
    row = in_review(cast, **how)
    sign(cast, row, cast.co_ordinator, cast.ministry)
    return sign(cast, row, cast.ngo_manager, cast.ngo)


def amended(cast: Cast) -> Amendment:
    """In force, and an amendment waits for both signatures."""
    return amendments.propose(
        agreement=signed(cast), title="More beds", words="Eight instead of six.",
        by=cast.actor(cast.ngo_manager), at=cast.at,
    )  # fmt: skip


def paper(cast: Cast, row: Agreement) -> AgreementFile:
    return amendments.add_file(
        agreement=row, title="Text", name="text.pdf", content=b"%PDF-1.7 invented",
        by=cast.actor(cast.co_ordinator), at=cast.at,
    )  # fmt: skip
