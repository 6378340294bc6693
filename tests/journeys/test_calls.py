"""Money from a call to its payment; in an emergency from request to payment in three screens."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from common.country import local_day
from deadlines.models import Deadline
from funding.models import Application, Award, Call, Instalment
from funding.services import calls, payments
from tests.funding import money, rounds
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast


def fill_day(visitor: Visitor, name: str, on: date) -> None:
    for part in ("day", "month", "year"):
        visitor.page.fill(f"input[name={name}_{part}]", str(getattr(on, part)))


def write_call(desk: Visitor, cast: Cast, today: date) -> None:
    """Two criteria, two reviewers, published."""
    desk.open("/funding/calls/").follow("Write a call")
    desk.write("Title", "Beds for two years (invented)")
    desk.write("What the money is for", "Beds, day and night, for whoever needs one.")
    desk.write("Money there is", "50000")
    desk.page.fill("input[name=largest]", "30000")
    fill_day(desk, "questions_until", today + timedelta(days=5))
    fill_day(desk, "closes_on", today + timedelta(days=10))
    fill_day(desk, "decide_by_on", today + timedelta(days=40))
    desk.picture("call-write").press("Save and go on").follow("Criteria and their weights")
    for name, weight in (("Need", "60"), ("How it is done", "40")):
        desk.write("Criterion", name).write("Weight in per cent", weight)
        desk.press("Save this criterion")
    desk.follow("Done").follow("Reviewers")
    for user in (cast.rapporteur, cast.officer):
        desk.write("E-mail address", user.email).press("Name this person")
    desk.follow("Done").follow("Publish the call").press("Publish")


def apply(office: Visitor, today: date) -> None:
    """Step by step, checked, submitted."""
    office.open("/inbox/").press("A call for applications is open")
    office.picture("call").follow("Begin an application").press("Begin")
    office.follow("What you will do, and why").write("Title", "Six beds (invented)")
    office.write("What you will do", "Six beds, and somebody awake at night.")
    office.write("Why it is needed", "Every week two people are turned away.").press("Save")
    office.follow("Where, and from when until when")
    fill_day(office, "from_on", today)
    fill_day(office, "until_on", today + timedelta(days=600))
    office.press("Save").follow("How much, for what")
    office.page.fill("input[name=staff]", "20,000")
    office.press("Save")
    assert "no comma, no blank" in office.text
    office.page.fill("input[name=staff]", "20000")
    office.page.fill("input[name=staff_words]", "One post and a half")
    office.press("Save").picture("application-draft").follow("Check and submit")
    office.picture("application-check").press("Submit the application")
    assert "Submitted" in office.text


def review(visit: Callable[..., Visitor], cast: Cast, call: Call) -> None:
    """Two reviewers declare and score; the first of them from the notice."""
    for n, user in enumerate((cast.rapporteur, cast.officer)):
        desk = visit().arrive_as(user)
        desk.open("/inbox/").press("You are asked to review applications for money")
        if not n:
            desk.picture("money-reviews")
        desk.follow("Lantern House")
        desk.page.check("input[name=tied][value=no]")
        desk.press("Declare")
        for criterion in call.criteria.all():
            desk.page.check(f"input[name=points_{criterion.pk}][value='{4 + n}']")
        desk.write("Why", "The need is plain.")
        if not n:
            desk.picture("money-review")
        desk.press("Send the scores")


def pay(desk: Visitor, amount: str) -> None:
    desk.follow("No. 1").follow("Record a payment").write("Amount paid", amount)
    desk.press("Record it")


class TestACall:
    def test_goes_from_apply_to_payment(self, visit: Callable[..., Visitor], stage: Cast) -> None:
        today = local_day(timezone.now())
        money.fund(stage)
        second = money.second_officer(stage)
        desk, office = visit().arrive_as(stage.funder), visit().arrive_as(stage.ngo_manager)
        write_call(desk, stage, today)
        apply(office, today)
        call = Call.objects.get()
        desk.open(call.get_absolute_url())
        assert "1 application was submitted. Nobody reads it" in desk.text

        past = timezone.now() - timedelta(minutes=1)
        Call.objects.update(closes_at=past, questions_until_at=past)
        calls.keep_up(timezone.now())
        review(visit, stage, call)

        desk.open("/inbox/").press("All reviews of a call are in")
        desk.follow("Applications and ranking").picture("call-ranking").follow("Lantern House")
        desk.follow("Decide").page.check("input[name=verdict][value=award]")
        desk.write("Reason", "The need is greatest there.").picture("application-decide")
        desk.press("Save the decision")
        other = visit().arrive_as(second)
        other.open(call.get_absolute_url()).follow("Publish the result").press("Publish")
        other.picture("call-result")

        office.open("/inbox/").press("An application for money is decided")
        assert "The need is greatest there." in office.text
        office.picture("application-awarded")
        award = Award.objects.get()
        assert Application.objects.get().award_uuid == award.uuid

        desk.open(award.get_absolute_url()).follow("Plan an instalment").write("Amount", "20000")
        fill_day(desk, "due_on", today)
        desk.press("Plan it")
        payments.keep_up(timezone.now())
        pay(desk, "20000")
        office.open(award.get_absolute_url())
        assert Instalment.objects.get().state == "paid"
        assert "Paid" in office.text


class TestEmergencyMoney:
    def test_goes_from_request_to_payment_in_three_screens(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        today = local_day(timezone.now())
        rounds.emergency_call(stage)
        desk, office = visit().arrive_as(stage.funder), visit().arrive_as(stage.ngo_manager)

        # The first screen: the request.
        office.open("/funding/calls/").follow("Flood (invented)")
        office.write("What it is for, in one line", "Rooms for a month (invented)")
        office.write("What happened, and what you will do", "The house is under water.")
        office.pick("It pays for", "Quarantine accommodation").write("Amount", "4000")
        fill_day(office, "from_on", today)
        fill_day(office, "until_on", today + timedelta(days=30))
        office.picture("emergency-request").press("Send the request")

        # The second: what came in; the third: the decision, with what is paid.
        desk.open("/inbox/").press("Emergency money is asked for")
        desk.picture("emergency-came-in").follow("Decide")
        desk.page.check("input[name=verdict][value=award]")
        desk.write("Reason", "The flood.").picture("emergency-decide")
        desk.press("Save the decision")
        assert "Awarded" in desk.text

        # What follows is what follows every award: its payment is recorded.
        desk.open(Award.objects.get().get_absolute_url())
        pay(desk, "4000")
        assert Instalment.objects.get().state == "paid"
        assert not Deadline.objects.open().filter(kind="emergency_payment").exists()
        office.open("/inbox/").press("An application for money is decided")
        assert "The flood." in office.text
        office.picture("emergency-awarded")
