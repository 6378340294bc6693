"""The sweep: every part each time, one that fails keeps none of the others from being done."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command

from config.celery import app
from deadlines import sweeps
from deadlines.models import SweepRun
from deadlines.services.sweep import sweep
from tests.deadlines.conftest import Clock

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
