"""Meetings: agenda, papers, quorum, votes, resolutions, minutes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from ncm.bodies_choices import (
    Ballot,
    DecidesBy,
    Effect,
    ItemState,
    MeetingState,
    ResolutionState,
    SeatKind,
    SeatRole,
)
from ncm.meetings_workflow import ITEM, MEETING, RESOLUTION
from ncm.models import (
    AgendaItem,
    Dissent,
    Meeting,
    Motion,
    MotionQuorum,
    Paper,
    Resolution,
)
from ncm.services import agenda, bodies, meetings, votes
from tests.ncm import sittings as at_table
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


class TestTheTables:
    def test_name_every_state_and_reach_it(self) -> None:
        MEETING.assert_complete(MeetingState.values)
        ITEM.assert_complete(ItemState.values)
        RESOLUTION.assert_complete(ResolutionState.values)


class TestAMeeting:
    def test_is_numbered_by_body_and_year(self, cast: Cast) -> None:
        row, other = at_table.seated(cast), at_table.body(cast, "NORTH")
        first, second = at_table.planned(cast, row), at_table.planned(cast, row)
        elsewhere = at_table.planned(cast, other)
        assert [first.number, second.number, elsewhere.number] == [1, 2, 1]
        with pytest.raises(IntegrityError), transaction.atomic():
            Meeting.objects.filter(pk=second.pk).update(number=1)

    def test_invites_whoever_speaks_for_a_seat_and_nobody_before(self, cast: Cast) -> None:
        meeting = at_table.planned(cast, at_table.seated(cast))
        assert not Notice.objects.filter(kind="meeting_invited").exists()
        at_table.settle(cast, MEETING, meeting, "invite", cast.at)
        told = set(
            Notice.objects.filter(kind="meeting_invited").values_list("recipient_id", flat=True)
        )
        assert {cast.ngo_manager.pk, cast.officer.pk, cast.funder.pk} <= told
        assert not {cast.other_manager.pk, cast.ngo_caseworker.pk} & told

    def test_invites_nobody_to_an_empty_table_or_to_the_past(self, cast: Cast) -> None:
        meeting = at_table.planned(cast, at_table.body(cast))
        with pytest.raises(NotPossible, match="seat"):
            at_table.settle(cast, MEETING, meeting, "invite", cast.at)
        late = at_table.planned(cast, at_table.seated(cast, "NORTH"))
        with pytest.raises(NotPossible, match="past"):
            at_table.settle(cast, MEETING, late, "invite", late.starts_at)

    def test_is_not_held_before_its_day(self, cast: Cast) -> None:
        meeting = at_table.invited(cast, at_table.seated(cast))
        with pytest.raises(NotPossible, match="has not come"):
            at_table.settle(cast, MEETING, meeting, "hold", cast.at)

    def test_is_moved_with_its_day_for_papers_and_tells_whoever_was_invited(
        self, cast: Cast
    ) -> None:
        meeting = at_table.invited(cast, at_table.seated(cast))
        starts = meeting.starts_at + timedelta(days=7)
        moved = meetings.change_meeting(
            meeting=meeting, starts_at=starts, ends_at=starts + timedelta(hours=1), place="Hall 2",
            remote="", by=cast.actor(cast.co_ordinator), at=cast.at, version=meeting.version,
        )  # fmt: skip
        assert moved.papers_due_on == meeting.papers_due_on + timedelta(days=7)
        assert Notice.objects.filter(kind="meeting_moved", recipient=cast.ngo_manager).exists()
        with pytest.raises(Stale):
            meetings.change_meeting(
                meeting=meeting, starts_at=starts, ends_at=starts + timedelta(hours=1), place="X",
                remote="", by=cast.actor(cast.co_ordinator), at=cast.at, version=meeting.version,
            )  # fmt: skip

    def test_is_cancelled_with_a_reason_and_postpones_its_items(self, cast: Cast) -> None:
        meeting = at_table.invited(cast, at_table.seated(cast))
        item = at_table.put(
            cast, at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"]), meeting
        )
        with pytest.raises(MissingAnswers):
            at_table.settle(cast, MEETING, meeting, "cancel", cast.at)
        at_table.settle(cast, MEETING, meeting, "cancel", cast.at, comment="No room.")
        assert at_table.now(item).state == ItemState.POSTPONED
        assert Notice.objects.filter(kind="meeting_cancelled").exists()


class TestAnAgendaItem:
    def test_is_submitted_once_and_its_answer_is_owed_by_who_keeps_the_body(
        self, cast: Cast
    ) -> None:
        at_table.seated(cast)
        key, seat = uuid4(), cast.rows["seat ngo"]
        for _twice in range(2):
            item = agenda.submit_item(
                seat=seat, client_key=key, issue="funding", title="Rent", words="It ends.",
                by=cast.actor(cast.ngo_manager), at=cast.at,
            )  # fmt: skip
        assert AgendaItem.objects.count() == 1
        clock = Deadline.objects.open().get(kind="agenda_answer", subject_uuid=item.uuid)
        assert clock.organisation_uuid == cast.ministry.uuid
        assert (clock.due_at.date() - cast.at.date()).days in (14, 15)
        assert Notice.objects.filter(
            kind="agenda_item_submitted", recipient=cast.co_ordinator
        ).exists()

    def test_is_seen_by_its_seat_and_the_co_ordination_before_it_is_on_an_agenda(
        self, cast: Cast
    ) -> None:
        row = at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        seen = AgendaItem.objects.visible_to
        assert seen(cast.actor(cast.ngo_caseworker)).exists()
        assert seen(cast.actor(cast.co_ordinator)).exists()
        assert not seen(cast.actor(cast.police_officer)).exists()
        at_table.put(cast, item, at_table.planned(cast, row))
        assert seen(cast.actor(cast.police_officer)).exists()
        assert not seen(cast.actor(cast.other_manager)).exists()

    def test_is_submitted_by_who_speaks_for_a_seat_that_may(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        with pytest.raises(NotAllowed):
            at_table.submitted(cast, cast.ngo_caseworker, cast.rows["seat ngo"])
        silent = at_table.seat(cast, row, cast.other_ngo, SeatKind.CSO, may_submit=False)
        with pytest.raises(NotPossible, match="does not put"):
            at_table.submitted(cast, cast.other_manager, silent)

    def test_is_answered_by_an_agenda_and_the_clock_ends(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        put = at_table.put(cast, item, at_table.planned(cast, row))
        assert (put.state, put.position) == (ItemState.ON_AGENDA, 1)
        assert not Deadline.objects.open().filter(subject_uuid=item.uuid).exists()
        assert Notice.objects.filter(
            kind="agenda_item_answered", recipient=cast.ngo_manager
        ).exists()

    def test_is_declined_with_a_reason_only(self, cast: Cast) -> None:
        at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        with pytest.raises(MissingAnswers):
            at_table.settle(cast, ITEM, item, "decline", cast.at)
        at_table.settle(cast, ITEM, item, "decline", cast.at, comment="Another body’s matter.")
        assert not Deadline.objects.open().filter(subject_uuid=item.uuid).exists()

    def test_is_taken_back_by_its_seat_and_by_nobody_else(self, cast: Cast) -> None:
        at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        for other in (cast.co_ordinator, cast.ngo_caseworker):
            with pytest.raises(NotPossible, match="Only whoever"):
                ITEM.apply(item, "withdraw", by=cast.actor(other), at=cast.at)
        ITEM.apply(item, "withdraw", by=cast.actor(cast.ngo_manager), at=cast.at)
        assert not Deadline.objects.open().filter(subject_uuid=item.uuid).exists()

    def test_does_not_go_on_another_bodys_agenda(self, cast: Cast) -> None:
        at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        elsewhere = at_table.planned(cast, at_table.body(cast, "NORTH"))
        with pytest.raises(NotPossible, match="another body"):
            at_table.put(cast, item, elsewhere)

    def test_that_was_postponed_is_taken_up_once_and_stays_in_its_minutes(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.settle(cast, ITEM, item, "postpone", meeting.starts_at)
        later = at_table.planned(cast, meeting.body, days=50)
        by = cast.actor(cast.co_ordinator)
        for _twice in range(2):
            again = agenda.take_up(
                item=at_table.now(item), meeting=later, client_key=uuid4(), by=by, at=cast.at
            )
        assert (again.earlier, again.meeting, again.seat) == (item, later, item.seat)
        assert at_table.now(item).meeting == meeting
        assert item.later.count() == 1

    def test_changes_places_with_its_neighbour(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        meeting = at_table.planned(cast, row)
        seat = cast.rows["seat ngo"]
        one, two = (
            at_table.put(cast, at_table.submitted(cast, cast.ngo_manager, seat), meeting)
            for _n in range(2)
        )
        by = cast.actor(cast.co_ordinator)
        agenda.reorder(meeting=meeting, item=two.uuid, up=True, by=by, at=cast.at)
        assert list(meeting.items.order_by("position")) == [two, one]
        agenda.reorder(meeting=meeting, item=two.uuid, up=True, by=by, at=cast.at)
        assert list(meeting.items.order_by("position")) == [two, one]


class TestPapers:
    def paper(self, cast: Cast, item: AgendaItem, by: object, **more: object) -> Paper:
        return agenda.add_paper(
            item=item, title="Figures", name="figures.pdf", content=at_table.PDF,
            by=cast.actor(by), at=cast.at, **more,
        )  # fmt: skip

    def test_that_come_late_are_taken_and_marked(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        soon = at_table.planned(cast, row, days=3)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        item = at_table.put(cast, item, soon)
        paper = self.paper(cast, item, cast.ngo_manager)
        assert paper.is_late_for(soon)
        assert not paper.is_late_for(at_table.planned(cast, row, days=30))

    def test_limited_to_seats_are_read_there_and_by_who_keeps_the_body(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        item = at_table.put(cast, item, at_table.planned(cast, row))
        only = [cast.rows["seat authority"].uuid]
        self.paper(cast, item, cast.ngo_manager, only_seats=only)
        seen = Paper.objects.visible_to
        for reader in (cast.officer, cast.co_ordinator, cast.ngo_manager):
            assert seen(cast.actor(reader)).exists()
        for reader in (cast.police_officer, cast.rapporteur, cast.other_manager):
            assert not seen(cast.actor(reader)).exists()

    def test_are_added_by_whose_item_it_is_or_who_keeps_the_body(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        item = at_table.submitted(cast, cast.ngo_manager, cast.rows["seat ngo"])
        at_table.put(cast, item, at_table.planned(cast, row))
        with pytest.raises(NotAllowed):
            self.paper(cast, at_table.now(item), cast.funder)
        assert self.paper(cast, at_table.now(item), cast.co_ordinator).seat is None

    def test_that_lay_before_a_meeting_stay(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        paper = self.paper(cast, at_table.now(item), cast.ngo_manager)
        with pytest.raises(NotPossible, match="stays"):
            agenda.remove_paper(paper=paper, by=cast.actor(cast.ngo_manager), at=cast.at)


class TestQuorum:
    def rule(self, cast: Cast, meeting: Meeting, kind: str, at_least: int) -> None:
        bodies.set_quorum(
            body=meeting.body, seat_kind=kind, at_least=at_least, from_on=cast.at.date(),
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip

    def test_of_a_civil_society_seat_refuses_a_vote_without_one_and_says_why(
        self, cast: Cast
    ) -> None:
        meeting, item = at_table.sitting(cast)
        self.rule(cast, meeting, "cso", 1)
        at_table.came(cast, meeting, police="in_person", authority="in_person", ngo="absent")
        with pytest.raises(NotPossible) as refused:
            at_table.vote(cast, item, meeting, police="in_favour", authority="in_favour")
        assert str(refused.value) == (
            "No vote: the rule asks for at least one seat with a vote of the kind “Civil society” "
            "present, and none is."
        )
        assert not Motion.objects.exists()

    def test_counts_whoever_takes_part_remotely(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        self.rule(cast, meeting, "cso", 1)
        at_table.came(cast, meeting, police="absent", authority="in_person", ngo="remote")
        motion = at_table.vote(cast, item, meeting, authority="in_favour", ngo="in_favour")
        kept = motion.quorum.get()
        assert (kept.seat_kind, kept.at_least, kept.present) == ("cso", 1, 1)

    def test_does_not_count_seats_without_a_vote(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        observer = at_table.seat(
            cast, meeting.body, cast.other_ngo, SeatKind.CSO, role=SeatRole.OBSERVER,
            has_vote=False,
        )  # fmt: skip
        cast.rows["seat observer"] = observer
        self.rule(cast, meeting, "cso", 1)
        at_table.came(cast, meeting, police="in_person", ngo="absent", observer="in_person")
        with pytest.raises(NotPossible, match="none is"):
            at_table.vote(cast, item, meeting, police="in_favour")

    def test_is_refused_by_the_database_too(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        motion = at_table.carried(cast, item, meeting)
        with pytest.raises(IntegrityError), transaction.atomic():
            MotionQuorum.objects.create(motion=motion, seat_kind="io", at_least=1, present=0)

    def test_asks_for_somebody_where_a_body_has_no_rule(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        with pytest.raises(NotPossible, match="none is"):
            at_table.vote(cast, item, meeting)

    def test_is_that_of_the_day_of_the_meeting(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        bodies.set_quorum(
            body=meeting.body, seat_kind="cso", at_least=1,
            from_on=meeting.on + timedelta(days=1), by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        at_table.came(cast, meeting, police="in_person", authority="in_person")
        assert (
            at_table.vote(cast, item, meeting, police="in_favour", authority="against").is_carried
            is False
        )


class TestAVote:
    @pytest.mark.parametrize(
        ("rule", "in_favour", "against", "abstained", "carried"),
        [
            (DecidesBy.MAJORITY, 2, 1, 0, True),
            (DecidesBy.MAJORITY, 1, 1, 5, False),
            (DecidesBy.MAJORITY, 1, 0, 9, True),
            (DecidesBy.MAJORITY, 0, 0, 3, False),
            (DecidesBy.CONSENSUS, 1, 0, 2, True),
            (DecidesBy.CONSENSUS, 5, 1, 0, False),
            (DecidesBy.CONSENSUS, 0, 0, 3, False),
        ],
    )
    def test_is_carried_as_the_body_decides(
        self, rule: str, in_favour: int, against: int, abstained: int, carried: bool
    ) -> None:
        counted = {
            Ballot.IN_FAVOUR: in_favour, Ballot.AGAINST: against, Ballot.ABSTAINED: abstained
        }  # fmt: skip
        assert votes.is_carried(rule, counted) is carried

    def test_is_of_every_seat_that_is_present_and_votes_and_of_no_other(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        with pytest.raises(NotPossible, match="each seat"):
            at_table.vote(cast, item, meeting, police="in_favour")
        at_table.came(cast, meeting, fund="in_person")
        with pytest.raises(NotPossible, match="no other"):
            at_table.vote(
                cast, item, meeting, police="in_favour", authority="in_favour", ngo="against",
                fund="in_favour",
            )  # fmt: skip

    def test_says_in_the_database_what_was_counted(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        motion = at_table.carried(cast, item, meeting)
        assert (motion.in_favour, motion.against, motion.abstained) == (2, 0, 1)
        for wrong in ({"is_carried": False}, {"against": 2}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Motion.objects.filter(pk=motion.pk).update(**wrong)

    def test_leaves_no_voter_absent(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        at_table.carried(cast, item, meeting)
        with pytest.raises(NotPossible, match="voted"):
            at_table.came(cast, meeting, ngo="absent")

    def test_is_taken_once_however_often_it_is_sent(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        ballots = {
            cast.rows[f"seat {name}"].uuid: Ballot.IN_FAVOUR
            for name in ("police", "authority", "ngo")
        }
        key, by = uuid4(), at_table.keeper(cast, meeting)
        for _twice in range(2):
            votes.take_vote(
                item=at_table.now(item), client_key=key, words="Yes.", ballots=ballots, by=by,
                at=meeting.starts_at,
            )  # fmt: skip
        assert Motion.objects.count() == 1

    def test_is_entered_by_who_keeps_the_body(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        with pytest.raises(NotAllowed):
            votes.take_vote(
                item=at_table.now(item), client_key=uuid4(), words="Ours.", ballots={},
                by=cast.actor(cast.ngo_manager, meeting.starts_at), at=meeting.starts_at,
            )  # fmt: skip


class TestDissent:
    def test_is_recorded_by_the_seat_in_its_words_until_the_minutes_are_approved(
        self, cast: Cast
    ) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        motion = at_table.vote(
            cast, item, meeting, police="in_favour", authority="in_favour", ngo="against"
        )
        by = cast.actor(cast.ngo_manager, meeting.starts_at)
        for words in ("Too late.", "Too late, and too little."):
            votes.record_dissent(
                motion=motion, seat=cast.rows["seat ngo"], words=words, by=by,
                at=meeting.starts_at,
            )  # fmt: skip
        assert Dissent.objects.get().words == "Too late, and too little."
        assert not meeting.events.filter(by=cast.ngo_manager).exists()

    def test_is_no_other_seats_to_record(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        motion = at_table.carried(cast, item, meeting)
        with pytest.raises(NotAllowed):
            votes.record_dissent(
                motion=motion, seat=cast.rows["seat police"], words="Mine.",
                by=cast.actor(cast.ngo_manager, meeting.starts_at), at=meeting.starts_at,
            )  # fmt: skip

    def test_is_of_a_seat_that_was_there(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.came(cast, meeting, police="in_person", authority="in_person", ngo="excused")
        motion = at_table.vote(cast, item, meeting, police="in_favour", authority="in_favour")
        with pytest.raises(NotPossible, match="present"):
            votes.record_dissent(
                motion=motion, seat=cast.rows["seat ngo"], words="No.",
                by=cast.actor(cast.ngo_manager, meeting.starts_at), at=meeting.starts_at,
            )  # fmt: skip


class TestAResolution:
    def test_has_a_number_of_its_body_and_year_and_the_words_voted_on(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        motion = at_table.carried(cast, item, meeting)
        for _twice in range(2):
            made = at_table.resolved(cast, motion)
        assert made.reference == f"NTF/{meeting.on.year}/1"
        assert made.words == motion.words
        assert Resolution.objects.count() == 1
        second = at_table.resolved(cast, at_table.carried(cast, item, meeting))
        assert second.number == 2
        with pytest.raises(IntegrityError), transaction.atomic():
            Resolution.objects.filter(pk=second.pk).update(number=1)

    def test_comes_of_a_carried_motion_only(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        lost = at_table.vote(
            cast, item, meeting, police="against", authority="against", ngo="in_favour"
        )
        with pytest.raises(NotPossible, match="not carried"):
            at_table.resolved(cast, lost)

    @pytest.mark.parametrize(
        ("effect", "state"),
        [
            (Effect.REPLACES, ResolutionState.REPLACED),
            (Effect.REPEALS, ResolutionState.REPEALED),
        ],
    )
    def test_ends_by_a_later_one_once_and_stays_as_it_was(
        self, cast: Cast, effect: str, state: str
    ) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        first = at_table.resolved(cast, at_table.carried(cast, item, meeting))
        at_table.resolved(
            cast, at_table.carried(cast, item, meeting), "Later", earlier=first, effect=effect
        )
        ended = at_table.now(first)
        assert (ended.state, ended.words) == (state, first.words)
        with pytest.raises(NotPossible, match="not in force"):
            at_table.resolved(
                cast, at_table.carried(cast, item, meeting), "Third", earlier=ended,
                effect=effect,
            )  # fmt: skip

    def test_ends_by_no_other_way(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        made = at_table.resolved(cast, at_table.carried(cast, item, meeting))
        with pytest.raises(NotPossible, match="later one"):
            at_table.settle(cast, RESOLUTION, made, "repeal", meeting.starts_at)

    def test_is_known_to_every_member(self, cast: Cast) -> None:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        at_table.resolved(cast, at_table.carried(cast, item, meeting))
        assert Resolution.objects.visible_to(cast.actor(cast.other_manager)).exists()
        assert not Motion.objects.visible_to(cast.actor(cast.other_manager)).exists()
        assert not Resolution.objects.visible_to(cast.actor(cast.applicant)).exists()


class TestMinutes:
    def drafted(self, cast: Cast) -> Meeting:
        meeting, item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        at_table.settle(cast, ITEM, item, "note", meeting.starts_at)
        meetings.write_minutes(
            meeting=meeting, words="It was noted.", by=at_table.keeper(cast, meeting),
            at=meeting.starts_at, version=0,
        )  # fmt: skip
        return meeting

    def test_are_approved_by_somebody_who_did_not_write_them(self, cast: Cast) -> None:
        meeting = self.drafted(cast)
        at = meeting.starts_at
        with pytest.raises(NotPossible, match="Somebody else"):
            at_table.settle(cast, MEETING, meeting, "approve", at)
        done = MEETING.apply(meeting, "approve", by=cast.actor(cast.second_co_ordinator, at), at=at)
        assert done.state == MeetingState.APPROVED

    def test_are_approved_by_the_chairs_seat_too_and_by_no_other(self, cast: Cast) -> None:
        meeting = self.drafted(cast)
        at = meeting.starts_at
        with pytest.raises(NotAllowed):
            MEETING.apply(meeting, "approve", by=cast.actor(cast.ngo_manager, at), at=at)
        MEETING.apply(meeting, "approve", by=cast.actor(cast.funder, at), at=at)
        assert not meeting.events.filter(by=cast.funder).exists()

    def test_are_owed_in_time_by_who_keeps_the_body(self, cast: Cast) -> None:
        meeting = self.drafted(cast)
        at = meeting.starts_at
        clock = Deadline.objects.open().get(kind="meeting_minutes", subject_uuid=meeting.uuid)
        assert clock.organisation_uuid == cast.ministry.uuid
        assert (clock.due_at - at).days in (20, 21)
        MEETING.apply(meeting, "approve", by=cast.actor(cast.second_co_ordinator, at), at=at)
        clock.refresh_from_db()
        assert clock.met_at is not None

    def test_wait_until_every_item_is_settled(self, cast: Cast) -> None:
        meeting, _item = at_table.sitting(cast)
        at = meeting.starts_at
        second = cast.actor(cast.second_co_ordinator, at)
        with pytest.raises(NotPossible, match="not drafted"):
            MEETING.apply(meeting, "approve", by=second, at=at)
        meetings.write_minutes(
            meeting=meeting, words="Open.", by=at_table.keeper(cast, meeting), at=at, version=0
        )
        with pytest.raises(NotPossible, match="what became of"):
            MEETING.apply(meeting, "approve", by=second, at=at)

    def test_are_frozen_once_approved_and_corrected_beside(self, cast: Cast) -> None:
        meeting = self.drafted(cast)
        at, by = meeting.starts_at, at_table.keeper(cast, meeting)
        MEETING.apply(meeting, "approve", by=cast.actor(cast.second_co_ordinator, at), at=at)
        with pytest.raises(NotPossible):
            meetings.write_minutes(meeting=meeting, words="No.", by=by, at=at, version=1)
        with pytest.raises(NotPossible):
            at_table.came(cast, meeting, police="absent")
        key = uuid4()
        for _twice in range(2):
            meetings.annex(meeting=meeting, client_key=key, words="Hall 2.", by=by, at=at)
        assert meeting.annexes.count() == 1
        assert meeting.minutes.words == "It was noted."

    def test_are_not_written_over_somebody_elses(self, cast: Cast) -> None:
        meeting = self.drafted(cast)
        by, at = at_table.keeper(cast, meeting), meeting.starts_at
        meetings.write_minutes(meeting=meeting, words="Better.", by=by, at=at, version=1)
        with pytest.raises(Stale):
            meetings.write_minutes(meeting=meeting, words="Worse.", by=by, at=at, version=1)
