"""Without a mouse: signing in, a page of an application, the menus; where one is at each step."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.accounts.factories import code_at, enrol_app
from tests.journeys.conftest import Visitor
from tests.support.cast import PASSWORD, Cast

FAR = 80
"""Steps after which a page has no such place: nobody presses a key so often."""

SEEN = """(e) => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const label = e.labels?.[0] && getComputedStyle(e.labels[0], '::before');
    const isRinged = [style, label].some(each => each &&
        (each.outlineStyle !== 'none' && parseFloat(each.outlineWidth) > 0
         || each.boxShadow !== 'none'));
    return isRinged && box.top >= 0 && box.bottom <= window.innerHeight;
}"""
"""Whether the reader sees where the focus is: it is drawn, and in the window."""


class Keyboard:
    """Goes through a page key by key."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    def tab_to(self, selector: str, *, back: bool = False) -> "Keyboard":
        """Press Tab until the focus is there, seeing at each step where it is."""
        for _step in range(FAR):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            focused = self.page.locator(":focus")
            if focused.count() and not focused.evaluate(SEEN):
                raise AssertionError(f"the focus is not to be seen: {focused.evaluate(OUTER)}")
            if self.page.locator(f"{selector}:focus").count():
                return self
        raise AssertionError(f"Tab never comes to {selector}")

    def type(self, text: str) -> "Keyboard":
        self.page.keyboard.type(text)
        return self

    def press(self, key: str) -> "Keyboard":
        self.page.keyboard.press(key)
        return self

    def enter(self) -> "Keyboard":
        """Enter, where it leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self


OUTER = "e => e.outerHTML.slice(0, 200)"


@pytest.fixture
def keyboard(visit: Callable[..., Visitor]) -> Keyboard:
    return Keyboard(visit())


class TestTheKeyboardAlone:
    def test_signs_in(self, keyboard: Keyboard, stage: Cast) -> None:
        enrol_app(stage.ngo_manager)
        keyboard.visitor.open("/account/sign-in/")
        keyboard.tab_to("input[name=login]").type(stage.ngo_manager.email)
        keyboard.tab_to("input[name=password]").type(PASSWORD)
        keyboard.enter()
        keyboard.tab_to("input[name=code]").type(code_at(timezone.now()))
        keyboard.tab_to("main button").enter()
        assert keyboard.visitor.path == "/"

    def test_fills_in_a_page_of_an_application(self, keyboard: Keyboard, stage: Cast) -> None:
        keyboard.visitor.arrive_as(stage.applicant).open("/application/about/")
        keyboard.tab_to("input[name=name]").press("Control+a").type("New Path Association")
        keyboard.tab_to("select[name=kind]").type("Survivor")
        keyboard.tab_to("input[name=level]").press("ArrowDown")
        keyboard.tab_to("input[name=is_informal]").press("Space")
        keyboard.tab_to("main button").enter()

        keyboard.visitor.open("/application/about/")
        value = keyboard.page.locator("select[name=kind]").input_value()
        assert value == "survivor_led"
        assert keyboard.page.locator("input[name=name]").input_value() == "New Path Association"
        assert keyboard.page.locator("input[name=level][value=regional]").is_checked()
        assert keyboard.page.locator("input[name=is_informal]").is_checked()

    def test_skips_the_frame(self, keyboard: Keyboard, stage: Cast) -> None:
        keyboard.visitor.arrive_as(stage.ngo_manager).open("/people/")
        keyboard.press("Tab")
        assert keyboard.page.locator(".govuk-skip-link:focus").is_visible()
        keyboard.press("Enter").press("Tab")
        assert keyboard.page.locator("main :focus").count() == 1

    def test_opens_and_leaves_a_menu(self, keyboard: Keyboard, stage: Cast) -> None:
        keyboard.visitor.arrive_as(stage.ngo_manager).open("/people/")
        menu = keyboard.page.locator("header details").last
        keyboard.tab_to("header details:last-of-type summary").press("Enter")
        assert menu.get_attribute("open") is not None
        keyboard.tab_to("header details a").press("Escape")
        assert menu.get_attribute("open") is None
        assert keyboard.page.locator("summary:focus").count() == 1

    def test_is_led_to_what_is_wrong(self, keyboard: Keyboard, stage: Cast) -> None:
        keyboard.visitor.arrive_as(stage.ngo_manager).open("/people/")
        keyboard.tab_to("main form[data-keep] button").enter()
        assert keyboard.page.locator(".govuk-error-summary:focus").count() == 1
        keyboard.tab_to(".govuk-error-summary a").press("Enter")
        assert keyboard.page.locator("main form[data-keep] :focus").count() == 1
