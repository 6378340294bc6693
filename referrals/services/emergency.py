"""Emergency access: asking, the second person on a restricted case, opening, and the review.

It opens who the person is, how to reach them safely and who keeps the file, to one person, to read,
for an hour. Never for law enforcement. No path opens a case without three notices in the same
transaction: to whoever keeps the file, to whoever answers for the one who opened it, and to the
co-ordination.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record as log
from accounts.choices import LogAction
from accounts.models import AccessLog, User
from common.marks import Permission, Subject
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners import grants
from partners.access import Actor, system_actor
from partners.choices import GrantReason, Role
from partners.models import Membership, Organisation
from referrals import closing
from referrals import emergency_notices as notifications
from referrals.access import IDENTITY, held
from referrals.answers import check_note
from referrals.choices import EmergencyReason, EventKind, Origin, ReviewOutcome
from referrals.models import EmergencyAccess, Referral
from referrals.models.referral import kept_out
from referrals.notifications import SUBJECT
from referrals.services.working import person_of, require
from referrals.steps import record

P = Permission
#: References that lead nowhere, by one person within an hour.
TRIES = 5
NOT_FOUND = "not_found"


def ask(
    *, reference: str, by: Actor, at: datetime, reason_code: EmergencyReason | str, reason: str
) -> EmergencyAccess:
    """Open the case of this reference for an hour; a restricted one waits for a second person.

    Every try is logged. Raises NotAllowed, MissingAnswers, and NotPossible for a reference that no
    case has (or one that this person is kept out of: the answer is the same).
    """
    organisation = _may_ask(by, at)
    said = check_note(reason, "reason")
    if not said:
        raise MissingAnswers(("reason",))
    referral = _find(reference, by=by, at=at)
    if referral is None:
        raise NotPossible(_("No case has this reference. Check it with whoever gave it to you."))
    if IDENTITY in held(by, referral):
        raise NotPossible(_("This case is open to you already."))
    with transaction.atomic(), beyond_sight("emergency access asked for"):
        row = Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)
        access = EmergencyAccess(
            reference=row.reference,
            case_uuid=row.uuid,
            referral=row,
            kept_by=row.first_responder,
            is_restricted=row.is_restricted,
            asked_by=person_of(by),
            asked_for=organisation,
            asked_at=at,
            reason_code=EmergencyReason(reason_code),
        )
        access.reason = said
        access.save()
        if row.is_restricted:
            _log(access, "asked", by=by, at=at)
            notifications.second_needed(access, _seconds(access, at), by=by, at=at)
        else:
            _open(access, by=by, at=at)
    return access


def _may_ask(by: Actor, at: datetime) -> Organisation:
    require(by, P.EMERGENCY_ACCESS)
    if by.organisation is None or by.is_enforcement or by.scopes is not None:
        raise NotAllowed(_("Emergency access is never for law enforcement, nor for a program."))
    if reason := barred(person_of(by), at):
        raise NotAllowed(reason)
    tries = AccessLog.objects.filter(
        user=by.user,
        action=LogAction.BREAK_GLASS,
        reason_code=NOT_FOUND,
        at__gt=at - timedelta(hours=1),
    )
    if tries.count() >= TRIES:
        raise NotAllowed(_("Too many references led nowhere. Call whoever keeps the file."))
    return by.organisation


def barred(user: User, at: datetime) -> str:
    """Why this person cannot use emergency access now; empty when they can."""
    own = EmergencyAccess.objects.filter(asked_by=user)
    if own.overdue(at).exists():
        return _("Your last emergency access has not been reviewed in time. Ask for the review.")
    since = at - settings.EMERGENCY_BARRED_FOR
    if own.filter(outcome=ReviewOutcome.MISUSE, reviewed_at__gt=since).exists():
        return _("A review found that you misused emergency access; it is closed to you.")
    return ""


@beyond_sight("emergency access by reference")
def _find(reference: str, *, by: Actor, at: datetime) -> Referral | None:
    """The case, or None; what leads nowhere is logged, and counted against the tries."""
    live = Referral.objects.filter(origin=Origin.LIVE, person__isnull=False)
    found = live.filter(~kept_out(by), reference=reference).first()
    if found is None and by.organisation is not None:
        with transaction.atomic():
            log(
                action=LogAction.BREAK_GLASS,
                by=by,
                at=at,
                subject=Subject("organisation", by.organisation.uuid),
                reason_code=NOT_FOUND,
            )
    return found


def _log(access: EmergencyAccess, step: str, *, by: Actor, at: datetime) -> None:
    log(
        action=LogAction.BREAK_GLASS,
        by=by,
        at=at,
        subject=Subject(SUBJECT, access.case_uuid),
        field_group=step,
        reason_code=access.reason_code,
        purpose=str(access.uuid),
    )


def _open(access: EmergencyAccess, *, by: Actor, at: datetime) -> None:
    access.opened_at, access.until_at = at, at + settings.EMERGENCY_ACCESS_FOR
    access.review_due_at = at + settings.EMERGENCY_REVIEW_WITHIN
    access.save(update_fields=["opened_at", "until_at", "review_due_at"])
    grants.grant(
        subject=access.referral,
        permissions=["see", "identity"],
        to=access.asked_by,
        reason=GrantReason.BREAK_GLASS,
        by=by.user,
        at=at,
        until=access.until_at,
    )
    record(access.referral, EventKind.GLASS_BROKEN, by=by, at=at, detail=access.reason_code)
    _log(access, "opened", by=by, at=at)
    told = three(access, at)
    if not all(told.values()):
        raise NotPossible(_("Nobody would be told of it, so it is not opened. Call a colleague."))
    for kind, users in told.items():
        notifications.glass_broken(access, kind, users, by=by, at=at)


# --- who is told, who agrees, who reviews ---------------------------------------------------------


def three(access: EmergencyAccess, at: datetime) -> dict[str, list[int]]:
    """The three notices, each with whom it goes to: never the one who opened it."""
    keepers = _keepers(access, at)
    own = set(_members(access.asked_for, [Role.MANAGER], at))
    overseers = set(closing.co_ordinators(at)) - {access.asked_by_id}
    own -= {access.asked_by_id}
    return {
        notifications.GLASS_KEEPER: sorted(keepers or overseers),
        notifications.GLASS_OWN: sorted(own or overseers),
        notifications.GLASS_OVERSEEN: sorted(overseers),
    }


def _keepers(access: EmergencyAccess, at: datetime) -> set[int]:
    """Whoever works on the case at the organisation that keeps it, but for who is kept out."""
    roles = [Role.CASEWORKER, Role.MANAGER]
    users = closing.tellable(access.referral, _members(access.kept_by, roles, at), at)
    return set(users) - {access.asked_by_id}


def _members(organisation: Organisation, roles: Iterable[Role], at: datetime) -> list[int]:
    at_work = Membership.objects.active(at).filter(organisation=organisation, role__in=list(roles))
    return sorted(set(at_work.values_list("user_id", flat=True)))


def _seconds(access: EmergencyAccess, at: datetime) -> list[int]:
    """Who may be the second person: whoever is named for the case in another organisation, and
    does not work for the first as well."""
    found: set[int] = set()
    for organisation in closing.parts_in(access.referral, at).exclude(pk=access.asked_for_id):
        found |= set(closing.named(access.referral, organisation, at).values_list("pk", flat=True))
    at_first = Membership.objects.active(at).filter(organisation=access.asked_for_id)
    return sorted(found - {access.asked_by_id} - set(at_first.values_list("user_id", flat=True)))


@beyond_sight("who is the second person")
def may_agree(access: EmergencyAccess, actor: Actor) -> bool:
    """Named for the case, of another organisation than the one who asks."""
    return (
        access.opened_at is None
        and access.refused_at is None
        and actor.organisation_id != access.asked_for_id
        and actor.user_id in _seconds(access, actor.at)
    )


def may_review(access: EmergencyAccess, actor: Actor) -> bool:
    """Visible to somebody of another organisation than that of whoever opened it."""
    is_other = actor.user_id != access.asked_by_id and actor.organisation_id not in (
        None,
        access.asked_for_id,
    )
    sees = EmergencyAccess.objects.visible_to(actor).filter(pk=access.pk)
    # A person who works for both organisations is not of another one.
    works_there = Membership.objects.active(actor.at).filter(
        user_id=actor.user_id or 0, organisation_id=access.asked_for_id
    )
    is_open = access.opened_at is not None and access.reviewed_at is None
    return is_open and is_other and sees.exists() and not works_there.exists()


# --- the second person ----------------------------------------------------------------------------


@transaction.atomic
@beyond_sight("emergency access agreed to")
def agree(*, access: EmergencyAccess, by: Actor, at: datetime) -> EmergencyAccess:
    """The second person: the case opens to the one who asked. Raises NotAllowed, NotPossible."""
    row = _waiting(access, by=by)
    row.agreed_by, row.agreed_for, row.agreed_at = person_of(by), by.organisation, at
    row.save(update_fields=["agreed_by", "agreed_for", "agreed_at"])
    asker = _asker_of(row, at)
    _log(row, "agreed", by=by, at=at)
    _open(row, by=asker, at=at)
    notifications.second_found(row, by=by, at=at)
    return row


@transaction.atomic
@beyond_sight("emergency access refused")
def refuse(*, access: EmergencyAccess, by: Actor, at: datetime) -> EmergencyAccess:
    """The second person says no; nothing opens. Raises NotAllowed, NotPossible."""
    row = _waiting(access, by=by)
    row.refused_by, row.refused_at = person_of(by), at
    row.save(update_fields=["refused_by", "refused_at"])
    _log(row, "refused", by=by, at=at)
    notifications.second_found(row, by=by, at=at)
    return row


def _waiting(access: EmergencyAccess, *, by: Actor) -> EmergencyAccess:
    row = _locked(access)
    if row.opened_at is not None or row.refused_at is not None:
        raise NotPossible(_("Somebody else has answered this already."))
    if not may_agree(row, by):
        raise NotAllowed(_("Somebody named for the case, of another organisation, agrees to this."))
    return row


def _locked(access: EmergencyAccess) -> EmergencyAccess:
    found = EmergencyAccess.objects.select_for_update(of=("self",))
    return found.select_related("referral", "asked_by", "asked_for", "kept_by").get(pk=access.pk)


def _asker_of(access: EmergencyAccess, at: datetime) -> Actor:
    """Whoever asked, as the actor of the act that the second person let happen."""
    if reason := barred(access.asked_by, at):
        raise NotPossible(reason)
    return Actor(at=at, user=access.asked_by, organisation=access.asked_for)


# --- the review -----------------------------------------------------------------------------------


@transaction.atomic
@beyond_sight("emergency access reviewed")
def review(
    *,
    access: EmergencyAccess,
    by: Actor,
    at: datetime,
    outcome: ReviewOutcome | str,
    finding: str,
) -> EmergencyAccess:
    """Somebody of another organisation says whether it was justified.

    Misuse ends what is still open at once, closes emergency access to the person for a year and is
    told to whoever answers for them and to the co-ordination. Raises NotAllowed, NotPossible,
    MissingAnswers.
    """
    row = _locked(access)
    if row.opened_at is None or row.reviewed_at is not None:
        raise NotPossible(_("There is nothing to review, or it was reviewed already."))
    if not may_review(row, by):
        raise NotAllowed(_("Somebody of another organisation reviews this."))
    said = check_note(finding, "finding")
    if not said:
        raise MissingAnswers(("finding",))
    row.reviewed_by, row.reviewed_for, row.reviewed_at = person_of(by), by.organisation, at
    row.outcome = ReviewOutcome(outcome)
    row.finding = said
    row.save(update_fields=["reviewed_by", "reviewed_for", "reviewed_at", "outcome", "finding_ct"])
    record(row.referral, EventKind.GLASS_REVIEWED, by=by, at=at, detail=row.outcome)
    notifications.reviewed(row, by=by, at=at)
    if row.outcome == ReviewOutcome.MISUSE:
        grants.revoke(
            subject=row.referral,
            to=row.asked_by,
            by=by.user,
            at=at,
            reason=GrantReason.BREAK_GLASS,
        )
        answers = _members(row.asked_for, [Role.MANAGER], at)
        users = {*answers, *closing.co_ordinators(at), *_keepers(row, at)} - {row.asked_by_id}
        notifications.misused(row, users, by=by, at=at)
    return row


def remind_of_reviews(at: datetime) -> int:
    """The sweep's part: a review that is late is told to those who may make it, once a day."""
    late = EmergencyAccess.objects.overdue(at).select_related("referral", "kept_by", "asked_for")
    number = 0
    for access in late.order_by("review_due_at")[:200]:
        users = (_keepers(access, at) | set(closing.co_ordinators(at))) - {access.asked_by_id}
        with transaction.atomic():
            by = system_actor("emergency", at)
            notifications.review_late(access, users, by=by, at=at)
        number += 1
    return number
