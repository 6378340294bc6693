"""Beat: one clock ticks, a second stands by and takes over."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.celery import app
from deadlines import beat
from deadlines.beat import ALIVE, DatabaseLock, FileLock, OneBeat


@pytest.fixture(params=["file", "database"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Any]]:
    """Two real locks, as two processes have them: two open files, or two sessions."""
    if request.param == "file":
        made: list[Any] = [FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")]
    elif connection.vendor != "postgresql":
        pytest.skip("SQLite has the file's lock")
    else:
        made = [_own_session(), _own_session()]
    yield made
    for lock in made:
        lock.let_go()


def _own_session() -> DatabaseLock:
    lock = DatabaseLock()
    lock.connection.settings_dict = connection.settings_dict  # the suite's database
    lock.connection.ensure_connection()
    return lock


@pytest.mark.django_db
class TestLock:
    def test_is_held_by_one_and_passes_on_when_it_ends(self, locks: list[Any]) -> None:
        first, second = locks
        assert (first.hold(), second.hold(), first.hold()) == (True, False, True)
        first.let_go()
        assert (second.hold(), first.hold()) == (True, False)


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="advisory locks are PostgreSQL's")
def test_a_database_that_restarts_takes_the_lock_away_and_gives_it_again() -> None:
    first, second = _own_session(), _own_session()
    assert first.hold()
    pid = first.connection.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    try:
        # Whoever looks first: never both.
        assert (first.hold(), second.hold(), first.hold()) == (False, True, False)
        second.let_go()
        assert first.hold()
    finally:
        first.let_go()
        second.let_go()


class TestOneBeat:
    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> list[str]:
        """What two beats on one lock ask workers to do."""
        settings.VAR = tmp_path
        monkeypatch.setattr(beat, "make_lock", lambda: FileLock(tmp_path / "lock"))
        asked: list[str] = []
        monkeypatch.setattr(
            OneBeat, "apply_async", lambda self, entry, **more: asked.append(entry.task)
        )
        monkeypatch.setattr(OneBeat, "producer", None)
        return asked

    def make(self) -> OneBeat:
        made = OneBeat(app=app)
        past = app.now().replace(year=2020)
        for entry in made.schedule.values():
            entry.last_run_at = past
        return made

    def tick(self, clock: OneBeat) -> float:
        """As Celery does: until it says to wait."""
        for _round in range(5):
            if (wait := clock.tick()) > 0:
                return wait
        return 0.0

    def test_two_of_them_ask_once_and_the_second_takes_over(
        self, sent: list[str], tmp_path: Path
    ) -> None:
        first, second = self.make(), self.make()
        self.tick(first)
        assert self.tick(second) == second.max_interval
        assert sent == ["deadlines.sweep"]
        first.close()
        self.tick(second)
        assert sent == ["deadlines.sweep"] * 2
        assert time.time() - (tmp_path / ALIVE).stat().st_mtime < 60
        second.close()
