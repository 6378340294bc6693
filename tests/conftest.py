"""What every test has: the moment, the cast, strict clients, and no way out to the network."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone, translation
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.letters import faults
from tests.support.prepared import copy_to, name_of_test_database, prepared
from tests.support.rehearsal import stage
from tests.support.roles import make_roles

# Machines are noisy: no example fails for being slow.
hypothesis_settings.register_profile("concord", deadline=None)
hypothesis_settings.load_profile("concord")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """The roles belong to the server, not to the database that is made next: by copying, where
    the run has one prepared."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection._nodb_cursor() as cursor:
                make_roles(cursor)
        if prepared():
            copy_to(name_of_test_database())


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """A copy has its tables already."""
    return django_db_keepdb or bool(prepared())


@pytest.fixture
def at() -> datetime:
    """Now, once: what services are told."""
    return timezone.now()


@pytest.fixture
def cast(db: None, at: datetime) -> Cast:
    return stage(at)


@pytest.fixture
def client() -> StrictClient:
    return StrictClient()


@pytest.fixture
def client_for() -> Callable[..., StrictClient]:
    """A client signed in as the user; `second_factor=False` and `fresh=False` leave those out."""

    def sign_in(user: User, *, second_factor: bool = True, fresh: bool = True) -> StrictClient:
        signed_in = StrictClient()
        signed_in.sign_in(user, second_factor=second_factor, fresh=fresh)
        return signed_in

    return sign_in


@pytest.fixture(autouse=True)
def _clean_slate() -> Iterator[None]:
    cache.clear()
    with translation.override("en"):
        yield
    cache.clear()


@pytest.fixture(autouse=True)
def _every_mail_is_fit_to_leave(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever test it is: no mail of it names anybody or says a word of a case."""
    found: list[str] = []
    send = EmailBackend.send_messages

    def read_and_send(self: EmailBackend, messages: list[EmailMessage]) -> int:
        found.extend(fault for message in messages for fault in faults(message))
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", read_and_send)
    yield
    assert found == [], "a mail of this test is not fit to leave"


def pytest_sessionfinish() -> None:
    """The suite's own var folder goes with it; a folder that was given stays."""
    var = Path(settings.VAR)
    if var.name.startswith("concord-test-"):
        shutil.rmtree(var, ignore_errors=True)
