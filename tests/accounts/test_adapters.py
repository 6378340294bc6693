import smtplib
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.adapters import AccountAdapter
from accounts.models import User
from tests.accounts.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


class TestSignUp:
    def test_is_closed(self, rf: Any) -> None:
        assert not get_adapter().is_open_for_signup(rf.get("/"))

    def test_opens_no_account_for_whoever_posts_there(self) -> None:
        address = "stranger@invented.example"
        form = {"email": address, "password1": PASSWORD, "password2": PASSWORD}
        Client().post(reverse("account_signup"), form)
        assert not User.objects.filter(email=address).exists()


class TestSigningIn:
    def test_answers_unknown_and_wrong_alike(self) -> None:
        user = UserFactory()
        pages = [
            sign_in(Client(), user.email, "not the password"),
            sign_in(Client(), "nobody@invented.example", "not the password"),
        ]
        errors = [page.context["form"].non_field_errors() for page in pages]
        assert errors[0]
        assert errors[0] == errors[1]
        assert {page.status_code for page in pages} == {200}

    def test_goes_on_in_the_persons_language(self) -> None:
        answer = sign_in(Client(), UserFactory(language="uk").email)
        assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "uk"

    def test_leaves_the_language_to_the_browser_where_none_was_chosen(self) -> None:
        assert settings.LANGUAGE_COOKIE_NAME not in sign_in(Client(), UserFactory().email).cookies

    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example/", "http://localhost/", "javascript:alert(1)"],
    )
    def test_leads_to_no_other_site(self, target: str) -> None:
        assert sign_in(Client(), UserFactory().email, next=target).url == "/"

    def test_leads_back_to_the_page_asked_for(self) -> None:
        assert sign_in(Client(), UserFactory().email, next="/account/").url == "/account/"


class TestLimits:
    def test_stop_guessing_from_one_place_and_no_other(self, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/key"}
        user, thief, owner = UserFactory(), Client(REMOTE_ADDR="198.51.100.9"), Client()
        for _ in range(4):
            sign_in(thief, user.email, "a guess at the password")
        assert "_auth_user_id" not in self.enter(thief, user.email)
        assert "_auth_user_id" in self.enter(owner, user.email)

    def enter(self, client: Client, email: str) -> Any:
        sign_in(client, email)
        return client.session


class TestMail:
    def test_names_neither_address_nor_browser_nor_person(self, rf: Any) -> None:
        user = UserFactory(display_name="Canary Name")
        request = rf.get("/", HTTP_USER_AGENT="Canary Browser", REMOTE_ADDR="198.51.100.9")
        AccountAdapter(request).send_notification_mail("account/email/password_changed", user)
        sent = mail.outbox[0].message().as_string()
        for word in ("Canary", "198.51.100.9"):
            assert word not in sent

    def test_leads_to_the_configured_address_whatever_host_was_asked(self, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        user = UserFactory()
        Client(HTTP_HOST="evil.example").post(
            reverse("account_reset_password"), {"email": user.email}
        )
        assert "evil.example" not in mail.outbox[0].message().as_string()
        assert settings.SITE_URL in mail.outbox[0].body

    def test_that_cannot_be_handed_over_does_not_show_who_has_an_account(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(self: Any, *args: Any, **kwargs: Any) -> int:
            raise smtplib.SMTPServerDisconnected

        monkeypatch.setattr("django.core.mail.EmailMessage.send", down)
        answers = [
            Client().post(reverse("account_reset_password"), {"email": email})
            for email in (UserFactory().email, "nobody@invented.example")
        ]
        assert {(answer.status_code, answer.url) for answer in answers} == {
            (302, reverse("account_reset_password_done"))
        }
