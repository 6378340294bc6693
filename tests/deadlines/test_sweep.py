"""The sweep: every part each time, one that fails keeps none of the others from being done."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from common.marks import Subject
from config.celery import app
from deadlines import sweeps
from deadlines.models import Deadline, Mail, Notice, Reminder, SweepRun
from deadlines.services import clocks
from deadlines.services.sweep import sweep
from tests.deadlines.conftest import Clock, Somebody, make_rule
from tests.support.cast import Cast
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


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's plans")
class TestIdle:
    """With nothing due a sweep looks at next to nothing, however much there is."""

    NUMBER = 4_000
    #: Proves a minute's share of what stands, on purpose and due or not (ADR 0017).
    PROVES = ("grants proved", "headings of the registry")

    @pytest.fixture(autouse=True)
    def _scripts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(Path(settings.BASE_DIR) / "scripts"))

    def test_reads_under_a_hundred_rows(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        from bench.plans import cost

        self.fill(cast)
        sweep(at=cast.at, clock=timezone.now)
        parts = {n: run for n, run in sweeps.registered().items() if n not in self.PROVES}
        monkeypatch.setattr(sweeps, "registered", lambda: parts)
        done: dict[str, int | None] = {}
        found = cost(lambda: done.update(sweep(at=cast.at, clock=timezone.now)))
        assert set(done.values()) == {0}, "it had something to do"
        dearest = max(found.statements, key=lambda each: each.rows)
        assert found.rows < 100, f"{found.rows} rows, {dearest.rows} of them: {dearest.sql}"

    def fill(self, cast: Cast) -> None:
        """Clocks that run, are late and told of, or are met; notices that were read; mails sent."""
        at, user = cast.at, cast.ngo_manager
        shared = {
            "kind": "contact_verification", "subject_kind": "contact", "user": user,
            "bound": "latest", "unit": "days", "day_zero": "excluded", "roll": "none",
            "calendar_version": "test", "starts_at": at - timedelta(days=900), "created_at": at,
        }  # fmt: skip
        Deadline.objects.bulk_create(
            Deadline(
                **shared,
                subject_uuid=uuid.uuid4(),
                due_at=at + timedelta(days=n % 300 - 100 if n % 3 else 30 + n % 300),
                met_at=at if n % 3 == 1 else None,
                next_stage="" if n % 3 else "on",
                next_at=None if n % 3 else at + timedelta(days=20 + n % 300),
            )
            for n in range(self.NUMBER)
        )
        told = {"kind": "deadline_late", "subject_kind": "deadline", "recipient": user}
        Notice.objects.bulk_create(
            Notice(
                **told, subject_uuid=uuid.uuid4(), key=f"k{n}", created_at=at, mailed_at=at,
                mail_at=at,
            )
            for n in range(self.NUMBER)
        )  # fmt: skip
        Mail.objects.bulk_create(
            Mail(
                kind="notices_waiting", recipient=user, key=f"k{n}", message_id=f"<{n}@test>",
                created_at=at, not_before=at, sent_at=at,
            )
            for n in range(self.NUMBER)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


class TestAfterAWeek:
    """The worker, beat and the timer stood still for a week; then one of them runs again."""

    FRIDAY = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)

    def test_each_reminder_comes_once_and_says_that_it_is_late(
        self,
        ann: User,
        ben: User,
        by: Somebody,
        deadline_kind: Callable[..., str],
        mailoutbox: list[Any],
    ) -> None:
        kind = deadline_kind(escalation=lambda deadline: [[ben.pk]], climbs_every=timedelta(days=1))
        with time_machine.travel(self.FRIDAY, tick=False):
            call_command("sweep", stdout=StringIO())
            for days in range(1, 6):
                clocks.start(
                    kind=kind, rule=make_rule(days, remind_before_days=1),
                    subject=Subject("parcel", uuid.uuid4()),
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
            # Of each of five the day before (but for the one whose day before was the first), the
            # day, the end, and who answers for it; what is over a day late says so.
            kinds = Counter(kind for kind, _key in told)
            assert kinds == {
                "deadline_near_belated": 4, "deadline_due_belated": 5, "deadline_late_belated": 5,
                "deadline_escalated_belated": 4, "deadline_escalated": 1,
            }  # fmt: skip
            reminders = Reminder.objects.values_list("deadline", "stage", "recipient")
            assert Counter(reminders).most_common(1)[0][1] == 1
            assert mailoutbox == []
            clock.shift(timedelta(days=1))
            call_command("sweep", stdout=out)
        said = {letter.to[0]: letter.body for letter in mailoutbox}
        assert len(mailoutbox) == len(said) == 2
        assert "14 new notices" in said[ann.email]
        assert "5 new notices" in said[ben.email]
