"""A security lock of somebody's account: who sees it, who may lock whom, who is told.

What it does to the account is `accounts/locks.py`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import locks
from accounts.choices import LockReason
from accounts.models import AccountLock, User
from common.marks import Permission
from common.workflow import NotAllowed
from partners import notifications
from partners.access import Actor, may
from partners.models import Membership

P = Permission


def answers_for_all(actor: Actor) -> bool:
    """Whether the actor locks anybody who works in the mechanism, and not colleagues only."""
    return bool({P.ORGANISATION_REVIEW, P.SYSTEM_HEALTH_SEE} & actor.permissions)


def visible_to(actor: Actor) -> QuerySet[AccountLock]:
    """Locks that stand now: of one's colleagues, or all where one answers for all."""
    found = AccountLock.objects.standing(actor.at)
    if actor.user_id is None or P.ACCOUNT_LOCK not in actor.permissions:
        return found.none()
    if not answers_for_all(actor):
        found = found.filter(user__in=lockable(actor).values("user"))
    return found.select_related("user", "locked_by", "extended_by")


def lockable(actor: Actor) -> QuerySet[Membership]:
    """By which memberships somebody can be locked by this actor; never the actor's own."""
    active = Membership.objects.active(actor.at)
    if actor.user_id is None or P.ACCOUNT_LOCK not in actor.permissions:
        return active.none()
    others = active.exclude(user_id=actor.user_id)
    if answers_for_all(actor):
        return others
    return others.filter(organisation_id=actor.organisation_id or 0)


@transaction.atomic
def lock(*, user: User, reason: LockReason, by: Actor, at: datetime) -> AccountLock:
    """Lock somebody out at once, for 72 hours. The organisation's managers are told.

    Raises NotAllowed, and of `accounts.locks` NotYours and NotStanding.
    """
    person = _person(by)
    if user.pk == person.pk:
        raise locks.NotYours
    if not lockable(by).filter(user=user).exists():
        raise NotAllowed(_("This person does not work here."))
    made = locks.lock(user=user, reason=reason, by=person, at=at)
    notifications.account_locked(made, by=by, at=at)
    return made


@transaction.atomic
def extend(*, lock: AccountLock, by: Actor, at: datetime) -> AccountLock:
    """A second person makes it longer, once, by as much again. Raises as `lock`."""
    return locks.extend(lock=_seen(lock, by), by=_person(by), at=at)


@transaction.atomic
def lift(*, lock: AccountLock, by: Actor, at: datetime) -> AccountLock:
    """Let the person in again. Raises as `lock`."""
    return locks.lift(lock=_seen(lock, by), by=_person(by), at=at)


def _person(by: Actor) -> User:
    decision = may(by, P.ACCOUNT_LOCK)
    if not decision or by.user is None:
        raise NotAllowed(decision.reason)
    return by.user


def _seen(lock: AccountLock, by: Actor) -> AccountLock:
    works = lockable(by).filter(Q(user=lock.user_id))
    if not works.exists():
        raise NotAllowed(_("This person does not work here."))
    return lock
