"""Meetings in pages and files: what one reads there, under which names, and what stands in none."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as tree

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from common.country import current
from deadlines.choices import JobState
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from ncm import participation
from ncm.bodies_choices import SeatKind
from ncm.bodies_names import own_seat, unnamed
from ncm.meetings_record import draft, record
from ncm.meetings_shown import hours, moment
from ncm.meetings_workflow import ITEM
from ncm.models import AgendaItem, Meeting, Paper, Resolution, Seat
from ncm.services import agenda, bodies, meetings
from tests.ncm import sittings as at_table
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def page(client: Any, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"ncm:{name}", args=args))
    assert answer.status_code == 200, (name, answer.status_code)
    return str(answer.content.decode())


def drafted(cast: Cast, **facts: Any) -> Meeting:
    """Held, voted, resolved, and drafted."""
    meeting, item = at_table.sitting(cast, **facts)
    at_table.all_came(cast, meeting)
    at_table.resolved(cast, at_table.carried(cast, item, meeting))
    by = at_table.keeper(cast, meeting)
    meetings.write_minutes(
        meeting=meeting, words=draft(record(meeting, by)), by=by, at=meeting.starts_at, version=0
    )
    return meeting


class TestLists:
    @pytest.mark.parametrize("n", [1, 12])
    def test_ask_at_most_eight_questions(self, n: int, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast)
        for number in range(n):
            at_table.seated(cast, f"B{number}")
            at_table.put(
                cast,
                at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"]),
                at_table.planned(cast, cast.rows["seat ngo"].body),
            )
        meeting = at_table.invited(cast, row)
        for name in ("police", "authority", "ngo"):
            cast.rows[f"seat {name}"] = Seat.objects.get(
                body=row, organisation=cast.rows[f"seat {name}"].organisation
            )
        item = at_table.put(
            cast, at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"]), meeting
        )
        at_table.all_came(cast, at_table.held(cast, meeting))
        for _number in range(n):
            at_table.resolved(cast, at_table.carried(cast, item, meeting))
        for user in (cast.ngo_manager, cast.co_ordinator, cast.other_manager):
            client = client_for(user)
            for name in ("bodies", "meetings", "agenda-items", "resolutions"):
                url = reverse(f"ncm:{name}")
                client.get(url)
                with at_most(8):
                    client.get(url)

    def test_say_what_to_do_where_nothing_is(self, cast: Cast, client_for: Any) -> None:
        client = client_for(cast.ngo_manager)
        assert "No body is entered yet" in page(client, "bodies")
        assert "No meeting yet" in page(client, "meetings")
        assert "No agenda item" in page(client, "agenda-items")
        assert "No resolution" in page(client, "resolutions")
        assert "Nobody has a seat yet" in page(client, "participation")


class TestABody:
    def test_is_entered_and_sent_twice_is_one(self, cast: Cast, client_for: Any) -> None:
        client, key = client_for(cast.co_ordinator), uuid4()
        posted = {
            "client_key": key, "name": "Table (invented)", "code": "TT", "kind": "technical_table",
            "level": "national", "papers_days": 5, "decides_by": "consensus", "areas": ["policy"],
            "kept_by": cast.ministry.uuid,
        }  # fmt: skip
        answers = [client.post(reverse("ncm:body-new"), posted) for _twice in range(2)]
        assert answers[0].url == answers[1].url
        posted["client_key"] = uuid4()
        again = client.post(reverse("ncm:body-new"), posted)
        assert "Another body has this name." in again.content.decode()

    def test_shows_both_texts_to_whoever_was_slower(self, cast: Cast, client_for: Any) -> None:
        row, client = at_table.body(cast), client_for(cast.co_ordinator)
        url = reverse("ncm:body-act", args=[row.uuid, "edit"])
        posted = {
            "version": row.version, "name": row.name, "code": row.code, "kind": row.kind,
            "level": row.level, "papers_days": 7, "decides_by": "majority", "mandate": "Mine.",
            "kept_by": cast.ministry.uuid,
        }  # fmt: skip
        bodies.change_body(
            body=row, by=cast.actor(cast.second_co_ordinator), at=cast.at, version=row.version,
            mandate="Theirs.", decides_by="consensus", areas=("policy",),
        )  # fmt: skip
        answer = client.post(url, posted)
        assert answer.status_code == 409
        body = answer.content.decode()
        for words in ("Mine.", "Theirs.", "Consensus: somebody is in favour", "Policy and law"):
            assert words in body
        # Codes are nobody's words.
        assert "consensus<" not in body
        assert "policy<" not in body

    def test_shows_no_meeting_to_whoever_has_no_seat(self, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast)
        meeting = at_table.planned(cast, row)
        assert meeting.get_absolute_url() in page(client_for(cast.ngo_manager), "body", row.uuid)
        assert meeting.get_absolute_url() not in page(
            client_for(cast.other_manager), "body", row.uuid
        )

    def test_takes_a_seat_from_the_form_and_says_why_not(self, cast: Cast, client_for: Any) -> None:
        row, client = at_table.body(cast), client_for(cast.co_ordinator)
        url = reverse("ncm:body-act", args=[row.uuid, "seat"])
        posted = {
            "client_key": uuid4(), "organisation": cast.police.uuid, "kind": "cso",
            "role": "member", "has_vote": "on", "from_on_day": "1", "from_on_month": "3",
            "from_on_year": "2026",
        }  # fmt: skip
        refused = client.post(url, posted).content.decode()
        assert "is not for an organisation of the kind" in refused
        client.post(url, posted | {"kind": "state"})
        assert Seat.objects.get().organisation == cast.police


class TestNames:
    def test_of_an_unlisted_organisation_stand_on_no_page_and_in_no_file_of_others(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = at_table.seated(cast)
        hidden = at_table.seat(cast, row, cast.unlisted_ngo, SeatKind.CSO)
        meeting = at_table.invited(cast, row)
        at_table.put(cast, at_table.submitted(cast, cast.unlisted_manager, hidden), meeting)
        meeting = at_table.held(cast, meeting)
        by = at_table.keeper(cast, meeting)
        meetings.write_minutes(
            meeting=meeting, words=draft(record(meeting, by)), by=by, at=meeting.starts_at,
            version=0,
        )  # fmt: skip
        name = escape(cast.unlisted_ngo.display_name)
        client = client_for(cast.ngo_manager)
        for address in (("body", row.uuid), ("meeting", meeting.uuid), ("minutes", meeting.uuid),
                        ("agenda-items",)):  # fmt: skip
            shown = page(client, *address)
            assert name not in shown
            assert escape(unnamed()) in shown
        url = reverse("ncm:meeting-file", args=[meeting.uuid, "minutes.docx"])
        assert cast.unlisted_ngo.name not in _docx(client.get(url).content)
        assert name in page(client_for(cast.unlisted_manager), "body", row.uuid)

    def test_of_the_account_behind_a_chosen_name_stand_nowhere(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = at_table.seated(cast)
        seat = at_table.own_seat(cast, row, cast.other_manager)
        meeting = at_table.invited(cast, row)
        item = at_table.submitted(cast, cast.other_manager, seat)
        agenda.add_paper(
            item=item, title="Ours", name="ours.pdf", content=at_table.PDF,
            by=cast.actor(cast.other_manager), at=cast.at,
        )  # fmt: skip
        at_table.put(cast, item, meeting)
        meeting = at_table.held(cast, meeting)
        secret = {cast.other_manager.display_name, cast.other_manager.email, "Open Door"}
        for reader in (cast.co_ordinator, cast.ngo_manager, cast.rapporteur):
            client = client_for(reader)
            for address in (("body", row.uuid), ("meeting", meeting.uuid),
                            ("agenda-item", item.uuid), ("agenda-items",)):  # fmt: skip
                shown = page(client, *address)
                assert "River" in shown
                assert not [each for each in secret if escape(each) in shown]
        outside = page(client_for(cast.unlisted_manager), "body", row.uuid)
        assert "River" not in outside
        assert escape(own_seat()) in outside

    def test_say_with_an_account_to_who_gives_the_seat_alone(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = at_table.seated(cast)
        at_table.own_seat(cast, row, cast.other_manager)
        assert "with an account" in page(client_for(cast.co_ordinator), "body", row.uuid)
        assert "with an account" not in page(client_for(cast.ngo_manager), "body", row.uuid)

    def test_let_the_holder_submit_and_see_the_meeting(self, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast)
        at_table.own_seat(cast, row, cast.other_manager)
        meeting = at_table.planned(cast, row)
        client = client_for(cast.other_manager)
        assert "Submit an agenda item" in page(client, "body", row.uuid)
        page(client, "agenda-new", row.uuid)
        page(client, "meeting", meeting.uuid)


class TestAMeetingOnItsPage:
    def test_is_planned_submitted_to_and_voted_on_from_the_pages(
        self, cast: Cast, client_for: Any
    ) -> None:
        meeting, item = at_table.sitting(cast)
        bodies.set_quorum(
            body=meeting.body, seat_kind="cso", at_least=1, from_on=cast.at.date(),
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        client = client_for(cast.co_ordinator)
        url = reverse("ncm:meeting-act", args=[meeting.uuid, "attendance"])
        seats = {name: cast.rows[f"seat {name}"].uuid.hex
                 for name in ("police", "authority", "ngo", "fund")}  # fmt: skip
        came = {f"seat-{each}": "in_person" for each in seats.values()}
        client.post(url, came | {f"seat-{seats['ngo']}": "absent"})
        vote = reverse("ncm:agenda-item-act", args=[item.uuid, "vote"])
        refused = client.get(vote).content.decode()
        assert "No vote: the rule asks for at least one seat" in refused
        assert "and none is." in refused
        client.post(url, came | {f"seat-{seats['ngo']}": "remote"})
        ballots = {f"seat-{seats[name]}": "in_favour" for name in ("police", "authority", "ngo")}
        client.post(vote, {"client_key": uuid4(), "words": "Beds."} | ballots)
        shown = page(client, "meeting", meeting.uuid)
        assert "3 in favour, 0 against, 0 abstained" in shown
        motion = meeting.motions.get()
        adopt = reverse("ncm:motion-act", args=[motion.uuid, "adopt"])
        client.post(adopt, {"title": "Beds"})
        assert Resolution.objects.get().words == "Beds."

    def test_gives_its_words_of_the_draft_no_seats_name(self, cast: Cast) -> None:
        meeting = drafted(cast)
        words = meeting.minutes.words
        for each in (cast.ngo, cast.police, cast.authority):
            assert each.name not in words
        assert "2 in favour, 0 against, 1 abstained" in words
        assert f"NTF/{meeting.on.year}/1" in words

    def test_shows_votes_of_a_resolution_to_its_table_alone(
        self, cast: Cast, client_for: Any
    ) -> None:
        drafted(cast)
        made = Resolution.objects.get()
        inside = page(client_for(cast.ngo_manager), "resolution", made.uuid)
        outside = page(client_for(cast.other_manager), "resolution", made.uuid)
        assert "2 in favour" in inside
        assert "How it was voted" in inside
        assert made.words in outside
        assert "2 in favour" not in outside
        assert cast.police.name not in outside

    def test_shows_minutes_not_there_yet_to_nobody(self, cast: Cast, client_for: Any) -> None:
        meeting = at_table.planned(cast, at_table.seated(cast))
        answer = client_for(cast.ngo_manager).get(reverse("ncm:minutes", args=[meeting.uuid]))
        assert answer.status_code == 404

    def test_offers_the_chair_to_approve_and_no_other_seat(
        self, cast: Cast, client_for: Any
    ) -> None:
        meeting = drafted(cast)
        item = meeting.items.get()
        at_table.settle(cast, ITEM, item, "decide", meeting.starts_at)
        words = "Approve the minutes"
        assert words in page(client_for(cast.funder), "minutes", meeting.uuid)
        assert words not in page(client_for(cast.ngo_manager), "minutes", meeting.uuid)
        assert words not in page(client_for(cast.co_ordinator), "minutes", meeting.uuid)


def _docx(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = tree.fromstring(archive.read("word/document.xml"))  # noqa: S314 - our own
    return "\n".join(node.text or "" for node in root.iter() if node.tag.endswith("}t"))


class TestFiles:
    def test_of_an_invitation_say_a_date_and_a_link_and_no_name(
        self, cast: Cast, client_for: Any
    ) -> None:
        meeting = at_table.invited(cast, at_table.seated(cast))
        url = reverse("ncm:meeting-file", args=[meeting.uuid, "invitation.ics"])
        answer = client_for(cast.ngo_manager).get(url)
        text = answer.content.decode()
        assert answer["Content-Type"].startswith("text/calendar")
        assert "BEGIN:VEVENT" in text
        assert str(meeting.uuid) in text
        assert "CONFIRMED" in text
        for name in (meeting.body.name, cast.ngo.name, meeting.place):
            assert name not in text

    def test_of_minutes_say_what_the_page_says(self, cast: Cast, client_for: Any) -> None:
        meeting = drafted(cast)
        url = reverse("ncm:meeting-file", args=[meeting.uuid, "minutes.docx"])
        text = _docx(client_for(cast.ngo_manager).get(url).content)
        for words in ("Draft, not approved", cast.ngo.name, "Beds at night",
                      "Beds are counted at night, too.", f"NTF/{meeting.on.year}/1"):  # fmt: skip
            assert words in text, words

    def _job(self, cast: Cast, client: Any, meeting: Meeting, what: str) -> Any:
        client.post(reverse("ncm:minutes-build", args=[meeting.uuid]), {"what": what})
        job = Job.objects.get()
        if job.state == JobState.QUEUED:
            run_next_job(clock=lambda: cast.at, worker="test")
        job.refresh_from_db()
        assert job.state == JobState.DONE, job.error_code
        return client.get(reverse("deadlines:job_file", args=[job.uuid])).content

    def test_of_minutes_on_paper_carry_votes_and_the_resolution(
        self, cast: Cast, client_for: Any
    ) -> None:
        meeting = drafted(cast)
        content = self._job(cast, client_for(cast.ngo_manager), meeting, "minutes")
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        text = " ".join(each.extract_text() for each in pages).replace("\n", " ")
        assert f"NTF/{meeting.on.year}/1" in text
        assert "2 in favour" in text

    def test_of_papers_leave_out_what_is_for_other_seats(self, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast)
        meeting = at_table.planned(cast, row)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        item = at_table.put(cast, item, meeting)
        by = cast.actor(cast.ngo_manager)
        for number, only in enumerate(([], [cast.rows["seat authority"].uuid])):
            agenda.add_paper(
                item=item, title=f"Paper {number}", name="p.txt", content=f"{number}".encode(),
                only_seats=only, by=by, at=cast.at,
            )  # fmt: skip
        content = self._job(cast, client_for(cast.police_officer), meeting, "papers")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.namelist() == ["01-01-paper-0.txt", "contents.txt"]
            assert "Paper 1" not in archive.read("contents.txt").decode()

    def test_that_are_papers_are_added_on_the_page_and_taken_back(
        self, cast: Cast, client_for: Any
    ) -> None:
        at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        client = client_for(cast.ngo_manager)
        url = reverse("ncm:agenda-item-act", args=[item.uuid, "paper"])
        client.post(url, {"title": "Figures", "file": SimpleUploadedFile("f.pdf", at_table.PDF)})
        paper = Paper.objects.get()
        answer = client.get(reverse("ncm:paper", args=[paper.uuid]))
        assert answer.content == at_table.PDF
        assert "attachment" in answer["Content-Disposition"]
        gone = reverse("ncm:agenda-item-act", args=[item.uuid, "remove-paper"])
        client.post(gone, {"paper": str(paper.uuid)})
        assert not Paper.objects.exists()


class TestWhoTakesPart:
    def test_is_counted_with_what_it_is_of(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        at_table.resolved(cast, at_table.carried(cast, item, meeting))
        against = at_table.vote(
            cast, item, meeting, police="in_favour", authority="in_favour", ngo="against"
        )
        at_table.resolved(cast, against, "Against")
        silent = at_table.vote(
            cast, item, meeting, police="in_favour", authority="in_favour", ngo="abstained"
        )
        at_table.resolved(cast, silent, "Silent")
        agenda.add_paper(
            item=at_table.now(item), title="Late", name="late.pdf", content=at_table.PDF,
            by=at_table.keeper(cast, meeting), at=meeting.starts_at,
        )  # fmt: skip
        found = participation.figures(meeting.on)
        assert (found.seats["cso"], found.seats.total()) == (1, 4)
        assert (found.voting["cso"], found.voting.total()) == (1, 3)
        assert (found.ballots["cso"], found.ballots.total()) == (3, 9)
        assert (found.present["cso"], found.expected["cso"]) == (1, 1)
        assert (found.submitted["cso"], found.taken["cso"]) == (1, 1)
        # One seat of civil society voted: a reader could tell how.
        assert (found.resolutions, found.few_civil, found.without_civil) == (3, 3, 0)
        assert (found.with_civil, found.against_civil) == (0, 0)
        assert (found.papers, found.papers_in_time) == (1, 0)
        monkeypatch.setattr(participation, "FEWEST", 1)
        found = participation.figures(meeting.on)
        assert (found.with_civil, found.against_civil, found.few_civil) == (2, 1, 0)

    def test_counts_an_item_taken_up_again_once_and_none_of_another_body(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.settle(cast, ITEM, item, "postpone", meeting.starts_at)
        later = at_table.planned(cast, meeting.body, days=50)
        agenda.take_up(
            item=at_table.now(item), meeting=later, client_key=uuid4(),
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        assert AgendaItem.objects.count() == 2
        other = at_table.body(cast, "NORTH")
        assert participation.figures(meeting.on).submitted.total() == 1
        assert participation.figures(meeting.on, other).submitted.total() == 0
        assert participation.figures(meeting.on, other).seats.total() == 0

    def test_counts_what_seats_contribute_to(self, cast: Cast) -> None:
        row = at_table.body(cast)
        at_table.seat(cast, row, cast.ngo, SeatKind.CSO, contributes=("protection", "partnership"))
        at_table.seat(cast, row, cast.police, SeatKind.STATE, contributes=("prosecution",))
        heads, rows = participation.by_pillar(participation.figures(cast.at.date()))
        assert heads[1:] == ["Prevention", "Protection", "Prosecution", "Partnership"]
        assert rows == [["State", "0", "0", "1", "0"], ["Civil society", "0", "1", "0", "1"]]

    def test_is_a_share_with_its_base(self) -> None:
        assert participation.share(3, 8) == "3 of 8 (38 %)"
        assert participation.share(0, 0) == "–"

    def test_is_read_as_csv_without_a_seats_name(self, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast, areas=("policy",))
        at_table.own_seat(cast, row, cast.other_manager)
        client = client_for(cast.other_manager)
        text = client.get(reverse("ncm:participation-file", args=["csv"])).content.decode()
        assert '"Civil society together","2 of 5 (40 %)"' in text
        assert row.name in text
        assert "2 of 5" in text
        assert cast.ngo.name not in text
        assert "River" not in text

    def test_asks_as_much_for_many_bodies_as_for_one(self, cast: Cast, client_for: Any) -> None:
        client, url = client_for(cast.ngo_manager), reverse("ncm:participation")
        for number in range(8):
            at_table.seated(cast, f"B{number}")
        client.get(url)
        with at_most(14):
            client.get(url)


class TestTheMeetingsOfAnEndedSeat:
    def test_stay_readable_and_no_later_one_is(self, cast: Cast, client_for: Any) -> None:
        row = at_table.seated(cast)
        during, after = at_table.planned(cast, row, days=-3), at_table.planned(cast, row, days=30)
        bodies.end_seat(
            seat=cast.rows["seat ngo"], on=(cast.at - timedelta(days=1)).date(), words="Left.",
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        client = client_for(cast.ngo_manager)
        assert client.get(during.get_absolute_url()).status_code == 200
        assert client.get(after.get_absolute_url()).status_code == 404


class TestHours:
    def test_are_the_countrys_wherever_the_reader_is_and_in_a_job(
        self, cast: Cast, client_for: Any
    ) -> None:
        """The minutes are drafted by one, read by others, and printed where nobody has a zone."""
        here = current().time_zone
        meeting = at_table.planned(cast, at_table.seated(cast))
        starts = meeting.starts_at.astimezone(here).replace(hour=10, minute=0)
        Meeting.objects.filter(pk=meeting.pk).update(
            starts_at=starts, ends_at=starts + timedelta(minutes=150)
        )
        meeting.refresh_from_db()
        for zone in ("", "Asia/Tokyo", "America/New_York"):
            User.objects.filter(pk=cast.ngo_manager.pk).update(time_zone=zone)
            shown = client_for(cast.ngo_manager).get(meeting.get_absolute_url())
            assert {"label": "Hours", "value": "10:00 – 12:30"} in shown.context["facts"]
        for zone in ("UTC", "Asia/Tokyo"):
            with timezone.override(zone):
                assert hours(meeting) == "10:00 – 12:30"
                assert moment(meeting.starts_at).endswith("10:00")


class TestAnItem:
    def test_names_no_earlier_one_to_a_seat_of_later_days(
        self, cast: Cast, client_for: Any
    ) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.settle(cast, ITEM, item, "postpone", meeting.starts_at)
        later = at_table.planned(cast, meeting.body, days=50)
        again = agenda.take_up(
            item=at_table.now(item), meeting=later, client_key=uuid4(),
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        seat = at_table.seat(
            cast, meeting.body, cast.other_ngo, SeatKind.CSO, from_on=later.on - timedelta(days=1)
        )
        Seat.objects.filter(pk=seat.pk).update(until_on=later.on + timedelta(days=1))
        for user, is_told in ((cast.ngo_manager, True), (cast.other_manager, False)):
            body = page(client_for(user), "agenda-item", again.uuid)
            assert ("It takes up a postponed item" in body) is is_told
            assert (item.get_absolute_url() in body) is is_told


class TestEmptyLists:
    @pytest.mark.parametrize(
        ("name", "query", "words"),
        [
            ("agenda-items", {"issue": "funding"}, "No agenda item matches"),
            ("resolutions", {"state": "repealed"}, "No resolution matches"),
            ("prevention", {"group": "men"}, "No activity matches"),
        ],
    )
    def test_say_that_a_filter_is_why(
        self, cast: Cast, client_for: Any, name: str, query: dict[str, str], words: str
    ) -> None:
        client = client_for(cast.ngo_manager)
        assert words in client.get(reverse(f"ncm:{name}"), query).content.decode()
        body = client.get(reverse(f"ncm:{name}")).content.decode()
        assert words not in body
        assert "yet" in body
