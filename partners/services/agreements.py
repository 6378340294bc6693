"""Agreements: writing a draft, its parties, clauses and duties, signing, giving notice, renewing.

What moves an agreement from one state to the next stands in `partners/deed_workflow.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import deed_clocks, deed_grants
from partners.access import Actor, system_actor
from partners.deed_access import is_party
from partners.deed_choices import (
    IN_FORCE,
    IS_OVER,
    AgreementState,
    ClauseStatus,
    DeedEventKind,
    NoticeReason,
)
from partners.deed_workflow import AGREEMENT
from partners.models import (
    Agreement,
    AgreementClause,
    AgreementEvent,
    AgreementParty,
    DelegatedDuty,
    Organisation,
)
from partners.services.memberships import require

S = AgreementState
P = Permission
TEXT = ("title", "purpose", "area", "from_on", "until_on", "notice_days", "review_on")
DUTY = ("duty", "area", "delegated_by", "carried_by", "legal_basis", "volume", "funding", "funder")
MOST_PARTIES = 30
MOST_DUTIES = 60
BATCH = 200


@dataclass(frozen=True)
class Signature:
    """Who signed for a party, and on which day; on paper, where the co-ordination saw it so."""

    name: str
    post: str
    on: date
    is_on_paper: bool = False


# --- the draft ------------------------------------------------------------------------------------


@transaction.atomic
def draft_agreement(
    *, client_key: UUID, by: Actor, at: datetime, renews: Agreement | None = None, **text: Any
) -> Agreement:
    """Begin a draft, the organisation acted for its keeper and first party.

    The same key again gives the draft it made. Raises NotAllowed.
    """
    require(by, P.AGREEMENT_DRAFT, None)
    keeper = by.organisation
    if keeper is None:
        raise NotAllowed(_("An agreement is written for an organisation."))
    standing = Agreement.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.AGREEMENT_DRAFT, standing)
        return standing
    row = Agreement.objects.create(
        client_key=client_key,
        kept_by=keeper,
        renews=renews,
        ends_on=text["until_on"],
        created_at=at,
        created_by=by.user,
        **_known(text, TEXT),
    )
    AgreementParty.objects.create(agreement=row, organisation=keeper)
    deed_grants.keep(row, by=by, at=at)
    note(row, DeedEventKind.DRAFTED, by=by, at=at)
    return row


@transaction.atomic
def change_text(
    *, agreement: Agreement, by: Actor, at: datetime, version: int, **text: Any
) -> Agreement:
    """Change what a draft says. Raises NotAllowed, NotPossible, Stale."""
    row = _draft(agreement, by, version)
    for name, value in _known(text, TEXT).items():
        setattr(row, name, value)
    row.ends_on = row.until_on
    return _changed(row, by=by, at=at)


@transaction.atomic
def name_party(
    *,
    agreement: Agreement,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    signatory_name: str = "",
    signatory_post: str = "",
    does: str = "",
) -> AgreementParty:
    """Name a party, or say anew who signs for it and what it does.

    Raises NotAllowed, NotPossible.
    """
    row = _draft(agreement, by)
    if row.parties.exclude(organisation=organisation).count() >= MOST_PARTIES:
        raise NotPossible(_("An agreement has at most %(n)s parties.") % {"n": MOST_PARTIES})
    party, _made = AgreementParty.objects.update_or_create(
        agreement=row,
        organisation=organisation,
        defaults={
            "signatory_name": signatory_name,
            "signatory_post": signatory_post,
            "does": does,
        },
    )
    _changed(row, by=by, at=at)
    return party


@transaction.atomic
def remove_party(*, agreement: Agreement, party: UUID, by: Actor, at: datetime) -> None:
    """Take a party out of a draft, with the duties that hang on it; its keeper stays.

    Raises NotAllowed, NotPossible. Removing it twice changes nothing.
    """
    row = _draft(agreement, by)
    found = row.parties.filter(uuid=party).first()
    if found is None:
        return
    if found.organisation_id == row.kept_by_id:
        raise NotPossible(_("Whoever writes the agreement is a party to it."))
    own = Q(delegated_by=found.organisation_id) | Q(carried_by=found.organisation_id)
    row.duties.filter(own).delete()
    found.delete()
    _changed(row, by=by, at=at)


@transaction.atomic
def answer_clauses(
    *,
    agreement: Agreement,
    answers: Mapping[str, tuple[str, str]],
    by: Actor,
    at: datetime,
    version: int,
) -> Agreement:
    """Say of each matter of the checklist whether the text has it, and where.

    `answers` is {kind: (status, where)}; what is left out is not answered.
    Raises NotAllowed, NotPossible, Stale.
    """
    row = _draft(agreement, by, version)
    row.clauses.all().delete()
    AgreementClause.objects.bulk_create(
        AgreementClause(
            agreement=row,
            kind=kind,
            status=status,
            where=where if status == ClauseStatus.PRESENT else "",
        )
        for kind, (status, where) in answers.items()
    )
    return _changed(row, by=by, at=at)


@transaction.atomic
def add_duty(*, agreement: Agreement, by: Actor, at: datetime, **duty: Any) -> DelegatedDuty:
    """Enter a duty of the State that a party carries out. Raises NotAllowed, NotPossible.

    The same duty of the same party in the same area again changes the rest of it.
    """
    row = _draft(agreement, by)
    if row.duties.count() >= MOST_DUTIES:
        raise NotPossible(_("An agreement has at most %(n)s duties.") % {"n": MOST_DUTIES})
    same = {name: duty.pop(name) for name in ("duty", "area", "carried_by")}
    made, _new = DelegatedDuty.objects.update_or_create(
        agreement=row, **same, defaults=_known(duty, DUTY)
    )
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def remove_duty(*, agreement: Agreement, duty: UUID, by: Actor, at: datetime) -> None:
    """Take a duty out of a draft. Raises NotAllowed, NotPossible."""
    row = _draft(agreement, by)
    row.duties.filter(uuid=duty).delete()
    _changed(row, by=by, at=at)


def _draft(agreement: Agreement, by: Actor, version: int | None = None) -> Agreement:
    """The row, locked, while its keeper may still change it."""
    require(by, P.AGREEMENT_DRAFT, agreement)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft is changed. What was sent is taken back first."))
    if version is not None and row.version != version:
        raise Stale(row)
    return row


def _changed(row: Agreement, *, by: Actor, at: datetime) -> Agreement:
    row.version += 1
    row.save()
    # One line for what one person changed in one sitting.
    last = row.events.order_by("-at", "-id").first()
    recent = last is not None and last.at > at - timedelta(hours=1)
    if not (last and recent and last.kind == DeedEventKind.CHANGED and last.by == by.user):
        note(row, DeedEventKind.CHANGED, by=by, at=at)
    return row


def _known(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if unknown := set(given) - set(names):
        raise TypeError(f"An agreement has no {sorted(unknown)}")
    return given


# --- signing, notice, renewal ---------------------------------------------------------------------


@transaction.atomic
def sign(
    *,
    agreement: Agreement,
    party: UUID,
    signature: Signature,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Agreement:
    """Record that a party signed; when all have and its first day has come, it is in force.

    Its own people sign; the co-ordination records a signature on paper once the signed copy is
    among the documents. Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.AGREEMENT_SIGN, agreement)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    found = row.parties.filter(uuid=party).first()
    if found is None:
        raise NotPossible(_("This organisation is no party."))
    may_sign(row, found.organisation_id, signature, by=by, at=at)
    if row.state == S.IN_REVIEW:
        if found.signed_on is not None:
            raise NotPossible(_("This party has signed already."))
        found.signed_on, found.is_on_paper = signature.on, signature.is_on_paper
        found.signatory_name, found.signatory_post = signature.name, signature.post
        found.recorded_at, found.recorded_by = at, person(by)
        found.save()
    row = AGREEMENT.apply(
        row, "sign", by=by, at=at, version=version, party=found.pk, comment=signed_words(found)
    )
    if row.state == S.SIGNED and row.from_on <= local_day(at):
        row = AGREEMENT.apply(row, "begin", by=system_actor("workflow", at), at=at)
    return row


def signed_words(party: AgreementParty) -> str:
    """Which organisation signed, for the timeline: never which person."""
    name = party.organisation.display_name
    return _("%(name)s, on paper") % {"name": name} if party.is_on_paper else name


def may_sign(
    agreement: Agreement, organisation_id: int, signature: Signature, *, by: Actor, at: datetime
) -> None:
    """Whether this signature can be recorded by this actor. Raises NotAllowed, NotPossible."""
    if signature.is_on_paper:
        require(by, P.AGREEMENT_STEER, agreement)
        if not agreement.files.exists():
            raise NotPossible(_("Add the signed copy to the documents first."))
    elif organisation_id != by.organisation_id:
        raise NotAllowed(_("Nobody signs for another organisation."))
    if signature.on > local_day(at):
        raise NotPossible(_("A signature cannot be of a day to come."))


def person(by: Actor) -> User:
    """Whoever acts, as a person. Raises NotAllowed for the system."""
    if by.user is None:
        raise NotAllowed(_("A person signs, never the system."))
    return by.user


def give_notice(
    *,
    agreement: Agreement,
    reason: NoticeReason,
    words: str,
    ends_on: date,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Agreement:
    """End an agreement before its time, for the organisation acted for.

    Raises NotAllowed, NotPossible (no party; a day that does not keep the notice), Stale.
    """
    return AGREEMENT.apply(
        agreement, "give_notice", by=by, at=at, version=version, notice_party=by.organisation,
        notice_reason=reason, notice_words=words, ends_on=ends_on, comment=str(reason.label),
    )  # fmt: skip


@transaction.atomic
def renew(*, agreement: Agreement, by: Actor, at: datetime) -> Agreement:
    """Begin the agreement that follows: a draft of its own with the same parties and duties.

    A renewal that is under way is given back. Raises NotAllowed, NotPossible.
    """
    require(by, P.AGREEMENT_SIGN, agreement)
    require(by, P.AGREEMENT_DRAFT, None)
    row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    if row.state not in (*IN_FORCE, *IS_OVER):
        raise NotPossible(_("Only an agreement that was in force is renewed."))
    standing = row.renewals.exclude(state=S.WITHDRAWN).first()
    if standing is not None:
        return standing
    if not is_party(by, row):
        raise NotAllowed(_("Only a party begins a renewal."))
    return _copy(row, by=by, at=at)


def _copy(row: Agreement, *, by: Actor, at: datetime) -> Agreement:
    begins = max(row.ends_on + timedelta(days=1), local_day(at))
    lasted = row.until_on - row.from_on
    made = draft_agreement(
        client_key=_key_of(row), by=by, at=at, renews=row, title=row.title, purpose=row.purpose,
        area=row.area, from_on=begins, until_on=begins + lasted, notice_days=row.notice_days,
    )  # fmt: skip
    for party in row.parties.all():
        AgreementParty.objects.update_or_create(
            agreement=made,
            organisation_id=party.organisation_id,
            defaults={
                "does": party.does,
                "signatory_name": party.signatory_name,
                "signatory_post": party.signatory_post,
            },
        )
    DelegatedDuty.objects.bulk_create(
        DelegatedDuty(agreement=made, **{name: getattr(each, name) for name in DUTY})
        for each in row.duties.select_related("area", "delegated_by", "carried_by")
    )
    note(row, DeedEventKind.RENEWAL, by=by, at=at)
    deed_clocks.decided_on(row, None, by=by, at=at)
    return made


def _key_of(row: Agreement) -> UUID:
    """A key no form sends: of the renewal that follows this one, after those that were given up."""
    number = row.renewals.count()
    return UUID(int=(row.client_key.int + number + 1) % 2**128)


def note(
    agreement: Agreement, kind: DeedEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> AgreementEvent:
    """Write one line of an agreement's past."""
    return AgreementEvent.objects.create(
        agreement=agreement,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )


# --- what a date does -----------------------------------------------------------------------------


def keep_up(at: datetime) -> int:
    """Let agreements begin, come near their end and end, as the day says; how many moved.

    Part of the sweep: one query where nothing is due, and safe to run twice.
    """
    today, weeks = local_day(at), deed_clocks.last_weeks(at)
    due = Q(state=S.SIGNED, from_on__lte=today) | Q(state__in=IN_FORCE, ends_on__lt=today)
    if weeks is not None:
        due |= Q(state=S.ACTIVE, ends_on__lte=today + weeks)
    by = system_actor("sweep", at)
    rows = Agreement.objects.filter(due).order_by("ends_on", "pk")[:BATCH]
    # What begins comes first: the agreement it renews gives way instead of ending.
    begin_first = sorted(rows, key=lambda row: row.state != S.SIGNED)
    return sum(_take_step(row, by=by, at=at) for row in begin_first)


def _take_step(row: Agreement, *, by: Actor, at: datetime) -> int:
    if row.state == S.SIGNED:
        step = "begin"
    else:
        step = "end" if row.ends_on < local_day(at) else "near_end"
    try:
        AGREEMENT.apply(row, step, by=by, at=at, version=row.version)
    except (NotPossible, Stale, IntegrityError):
        return 0  # somebody else has just moved it; the next round looks again
    return 1
