"""An organisation answers the yearly survey step by step; the co-ordination sees shares only."""

from collections.abc import Callable

from funding.models.declarations import NeedsAnswer
from funding.survival_choices import RoundKind
from tests.funding.surveyed import answered, closed, members, opened
from tests.journeys.conftest import PHONE, Visitor
from tests.support.cast import Cast


class TestTheSurvey:
    def test_is_answered_by_steps_and_ends_in_shares(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        people = members(stage, 9)
        # Twice the same: one that ends meanwhile with nine answers, and one to be answered now.
        ended = opened(stage, RoundKind.NEEDS, is_synthetic=True)
        for number, by in enumerate(people):
            said = {"additional": "yes" if number < 5 else "no"}
            if number < 8:
                said["within_12"] = "yes" if number % 2 else "no"
            if number < 7:
                said["fully_operational"] = "yes" if number < 3 else "no"
            answered(ended, by, said)
        ended = closed(stage, ended)
        asked = opened(stage, RoundKind.NEEDS)

        office = visit(size=PHONE).arrive_as(stage.ngo_manager)
        office.open("/funding/sustainability/").follow("Needs and staying open").follow("Money")
        office.page.check("input[name=additional][value=yes]")
        office.press("Save and go on")
        office.page.check("input[name=fully_operational][value=no]")
        office.picture("survey-page").press("Save and go on")
        office.press("Save and go on")
        office.tick("Grants that are too short").press("Save and go on")
        assert "Grants that are too short" in office.text
        office.picture("survey-check").press("Send")
        assert "Sent. Your answers count" in office.text
        assert NeedsAnswer.objects.filter(round=asked, sent_at__isnull=False).count() == 1

        desk = visit().arrive_as(stage.co_ordinator)
        desk.open("/funding/sustainability/").picture("sustainability")
        desk.open(ended.get_absolute_url()).picture("survey-figures")
        for share in ("56 %", "50 %", "43 %"):
            assert share in desk.text
        assert "Lantern House" not in desk.text
        desk.open(asked.get_absolute_url())
        assert "This round is still open" in desk.text

        office.open("/funding/sustainability/staff/new/")
        for name, value in (("posts", "8"), ("vacancies", "1"), ("lost", "3"),
                            ("lost_for_money", "2"), ("currency", "EUR"), ("reserves", "45000"),
                            ("monthly_cost", "10000")):  # fmt: skip
            office.page.fill(f"input[name={name}]", value)
        office.press("Save").picture("staffing")
        assert "4.5" in office.text
