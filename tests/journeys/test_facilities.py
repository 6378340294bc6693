"""Access to a facility: refused, reported, granted. A protocol: signed, its chain to be seen."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from common.country import local_day
from partners.models import Facility, LocalProtocol
from tests.journeys.conftest import Visitor
from tests.journeys.test_agreements import fill_in_day
from tests.partners import access_stages as stages
from tests.support.cast import Cast


def ask(office: Visitor, today: date) -> None:
    office.follow("Ask for access").tick("Identify presumed victims")
    fill_in_day(office, "from_on", today)
    fill_in_day(office, "until_on", today + timedelta(days=10))
    office.write("How many of you come", "2").press("Ask")


class TestAFacility:
    def test_refuses_is_reported_and_lets_in(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        today = local_day(timezone.now())
        place = stages.facility(stage)
        chief = visit().arrive_as(stages.police_manager(stage))
        office = visit().arrive_as(stage.ngo_manager).open("/facilities/").picture("facilities")
        office.follow("Reception centre (invented)")
        ask(office, today)
        chief.open("/inbox/").press("A request for access waits for an answer")
        chief.picture("access-request").follow("Refuse access").tick("No law or rule allows it")
        chief.write("In words", "The rule of 2019 names no organisation.")
        chief.picture("access-refuse").press()
        office.open("/inbox/").press("Your request for access was answered")
        assert "No law or rule allows it" in office.text
        office.picture("access-refused").open(place.get_absolute_url())
        office.follow("Report an incident").tick("Refused at the door")
        office.write("In words", "The guard sent us away.").press("Report it")
        chief.open(place.get_absolute_url()).follow("Answer")
        chief.write("Your answer", "A new rule names organisations from today.").press("Answer")

        office.open(place.get_absolute_url())
        ask(office, today)
        chief.open("/facilities/requests/").picture("access-requests")
        chief.follow("Reception centre (invented)").follow("Grant access")
        chief.write("Legal basis", "Invented rule 4").press()
        office.open(place.get_absolute_url())
        assert "A new rule names organisations from today." in office.text
        office.follow("Access was given again").press("Save").follow("Record a visit")
        office.write("People spoken to", "7").write("Of these, referred", "1").press("Save")
        office.picture("facility")
        office.open("/facilities/")
        assert "You may enter" in office.text
        desk = visit().arrive_as(stage.co_ordinator).open("/facilities/figures/")
        desk.picture("facility-figures")
        assert Facility.objects.count() == 1


class TestALocalProtocol:
    def test_is_signed_and_shows_whom_to_call(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        today = local_day(timezone.now())
        office = visit().arrive_as(stage.ngo_manager).open("/agreements/protocols/")
        office.follow("Write a local protocol").write("Title", "The north at night (invented)")
        office.pick("Area", "\N{EM SPACE}North").write("Procedure", "Call first, then write.")
        office.press("Save and go on").follow("Who works by it")
        for organisation in (stage.ngo, stage.other_ngo):
            office.pick("Organisation", organisation.name)
            office.write("Who signs for it", "Ona Sample (invented person)")
            fill_in_day(office, "signed_on", today)
            office.press("Save this organisation")
        office.picture("protocol-signatories").follow("Done")
        office.follow("Whom to call, in which order")
        for what, organisation in (
            ("Ask for a bed tonight", stage.ngo),
            ("Tell the drop-in centre", stage.other_ngo),
        ):
            office.write("What is done", what).pick("Whom to call", organisation.name)
            office.write("Within (optional)", "one hour").press("Save this step")
        office.follow("Done").follow("Put in force").press()
        assert "Ada Example" in office.text
        assert LocalProtocol.objects.get().state == "in_force"
        office.picture("protocol")
        visit().arrive_as(stage.other_manager).open("/agreements/protocols/").picture("protocols")
