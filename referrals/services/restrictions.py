"""Restricting a case to named people, naming them, and lifting it again.

To restrict protects, so one person does it at once. To lift opens, so it takes two. Each
organisation with a part in the case names its own people, at least two; whoever names them need
not, and where it is a manager does not, see the case.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners import grants
from partners.access import Actor
from partners.choices import GrantReason
from partners.models import Membership, Organisation
from referrals import clocks, closing, notifications
from referrals.answers import check_note
from referrals.choices import EventKind
from referrals.closing import ENOUGH
from referrals.models import Referral, ReferralEvent, ReferralGrantBasis, Restriction
from referrals.services.working import lock, person_of, save
from referrals.steps import record


@transaction.atomic
def restrict(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    people: Iterable[User],
    reason: str,
    version: int | None = None,
) -> Restriction:
    """From now on the case is open to `people` of one's own organisation alone, at least two.

    Of an authority that has it already, the officers who acted on it are named; where they are
    fewer than two, its managers are asked to name others. Raises NotAllowed, Stale, NotPossible,
    MissingAnswers.
    """
    row = lock(referral, by=by, version=version)
    if row.is_restricted:
        raise NotPossible(_("This case is restricted already."))
    if row.person is None:
        raise NotPossible(_("A notice without identity has nobody to protect."))
    said = check_note(reason, "reason")
    if not said:
        raise MissingAnswers(("reason",))
    wanted = _nameable(row, row.first_responder, people, at)
    if len(wanted) < ENOUGH:
        raise NotPossible(_("Name at least two people, so that the case is never without one."))
    return _restrict(row, wanted, said, by=by, at=at)


@beyond_sight("a case restricted")
def _restrict(
    row: Referral, wanted: list[User], reason: str, *, by: Actor, at: datetime
) -> Restriction:
    restriction = Restriction(
        referral=row,
        reference=row.reference,
        case_uuid=row.uuid,
        since_at=at,
        restricted_by=person_of(by),
    )
    restriction.reason = reason
    restriction.save()
    row.is_restricted = True
    save(row, ["is_restricted"], at=at)
    record(row, EventKind.RESTRICTED, by=by, at=at)
    _name(row, row.first_responder, wanted, by=by, at=at)
    for organisation in closing.parts_in(row, at).exclude(pk=row.first_responder_id):
        acted = _who_acted(row, organisation, at)
        if acted:
            _name(row, organisation, acted, by=by, at=at)
    care_for(restriction, at=at)
    return restriction


def _who_acted(referral: Referral, organisation: Organisation, at: datetime) -> list[User]:
    """The people of an authority who have worked on the case, and could be named for it."""
    acted = ReferralEvent.objects.filter(referral=referral, by_organisation=organisation)
    return list(closing.nameable(referral, organisation, at).filter(pk__in=acted.values("by")))


def _nameable(
    referral: Referral, organisation: Organisation, people: Iterable[User], at: datetime
) -> list[User]:
    wanted = {person.pk for person in people}
    found = list(closing.nameable(referral, organisation, at).filter(pk__in=wanted))
    if len(found) != len(wanted):
        raise NotPossible(_("One of these people cannot be named for this case."))
    return found


def _name(
    referral: Referral, organisation: Organisation, people: list[User], *, by: Actor, at: datetime
) -> None:
    grants.grant(
        subject=referral,
        permissions=closing.permissions_of(referral, organisation, at),
        to=people,
        reason=GrantReason.NAMED,
        by=by.user,
        at=at,
    )
    notifications.named(referral, [each.pk for each in people], organisation, by=by, at=at)


# --- naming ---------------------------------------------------------------------------------------


@transaction.atomic
@beyond_sight("people named for a restricted case")
def name_people(
    *, restriction: Restriction, by: Actor, at: datetime, people: Iterable[User]
) -> list[User]:
    """Name people of one's own organisation for a restricted case; those named now.

    The case itself need not be visible to whoever names. Raises NotAllowed, NotPossible.
    """
    row, organisation = _naming(restriction, by=by, at=at)
    wanted = _nameable(row, organisation, people, at)
    if not wanted:
        raise NotPossible(_("Choose at least one person."))
    _name(row, organisation, wanted, by=by, at=at)
    record(row, EventKind.PEOPLE_NAMED, by=by, at=at, detail=str(len(wanted)))
    care_for(restriction, at=at)
    return wanted


@transaction.atomic
@beyond_sight("a person taken off a restricted case")
def remove_person(*, restriction: Restriction, by: Actor, at: datetime, person: User) -> None:
    """Somebody of one's own organisation works on the restricted case no longer.

    Raises NotAllowed, and NotPossible where fewer than two would be left: name another first.
    """
    row, organisation = _naming(restriction, by=by, at=at)
    standing = closing.named(row, organisation, at)
    if not standing.filter(pk=person.pk).exists():
        raise NotPossible(_("This person is not named for the case."))
    if standing.count() <= ENOUGH:
        raise NotPossible(_("Two people stay named. Name another one first."))
    _remove(row, person, by=by.user, at=at)
    record(row, EventKind.PERSON_REMOVED, by=by, at=at)


def _remove(referral: Referral, person: User, *, by: User | None, at: datetime) -> None:
    grants.revoke(subject=referral, to=person, by=by, at=at, reason=GrantReason.NAMED)


def _naming(restriction: Restriction, *, by: Actor, at: datetime) -> tuple[Referral, Organisation]:
    """The case, locked, and the organisation named for. Raises NotAllowed, NotPossible."""
    known = Restriction.objects.to_be_named_by(by).filter(pk=restriction.pk)
    if not known.exists() or by.organisation is None:
        raise NotAllowed(_("This belongs to another organisation."))
    row = Referral.objects.select_for_update(of=("self",)).get(pk=restriction.referral_id)
    if not row.is_restricted:
        raise NotPossible(_("The case is no longer restricted."))
    may_name = {*closing.namers(by.organisation, row, at)}
    may_name |= set(closing.named(row, by.organisation, at).values_list("pk", flat=True))
    if by.user_id not in may_name:
        raise NotAllowed(_("A manager of your organisation names people for this case."))
    return row, by.organisation


# --- lifting --------------------------------------------------------------------------------------


@transaction.atomic
def ask_to_lift(
    *, referral: Referral, by: Actor, at: datetime, version: int | None = None
) -> Restriction:
    """The first of two: asks the other named people of the organisation that keeps the file.

    Raises NotAllowed, Stale, NotPossible.
    """
    row, restriction = _standing(referral, by=by, version=version)
    if restriction.lift_asked_at is not None:
        raise NotPossible(_("Lifting the restriction was asked for already."))
    restriction.lift_asked_at, restriction.lift_asked_by = at, person_of(by)
    restriction.save(update_fields=["lift_asked_at", "lift_asked_by"])
    save(row, [], at=at)
    record(row, EventKind.LIFT_ASKED, by=by, at=at)
    others = closing.named(row, row.first_responder, at).values_list("pk", flat=True)
    notifications.lift_asked(row, others, row.first_responder, by=by, at=at)
    return restriction


@transaction.atomic
def keep_restricted(
    *, referral: Referral, by: Actor, at: datetime, version: int | None = None
) -> Restriction:
    """The restriction stays: whoever asked takes it back, or another named person says no."""
    row, restriction = _standing(referral, by=by, version=version)
    if restriction.lift_asked_at is None:
        raise NotPossible(_("Nobody has asked to lift the restriction."))
    restriction.lift_asked_at = restriction.lift_asked_by = None
    restriction.save(update_fields=["lift_asked_at", "lift_asked_by"])
    save(row, [], at=at)
    record(row, EventKind.LIFT_REFUSED, by=by, at=at)
    return restriction


@transaction.atomic
def lift(*, referral: Referral, by: Actor, at: datetime, version: int | None = None) -> Restriction:
    """The second of two agrees: the case is open again to the groups that hold a part in it.

    Raises NotAllowed, Stale, NotPossible where nobody asked or it is the same person.
    """
    row, restriction = _standing(referral, by=by, version=version)
    if restriction.lift_asked_by_id is None:
        raise NotPossible(_("Nobody has asked to lift the restriction."))
    if restriction.lift_asked_by_id == by.user_id:
        raise NotPossible(_("Two people lift a restriction: one asks, one agrees."))
    _lift(row, restriction, by=by, at=at)
    return restriction


@beyond_sight("a restriction lifted")
def _lift(row: Referral, restriction: Restriction, *, by: Actor, at: datetime) -> None:
    restriction.lifted_at, restriction.lifted_by = at, person_of(by)
    restriction.save(update_fields=["lifted_at", "lifted_by"])
    row.is_restricted = False
    save(row, ["is_restricted"], at=at)
    for person in _all_named(row):
        _remove(row, person, by=by.user, at=at)
    grants.rederive(subject=row, at=at)
    clocks.copy_to_grants(row)
    notifications.people_enough(restriction, at=at)
    record(row, EventKind.LIFTED, by=by, at=at)


def _standing(
    referral: Referral, *, by: Actor, version: int | None
) -> tuple[Referral, Restriction]:
    row = lock(referral, by=by, version=version)
    restriction = Restriction.objects.standing().filter(referral=row).first()
    if restriction is None:
        raise NotPossible(_("This case is not restricted."))
    return row, restriction


def _all_named(referral: Referral) -> list[User]:
    bases = ReferralGrantBasis.objects.filter(
        subject=referral, reason=GrantReason.NAMED, ended_at=None
    )
    return list(User.objects.filter(pk__in=bases.values("user")).order_by("pk"))


# --- never nobody ---------------------------------------------------------------------------------


def care_for(restriction: Restriction, *, at: datetime) -> int:
    """Tell whoever names people in each organisation that has fewer than two; how many lack some.

    Says it once a day. A person who works in none of these organisations any more is taken off.
    """
    row = restriction.referral
    parts = list(closing.parts_in(row, at))
    at_work = Membership.objects.active(at).filter(organisation__in=parts)
    here = set(at_work.values_list("user", flat=True))
    for person in _all_named(row):
        if person.pk not in here or not person.is_active:
            _remove(row, person, by=None, at=at)
    short = 0
    for organisation in parts:
        if closing.named(row, organisation, at).count() < ENOUGH:
            short += 1
            users = closing.namers(organisation, row, at)
            notifications.short_of_people(restriction, organisation, users, at=at)
    if not short:
        notifications.people_enough(restriction, at=at)
    return short


def care_for_all(at: datetime) -> int:
    """The sweep's part: every restricted case has two people in each organisation, or they are
    asked for. How many organisations lack some."""
    standing = Restriction.objects.standing().select_related("referral__first_responder")
    return sum(_care_for(each, at) for each in standing.order_by("pk").iterator(chunk_size=200))


@transaction.atomic
def _care_for(restriction: Restriction, at: datetime) -> int:
    return care_for(restriction, at=at)
