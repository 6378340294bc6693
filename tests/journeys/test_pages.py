"""What holds for every page: what each role is led to, in every width, direction and manner.

The pages are found as people find them: from the navigation, the account menu and the footer.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.urls import reverse
from playwright.sync_api import Browser, BrowserType, Response

from ncm.navigation import sections
from ncm.reports.periods import Quarter
from referrals.models import Referral
from tests.journeys.conftest import Visitor
from tests.referrals import stages
from tests.support.cast import PERSON, Cast

NARROW = {"width": 320, "height": 640}
ROLES = (
    "applicant", "ngo_manager", "ngo_caseworker", "co_ordinator", "rapporteur", "funder",
    "administrator", "stranger",
)  # fmt: skip
IN_FULL = ("ngo_manager", "co_ordinator")
"""Who is led to most: every page of theirs is looked at; of the others', those only they have."""
SAME_FOR_ALL = ("/account/", "/help/", "/accessibility/")
"""Where these begin is the same for every role: looked at with the first of them only."""
BEFORE_SIGNING_IN = ("/account/sign-in/", "/account/joining/", "/accessibility/")
FIRST_PAGE = "/account/sign-in/"
HEAVIEST = 120_000
"""Bytes of the first page with all it needs."""


def led_to(visitor: Visitor) -> list[str]:
    """Where the frame of the page leads, in its order: each section's pages behind its first."""
    visitor.page.goto(visitor.site)
    found = []
    for path in framed(visitor):
        found.append(path)
        if path not in SAME_FOR_ALL:
            visitor.page.goto(visitor.site + path)
            found += framed(visitor, "header .concord-pages a")
    return list(dict.fromkeys(found))


def framed(visitor: Visitor, links: str = "header a, footer a") -> list[str]:
    found = visitor.page.locator(links)
    paths = found.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [path for path in paths if path.startswith("/")]


def further(stage: Cast) -> dict[str, list[str]]:
    """Pages that only an entry of a list leads to, for the roles that see most."""
    return {
        "applicant": ["/application/about/", "/application/contact/", "/application/check/"],
        "ngo_manager": [
            f"/registry/{stage.ngo.uuid}/", f"/contacts/{stage.contact.uuid}/", "/contacts/new/",
        ],
        "co_ordinator": [f"/registry/{stage.unlisted_ngo.uuid}/", "/components/"],
    }  # fmt: skip


class TestTheQuarterlyReport:
    def test_does_not_scroll_sideways_in_a_window_as_wide_as_its_content(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        then = stage.at - timedelta(days=100)
        sent = stages.sent(stage)
        Referral.objects.filter(pk=sent.pk).update(received_at=then, received_on=then.date())
        visitor = visit(size={"width": 1200, "height": 900}).arrive_as(stage.rapporteur)
        visitor.open(f"/reports/quarterly/{Quarter.of(then.date())}/")
        wide, window = visitor.page.evaluate("[document.body.scrollWidth, innerWidth]")
        assert wide <= window


@pytest.fixture
def as_role(visit: Callable[..., Visitor], stage: Cast) -> Callable[..., Visitor]:
    def arrive(role: str, **manner: Any) -> Visitor:
        return visit(**manner).arrive_as(getattr(stage, role))

    return arrive


@pytest.fixture
def catalogues(settings: Any, tmp_path: Path) -> None:
    """An installation that has French and Arabic, whatever of them is translated so far."""
    for language in ("fr", "ar"):
        file = tmp_path / language / "LC_MESSAGES" / "django.mo"
        file.parent.mkdir(parents=True)
        with file.open("wb") as opened:
            write_mo(opened, Catalog(locale=language))
    settings.LOCALE_PATHS = [*settings.LOCALE_PATHS, tmp_path]


@pytest.fixture
def remembering(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:
    """A browser that keeps whole pages for "Back" where it may, as people's browsers do."""
    usual = ["--disable-back-forward-cache"]  # what playwright starts every browser with
    browser = browser_type.launch(**browser_type_launch_args, ignore_default_args=usual)
    yield browser
    browser.close()


def own(visitor: Visitor, stage: Cast, role: str) -> list[str]:
    """What to look at as this role: where its frame leads, and what only a list leads to."""
    paths = led_to(visitor)
    assert {"/", "/inbox/", "/account/", "/help/"} <= set(paths)
    if role != ROLES[0]:
        paths = [path for path in paths if not path.startswith(SAME_FOR_ALL)]
    if role not in IN_FULL:
        theirs = {path for other in IN_FULL for path in menu_of(stage, other)} - {"/"}
        paths = [path for path in paths if path not in theirs]
    return paths + further(stage).get(role, [])


def menu_of(stage: Cast, role: str) -> list[str]:
    """The addresses behind the menu of a role, without opening them."""
    permissions = stage.actor(getattr(stage, role)).permissions
    entries = [
        entry for each in sections(stage.actor(getattr(stage, role))) for entry in each.entries
    ]
    return [
        reverse(entry.name)
        for entry in entries
        if entry.is_offered and (entry.permission is None or entry.permission in permissions)
    ]


class TestEveryPage:
    @pytest.mark.parametrize("role", ROLES)
    def test_of_a_role_is_clean(
        self, as_role: Callable[..., Visitor], stage: Cast, role: str
    ) -> None:
        visitor = as_role(role)
        wide = visitor.page.viewport_size
        for path in own(visitor, stage, role):
            visitor.open(path)
            assert visitor.page.locator("h1").count() == 1, path
            assert PERSON not in visitor.page.title(), path
            visitor.page.set_viewport_size(NARROW)
            assert visitor.overflow() == [], path
            visitor.page.set_viewport_size(wide)

    @pytest.mark.parametrize("role", IN_FULL)
    def test_of_a_role_is_whole_without_scripts(
        self, as_role: Callable[..., Visitor], stage: Cast, role: str
    ) -> None:
        visitor = as_role(role, scripts=False)
        visitor.judged = False  # by axe, with scripts
        for path in led_to(visitor) + further(stage).get(role, []):
            visitor.open(path)
            hidden = visitor.page.locator("main a[href]:not([data-print] a)")
            assert all(link.is_visible() for link in hidden.all()), path
            assert visitor.page.get_by_role("navigation", name="Menu").is_visible(), path

    @pytest.mark.parametrize("role", IN_FULL)
    def test_fits_a_narrow_screen_from_right_to_left(
        self, as_role: Callable[..., Visitor], stage: Cast, role: str
    ) -> None:
        visitor = as_role(role, size=NARROW, language="ar")
        for path in led_to(visitor) + further(stage).get(role, []):
            visitor.open(path)
            html = visitor.page.locator("html")
            assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("ar", "rtl")
        for menu in visitor.page.locator("header summary").all():
            menu.click()
            assert visitor.overflow() == []

    @pytest.mark.parametrize("path", BEFORE_SIGNING_IN)
    def test_before_signing_in_is_clean(self, visit: Callable[..., Visitor], path: str) -> None:
        for manner in ({}, {"size": NARROW, "language": "ar"}, {"scripts": False}):
            visit(**manner).open(path)

    def test_of_a_refusal_is_clean(self, as_role: Callable[..., Visitor]) -> None:
        visitor = as_role("ngo_caseworker")
        for path, status in (("/reviews/", 403), ("/nowhere/", 404)):
            answer = visitor.page.goto(visitor.site + path)
            assert answer is not None
            assert answer.status == status
            visitor.look()


class TestTheJudge:
    """Without these, an axe that finds nothing could be an axe that does not look."""

    def test_finds_what_is_wrong_with_a_bad_page(self, visit: Callable[..., Visitor]) -> None:
        visitor = visit()
        visitor.page.set_content("<img src='data:,'><input><p style='color:#ccc'>Faint</p>")
        with pytest.raises(AssertionError) as found:
            visitor.look()
        rules = set(re.findall(r"^\s*([a-z-]+) - ", str(found.value), re.MULTILINE))
        assert {"image-alt", "label", "color-contrast", "html-has-lang"} <= rules

    @pytest.mark.parametrize("side", ["left", "right"])
    def test_finds_what_sticks_out_on_either_side(
        self, visit: Callable[..., Visitor], side: str
    ) -> None:
        visitor = visit()
        visitor.page.set_content(f"<b style='position:absolute;{side}:-40px'>Too far out</b>")
        assert visitor.overflow() == ["B."]

    def test_finds_what_the_content_policy_forbids(self, visit: Callable[..., Visitor]) -> None:
        visitor = visit().open(FIRST_PAGE)
        visitor.page.evaluate("document.body.append(document.createElement('style'))")
        visitor.page.evaluate("document.querySelector('style').textContent = 'p { color: red }'")
        assert visitor.faults
        visitor.faults.clear()

    def test_finds_what_is_fetched_from_elsewhere(self, visit: Callable[..., Visitor]) -> None:
        visitor = visit()
        visitor.context.route("**/picture.png", lambda route: route.abort())
        visitor.page.set_content("<img alt='' src='http://elsewhere.example/picture.png'>")
        assert visitor.abroad == {"elsewhere.example"}
        visitor.abroad.clear()


class TestTheFrame:
    @pytest.mark.usefixtures("catalogues")
    @pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
    def test_changes_the_language_and_keeps_the_page(
        self, as_role: Callable[..., Visitor], scripts: bool
    ) -> None:
        visitor = as_role("co_ordinator", scripts=scripts).open("/reviews/?state=member")
        visitor.use_menu("English", "العربيّة")
        assert visitor.page.url.endswith("/reviews/?state=member")
        assert visitor.page.locator("html").get_attribute("dir") == "rtl"

    @pytest.mark.usefixtures("catalogues")
    def test_changing_the_language_keeps_what_is_typed(
        self, as_role: Callable[..., Visitor]
    ) -> None:
        visitor = as_role("ngo_manager").open("/contacts/new/").write("Name", "Ada Example")
        visitor.use_menu("English", "français")
        assert visitor.page.locator("#id_person_name").input_value() == "Ada Example"

    @pytest.mark.parametrize("how", ["click", "shift", "no-scripts"])
    def test_lets_one_leave_at_once(self, as_role: Callable[..., Visitor], how: str) -> None:
        visitor = as_role("ngo_manager", scripts=how != "no-scripts")
        asked: list[dict[str, str]] = []

        def harmless(route: Any) -> None:
            asked.append(route.request.headers)
            route.fulfill(body="Nothing to see", content_type="text/plain")

        visitor.context.route("https://www.wikipedia.org/**", harmless)
        visitor.open("/registry/")
        with visitor.page.expect_navigation(url="https://www.wikipedia.org/**"):
            if how == "shift":
                for _press in range(3):
                    visitor.page.keyboard.press("Shift")
            else:
                visitor.page.get_by_text("Exit this page", exact=True).click()
        assert "referer" not in asked[0]
        assert visitor.abroad == {"www.wikipedia.org"}
        visitor.abroad.clear()

    def test_is_left_out_on_paper(self, as_role: Callable[..., Visitor], stage: Cast) -> None:
        visitor = as_role("ngo_caseworker").open(f"/registry/{stage.ngo.uuid}/")
        frame = visitor.page.locator(
            ".concord-navigation, .concord-pages, .concord-exit, .concord-footer__links"
        )
        assert frame.first.is_visible()
        visitor.page.emulate_media(media="print")
        assert not any(part.is_visible() for part in frame.all())
        assert visitor.page.get_by_text("Ada Example", exact=False).first.is_visible()

    def test_shows_nothing_personal_after_signing_out(
        self, remembering: Browser, site: str, stage: Cast
    ) -> None:
        visitor = Visitor(remembering.new_context(), site).arrive_as(stage.ngo_manager)
        visitor.open(f"/contacts/{stage.contact.uuid}/")
        assert "Ada Example" in visitor.text
        visitor.use_menu("Account", "Sign out")
        assert "You are signed out." in visitor.text
        visitor.page.go_back(wait_until="commit")
        visitor.page.locator("h1").wait_for()
        assert "Ada Example" not in visitor.page.content()
        assert PERSON not in visitor.page.content()


@pytest.fixture
def answers(visit: Callable[..., Visitor]) -> list[Response]:
    """Everything that came for the first page, from an empty cache."""
    visitor, answers = visit(), list[Response]()
    visitor.page.on("response", lambda answer: answers.append(answer))
    visitor.page.goto(visitor.site + FIRST_PAGE)
    return answers


class TestTheFirstPage:
    def test_is_light(self, answers: list[Response]) -> None:
        """The page itself as it is sent; what stands beside it compressed, as it is in production.

        Only files that never hold anything personal are compressed, so the page itself is not.
        """
        weight = sum(
            len(answer.body()) if answer.request.resource_type == "document"
            else len(gzip.compress(answer.body(), compresslevel=9))
            for answer in answers
        )  # fmt: skip
        assert len(answers) >= 5
        assert weight <= HEAVIEST

    def test_needs_few_files(self, answers: list[Response]) -> None:
        assert len(answers) <= 8
        assert all(answer.ok for answer in answers)
