"""Real processes: a web process that starts a job, a broker, a worker that does it or is killed."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deadlines.choices import JobState
from tests.deadlines.worker.apps import STARTED
from tests.support.stack import Stack, on_postgresql, on_sqlite

pytestmark = pytest.mark.slow

REDIS = os.environ.get("CONCORD_TEST_REDIS") or "redis://127.0.0.1:6379/15"


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
    is_redis = request.param == "redis"
    broker = request.getfixturevalue("redis_url") if is_redis else "filesystem://"
    made = on_postgresql(tmp_path, broker)
    yield made
    made.stop()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Stack]:
    """What `make demo` runs on: an SQLite file and a folder as broker."""
    made = on_sqlite(tmp_path)
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
