"""A real Chromium in front of the real site: how journeys start, look, and are judged by axe."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.support.cast import PASSWORD, Cast, assemble

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
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
SCREENS = Path(settings.BASE_DIR) / "docs" / "screens"


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
    return assemble(at)


class Visitor:
    """Somebody at a browser, whose every page is judged: axe, policy, overflow, title."""

    def __init__(self, context: BrowserContext, site: str, *, judge: bool = True) -> None:
        self.context, self.site, self.judge = context, site, judge
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.faults.append(message.text)

    def open(self, path: str) -> "Visitor":
        response = self.page.goto(self.site + path)
        assert response is not None
        assert response.status < 400, f"{path}: {response.status}"
        return self.look()

    def look(self) -> "Visitor":
        """Judge the page as it stands."""
        assert self.faults == []
        if self.judge:
            found = Axe().run(self.page, options={"runOnly": RULES})
            assert found.violations_count == 0, found.generate_report()
        assert self.overflow() == [], f"{self.page.url} scrolls sideways"
        return self

    def overflow(self) -> list[str]:
        """Visible elements that stick out of the window, on either side (scrollWidth misses RTL)."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => {
                    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
                    if (!box.width || !box.height || style.visibility === 'hidden') return false;
                    if (style.position === 'absolute' && box.width <= 1) return false;
                    return box.right > window.innerWidth + 1 || box.left < -1;
                })
                .filter(e => !e.closest('.govuk-skip-link, .govuk-visually-hidden, svg, [hidden]'))
                .slice(0, 5)
                .map(e => e.tagName + '.' + e.className)"""
        )

    def sign_in(self, user: User) -> "Visitor":
        self.open("/account/sign-in/")
        self.page.fill("input[name=login]", user.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.press()
        return self

    def press(self, name: str = "") -> "Visitor":
        """Press the button of that name, or the main form's first."""
        main = self.page.locator("main")
        button = main.locator("button:not([type=button])").first
        if name:
            button = main.get_by_role("button", name=name)
        with self.page.expect_navigation():
            button.click()
        return self.look()

    def follow(self, name: str) -> "Visitor":
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name).first.click()
        return self.look()

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def picture(self, name: str) -> None:
        """Keep the page as docs/screens/<name>-laptop.png and -phone.png when asked to."""
        if not os.environ.get("CONCORD_SCREENS"):
            return
        SCREENS.mkdir(parents=True, exist_ok=True)
        for device, size in (("laptop", LAPTOP), ("phone", PHONE)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.screenshot(path=SCREENS / f"{name}-{device}.png", full_page=True)
        self.page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window: `visit()`, `visit(javascript=False)`, `visit(phone=True)`."""
    contexts: list[BrowserContext] = []

    def arrive(*, javascript: bool = True, phone: bool = False, language: str = "en") -> Visitor:
        context = browser.new_context(
            viewport=PHONE if phone else LAPTOP,  # type: ignore[arg-type]
            java_script_enabled=javascript,
            locale=language,
            reduced_motion="reduce",
        )
        contexts.append(context)
        # axe is a script: pages without scripts are judged on the same page with them.
        return Visitor(context, site, judge=javascript)

    yield arrive
    for context in contexts:
        context.close()
