"""Tokens for programs, with the clock that tells before one runs out."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import ApiToken
from accounts.services import issue_token, revoke_token
from common.marks import Permission
from partners import clocks
from partners.access import Actor


@transaction.atomic
def issue(
    *,
    membership_uuid: UUID,
    name: str,
    scopes: Iterable[Permission],
    expires_at: datetime,
    by: Actor,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A token of one's own membership, and its text, which is shown once and not kept.

    Raises ValidationError, as `accounts.services.issue_token` does.
    """
    assert by.user is not None  # noqa: S101 - the mark asked for a person
    token, text = issue_token(
        user=by.user,
        membership_uuid=membership_uuid,
        name=name,
        scopes=scopes,
        expires_at=expires_at,
        by=by,
        at=at,
    )
    clocks.token_issued(token, by=by, at=at)
    return token, text


@transaction.atomic
def revoke(*, token: ApiToken, by: Actor, at: datetime) -> ApiToken:
    """End a token at once; ending it again changes nothing."""
    revoked = revoke_token(token=token, by=by, at=at)
    clocks.token_over(revoked, by=by, at=at)
    return revoked
