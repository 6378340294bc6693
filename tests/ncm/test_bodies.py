"""Bodies and seats: who sits where, under which name, and what stays of a seat that ended."""

from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Notice
from ncm.bodies_choices import SeatKind, SeatRole
from ncm.bodies_names import Names, own_seat, unnamed
from ncm.models import Body, BodyEvent, ItemEvent, Meeting, MeetingEvent, QuorumRule, Seat
from ncm.services import bodies
from tests.ncm import sittings as at_table
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


class TestATaskForce:
    def test_became_a_body_with_its_row_kept_and_a_code_of_its_own(self, cast: Cast) -> None:
        row = at_table.body(cast)
        Body.objects.filter(pk=row.pk).update(code="X")
        migration = import_module("ncm.migrations.0003_body")
        migration.give_codes(apps, None)
        again = at_table.now(row)
        assert (again.uuid, again.name, again.code) == (row.uuid, row.name, f"B{row.pk}")


class TestABody:
    def test_is_entered_once_however_often_it_is_sent(self, cast: Cast) -> None:
        key, by = uuid4(), cast.actor(cast.co_ordinator)
        for _twice in range(2):
            bodies.enter_body(client_key=key, name="A (invented)", code="A", by=by, at=cast.at)
        assert Body.objects.count() == 1

    def test_is_kept_by_its_secretariat_alone(self, cast: Cast) -> None:
        row = at_table.body(cast)
        for other in (cast.ngo_manager, cast.rapporteur, cast.funder):
            with pytest.raises(NotAllowed):
                bodies.change_body(
                    body=row, by=cast.actor(other), at=cast.at, version=1, mandate="Ours."
                )

    def test_is_not_left_to_nobody_when_its_secretariat_lost_the_co_ordination(
        self, cast: Cast
    ) -> None:
        row = at_table.body(cast, kept_by=cast.fund)
        changed = bodies.change_body(
            body=row, by=cast.actor(cast.co_ordinator), at=cast.at, version=1, mandate="New."
        )
        assert changed.mandate == "New."

    def test_refuses_a_change_over_somebody_elses(self, cast: Cast) -> None:
        row, by = at_table.body(cast), cast.actor(cast.co_ordinator)
        bodies.change_body(body=row, by=by, at=cast.at, version=1, mandate="First.")
        with pytest.raises(Stale):
            bodies.change_body(body=row, by=by, at=cast.at, version=1, mandate="Second.")

    def test_is_known_to_every_member_and_to_nobody_else(self, cast: Cast) -> None:
        at_table.seated(cast)
        for member in (cast.ngo_caseworker, cast.police_officer, cast.officer, cast.funder):
            assert Body.objects.visible_to(cast.actor(member)).exists()
            assert Seat.objects.visible_to(cast.actor(member)).count() == 4
        for outsider in (cast.applicant, cast.stranger, cast.former, cast.administrator):
            assert not Body.objects.visible_to(cast.actor(outsider)).exists()
            assert not Seat.objects.visible_to(cast.actor(outsider)).exists()

    def test_is_not_dissolved_while_a_meeting_is_to_come(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        at_table.planned(cast, row)
        with pytest.raises(NotPossible, match="to come"):
            bodies.dissolve(
                body=row, on=cast.at.date(), words="Done.", by=cast.actor(cast.co_ordinator),
                at=cast.at,
            )  # fmt: skip

    def test_keeps_its_mandate_document_once(self, cast: Cast) -> None:
        row, by = at_table.body(cast), cast.actor(cast.co_ordinator)
        for _twice in range(2):
            bodies.add_document(
                body=row, title="Order", name="order.pdf", content=at_table.PDF, by=by, at=cast.at
            )
        assert row.documents.count() == 1
        with pytest.raises(NotPossible, match="PDF"):
            bodies.add_document(
                body=row, title="Page", name="page.html", content=b"\x00", by=by, at=cast.at
            )


class TestQuorum:
    def test_rules_are_dated_and_never_rewritten(self, cast: Cast) -> None:
        row, by = at_table.body(cast), cast.actor(cast.co_ordinator)
        today = cast.at.date()
        bodies.set_quorum(body=row, seat_kind="cso", at_least=1, from_on=today, by=by, at=cast.at)
        later = today + timedelta(days=10)
        bodies.set_quorum(body=row, seat_kind="cso", at_least=2, from_on=later, by=by, at=cast.at)
        rules = QuorumRule.objects.order_by("from_on").values_list("at_least", "until_on")
        assert list(rules) == [(1, later - timedelta(days=1)), (2, None)]
        with pytest.raises(NotPossible):
            bodies.set_quorum(
                body=row, seat_kind="cso", at_least=3, from_on=today, by=by, at=cast.at
            )

    def test_asks_for_somebody(self, cast: Cast) -> None:
        row = at_table.body(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            QuorumRule.objects.create(body=row, at_least=0, from_on=cast.at.date())


class TestASeat:
    def test_of_civil_society_is_not_for_a_state_agency(self, cast: Cast) -> None:
        row = at_table.body(cast)
        with pytest.raises(NotPossible, match="State agency"):
            at_table.seat(cast, row, cast.police, SeatKind.CSO)
        with pytest.raises(NotPossible):
            at_table.seat(cast, row, cast.ngo, SeatKind.STATE)

    def test_is_for_members_of_the_mechanism(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="member"):
            at_table.seat(cast, at_table.body(cast), cast.applying, SeatKind.CSO)

    def test_is_one_for_an_organisation(self, cast: Cast) -> None:
        row = at_table.body(cast)
        at_table.seat(cast, row, cast.ngo, SeatKind.CSO)
        with pytest.raises(NotPossible, match="already"):
            at_table.seat(cast, row, cast.ngo, SeatKind.CSO)

    def test_of_an_observer_has_no_vote(self, cast: Cast) -> None:
        row = at_table.body(cast)
        with pytest.raises(NotPossible, match="observer"):
            at_table.seat(cast, row, cast.ngo, SeatKind.CSO, role=SeatRole.OBSERVER)
        seat = at_table.seat(
            cast, row, cast.ngo, SeatKind.CSO, role=SeatRole.OBSERVER, has_vote=False
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.filter(pk=seat.pk).update(has_vote=True)

    def test_is_an_organisations_or_a_persons_and_never_both(self, cast: Cast) -> None:
        seat = at_table.seat(cast, at_table.body(cast), cast.ngo, SeatKind.CSO)
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.filter(pk=seat.pk).update(holder=cast.ngo_manager)
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.filter(pk=seat.pk).update(chosen_name="River")

    def test_tells_whoever_speaks_for_it(self, cast: Cast) -> None:
        row = at_table.body(cast)
        at_table.seat(cast, row, cast.ngo, SeatKind.CSO)
        at_table.seat(cast, row, cast.authority, SeatKind.STATE)
        told = set(Notice.objects.filter(kind="seat_given").values_list("recipient_id", flat=True))
        assert cast.ngo_manager.pk in told
        assert cast.ngo_caseworker.pk not in told
        # Nobody speaks for the authority here: those who read are told.
        assert cast.officer.pk in told

    def test_that_ended_keeps_the_meetings_of_its_time_and_no_later_one(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        during = at_table.planned(cast, row, days=1)
        after = at_table.planned(cast, row, days=40)
        ngo = cast.actor(cast.ngo_manager)
        assert set(Meeting.objects.visible_to(ngo)) == {during, after}
        bodies.end_seat(
            seat=cast.rows["seat ngo"], on=(cast.at + timedelta(days=5)).date(), words="Left.",
            by=cast.actor(cast.co_ordinator), at=cast.at,
        )  # fmt: skip
        later = cast.actor(cast.ngo_manager, cast.at + timedelta(days=10))
        assert list(Meeting.objects.visible_to(later)) == [during]

    def test_that_never_was_sees_no_meeting(self, cast: Cast) -> None:
        at_table.planned(cast, at_table.seated(cast))
        for outsider in (cast.other_manager, cast.ngo_manager.__class__()):
            if outsider.pk:
                assert not Meeting.objects.visible_to(cast.actor(outsider)).exists()
        assert Meeting.objects.visible_to(cast.actor(cast.rapporteur)).exists()
        assert Meeting.objects.visible_to(cast.actor(cast.second_co_ordinator)).exists()

    def test_refuses_to_end_before_a_meeting_it_came_to(self, cast: Cast) -> None:
        meeting, _item = at_table.sitting(cast)
        at_table.all_came(cast, meeting)
        with pytest.raises(NotPossible, match="minutes"):
            bodies.end_seat(
                seat=cast.rows["seat ngo"], on=cast.at.date(), words="Left.",
                by=cast.actor(cast.co_ordinator), at=cast.at,
            )  # fmt: skip


class TestASeatUnderAChosenName:
    def test_is_called_so_at_its_table_and_by_no_name_elsewhere(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        seat = at_table.own_seat(cast, row, cast.other_manager)
        for at_the_table in (cast.ngo_manager, cast.co_ordinator, cast.rapporteur):
            assert Names(cast.actor(at_the_table), [seat])[seat] == "River"
        assert Names(cast.actor(cast.unlisted_manager), [seat])[seat] == own_seat()

    def test_shows_the_account_in_no_event_whatever_its_holder_does(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        seat = at_table.own_seat(cast, row, cast.other_manager)
        at_table.submitted(cast, cast.other_manager, seat)
        for events in (BodyEvent, MeetingEvent, ItemEvent):
            assert not events.objects.filter(by=cast.other_manager).exists()
        assert ItemEvent.objects.get().by_seat == seat

    def test_is_spoken_for_by_its_holder_alone(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        seat = at_table.own_seat(cast, row, cast.other_manager)
        for other in (cast.ngo_manager, cast.co_ordinator, cast.rapporteur):
            with pytest.raises(NotAllowed):
                at_table.submitted(cast, other, seat)

    def test_is_for_survivors_leaders_and_experts(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="organisation sits"):
            at_table.seat(cast, at_table.body(cast), None, SeatKind.STATE, chosen_name="Minister")


class TestNames:
    def test_of_unlisted_organisations_are_for_who_may_know(self, cast: Cast) -> None:
        row = at_table.seated(cast)
        seat = at_table.seat(cast, row, cast.unlisted_ngo, SeatKind.CSO)
        assert Names(cast.actor(cast.ngo_manager), [seat])[seat] == unnamed()
        own = Names(cast.actor(cast.unlisted_manager), [seat])[seat]
        assert own == cast.unlisted_ngo.display_name
