"""What every service that writes to a working file begins and ends with. Not for other packages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor, may
from referrals import clocks
from referrals.access import IDENTITY, held
from referrals.answers import basis_of
from referrals.choices import State
from referrals.models import Referral

#: States in which the answers of a referral lie with whoever made it.
OPEN_TO_THE_REFERRER = (State.DRAFT, State.RETURNED)


def require(by: Actor, permission: Permission, referral: Referral | None = None) -> None:
    """Raise NotAllowed unless the actor may do this, to the row where one is given."""
    decision = may(by, permission, referral)
    if not decision:
        raise NotAllowed(decision.reason)


def person_of(by: Actor) -> User:
    """The person who acts. Raises NotAllowed for the system: these acts are never its own."""
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user


def hold(referral: Referral) -> Referral:
    """The row, locked and read again. Raises NotAllowed where it was closed to whoever acts
    meanwhile: the database does not give it then (common/rowlock)."""
    row = Referral.objects.select_for_update(of=("self",)).filter(pk=referral.pk).first()
    if row is None:
        raise NotAllowed(_("This is not open to you."))
    return row


def lock(
    referral: Referral,
    *,
    by: Actor,
    permission: Permission = Permission.REFERRAL_KEEP,
    version: int | None = None,
    states: Iterable[State] | None = None,
) -> Referral:
    """The row, locked and read again. Raises NotAllowed, Stale, NotPossible in this order."""
    row = hold(referral)
    require(by, permission, row)
    if version is not None and row.version != version:
        raise Stale(row)
    if states is not None and row.state not in set(states):
        words = {"state": State(row.state).label}
        raise NotPossible(_("This is not possible: the state is “%(state)s”.") % words)
    return row


def require_identity(by: Actor, referral: Referral) -> None:
    """Raise NotAllowed unless the identity is open to the actor."""
    if not by.system and IDENTITY not in held(by, referral):
        raise NotAllowed(_("The person’s identity is not open to you."))


def save(referral: Referral, changed: Iterable[str], *, at: datetime) -> None:
    """Write the changed columns with the version and, on a draft, the day it was worked on."""
    referral.version += 1
    referral.saved_at, referral.warned_at = at, None
    referral.save(update_fields=[*changed, "version", "saved_at", "warned_at"])
    if referral.state == State.DRAFT:
        clocks.draft_worked_on(referral, at=at)


def follow_basis(referral: Referral) -> tuple[str, ...]:
    """Let the basis follow from what is recorded; the columns to write.

    Raises NotPossible where that would leave what was sent already without any.
    """
    basis = basis_of(referral)
    if not basis and referral.state not in (State.DRAFT, State.EXPIRED):
        raise NotPossible(
            _(
                "The referral was sent as a child’s. Record the person’s consent first, or let "
                "it be withdrawn."
            )
        )
    referral.basis = basis
    return ("basis",)


def refuse_unknown(values: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """TypeError for a name that is not one of `known`: a slip of the caller, not of the person."""
    if unknown := set(values) - set(known):
        raise TypeError(f"{what} has no {sorted(unknown)}")
