"""The action plan: an adopted text changes through a revision only, and the former one stays."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.country import local_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from ncm import plan_figures, plan_text
from ncm.models import ActionPlan, Activity, ActivityStatus, PlanEvent, PlanReport, Revision
from ncm.plan_choices import FourP, PlanState, RevisionState
from ncm.plan_workflow import PLAN, REPORT, REVISION
from ncm.services import plan_reports, plans, revisions
from partners.services import emergencies
from tests.ncm import plans as stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
D = Decimal


class TestTables:
    def test_reach_every_state(self) -> None:
        PLAN.assert_complete(PlanState.values)
        REVISION.assert_complete(RevisionState.values)
        REPORT.assert_complete(["open", "sent"])


class TestADraft:
    def test_is_seen_by_the_co_ordination_alone(self, cast: Cast) -> None:
        plan = stages.draft(cast)
        for user, seen in ((cast.co_ordinator, 1), (cast.ngo_manager, 0), (cast.rapporteur, 0)):
            actor = cast.actor(user)
            assert ActionPlan.objects.visible_to(actor).filter(pk=plan.pk).count() == seen
            assert Activity.objects.visible_to(actor).count() == 2 * seen

    def test_sent_twice_is_one(self, cast: Cast) -> None:
        key, today = uuid4(), local_day(cast.at)
        for _twice in range(2):
            plans.draft_plan(
                client_key=key, title="Plan (invented)", strategy="", from_on=today,
                until_on=today + timedelta(days=9), currency="EUR",
                by=cast.actor(cast.co_ordinator), at=cast.at,
            )  # fmt: skip
        assert ActionPlan.objects.count() == 1
        assert PlanEvent.objects.count() == 1

    def test_is_written_by_the_co_ordination_alone(self, cast: Cast) -> None:
        plan = stages.draft(cast)
        for user in (cast.ngo_manager, cast.rapporteur, cast.funder):
            with pytest.raises(NotAllowed):
                plans.add_objective(
                    plan=plan, p="protection", words="x", by=cast.actor(user), at=cast.at
                )

    def test_refuses_who_pays_more_than_it_costs(self, cast: Cast) -> None:
        plan = stages.draft(cast)
        row, by = stages.own(plan, cast.ngo), cast.actor(cast.co_ordinator)
        with pytest.raises(NotPossible, match="more than it costs"):
            plans.change_activity(
                activity=row, version=row.version, by=by, at=cast.at,
                **stages.text(cast, cost=D(100)),
            )  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Activity.objects.filter(pk=row.pk).update(cost=D(100))

    def test_computes_what_nobody_pays(self, cast: Cast) -> None:
        assert stages.own(stages.draft(cast), cast.ngo).gap == D("2500.00")

    def test_refuses_a_change_of_a_text_that_is_no_longer_there(self, cast: Cast) -> None:
        plan = stages.draft(cast)
        row, by = stages.own(plan, cast.ngo), cast.actor(cast.co_ordinator)
        with pytest.raises(Stale):
            plans.change_activity(
                activity=row, version=row.version + 1, by=by, at=cast.at, **stages.text(cast)
            )

    def test_without_an_activity_is_not_adopted(self, cast: Cast) -> None:
        plan, by = stages.draft(cast), cast.actor(cast.co_ordinator)
        with pytest.raises(MissingAnswers):
            plans.adopt(plan=plan, act="", by=by, at=cast.at)
        Activity.objects.update(dropped_at=cast.at)
        with pytest.raises(NotPossible, match="without activities"):
            plans.adopt(plan=plan, act="Decision 1", by=by, at=cast.at)

    def test_adopted_tells_those_who_lead(self, cast: Cast) -> None:
        stages.adopted(cast)
        told = set(
            Notice.objects.filter(kind="plan_adopted").values_list("recipient_id", flat=True)
        )
        assert cast.ngo_manager.pk in told
        assert cast.other_manager.pk in told
        assert cast.unlisted_manager.pk not in told


class TestAnAdoptedPlan:
    def test_refuses_every_change_but_a_revision(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        row = stages.own(plan, cast.ngo)
        with pytest.raises(NotPossible, match="by a revision only"):
            plans.change_activity(
                activity=row, version=row.version, by=by, at=cast.at, **stages.text(cast)
            )
        with pytest.raises(NotPossible, match="by a revision only"):
            plans.add_objective(plan=plan, p="protection", words="More", by=by, at=cast.at)

    def test_ends_only_once_nothing_is_open(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        row = stages.revision(cast, plan)
        with pytest.raises(NotPossible, match="revision is being drafted"):
            plans.end(plan=plan, comment="Over.", by=by, at=cast.at)
        revisions.drop(revision=row, comment="Not needed.", by=by, at=cast.at)
        assert plans.end(plan=plan, comment="Over.", by=by, at=cast.at).state == PlanState.ENDED


class TestARevision:
    def test_changes_nothing_until_a_second_person_adopts_it(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        first, second = cast.actor(cast.co_ordinator), cast.actor(cast.second_co_ordinator)
        row = revisions.propose(revision=stages.revision(cast, plan), by=first, at=cast.at)
        activity = stages.own(plan, cast.ngo)
        assert activity.target == D(120)
        with pytest.raises(NotPossible, match="Somebody else"):
            revisions.adopt(revision=row, by=first, at=cast.at)
        with pytest.raises(IntegrityError), transaction.atomic():
            Revision.objects.filter(pk=row.pk).update(
                adopted_at=cast.at, adopted_by=cast.co_ordinator
            )
        done = revisions.adopt(revision=row, act="Decision 13", by=second, at=cast.at)
        assert (done.state, done.act, done.number) == ("adopted", "Decision 13", 1)
        assert stages.now(activity).target == D(60)

    def test_keeps_the_former_text_field_by_field(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        row = revisions.propose(
            revision=stages.revision(cast, plan), by=cast.actor(cast.co_ordinator), at=cast.at
        )
        revisions.adopt(revision=row, by=cast.actor(cast.second_co_ordinator), at=cast.at)
        change = row.changes.get()
        assert plan_text.differing(change.before, change.after) == ["target"]
        assert (change.before["target"], change.after["target"]) == ("120.00", "60.00")
        assert stages.own(plan, cast.ngo).history.count() >= 2

    def test_adds_and_takes_out_activities(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        row = stages.revision(cast, plan)
        objective = plan.objectives.get(p="protection")
        new = stages.text(cast, words="Rooms for a month (invented)", areas=[])
        for _twice in range(2):
            revisions.add_activity(revision=row, objective=objective, by=by, at=cast.at, **new)
        beds = stages.own(plan, cast.other_ngo)
        revisions.drop_activity(revision=row, activity=beds, by=by, at=cast.at)
        assert row.changes.count() == 3
        row = revisions.propose(revision=row, by=by, at=cast.at)
        revisions.adopt(revision=row, by=cast.actor(cast.second_co_ordinator), at=cast.at)
        standing = plan.activities.standing()
        assert {each.words for each in standing.filter(objective=objective)} == {new["words"]}
        assert standing.get(words=new["words"]).number == 2
        assert stages.now(beds).dropped_at == cast.at

    def test_for_an_emergency_tells_the_other_co_ordinator_at_once(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        storm = emergencies.declare(area=cast.area, reason="A storm", by=by, at=cast.at)
        row = stages.revision(cast, plan, emergency=storm)
        revisions.propose(revision=row, by=by, at=cast.at)
        notice = Notice.objects.get(kind="plan_revision_proposed")
        assert (notice.recipient, notice.urgency) == (cast.second_co_ordinator, "immediate")

    def test_that_waits_has_a_clock_that_ends_with_it(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        row = revisions.propose(revision=stages.revision(cast, plan), by=by, at=cast.at)
        clock = Deadline.objects.get(kind="plan_revision")
        assert clock.met_at is None
        second = cast.actor(cast.second_co_ordinator)
        row = revisions.take_back(revision=row, comment="The money?", by=second, at=cast.at)
        clock.refresh_from_db()
        assert row.state == "draft"
        assert clock.cancelled_at is not None

    def test_is_one_at_a_time(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        stages.revision(cast, plan)
        with pytest.raises(NotPossible, match="being drafted already"):
            stages.revision(cast, plan)

    def test_that_changes_nothing_is_not_proposed(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        row = stages.revision(cast, plan)
        with pytest.raises(NotPossible, match="Nothing of the activity is different"):
            revisions.change_activity(
                revision=row, activity=stages.own(plan, cast.ngo), by=by, at=cast.at,
                **stages.text(cast),
            )  # fmt: skip
        revisions.remove_change(revision=row, change=row.changes.get().uuid, by=by, at=cast.at)
        with pytest.raises(NotPossible, match="changes nothing yet"):
            revisions.propose(revision=row, by=by, at=cast.at)

    def test_in_draft_is_seen_by_the_co_ordination_alone(self, cast: Cast) -> None:
        row = stages.revision(cast, stages.adopted(cast))
        assert not Revision.objects.visible_to(cast.actor(cast.ngo_manager)).exists()
        assert Revision.objects.visible_to(cast.actor(cast.co_ordinator)).get() == row


class TestProgress:
    def test_is_said_by_the_lead_alone(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        row = stages.own(plan, cast.ngo)
        for user in (cast.co_ordinator, cast.other_manager, cast.rapporteur, cast.ngo_caseworker):
            with pytest.raises(NotAllowed):
                stages.report(cast, row, user)
        stages.report(cast, row)
        row = stages.now(row)
        assert (row.progress, row.value) == ("under_way", D(30))

    def test_sent_twice_is_one_and_later_words_leave_the_earlier(self, cast: Cast) -> None:
        row = stages.own(stages.adopted(cast), cast.ngo)
        key = uuid4()
        for _twice in range(2):
            stages.report(cast, row, client_key=key)
        stages.report(cast, row, words="All courses were held.", progress="done", value=D(120))
        assert ActivityStatus.objects.count() == 2
        assert plan_figures.latest_words([stages.now(row)])[row.pk].progress == "done"

    def test_refuses_a_day_to_come_and_a_plan_that_is_not_in_force(self, cast: Cast) -> None:
        plan = stages.draft(cast)
        row = stages.own(plan, cast.ngo)
        with pytest.raises(NotPossible, match="plan in force"):
            stages.report(cast, row)
        plans.adopt(plan=plan, act="Decision", by=cast.actor(cast.co_ordinator), at=cast.at)
        with pytest.raises(NotPossible, match="still to come"):
            stages.report(cast, row, on=local_day(cast.at) + timedelta(days=1))

    def test_takes_evidence_known_by_its_content(self, cast: Cast) -> None:
        row = stages.own(stages.adopted(cast), cast.ngo)
        with pytest.raises(NotPossible, match="Attach a PDF"):
            stages.report(cast, row, file=("list.pdf", b"<html>"))
        status = stages.report(cast, row, file=("list.pdf", b"%PDF-1.7 invented"))
        assert (status.file_kind, len(status.file_digest)) == ("pdf", 64)


class TestAGap:
    def test_is_named_by_any_member_and_answered_by_the_co_ordination(self, cast: Cast) -> None:
        row = stages.own(stages.adopted(cast), cast.ngo)
        given = {"kind": "money", "words": "Nobody pays the interpreters.", "proposal": "A call."}
        by = cast.actor(cast.other_manager)
        gap = plans.name_gap(activity=row, client_key=uuid4(), by=by, at=cast.at, **given)
        with pytest.raises(NotAllowed):
            plans.settle_gap(gap=gap, answer="No.", by=by, at=cast.at)
        done = plans.settle_gap(
            gap=gap, answer="In the next revision.", by=cast.actor(cast.co_ordinator), at=cast.at
        )
        assert done.settled_by == cast.co_ordinator
        with pytest.raises(NotPossible, match="answered already"):
            plans.settle_gap(gap=gap, answer="Again.", by=cast.actor(cast.co_ordinator), at=cast.at)


class TestTheHalfYear:
    @pytest.mark.parametrize(
        ("day", "last"),
        [
            (date(2026, 7, 1), date(2026, 6, 30)),
            (date(2026, 12, 31), date(2026, 6, 30)),
            (date(2027, 1, 1), date(2026, 12, 31)),
            (date(2026, 6, 30), date(2025, 12, 31)),
        ],
    )
    def test_is_the_last_that_was_over(self, day: date, last: date) -> None:
        assert plan_reports.half_year_before(day)[1] == last

    def test_report_is_asked_of_every_lead_with_the_day_of_the_rule(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        report = plan_reports.open_report(plan=plan, by=by, at=cast.at)
        assert plan_reports.open_report(plan=plan, by=by, at=cast.at) == report
        assert report.due_on == report.until_on + timedelta(days=15)
        assert {part.organisation for part in report.parts.all()} == {cast.ngo, cast.other_ngo}
        assert Deadline.objects.filter(kind="action_plan_report", met_at=None).count() == 2

    def test_clock_ends_once_the_lead_has_reported_on_all(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        stages.many(cast, plan, 1)  # a second one that Lantern House leads
        report = plan_reports.open_report(plan=plan, by=by, at=cast.at)
        first, second = plan.activities.filter(lead=cast.ngo).order_by("pk")
        part = report.parts.get(organisation=cast.ngo)
        stages.report(cast, first)
        assert stages.now(part).delivered_at is None
        stages.report(cast, second)
        assert stages.now(part).delivered_at == cast.at
        assert Deadline.objects.filter(kind="action_plan_report", met_at=None).count() == 1

    def test_report_that_is_sent_stays_as_it_was(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        report = plan_reports.open_report(plan=plan, by=by, at=cast.at)
        stages.report(cast, stages.own(plan, cast.ngo))
        with pytest.raises(MissingAnswers):
            plan_reports.send(report=report, summary="", by=by, at=cast.at)
        sent = plan_reports.send(report=report, summary="Slow.", by=by, at=cast.at)
        stages.report(cast, stages.own(plan, cast.ngo), progress="done", words="Done.")
        kept = PlanReport.objects.get(pk=sent.pk)
        assert kept.digest == plan_figures.checksum(kept.figures)
        by_words = {each["words"]: each for each in kept.figures["activities"]}
        assert by_words[stages.text(cast)["words"]]["progress"] == "under_way"
        assert kept.figures["missing"] == ["Open Door (invented)"]
        assert not Deadline.objects.filter(
            kind="action_plan_report", met_at=None, cancelled_at=None
        ).exists()
        told = Notice.objects.filter(kind="plan_report_sent", recipient=cast.unlisted_manager)
        assert told.exists()

    def test_figures_name_no_organisation_that_is_not_listed(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        stages.many(cast, plan, 3)
        report = plan_reports.open_report(plan=plan, by=by, at=cast.at)
        sent = plan_reports.send(report=report, summary="Slow.", by=by, at=cast.at)
        assert "Quiet Harbour" not in str(sent.figures)
        assert "" in sent.figures["missing"]

    def test_file_is_kept_once_with_its_checksum(self, cast: Cast) -> None:
        plan, by = stages.adopted(cast), cast.actor(cast.co_ordinator)
        report = plan_reports.open_report(plan=plan, by=by, at=cast.at)
        with pytest.raises(NotPossible, match="were sent"):
            plan_reports.keep_file(report=report, ending="pdf", content=b"1", by=by, at=cast.at)
        report = plan_reports.send(report=report, summary="Slow.", by=by, at=cast.at)
        first = plan_reports.keep_file(report=report, ending="pdf", content=b"1", by=by, at=cast.at)
        again = plan_reports.keep_file(report=report, ending="pdf", content=b"2", by=by, at=cast.at)
        assert (first.pk, first.digest) == (again.pk, again.digest)


class TestSums:
    def test_show_a_p_without_an_activity(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        rows = plan_figures.activities_of(plan)
        found: Any = plan_figures.by_p(plan_figures.figures_of(plan, rows, on=local_day(cast.at)))
        assert list(found) == FourP.values
        assert [each.number for each in found.values()] == [1, 1, 0, 0]
        assert found["prevention"].gap == D("2500.00")
