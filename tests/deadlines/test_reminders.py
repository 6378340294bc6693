"""Reminders: each stage once to each person, after any outage, and quiet when it is done."""

import json
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.urls import reverse

from accounts.models import User
from common.marks import Subject
from common.profile import Bound, Pausing
from common.workdays import Unit
from deadlines import notices as notice_kinds
from deadlines.choices import DeadlineAct, Stage, Urgency
from deadlines.models import Deadline, Mail, Notice, Reminder
from deadlines.services import clocks
from deadlines.services.reminders import remind
from tests.deadlines.conftest import Somebody, make_rule, make_user
from tests.support.queries import counted

#: A Monday morning in Paris.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def day(number, hour=9):
    return datetime(2026, 3, number, hour, 0, tzinfo=UTC)


@pytest.fixture
def team(ann: User, ben: User) -> Group:
    group = Group.objects.create(name="those who decide")
    for user in (ann, ben):
        user.groups.add(group)
    return group


@pytest.fixture
def start(deadline_kind: Any, team: Group, by: Somebody) -> Any:
    """A clock of ten days with a reminder three days before: due on Thursday the 12th."""

    def go(rule: Any = None, holders: Any = None, **options: Any) -> Deadline:
        kind = options.pop("kind", None)
        subject = options.pop("subject", None) or Subject("parcel", uuid.uuid4())
        return clocks.start(
            kind=kind or deadline_kind(**options),
            rule=rule or make_rule(10, remind_before_days=3),
            subject=subject,
            holders=holders or [team],
            starts_at=MONDAY,
            by=by,
            at=MONDAY,
            organisation_uuid=by.organisation.uuid,
        )[0]

    return go


def told(deadline=None):
    """What stands in inboxes: (kind, recipient's name) with how often."""
    rows = Notice.objects.all()
    if deadline is not None:
        rows = rows.filter(subject_uuid=deadline.uuid)
    return Counter(
        (kind.removeprefix("deadline_"), name.split()[0])
        for kind, name in rows.values_list("kind", "recipient__display_name")
    )


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestStages:
    def test_come_one_after_the_other(self, start, ann):
        row = start(holders=[ann])
        seen = {}
        moment = day(2, 11)
        while moment < day(20):
            if remind(moment):
                seen[moment] = Reminder.objects.latest("pk").stage
            moment += timedelta(hours=12)
        # Days begin at midnight in Paris.
        assert seen == {day(8, 23): Stage.BEFORE, day(11, 23): Stage.ON, day(12, 23): Stage.AFTER}
        assert told(row) == {("near", "ann"): 1, ("due", "ann"): 1, ("late", "ann"): 1}

    def test_reach_everybody_in_the_group(self, start):
        row = start()
        remind(day(9))
        assert told(row) == {("near", "ann"): 1, ("near", "ben"): 1}

    def test_leave_out_who_may_not_sign_in_any_more(self, start, ben):
        row = start()
        User.objects.filter(pk=ben.pk).update(is_active=False)
        remind(day(9))
        assert told(row) == {("near", "ann"): 1}

    def test_tell_somebody_in_two_groups_once(self, start, team, ann):
        other = Group.objects.create(name="those who manage")
        ann.groups.add(other)
        start(holders=[team, other])
        remind(day(9))
        assert told() == {("near", "ann"): 1, ("near", "ben"): 1}

    def test_are_for_the_organisation_they_bind(self, start, by):
        row = start()
        remind(day(9))
        organisations = set(Notice.objects.values_list("organisation_uuid", flat=True))
        assert organisations == {by.organisation.uuid}
        assert {n.created_by for n in Notice.objects.all()} == {None}
        assert Reminder.objects.filter(deadline=row, for_due_at=row.due_at).count() == 2

    def test_before_the_first_is_due_tell_nobody(self, start):
        start()
        assert remind(day(8)) == 0
        assert told() == {}

    def test_are_mailed_by_themselves_only_where_the_kind_asks_and_not_before(self, start, ann):
        start(holders=[ann], urgency=Urgency.IMMEDIATE)
        remind(day(9))
        assert Mail.objects.count() == 0
        remind(day(12))
        assert Mail.objects.count() == 1

    @pytest.mark.parametrize("bound", [Bound.LASTS, Bound.EARLIEST])
    def test_of_a_protection_end_with_it_and_nobody_is_late(self, bound, start, ann):
        row = start(make_rule(10, bound=bound, remind_before_days=3), holders=[ann])
        for at in (day(9), day(12), day(13), day(20)):
            remind(at)
        row.refresh_from_db()
        assert told(row) == {("near", "ann"): 1, ("due", "ann"): 1}
        assert (row.met_at, row.next_at) == (row.due_at, None)
        assert row.events.get().act == DeadlineAct.ENDED

    def test_of_a_kind_that_is_gone_still_come(self, start, ann):
        row = start(holders=[ann])
        Deadline.objects.update(kind="gone")
        assert [remind(day(9)), remind(day(13)), remind(day(30))] == [1, 2, 0]
        row.refresh_from_db()
        assert row.next_at is None


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestOnce:
    def test_run_twice_tells_once(self, start):
        start()
        assert remind(day(9)) == 1
        assert remind(day(9)) == 0
        assert told() == {("near", "ann"): 1, ("near", "ben"): 1}

    def test_told_again_after_a_step_back_changes_nothing(self, start):
        """As after a restore: the row says a stage is to come that was told already."""
        start()
        remind(day(9))
        Deadline.objects.update(next_stage=Stage.BEFORE, next_at=day(9))
        remind(day(9))
        assert set(told().values()) == {1}
        assert Reminder.objects.count() == 2

    def test_after_a_week_off_sends_each_stage_once_and_says_that_it_is_late(self, start, ann):
        row = start(holders=[ann])
        remind(day(2))
        remind(day(14))
        assert told(row) == {
            ("near_belated", "ann"): 1,
            ("due_belated", "ann"): 1,
            ("late_belated", "ann"): 1,
        }
        stages = Reminder.objects.values_list("stage", flat=True)
        assert sorted(stages) == sorted([Stage.BEFORE, Stage.ON, Stage.AFTER])
        assert remind(day(14)) == 0

    def test_told_some_hours_late_says_nothing_of_it(self, start, ann):
        start(holders=[ann])
        remind(day(9, 20))
        assert told() == {("near", "ann"): 1}

    def test_goes_through_any_number_in_batches(self, start, deadline_kind, monkeypatch):
        monkeypatch.setattr("deadlines.services.reminders.BATCH", 3)
        kind = deadline_kind()
        for _n in range(8):
            start(kind=kind)
        assert remind(day(9)) == 8
        assert set(told().values()) == {8}

    def test_costs_the_same_for_one_and_for_many(self, start, deadline_kind):
        kind = deadline_kind()
        start(kind=kind)
        with counted() as one:
            remind(day(9))
        for _n in range(20):
            start(kind=kind)
        with counted() as many:
            remind(day(9))
        assert len(one) == len(many) <= 9

    def test_with_nothing_due_asks_one_question(self, start):
        start()
        with counted() as queries:
            remind(day(8))
        assert len(queries) == 1


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestQuiet:
    def test_once_it_is_met(self, start, by, ann):
        row = start(holders=[ann])
        remind(day(9))
        clocks.meet(
            subject=Subject("parcel", row.subject_uuid), kinds=[row.kind], by=by, at=day(10)
        )
        assert [remind(at) for at in (day(12), day(13), day(30))] == [0, 0, 0]
        assert Notice.objects.get().handled_at == day(10)

    def test_while_it_stands_still(self, start, by, ann):
        rule = make_rule(10, remind_before_days=3, pauses=frozenset({Pausing.RETURNED}))
        row = start(rule, holders=[ann])
        subject = Subject("parcel", row.subject_uuid)
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=day(4))
        assert remind(day(20)) == 0
        clocks.resume(
            subject=subject, because=Pausing.RETURNED, by=by, at=day(20)
        )  # due on the 28th
        assert [remind(day(24)), remind(day(25))] == [0, 1]
        assert told(row) == {("near", "ann"): 1}

    def test_about_the_old_end_when_a_new_one_is_given(self, start, by, ann):
        row = start(holders=[ann])
        remind(day(13))
        assert told() == {("near_belated", "ann"): 1, ("due_belated", "ann"): 1, ("late", "ann"): 1}
        until = day(20, 22)
        clocks.extend(deadline=row, until=until, by=by, at=day(13), reason_code="interpreter")
        assert not Notice.objects.filter(handled_at=None).exists()
        assert [remind(day(16)), remind(day(17)), remind(day(17))] == [0, 1, 0]
        assert [n.kind for n in Notice.objects.filter(handled_at=None)] == ["deadline_near"]


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestLadder:
    @pytest.fixture
    def ladder(self, at) -> list[list[int]]:
        cleo, dora = (make_user(name, at) for name in ("cleo", "dora"))
        return [[cleo.pk], [dora.pk, cleo.pk]]

    def test_is_climbed_rung_by_rung_and_no_further(self, start, ladder, ann):
        row = start(holders=[ann], escalation=lambda deadline: ladder)
        remind(day(13))
        for expected, at in ((0, 14), (1, 15), (0, 16), (1, 17), (0, 19), (0, 25)):
            assert (remind(day(at)), at) == (expected, at)
        assert told(row)["escalated", "cleo"] == 2
        assert told(row)["escalated", "dora"] == 1
        assert told(row)["escalated", "ann"] == 0
        row.refresh_from_db()
        assert (row.next_at, row.is_open) == (None, True)

    def test_is_shown_whatever_organisation_one_acts_for(self, start, ladder, ann):
        start(holders=[ann], escalation=lambda deadline: ladder)
        remind(day(13)), remind(day(15))
        escalated = Notice.objects.filter(kind="deadline_escalated")
        assert set(escalated.values_list("organisation_uuid", flat=True)) == {None}

    def test_is_not_climbed_once_it_is_met(self, start, ladder, by):
        row = start(escalation=lambda deadline: ladder)
        remind(day(13))
        clocks.meet(
            subject=Subject("parcel", row.subject_uuid), kinds=[row.kind], by=by, at=day(14)
        )
        assert remind(day(30)) == 0

    def test_is_asked_at_once_when_nobody_is_left_in_the_group(self, start, team, ladder):
        row = start(escalation=lambda deadline: [[], *ladder])
        team.user_set.clear()
        remind(day(9))
        assert told(row) == {("near", "cleo"): 1}

    def test_that_fails_is_asked_again_later_and_keeps_nobody_else_waiting(
        self, start, team, ann, caplog
    ):
        def fail(deadline):
            raise RuntimeError("Nadia Petrova")

        broken = start(escalation=fail)
        fine = start(holders=[ann])
        team.user_set.clear()
        remind(day(9))
        assert told(fine) == {("near", "ann"): 1}
        broken.refresh_from_db()
        assert (broken.next_stage, broken.next_at) == (Stage.BEFORE, day(9, 10))
        assert "Nadia" not in caplog.text

    def test_ends_somewhere(self, start, ann):
        row = start(holders=[ann], escalation=lambda deadline: [[ann.pk]] * 50)
        remind(day(2) + timedelta(days=365))
        assert Reminder.objects.filter(deadline=row, stage=Stage.ESCALATE).count() == 10


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestDisplay:
    def test_leads_to_what_it_is_about(self, start, ann):
        row = start(holders=[ann])
        remind(day(9))
        kind = notice_kinds.kind_of(Notice.objects.get().kind)
        assert kind.link(row.uuid) == f"/somewhere/{row.subject_uuid}/"
        assert kind.still_visible(Somebody(ann), [row.uuid]) == {row.uuid}

    def test_asks_again_whether_one_may_still_see_it(self, start, ann):
        hidden: set[uuid.UUID] = set()
        row = start(holders=[ann], hidden=hidden)
        remind(day(9))
        kind = notice_kinds.kind_of("deadline_near")
        hidden.add(row.subject_uuid)
        assert kind.still_visible(Somebody(ann), [row.uuid]) == set()

    def test_shows_nothing_to_whom_was_not_told(self, start, ann, ben):
        row = start(holders=[ann])
        remind(day(9))
        kind = notice_kinds.kind_of("deadline_near")
        assert kind.still_visible(Somebody(ben), [row.uuid]) == set()

    def test_leads_to_the_calendar_when_its_kind_is_gone(self, start, ann):
        row = start(holders=[ann])
        Deadline.objects.update(kind="gone")
        kind = notice_kinds.kind_of("deadline_near")
        assert kind.link(row.uuid) == reverse("deadlines:calendar")
        assert kind.still_visible(Somebody(ann), [row.uuid]) == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one writer on SQLite")
class TestParallel:
    def test_four_sweeps_at_once_tell_each_person_once(
        self, start, deadline_kind, ann, ben, monkeypatch
    ):
        monkeypatch.setattr("deadlines.services.reminders.BATCH", 5)
        kind = deadline_kind()
        for _n in range(60):
            start(kind=kind)
        barrier, failures, done = threading.Barrier(4), [], []

        def sweep():
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '5s'")
                barrier.wait()
                done.append(remind(day(13)))
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=sweep) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        while left := remind(day(13)):  # rows that were locked when the last sweep looked
            done.append(left)
        assert sum(done) == 60 * 3
        assert set(told().values()) == {60}
        assert Reminder.objects.count() == 60 * 3 * 2


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's plans")
class TestPlan:
    ROWS = 20_000

    @pytest.fixture
    def many(self, ann, by):
        """Twenty thousand: most are late and told of, many wait for months, none is due now."""
        Deadline.objects.bulk_create((self.row(n, ann) for n in range(self.ROWS)), batch_size=2_000)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE deadlines_deadline")

    def row(self, n, ann):
        waits = n % 3 == 0
        later = day(20) + timedelta(days=n % 300)
        return Deadline(
            kind="test", rule_code="test", subject_kind="parcel", subject_uuid=uuid.uuid4(),
            user=ann, bound=Bound.LATEST, unit=Unit.DAYS, amount=10, day_zero="excluded",
            roll="none", calendar_version="test", starts_at=MONDAY, created_at=MONDAY,
            due_at=later if waits else day(3) - timedelta(minutes=n),
            next_stage=Stage.ON if waits else "", next_at=later if waits else None,
        )  # fmt: skip

    def read(self, queryset):
        """How many rows and index entries the statement looked at."""
        plan = json.loads(queryset.explain(format="json", analyze=True))[0]["Plan"]

        def walk(node):
            own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            return node["Actual Loops"] * own + sum(map(walk, node.get("Plans", ())))

        return walk(plan)

    def test_with_nothing_due_reads_under_a_hundred_rows(self, many):
        due = Deadline.objects.with_stage_due(day(15))[:200]
        assert self.read(due) < 100
        with counted() as queries:
            assert remind(day(15)) == 0
        assert len(queries) == 1

    def test_finds_what_is_due_without_the_rest(self, many):
        Deadline.objects.filter(pk=Deadline.objects.latest("pk").pk).update(
            next_stage=Stage.ON, next_at=day(15)
        )
        assert self.read(Deadline.objects.with_stage_due(day(15) + MINUTE)[:200]) < 100

    def test_reads_what_is_late_from_its_own_index(self, many):
        late = Deadline.objects.late(day(15)).order_by("due_at")[:25]
        assert self.read(late) < 100
