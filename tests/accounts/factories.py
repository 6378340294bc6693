"""People with a sign-in, plainly invented, and what belongs to them."""

from datetime import UTC, datetime
from typing import Any

import factory
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.utils import timezone

from accounts import services
from accounts.models import User

PASSWORD = "four words nobody would guess"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The shared secret of every invented authenticator app."""


class UserFactory(factory.django.DjangoModelFactory):
    """`UserFactory(second_factor=True)` has an authenticator app enrolled."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@invented.example")
    display_name = factory.Sequence(lambda n: f"Invented Person {n}")
    password = PASSWORD
    language = ""
    time_zone = ""
    is_staff = False
    at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return services.open_account(**kwargs)

    @factory.post_generation
    def second_factor(self: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if extracted:
            enrol_app(self)


def enrol_app(user: User) -> Authenticator:
    """An authenticator app whose secret is SECRET."""
    return totp.TOTP.activate(user, SECRET).instance


def code_at(at: datetime, secret: str = SECRET) -> str:
    """What the app shows at that moment."""
    step = int(at.timestamp()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, step))


def moment(text: str = "2026-03-10 09:00:10") -> datetime:
    """A fixed moment in UTC, ten seconds into a time step of authenticator apps."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
