"""What partners are regularly asked for, from the register to what comes back, in the browser."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from common.country import local_day
from partners.services import requests
from tests.journeys.conftest import Visitor
from tests.partners import asking
from tests.support.cast import Cast


def test_is_registered_answered_and_given_back(stage: Cast, visit: Callable[..., Visitor]) -> None:
    asking.announced(stage, stage.funder, title="People assisted with the fund’s money")
    due = local_day(timezone.now()) + timedelta(days=14)

    office = visit().arrive_as(stage.co_ordinator).open("/requests/")
    office.follow("Register a recurring request")
    office.write("What is asked for", "Figures on people assisted, by quarter")
    office.pick("Purpose", "Figures on people assisted")
    office.write("What it is used for", "The invented yearly report.")
    office.tick("A law or regulation")
    office.write("Where that stands", "Invented Act, article 7")
    office.tick("Civil society organisation", "Every quarter")
    for name, part in (("day", due.day), ("month", due.month), ("year", due.year)):
        office.page.fill(f"input[name=first_due_on_{name}]", str(part))
    office.write("Minutes for one answer", "90")
    office.write("What comes back to those asked", "The figures of the whole country.")
    office.picture("request-form").press("Save")
    assert "Others ask partners for the same purpose already" in office.text
    office.picture("request-draft").follow("Announce it")
    office.picture("request-announce").press("Announce it")
    assert "Announced. Everybody asked has been told" in office.text
    requests.open_due_rounds(timezone.now())

    partner = visit().arrive_as(stage.ngo_manager).open("/inbox/")
    partner.press("A recurring request waits for your answer")
    partner.picture("request-answer").write("Minutes it took (optional)", "70")
    partner.press("We have answered")
    assert "What was promised for it is now owed to you." in partner.text
    partner.picture("requests-asked").follow("How much your organisation is asked for")
    assert "More than one asks for the same purpose" in partner.text
    partner.picture("requests-load")

    office.open("/calendar/?view=list").open("/requests/").picture("requests")
    office.follow("Figures on people assisted, by quarter")
    office.page.locator("main table a").first.click()
    office.look()
    office.write("What came back", "The invented figures of all regions.")
    office.picture("request-round").press("Save and tell them")
    assert "Everybody who answered has been told." in office.text
    office.open("/requests/load/all/").picture("requests-loads")

    partner.open("/inbox/").press("What was promised for your answers has come back")
    assert "The invented figures of all regions." in partner.text
