"""An NGO is invited, applies, answers a question and is admitted: both sides, at two browsers.

Once as most people go, judged on every page; once without scripts, because every step must work so.
"""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from partners.choices import CONDUCT_OF_THE_REGISTERED
from partners.models import Organisation
from partners.reviews import REVIEWED
from tests.accounts.factories import code_at
from tests.journeys.conftest import Visitor
from tests.support.cast import PASSWORD, Cast

NAME = "Harbour Light (invented)"
ADDRESS = "mara.example@harbour-light.example"
QUESTION = "Do you also offer a place for the night?"
MORE = "Meals, first advice and company to appointments. Two beds for the night."


def invite(desk: Visitor, co_ordinator: User) -> None:
    desk.sign_in(co_ordinator).follow("Admission").follow("Invitations")
    desk.write("Name of the organisation", NAME)
    desk.pick("Kind of organisation", "Civil society organisation")
    desk.write("E-mail address of its contact", ADDRESS).press("Send the invitation")
    assert "The invitation is on its way." in desk.text


def join(office: Visitor, link: str) -> str:
    """Accept the invitation and enrol an authenticator app. Returns the app's secret."""
    office.open(link)
    assert NAME in office.text
    office.write("Your name", "Mara Example (invented person)")
    office.write("Choose a password", PASSWORD).press("Accept and open my account")
    office.follow("Set up an authenticator app")
    secret = office.page.locator(".concord-secret").inner_text()
    office.write("Authenticator code", code_at(timezone.now(), secret)).press("Turn on")
    assert "Recovery codes" in office.text
    return secret


def fill_in(office: Visitor) -> None:
    """The six pages, each saved by its button and marked as complete in the list."""
    office.open("/").follow("Open the application").picture("task-list")
    office.follow("About the organisation")
    office.tick("General service provider", "Regional")
    office.write("Registration number", "NGO-2019-0417").picture("application-page").press()
    office.follow("What it does and where")
    office.write("What the organisation does", "Meals, first advice and company to appointments.")
    area = office.page.get_by_label("Area it works in", exact=True)
    area.select_option(label=area.locator("option", has_text="North").inner_text())
    office.tick("English", "French").press()
    office.follow("What it wants to do in the mechanism")
    office.tick("First responder", "Service provider").press()
    office.follow("How to reach the office")
    office.write("Office e-mail", "office@harbour-light.example").press()
    office.follow("Point of contact and deputy")
    for who, name in (("primary", "Ada Example"), ("deputy", "Ben Example")):
        office.page.fill(f"input[name={who}_person_name]", f"{name} (invented person)")
        office.page.select_option(f"select[name={who}_kind_1]", "duty_line")
        office.page.fill(f"input[name={who}_value_1]", "+000 100 200")
    office.press()
    office.follow("How the organisation works")
    for each in CONDUCT_OF_THE_REGISTERED:
        office.page.check(f"input[name={each}][value=yes]")
    office.picture("conduct").press()
    assert office.text.count("Complete") == 6


def send(office: Visitor) -> None:
    office.follow("Check your answers and send").picture("check-answers")
    assert "+000 100 200" in office.text
    office.press("Send the application")
    assert "Application sent" in office.text


def ask(desk: Visitor) -> None:
    """The co-ordination takes the application up, asks one question and sends it back."""
    desk.follow("Home").follow("Admission").follow(NAME).press("Begin the review")
    for field in REVIEWED:
        verdict = "question" if field == "description" else "right"
        desk.page.check(f"input[name={field}-verdict][value={verdict}]")
    desk.page.fill("textarea[name=description-comment]", QUESTION)
    desk.picture("review")
    desk.press("Save the verdicts").follow("Send back with questions")
    desk.write("What the organisation should do", "One question about what you offer.")
    desk.press("Send back with questions")


def answer(office: Visitor) -> None:
    office.follow("Inbox")
    office.press("Questions about your application")
    assert QUESTION in office.text
    office.picture("questions").follow("Answer")
    assert QUESTION in office.text
    office.write("What the organisation does", MORE).press()
    assert "Answered" in office.text


def admit(desk: Visitor) -> None:
    desk.follow("Applications").follow(NAME)
    assert MORE in desk.text
    desk.press("Begin the review")
    desk.page.check("input[name=description-verdict][value=right]")
    desk.press("Save the verdicts").follow("Admit as a member")
    desk.press("Admit as a member")


def take_part(office: Visitor) -> None:
    """A member like every other: told so, listed, and with the registry before it."""
    office.follow("Inbox").press("Your organisation is now a member")
    office.follow("Registry")
    assert NAME in office.text
    assert "Lantern House (invented)" in office.text
    office.follow(NAME)
    assert "Ada Example (invented person)" in office.text


class TestAnOrganisation:
    @pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
    def test_applies_and_is_admitted(
        self,
        visit: Callable[..., Visitor],
        read_mail: Callable[[str], str],
        stage: Cast,
        scripts: bool,
    ) -> None:
        desk, office = visit(scripts=scripts), visit(scripts=scripts)

        invite(desk, stage.co_ordinator)
        join(office, read_mail(ADDRESS))
        fill_in(office)
        send(office)
        ask(desk)
        answer(office)
        send(office)
        admit(desk)
        take_part(office)

        assert Organisation.objects.get(name=NAME).state == "member"
