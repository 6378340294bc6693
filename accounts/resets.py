"""A lost second factor: two people agree, the person is told, a day passes, the factors go.

As strong as enrolment (ASVS 5.0, 6.4.4): whoever stole a password and talked to the help desk still
needs a second person and a day in which the true owner is told and can stop it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import audit, sessions
from accounts.choices import LogAction
from accounts.models import FactorReset, User
from common.marks import Subject

DELAY: Final = timedelta(hours=24)

Tell = Callable[..., None]
"""tell(reset=, at=): puts notice and mail to the person into the outbox, in this transaction."""


class NotTwoPeople(ValueError):
    """The person, whoever asks and whoever agrees are three people."""


class NotOpen(ValueError):
    """There is no such reset under way, or one is already."""


_tell: list[Tell] = []


def register(tell: Tell) -> None:
    """Says how the person is told. Called from an AppConfig.ready() of a package above."""
    _tell[:] = [tell]


@transaction.atomic
def ask(*, user: User, by: User, at: datetime) -> FactorReset:
    """The first person asks. Raises NotTwoPeople, NotOpen."""
    if by.pk == user.pk:
        raise NotTwoPeople
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if FactorReset.objects.open().filter(user=user).exists():
        raise NotOpen
    return FactorReset.objects.create(user=user, asked_by=by, asked_at=at)


@transaction.atomic
def agree(*, reset: FactorReset, by: User, at: datetime) -> FactorReset:
    """The second person agrees; the person is told and the day begins.

    Raises NotTwoPeople, NotOpen, and ImproperlyConfigured where nobody would be told.
    """
    row = _locked(reset)
    if by.pk in {row.user_id, row.asked_by_id}:
        raise NotTwoPeople
    if row.agreed_at is not None:
        return row
    if not _tell:
        raise ImproperlyConfigured("accounts.resets.register was not called: nobody would be told.")
    row.agreed_by, row.agreed_at, row.due_at = by, at, at + DELAY
    row.save(update_fields=["agreed_by", "agreed_at", "due_at"])
    _tell[0](reset=row, at=at)
    return row


@transaction.atomic
def stop(*, reset: FactorReset, by: User, at: datetime) -> FactorReset:
    """The person, or either of the two, stops it. Raises NotOpen."""
    row = _locked(reset)
    row.stopped_by, row.stopped_at = by, at
    row.save(update_fields=["stopped_by", "stopped_at"])
    return row


def carry_out_due(at: datetime) -> int:
    """Takes the factors off every account whose day has passed; safe at any time. How many.

    The person then signs in with their password and must enrol anew before anything else.
    """
    due = FactorReset.objects.due(at).values_list("pk", flat=True)
    return sum(_carry_out(pk, at) for pk in list(due))


@transaction.atomic
def _carry_out(pk: int, at: datetime) -> bool:
    row = FactorReset.objects.due(at).select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        return False  # stopped, or done by another sweep, a moment ago
    Authenticator.objects.filter(user_id=row.user_id).delete()
    sessions.end_all(row.user)
    row.done_at = at
    row.save(update_fields=["done_at"])
    audit.record(
        action=LogAction.FACTOR_RESET,
        by=audit.Oneself(row.agreed_by_id),
        at=at,
        subject=Subject("user", row.user.uuid),
    )
    return True


def _locked(reset: FactorReset) -> FactorReset:
    row = FactorReset.objects.open().select_for_update(of=("self",)).filter(pk=reset.pk).first()
    if row is None:
        raise NotOpen
    return row
