"""What is written about a person's own account and about API tokens."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from accounts import audit
from accounts.choices import LogAction
from accounts.models import TOKEN_LIFE, ApiToken, User
from common.marks import NO_ROLE_NEEDED, Permission, Subject


@sensitive_variables("password")
@transaction.atomic
def open_account(
    *,
    email: str,
    display_name: str,
    password: str | None,
    at: datetime,
    language: str = "",
    time_zone: str = "",
    is_staff: bool = False,
) -> User:
    """A new sign-in, its address taken as proved; forms have judged the password."""
    user = User.objects.create_user(
        email,
        password,
        at=at,
        display_name=display_name,
        language=language,
        time_zone=time_zone,
        is_staff=is_staff,
    )
    # allauth mails notices to this row and lets nobody enrol a factor without a proved address.
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@transaction.atomic
def change_profile(*, user: User, display_name: str, language: str, time_zone: str) -> User:
    """What a person may change about themselves without asking anybody."""
    user.display_name, user.language, user.time_zone = display_name, language, time_zone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["display_name", "language", "time_zone"])
    return user


# --- API tokens -----------------------------------------------------------------------------------


@transaction.atomic
def issue_token(
    *,
    user: User,
    membership_uuid: UUID,
    name: str,
    scopes: Iterable[Permission],
    expires_at: datetime,
    by: audit.Who,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A token for one membership, and its text, which is shown once and not kept.

    Raises ValidationError: no name, no or unsuitable scopes, or not between now and 90 days.
    """
    named = sorted({Permission(scope).value for scope in scopes})
    if not name.strip():
        raise ValidationError({"name": _("Say what the token is for.")})
    if not named or NO_ROLE_NEEDED & {Permission(scope) for scope in named}:
        raise ValidationError({"scopes": _("Choose what the token may do.")})
    if Permission.TOKEN_MANAGE in named:
        raise ValidationError({"scopes": _("A token cannot issue tokens.")})
    if not at < expires_at <= at + TOKEN_LIFE:
        raise ValidationError({"expires_at": _("A token runs out within 90 days.")})
    digest, text = get_digest_token()
    token = ApiToken(
        digest=digest,
        token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        membership_uuid=membership_uuid,
        name=name.strip(),
        scopes=named,
        issued_at=at,
        expiry=expires_at,
    )
    token.save(force_insert=True)
    _log(LogAction.TOKEN_ISSUED, token, by, at)
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: audit.Who, at: datetime) -> ApiToken:
    """Ends a token at once; ending it again changes nothing. The row stays, for who used it."""
    row = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by_id = at, by.user_id
        row.save(update_fields=["revoked_at", "revoked_by"])
        _log(LogAction.TOKEN_REVOKED, row, by, at)
    return row


def _log(action: LogAction, token: ApiToken, by: audit.Who, at: datetime) -> None:
    audit.record(
        action=action,
        by=by,
        at=at,
        subject=Subject("token", token.uuid),
        membership_uuid=token.membership_uuid,
    )
