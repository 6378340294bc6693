"""Invitations: the only way to a sign-in. Sending, accepting, withdrawing, and what a kind means.

To what somebody is invited is the business of a package above this one; it registers the kind with
`register`. The caller of `invite` mails the link: this package has no outbox.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.choices import LogAction
from accounts.models import Invitation, User
from accounts.services import open_account
from common.marks import Subject

LIFE: Final = timedelta(days=14)

OnAccept = Callable[..., Any]
"""on_accept(invitation=, user=, at=): makes the person part of what they were invited to. Raises
NotOffered."""
Describe = Callable[[UUID | None, str], str]
"""describe(subject_uuid, role): what one is invited to, for the page behind the link. Raises
NotOffered."""


class NotOpen(Exception):
    """Unknown, used, withdrawn or run out: which of them is nobody's business."""


class NotOffered(NotOpen):
    """What it invites to is there no more; raised by the package that knows what that is."""


class WrongPerson(Exception):
    """The invitation is for another address than the one signed in."""


class AccountExists(Exception):
    """Somebody already signs in with this address: they join by signing in."""


class UnknownKind(LookupError):
    """No package registered this kind of invitation."""


@dataclass(frozen=True)
class Kind:
    on_accept: OnAccept
    describe: Describe


_kinds: dict[str, Kind] = {}


def register(kind: str, *, on_accept: OnAccept, describe: Describe) -> None:
    """Says what an invitation of this kind means. Called from an AppConfig.ready()."""
    _kinds[kind] = Kind(on_accept, describe)


def _kind(name: str) -> Kind:
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def describe(invitation: Invitation) -> str:
    """To what it invites, in words for the page. Raises UnknownKind."""
    return _kind(invitation.kind).describe(invitation.subject_uuid, invitation.role)


# --- sending and withdrawing ----------------------------------------------------------------------


@transaction.atomic
def invite(
    *,
    email: str,
    kind: str,
    subject_uuid: UUID | None,
    role: str,
    by: User | None,
    at: datetime,
) -> tuple[Invitation, str]:
    """A new invitation and the token of its link, which is not kept and cannot be asked for again.

    An open invitation of the same address to the same thing is withdrawn: one link works at a time.
    `by` None means the installation itself. Raises UnknownKind.
    """
    _kind(kind)
    email = email.strip().lower()
    for older in Invitation.objects.waiting().about(kind, subject_uuid).filter(email=email):
        revoke(invitation=older, by=by, at=at)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email,
        kind=kind,
        subject_uuid=subject_uuid,
        role=role,
        token_hash=hash_of(token),
        invited_at=at,
        invited_by=by,
        expires_at=at + LIFE,
    )
    _log(LogAction.INVITATION_SENT, invitation, by, at)
    return invitation, token


@transaction.atomic
def revoke(*, invitation: Invitation, by: User | None, at: datetime) -> Invitation:
    """Withdraws an invitation that was not accepted; withdrawing it again changes nothing.

    Raises NotOpen if it was accepted.
    """
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if row.accepted_at is not None:
        raise NotOpen
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = at, by
        row.save(update_fields=["revoked_at", "revoked_by"])
        _log(LogAction.INVITATION_REVOKED, row, by, at)
    return row


# --- accepting ------------------------------------------------------------------------------------


def hash_of(token: str) -> str:
    """How a token is kept. It has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(token_hash: str, at: datetime) -> Invitation:
    """The open invitation of this link. Raises NotOpen."""
    row = (
        Invitation.objects.open(at)
        .filter(token_hash=token_hash)
        .select_related("invited_by")
        .first()
    )
    if row is None or row.kind not in _kinds:
        raise NotOpen
    return row


def account_of(invitation: Invitation) -> User | None:
    """Who already signs in with the invited address."""
    return User.objects.filter(email=invitation.email).first()


@sensitive_variables("password")
@transaction.atomic
def accept(
    *,
    token_hash: str,
    display_name: str,
    password: str,
    language: str = "",
    at: datetime,
) -> User:
    """Opens an account for the invited address and makes the person part of what they join.

    Raises NotOpen, AccountExists.
    """
    invitation = _locked(token_hash, at)
    if account_of(invitation) is not None:
        raise AccountExists
    user = open_account(
        email=invitation.email,
        display_name=display_name,
        password=password,
        language=language,
        at=at,
    )
    _close(invitation, user, at)
    return user


@transaction.atomic
def join(*, token_hash: str, user: User, at: datetime) -> Invitation:
    """Somebody who has an account accepts. Raises NotOpen, WrongPerson."""
    invitation = _locked(token_hash, at)
    if invitation.email != user.email:
        raise WrongPerson
    _close(invitation, user, at)
    return invitation


def _locked(token_hash: str, at: datetime) -> Invitation:
    row = (
        Invitation.objects.open(at)
        .select_for_update(of=("self",))
        .filter(token_hash=token_hash)
        .first()
    )
    if row is None or row.kind not in _kinds:
        raise NotOpen
    return row


def _close(invitation: Invitation, user: User, at: datetime) -> None:
    invitation.accepted_at, invitation.accepted_by = at, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _kind(invitation.kind).on_accept(invitation=invitation, user=user, at=at)
    _log(LogAction.INVITATION_ACCEPTED, invitation, user, at)


def _log(action: LogAction, invitation: Invitation, by: User | None, at: datetime) -> None:
    audit.record(
        action=action,
        by=audit.Oneself(by.pk if by else None, "" if by else "installation"),
        at=at,
        subject=Subject("invitation", invitation.uuid),
        reason_code=invitation.kind,
    )
