"""The deputy takes over: a link by mail, no account, and everybody is told whom to call instead.

With CONCORD_SCREENS=1 the pictures are kept.
"""

from collections.abc import Callable

from django.urls import reverse

from partners.models import Channel
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast


class TestTheDeputy:
    def test_takes_over_when_the_holder_says_so_through_the_link(
        self, stage: Cast, visit: Callable[..., Visitor], read_mail: Callable[[str], str]
    ) -> None:
        Channel.objects.create(contact=stage.deputy, kind="email", value="ben@example.org", rank=2)
        page = reverse("partners:contact", args=[stage.contact.uuid])
        manager = visit().arrive_as(stage.ngo_manager).open(page)
        manager.press("Send the person a link to check it")
        assert "It works once and for 14 days." in manager.text

        link = read_mail("duty@example.org")
        # A mail scanner looks at it first, which answers nothing.
        scanner = visit(scripts=False).open(link)
        assert link not in scanner.page.url
        holder = visit().open(link).picture("contact-mine")
        assert "+000 111" in holder.text
        assert "+000 222" not in holder.text
        holder.follow("Correct it").picture("contact-correct").follow("Cancel")
        holder.follow("I no longer hold this post").picture("contact-leave")
        holder.press("I no longer hold this post").picture("contact-left")
        assert "you are no longer called" in holder.text

        deputy = visit().open(read_mail("ben@example.org")).press("Yes, still correct")
        assert "your entry is confirmed" in deputy.text

        other = visit().arrive_as(stage.other_manager)
        for path in (stage.ngo.get_absolute_url(), page, reverse("partners:contact-sheet")):
            other.open(path)
            assert "+000 222" in other.text, path
            assert "+000 111" not in other.text, path
        other.open(stage.ngo.get_absolute_url()).picture("deputy-answers")
        manager.open("/inbox/")
        assert "A deputy now answers for a point of contact" in manager.text

    def test_is_missed_by_the_co_ordination_where_there_is_none(
        self, stage: Cast, visit: Callable[..., Visitor]
    ) -> None:
        desk = visit().arrive_as(stage.co_ordinator).open("/registry/")
        desk.follow("Who answers where")
        assert "No point of contact" in desk.text
        desk.picture("contact-coverage")
        desk.follow("Lantern House").follow("Ada Example").follow("I have called")
        desk.page.get_by_label("Phone", exact=True).check()
        desk.picture("contact-phone").press("Mark as verified today")
        assert "by the co-ordination, in a call (Phone)" in desk.text
        desk.open("/registry/").follow("Whom to call").picture("contact-sheet")

        desk.open("/registry/").follow("Emergencies")
        desk.write("What happened", "The network is down (invented).").press("Continue")
        desk.picture("emergency-confirm").press("Declare it").picture("emergency-switch")
        member = visit().arrive_as(stage.ngo_caseworker).open("/registry/")
        assert "The network is down (invented)." in member.page.inner_text("body")
        member.picture("emergency-banner")
        with desk.page.expect_navigation():
            desk.page.locator("form[action$='/end/'] button").click()
        desk.look()
        assert "take it back below" in desk.text
