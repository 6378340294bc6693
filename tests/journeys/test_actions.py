"""A resolution becomes an action point, is done with evidence, and verified by a second person; who
owes whom; the first page of each role."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from common.country import local_day
from deadlines.models import Deadline
from ncm.models import ActionPoint, Resolution
from tests.funding import terms
from tests.journeys.conftest import Visitor
from tests.journeys.test_calls import fill_day
from tests.ncm import actions, sittings
from tests.referrals.stages import sent
from tests.support.cast import Cast

ROLES = {
    "caseworker": "ngo_caseworker",
    "manager": "ngo_manager",
    "authority": "officer",
    "co-ordinator": "co_ordinator",
    "rapporteur": "rapporteur",
    "funder": "funder",
    "administrator": "administrator",
}


def resolved(cast: Cast) -> Resolution:
    meeting, item = sittings.sitting(cast)
    sittings.all_came(cast, meeting)
    return sittings.resolved(cast, sittings.carried(cast, item, meeting), title="Beds at night")


def make(office: Visitor, resolution: Resolution) -> ActionPoint:
    """From the resolution, for one's own organisation, with high priority."""
    office.open(resolution.get_absolute_url()).follow("Make an action point of this")
    assert resolution.reference in office.text
    office.write("Title", "Two beds for one night (invented)")
    office.write("What is to be done", "Keep two beds free for whoever comes at night.")
    office.page.check("input[name=pillar][value=protection]")
    office.page.check("input[name=priority][value=high]")
    office.pick("Responsible organisation", "Lantern House (invented)")
    fill_day(office, "due_on", local_day(timezone.now()) + timedelta(days=14))
    office.picture("action-new").press("Make it")
    assert "The responsible organisation has been told" in office.page.inner_text("body")
    return ActionPoint.objects.get()


def do(worker: Visitor) -> None:
    """From the notice to the report, with a document."""
    worker.open("/inbox/").press("You are named to do an action point")
    worker.follow("Begin").press("Begin")
    worker.follow("Add a document").write("What it is", "Order of the house (invented)")
    worker.page.set_input_files(
        "input[name=file]",
        files=[{"name": "order.txt", "mimeType": "text/plain", "buffer": b"Two beds."}],
    )
    worker.press("Add the document").follow("Done")
    worker.follow("Report it done").press("Report it done")
    assert worker.page.locator(".govuk-error-summary").is_visible()
    worker.write("What was done, in your words", "Two beds are kept free since Monday.")
    worker.picture("action-report").press("Report it done")
    assert "Reported done" in worker.text


class TestAnActionPoint:
    def test_goes_from_a_resolution_to_a_second_persons_word(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        resolution = resolved(stage)
        office, worker = visit().arrive_as(stage.ngo_manager), visit()
        row = make(office, resolution)
        office.follow("Name who does it")
        office.page.select_option(
            "select[name=responsible_person]", label=stage.ngo_caseworker.display_name
        )
        office.press("Save")
        do(worker.arrive_as(stage.ngo_caseworker))

        office.open(row.get_absolute_url())
        assert "A second person sees whether it is done" in office.text
        office.picture("action")
        desk = visit().arrive_as(stage.co_ordinator)
        desk.open("/").follow("action point to verify").picture("actions")
        desk.follow("Two beds for one night").follow("Send it back")
        desk.write("What is missing", "Since which Monday?")
        fill_day(desk, "due_on", local_day(timezone.now()) + timedelta(days=7))
        desk.press("Send it back")
        worker.open(row.get_absolute_url())
        assert "Since which Monday?" in worker.text
        worker.follow("Report it done").write(
            "What shows that it is done (optional)", "Order 12, 1 June."
        )
        worker.write("What was done, in your words", "Since the first of June.")
        worker.press("Report it done")
        desk.open(row.get_absolute_url()).follow("Verify that it is done").press("It is done")
        desk.picture("action-verified")
        row.refresh_from_db()
        assert (row.state, row.verified_by) == ("verified", stage.co_ordinator)

    def test_is_followed_without_scripts_and_on_a_phone(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        row = actions.reported(stage)
        desk = visit(scripts=False, size={"width": 360, "height": 740})
        desk.arrive_as(stage.co_ordinator).open("/actions/?state=waits")
        desk.follow(row.title).follow("Verify that it is done").press("It is done")
        row.refresh_from_db()
        assert row.state == "verified"


class TestWhoOwesWhom:
    def test_is_shown_with_both_delays_and_leads_to_the_thing(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        past = timezone.now() - timedelta(days=6)
        late = actions.reported(stage)
        todo = actions.made(stage, title="Name a deputy (invented)")
        Deadline.objects.open().filter(subject_uuid__in=[late.uuid, todo.uuid]).update(due_at=past)
        terms.contested(stage)
        desk = visit().arrive_as(stage.co_ordinator).open("/board/")
        assert "6 days" in desk.text
        desk.picture("board")
        office = visit().arrive_as(stage.ngo_manager).open("/board/")
        office.follow("Action points, and").picture("board-rows")
        office.page.locator("main").get_by_role("link", name="An action point", exact=True).click()
        office.look()
        assert "Name a deputy" in office.text or late.title in office.text


class TestTheFirstPage:
    def test_answers_each_role_what_needs_it_now(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        actions.made(stage)
        row = actions.made(stage, title="Name a deputy (invented)")
        actions.act(
            stage, row, "assign", stage.ngo_manager, responsible_person=stage.ngo_caseworker
        )
        actions.reported(stage, actions.own(stage), stage.ngo_manager)
        actions.made(stage, responsible=stage.authority)
        ActionPoint.objects.filter(pk=row.pk).update(
            due_on=local_day(timezone.now()) - timedelta(days=2)
        )
        Deadline.objects.open().filter(subject_uuid=row.uuid).update(
            due_at=timezone.now() - timedelta(days=2)
        )
        terms.sent(stage)
        terms.contested(stage, terms.now(stage_report()).award)
        sent(stage)
        for name, user in ROLES.items():
            visitor = visit().arrive_as(getattr(stage, user)).open("/")
            assert "What needs you now" in visitor.text, name
            visitor.picture(f"home-{name}")


def stage_report():
    from funding.models import GrantReport

    return GrantReport.objects.filter(state="sent").get()
