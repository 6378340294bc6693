"""The engine of every state: what it refuses, what it writes, and that two at once make one."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.marks import Decision, Permission
from common.workflow import (
    MissingAnswers,
    NotAllowed,
    NotPossible,
    Refusal,
    Stale,
    Transition,
    Workflow,
)
from tests.testapp.models import Parcel, ParcelEvent, ParcelState, Ticket

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EDIT, REVIEW = Permission.ORGANISATION_EDIT, Permission.ORGANISATION_REVIEW
DRAFT, SENT, HELD, ACCEPTED, DECLINED = ParcelState


@dataclass(frozen=True)
class Clerk:
    """An actor with whatever permissions a test gives."""

    user_id: int | None = 7
    permissions: frozenset[Permission] = frozenset({EDIT, REVIEW})
    organisation_id: int | None = None
    group_ids: tuple[int, ...] = ()
    proved_at: datetime | None = None
    system: str = ""
    at: datetime = AT
    label: str = "clerk"


@dataclass
class Recorder:
    """Stands for what an app does next, and remembers in which order."""

    calls: list[str] = field(default_factory=list)

    def __call__(self, obj, event, *, by, at):
        self.calls.append(f"{event.verb} by {by.label} at {at:%H:%M}")


def may(actor, permission, obj):
    return Decision(permission in actor.permissions, "Only a reviewer may do this.")


def write_event(obj, transition, *, by, at, comment, old, new, answers):
    return ParcelEvent.objects.create(
        parcel=obj,
        verb=f"parcel.{transition.name}",
        at=at,
        comment=comment,
        old=old,
        new=new,
        answers=answers,
    )


def must_have_shelf(parcel, *, by, at, answers):
    """A shelf is known."""
    if not (answers.get("shelf") or parcel.shelf):
        return Refusal("There is no shelf for it.")
    return None


def back_to_where_it_was(parcel, answers):
    return parcel.held_from


def remember(parcel, event, *, by, at):
    """The one who sent it is told."""
    Parcel.objects.filter(pk=parcel.pk).update(held_from=event.old)


def workflow(*extra, then=()):
    return Workflow(
        "testapp.Parcel",
        [
            Transition("send", DRAFT, SENT, EDIT, may_ask=("shelf",), then=then),
            Transition("hold", (SENT, DRAFT), HELD, EDIT, then=(remember,)),
            Transition("resume", HELD, (SENT, DRAFT), EDIT, chooses=back_to_where_it_was),
            Transition("accept", SENT, ACCEPTED, REVIEW, guard=must_have_shelf, stamps="answered"),
            Transition(
                "decline", SENT, DECLINED, REVIEW, asks=("declined_reason",), stamps="answered"
            ),
            *extra,
        ],
        event=write_event,
        may=may,
    )


PARCEL = workflow()
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def clerk():
    return Clerk()


@pytest.fixture
def parcel():
    return Parcel.objects.create()


@pytest.fixture
def sent(parcel, clerk):
    return PARCEL.apply(parcel, "send", by=clerk, at=AT, shelf="B")


class TestApply:
    def test_writes_state_stamps_and_version(self, parcel, clerk):
        sent = PARCEL.apply(parcel, "send", by=clerk, at=AT)
        kept = Parcel.objects.get()
        assert (kept.state, kept.sent_at, kept.sent_by_id, kept.version) == (SENT, AT, 7, 2)
        assert (sent.state, sent.version) == (kept.state, kept.version)

    def test_leaves_the_callers_object_as_it_was(self, parcel, clerk):
        PARCEL.apply(parcel, "send", by=clerk, at=AT)
        assert parcel.state == DRAFT

    def test_writes_one_event_with_both_states_and_the_comment(self, parcel, clerk):
        PARCEL.apply(parcel, "send", by=clerk, at=AT, comment="urgent", shelf="B")
        event = ParcelEvent.objects.get()
        assert (event.verb, event.old, event.new) == ("parcel.send", DRAFT, SENT)
        assert (event.comment, event.answers, event.at) == ("urgent", {"shelf": "B"}, AT)

    def test_writes_answers_that_are_fields(self, sent):
        assert Parcel.objects.get().shelf == "B"

    def test_writes_history(self, sent):
        assert list(Parcel.history.values_list("state", "version")) == [(SENT, 2), (DRAFT, 1)]

    def test_saves_only_what_it_changed(self, parcel, clerk):
        Parcel.objects.filter(pk=parcel.pk).update(shelf="A")
        parcel.shelf = "never saved"
        with CaptureQueriesContext(connection) as queries:
            assert PARCEL.apply(parcel, "send", by=clerk, at=AT).shelf == "A"
        assert Parcel.objects.get().shelf == "A"
        saved = [each["sql"] for each in queries if each["sql"].startswith("UPDATE")]
        assert len(saved) == 1
        assert "shelf" not in saved[0]

    def test_stamps_under_the_name_the_table_gives(self, sent, clerk):
        PARCEL.apply(sent, "accept", by=clerk, at=AT)
        kept = Parcel.objects.get()
        assert (kept.answered_at, kept.accepted_at) == (AT, None)

    def test_goes_back_to_the_state_that_is_chosen(self, sent, clerk):
        held = PARCEL.apply(sent, "hold", by=clerk, at=AT)
        assert PARCEL.apply(held, "resume", by=clerk, at=AT).state == SENT

    def test_refuses_a_choice_outside_the_table(self, clerk):
        held = Parcel.objects.create(state=HELD, held_from=ACCEPTED)
        with pytest.raises(ImproperlyConfigured, match="accepted"):
            PARCEL.apply(held, "resume", by=clerk, at=AT)
        assert Parcel.objects.get().state == HELD

    def test_works_without_version_and_stamps(self, clerk):
        def no_event(obj, transition, **facts):
            return facts["new"]

        ticket = Ticket.objects.create()
        closing = [Transition("close", "open", "closed", EDIT)]
        flow = Workflow("testapp.Ticket", closing, event=no_event, may=may)
        assert flow.apply(ticket, "close", by=clerk, at=AT).state == "closed"

    def test_stamps_no_person_for_the_system(self, sent):
        system = Clerk(user_id=None, system="sweep")
        assert PARCEL.apply(sent, "accept", by=system, at=AT).state == ACCEPTED

    def test_costs_one_read_one_save_its_history_and_one_event(
        self, parcel, clerk, django_assert_num_queries
    ):
        with django_assert_num_queries(
            6
        ):  # two of them are the savepoint of the test's transaction
            PARCEL.apply(parcel, "send", by=clerk, at=AT)

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks no rows")
    def test_locks_the_row_and_nothing_joined_to_it(self, parcel, clerk):
        with CaptureQueriesContext(connection) as queries:
            PARCEL.apply(parcel, "send", by=clerk, at=AT)
        reads = [q["sql"] for q in queries if q["sql"].startswith("SELECT")]
        assert len(reads) == 1
        assert reads[0].endswith('FOR UPDATE OF "testapp_parcel"')


class TestRefusals:
    def test_refuses_whoever_may_not(self, sent):
        with pytest.raises(NotAllowed, match="Only a reviewer"):
            PARCEL.apply(sent, "accept", by=Clerk(permissions=frozenset({EDIT})), at=AT)
        assert Parcel.objects.get().state == SENT

    def test_tells_whoever_may_not_nothing_of_the_row(self, sent):
        """Not even that it changed: who may is asked before the version and the state."""
        outsider = Clerk(permissions=frozenset())
        for version in (1, 99):
            with pytest.raises(NotAllowed):
                PARCEL.apply(sent, "send", by=outsider, at=AT, version=version)

    def test_refuses_a_version_that_is_no_longer_the_rows(self, sent, clerk):
        with pytest.raises(Stale) as caught:
            PARCEL.apply(sent, "accept", by=clerk, at=AT, version=1)
        assert (caught.value.current.version, caught.value.current.shelf) == (2, "B")
        assert Parcel.objects.get().state == SENT

    def test_shows_a_stale_reader_the_row_before_speaking_of_states(self, sent, clerk):
        PARCEL.apply(sent, "accept", by=clerk, at=AT)
        with pytest.raises(Stale) as caught:
            PARCEL.apply(sent, "accept", by=clerk, at=AT, version=2)
        assert caught.value.current.state == ACCEPTED

    def test_takes_the_version_that_is_the_rows(self, sent, clerk):
        assert PARCEL.apply(sent, "accept", by=clerk, at=AT, version=2).version == 3

    def test_refuses_twice_the_same_and_says_what_is_possible(self, sent, clerk):
        with pytest.raises(NotPossible) as caught:
            PARCEL.apply(sent, "send", by=clerk, at=AT)
        assert str(caught.value) == (
            "“Send” is not possible: the state is “Sent”. Possible: Hold, Accept, Decline."
        )

    def test_says_when_nothing_is_possible_any_more(self, sent, clerk):
        accepted = PARCEL.apply(sent, "accept", by=clerk, at=AT)
        with pytest.raises(NotPossible, match="“Accepted”, and it is final"):
            PARCEL.apply(accepted, "send", by=clerk, at=AT)

    def test_judges_the_row_in_the_database_and_not_the_callers_copy(self, parcel, clerk):
        Parcel.objects.filter(pk=parcel.pk).update(
            state=DECLINED, answered_at=AT, declined_reason="full"
        )
        with pytest.raises(NotPossible, match="Declined"):
            PARCEL.apply(parcel, "send", by=clerk, at=AT)

    @pytest.mark.parametrize("answer", [None, "", "   ", [], ()])
    def test_refuses_an_empty_answer_to_a_required_question(self, sent, clerk, answer):
        with pytest.raises(MissingAnswers) as caught:
            PARCEL.apply(sent, "decline", by=clerk, at=AT, declined_reason=answer)
        assert caught.value.names == ("declined_reason",)

    @pytest.mark.parametrize("answer", [False, 0])
    def test_takes_no_and_nought_for_answers(self, parcel, clerk, answer):
        flow = workflow(Transition("weigh", DRAFT, SENT, EDIT, asks=("grams",)))
        assert flow.apply(parcel, "weigh", by=clerk, at=AT, grams=answer).state == SENT

    def test_refuses_an_answer_nobody_asked_for(self, parcel, clerk):
        with pytest.raises(TypeError, match="declined_reason"):
            PARCEL.apply(parcel, "send", by=clerk, at=AT, declined_reason="written anyway")

    def test_refuses_when_the_facts_stand_against_it(self, parcel, clerk):
        sent = PARCEL.apply(parcel, "send", by=clerk, at=AT)
        with pytest.raises(NotPossible, match="no shelf"):
            PARCEL.apply(sent, "accept", by=clerk, at=AT)

    def test_refuses_another_models_row(self, clerk):
        with pytest.raises(TypeError, match="testapp.Ticket"):
            PARCEL.apply(Ticket.objects.create(), "send", by=clerk, at=AT)

    def test_writes_no_event_for_what_it_refuses(self, sent, clerk):
        before = ParcelEvent.objects.count()
        with pytest.raises(NotPossible):
            PARCEL.apply(sent, "send", by=clerk, at=AT)
        assert ParcelEvent.objects.count() == before


class TestWhatFollows:
    def test_runs_in_order_with_the_event(self, parcel, clerk):
        first, second = Recorder(), Recorder()
        workflow(then=(first, second)).apply(parcel, "send", by=clerk, at=AT)
        assert first.calls == second.calls == ["parcel.send by clerk at 09:30"]

    def test_takes_everything_back_when_it_fails(self, parcel, clerk):
        def fails(obj, event, *, by, at):
            raise RuntimeError("no inbox")

        with pytest.raises(RuntimeError):
            workflow(then=(fails,)).apply(parcel, "send", by=clerk, at=AT)
        assert Parcel.objects.get().state == DRAFT
        assert not ParcelEvent.objects.exists()
        assert Parcel.history.count() == 1


class TestAvailable:
    def names(self, found):
        return {transition.name: bool(decision) for transition, decision in found}

    def test_offers_what_leaves_this_state(self, parcel, clerk):
        assert self.names(PARCEL.available(parcel, clerk)) == {"send": True, "hold": True}

    def test_keeps_what_this_actor_may_not_with_the_reason(self, sent):
        found = PARCEL.available(sent, Clerk(permissions=frozenset({EDIT})))
        assert self.names(found) == {"hold": True, "accept": False, "decline": False}
        assert str(found[1][1].reason) == "Only a reviewer may do this."

    def test_gives_the_guards_reason_to_whoever_may(self, parcel, clerk):
        sent = PARCEL.apply(parcel, "send", by=clerk, at=AT)
        decisions = {t.name: d for t, d in PARCEL.available(sent, clerk)}
        assert not decisions["accept"]
        assert decisions["accept"].reason == "There is no shelf for it."

    def test_asks_nothing_of_the_database(self, sent, clerk, django_assert_num_queries):
        with django_assert_num_queries(0):
            PARCEL.available(sent, clerk)


class TestTable:
    def test_is_complete(self):
        PARCEL.assert_complete(ParcelState.values)

    def test_fails_on_a_state_nobody_reaches(self):
        with pytest.raises(AssertionError, match="never reached .*'lost'"):
            PARCEL.assert_complete([*ParcelState.values, "lost"])

    def test_fails_on_a_state_nobody_knows(self):
        with pytest.raises(AssertionError, match="unknown states .*'held'"):
            PARCEL.assert_complete([state for state in ParcelState.values if state != HELD])

    def test_begins_where_it_is_told(self):
        with pytest.raises(AssertionError, match="never reached .*'draft'"):
            workflow().assert_complete(ParcelState.values, initial=ACCEPTED)

    def test_reads_in_words(self):
        rows = {row.name: row for row in PARCEL.rows()}
        assert rows["Accept"].unless == "A shelf is known"
        assert rows["Hold"].from_ == ("Sent", "Draft")
        assert rows["Hold"].follows == "The one who sent it is told"
        assert rows["Decline"].asks == ("declined reason",)

    def test_draws_a_line_for_each_transition(self):
        lines = PARCEL.as_table().splitlines()
        assert len(lines) == 2 + len(PARCEL.transitions)
        assert lines[2].startswith("| Send | Draft | Sent | organisation_edit |")

    def test_refuses_two_of_one_name(self):
        with pytest.raises(ImproperlyConfigured, match="share a name"):
            workflow(Transition("send", DRAFT, SENT, EDIT))

    @pytest.mark.parametrize("name", ["state", "version", "id", "uuid"])
    def test_refuses_to_ask_for_what_the_engine_keeps(self, name):
        with pytest.raises(ImproperlyConfigured, match=name):
            Transition("send", DRAFT, SENT, EDIT, asks=(name,))

    def test_refuses_several_targets_without_a_choice(self):
        with pytest.raises(ImproperlyConfigured, match="chooses"):
            Transition("send", DRAFT, (SENT, HELD), EDIT)

    def test_refuses_stamps_the_model_does_not_have(self, parcel, clerk):
        flow = workflow(Transition("lose", DRAFT, SENT, EDIT, stamps="lost"))
        with pytest.raises(ImproperlyConfigured, match="lost_at"):
            flow.apply(parcel, "lose", by=clerk, at=AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one writer on SQLite")
class TestRace:
    def test_lets_one_of_eight_through(self, parcel, clerk):
        """Eight people accept the same row at once: one event, seven told that it is done."""
        sent = PARCEL.apply(parcel, "send", by=clerk, at=AT, shelf="B")
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def accept():
            try:
                start.wait()
                PARCEL.apply(sent, "accept", by=clerk, at=AT)
                outcomes.append("done")
            except NotPossible:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=accept) for _n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done"] + ["refused"] * 7
        assert ParcelEvent.objects.filter(verb="parcel.accept").count() == 1
        assert Parcel.objects.get().version == 3
