"""An NGO's agenda item, from its seat to a numbered resolution and approved minutes."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from common.country import local_day
from ncm.bodies_choices import MeetingState
from ncm.models import AgendaItem, Meeting, Resolution
from ncm.services import bodies
from tests.journeys.conftest import Visitor
from tests.journeys.test_calls import fill_day
from tests.ncm import sittings as at_table
from tests.support.cast import Cast


def submit(office: Visitor) -> None:
    """From the register of bodies to the item, with a paper."""
    office.open("/bodies/").picture("bodies").follow("Task force NTF (invented)")
    office.picture("body").follow("Submit an agenda item")
    office.pick("What it is about", "Referral").write("Title", "Beds at night (invented)")
    office.write("What is asked, and why", "Nobody says at night where a bed is free.")
    office.picture("agenda-submit").press("Submit it")
    assert "You are told what becomes of it." in office.text
    office.follow("Add a paper").write("What it is", "Nights counted (invented)")
    file = {"name": "nights.txt", "mimeType": "text/plain", "buffer": b"Two hundred nights."}
    office.page.set_input_files("input[name=file]", file)
    office.press("Add it")
    assert "Nights counted (invented)" in office.text


def plan(desk: Visitor) -> None:
    """A meeting in four weeks, the item on its agenda, everybody invited."""
    desk.open("/bodies/").follow("Task force NTF (invented)").follow("Plan a meeting")
    fill_day(desk, "on", local_day(timezone.now()) + timedelta(days=28))
    desk.write("Begins", "10:00").write("Ends", "12:00")
    desk.page.fill("input[name=place]", "Hall 1")
    desk.press("Plan it")
    desk.open("/inbox/").press("Somebody submits an agenda item")
    desk.follow("Put it on the agenda").page.check("input[name=meeting]")
    desk.press("Put it on the agenda").follow("Invite the seats").press("Invite")
    desk.picture("meeting-invited")


def day_comes(cast: Cast) -> Meeting:
    """The day of the meeting is today."""
    meeting = Meeting.objects.get()
    begins = timezone.now() - timedelta(minutes=1)
    Meeting.objects.update(
        on=local_day(begins),
        papers_due_on=local_day(begins),
        starts_at=begins,
        ends_at=begins + timedelta(hours=2),
    )
    return meeting


def attend(desk: Visitor, cast: Cast, ngo: str) -> None:
    """Everybody in the room, and the NGO as said."""
    for name in ("police", "authority", "fund", "ngo"):
        field = f"seat-{cast.rows[f'seat {name}'].uuid.hex}"
        how = ngo if name == "ngo" else "in_person"
        desk.page.check(f"input[name={field}][value={how}]")
    desk.press("Save")


class TestAnAgendaItem:
    def test_of_an_ngo_becomes_a_resolution(
        self, visit: Callable[..., Visitor], stage: Cast
    ) -> None:
        row = at_table.seated(stage, mandate="Decides who works with whom, and how.")
        by = stage.actor(stage.co_ordinator)
        bodies.set_quorum(
            body=row, seat_kind="cso", at_least=1, from_on=local_day(stage.at), by=by, at=stage.at
        )
        office = visit().arrive_as(stage.ngo_manager)
        desk = visit().arrive_as(stage.co_ordinator)
        submit(office)
        plan(desk)
        office.open("/inbox/").press("An agenda item you submitted is answered")
        assert "On the agenda" in office.text

        meeting = day_comes(stage)
        desk.open(meeting.get_absolute_url()).follow("Open the meeting").press("Open it")
        desk.picture("meeting-attendance")
        attend(desk, stage, "absent")
        desk.follow("Put it to the vote").picture("meeting-no-quorum")
        assert "present, and none is." in desk.text
        desk.follow("Say who came")
        attend(desk, stage, "remote")
        desk.follow("Put it to the vote")
        desk.write("What is put to the vote", "Beds are counted at night, too.")
        for name, how in (("police", "against"), ("authority", "in_favour"), ("ngo", "in_favour")):
            field = f"seat-{stage.rows[f'seat {name}'].uuid.hex}"
            desk.page.check(f"input[name={field}][value={how}]")
        desk.picture("meeting-vote").press("Enter the vote")
        desk.follow("Make it a resolution").press("Give it its number").picture("resolution")
        made = Resolution.objects.get()
        assert made.reference in desk.text

        desk.open(meeting.get_absolute_url()).follow("It was decided").press("It was decided")
        desk.picture("meeting-held").follow("Draft the minutes").picture("minutes-write")
        desk.press("Save the draft")
        other = visit().arrive_as(stage.second_co_ordinator)
        other.open("/inbox/")
        other.open(f"{meeting.get_absolute_url()}minutes/").follow("Approve the minutes")
        other.press("Approve them").picture("minutes")
        assert Meeting.objects.get().state == MeetingState.APPROVED
        assert AgendaItem.objects.get().state == "decided"

        office.open("/resolutions/").picture("resolutions").follow("Beds at night (invented)")
        assert "Beds are counted at night, too." in office.text
        office.open("/participation/").picture("participation")
