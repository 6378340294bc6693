"""Keeping a person or an organisation out of one case, and who decides then in their place.

Whoever keeps the working file does it, at once; an officer can step back from a case themselves.
Why stays with whoever keeps the file: those kept out, and their managers, learn at most that access
has ended.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record as log
from accounts.choices import LogAction
from accounts.models import User
from common.marks import Permission, Subject
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners import grants
from partners.access import Actor, system_actor
from partners.choices import GrantReason, Role
from partners.models import Membership, Organisation
from partners.services.memberships import role_group
from referrals import clocks, closing, deciding, notifications, steps
from referrals.access import SEE, held
from referrals.answers import check_note
from referrals.choices import OPEN, EventKind
from referrals.models import Exclusion, Referral, ReferralGrantBasis, Restriction
from referrals.services import restrictions
from referrals.services.working import lock, person_of, save
from referrals.steps import record

P = Permission


def person_at(*, organisation: Organisation, email: str, by: Actor, at: datetime) -> User | None:
    """Whoever signs in with this address and works there; None where nobody does.

    Logged: who works where is not to be found out by trying addresses in silence.
    """
    with transaction.atomic():
        log(
            action=LogAction.IDENTITY_SEARCHED,
            by=by,
            at=at,
            subject=Subject("organisation", organisation.uuid),
            field_group="staff",
        )
    works = Membership.objects.active(at).filter(
        organisation=organisation, user__email=email.strip().lower()
    )
    membership = works.select_related("user").first()
    return membership.user if membership else None


@transaction.atomic
def exclude(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    reason: str,
    user: User | None = None,
    organisation: Organisation | None = None,
    version: int | None = None,
) -> Exclusion:
    """Keep one person, or everybody of an organisation, out of the case, whatever they hold.

    What such an authority was to decide goes to another, or to the alternate. Raises NotAllowed,
    Stale, MissingAnswers, and NotPossible where nobody would be left who keeps or decides it.
    """
    row = lock(referral, by=by, version=version)
    said = check_note(reason, "reason")
    if not said:
        raise MissingAnswers(("reason",))
    if (user is None) == (organisation is None):
        raise MissingAnswers(("user",))
    if organisation is not None and organisation.pk == row.first_responder_id:
        raise NotPossible(_("The organisation that keeps the file cannot be kept out of it."))
    if user is not None:
        _refuse_the_last(row, user, at)
    return _keep_out(row, user, organisation, said, by=by, at=at)


@transaction.atomic
def step_back(*, referral: Referral, by: Actor, at: datetime, reason: str) -> Exclusion:
    """Somebody to whom the case is open is too close to it, and keeps themselves out.

    Raises NotAllowed, MissingAnswers, NotPossible where nobody would be left.
    """
    row = lock(referral, by=by, permission=P.REFERRAL_SEE)
    person, said = person_of(by), check_note(reason, "reason")
    if SEE not in held(by, row):
        raise NotAllowed(_("This belongs to another organisation."))
    if not said:
        raise MissingAnswers(("reason",))
    _refuse_the_last(row, person, at)
    return _keep_out(row, person, None, said, by=by, at=at)


@beyond_sight("somebody kept out of a case")
def _keep_out(
    referral: Referral,
    user: User | None,
    organisation: Organisation | None,
    reason: str,
    *,
    by: Actor,
    at: datetime,
) -> Exclusion:
    standing = Exclusion.objects.standing().filter(
        referral=referral, user=user, organisation=organisation
    )
    if known := standing.first():
        return known
    exclusion = Exclusion(
        referral=referral,
        user=user,
        organisation=organisation,
        since_at=at,
        excluded_by=person_of(by),
    )
    exclusion.reason = reason
    exclusion.save()
    save(referral, [], at=at)
    record(referral, EventKind.EXCLUDED, by=by, at=at)
    if user is not None:
        grants.revoke(subject=referral, to=user, by=by.user, at=at)
    _drop_their_proposal(referral, user, organisation, by=by, at=at)
    grants.rederive(subject=referral, at=at)
    if organisation is not None:
        _hand_over(referral, organisation, exclusion, by=by, at=at)
    restriction = Restriction.objects.standing().filter(referral=referral).first()
    if restriction is not None:
        restrictions.care_for(restriction, at=at)
    return exclusion


def _refuse_the_last(referral: Referral, user: User, at: datetime) -> None:
    """Somebody has to be left who keeps the file, and who decides."""
    keeper = referral.first_responder
    people = closing.named if referral.is_restricted else closing.nameable
    if not people(referral, keeper, at).exclude(pk=user.pk).exists():
        raise NotPossible(_("Nobody would be left who keeps the file."))
    stage = deciding.stage_to_decide(referral)
    for authority in deciding.deciders(referral, stage) if stage else []:
        officers = closing.officers_left(authority, referral, at)
        theirs = officers.filter(user=user).exists()
        if theirs and not officers.exclude(user=user).exists():
            raise NotPossible(
                _("Nobody else decides there. Keep the whole organisation out: another decides.")
            )


def _drop_their_proposal(
    referral: Referral,
    user: User | None,
    organisation: Organisation | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    stage = deciding.stage_to_decide(referral)
    proposal = deciding.open_proposal(referral, stage) if stage else None
    if stage is None or proposal is None:
        return
    theirs = user is not None and proposal.proposed_by_id == user.pk
    if theirs or (organisation is not None and proposal.organisation_id == organisation.pk):
        steps.close_proposal(referral, stage, by=by, at=at)


# --- who decides instead --------------------------------------------------------------------------


def _hand_over(
    referral: Referral, organisation: Organisation, exclusion: Exclusion, *, by: Actor, at: datetime
) -> None:
    """What the organisation had received ends; those who decide in its place receive it."""
    group = role_group(organisation=organisation, role=Role.OFFICER, at=at).group
    had = grants.revoke(subject=referral, to=group, by=by.user, at=at, reason=GrantReason.AUTHORITY)
    if had:
        key = f"exclusion:{exclusion.pk}"
        notifications.access_ended(referral, [organisation], by=by, at=at, key=key)
    if referral.authority_id == organisation.pk:
        stage = deciding.stage_to_decide(referral) or deciding.stages()[0]
        found = deciding.deciders(referral, stage)
        if found:
            referral.authority = found[0]
            referral.save(update_fields=["authority"])
    if referral.state in OPEN:
        clocks.given_up(referral, by=by, at=at)
        give_to_deciders(referral, by=by, at=at)


def give_to_deciders(referral: Referral, *, by: Actor, at: datetime) -> bool:
    """Whoever decides now and has not received it does; whether anybody did.

    Where nobody has been named, the co-ordination is told that an authority is missing.
    """
    stage = deciding.stage_to_decide(referral)
    if stage is None:
        return False
    wanted = deciding.deciders(referral, stage)
    have = set(steps.recipients_of(referral))
    new = [each for each in wanted if each.pk not in have]
    if not wanted:
        notifications.no_alternate(referral, closing.co_ordinators(at), at=at)
        return False
    if new:
        steps.share(referral, new, by=by, at=at)
        event = record(referral, EventKind.HANDED_OVER, by=by, at=at)
        notifications.tell_new_deciders(referral, new, key=event.pk, by=by, at=at)
    clocks.took_seats(referral, by=by, at=at)
    return bool(new)


def hand_over_waiting(at: datetime) -> int:
    """The sweep's part: cases that wait for nobody go to whoever was named meanwhile."""
    standing = Exclusion.objects.standing().filter(organisation__isnull=False)
    received = ReferralGrantBasis.objects.filter(reason=GrantReason.AUTHORITY, ended_at=None)
    waiting = Referral.objects.filter(pk__in=standing.values("referral"), state__in=OPEN).exclude(
        pk__in=received.values("subject")
    )
    by = system_actor("sweep", at)
    return sum(_hand_over_one(pk, by, at) for pk in waiting.values_list("pk", flat=True)[:100])


@transaction.atomic
def _hand_over_one(pk: int, by: Actor, at: datetime) -> bool:
    row = Referral.objects.select_for_update(of=("self",)).get(pk=pk)
    if row.state not in OPEN:
        return False
    stage = deciding.stage_to_decide(row)
    found = deciding.deciders(row, stage) if stage else []
    if found and row.authority not in found:
        row.authority = found[0]
        row.save(update_fields=["authority"])
    return give_to_deciders(row, by=by, at=at)


# --- again ----------------------------------------------------------------------------------------


@transaction.atomic
def readmit(
    *, exclusion: Exclusion, by: Actor, at: datetime, version: int | None = None
) -> Exclusion:
    """They are no longer kept out; what was handed to another authority stays there.

    Raises NotAllowed, Stale, NotPossible; nobody readmits themselves.
    """
    row = lock(exclusion.referral, by=by, version=version)
    found = Exclusion.objects.standing().filter(pk=exclusion.pk, referral=row).first()
    if found is None:
        raise NotPossible(_("They are not kept out any more."))
    with beyond_sight("somebody let back in"):
        return _let_in(row, found, by=by, at=at)


def _let_in(row: Referral, found: Exclusion, *, by: Actor, at: datetime) -> Exclusion:
    found.ended_at, found.ended_by = at, person_of(by)
    found.save(update_fields=["ended_at", "ended_by"])
    save(row, [], at=at)
    record(row, EventKind.READMITTED, by=by, at=at)
    grants.rederive(subject=row, at=at)
    clocks.copy_to_grants(row)
    return found


def standing_on(referral: Referral) -> list[Exclusion]:
    """Who is kept out, for whoever keeps the file; the reasons open with the person's key."""
    found = Exclusion.objects.standing().filter(referral=referral)
    return list(
        found.select_related("user", "organisation", "excluded_by", "referral__person").order_by(
            "since_at", "pk"
        )
    )
