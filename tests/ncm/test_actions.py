"""Action points: who gives, sees, does and verifies them; their clocks; what never happens."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from deadlines.services.sweep import sweep
from ncm.action_choices import ActionState, Priority
from ncm.action_workflow import ACTION, EVENTS
from ncm.models import ActionComment, ActionEvent, ActionFile, ActionPoint
from ncm.services import action_points
from tests.ncm import actions, sittings
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db]
S = ActionState


def sees(cast: Cast, name: str, row: ActionPoint) -> bool:
    actor = cast.actor(getattr(cast, name))
    return ActionPoint.objects.visible_to(actor).filter(pk=row.pk).exists()


def clock(row: ActionPoint, kind: str = "action_point") -> Deadline:
    """Of several groups that speak for one organisation each has it: they end together."""
    rows = Deadline.objects.open().filter(kind=kind, subject_uuid=row.uuid)
    assert rows.values("due_at").distinct().count() == 1
    return rows[0]


class TestTheTable:
    def test_reaches_every_state_and_has_an_event_for_every_act(self) -> None:
        ACTION.assert_complete(S.values)
        assert set(EVENTS) == {each.name for each in ACTION.transitions}


class TestMaking:
    def test_is_for_ones_own_organisation_and_the_co_ordinations_for_any(self, cast: Cast) -> None:
        assert actions.own(cast).responsible == cast.ngo
        assert actions.made(cast, responsible=cast.other_ngo).by_organisation == cast.ministry
        with pytest.raises(NotAllowed):
            actions.own(cast, responsible=cast.other_ngo)
        for user in (cast.ngo_caseworker, cast.officer, cast.applicant):
            with pytest.raises(NotAllowed):
                actions.made(cast, user=user)

    def test_is_done_once_for_a_form_sent_twice(self, cast: Cast) -> None:
        key = uuid4()
        assert actions.made(cast, client_key=key) == actions.made(cast, client_key=key)
        assert ActionPoint.objects.count() == 1
        with pytest.raises(NotAllowed):
            actions.own(cast, client_key=key)

    def test_refuses_a_day_that_has_passed(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="a day to come"):
            actions.made(cast, due_on=actions.today(cast) - timedelta(days=1))

    def test_starts_the_clock_of_the_responsible_and_tells_them(self, cast: Cast) -> None:
        row = actions.made(cast)
        assert clock(row).organisation_uuid == cast.ngo.uuid
        assert clock(row).due_at > cast.at + timedelta(days=9)
        told = Notice.objects.filter(kind="action_given")
        assert told.filter(recipient=cast.ngo_manager).exists()
        assert not told.filter(recipient__in=[cast.co_ordinator, cast.other_manager]).exists()

    def test_reaches_an_organisation_where_nobody_speaks(self, cast: Cast) -> None:
        row = actions.made(cast, responsible=cast.authority)
        assert Notice.objects.filter(kind="action_given", recipient=cast.officer).exists()
        row = actions.reported(cast, row, cast.officer)
        assert row.state == S.REPORTED


class TestSight:
    def test_is_of_the_two_organisations_and_those_who_keep_or_report(self, cast: Cast) -> None:
        row = actions.made(cast)
        for name in ("ngo_manager", "ngo_caseworker", "co_ordinator", "rapporteur"):
            assert sees(cast, name, row), name
        for name in ("other_manager", "unlisted_manager", "officer", "funder", "applicant",
                     "former", "administrator", "police_officer"):  # fmt: skip
            assert not sees(cast, name, row), name

    def test_of_what_hangs_on_it_is_the_same(self, cast: Cast) -> None:
        row = actions.made(cast)
        action_points.write_comment(
            client_key=uuid4(), point=row, words="Soon.", by=cast.actor(cast.ngo_manager),
            at=cast.at,
        )  # fmt: skip
        for model in (ActionComment, ActionEvent):
            assert model.objects.visible_to(cast.actor(cast.ngo_caseworker)).exists()
            assert not model.objects.visible_to(cast.actor(cast.other_manager)).exists()


class TestDoing:
    def test_goes_from_open_to_verified(self, cast: Cast) -> None:
        row = actions.act(cast, actions.made(cast), "begin", cast.ngo_manager)
        assert row.state == S.IN_PROGRESS
        row = actions.reported(cast, row)
        assert (row.state, row.evidence) == (S.REPORTED, actions.EVIDENCE)
        assert clock(row, "action_verification").organisation_uuid == cast.ministry.uuid
        assert not Deadline.objects.open().filter(kind="action_point").exists()
        row = actions.act(cast, row, "verify", cast.co_ordinator)
        assert (row.state, row.verified_by) == (S.VERIFIED, cast.co_ordinator)
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()
        assert Notice.objects.filter(kind="action_verified", recipient=cast.ngo_manager).exists()

    def test_asks_for_a_comment_and_for_evidence(self, cast: Cast) -> None:
        row = actions.made(cast)
        with pytest.raises(MissingAnswers):
            actions.act(cast, row, "report", cast.ngo_manager, evidence="Yes")
        with pytest.raises(NotPossible, match="what shows"):
            actions.act(cast, row, "report", cast.ngo_manager, comment="Done", evidence=" ")
        action_points.add_file(
            point=row, title="Order", name="order.txt", content=b"Order 12",
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
        assert actions.act(
            cast, row, "report", cast.ngo_manager, comment="Done", evidence=""
        ).state == S.REPORTED  # fmt: skip

    def test_is_the_named_persons_and_of_those_who_speak_there(self, cast: Cast) -> None:
        row = actions.made(cast)
        for user in (cast.co_ordinator, cast.other_manager):
            with pytest.raises(NotAllowed):
                actions.act(cast, row, "begin", user)
        row = actions.act(
            cast, row, "assign", cast.ngo_manager, responsible_person=cast.without_factor
        )
        with pytest.raises(NotAllowed):
            actions.reported(cast, row, cast.ngo_caseworker)
        row = actions.act(
            cast, row, "assign", cast.ngo_manager, responsible_person=cast.ngo_caseworker
        )
        assert actions.reported(cast, row, cast.ngo_caseworker).state == S.REPORTED

    def test_is_named_within_the_organisation_and_its_clock_follows(self, cast: Cast) -> None:
        row = actions.made(cast)
        assert clock(row).group_id is not None
        with pytest.raises(NotPossible, match="colleague"):
            actions.act(
                cast, row, "assign", cast.ngo_manager, responsible_person=cast.other_manager
            )
        row = actions.act(
            cast, row, "assign", cast.ngo_manager, responsible_person=cast.ngo_caseworker
        )
        assert clock(row).user == cast.ngo_caseworker
        assert Notice.objects.filter(kind="action_assigned", recipient=cast.ngo_caseworker).exists()

    def test_sent_back_runs_again_and_keeps_what_was_written(self, cast: Cast) -> None:
        row = actions.sent_back(cast)
        assert (row.state, row.evidence) == (S.SENT_BACK, actions.EVIDENCE)
        assert row.due_before_on == actions.today(cast) + timedelta(days=10)
        assert clock(row).due_at.date() == actions.today(cast) + timedelta(days=5)
        assert Notice.objects.filter(kind="action_sent_back").exists()


class TestVerifying:
    def test_is_never_of_ones_own_work(self, cast: Cast) -> None:
        row = actions.reported(cast, actions.own(cast))
        with pytest.raises(NotPossible, match="Somebody else"):
            actions.act(cast, row, "verify", cast.ngo_manager)
        with pytest.raises(IntegrityError), transaction.atomic():
            ActionPoint.objects.filter(pk=row.pk).update(
                state=S.VERIFIED, verified_at=cast.at, verified_by=row.reported_by
            )

    def test_of_what_one_gave_oneself_is_a_second_persons(self, cast: Cast) -> None:
        row = actions.reported(cast, actions.own(cast), cast.ngo_caseworker)
        with pytest.raises(NotPossible, match="second person"):
            actions.act(cast, row, "verify", cast.ngo_manager)
        with pytest.raises(IntegrityError), transaction.atomic():
            ActionPoint.objects.filter(pk=row.pk).update(
                state=S.VERIFIED, verified_at=cast.at, verified_by=cast.ngo_manager
            )
        assert actions.act(cast, row, "verify", cast.without_factor).state == S.VERIFIED

    def test_with_high_priority_is_a_second_persons(self, cast: Cast) -> None:
        row = actions.reported(cast, actions.urgent(cast))
        with pytest.raises(NotPossible, match="second person"):
            actions.act(cast, row, "verify", cast.co_ordinator)
        assert actions.act(cast, row, "verify", cast.second_co_ordinator).state == S.VERIFIED

    def test_is_of_those_who_gave_it_or_keep_the_co_ordination(self, cast: Cast) -> None:
        row = actions.reported(cast, actions.own(cast), cast.ngo_caseworker)
        for user in (cast.other_manager, cast.ngo_caseworker, cast.officer):
            with pytest.raises(NotAllowed):
                actions.act(cast, row, "verify", user)
        assert actions.act(cast, row, "verify", cast.co_ordinator).state == S.VERIFIED

    def test_that_nobody_does_moves_up_and_never_happens_by_itself(self, cast: Cast, at) -> None:
        row = actions.reported(cast, actions.own(cast), cast.ngo_caseworker)
        sweep(at=at + timedelta(days=40), clock=timezone.now)
        assert Notice.objects.filter(recipient=cast.co_ordinator).exists()
        row.refresh_from_db()
        assert row.state == S.REPORTED

    def test_is_asked_of_those_who_can(self, cast: Cast) -> None:
        row = actions.reported(cast, actions.urgent(cast))

        def waiting(user) -> bool:
            return ActionPoint.objects.waiting_for(cast.actor(user)).filter(pk=row.pk).exists()

        assert waiting(cast.second_co_ordinator)
        for user in (cast.co_ordinator, cast.ngo_manager, cast.other_manager):
            assert not waiting(user)


class TestTheDay:
    def test_is_moved_with_a_reason_and_the_old_one_is_kept(self, cast: Cast) -> None:
        row = actions.made(cast)
        later = row.due_on + timedelta(days=20)
        with pytest.raises(MissingAnswers):
            actions.act(cast, row, "move", cast.co_ordinator, due_on=later, comment="")
        moved = actions.act(cast, row, "move", cast.co_ordinator, due_on=later, comment="Holidays")
        event = moved.events.get(kind="action.moved")
        assert (event.old_due_on, event.new_due_on) == (row.due_on, later)
        assert clock(moved).due_at.date() == later
        with pytest.raises(NotAllowed):
            actions.act(cast, moved, "move", cast.ngo_manager, due_on=row.due_on, comment="Us")

    def test_that_has_passed_moves_up_from_person_to_organisation_to_co_ordination(
        self, cast: Cast, at
    ) -> None:
        row = actions.made(cast)
        actions.act(cast, row, "assign", cast.ngo_manager, responsible_person=cast.ngo_caseworker)
        ladder = [cast.ngo_caseworker, cast.ngo_manager, cast.co_ordinator]
        told = []
        for days in (11, 13, 15):
            sweep(at=at + timedelta(days=days), clock=timezone.now)
            late = Notice.objects.filter(kind__startswith="deadline")
            told.append([late.filter(recipient=user).exists() for user in ladder])
        assert told == [[True, False, False], [True, True, False], [True, True, True]]


class TestTheText:
    def test_is_changed_once_by_two_who_read_the_same(self, cast: Cast) -> None:
        row, by = actions.made(cast), cast.actor(cast.co_ordinator)
        changed = action_points.change_text(
            point=row, by=by, at=cast.at, version=row.version, title="Another (invented)"
        )
        assert changed.title == "Another (invented)"
        with pytest.raises(Stale):
            action_points.change_text(
                point=row, by=by, at=cast.at, version=row.version, title="A third"
            )
        with pytest.raises(NotAllowed):
            action_points.change_text(
                point=row, by=cast.actor(cast.ngo_manager), at=cast.at, version=2, title="Ours"
            )

    def test_stays_once_it_is_reported_done(self, cast: Cast) -> None:
        row = actions.reported(cast)
        with pytest.raises(NotPossible):
            action_points.change_text(
                point=row, by=cast.actor(cast.co_ordinator), at=cast.at, version=row.version,
                title="Other",
            )  # fmt: skip


class TestCommentsAndDocuments:
    def test_are_of_both_sides_and_tell_the_other(self, cast: Cast) -> None:
        row, key = actions.made(cast), uuid4()
        for _twice in range(2):
            action_points.write_comment(
                client_key=key, point=row, words="We need a number.",
                by=cast.actor(cast.ngo_manager), at=cast.at,
            )  # fmt: skip
        assert row.comments.count() == 1
        assert Notice.objects.filter(kind="action_comment", recipient=cast.co_ordinator).exists()
        with pytest.raises(NotAllowed):
            action_points.write_comment(
                client_key=uuid4(), point=row, words="We too.",
                by=cast.actor(cast.other_manager), at=cast.at,
            )  # fmt: skip

    def test_are_kept_once_and_only_as_what_they_are(self, cast: Cast) -> None:
        row, by = actions.made(cast), cast.actor(cast.ngo_manager)
        for _twice in range(2):
            action_points.add_file(
                point=row, title="Order", name="order.txt", content=b"Order 12", by=by, at=cast.at
            )
        assert ActionFile.objects.count() == 1
        with pytest.raises(NotPossible):
            action_points.add_file(
                point=row, title="Order", name="order.pdf", content=b"no", by=by, at=cast.at
            )
        with pytest.raises(NotAllowed):
            action_points.add_file(
                point=row, title="Ours", name="a.txt", content=b"x",
                by=cast.actor(cast.co_ordinator), at=cast.at,
            )  # fmt: skip


class TestPriority:
    def test_is_high_or_normal(self, cast: Cast) -> None:
        assert actions.made(cast).priority == Priority.NORMAL
        assert not actions.made(cast).needs_two
        assert actions.urgent(cast).needs_two
        assert actions.own(cast).needs_two


class TestOfABody:
    def test_is_seen_by_whoever_sits_there_and_no_longer_when_they_do_not(self, cast: Cast) -> None:
        body = sittings.seated(cast)
        row = actions.made(cast, responsible=cast.other_ngo, body=body)
        for name in ("ngo_manager", "ngo_caseworker", "officer", "funder", "other_manager"):
            assert sees(cast, name, row), name
        assert not sees(cast, "unlisted_manager", row)
        cast.rows["seat ngo"].until_on = actions.today(cast) - timedelta(days=1)
        cast.rows["seat ngo"].from_on = actions.today(cast) - timedelta(days=9)
        cast.rows["seat ngo"].save()
        assert not sees(cast, "ngo_manager", row)

    def test_from_its_resolution_is_given_by_whoever_sits_to_any_member(self, cast: Cast) -> None:
        meeting, item = sittings.sitting(cast)
        sittings.all_came(cast, meeting)
        resolution = sittings.resolved(cast, sittings.carried(cast, item, meeting))
        row = actions.own(cast, responsible=cast.other_ngo, resolution=resolution)
        assert (row.body, row.resolution) == (resolution.body, resolution)
        with pytest.raises(NotAllowed, match="does not sit"):
            actions.made(cast, user=cast.other_manager, responsible=cast.ngo, resolution=resolution)
        with pytest.raises(NotAllowed, match="does not sit"):
            actions.made(
                cast, user=cast.other_manager, responsible=cast.other_ngo, body=resolution.body
            )
        with pytest.raises(NotAllowed):
            actions.own(cast, responsible=cast.other_ngo, body=resolution.body)
        with pytest.raises(IntegrityError), transaction.atomic():
            ActionPoint.objects.filter(pk=row.pk).update(body=None)
