"""A real Chromium in front of the real site: how journeys start, look, and are judged by axe.

Every page a visitor looks at is judged: axe, content policy, sideways overflow. Every visit is
judged when it ends: nothing was fetched from elsewhere, nothing stays in the browser's storage.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core import mail
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request
from pytest_django.live_server_helper import LiveServer

from accounts.models import UsedCode, User
from deadlines.services.sweep import sweep
from tests.accounts.factories import SECRET, code_at, enrol_app
from tests.support.cast import PASSWORD, Cast
from tests.support.client import StrictClient
from tests.support.rehearsal import stage as on_stage

# Playwright keeps an event loop in this thread, and Django refuses the ORM beside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
JUDGED = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # What passed is not described element by element: a third of the time of a look.
    "resultTypes": ["violations"],
}
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
SCREENS = Path(settings.BASE_DIR) / "docs" / "screens"
TALLEST = {"laptop": 1700, "phone": 2400}
"""Pixels of a kept picture; what is longer is cut off below."""
STORAGE = "() => [localStorage, sessionStorage].flatMap(store => Object.keys(store))"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="there is no chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture
def site(live_server: LiveServer, settings: Any) -> str:
    """The address of the running site. WebAuthn wants a name, not a number."""
    url = live_server.url.replace("127.0.0.1", "localhost")
    settings.SITE_URL = url
    settings.CSRF_TRUSTED_ORIGINS = [url]
    return url


@pytest.fixture
def stage(site: str, at: Any, transactional_db: None) -> Cast:
    """The cast, in a database that the server's threads see too."""
    return on_stage(at)


class Visitor:
    """Somebody at a browser, whose every page is judged: axe, policy, overflow."""

    def __init__(self, context: BrowserContext, site: str, *, scripts: bool = True) -> None:
        self.context, self.site, self.scripts = context, site, scripts
        # Without scripts axe cannot look: such pages are judged on the same page with them.
        self.judged = scripts
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.abroad: set[str] = set()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        context.on("request", self._note)

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.faults.append(message.text)

    def _note(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.netloc and address.netloc != urlsplit(self.site).netloc:
            self.abroad.add(address.netloc)

    # --- going about ------------------------------------------------------------------------------

    def open(self, path: str) -> "Visitor":
        response = self.page.goto(self.site + path)
        assert response is not None
        assert response.status < 400, f"{path}: {response.status}"
        return self.look()

    def press(self, name: str = "") -> "Visitor":
        """Press the button of that name, or the main form's own."""
        main = self.page.locator("main")
        button = main.locator("button:not([type=button])").first
        if name:
            button = main.get_by_role("button", name=name, exact=True).first
        return self._go(button)

    def follow(self, name: str) -> "Visitor":
        """Follow the first link on the page with these words in it."""
        return self._go(self.page.locator("a:visible", has_text=name).first)

    def _go(self, target: Locator) -> "Visitor":
        if not target.is_visible():
            raise AssertionError(f"{target} is not to be seen on {self.path}:\n{self.text}")
        with self.page.expect_navigation():
            target.click()
        return self.look()

    def write(self, label: str, text: str) -> "Visitor":
        self.page.get_by_label(label, exact=True).first.fill(text)
        return self

    def pick(self, label: str, choice: str) -> "Visitor":
        self.page.get_by_label(label, exact=True).first.select_option(label=choice)
        return self

    def tick(self, *labels: str) -> "Visitor":
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        return self

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    # --- signing in -------------------------------------------------------------------------------

    def give_password(self, user: User, password: str = PASSWORD) -> "Visitor":
        """The first step of signing in, on the page that is open."""
        self.page.fill("input[name=login]", user.email)
        self.page.fill("input[name=password]", password)
        return self.press()

    def give_code(self, user: User, secret: str = SECRET) -> "Visitor":
        """The second step, with what the person's app shows."""
        # A code works once in thirty seconds, and a test signs the same person in more often.
        UsedCode.objects.filter(user=user).delete()
        self.page.fill("input[name=code]", code_at(timezone.now(), secret))
        return self.press("Sign in")

    def sign_in(self, user: User) -> "Visitor":
        """Password and second factor, page by page; enrols a factor for who has none."""
        if not user.authenticator_set.exists():
            enrol_app(user)
        return self.open("/account/sign-in/").give_password(user).give_code(user)

    def arrive_as(self, user: User) -> "Visitor":
        """Signed in already: for what is not about signing in."""
        client = StrictClient()
        client.sign_in(user)
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": self.site}]
        )
        return self

    def use_menu(self, menu: str, button: str) -> "Visitor":
        """Open a menu of the header and press a button in it."""
        header = self.page.locator("header")
        header.locator("summary", has_text=menu).click()
        with self.page.expect_navigation():
            header.get_by_role("button", name=button, exact=True).click()
        return self.look()

    # --- judging ----------------------------------------------------------------------------------

    def look(self) -> "Visitor":
        """Judge the page as it stands."""
        assert self.faults == []
        if self.judged:
            found = Axe().run(self.page, options=JUDGED)
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        assert self.overflow() == [], f"{self.page.url} scrolls sideways"
        return self

    def overflow(self) -> list[str]:
        """Visible elements that stick out of the window, on either side."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => {
                    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
                    if (!box.width || !box.height || style.visibility === 'hidden') return false;
                    if (!e.checkVisibility()) return false;  /* folded into a closed <details> */
                    if (style.position === 'absolute' && box.width <= 1) return false;
                    return box.right > window.innerWidth + 1 || box.left < -1;
                })
                .filter(e => !e.closest('.govuk-skip-link, .govuk-visually-hidden, svg, [hidden]'))
                .slice(0, 5)
                .map(e => e.tagName + '.' + e.className)"""
        )

    def leave(self) -> None:
        """Judge the whole visit, and close the window."""
        try:
            assert self.faults == []
            assert self.abroad == set(), "something was fetched from elsewhere"
            if self.page.url.startswith(self.site):
                assert self.page.evaluate(STORAGE) == [], "something stays in the browser's storage"
        finally:
            self.context.close()

    # --- pictures ---------------------------------------------------------------------------------

    def picture(self, name: str, *, whole: bool = True) -> "Visitor":
        """Keep the page as docs/screens/<name>-laptop.png and -phone.png when asked to.

        With `whole` false only what stands in the window.
        """
        if os.environ.get("CONCORD_SCREENS") and self.scripts:
            self.page.mouse.move(0, 0)
            SCREENS.mkdir(parents=True, exist_ok=True)
            for device, size in (("phone", PHONE), ("laptop", LAPTOP)):
                self.page.set_viewport_size(size)  # type: ignore[arg-type]
                height = size["height"]
                if whole:
                    needed = self.page.evaluate("document.documentElement.scrollHeight")
                    height = min(max(height, needed), TALLEST[device])
                # A window as high as the page: what keeps its place in the window is in its place.
                self.page.set_viewport_size({"width": size["width"], "height": height})
                if whole:
                    self.page.evaluate("scrollTo(0, 0)")
                path = SCREENS / f"{name}-{device}.png"
                self.page.screenshot(path=path)
                _make_small(path)
            self.page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
        return self


def _make_small(path: Path) -> None:
    with Image.open(path) as full:
        few = full.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window: `visit()`, `visit(scripts=False)`, `visit(size=PHONE)`."""
    visitors: list[Visitor] = []

    def arrive(
        *, scripts: bool = True, size: dict[str, int] = LAPTOP, language: str = "en"
    ) -> Visitor:
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale=language,
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        visitors.append(Visitor(context, site, scripts=scripts))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def read_mail(settings: Any) -> Callable[[str], str]:
    """Let the outbox be swept, and give the address in the latest mail to somebody."""

    def latest_link(to: str) -> str:
        sweep(at=timezone.now(), clock=timezone.now)
        bodies = [str(letter.body) for letter in mail.outbox if to in letter.to]
        assert bodies, f"no mail to {to}"
        found = re.search(r"https?://\S+", bodies[-1])
        assert found, "no link in the mail"
        return found.group(0).removeprefix(settings.SITE_URL)

    return latest_link
