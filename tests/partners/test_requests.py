"""Recurring requests: announced, opened round by round, answered, declined, owed for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.country import local_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice, Reminder
from deadlines.services.reminders import remind
from partners import request_clocks, request_notices, schedule
from partners.choices import AnswerState, RequestEventKind, RequestState
from partners.models import RecurringRequest, RequestAnswer, RequestEvent, RequestRound
from partners.request_workflow import ANSWER, REQUEST
from partners.services import requests
from partners.workflow import ORGANISATION
from tests.partners import asking
from tests.partners.asking import answer_of, opening, say
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    """Monday, 2 March 2026, in the morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def clock(kind: str, row: Any) -> Deadline:
    return Deadline.objects.filter(kind=kind, subject_uuid=row.uuid).latest("pk")


def told(kind: str, row: Any) -> set[str]:
    found = Notice.objects.filter(kind=kind, subject_uuid=row.uuid)
    return set(found.values_list("recipient__email", flat=True))


class TestSchedule:
    @pytest.mark.parametrize(
        ("every", "days"),
        [
            ("week", ["2026-01-31", "2026-02-07", "2026-02-14"]),
            ("month", ["2026-01-31", "2026-02-28", "2026-03-31"]),
            ("quarter", ["2026-01-31", "2026-04-30", "2026-07-31"]),
            ("half_year", ["2026-08-31", "2027-02-28", "2027-08-31"]),
            ("year", ["2028-02-29", "2029-02-28", "2032-02-29"]),
        ],
    )
    def test_keeps_the_day_of_the_month_where_there_is_one(
        self, every: str, days: list[str]
    ) -> None:
        wanted = [date.fromisoformat(day) for day in days]
        anchor = 29 if every == "year" else 31
        found = list(schedule.due_days(wanted[0], every, anchor, wanted[-1]))
        assert [day for day in found if day in wanted] == wanted

    def test_counts_months_across_a_year(self) -> None:
        assert schedule.months(date(2026, 11, 22), 3) == [
            date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1),
        ]  # fmt: skip


class TestRegister:
    def test_is_for_whoever_answers_for_an_organisation(self, cast: Cast) -> None:
        for who in (cast.ngo_caseworker, cast.officer, cast.administrator, cast.applicant):
            with pytest.raises(NotAllowed):
                asking.draft(cast, who)
        for who in (cast.co_ordinator, cast.rapporteur, cast.funder, cast.ngo_manager):
            assert asking.draft(cast, who).organisation == cast.actor(who).organisation

    def test_makes_one_draft_when_posted_twice(self, cast: Cast) -> None:
        assert asking.draft(cast) == asking.draft(cast)
        assert RequestEvent.objects.filter(kind=RequestEventKind.REGISTERED).count() == 1

    def test_is_seen_by_its_own_people_alone_before_it_is_announced(self, cast: Cast) -> None:
        request = asking.draft(cast)

        def sees(user: Any) -> bool:
            seen = RecurringRequest.objects.visible_to(cast.actor(user))
            return seen.filter(pk=request.pk).exists()

        assert [sees(cast.co_ordinator), sees(cast.ngo_manager)] == [True, False]
        REQUEST.apply(request, "announce", by=cast.actor(cast.co_ordinator), at=cast.at)
        people = (cast.ngo_manager, cast.ngo_caseworker, cast.officer, cast.funder)
        assert all(sees(each) for each in people)
        assert not any(sees(each) for each in (cast.administrator, cast.applicant, cast.stranger))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"basis_source": ""},
            {"title": ""},
            {"comes_back": ""},
            {"minutes": 0},
            {"every": "fortnight"},
        ],
    )
    def test_is_refused_by_the_database_without_what_it_must_say(
        self, cast: Cast, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            asking.draft(cast, **wrong)

    def test_has_no_source_where_answering_is_voluntary(self, cast: Cast) -> None:
        assert asking.draft(cast, basis="voluntary").basis_source == ""


class TestWhom:
    def asked(self, cast: Cast, **changed: Any) -> set[str]:
        found = asking.draft(cast, title=str(changed), **changed).asked_organisations()
        names = {each.name.removesuffix(" (invented)") for each in found}
        # The same rule twice: as one question to the database, and for the load of each member.
        request = RecurringRequest.objects.latest("pk")
        named = set(request.asked_by_name.values_list("pk", flat=True))
        members = type(cast.ngo).objects.members().prefetch_related("capacities")
        agreed = {each.name.removesuffix(" (invented)") for each in members
                  if request.asks(each, named=named, held=each.held_capacities())}  # fmt: skip
        assert names == agreed
        return names

    def test_are_members_of_the_kinds_that_hold_one_of_the_capacities(self, cast: Cast) -> None:
        assert self.asked(cast, asked_kinds=("cso",)) == {"Lantern House", "Open Door"}
        responders = {"Lantern House", "Open Door", "Police Unit"}
        kinds: tuple[str, ...] = ()
        some = ("first_responder",)
        assert self.asked(cast, asked_kinds=kinds, asked_capacities=some) == responders
        both = self.asked(cast, asked_kinds=("state_agency",), asked_capacities=some)
        assert both == {"Police Unit"}

    def test_are_never_the_asker_nor_nobody_in_particular(self, cast: Cast) -> None:
        agencies = self.asked(cast, asked_kinds=("state_agency",))
        assert agencies == {"Bridge Fund", "Identification Office", "Police Unit"}
        assert self.asked(cast, asked_kinds=()) == set()

    def test_include_who_is_not_shown_to_others_by_name_only(self, cast: Cast) -> None:
        named = self.asked(cast, asked_kinds=(), asked_by_name=[cast.unlisted_ngo])
        assert named == {"Quiet Harbour"}


class TestAnnounce:
    def test_tells_whoever_answers_for_those_asked(self, cast: Cast) -> None:
        request = asking.announced(cast)
        managers = {cast.ngo_manager.email, cast.without_factor.email, cast.other_manager.email}
        assert told("request_announced", request) == managers
        assert request.next_due_on == local_day(cast.at) + timedelta(days=20)

    def test_waits_until_somebody_is_asked(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="Nobody is asked"):
            asking.announced(cast, asked_kinds=())

    def test_leaves_the_days_to_answer(self, cast: Cast) -> None:
        soon = local_day(cast.at) + timedelta(days=asking.DAYS - 1)
        with pytest.raises(NotPossible, match="too soon"):
            asking.announced(cast, first_due_on=soon)

    def test_is_for_the_asker_alone(self, cast: Cast) -> None:
        request = asking.draft(cast)
        for who in (cast.ngo_manager, cast.funder, cast.administrator):
            with pytest.raises(NotAllowed):
                REQUEST.apply(request, "announce", by=cast.actor(who), at=cast.at)


class TestChange:
    def change(self, cast: Cast, request: RecurringRequest, **changed: Any) -> RecurringRequest:
        by = cast.actor(cast.co_ordinator)
        given = {"version": request.version, **changed}
        return requests.change_request(request=request, by=by, at=cast.at, **given)

    def test_needs_no_reason_while_it_is_a_draft(self, cast: Cast) -> None:
        assert self.change(cast, asking.draft(cast), minutes=30).minutes == 30

    def test_needs_one_once_it_is_announced_and_tells_everybody_asked(self, cast: Cast) -> None:
        request = asking.announced(cast)
        with pytest.raises(MissingAnswers):
            self.change(cast, request, minutes=90)
        self.change(cast, request, minutes=90, reason="Invented: one more table.")
        event = RequestEvent.objects.get(kind=RequestEventKind.CHANGED)
        assert event.comment == "minutes for one answer: Invented: one more table."
        assert cast.ngo_manager.email in told("request_changed", request)

    def test_is_refused_on_a_page_that_is_old_and_by_others(self, cast: Cast) -> None:
        request = asking.announced(cast)
        with pytest.raises(Stale):
            self.change(cast, request, minutes=90, reason="Invented.", version=1)
        with pytest.raises(NotAllowed):
            requests.change_request(
                request=request, by=cast.actor(cast.funder), at=cast.at, version=request.version
            )

    def test_leaves_open_rounds_as_they_are(self, cast: Cast) -> None:
        request = asking.running(cast)
        self.change(cast, request, minutes=90, basis="voluntary", reason="Invented.")
        answer = answer_of(cast.ngo)
        assert (answer.estimated_minutes, answer.round.is_voluntary) == (60, False)

    def test_of_the_rhythm_counts_from_the_last_round(self, cast: Cast) -> None:
        request = asking.running(cast)
        first = request.first_due_on
        changed = self.change(cast, request, every="week", reason="Invented.")
        assert changed.next_due_on == first + timedelta(days=7)
        with pytest.raises(NotPossible, match="first round is over"):
            self.change(cast, changed, first_due_on=first + timedelta(days=1), reason="Invented.")

    def test_that_changes_nothing_is_none(self, cast: Cast) -> None:
        request = asking.announced(cast)
        assert self.change(cast, request, minutes=60, reason="Invented.") == request
        assert not RequestEvent.objects.filter(kind=RequestEventKind.CHANGED).exists()


class TestRounds:
    def test_open_on_the_day_in_the_country_though_the_sweep_sits_in_utc(self, cast: Cast) -> None:
        request = asking.announced(cast)
        eve = (opening(request, cast) - timedelta(days=1)).replace(hour=22, minute=30)
        assert requests.open_due_rounds(eve) == 0
        assert requests.open_due_rounds(eve + timedelta(hours=1)) == 1  # half past midnight there

    def test_open_on_their_day_and_not_before(self, cast: Cast) -> None:
        request = asking.announced(cast)
        day = opening(request, cast)
        assert requests.open_due_rounds(day - timedelta(days=1)) == 0
        assert requests.open_due_rounds(day) == 1
        assert requests.open_due_rounds(day) == 0
        row = RecurringRequest.objects.get(pk=request.pk)
        assert (row.state, row.next_due_on) == (RequestState.RUNNING, date(2026, 4, 22))
        opened = row.rounds.get()
        assert (opened.planned_on, opened.was_late) == (date(2026, 3, 22), False)
        assert set(opened.answers.values_list("organisation__name", flat=True)) == {
            cast.ngo.name, cast.other_ngo.name,
        }  # fmt: skip

    def test_start_a_clock_for_each_organisation_asked_and_tell_it(self, cast: Cast) -> None:
        asking.running(cast)
        answer = answer_of(cast.ngo)
        row = clock(request_notices.ANSWER, answer)
        assert (row.bound, row.organisation_uuid) == ("latest", cast.ngo.uuid)
        assert row.group is not None
        assert set(row.group.user_set.all()) == {cast.ngo_manager, cast.without_factor}
        assert told(request_notices.ROUND_OPENED, answer) == {
            cast.ngo_manager.email, cast.without_factor.email,
        }  # fmt: skip

    def test_bind_whoever_works_there_where_nobody_manages(self, cast: Cast) -> None:
        asking.running(cast, asked_kinds=("state_agency",), asked_capacities=("first_responder",))
        row = clock(request_notices.ANSWER, answer_of(cast.police))
        assert row.group is not None
        assert set(row.group.user_set.all()) == {cast.police_officer}

    def test_missed_in_an_outage_follow_one_by_one_and_say_so(self, cast: Cast) -> None:
        request = asking.announced(cast, every="week", days_to_answer=5)
        back = opening(request, cast) + timedelta(days=15)  # two more should be open by now
        made = []
        while requests.open_due_rounds(back):
            made.append(RequestRound.objects.count())
        assert made == [1, 2, 3]
        rounds = list(request.rounds.order_by("planned_on"))
        assert [each.was_late for each in rounds] == [True, True, True]
        assert {each.answer_until_on for each in rounds} == {
            max(each.planned_on, local_day(back) + timedelta(days=5)) for each in rounds
        }
        assert all(each.answer_until_on >= local_day(back) + timedelta(days=5) for each in rounds)

    def test_are_not_opened_for_an_asker_who_is_no_member_any_more(self, cast: Cast) -> None:
        request = asking.announced(cast, cast.other_manager)
        type(cast.other_ngo).objects.filter(pk=cast.other_ngo.pk).update(state="suspended")
        assert requests.open_due_rounds(opening(request, cast)) == 0

    def test_are_opened_by_the_sweep(self, cast: Cast) -> None:
        from deadlines import sweeps

        request = asking.announced(cast)
        sweeper = sweeps.registered()["rounds of recurring requests"]
        assert sweeper(opening(request, cast)) == 1


class TestAnswer:
    def test_ends_the_clock_and_the_notice_for_everybody_there(self, cast: Cast) -> None:
        round_ = asking.open_now(cast)
        answer = say(cast, answer_of(cast.ngo), "answer", cast.ngo_caseworker, minutes=45)
        assert (answer.state, answer.load) == (AnswerState.ANSWERED, 45)
        assert clock(request_notices.ANSWER, answer).met_at == cast.at
        notices = Notice.objects.filter(subject_uuid=answer.uuid, handled_at=None)
        assert not notices.exists()
        assert answer_of(cast.other_ngo, round_).state == AnswerState.WAITING

    def test_is_given_by_its_own_organisation_only(self, cast: Cast) -> None:
        asking.open_now(cast)
        for who in (cast.other_manager, cast.co_ordinator, cast.administrator):
            with pytest.raises(NotAllowed):
                say(cast, answer_of(cast.ngo), "answer", who)

    def test_cannot_be_declined_where_the_law_asks(self, cast: Cast) -> None:
        asking.open_now(cast)
        with pytest.raises(NotPossible, match="not voluntary"):
            say(cast, answer_of(cast.ngo), "decline", cast.ngo_manager)

    def test_is_declined_without_a_consequence_where_it_is_voluntary(self, cast: Cast) -> None:
        asking.open_now(cast, basis="voluntary", basis_source="")
        answer = say(cast, answer_of(cast.ngo), "decline", cast.ngo_manager)
        assert answer.load == 0
        for days in range(60):
            remind(cast.at + timedelta(days=days))
        assert not Reminder.objects.filter(deadline__subject_uuid=answer.uuid).exists()

    def test_that_is_voluntary_is_never_late(self, cast: Cast) -> None:
        asking.open_now(cast, basis="voluntary", basis_source="")
        answer = answer_of(cast.ngo)
        for days in range(60):
            remind(cast.at + timedelta(days=days))
        stages = set(
            Reminder.objects.filter(deadline__subject_uuid=answer.uuid).values_list(
                "stage", flat=True
            )
        )
        assert stages == {"before", "on"}
        assert (
            not Deadline.objects.late(cast.at + timedelta(days=60))
            .filter(subject_uuid=answer.uuid)
            .exists()
        )

    def test_is_taken_back_until_the_last_day_and_then_waits_again(self, cast: Cast) -> None:
        asking.open_now(cast)
        said = say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager, minutes=45)
        again = say(cast, said, "take_back", cast.ngo_manager)
        assert (again.state, again.minutes, again.said_by) == (AnswerState.WAITING, None, None)
        assert clock(request_notices.ANSWER, again).is_open
        said = say(cast, again, "answer", cast.ngo_manager)
        later = cast.at + timedelta(days=asking.DAYS + 1)
        with pytest.raises(NotPossible, match="too late"):
            say(cast, said, "take_back", cast.ngo_manager, at=later)

    def test_stands_in_the_past_of_asker_and_asked_only(self, cast: Cast) -> None:
        asking.open_now(cast)
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)

        def read_by(user: Any) -> int:
            events = RequestEvent.objects.visible_to(cast.actor(user))
            return events.filter(kind=RequestEventKind.ANSWERED).count()

        people = (cast.ngo_manager, cast.co_ordinator, cast.other_manager, cast.funder)
        assert [read_by(each) for each in people] == [1, 1, 0, 0]


class TestGivingBack:
    def test_is_owed_from_the_first_answer_on(self, cast: Cast) -> None:
        round_ = asking.open_now(cast)
        owed = Deadline.objects.filter(kind=request_clocks.GIVE_BACK, subject_uuid=round_.uuid)
        assert not owed.exists()
        for organisation, who in (
            (cast.ngo, cast.ngo_manager),
            (cast.other_ngo, cast.other_manager),
        ):
            say(cast, answer_of(organisation), "answer", who)
        row = owed.get()
        assert row.due_at.date() == round_.back_until_on
        assert row.group is not None
        assert cast.co_ordinator in row.group.user_set.all()

    def test_is_not_owed_for_an_answer_that_was_taken_back_or_declined(self, cast: Cast) -> None:
        round_ = asking.open_now(cast, basis="voluntary", basis_source="")
        say(cast, answer_of(cast.other_ngo), "decline", cast.other_manager)
        said = say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)
        say(cast, said, "take_back", cast.ngo_manager)
        assert not clock(request_clocks.GIVE_BACK, round_).is_open

    def test_late_comes_to_the_co_ordination(self, cast: Cast) -> None:
        round_ = asking.open_now(cast, cast.funder)
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)
        for days in range(60):
            remind(cast.at + timedelta(days=days))
        row = clock(request_clocks.GIVE_BACK, round_)
        told_of = set(row.reminders.values_list("stage", "recipient__email"))
        assert ("after", cast.funder.email) in told_of
        assert ("escalate", cast.co_ordinator.email) in told_of

    def give(self, cast: Cast, round_: RequestRound, who: Any = None, **said: Any) -> RequestRound:
        by = cast.actor(who or cast.co_ordinator)
        return requests.give_back(round_=round_, by=by, at=cast.at, **said)

    def test_ends_what_is_owed_and_tells_those_who_answered(self, cast: Cast) -> None:
        round_ = asking.open_now(cast)
        say(cast, answer_of(cast.ngo), "answer", cast.ngo_manager)
        with pytest.raises(MissingAnswers):
            self.give(cast, round_, text=" ")
        with pytest.raises(NotAllowed):
            self.give(cast, round_, cast.ngo_manager, text="Invented.")
        back = self.give(cast, round_, text="Invented figures.")
        assert clock(request_clocks.GIVE_BACK, back).met_at == cast.at
        assert cast.ngo_manager.email in told(request_notices.GIVEN_BACK, back)
        assert cast.other_manager.email not in told(request_notices.GIVEN_BACK, back)

    def test_said_twice_is_said_once(self, cast: Cast) -> None:
        round_ = asking.open_now(cast)
        for _time in range(2):
            self.give(cast, round_, link="https://example.org/invented")
        assert RequestEvent.objects.filter(kind=RequestEventKind.GIVEN_BACK).count() == 1


class TestEnd:
    def test_needs_a_reason_and_asks_nobody_any_more(self, cast: Cast) -> None:
        round_ = asking.open_now(cast)
        by = cast.actor(cast.co_ordinator)
        said = say(cast, answer_of(cast.other_ngo), "answer", cast.other_manager)
        with pytest.raises(MissingAnswers):
            REQUEST.apply(round_.request, "end", by=by, at=cast.at, reason=" ")
        REQUEST.apply(round_.request, "end", by=by, at=cast.at, reason="Invented: not used.")
        assert answer_of(cast.ngo).state == AnswerState.DROPPED
        assert clock(request_notices.ANSWER, answer_of(cast.ngo)).cancelled_at == cast.at
        assert RequestAnswer.objects.get(pk=said.pk).state == AnswerState.ANSWERED
        assert clock(request_clocks.GIVE_BACK, round_).is_open, "it is still owed"
        assert cast.ngo_manager.email in told("request_ended", round_.request)
        assert requests.open_due_rounds(cast.at + timedelta(days=400)) == 0

    def test_of_a_draft_tells_nobody(self, cast: Cast) -> None:
        request = asking.draft(cast)
        by = cast.actor(cast.co_ordinator)
        REQUEST.apply(request, "end", by=by, at=cast.at, reason="Invented.")
        assert told("request_ended", request) == set()
        seen = RecurringRequest.objects.visible_to(cast.actor(cast.ngo_manager))
        assert not seen.filter(pk=request.pk).exists()

    def test_comes_with_the_organisation_that_leaves(self, cast: Cast) -> None:
        asking.open_now(cast)
        own = asking.announced(cast, cast.other_manager, title="Of Open Door")
        answer = answer_of(cast.other_ngo)
        by = cast.actor(cast.other_manager)
        ORGANISATION.apply(cast.other_ngo, "leave", by=by, at=cast.at)
        assert RecurringRequest.objects.get(pk=own.pk).state == RequestState.ENDED
        assert RequestAnswer.objects.get(pk=answer.pk).state == AnswerState.DROPPED
        assert not clock(request_notices.ANSWER, answer).is_open


def test_both_tables_are_complete() -> None:
    REQUEST.assert_complete(RequestState.values)
    ANSWER.assert_complete(AnswerState.values)
