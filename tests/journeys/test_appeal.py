"""An NGO applies, is refused, appeals, and is admitted by others: six people at their browsers.

Civil society votes on both panels. With CONCORD_SCREENS=1 the pictures are kept.
"""

from collections.abc import Callable

from accounts.models import User
from partners.models import Organisation
from tests.journeys.conftest import Visitor
from tests.partners import stages
from tests.support.cast import Cast

WORDS = "Nobody could say who answers when a complaint is made."
ANSWER = "The board answers. Our rules for complaints are of March; they hang in the office."
GROUNDS = "The panel had an old copy of our rules before it."


def propose(desk: Visitor) -> None:
    """The co-ordination gives notice, from the application's own page."""
    desk.open("/reviews/").follow("New Path").follow("Refusing the application")
    desk.tick("A safeguard that every member needs is missing")
    desk.page.fill("textarea[name=words]", WORDS)
    desk.picture("notice").press("Give notice")
    assert "Notice given" in desk.text


def name_panel(desk: Visitor, people: list[User]) -> None:
    desk.follow("Name the panel")
    for n, user in enumerate(people, start=1):
        desk.page.fill(f"input[name=email_{n}]", user.email)
    desk.picture("panel").press("Name these people")
    assert "The panel is named." in desk.page.locator("body").inner_text()


def vote(member: Visitor, choice: str, reasons: str) -> None:
    """Somebody named to a panel comes from the inbox and votes."""
    member.open("/inbox/").press("You were named to a panel").follow("Vote")
    assert WORDS in member.text
    member.tick(choice)
    member.page.fill("textarea[name=reasons]", reasons)
    member.press("Vote")


class TestAnApplicant:
    def test_is_refused_and_admitted_on_appeal(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        def at_work(name: str) -> Visitor:
            return visit().arrive_as(getattr(stage, name))

        stages.filled(stage)
        office, desk = at_work("applicant"), at_work("co_ordinator")
        office.open("/application/").follow("Check your answers and send")
        office.press("Send the application")
        propose(desk)
        name_panel(desk, [getattr(stage, who) for who in stages.FIRST_PANEL])

        office.open("/inbox/").press("Your organisation’s place is in question: please answer")
        assert "never suspended or refused for criticism" in office.text
        office.picture("notice-read").follow("Answer the notice")
        office.page.fill("textarea[name=answer]", ANSWER)
        office.press("Send")

        for who in stages.FIRST_PANEL:
            vote(at_work(who), "The measure is justified", "There is no rule to be seen.")
        assert Organisation.objects.get(pk=stage.applying.pk).state == "refused"

        office.open("/").picture("home-refused").follow("Open the application")
        office.follow("Read why, and appeal").follow("New Path")
        assert "There is no rule to be seen." in office.text
        office.picture("refused").follow("Appeal")
        office.page.fill("textarea[name=appeal_words]", GROUNDS)
        office.press("Send")

        other_desk = at_work("second_co_ordinator")
        other_desk.open("/inbox/").press("An appeal waits for a panel")
        name_panel(other_desk, [getattr(stage, who) for who in stages.APPEAL_PANEL])
        for who in stages.APPEAL_PANEL:
            member = at_work(who)
            vote(member, "The measure is not justified", "The rules of March say who answers.")
        assert GROUNDS in member.text
        member.picture("panel-decided")

        office.open("/inbox/").press("Your organisation is now a member")
        office.follow("Registry")
        assert "Lantern House (invented)" in office.text
        assert Organisation.objects.get(pk=stage.applying.pk).state == "member"
