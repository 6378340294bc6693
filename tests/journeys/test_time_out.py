"""A session that ends in the middle of a form: nothing typed is lost, and nobody else sees it.

Time is not waited for. The browser's clock is moved on by hand, and the server's idea of when
somebody was last seen is put back in the session's row.
"""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Locator

from accounts.models import KeptForm
from accounts.sessions import SEEN_AT, SIGNED_IN_AT
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast

PAGE = "/application/work/"
LABEL = "What the organisation does"
TYPED = "Meals, and company on the way to appointments."
KEPT = "We kept what you had typed."


def session_of(visitor: Visitor) -> SessionStore:
    name = settings.SESSION_COOKIE_NAME
    keys = [cookie["value"] for cookie in visitor.context.cookies() if cookie["name"] == name]
    return SessionStore(keys[0])


def put_back(visitor: Visitor, fact: str, by: timedelta) -> float:
    """The server believes that it was so much longer ago. Returns the moment it believes in."""
    session = session_of(visitor)
    session[fact] -= by.total_seconds()
    session.save()
    return float(session[fact])


def milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def wait_on(visitor: Visitor, span: timedelta) -> None:
    """So long passes in the browser, as far as its pages can tell."""
    visitor.page.clock.fast_forward(milliseconds(span))


def until_the_warning() -> timedelta:
    return settings.SESSION_IDLE - settings.SESSION_WARNING + timedelta(seconds=1)


def dialog(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("dialog")


def typing(visitor: Visitor, path: str = PAGE, label: str = LABEL) -> Visitor:
    """In the middle of a form, under a clock that the test moves."""
    visitor.page.clock.install()
    return visitor.open(path).write(label, TYPED)


def let_it_be_kept(visitor: Visitor) -> None:
    with visitor.page.expect_response("**/account/kept/") as kept:
        wait_on(visitor, until_the_warning())
    assert kept.value.status == 204


def let_it_end(visitor: Visitor) -> None:
    with visitor.page.expect_navigation(url="**/account/sign-in/**"):
        wait_on(visitor, settings.SESSION_WARNING)
    visitor.look()


@pytest.fixture
def visitor(visit: Callable[..., Visitor], stage: Cast) -> Visitor:
    """The applicant, signed in, at the browser."""
    return visit().arrive_as(stage.applicant)


class TestWithScripts:
    def test_warns_keeps_and_gives_back_what_was_typed(self, visitor: Visitor, stage: Cast) -> None:
        typing(visitor)
        assert not dialog(visitor).is_visible()
        let_it_be_kept(visitor)
        assert "2 minutes" in dialog(visitor).inner_text()
        visitor.look().picture("time-out", whole=False)
        let_it_end(visitor)
        assert TYPED not in visitor.page.content()

        visitor.give_password(stage.applicant).give_code(stage.applicant)
        assert visitor.path == PAGE
        assert KEPT in visitor.text
        assert visitor.page.get_by_label(LABEL).input_value() == TYPED

        visitor.press().open(PAGE)
        assert KEPT not in visitor.text
        assert visitor.page.get_by_label(LABEL).input_value() == TYPED

    def test_a_computer_that_slept_through_the_warning_loses_nothing(
        self, visitor: Visitor, stage: Cast
    ) -> None:
        typing(visitor)
        put_back(visitor, SEEN_AT, timedelta(hours=1))
        with visitor.page.expect_navigation(url="**/account/sign-in/**"):
            wait_on(visitor, timedelta(hours=1))
        visitor.give_password(stage.applicant).give_code(stage.applicant)
        assert visitor.page.get_by_label(LABEL).input_value() == TYPED

    def test_the_session_is_over_when_the_page_says_so(self, visitor: Visitor) -> None:
        typing(visitor)
        let_it_be_kept(visitor)
        before = session_of(visitor)
        let_it_end(visitor)
        assert not before.exists(before.session_key)

    @pytest.mark.parametrize("how", ["button", "escape"])
    def test_staying_signed_in_keeps_the_session(self, visitor: Visitor, how: str) -> None:
        typing(visitor)
        let_it_be_kept(visitor)
        seen = put_back(visitor, SEEN_AT, timedelta(minutes=14))
        with visitor.page.expect_response("**/account/keepalive/") as answer:
            if how == "button":
                dialog(visitor).get_by_role("button", name="Stay signed in").click()
            else:
                visitor.page.keyboard.press("Escape")
        assert answer.value.status == 204
        dialog(visitor).wait_for(state="hidden")
        assert session_of(visitor)[SEEN_AT] > seen
        assert visitor.page.get_by_label(LABEL).input_value() == TYPED
        # The count began anew: the warning is as far away as at first.
        wait_on(visitor, settings.SESSION_WARNING)
        assert not dialog(visitor).is_visible()

    def test_work_in_another_window_takes_the_warning_away(self, visitor: Visitor) -> None:
        typing(visitor)
        let_it_be_kept(visitor)
        visitor.context.new_page().goto(f"{visitor.site}/help/")
        dialog(visitor).wait_for(state="hidden")

    def test_the_last_hour_of_a_session_cannot_be_put_off(self, visitor: Visitor) -> None:
        last = settings.SESSION_ABSOLUTE - timedelta(minutes=5)
        put_back(visitor, SIGNED_IN_AT, last)
        typing(visitor)
        with visitor.page.expect_response("**/account/kept/"):
            wait_on(visitor, timedelta(minutes=4))
        assert "as long as one session may last" in dialog(visitor).inner_text()
        assert not dialog(visitor).get_by_role("button", name="Stay signed in").is_visible()
        visitor.look()


class TestWithoutScripts:
    def test_a_form_sent_too_late_is_kept_and_given_back(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = visit(scripts=False).arrive_as(stage.applicant)
        visitor.open(PAGE).write(LABEL, TYPED)
        put_back(visitor, SEEN_AT, settings.SESSION_IDLE)

        visitor.press("Save and continue")
        assert visitor.path == "/account/sign-in/"
        assert "What you had typed has been kept" in visitor.text

        visitor.give_password(stage.applicant).give_code(stage.applicant)
        assert visitor.path == PAGE
        assert KEPT in visitor.text
        assert visitor.page.get_by_label(LABEL).input_value() == TYPED


class TestSomebodyElse:
    def test_at_the_same_browser_sees_nothing_of_it(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = visit().arrive_as(stage.ngo_manager)
        typing(visitor, "/contacts/new/", "Name")
        let_it_be_kept(visitor)
        let_it_end(visitor)

        visitor.sign_in(stage.other_manager).open("/contacts/new/")
        assert KEPT not in visitor.text
        assert TYPED not in visitor.page.content()

    def test_finds_it_neither_in_the_database_nor_in_the_browser(self, visitor: Visitor) -> None:
        typing(visitor)
        let_it_be_kept(visitor)
        assert TYPED.encode() not in bytes(KeptForm.objects.get().fields_ct)
        assert TYPED not in json.dumps(visitor.context.storage_state())
