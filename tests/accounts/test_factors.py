"""Secrets at rest, codes that work once, and what a change of factors does to sessions."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import factors
from accounts.choices import LogAction
from accounts.models import AccessLog, UsedCode, User
from common.sealing import SealBroken
from tests.accounts.factories import (
    PASSWORD,
    SECRET,
    UserFactory,
    code_at,
    enrol_app,
    moment,
)

pytestmark = pytest.mark.django_db


def stored_factors() -> str:
    """The rows of every factor as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator ORDER BY id")
        return " ".join(str(row[0]) for row in cursor.fetchall())


def stored_sessions() -> str:
    return json.dumps([session.get_decoded() for session in Session.objects.all()])


class TestSecretsAtRest:
    def test_hold_no_authenticator_secret(self) -> None:
        user = UserFactory(second_factor=True)
        assert SECRET not in stored_factors()
        row = Authenticator.objects.get(user=user)
        assert factors.open_secret(row.data["secret"]) == SECRET

    def test_hold_no_recovery_seed(self) -> None:
        user = UserFactory()
        codes = RecoveryCodes.activate(user).generate_codes()
        row = Authenticator.objects.get(user=user)
        assert row.data["seed"].startswith(factors.MARK)
        assert factors.open_secret(row.data["seed"]) not in stored_factors()
        assert row.wrap().generate_codes() == codes

    def test_stay_sealed_when_a_row_is_saved_again(self) -> None:
        row = enrol_app(UserFactory())
        before = stored_factors()
        Authenticator.objects.get(pk=row.pk).save()
        assert stored_factors() == before

    def test_do_not_open_in_another_persons_row(self) -> None:
        mine = enrol_app(UserFactory())
        theirs = enrol_app(UserFactory())
        Authenticator.objects.filter(pk=theirs.pk).update(data=dict(mine.data))
        with pytest.raises(SealBroken):
            factors.open_secret(Authenticator.objects.get(pk=theirs.pk).data["secret"])

    def test_do_not_open_when_they_never_were_sealed(self) -> None:
        row = enrol_app(UserFactory())
        Authenticator.objects.filter(pk=row.pk).update(data={"secret": SECRET})
        with pytest.raises(SealBroken):
            Authenticator.objects.get(pk=row.pk).wrap().validate_code(code_at(moment()))


class TestSpendCode:
    def test_takes_a_code_once(self) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            assert factors.spend_code(user, SECRET, code_at(moment()))
            assert not factors.spend_code(user, SECRET, code_at(moment()))

    def test_takes_no_code_older_than_the_last_one(self) -> None:
        user, now = UserFactory(), moment("2026-03-10 09:00:40")
        with time_machine.travel(now, tick=False):
            assert factors.spend_code(user, SECRET, code_at(now))
            assert not factors.spend_code(user, SECRET, code_at(moment("2026-03-10 09:00:10")))

    def test_takes_the_code_of_a_slow_phone(self) -> None:
        with time_machine.travel(moment("2026-03-10 09:00:40"), tick=False):
            assert factors.spend_code(UserFactory(), SECRET, code_at(moment()))

    def test_refuses_a_wrong_code_and_uses_nothing_up(self) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            wrong = f"{(int(code_at(moment())) + 1) % 1_000_000:06}"
            assert not factors.spend_code(user, SECRET, wrong)
            assert factors.spend_code(user, SECRET, code_at(moment()))

    def test_keeps_people_apart(self) -> None:
        with time_machine.travel(moment(), tick=False):
            assert factors.spend_code(UserFactory(), SECRET, code_at(moment()))
            assert factors.spend_code(UserFactory(), SECRET, code_at(moment()))


@pytest.mark.django_db(transaction=True)
class TestParallelUse:
    def test_lets_exactly_one_of_many_through(self) -> None:
        user, wins, start = UserFactory(), [], threading.Barrier(6)
        step = int(moment().timestamp()) // 30

        def use() -> None:
            start.wait()
            wins.append(factors.spend_code(user, SECRET, code_at(moment())))
            connection.close()

        with time_machine.travel(moment(), tick=False):
            threads = [threading.Thread(target=use) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(wins) == [False] * 5 + [True]
        assert UsedCode.objects.get(user=user).step == step


def sign_in(client: Client, user: User) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


class TestSigningIn:
    def test_asks_for_the_factor_and_then_lets_in(self) -> None:
        user, client = UserFactory(second_factor=True), Client()
        with time_machine.travel(moment(), tick=False):
            assert sign_in(client, user).url == reverse("mfa_authenticate")
            assert "_auth_user_id" not in client.session
            client.post(reverse("mfa_authenticate"), {"code": code_at(moment())})
            assert client.session["_auth_user_id"] == str(user.pk)

    def test_refuses_a_code_already_used_though_the_cache_was_emptied(self) -> None:
        user, first, second = UserFactory(second_factor=True), Client(), Client()
        with time_machine.travel(moment(), tick=False):
            for client in (first, second):
                sign_in(client, user)
                cache.clear()
                client.post(reverse("mfa_authenticate"), {"code": code_at(moment())})
            assert "_auth_user_id" in first.session
            assert "_auth_user_id" not in second.session

    def test_takes_a_recovery_code_once(self) -> None:
        user, first, second = UserFactory(second_factor=True), Client(), Client()
        code = RecoveryCodes.activate(user).generate_codes()[0]
        for client in (first, second):
            sign_in(client, user)
            client.post(reverse("mfa_authenticate"), {"code": code})
        assert "_auth_user_id" in first.session
        assert "_auth_user_id" not in second.session

    def test_refuses_an_account_that_was_locked(self) -> None:
        user = UserFactory(second_factor=True)
        User.objects.filter(pk=user.pk).update(is_active=False)
        client = Client()
        sign_in(client, user)
        assert "_auth_user_id" not in client.session


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which the person signed in with a password, a moment ago."""

    def enter(user: User) -> Client:
        client = Client()
        sign_in(client, user)
        assert client.session["_auth_user_id"] == str(user.pk)
        return client

    return enter


class TestEnrolling:
    def activate(self, client: Client) -> Any:
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        assert secret not in stored_sessions()
        code = code_at(moment(), secret)
        answer = client.post(reverse("mfa_activate_totp"), {"code": code})
        return secret, code, answer

    def test_keeps_the_secret_sealed_all_the_way(
        self, signed_in: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            client = signed_in(user)
            with django_capture_on_commit_callbacks(execute=True):
                secret, _code, answer = self.activate(client)
        assert answer.url == reverse("mfa_view_recovery_codes")
        assert secret not in stored_factors()
        assert factors.user_has_second_factor(user)

    def test_uses_up_the_code_that_enrolled(self, signed_in: Any) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            _secret, code, _answer = self.activate(signed_in(user))
            client = Client()
            sign_in(client, user)
            client.post(reverse("mfa_authenticate"), {"code": code})
            assert "_auth_user_id" not in client.session

    def test_shows_recovery_codes_once(self, signed_in: Any) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            client = signed_in(user)
            self.activate(client)
            codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap()
            shown = codes.generate_codes()[0]
            pages = [client.get(reverse("mfa_view_recovery_codes")) for _ in range(2)]
        assert shown in pages[0].content.decode()
        assert shown not in pages[1].content.decode()

    def test_keeps_this_session_and_ends_the_others(self, signed_in: Any) -> None:
        user = UserFactory()
        with time_machine.travel(moment(), tick=False):
            here, elsewhere = signed_in(user), signed_in(user)
            before = here.session.session_key
            self.activate(here)
            assert here.get(reverse("accounts:me")).status_code == 200
            assert reverse("account_login") in elsewhere.get(reverse("accounts:me")).url
        assert here.session.session_key != before
        assert [s.session_key for s in UserSession.objects.all()] == [here.session.session_key]
        added = AccessLog.objects.filter(action=LogAction.FACTOR_ADDED)
        assert set(added.values_list("field_group", flat=True)) == {"totp", "recovery_codes"}

    def test_is_not_asked_for_the_password_again_right_after_signing_in(
        self, signed_in: Any
    ) -> None:
        with time_machine.travel(moment(), tick=False) as clock:
            client = signed_in(UserFactory())
            assert client.get(reverse("mfa_activate_totp")).status_code == 200
            clock.shift(301)
            later = client.get(reverse("mfa_activate_totp"))
        assert reverse("account_reauthenticate") in later.url


class TestHasSecondFactor:
    def test_does_not_count_recovery_codes(self) -> None:
        user = UserFactory()
        RecoveryCodes.activate(user)
        assert not factors.user_has_second_factor(user)

    def test_asks_the_database_once_a_request(
        self, rf: Any, django_assert_num_queries: Any
    ) -> None:
        request = rf.get("/")
        request.user = UserFactory(second_factor=True)
        with django_assert_num_queries(1):
            assert factors.has_second_factor(request)
            assert factors.has_second_factor(request)
