"""Money goes out: a direct award is proposed, a second person approves it, its instalment is paid
late, and both sides see so."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from common.country import local_day
from funding.models import Award, Instalment
from funding.services import payments
from tests.funding import money
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast


def fill_in_day(visitor: Visitor, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        visitor.page.fill(f"input[name={name}_{part}]", str(getattr(day, part)))


def propose(desk: Visitor, fund: Any, today: date) -> None:
    """The fund officer proposes, writes the budget, plans an instalment, and sends it."""
    desk.open("/funding/funds/").follow(fund.name).picture("fund")
    desk.follow("Award money without a call")
    desk.pick("Recipient", "Lantern House (invented)").write("Title", "Beds (invented)")
    desk.page.fill("textarea[name=purpose]", "Six beds, day and night.")
    desk.pick("Kind", "Long-term, targeted services").write("Amount", "10,000")
    fill_in_day(desk, "from_on", today)
    fill_in_day(desk, "until_on", today + timedelta(days=365))
    desk.page.fill("textarea[name=justification]", "No other shelter works in the north.")
    desk.press("Save and go on")
    assert "can be read in two ways" in desk.page.inner_text("body")
    desk.picture("award-new").write("Amount", "10000").press("Save and go on")
    desk.page.fill("input[name=staff]", "6000")
    desk.page.fill("input[name=shelter]", "4000")
    desk.page.fill("input[name=shelter_unit]", "nights in a bed")
    desk.page.fill("input[name=shelter_units]", "200")
    desk.picture("award-lines").press("Save").follow("Plan an instalment")
    desk.write("Amount", "5000")
    fill_in_day(desk, "due_on", today - timedelta(days=33))
    desk.press("Plan it").follow("Send to a second person").press("Send")
    assert "Waits for a second person" in desk.text


class TestADirectAward:
    def test_takes_two_people_and_is_paid_late_before_both(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        now = timezone.now()
        fund, second = money.fund(stage), money.second_officer(stage)
        desk, other = visit().arrive_as(stage.funder), visit().arrive_as(second)
        office, anybody = visit().arrive_as(stage.ngo_manager), visit()
        propose(desk, fund, local_day(now))
        other.open("/inbox/").press("A direct award waits for a second person")
        other.follow("Approve as the second person").press("Approve it")
        assert "In force" in other.text

        payments.keep_up(now)
        for side in (desk, office):
            side.open(Award.objects.get().get_absolute_url())
            assert "Late by" in side.text
        office.picture("award-late")
        desk.follow("No. 1").follow("Record a payment").write("Amount paid", "5000.01")
        desk.press("Record it")
        assert "is more than that" in desk.page.inner_text("body")
        desk.write("Amount paid", "5000").press("Record it").picture("instalment")
        assert Instalment.objects.get().state == "paid"
        office.open("/inbox/").press("A payment was recorded")
        office.follow("No. 1").follow("Say when it arrived").press("Save")
        assert "since" in office.text
        office.open("/funding/awards/").picture("awards")
        anybody.open("/funding/grants/").picture("grants")
        assert "Beds (invented)" in anybody.text
