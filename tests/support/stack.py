"""Real processes for a test: a database, a broker, programs of ours, and a Celery worker."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from deadlines.choices import JobState
from tests.support.prepared import SQLITE

ROOT = Path(settings.BASE_DIR)
PATIENCE = 60
"""Seconds to wait for something that takes two or three; only a failure waits so long."""
LONGEST_RUN = 600
"""Seconds a program may take: making the tables on a busy machine is the slowest."""


@dataclass
class Stack:
    """One database, one broker, and the processes between them."""

    var: Path
    database: str
    broker: str
    state: Callable[[], tuple[str, int]]
    more: dict[str, str] = field(default_factory=dict)
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
            **self.more,
        }

    def run(self, *arguments: str) -> str:
        """A program of ours to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=LONGEST_RUN, check=False,
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

    def wait_for(self, happened: Callable[[], object]) -> None:
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


def on_postgresql(var: Path, broker: str) -> Stack:
    """On the suite's own database, which the other processes see too."""
    if connection.vendor != "postgresql":
        pytest.skip("the suite's database here is in memory, which no other process sees")
    named = {key: quote(str(value), safe="") for key, value in connection.settings_dict.items()}
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**named)

    def state() -> tuple[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, attempts FROM deadlines_job")
            return cursor.fetchone()

    return Stack(var, url, broker, state)


def on_sqlite(var: Path, **more: str) -> Stack:
    """What `make demo` runs on: an SQLite file and a folder as broker."""
    file = var / "concord.sqlite3"

    def state() -> tuple[str, int]:
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
            return database.execute("SELECT state, attempts FROM deadlines_job").fetchone()

    made = Stack(var, f"sqlite:///{file}", "filesystem://", state, more)
    if ready := os.environ.get(SQLITE):
        shutil.copyfile(ready, file)
    made.run("manage.py", "migrate", "--verbosity=0")
    return made
