"""The sweep: every part each time, one that fails keeps none of the others from being done."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from accounts.models import User
from common.marks import Subject
from config.celery import app
from deadlines import sweeps
from deadlines.models import Notice, Reminder, SweepRun
from deadlines.services import clocks
from deadlines.services.sweep import sweep
from tests.deadlines.conftest import Clock, Somebody, make_rule
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def broken() -> Iterator[str]:
    def fail(at: datetime) -> int:
        raise RuntimeError("Nadia Petrova")

    sweeps.register("a broken part", fail)
    yield "a broken part"
    sweeps.forget("a broken part")


class TestSweep:
    def test_with_nothing_due_does_nothing_twice(self, clock: Clock) -> None:
        first = sweep(at=clock(), clock=clock)
        assert set(first.values()) == {0}
        assert sweep(at=clock(), clock=clock) == first

    def test_notes_when_each_part_ran_in_one_row(self, clock: Clock) -> None:
        for _minute in range(2):
            clock.forward(minutes=1)
            done = sweep(at=clock(), clock=clock)
        assert set(SweepRun.objects.values_list("name", flat=True)) == set(done)
        assert set(SweepRun.objects.values_list("last_finished_at", flat=True)) == {clock.now}

    def test_reads_no_table_from_end_to_end_to_note_it(self, clock: Clock) -> None:
        sweep(at=clock(), clock=clock)
        with counted() as queries:
            sweep(at=clock(), clock=clock)
        noted = [
            sql for sql in queries.sql if '"deadlines_sweeprun"' in sql and "LIMIT 1" not in sql
        ]
        assert noted
        assert all(sql.startswith("INSERT") and "ON CONFLICT" in sql for sql in noted)

    def test_goes_on_after_a_part_that_fails(
        self, clock: Clock, broken: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        ran: list[datetime] = []
        sweeps.register("the last part", lambda at: len(ran.append(at) or ran))
        try:
            done = sweep(at=clock(), clock=clock)
        finally:
            sweeps.forget("the last part")
        assert (done[broken], done["the last part"], ran) == (None, 1, [clock.now])
        row = SweepRun.objects.get(name=broken)
        assert (row.last_error_code, row.last_finished_at) == ("RuntimeError", None)
        assert "Nadia" not in caplog.text

    def test_refuses_two_parts_of_one_name(self, broken: str) -> None:
        with pytest.raises(ValueError, match="Two sweepers"):
            sweeps.register(broken, lambda at: 0)


class TestCommand:
    def test_prints_what_was_done(self) -> None:
        out = StringIO()
        call_command("sweep", "--jobs", stdout=out)
        assert "mail: 0\n" in out.getvalue()
        assert "jobs run here: 0\n" in out.getvalue()

    def test_ends_with_an_error_when_a_part_failed(self, broken: str) -> None:
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("sweep", stdout=out)
        assert "a broken part: failed" in out.getvalue()


class TestBeat:
    def test_asks_for_a_task_that_exists(self) -> None:
        import deadlines.tasks  # noqa: F401 - registers the tasks

        asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
        assert "deadlines.sweep" in asked
        assert asked <= set(app.tasks)


class TestAfterAWeek:
    """The worker, beat and the timer stood still for a week; then one of them runs again."""

    FRIDAY = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)

    def test_each_reminder_comes_once_and_says_that_it_is_late(
        self, ann: User, by: Somebody, deadline_kind: Callable[..., str], mailoutbox: list[Any]
    ) -> None:
        kind = deadline_kind()
        with time_machine.travel(self.FRIDAY, tick=False):
            call_command("sweep", stdout=StringIO())
            for days in range(1, 6):
                clocks.start(
                    kind=kind, rule=make_rule(days), subject=Subject("parcel", uuid.uuid4()),
                    holders=[ann], starts_at=self.FRIDAY, by=by, at=self.FRIDAY,
                )  # fmt: skip
        out = StringIO()
        with time_machine.travel(self.FRIDAY + timedelta(days=7), tick=False) as clock:
            for _minute in range(5):  # beat's and the timer's
                call_command("sweep", stdout=out)
                call_command("sweep", stdout=out)
                clock.shift(timedelta(minutes=1))
            assert out.getvalue().count("late: nobody swept for 10080 minutes") == 1
            told = Counter(Notice.objects.values_list("kind", "key"))
            assert set(told.values()) == {1}
            # On the day and after it, for each of five; each says that it comes late.
            kinds = Counter(kind for kind, _key in told)
            assert kinds == {"deadline_due_belated": 5, "deadline_late_belated": 5}
            reminders = Reminder.objects.values_list("deadline", "stage", "recipient")
            assert Counter(reminders).most_common(1)[0][1] == 1
            assert mailoutbox == []
            clock.shift(timedelta(days=1))
            call_command("sweep", stdout=out)
        assert len(mailoutbox) == 1
        assert "10 new notices" in mailoutbox[0].body
