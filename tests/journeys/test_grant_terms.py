"""A condition is contested and withdrawn; a report is sent back with a comment and accepted."""

from collections.abc import Callable

from funding.models import Condition, GrantReport
from tests.funding import terms
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast


class TestAGrantsTerms:
    def test_are_contested_reported_sent_back_and_accepted(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        row = terms.planned(stage)[0]
        desk, office = visit().arrive_as(stage.funder), visit().arrive_as(stage.ngo_manager)
        self._contested(desk, office)
        self._sent_back(desk, office, row)
        ministry = visit().arrive_as(stage.co_ordinator)
        ministry.open("/funding/conditions/restrictive/").picture("restrictions")
        assert terms.REASON not in ministry.text
        ministry.open("/reports/funding/").picture("state-of-funding")

    def _contested(self, desk: Visitor, office: Visitor) -> None:
        """The funder enters a clause; the recipient contests it; the funder gives it up."""
        desk.open("/funding/").picture("grants-desk").follow("Beds in the north")
        desk.follow("Enter a condition").tick(
            "Silence: no criticism, no publication without consent"
        )
        desk.write("What it says", terms.WORDS).press("Enter it")
        office.open("/inbox/").press("A condition of a grant was entered")
        office.follow("Contest the clause").write("Why it should not stand", terms.REASON)
        office.press("Contest it")
        desk.open("/inbox/").press("A condition of a grant is contested")
        desk.picture("condition-contested").follow("Withdraw the clause")
        desk.write("Your reasons", "You are right.").press("Withdraw it")
        office.open("/inbox/").press("The funder answered about a condition")
        assert "Withdrawn" in office.text
        assert terms.WORDS in office.text
        assert Condition.objects.get().state == "withdrawn"

    def _sent_back(self, desk: Visitor, office: Visitor, row: GrantReport) -> None:
        office.open("/funding/reports/").picture("grant-reports").open(row.get_absolute_url())
        office.follow("What happened").write("What was done", "Six beds were open.").press("Save")
        office.follow("Figures")
        totals = office.page.get_by_label("Total", exact=True)
        totals.nth(0).fill("5")
        totals.nth(1).fill("2")
        office.page.get_by_label("Women and girls, 18 and over").fill("4")
        office.press("Save")
        assert "it comes to 4, the total says 5" in office.text
        office.page.get_by_label("Men and boys, under 18").fill("1")
        office.picture("grant-report-figures").press("Save")
        office.follow("Money").write("Staff", "1200.50").write("Shelter", "0").press("Save")
        office.follow("Send the report").press("Send it")

        desk.open("/inbox/").press("A report on a grant waits for you")
        desk.follow("Comment").write("Comment", "Which six?").press("Save the comment")
        desk.follow("Send it back").write("What is missing", "One question.").press("Send it back")
        office.open("/inbox/").press("A report on a grant came back")
        office.picture("grant-report")
        assert "Which six?" in office.text
        office.follow("What happened").write("What was done", "All six of the north.").press("Save")
        office.follow("Send the report").press("Send it")
        desk.open(row.get_absolute_url()).follow("Accept the report").press("Accept it")
        assert "Accepted" in desk.text
