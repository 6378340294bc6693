"""A referral's whole way in the browser, under two countries: logged, sent, asked back, decided.

Both sides at two browsers, judged on every page; once without scripts; once by keyboard alone.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from common.country import current
from referrals.choices import State
from referrals.models import Referral
from tests.journeys.conftest import PHONE, Visitor
from tests.support.cast import Cast

STORY = "An invented account of a brickyard by the river, told on two afternoons."
NAME = "Zorvelia Quillfeather (invented person)"
FEWEST = 60
"""Presses of a key, a text typed counting as one, in which a minimal referral is sent."""


@pytest.fixture(params=["gb", "ua"])
def country(request: pytest.FixtureRequest, settings) -> str:
    """The country the site runs in; profiles are kept by code, so the next test reads its own."""
    settings.COUNTRY = request.param
    return request.param


@pytest.fixture
def one_stage(settings) -> None:
    settings.COUNTRY = "ua"


def choose(visitor: Visitor, field: str, value: str) -> Visitor:
    visitor.page.check(f"input[name={field}][value={value}]")
    return visitor


def log(desk: Visitor) -> None:
    """From the list to the page before sending, every needed answer once."""
    desk.open("/referrals/").picture("referrals-empty").follow("New referral").press("Begin")
    desk.picture("referral-tasks").follow("The person")
    for field, value in (
        ("is_child_now", "no"), ("age_at_exploitation", "ADULT"), ("gender", "FEMALE"),
    ):  # fmt: skip
        choose(desk, field, value)
    desk.pick("Nationality", "Albania").picture("referral-person").press("Save and continue")
    choose(desk, "exploitation", "FORCED_LABOUR")
    choose(desk, "place", "HERE").picture("referral-what").press("Save and continue")
    desk.write("What the person tells", STORY).picture("referral-story")
    desk.press("Save and continue").pick("In which language was it explained?", "Albanian")
    choose(desk, "with_interpreter", "yes")
    choose(desk, "agrees", "yes").picture("referral-consent").press("Save and continue")


def send(desk: Visitor) -> str:
    """Check and send; gives the reference."""
    assert STORY in desk.text
    desk.picture("referral-check")
    desk.tick("I went through this with the person").press("Send the referral")
    desk.picture("referral-sent")
    return desk.page.locator(".concord-confirm bdi").inner_text()


def ask_back(office: Visitor, reference: str) -> None:
    office.open("/referrals/").picture("referrals-authority").follow(reference)
    assert STORY in office.text
    assert NAME in office.text
    office.picture("referral-authority").follow("Send back with questions")
    office.write("Question 1", "When did it begin?").picture("referral-return")
    office.press("Send back with questions")


def answer(desk: Visitor, reference: str) -> None:
    desk.open("/referrals/?show=waiting").follow(reference)
    assert "When did it begin?" in desk.text
    desk.follow("Answer the questions").write("When did it begin?", "In the spring of 2024.")
    desk.picture("referral-answer").press("Answer the questions")


def decide(office: Visitor, reference: str) -> None:
    """Every decision of the country, each positive."""
    for stage in current().stages:
        office.open("/referrals/?show=waiting").follow(reference).follow(str(stage.positive))
        asks = office.page.locator("input[name=person_asks]")
        if asks.count():
            choose(office, "person_asks", "yes")
        office.picture("referral-decide").press(str(stage.positive))
        assert str(stage.positive) in office.text
    office.picture("referral-decided")


def add_the_name(desk: Visitor, reference: str) -> None:
    """Optional, sealed, and part of what is sent unless it is struck."""
    referral = Referral.objects.get(reference=reference)
    desk.open(f"/referrals/{referral.uuid}/log/").follow("Name and safe contact")
    desk.write("Name", NAME).picture("referral-identity").press("Save and continue")
    desk.follow("Check your answers and send")


def draft_reference(desk: Visitor) -> str:
    return str(Referral.objects.get(uuid=desk.path.split("/")[2]).reference)


class TestAReferral:
    def test_is_sent_asked_back_answered_and_decided(
        self, visit: Callable[..., Visitor], country: str, stage: Cast
    ) -> None:
        desk = visit().arrive_as(stage.ngo_caseworker)
        office = visit().arrive_as(stage.second_officer)
        log(desk)
        add_the_name(desk, draft_reference(desk))
        reference = send(desk)
        ask_back(office, reference)
        answer(desk, reference)
        decide(office, reference)
        desk.open("/referrals/?show=decided").follow(reference).picture("referral-file")
        assert str(current().stages[-1].positive) in desk.text
        assert Referral.objects.get().state == State.CONCL_POSITIVE

    @pytest.mark.usefixtures("one_stage")
    def test_goes_all_the_way_without_scripts(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        desk = visit(scripts=False, size=PHONE).arrive_as(stage.ngo_caseworker)
        office = visit(scripts=False).arrive_as(stage.officer)
        log(desk)
        add_the_name(desk, draft_reference(desk))
        reference = send(desk)
        ask_back(office, reference)
        answer(desk, reference)
        decide(office, reference)
        assert Referral.objects.get().state == State.CONCL_POSITIVE


class Presses:
    """Presses keys, and counts them; a text typed into a box is one."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, key: str, times: int = 1) -> None:
        for _n in range(times):
            self.page.keyboard.press(key)
        self.count += times

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += 1

    def tab_to(self, selector: str, most: int = 40) -> None:
        for _step in range(most):
            self.press("Tab")
            if self.page.locator(f"{selector}:focus").count():
                return
        raise AssertionError(f"Tab never comes to {selector} on {self.page.url}")

    def enter(self) -> None:
        here = self.page.url.split("#")[0]
        self.press("Enter")
        self.page.wait_for_url(lambda url: url.split("#")[0] != here)

    def to_the_content(self) -> None:
        """By the skip link, the first stop; the answer to a form begins there by itself."""
        self.page.wait_for_load_state()
        if self.page.url.endswith("#main-content"):
            return
        self.press("Tab")
        self.press("Enter")
        self.page.locator("#main-content:focus").wait_for()


class TestTheKeyboardAlone:
    @pytest.mark.usefixtures("one_stage")
    def test_sends_a_minimal_referral_in_few_presses(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        desk = visit().arrive_as(stage.ngo_caseworker).open("/referrals/new/")
        keys = Presses(desk.page)

        def choose_by_key(field: str, downs: int) -> None:
            keys.tab_to(f"input[name={field}]")
            if downs:
                keys.press("ArrowDown", downs)
            else:
                keys.press("Space")

        keys.to_the_content()
        keys.tab_to("main button")
        keys.enter()  # the task list
        keys.to_the_content()
        keys.tab_to("main .govuk-task-list a")
        keys.enter()  # the person
        keys.to_the_content()
        choose_by_key("is_child_now", 1)
        choose_by_key("age_at_exploitation", 0)
        choose_by_key("gender", 0)
        keys.tab_to("select[name=nationality]")
        keys.type("Alb")
        keys.tab_to("main button")
        keys.enter()  # what it was
        keys.to_the_content()
        choose_by_key("place", 0)
        choose_by_key("exploitation", 0)
        keys.enter()  # the story
        keys.to_the_content()
        keys.tab_to("textarea")
        keys.type(STORY)
        keys.tab_to("main button")
        keys.enter()  # consent
        keys.to_the_content()
        keys.tab_to("select[name=language]")
        keys.type("Albanian")
        choose_by_key("with_interpreter", 0)
        choose_by_key("agrees", 0)
        keys.enter()  # check
        keys.to_the_content()
        keys.tab_to("input[name=confirmed]")
        keys.press("Space")
        keys.enter()  # sent
        assert "Referral sent" in desk.text
        assert Referral.objects.get().state == State.SUBMITTED
        assert keys.count <= FEWEST, f"{keys.count} presses"
