"""A security key from enrolment to sign-in, driven by a key in software."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.factors import user_has_second_factor
from accounts.models import User
from tests.accounts.authenticator import SoftKey
from tests.accounts.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def sign_in(user: User) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def challenge(client: Client) -> str:
    return str(client.session["mfa.webauthn.state"]["challenge"])


def enrol(client: Client, key: SoftKey) -> Any:
    client.get(reverse("mfa_add_webauthn"))
    answer = {"name": "Blue key", "credential": json.dumps(key.enrol(challenge(client)))}
    return client.post(reverse("mfa_add_webauthn"), answer)


@pytest.fixture
def key() -> SoftKey:
    return SoftKey()


@pytest.fixture
def user(key: SoftKey) -> User:
    person = UserFactory()
    enrol(sign_in(person), key)
    return person


class TestEnrolling:
    def test_makes_a_second_factor_with_recovery_codes(self, user: User) -> None:
        assert user_has_second_factor(user)
        kinds = Authenticator.objects.filter(user=user).values_list("type", flat=True)
        assert set(kinds) == {"webauthn", "recovery_codes"}

    def test_refuses_a_key_that_answers_for_another_site(self) -> None:
        person = UserFactory()
        enrol(sign_in(person), SoftKey(site="evil.example"))
        assert not user_has_second_factor(person)

    def test_refuses_an_answer_to_an_old_challenge(self, key: SoftKey) -> None:
        person, other = UserFactory(), UserFactory()
        client, elsewhere = sign_in(person), sign_in(other)
        for browser in (client, elsewhere):
            browser.get(reverse("mfa_add_webauthn"))
        stale = json.dumps(key.enrol(challenge(elsewhere)))
        client.post(reverse("mfa_add_webauthn"), {"name": "Key", "credential": stale})
        assert not user_has_second_factor(person)


class TestSigningIn:
    def prove(self, client: Client, answer: dict[str, Any]) -> bool:
        client.post(reverse("mfa_authenticate"), {"credential": json.dumps(answer)})
        return "_auth_user_id" in client.session

    def challenged(self, user: User) -> Client:
        client = sign_in(user)
        assert "_auth_user_id" not in client.session
        client.get(reverse("mfa_authenticate"))
        return client

    def test_lets_the_enrolled_key_in(self, user: User, key: SoftKey) -> None:
        client = self.challenged(user)
        assert self.prove(client, key.prove(challenge(client)))

    def test_refuses_another_key_under_the_same_name(self, user: User, key: SoftKey) -> None:
        client = self.challenged(user)
        forged = SoftKey(credential_id=key.credential_id)
        assert not self.prove(client, forged.prove(challenge(client)))

    def test_refuses_a_proof_taken_elsewhere(self, user: User, key: SoftKey) -> None:
        client, elsewhere = self.challenged(user), self.challenged(user)
        assert not self.prove(client, key.prove(challenge(elsewhere)))

    def test_refuses_a_proof_for_another_site(self, user: User, key: SoftKey) -> None:
        client = self.challenged(user)
        key.site = "evil.example"
        assert not self.prove(client, key.prove(challenge(client)))
