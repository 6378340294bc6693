"""Real processes: a web process that starts a job, a broker, a worker that does it or is killed."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection

from deadlines.choices import JobState
from tests.deadlines.worker.apps import STARTED

pytestmark = pytest.mark.slow

ROOT = Path(settings.BASE_DIR)
REDIS = os.environ.get("CONCORD_TEST_REDIS") or "redis://127.0.0.1:6379/15"
PATIENCE = 60
"""Seconds to wait for something that takes two or three; only a failure waits so long."""


@dataclass
class Stack:
    """One database, one broker, and the processes between them."""

    var: Path
    database: str
    broker: str
    state: Callable[[], tuple[str, int]]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CONCORD_VAR": str(self.var),
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "DJANGO_SETTINGS_MODULE": "tests.deadlines.worker.settings",
            "JOB_LEASE_SECONDS": "2",
            "PYTHONWARNINGS": "ignore",
        }

    def run(self, *arguments: str) -> str:
        """A program of ours to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = ["-m", "celery", "-A", "config", "worker", "--pool=solo", "--loglevel=WARNING"]
        command += ["--without-gossip", "--without-mingle"]
        with (self.var / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def wait_for(self, happened: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not happened():
            log = self.var / "worker.log"
            assert time.monotonic() < until, log.read_text() if log.exists() else "no worker"
            time.sleep(0.1)

    def has_ended(self) -> bool:
        return self.state()[0] not in {JobState.QUEUED, JobState.RUNNING}

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()


def _postgresql() -> tuple[str, Callable[[], tuple[str, int]]]:
    if connection.vendor != "postgresql":
        pytest.skip("the suite's database here is in memory, which no other process sees")
    named = {key: quote(str(value), safe="") for key, value in connection.settings_dict.items()}
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**named)

    def state() -> tuple[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, attempts FROM deadlines_job")
            return cursor.fetchone()

    return url, state


def _sqlite(file: Path) -> tuple[str, Callable[[], tuple[str, int]]]:
    def state() -> tuple[str, int]:
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
            return database.execute("SELECT state, attempts FROM deadlines_job").fetchone()

    return f"sqlite:///{file}", state


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """The machine's Redis; what this test wrote there goes with it."""
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        pytest.skip("no Redis answers on this machine")
    yield REDIS
    for key in client.scan_iter(f"{tmp_path}*"):
        client.delete(key)
    client.close()


@pytest.fixture(params=["filesystem", "redis"])
def stack(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path
) -> Iterator[Stack]:
    """The suite's PostgreSQL with each broker."""
    database, state = _postgresql()
    is_redis = request.param == "redis"
    broker = request.getfixturevalue("redis_url") if is_redis else "filesystem://"
    made = Stack(tmp_path, database, broker, state)
    yield made
    made.stop()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Stack]:
    """What `make demo` runs on: an SQLite file and a folder as broker."""
    database, state = _sqlite(tmp_path / "concord.sqlite3")
    made = Stack(tmp_path, database, "filesystem://", state)
    made.run("manage.py", "migrate", "--verbosity=0")
    yield made
    made.stop()


def result_of(stack: Stack) -> list[bytes]:
    return [file.read_bytes() for file in (stack.var / "files" / "jobs").iterdir()]


class TestWorker:
    def test_does_what_the_web_process_started(self, embedded: Stack) -> None:
        embedded.start_worker()
        embedded.run("-m", "tests.deadlines.worker.start", "quick")
        embedded.wait_for(embedded.has_ended)
        assert embedded.state() == (JobState.DONE, 1)
        assert result_of(embedded) == [b"42\n"]

    def test_killed_in_the_middle_is_followed_by_another_at_the_next_sweep(
        self, stack: Stack
    ) -> None:
        worker = stack.start_worker()
        stack.run("-m", "tests.deadlines.worker.start", "slow_at_first")
        stack.wait_for((stack.var / STARTED).exists)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert stack.state() == (JobState.RUNNING, 1)
        stack.start_worker()
        time.sleep(2)  # the dead worker's lease; nothing can be asked to know that it has ended
        assert "jobs: 1" in stack.run("manage.py", "sweep")
        stack.wait_for(stack.has_ended)
        assert stack.state() == (JobState.DONE, 2)
        assert result_of(stack) == [b"42\n"]
