"""A security lock: one person's act, at most 72 hours, over by itself; a second person extends it.

It ends every session and token at once. Who may lock whom is decided in `partners`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import audit, services, sessions
from accounts.choices import LockReason, LogAction
from accounts.models import LOCK_LIFE, AccountLock, ApiToken, User
from common.marks import Subject

AGAIN_AFTER: Final = timedelta(days=30)
"""So long after a lock nobody locks the same account a second time on their own."""

Tell = Callable[..., None]
"""tell(lock=, at=): puts a mail to the person into the outbox, in this transaction."""
Contact = Callable[[datetime], dict[str, str] | None]
"""Whom a locked person can call: {text, href, label} as the account pages show it, or None."""


class NotYours(ValueError):
    """Nobody locks themselves, extends their own lock, or locks the same account again alone."""


class NotStanding(ValueError):
    """There is no such lock now, or one stands already."""


_tell: list[Tell] = []
_contact: list[Contact] = []


def register(*, tell: Tell | None = None, contact: Contact | None = None) -> None:
    """Says how the person is told, and whom they call. From AppConfig.ready() of packages above."""
    if tell is not None:
        _tell[:] = [tell]
    if contact is not None:
        _contact[:] = [contact]


def whom_to_call(at: datetime) -> dict[str, str] | None:
    """Whom a locked person can call, where somebody said so."""
    return _contact[0](at) if _contact else None


@transaction.atomic
def lock(
    *, user: User, reason: LockReason, by: User, at: datetime, life: timedelta = LOCK_LIFE
) -> AccountLock:
    """Keep somebody out from this moment on. Raises NotYours, NotStanding.

    ImproperlyConfigured where the person would not be told.
    """
    if by.pk == user.pk:
        raise NotYours
    if not _tell:
        raise ImproperlyConfigured("accounts.locks.register was not called: nobody would be told.")
    row = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if row.is_locked(at):
        raise NotStanding
    lately = AccountLock.objects.filter(user=row, locked_by=by, until_at__gt=at - AGAIN_AFTER)
    if lately.filter(lifted_at=None).exists():
        raise NotYours
    made = AccountLock.objects.create(
        user=row, reason=reason, locked_at=at, locked_by=by, until_at=at + min(life, LOCK_LIFE)
    )
    _let_in_from(made, made.until_at)
    sessions.end_all(row)
    for token in ApiToken.objects.live(at).filter(user=row):
        services.revoke_token(token=token, by=audit.Oneself(by.pk), at=at)
    _log(LogAction.ACCOUNT_LOCKED, made, by, at, reason)
    _tell[0](lock=made, at=at)
    return made


@transaction.atomic
def extend(*, lock: AccountLock, by: User, at: datetime) -> AccountLock:
    """A second person adds as much again, once. Raises NotYours, NotStanding."""
    row = _standing(lock, at)
    if by.pk in {row.user_id, row.locked_by_id}:
        raise NotYours
    if row.extended_at is not None:
        raise NotStanding
    row.extended_at, row.extended_by = at, by
    row.until_at += LOCK_LIFE
    row.save(update_fields=["extended_at", "extended_by", "until_at"])
    _let_in_from(row, row.until_at)
    _log(LogAction.ACCOUNT_LOCKED, row, by, at, "extended")
    _tell[0](lock=row, at=at)
    return row


@transaction.atomic
def lift(*, lock: AccountLock, by: User, at: datetime) -> AccountLock:
    """Let the person in again; one person may. Raises NotYours, NotStanding."""
    row = _standing(lock, at)
    if by.pk == row.user_id:
        raise NotYours
    row.lifted_at, row.lifted_by = at, by
    row.save(update_fields=["lifted_at", "lifted_by"])
    _let_in_from(row, None)
    _log(LogAction.ACCOUNT_UNLOCKED, row, by, at, "lifted")
    return row


def _standing(lock: AccountLock, at: datetime) -> AccountLock:
    rows = AccountLock.objects.standing(at).select_related("user")
    row = rows.select_for_update(of=("self",)).filter(pk=lock.pk).first()
    if row is None:
        raise NotStanding
    return row


def _let_in_from(lock: AccountLock, until: datetime | None) -> None:
    User.objects.filter(pk=lock.user_id).update(locked_until_at=until)


def _log(action: LogAction, lock: AccountLock, by: User, at: datetime, reason: str) -> None:
    audit.record(
        action=action,
        by=audit.Oneself(by.pk),
        at=at,
        subject=Subject("user", lock.user.uuid),
        reason_code=reason,
    )
