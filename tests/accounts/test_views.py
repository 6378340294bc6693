from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import forms
from accounts.models import User
from common.marks import Permission, mark_of
from tests.accounts.factories import UserFactory

pytestmark = pytest.mark.django_db

ME = "/account/"


@pytest.fixture
def user() -> User:
    return UserFactory(second_factor=True, display_name="As it was")


@pytest.fixture
def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestMe:
    def test_saves_what_one_may_change(self, browser: Client, user: User) -> None:
        fields = {"display_name": "New", "language": "uk", "time_zone": "Europe/Kyiv"}
        answer = browser.post(ME, {**fields, "email": "thief@invented.example", "is_staff": "on"})
        assert answer.status_code == 302
        assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "uk"
        before = user.email
        user.refresh_from_db()
        assert (user.display_name, user.language, user.time_zone) == tuple(fields.values())
        assert (user.email, user.is_staff) == (before, False)

    @pytest.mark.parametrize(
        "change", [{"display_name": ""}, {"language": "xx"}, {"time_zone": "Mars/Olympus"}]
    )
    def test_refuses_what_cannot_be(
        self, browser: Client, user: User, change: dict[str, str]
    ) -> None:
        fields = {"display_name": "New", "language": "", "time_zone": "", **change}
        page = browser.post(ME, fields)
        assert set(page.context["form"].errors) == set(change)
        user.refresh_from_db()
        assert user.display_name == "As it was"

    def test_leads_to_password_factors_and_sessions(self, browser: Client) -> None:
        page = browser.get(ME).content.decode()
        for path in ("/account/password/", "/account/second-factor/", "/account/sessions/"):
            assert f'href="{path}"' in page

    def test_is_closed_to_somebody_without_a_second_factor(self) -> None:
        client = Client()
        client.force_login(UserFactory())
        assert client.get(ME).status_code == 302

    def test_costs_the_same_few_queries_each_time(
        self, browser: Client, django_assert_max_num_queries: Any
    ) -> None:
        browser.get(ME)
        with django_assert_max_num_queries(9):
            browser.get(ME)


class TestTimeZones:
    def test_are_named_after_places(self) -> None:
        names = [name for name, _label in forms.time_zones()]
        assert {"Europe/Kyiv", "Africa/Addis_Ababa", "America/Argentina/Buenos_Aires"} <= set(names)
        assert not [name for name in names if name.startswith("Etc/")]
        assert names == sorted(names)


class TestMarks:
    @pytest.mark.parametrize(
        ("name", "permission"),
        [
            ("me", Permission.SIGNED_IN),
            ("keep", Permission.SIGNED_IN),
            ("keepalive", Permission.ENROLLING),
            ("accept", Permission.PUBLIC),
            ("invitation", Permission.PUBLIC),
        ],
    )
    def test_say_who_may(self, name: str, permission: Permission) -> None:
        from accounts import views

        mark = mark_of(getattr(views, name))
        assert mark is not None
        assert mark.permission == permission
