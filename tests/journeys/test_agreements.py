"""An agreement is written, signed by both sides, runs out, and its duty shows as uncovered."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from common.country import local_day
from partners.deed_choices import ClauseKind
from partners.models import Agreement
from partners.services import agreements
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast

TITLE = "Beds in the north (invented)"


def fill_in_day(visitor: Visitor, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        visitor.page.fill(f"input[name={name}_{part}]", str(getattr(day, part)))


def write(desk: Visitor, today: date) -> None:
    """The co-ordination writes the draft: text, parties, duty, checklist; then it sends it."""
    desk.open("/agreements/").follow("Write an agreement")
    desk.write("Title", TITLE)
    fill_in_day(desk, "from_on", today)
    fill_in_day(desk, "until_on", today + timedelta(days=120))
    desk.press("Save and go on").follow("Parties, and who signs for them")
    for organisation, who in (
        ("Ministry of the Interior (invented)", "Vera Sample (invented person)"),
        ("Lantern House (invented)", "Jon Sample (invented person)"),
    ):
        desk.pick("Organisation", organisation).write("Who signs for it", who)
        desk.press("Save this party")
    desk.follow("Done").follow("Duties the State delegates")
    desk.pick("Duty", "Safe accommodation")
    desk.pick("Whose duty it is", "Ministry of the Interior (invented)")
    desk.pick("Who carries it out", "Lantern House (invented)")
    desk.write("Legal basis", "Invented act, article 7").tick("Paid by nobody yet")
    desk.press("Save this duty").follow("Done").follow("Checklist of clauses")
    for kind in ClauseKind:
        desk.page.check(f"input[name={kind.value}][value=present]")
        desk.page.fill(f"input[name={kind.value}_where]", "article 1")
    desk.picture("agreement-clauses").press("Save")
    desk.picture("agreement-draft").follow("Send to the parties").press("Send")


class TestAnAgreement:
    def test_runs_out_and_its_duty_shows_as_uncovered(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        now = timezone.now()
        desk, office = visit().arrive_as(stage.co_ordinator), visit().arrive_as(stage.ngo_manager)
        write(desk, local_day(now))
        desk.follow("Sign").press("Sign")
        office.open("/inbox/").press("An agreement waits for your signature")
        office.follow("Sign").picture("agreement-sign").press("Sign")
        assert "Active" in office.text
        office.picture("agreement")
        office.open("/agreements/duties/")
        assert "Uncovered" not in office.text

        agreements.keep_up(now + timedelta(days=31))
        office.open("/inbox/").press("An agreement ends before long")
        assert "Expiring" in office.text
        agreements.keep_up(now + timedelta(days=121))
        assert Agreement.objects.get().state == "ended"

        office.open("/inbox/").press("An agreement has ended")
        office.follow("see which duties are covered")
        assert "Uncovered" in office.text
        desk.open("/agreements/duties/").picture("duties-uncovered")
        assert "1 delegated duty is covered by nobody." in desk.text
        desk.open("/agreements/").picture("agreements")
