"""The two limits on the server, and that nothing typed is lost when one is reached."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import kept, sessions
from accounts.models import KeptForm, User
from tests.accounts.factories import PASSWORD, UserFactory, enrol_app, moment

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

ME = "/account/"
TYPED = {"display_name": "Typed before the end", "language": "fr", "time_zone": "Europe/Paris"}


@pytest.fixture
def user() -> User:
    return UserFactory(second_factor=True, display_name="As it was")


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(moment(), tick=False) as travelling:
        yield travelling


def browser(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def is_signed_out(answer: Any) -> bool:
    return answer.status_code == 302 and answer.url.startswith(reverse("account_login"))


class TestTimeOut:
    def test_ends_an_idle_session(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        answer = client.get(ME, {"q": "Ana"})
        assert is_signed_out(answer)
        assert answer.url.endswith("?next=/account/")
        assert "_auth_user_id" not in client.session

    def test_lets_a_busy_session_live(self, clock: Any, user: User) -> None:
        client = browser(user)
        for _ in range(6):
            clock.shift(settings.SESSION_IDLE.total_seconds() - 61)
            assert client.get(ME).status_code == 200

    def test_is_not_put_off_by_a_page_that_asks_by_itself(self, clock: Any, user: User) -> None:
        client = browser(user)
        for _ in range(2):
            clock.shift(settings.SESSION_IDLE.total_seconds() / 2)
            answer = client.get(ME, headers={sessions.PASSIVE: "1"})
        assert is_signed_out(answer)

    def test_ends_the_busiest_session_at_the_absolute_limit(self, clock: Any, user: User) -> None:
        client = browser(user)
        nearly = moment() + settings.SESSION_ABSOLUTE - timedelta(seconds=600)
        while timezone.now() < nearly:
            assert client.post(reverse("accounts:keepalive")).status_code == 204
            clock.shift(600)
        assert client.get(ME).status_code == 200
        clock.shift(600)
        assert is_signed_out(client.get(ME))

    def test_ends_a_session_that_does_not_say_when_it_began(self, user: User) -> None:
        client = browser(user)
        session = client.session
        del session[sessions.SIGNED_IN_AT]
        session.save()
        assert is_signed_out(client.get(ME))

    def test_says_so_in_words_that_name_nothing(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        page = client.get(ME, follow=True)
        assert "You were signed out for safety" in page.content.decode()

    def test_sends_htmx_to_the_whole_page(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        answer = client.get(
            ME,
            headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/?q=Ana"},
        )
        assert answer.status_code == 204
        assert answer.headers["HX-Redirect"].endswith("?next=/inbox/")

    def test_answers_the_keepalive_of_an_ended_session_without_a_page(
        self, clock: Any, user: User
    ) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        assert client.post(reverse("accounts:keepalive")).status_code == 401

    def test_stores_the_moment_at_most_once_a_minute(self, clock: Any, user: User) -> None:
        client = browser(user)
        first = client.session[sessions.SEEN_AT]
        clock.shift(59)
        client.get(ME)
        assert client.session[sessions.SEEN_AT] == first
        clock.shift(2)
        client.get(ME)
        assert client.session[sessions.SEEN_AT] == first + 61


class TestLimits:
    def test_tell_the_page_how_long_there_is(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(30)
        limits = client.get(ME).context["session_limits"]
        assert limits["idle_seconds"] == settings.SESSION_IDLE.total_seconds() - 30
        assert limits["absolute_at"] == moment() + settings.SESSION_ABSOLUTE
        assert limits["keep_url"] == "/account/kept/"

    def test_are_absent_for_somebody_not_signed_in(self) -> None:
        assert Client().get(reverse("account_login")).context["session_limits"] is None


class TestEndAll:
    def test_ends_every_session_with_its_next_request(self, user: User) -> None:
        clients = [browser(user), browser(user)]
        sessions.end_all(user)
        assert all(is_signed_out(client.get(ME)) for client in clients)

    def test_leaves_other_people_alone(self, user: User) -> None:
        other = browser(UserFactory(second_factor=True))
        sessions.end_all(user)
        assert other.get(ME).status_code == 200


class TestPasswordReset:
    def test_ends_the_sessions(self, user: User) -> None:
        client = browser(user)
        visitor = Client()
        visitor.post(reverse("account_reset_password"), {"email": user.email})
        link = next(w for w in mail.outbox[0].body.split() if "/key/" in w)
        page = visitor.get(link.removeprefix(settings.SITE_URL), follow=True)
        visitor.post(
            page.request["PATH_INFO"],
            {"password1": "five other words come here", "password2": "five other words come here"},
        )
        user.refresh_from_db()
        assert user.check_password("five other words come here")
        assert is_signed_out(client.get(ME))
        assert "_auth_user_id" not in visitor.session


class TestLateForm:
    """A form that arrives after the session ended, from a browser without JavaScript."""

    def send_late(self, clock: Any, client: Client, data: dict[str, str]) -> Any:
        clock.shift(settings.SESSION_IDLE.total_seconds())
        return client.post(ME, data)

    def test_is_there_again_after_signing_in(self, clock: Any, user: User) -> None:
        client = browser(user)
        answer = self.send_late(clock, client, TYPED)
        assert answer.url.endswith("?next=/account/")
        user.refresh_from_db()
        assert user.display_name == "As it was"
        client.force_login(user)
        page = client.get(ME)
        assert page.context["form"]["display_name"].value() == TYPED["display_name"]
        assert page.context["form"]["language"].value() == "fr"
        assert "We kept what you had typed" in page.content.decode()

    def test_is_forgotten_once_it_was_saved(self, clock: Any, user: User) -> None:
        client = browser(user)
        self.send_late(clock, client, TYPED)
        client.force_login(user)
        client.post(ME, TYPED)
        assert not KeptForm.objects.exists()
        assert "We kept" not in client.get(ME).content.decode()

    def test_is_never_shown_to_another_person_on_that_browser(self, clock: Any, user: User) -> None:
        client = browser(user)
        self.send_late(clock, client, TYPED)
        client.force_login(UserFactory(second_factor=True))
        page = client.get(ME)
        assert TYPED["display_name"] not in page.content.decode()
        assert "We kept" not in page.content.decode()

    def test_is_not_kept_without_the_token_of_our_own_page(self, clock: Any, user: User) -> None:
        client = browser(user, enforce_csrf_checks=True)
        client.get(ME)
        self.send_late(clock, client, TYPED)
        assert not KeptForm.objects.exists()

    def test_is_kept_with_the_token_of_our_own_page(self, clock: Any, user: User) -> None:
        client = browser(user, enforce_csrf_checks=True)
        page = client.get(ME)
        token = str(page.context["csrf_token"])
        self.send_late(clock, client, {**TYPED, "csrfmiddlewaretoken": token})
        assert KeptForm.objects.get().path == ME

    def test_is_not_kept_when_it_is_no_form(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        answer = client.post(ME, '{"a": "b"}', content_type="application/json")
        assert is_signed_out(answer)
        assert not KeptForm.objects.exists()

    def test_leaves_out_passwords(self, clock: Any, user: User) -> None:
        client = browser(user)
        clock.shift(settings.SESSION_IDLE.total_seconds())
        client.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": "new words", "password2": "new words"},
        )
        assert not KeptForm.objects.exists()

    def test_that_is_huge_ends_the_session_all_the_same(self, clock: Any, user: User) -> None:
        client = browser(user)
        answer = self.send_late(clock, client, {"display_name": "x" * (kept.LARGEST + 1)})
        assert is_signed_out(answer)
        assert not KeptForm.objects.exists()


class TestKeepPage:
    def post(self, client: Client, **fields: str) -> int:
        return client.post(reverse("accounts:keep"), fields).status_code

    def test_seals_what_it_keeps(self, user: User) -> None:
        client = browser(user)
        assert self.post(client, _path=ME, display_name="Canary in the form") == 204
        with connection.cursor() as cursor:
            cursor.execute("SELECT fields_ct FROM accounts_keptform")
            stored = bytes(cursor.fetchone()[0])
        assert b"Canary" not in stored
        assert client.get(ME).context["form"]["display_name"].value() == "Canary in the form"

    def test_replaces_what_was_kept_of_the_page_before(self, user: User) -> None:
        client = browser(user)
        self.post(client, _path=ME, display_name="First")
        self.post(client, _path=ME, display_name="Second")
        assert KeptForm.objects.count() == 1
        assert client.get(ME).context["form"]["display_name"].value() == "Second"

    @pytest.mark.parametrize("path", ["", "//evil.example/", "https://evil.example/", "/a?q=1"])
    def test_refuses_what_is_no_page_of_ours(self, user: User, path: str) -> None:
        assert self.post(browser(user), _path=path, display_name="x") == 400

    def test_refuses_too_much(self, user: User) -> None:
        assert self.post(browser(user), _path=ME, display_name="x" * kept.LARGEST) == 400

    def test_keeps_nothing_for_a_stranger(self) -> None:
        assert self.post(Client(), _path=ME, display_name="x") == 302
        assert not KeptForm.objects.exists()

    def test_answers_only_own_origin(self, user: User) -> None:
        client = browser(user, enforce_csrf_checks=True)
        assert self.post(client, _path=ME, display_name="x") == 403

    def test_is_gone_after_thirty_days(self, clock: Any, user: User) -> None:
        client = browser(user)
        self.post(client, _path=ME, display_name="Old")
        clock.shift(kept.LIFE.total_seconds() + 1)
        client = browser(user)
        assert client.get(ME).context["form"]["display_name"].value() == "As it was"
        assert kept.purge_kept_forms(moment() + kept.LIFE) == 0
        assert kept.purge_kept_forms(moment() + 2 * kept.LIFE) == 1

    def test_shows_the_page_though_the_seal_is_broken(self, user: User) -> None:
        client = browser(user)
        self.post(client, _path=ME, display_name="Lost")
        KeptForm.objects.update(fields_ct=b"not sealed by anybody")
        assert client.get(ME).context["form"]["display_name"].value() == "As it was"

    def test_keeps_every_value_of_a_field(self, user: User, rf: Any) -> None:
        client = browser(user)
        client.post(reverse("accounts:keep"), {"_path": "/x/", "needs": ["bed", "doctor"]})
        request = rf.get("/x/")
        request.user = user
        typed = kept.restore(request)
        assert typed is not None
        assert typed.getlist("needs") == ["bed", "doctor"]
        kept.discard(request)
        assert kept.restore(request) is None


class TestFactorChange:
    def test_by_somebody_else_ends_every_session(self, user: User) -> None:
        other = UserFactory()
        client = browser(other)
        enrol_app(other)
        assert is_signed_out(client.get(ME))
