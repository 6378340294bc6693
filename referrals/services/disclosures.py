"""Compelled disclosure: the order, two approvals, the copy, handing over, telling the person.

Whoever keeps the file enters what a court or prosecutor ordered. Nothing is shown for it before two
people approved who did not ask, one of them of an organisation of civil society outside; every look
at the copy is in the access log, section by section.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record as log
from accounts.choices import LogAction
from common.country import current, local_day
from common.marks import Permission, Subject
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import Actor, may, system_actor
from partners.choices import CIVIL_SOCIETY, Role
from partners.models import Membership, Organisation
from referrals import closing, disclosed
from referrals import disclosure_notices as notifications
from referrals.answers import check_note
from referrals.choices import DISCLOSABLE, EventKind, OrderedBy, Section
from referrals.models import Disclosure, Exclusion, Referral
from referrals.notifications import SUBJECT
from referrals.services.working import lock, person_of
from referrals.steps import record

P = Permission
LONGEST = timedelta(days=180)
"""An approval older than that is asked for anew."""


def second_bodies(referral: Referral, actor: Actor) -> Iterable[Organisation]:
    """Who can be the outside approver: organisations of civil society that the actor may know of,
    not kept out of the case."""
    out = Exclusion.objects.standing().filter(referral=referral, organisation__isnull=False)
    known = Organisation.objects.visible_to(actor).members().filter(kind__in=CIVIL_SOCIETY)
    others = known.exclude(pk=referral.first_responder_id)
    return others.exclude(pk__in=out.values("organisation")).order_by("name", "pk")


@transaction.atomic
def enter_order(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    ordered_by: OrderedBy | str,
    scope: Iterable[Section | str],
    legal_basis: str,
    order_reference: str,
    second_body: Organisation,
    expires_on: date,
    silence_until: date | None = None,
) -> Disclosure:
    """Enter what was ordered. Nothing is handed over yet. Raises NotAllowed, NotPossible,
    MissingAnswers."""
    row = lock(referral, by=by)
    if by.is_enforcement:
        raise NotAllowed(_("Law enforcement does not answer an order of its own."))
    wanted = [Section(each) for each in scope]
    basis, order = check_note(legal_basis, "legal_basis"), check_note(order_reference, "order")
    missing = [
        name
        for name, value in (("scope", wanted), ("legal_basis", basis), ("order_reference", order))
        if not value
    ]
    if missing:
        raise MissingAnswers(tuple(missing))
    if set(wanted) - set(DISCLOSABLE):
        raise NotPossible(_("This part of the file cannot be handed over."))
    if second_body not in list(second_bodies(row, by)):
        raise NotPossible(_("Choose an organisation of civil society that is not part of this."))
    end = _end_of(expires_on)
    if not at < end <= at + LONGEST:
        raise NotPossible(_("It can be handed over until a day within the next 180 days."))
    if silence_until is not None and silence_until <= local_day(at):
        raise NotPossible(_("The day until which the person may not be told lies in the past."))
    disclosure = Disclosure(
        referral=row,
        reference=row.reference,
        case_uuid=row.uuid,
        kept_by=row.first_responder,
        second_body=second_body,
        ordered_by=OrderedBy(ordered_by),
        scope=tuple(str(each) for each in DISCLOSABLE if each in wanted),
        asked_by=person_of(by),
        asked_at=at,
        expires_at=end,
        silence_until=silence_until,
    )
    disclosure.legal_basis, disclosure.order_reference = basis, order
    disclosure.save()
    record(row, EventKind.DISCLOSURE_ORDERED, by=by, at=at, detail=disclosure.ordered_by)
    _log(disclosure, "order", by=by, at=at)
    notifications.to_approve(disclosure, _approvers(disclosure, at), by=by, at=at)
    return disclosure


def _end_of(day: date) -> datetime:
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=current().time_zone)


def _log(disclosure: Disclosure, group: str, *, by: Actor, at: datetime) -> None:
    log(
        action=LogAction.COMPELLED_DISCLOSURE,
        by=by,
        at=at,
        subject=Subject(SUBJECT, disclosure.case_uuid),
        field_group=group,
        reason_code=disclosure.ordered_by,
        purpose=str(disclosure.uuid),
    )


# --- two approvals --------------------------------------------------------------------------------


def _approvers(disclosure: Disclosure, at: datetime) -> set[int]:
    """Whoever may approve: at home all who keep the file, outside the managers."""
    at_home = Membership.objects.active(at).filter(
        organisation=disclosure.kept_by, role__in=[Role.CASEWORKER, Role.MANAGER]
    )
    keepers = at_home.filter(is_enforcement=False).values_list("user_id", flat=True)
    found = set(closing.tellable(disclosure.referral, keepers, at))
    outside = Membership.objects.active(at).filter(
        organisation=disclosure.second_body, role=Role.MANAGER
    )
    managers = outside.values_list("user_id", flat=True)
    found |= closing.not_kept_out(disclosure.referral, managers, at)
    return found - {disclosure.asked_by_id}


def may_approve(disclosure: Disclosure, actor: Actor) -> bool:
    """Not the one who asks, not twice, and never two of the organisation that keeps the file."""
    if disclosure.second_at is not None or disclosure.refused_at is not None:
        return False
    if actor.user_id in (None, disclosure.asked_by_id, disclosure.first_by_id):
        return False
    if disclosure.expires_at <= actor.at:
        return False
    is_outside = actor.organisation_id == disclosure.second_body_id and actor.holds(Role.MANAGER)
    works_at_home = Membership.objects.active(actor.at).filter(
        user_id=actor.user_id or 0, organisation=disclosure.kept_by_id
    )
    if is_outside:
        # Whoever works for both is not from outside; whoever is kept out knows of nothing.
        sees = Disclosure.objects.visible_to(actor).filter(pk=disclosure.pk)
        return sees.exists() and not works_at_home.exists()
    at_home = actor.organisation_id == disclosure.kept_by_id
    is_needed = disclosure.first_for_id != disclosure.kept_by_id
    return at_home and is_needed and bool(may(actor, P.REFERRAL_KEEP, disclosure.referral))


@transaction.atomic
@beyond_sight("an order answered")
def approve(*, disclosure: Disclosure, by: Actor, at: datetime) -> Disclosure:
    """One of the two approvals. Raises NotAllowed."""
    row = _locked(disclosure)
    if not may_approve(row, by):
        raise NotAllowed(_("Two others approve, one of them of the organisation outside."))
    if row.first_at is None:
        row.first_by, row.first_for, row.first_at = person_of(by), by.organisation, at
        row.save(update_fields=["first_by", "first_for", "first_at"])
    else:
        row.second_by, row.second_for, row.second_at = person_of(by), by.organisation, at
        row.save(update_fields=["second_by", "second_for", "second_at"])
        record(row.referral, EventKind.DISCLOSURE_APPROVED, by=by, at=at)
        notifications.answered(row, by=by, at=at)
    _log(row, "approval", by=by, at=at)
    return row


@transaction.atomic
@beyond_sight("an order answered")
def refuse(*, disclosure: Disclosure, by: Actor, at: datetime, reason: str) -> Disclosure:
    """Whoever could approve says no: nothing is handed over. Raises NotAllowed, MissingAnswers."""
    row = _locked(disclosure)
    if not may_approve(row, by):
        raise NotAllowed(_("Two others approve, one of them of the organisation outside."))
    said = check_note(reason, "reason")
    if not said:
        raise MissingAnswers(("reason",))
    row.refused_by, row.refused_at = person_of(by), at
    row.refusal = said
    row.save(update_fields=["refused_by", "refused_at", "refusal_ct"])
    record(row.referral, EventKind.DISCLOSURE_REFUSED, by=by, at=at)
    _log(row, "refusal", by=by, at=at)
    notifications.answered(row, by=by, at=at)
    return row


def _locked(disclosure: Disclosure) -> Disclosure:
    found = Disclosure.objects.select_for_update(of=("self",))
    return found.select_related("referral", "kept_by", "second_body", "asked_by").get(
        pk=disclosure.pk
    )


# --- the copy, and handing it over ----------------------------------------------------------------


def may_hand_over(disclosure: Disclosure, actor: Actor) -> bool:
    """Approved by two, in time, by somebody who keeps the file."""
    is_live = disclosure.is_approved and disclosure.expires_at > actor.at
    at_home = actor.organisation_id == disclosure.kept_by_id and not actor.is_enforcement
    return is_live and at_home and bool(may(actor, P.REFERRAL_KEEP, disclosure.referral))


@transaction.atomic
def open_copy(*, disclosure: Disclosure, by: Actor, at: datetime) -> list[disclosed.Part]:
    """What the order covers and nothing else, to print. Each section is logged before it is read.

    Raises NotAllowed.
    """
    row = _locked(disclosure)
    if not may_hand_over(row, by):
        raise NotAllowed(_("Nothing is handed over before two people approved, nor after the end."))
    for section in row.scope:
        _log(row, section, by=by, at=at)
    return disclosed.parts(row.referral, row.scope)


@transaction.atomic
def hand_over(
    *,
    disclosure: Disclosure,
    by: Actor,
    at: datetime,
    sections: Iterable[Section | str],
    to: str,
    person_told: bool,
) -> Disclosure:
    """Record what was handed over, and to whom; less than was ordered is possible.

    The person was told, unless the order forbids it until a day. Raises NotAllowed, NotPossible,
    MissingAnswers.
    """
    row = _locked(disclosure)
    if row.handed_over_at is not None:
        raise NotPossible(_("This was handed over already."))
    if not may_hand_over(row, by):
        raise NotAllowed(_("Nothing is handed over before two people approved, nor after the end."))
    given, said = {str(each) for each in sections}, check_note(to, "to")
    if not given or not said:
        raise MissingAnswers(("sections",) if not given else ("to",))
    if not given <= set(row.scope):
        raise NotPossible(_("More than was ordered cannot be handed over."))
    if not person_told and row.silence_until is None:
        raise NotPossible(_("Tell the person first, or record until when the order forbids it."))
    row.handed_over_by, row.handed_over_at = person_of(by), at
    row.handed_over = tuple(each for each in row.scope if each in given)
    row.handed_to = said
    if person_told:
        row.told_by, row.told_at = person_of(by), at
    row.save(
        update_fields=[
            "handed_over_by",
            "handed_over_at",
            "handed_over",
            "handed_to_ct",
            "told_by",
            "told_at",
        ]
    )
    record(row.referral, EventKind.DISCLOSURE_DONE, by=by, at=at)
    _log(row, "handed_over", by=by, at=at)
    return row


@transaction.atomic
def tell_person(*, disclosure: Disclosure, by: Actor, at: datetime) -> Disclosure:
    """The person was told. Raises NotAllowed, and NotPossible while the order forbids it."""
    row = _locked(disclosure)
    if by.organisation_id != row.kept_by_id or not may(by, P.REFERRAL_KEEP, row.referral):
        raise NotAllowed(_("Whoever keeps the file tells the person."))
    if row.told_at is not None:
        return row
    if row.silence_until is not None and row.silence_until > local_day(at):
        raise NotPossible(_("The order forbids to tell the person before that day."))
    row.told_by, row.told_at = person_of(by), at
    row.save(update_fields=["told_by", "told_at"])
    record(row.referral, EventKind.PERSON_TOLD, by=by, at=at)
    notifications.person_told(row, at=at)
    return row


def remind_to_tell(at: datetime) -> int:
    """The sweep's part: the order forbids it no longer, and the person was not told yet."""
    due = Disclosure.objects.silent_until(local_day(at)).select_related("referral", "kept_by")
    by, number = system_actor("disclosures", at), 0
    for disclosure in due.order_by("silence_until")[:200]:
        at_home = Membership.objects.active(at).filter(
            organisation=disclosure.kept_by, role__in=[Role.CASEWORKER, Role.MANAGER]
        )
        users = at_home.filter(is_enforcement=False).values_list("user_id", flat=True)
        told = closing.tellable(disclosure.referral, users, at)
        with transaction.atomic():
            notifications.tell_the_person(disclosure, told, by=by, at=at)
        number += 1
    return number
