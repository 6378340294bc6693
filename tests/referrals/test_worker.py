"""A referral with real processes: sent in one, reminded of and reported by a worker in another."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deadlines.choices import JobState
from tests.support.stack import Stack, on_sqlite

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Stack]:
    """As `make demo` runs: SQLite, a folder as broker; a country whose decisions have a time."""
    made = on_sqlite(tmp_path, COUNTRY="gb")
    yield made
    made.stop()


def step(stack: Stack, name: str) -> dict[str, Any]:
    return json.loads(stack.run("-m", "tests.referrals.worker_steps", name).splitlines()[-1])


def is_told(told: dict[str, Any]) -> bool:
    """The officer has the notice of the referral and of its late clock, and a mail that says so."""
    late = any(kind.startswith("deadline_late") for kind in told["notices"])
    return late and "referral_received" in told["notices"] and told["mails"] > 0


def mails(stack: Stack) -> str:
    """Every mail the worker sent, as it went out; a file holds as many as one turn took."""
    return "\n".join(file.read_text() for file in sorted((stack.var / "mail").glob("*.log")))


def sweep(stack: Stack) -> bool:
    """What beat does each minute: the worker's sweep finds the clock that ran out, and the mail."""
    stack.run("-m", "celery", "-A", "config", "call", "deadlines.sweep")
    return False


class TestAReferral:
    def test_is_reminded_of_and_reported_by_the_worker(self, demo: Stack) -> None:
        demo.start_worker()
        sent = step(demo, "send")
        demo.wait_for(lambda: is_told(step(demo, "told")) or sweep(demo))
        written = mails(demo)
        assert "To: officer@example.org" in written
        for secret in (sent["reference"], *sent["secrets"]):
            assert secret not in written

        step(demo, "build")
        demo.wait_for(demo.has_ended)
        assert demo.state() == (JobState.DONE, 1)
        taken = step(demo, "download")
        assert taken["begins"] == "%PDF-"
        assert (taken["page"], taken["type"]) == (200, "application/pdf")
        assert taken["bytes"] > 10_000
