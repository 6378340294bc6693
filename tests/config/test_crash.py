"""Killed at random under load: nothing acknowledged is lost, nobody is told anything twice.

`make crash KILLS=1000` is the same at full size.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HAS_SERVERS = shutil.which("redis-server") and list(Path("/usr/lib/postgresql").glob("*/bin"))
KILLS, DATABASES, WIPES = 10, 1, 1


@pytest.mark.slow
@pytest.mark.skipif(not HAS_SERVERS, reason="needs PostgreSQL and Redis to start its own")
def test_ten_kills_a_crash_of_the_database_and_a_wipe_of_redis_lose_nothing() -> None:
    counts = ["--kills", str(KILLS), "--databases", str(DATABASES), "--wipes", str(WIPES)]
    done = subprocess.run(
        [sys.executable, "scripts/crash.py", *counts, "--every", "1"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("{"), done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout[: done.stdout.rindex("}") + 1])
    assert found["faults"] == [], found
    assert sum(found["killed"].values()) == KILLS + DATABASES + WIPES
    # It shows something only when something was acknowledged, told and mailed meanwhile.
    assert set(found["acknowledged"]) == {"begun", "told", "sent"}
    assert found["reminders"] > 0
    assert found["letters"] > 0
