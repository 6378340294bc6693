"""The second factor: whether somebody has one, when they last proved it, and how it is kept.

allauth runs enrolment and the ceremonies. Here its stored secrets are sealed, a one-time code is
made to work once, and every change of factors ends the person's other sessions. Not here: which
page asks for a factor (partners.middleware).
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_init, post_save, pre_save
from django.http import HttpRequest

from accounts import audit, sessions
from accounts.choices import LogAction
from accounts.models import UsedCode, User
from common.sealing import SealBroken, seal, unseal

FACTOR_TYPES: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes alone are no second factor: they stand in for a lost one."""

SEALED_ITEMS: Final = ("secret", "seed")
MARK: Final = "sealed:"


def has_second_factor(request: HttpRequest) -> bool:
    """True if the person signed in has enrolled a factor. One query per request at most."""
    known: bool | None = getattr(request, "_has_second_factor", None)
    if known is None:
        known = request.user.is_authenticated and user_has_second_factor(request.user)
        request._has_second_factor = known  # type: ignore[attr-defined]
    return known


def user_has_second_factor(user: User) -> bool:
    return factors_of(user.pk).exists()


def factors_of(user: Any) -> QuerySet[Authenticator]:
    """The factors of a person, by key, or by a reference to the key in an outer query."""
    return Authenticator.objects.filter(user_id=user, type__in=FACTOR_TYPES)


def proved_at(request: HttpRequest) -> datetime | None:
    """When the person last proved in this session who they are; None if they never did.

    Signing in counts, and each time they were asked again since.
    """
    times = [record["at"] for record in get_authentication_records(request, request.user)]
    return datetime.fromtimestamp(max(times), tz=UTC) if times else None


# --- one-time codes work once ---------------------------------------------------------------------


def spend_code(user: User, secret: str, code: str) -> bool:
    """Uses up the time step this code belongs to; False if that step, or a later one, was used.

    One conditional UPDATE decides, so of two requests with the same code exactly one gets True,
    and emptying the cache changes nothing.
    """
    step = _step_of(secret, code)
    if step is None:
        return False
    UsedCode.objects.bulk_create([UsedCode(user=user, step=-1)], ignore_conflicts=True)
    return UsedCode.objects.filter(user=user, step__lt=step).update(step=step) == 1


def _step_of(secret: str, code: str) -> int | None:
    for step in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if compare_user_code(actual=code, expected=expected):
            return step
    return None


# --- secrets at rest ------------------------------------------------------------------------------


class SealedSecret(str):
    """A sealed secret that knows whose row it was read from.

    allauth hands its adapter the stored text alone; this is how the owner gets there. The owner is
    the row's, not one named in the text, so a secret copied to another person's row does not open.
    """

    user_id: int

    def __new__(cls, text: str, user_id: int) -> "SealedSecret":
        new = super().__new__(cls, text)
        new.user_id = user_id
        return new


def seal_secret(plain: str, user: User) -> SealedSecret:
    """The secret sealed with the person's own data key. Raises Erased, KeyMissing, SealBroken."""
    key, owner = User._meta.get_field("data_key").open(user)
    sealed = seal(plain, key=key, field="authenticator.secret", owner=owner)
    return SealedSecret(MARK + base64.b64encode(sealed).decode(), user.pk)


def open_secret(text: str) -> str:
    """The secret in clear. Raises SealBroken, also for one that does not come from a stored row."""
    if not isinstance(text, SealedSecret) or not text.startswith(MARK):
        raise SealBroken("authenticator.secret: not a sealed secret of a stored factor.")
    user = User.objects.only("uuid", "data_key").get(pk=text.user_id)
    key, owner = User._meta.get_field("data_key").open(user)
    try:
        sealed = base64.b64decode(text.removeprefix(MARK), validate=True)
    except binascii.Error:
        raise SealBroken("authenticator.secret: the sealed value has been altered.") from None
    return unseal(sealed, key=key, field="authenticator.secret", owner=owner)


def _before_save(sender: type, instance: Authenticator, **kwargs: Any) -> None:
    for item in SEALED_ITEMS:
        value = instance.data.get(item)
        if value is not None and not value.startswith(MARK):
            instance.data[item] = seal_secret(value, instance.user)


def _after_load(sender: type, instance: Authenticator, **kwargs: Any) -> None:
    data = instance.__dict__.get("data") or {}
    for item in SEALED_ITEMS:
        value = data.get(item)
        if value is not None and value.startswith(MARK):
            data[item] = SealedSecret(value, instance.user_id)


# --- a change of factors ends the other sessions --------------------------------------------------


def _after_save(sender: type, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    if created:
        _changed(instance, LogAction.FACTOR_ADDED)


def _after_delete(sender: type, instance: Authenticator, **kwargs: Any) -> None:
    _changed(instance, LogAction.FACTOR_REMOVED)


def _changed(instance: Authenticator, action: LogAction) -> None:
    sessions.end_others(instance.user)
    audit.record_own(action=action, user=instance.user, field_group=instance.type)


def connect() -> None:
    """Listens to allauth's model of factors. Called once, when the application starts."""
    listen = {"sender": Authenticator, "weak": False}
    post_init.connect(_after_load, dispatch_uid="accounts.factors.load", **listen)
    pre_save.connect(_before_save, dispatch_uid="accounts.factors.seal", **listen)
    post_save.connect(_after_save, dispatch_uid="accounts.factors.added", **listen)
    post_delete.connect(_after_delete, dispatch_uid="accounts.factors.removed", **listen)
