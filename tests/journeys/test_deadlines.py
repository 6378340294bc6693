"""A deadline in the browser: given more time by who it binds, and come to who answers for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deadlines.models import Deadline
from deadlines.services.reminders import remind
from referrals import clocks
from tests.journeys.conftest import Visitor
from tests.referrals import stages
from tests.support.cast import Cast


@pytest.fixture(autouse=True)
def _in_a_country_with_a_time_for_decisions(settings) -> None:
    settings.COUNTRY = "gb"


def test_is_extended_and_then_escalated(stage: Cast, visit: Callable[..., Visitor]) -> None:
    stages.sent(stage)
    later = timezone.localtime() + timedelta(days=40)

    office = visit().arrive_as(stage.officer).open("/calendar/?view=list&month=" + month_of())
    office.follow("About this date").picture("deadline")
    office.follow("Give it more time")
    for name, part in (("day", later.day), ("month", later.month), ("year", later.year)):
        office.page.fill(f"input[name=until_on_{name}]", str(part))
    office.page.check("input[name=reason][value=interpreter]")
    office.picture("deadline-extend").press("Give it more time")
    assert "An interpreter or expert could not be had in time" in office.text

    steering = visit().arrive_as(stage.co_ordinator).open("/inbox/")
    steering.press("A deadline that you answer for was given more time")
    assert "Extended" in steering.text

    past = later + timedelta(days=4)
    for days in range(-1, 5):
        remind(later + timedelta(days=days))
    with time_machine.travel(past, tick=True):
        steering = visit().arrive_as(stage.co_ordinator).open("/calendar/answering/")
        steering.picture("deadlines-answering").follow("Reasonable grounds decision")
        steering.picture("deadline-escalated")
        assert "Escalated" in steering.text
        assert stage.officer.display_name not in steering.text


def month_of() -> str:
    """The month in which the decision is due."""
    row = Deadline.objects.get(kind=clocks.DECISION)
    return f"{timezone.localtime(row.due_at):%Y-%m}"


def test_a_rule_is_changed_after_a_look_at_what_would_move(
    stage: Cast, visit: Callable[..., Visitor]
) -> None:
    stages.sent(stage)
    keeper = visit().arrive_as(stage.administrator).open("/rules/").picture("rules")
    keeper.page.locator("a:visible", has_text="Change").first.wait_for()
    keeper.open("/rules/preliminary_decision/change/").picture("rule-change")
    keeper.page.fill("input[name=amount]", "10")
    today = timezone.localtime()
    for name, part in (("day", today.day), ("month", today.month), ("year", today.year)):
        keeper.page.fill(f"input[name=valid_from_{name}]", str(part))
    keeper.page.fill("input[name=why]", "An invented Act gives more time.")
    keeper.press("Show what would move").picture("rule-preview")
    keeper.page.check("input[name=which][value=all]")
    keeper.press("Enter the change")
    assert "An invented Act gives more time." in keeper.text
    keeper.open("/rules/days/add/").picture("calendar-day")
    keeper.open("/rules/days/").picture("calendar-days")
    visit().arrive_as(stage.ngo_manager).open("/calendar/away/").picture("away")
