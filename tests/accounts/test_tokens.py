from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from accounts import services
from accounts.audit import Oneself
from accounts.choices import LogAction
from accounts.models import AccessLog, ApiToken, User
from accounts.tokens import TokenAuthentication
from common.marks import Permission
from tests.accounts.factories import UserFactory, moment

pytestmark = pytest.mark.django_db

MEMBERSHIP = UUID(int=3)


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(moment(), tick=False) as travelling:
        yield travelling


def issue(user: User, **more: Any) -> tuple[ApiToken, str]:
    values: dict[str, Any] = {
        "membership_uuid": MEMBERSHIP,
        "name": "Export to the shelter's own system",
        "scopes": [Permission.ORGANISATION_SEE],
        "expires_at": moment() + timedelta(days=90),
        "at": moment(),
        **more,
    }
    return services.issue_token(user=user, by=Oneself(user.pk), **values)


def knock(text: str) -> Any:
    request = APIRequestFactory().get("/", headers={"Authorization": f"Token {text}"})
    return TokenAuthentication().authenticate(request)


class TestIssueToken:
    def test_keeps_a_hash_only(self, user: User) -> None:
        token, text = issue(user)
        assert text not in str(ApiToken.objects.filter(pk=token.pk).values().get())
        assert token.digest not in str(token)

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "  "},
            {"scopes": []},
            {"scopes": [Permission.SIGNED_IN]},
            {"scopes": [Permission.PUBLIC, Permission.ORGANISATION_SEE]},
            {"scopes": [Permission.TOKEN_MANAGE]},
            {"expires_at": moment() + timedelta(days=90, seconds=1)},
            {"expires_at": moment()},
        ],
    )
    def test_refuses(self, user: User, change: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            issue(user, **change)
        assert not ApiToken.objects.exists()

    def test_has_its_limit_repeated_by_the_database(self, user: User) -> None:
        token, _text = issue(user)
        rows = ApiToken.objects.filter(pk=token.pk)
        for expiry in (moment() + timedelta(days=90, seconds=1), None):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(expiry=expiry)

    def test_is_logged(self, user: User) -> None:
        token, _text = issue(user)
        row = AccessLog.objects.get(action=LogAction.TOKEN_ISSUED)
        assert (row.subject_uuid, row.membership_uuid) == (token.uuid, MEMBERSHIP)


class TestAuthentication:
    def test_knows_the_person_and_the_token(self, user: User) -> None:
        token, text = issue(user)
        assert knock(text) == (user, token)

    def test_takes_one_query_to_look_and_one_to_note_the_use(
        self, user: User, clock: Any, django_assert_num_queries: Any
    ) -> None:
        token, text = issue(user)
        with django_assert_num_queries(2):
            knock(text)
        with django_assert_num_queries(1):
            knock(text)
        clock.shift(61)
        with django_assert_num_queries(2):
            knock(text)
        token.refresh_from_db()
        assert token.last_used_at == moment() + timedelta(seconds=61)

    @pytest.mark.parametrize("text", ["", "x" * 64, "\u00e9" * 64, "a b"])
    def test_refuses_what_is_no_token(self, user: User, text: str) -> None:
        issue(user)
        with pytest.raises(AuthenticationFailed):
            knock(text)

    def test_refuses_one_run_out_and_keeps_its_row(self, user: User, clock: Any) -> None:
        token, text = issue(user)
        clock.shift(timedelta(days=90).total_seconds())
        with pytest.raises(AuthenticationFailed, match="Invalid token"):
            knock(text)
        assert ApiToken.objects.filter(pk=token.pk).exists()

    def test_refuses_one_revoked(self, user: User) -> None:
        token, text = issue(user)
        services.revoke_token(token=token, by=Oneself(user.pk), at=moment())
        with pytest.raises(AuthenticationFailed, match="Invalid token"):
            knock(text)

    def test_refuses_the_token_of_a_locked_account(self, user: User) -> None:
        _token, text = issue(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        with pytest.raises(AuthenticationFailed, match="Invalid token"):
            knock(text)

    def test_leaves_other_schemes_to_others(self) -> None:
        request = APIRequestFactory().get("/", headers={"Authorization": "Basic abc"})
        assert TokenAuthentication().authenticate(request) is None


class TestRevokeToken:
    def test_does_nothing_twice(self, user: User) -> None:
        token, _text = issue(user)
        services.revoke_token(token=token, by=Oneself(user.pk), at=moment())
        later = moment() + timedelta(days=1)
        again = services.revoke_token(token=token, by=Oneself(UserFactory().pk), at=later)
        assert (again.revoked_at, again.revoked_by) == (moment(), user)
        assert AccessLog.objects.filter(action=LogAction.TOKEN_REVOKED).count() == 1
