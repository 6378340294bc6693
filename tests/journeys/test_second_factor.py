"""The second factor in a browser: authenticator app, recovery codes, security key, and no way past.

The security key is Chromium's own virtual one, driven over the DevTools protocol.
"""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from tests.accounts.factories import code_at, enrol_app
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast

FACTOR = "/account/second-factor/"
ENROLMENT = f"{FACTOR}totp/activate/"


def begin(visitor: Visitor, user: User) -> Visitor:
    """Sign in with the password alone."""
    return visitor.open("/account/sign-in/").give_password(user)


def enrol(visitor: Visitor) -> tuple[str, list[str]]:
    """Set up an app on the page that is open. Returns its secret and the recovery codes shown."""
    secret = visitor.page.locator(".concord-secret").inner_text()
    visitor.write("Authenticator code", code_at(timezone.now(), secret)).press("Turn on")
    return secret, visitor.page.locator(".concord-codes li").all_inner_texts()


def plug_in_a_key(visitor: Visitor) -> None:
    """A security key that answers at once, as if its owner touched it."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class TestAnAuthenticatorApp:
    @pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
    def test_is_enrolled_and_used_at_the_next_sign_in(
        self, visit: Callable[..., Visitor], stage: Cast, scripts: bool
    ) -> None:
        visitor = begin(visit(scripts=scripts), stage.without_factor)
        assert visitor.path == ENROLMENT
        secret, codes = enrol(visitor)
        assert len(codes) == 10
        visitor.use_menu("Account", "Sign out")

        begin(visitor, stage.without_factor)
        assert visitor.path == f"{FACTOR}authenticate/"
        visitor.give_code(stage.without_factor, secret)

        assert visitor.path == "/"
        assert "Lantern House (invented)" in visitor.text

    def test_cannot_be_left_out_between_the_password_and_the_code(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        enrol_app(stage.ngo_manager)
        visitor = begin(visit(), stage.ngo_manager).open("/registry/")
        assert visitor.path == f"{FACTOR}authenticate/"


class TestARecoveryCode:
    def test_is_shown_once_and_lets_in_once(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = begin(visit(), stage.without_factor)
        code = enrol(visitor)[1][0]
        visitor.open(f"{FACTOR}recovery-codes/")
        assert code not in visitor.page.content()
        visitor.use_menu("Account", "Sign out")

        begin(visitor, stage.without_factor)
        visitor.page.fill("input[name=code]", code)
        visitor.press("Sign in")
        assert visitor.path == "/"
        visitor.use_menu("Account", "Sign out")

        begin(visitor, stage.without_factor)
        visitor.page.fill("input[name=code]", code)
        visitor.press("Sign in")
        assert visitor.path == f"{FACTOR}authenticate/"
        assert "There is a problem" in visitor.text


class TestASecurityKey:
    def test_is_enrolled_and_used_at_the_next_sign_in(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = visit()
        plug_in_a_key(visitor)
        begin(visitor, stage.without_factor).open(FACTOR).follow("Add a security key")
        visitor.write("Name (optional)", "Blue key").press("Ask the key")
        assert "Recovery codes" in visitor.text
        visitor.open(f"{FACTOR}webauthn/")
        assert "Blue key" in visitor.text
        visitor.use_menu("Account", "Sign out")

        begin(visitor, stage.without_factor)
        assert visitor.path == f"{FACTOR}authenticate/"
        visitor.picture("second-factor").press("Use a security key")
        assert visitor.path == "/"

    def test_that_does_not_answer_is_said_in_words(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = begin(visit(), stage.without_factor).open(f"{FACTOR}webauthn/add/")
        visitor.page.evaluate("() => { navigator.credentials.create = () => Promise.reject() }")
        visitor.write("Name (optional)", "Blue key")
        visitor.page.get_by_role("button", name="Ask the key").click()
        problem = visitor.page.locator("[data-key-problem]")
        problem.wait_for()
        assert "did not answer" in problem.inner_text()
        visitor.look()


class TestWhoHasNone:
    def test_is_led_to_set_one_up_whatever_is_opened(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        visitor = begin(visit(), stage.without_factor)
        contact = stage.contact.uuid
        for path in ("/", "/registry/", "/inbox/", f"/contacts/{contact}/", "/account/", "/help/"):
            visitor.page.goto(visitor.site + path)
            assert visitor.path == ENROLMENT, path
        visitor.look()
        assert stage.contact.person_name not in visitor.page.content()
