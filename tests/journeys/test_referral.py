"""A referral's whole way in the browser, under two countries: logged, sent, asked back, decided.

Both sides at two browsers, judged on every page; once without scripts; once by keyboard alone.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from accounts.models import User
from common.country import current
from referrals.choices import State
from referrals.models import Referral
from tests.journeys.conftest import LAPTOP, PHONE, Visitor
from tests.referrals import stages
from tests.referrals.stages import Panel
from tests.support.cast import Cast

STORY = "An invented account of a brickyard by the river, told on two afternoons."
NAME = "Zorvelia Quillfeather (invented person)"
FEWEST = 60
"""Presses of a key in which a minimal referral is sent, from the list on: each counts, also the
letters that choose from a list. Only the account is one, however long it is."""


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
    if desk.path.endswith("/recipient/"):
        # Where several decide, whoever refers says to whom it goes first.
        desk.page.locator("input[name=authority]").first.check()
        desk.picture("referral-recipient").press("Save and continue")


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


def name_the_seats(ministry: Visitor, panel: Panel) -> None:
    """The co-ordination says who sits in each of the country's bodies."""
    ministry.open("/deciders/").picture("deciders-nobody")
    assert "Nobody has been named yet" in ministry.text
    for authority, organisation in panel.seats:
        ministry.open(f"/deciders/name/?authority={authority}")
        ministry.pick("Organisation", organisation.name).picture("decider-name")
        ministry.press("Name this organisation")
    assert "has been named" not in ministry.text
    ministry.picture("deciders")


def vote(seat: Visitor, reference: str) -> None:
    seat.open("/referrals/?show=waiting").follow(reference).follow("Vote")
    choose(seat, "outcome", "positive").picture("referral-vote").press("Vote")


def conclude(seat: Visitor, reference: str, words: str) -> None:
    seat.open("/referrals/?show=waiting").follow(reference).follow(words).press(words)
    assert words in seat.text


def help_goes_on(desk: Visitor) -> None:
    """Beside the decision: where support stands, and what is shared with others found there."""
    referral = Referral.objects.get()
    desk.open(f"/referrals/{referral.uuid}/tracks/support/")
    choose(desk, "status", "receiving").picture("referral-track").press("Save")
    assert "Receiving" in desk.text
    desk.open(f"/referrals/{referral.uuid}/circumstances/")
    choose(desk, "situation", "new")
    choose(desk, "exploitation", "FORCED_LABOUR").picture("referral-circumstances").press("Save")
    assert "Forced labour or services" in desk.text


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


class TestAReferralThatSeveralDecideOn:
    @pytest.fixture
    def panel(self, stage: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
        """An invented country: two bodies together, then a panel with a seat of civil society."""
        with stages.country_is(monkeypatch, "joint"):
            yield Panel(stage, seated=False)

    @pytest.mark.parametrize("scripts", [True, False], ids=["laptop", "phone without scripts"])
    def test_goes_from_the_naming_of_seats_to_the_panels_decision(
        self, visit: Callable[..., Visitor], stage: Cast, panel: Panel, scripts: bool
    ) -> None:
        def arrive(user: User) -> Visitor:
            size = LAPTOP if scripts else PHONE
            return visit(scripts=scripts, size=size).arrive_as(user)

        name_the_seats(arrive(stage.co_ordinator), panel)
        desk, office = arrive(stage.ngo_caseworker), arrive(stage.officer)
        social, society = arrive(panel.social_officer), arrive(panel.ngo_officer)
        log(desk)
        add_the_name(desk, draft_reference(desk))
        reference = send(desk)
        ask_back(office, reference)
        answer(desk, reference)

        first, last = (str(each.positive) for each in current().stages)
        vote(office, reference)
        office.open("/referrals/?show=waiting").follow(reference)
        assert "One vote is still missing" in office.text
        vote(social, reference)
        conclude(social, reference, first)
        for seat in (office, society):
            vote(seat, reference)
        conclude(society, reference, last)

        desk.open("/referrals/?show=decided").follow(reference)
        assert last in desk.text
        assert Referral.objects.get().state == State.CONCL_POSITIVE
        help_goes_on(desk)


class Presses:
    """Presses keys, and counts them; what is told in a text area is one."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, key: str, times: int = 1) -> None:
        for _n in range(times):
            self.page.keyboard.press(key)
        self.count += times

    def tell(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += 1

    def pick(self, letters: str) -> None:
        """The first letters of a choice in a list."""
        self.page.keyboard.type(letters)
        self.count += len(letters)

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
        desk = visit().arrive_as(stage.ngo_caseworker).open("/referrals/")
        keys = Presses(desk.page)

        def choose_by_key(field: str, downs: int) -> None:
            keys.tab_to(f"input[name={field}]")
            if downs:
                keys.press("ArrowDown", downs)
            else:
                keys.press("Space")

        keys.to_the_content()
        keys.tab_to("main a.govuk-button")
        keys.enter()  # a new referral
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
        keys.pick("Alb")
        keys.tab_to("main button")
        keys.enter()  # what it was
        keys.to_the_content()
        choose_by_key("place", 0)
        choose_by_key("exploitation", 0)
        keys.enter()  # the story
        keys.to_the_content()
        keys.tab_to("textarea")
        keys.tell(STORY)
        keys.tab_to("main button")
        keys.enter()  # consent
        keys.to_the_content()
        keys.tab_to("select[name=language]")
        keys.pick("Alb")
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
