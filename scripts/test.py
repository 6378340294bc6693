"""`make test` and `make prove`: the suite in its parts, and one honest closing line.

    .venv/bin/python scripts/test.py [prove] [-- pytest arguments]

First a migrated database of each kind, which every part begins with a copy of. Then the parts:
everything but the browser on two workers; then the browser (two browsers on two cores are slower
than one), and beside it the marked subset once more on SQLite, which says its part when the
browser is done. What was skipped or left out is said.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import services
import supervise

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test"
PREPARED = "_prepared"


@dataclass(frozen=True)
class Part:
    """One run of pytest: which tests, how, and with what environment on top."""

    name: str
    marks: str
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What pytest's own report says of one part."""

    part: Part
    code: int
    seconds: float
    counts: Counter[str]
    skipped: Counter[str]

    @property
    def line(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items() if number)
        return f"{self.part.name}: {counts or 'no tests'} in {self.seconds:.0f} s"


def parts(kind: str, scratch: Path) -> list[list[Part]]:
    """What runs one after the other; what stands in one list runs at the same time."""
    if kind == "prove":
        return [[Part("prove", "prove")]]
    sqlite = {"DATABASE_URL": f"sqlite:///{scratch / 'test.sqlite3'}"}
    return [
        [Part("PostgreSQL", "not browser and not prove", ("-n", "2", "--dist", "worksteal"))],
        [
            Part("browser", "browser and not prove"),
            Part("SQLite", "sqlite_too and not browser and not prove", env=sqlite),
        ],
    ]


def read_report(report: Path) -> tuple[Counter[str], Counter[str]]:
    """Counts by outcome, and the reasons of what was skipped, from a JUnit file."""
    counts: Counter[str] = Counter(passed=0, failed=0, errors=0, skipped=0)
    skipped: Counter[str] = Counter()
    if not report.exists():
        return counts, skipped
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        if case.find("failure") is not None:
            counts["failed"] += 1
        elif case.find("error") is not None:
            counts["errors"] += 1
        elif (skip := case.find("skipped")) is not None:
            counts["skipped"] += 1
            skipped[skip.get("message", "no reason given")] += 1
        else:
            counts["passed"] += 1
    return counts, skipped


class Run:
    """One part under way: in the foreground, or beside another with its words kept for later."""

    def __init__(self, part: Part, env: dict[str, str], extra: list[str]) -> None:
        self.part, self.env = part, env | part.env
        self.report = RESULTS / f"{part.name.lower()}.xml"
        self.log = RESULTS / f"{part.name.lower()}.log"
        self.report.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        self.argv = [sys.executable, "-m", "pytest", "-q", "-m", part.marks, *part.options]
        self.argv += [f"--junit-xml={self.report}", *extra]
        self.began = time.time()

    def beside(self) -> subprocess.Popen[bytes]:
        return supervise.start(self.argv, env=self.env, log=self.log)

    def here(self) -> Outcome:
        print(f"\n=== {self.part.name}", flush=True)
        return self.ended(supervise.call(self.argv, env=self.env))

    def ended(self, code: int) -> Outcome:
        # Its report says when it ended; who ran beside another was waited for longer.
        ended = self.report.stat().st_mtime if self.report.exists() else time.time()
        return Outcome(self.part, code, ended - self.began, *read_report(self.report))


def prepare(env: dict[str, str], scratch: Path) -> dict[str, str]:
    """A migrated database of each kind, side by side: parts and their workers begin with copies.

    Where one could not be made the tests make their own, and show what is wrong.
    """
    file = scratch / "prepared"
    file.mkdir()
    kinds = {
        "POSTGRESQL": {"DATABASE_URL": env["DATABASE_URL"] + PREPARED},
        "SQLITE": {"DATABASE_URL": f"sqlite:///{file}.sqlite3", "CONCORD_VAR": str(file)},
    }
    argv = [sys.executable, "-m", "tests.support.prepared"]
    logs = {kind: RESULTS / f"prepared-{kind.lower()}.log" for kind in kinds}
    for log in logs.values():
        log.unlink(missing_ok=True)
    started = {
        kind: supervise.start(argv, env={**env, **own}, log=logs[kind])
        for kind, own in kinds.items()
    }
    try:
        made = {kind: process.wait() == 0 for kind, process in started.items()}
    except BaseException:
        supervise.stop(list(started.values()))
        raise
    return {
        f"CONCORD_PREPARED_{kind}": logs[kind].read_text().split()[-1]
        for kind in kinds
        if made[kind]
    }


def drop_databases(url: str) -> None:
    """Copies outlive the workers that used them; the run takes them away."""
    parts = urlsplit(url)
    connection = psycopg2.connect(
        host=parts.hostname,
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        dbname="postgres",
    )
    connection.autocommit = True
    ours = f"test_{parts.path.lstrip('/')}"
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname = %s OR datname LIKE %s",
            [ours, ours.replace("_", r"\_") + r"\_%"],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run_together(together: list[Part], env: dict[str, str], extra: list[str]) -> list[Outcome]:
    first, *others = (Run(part, env, extra) for part in together)
    processes = [other.beside() for other in others]
    try:
        outcomes = [first.here()]
        for other, process in zip(others, processes, strict=True):
            outcomes.append(other.ended(process.wait()))
            print(f"\n=== {other.part.name}\n{other.log.read_text(errors='replace')}", flush=True)
    finally:
        if any(process.poll() is None for process in processes):
            supervise.stop(processes)
    return outcomes


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Where the tests' temporary files go; the whole of it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="concord-run-"))
    folder.chmod(0o711)  # a throw-away PostgreSQL under it runs as an account of its own
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def close(outcomes: list[Outcome], what: str, kind: str) -> int:
    """Prints what happened, and gives the exit code. A part without a single test is a failure."""
    print(f"\n=== {what}")
    for outcome in outcomes:
        print(outcome.line)
        for reason, number in outcome.skipped.items():
            print(f"  skipped {number}: {reason}")
    failed = [outcome.part.name for outcome in outcomes if outcome.code]
    if kind != "prove":
        print("Left out: the full-size properties (make prove).")
    print(f"FAILED: {', '.join(failed)}" if failed else "All green.", flush=True)
    return 1 if failed else 0


def main(argv: list[str]) -> int:
    kind = "prove" if argv[:1] == ["prove"] else "test"
    extra = argv[argv.index("--") + 1 :] if "--" in argv else []
    os.chdir(ROOT)
    RESULTS.mkdir(parents=True, exist_ok=True)
    supervise.stop_on_signals()
    try:
        with services.services() as found, scratch_folder() as scratch:
            what = f"{found[0].what}, {found[1].what}"
            print(f"=== {what}", flush=True)
            env = {
                **os.environ,
                **services.environment(*found),
                "TMPDIR": str(scratch),
                "HYPOTHESIS_STORAGE_DIRECTORY": str(RESULTS / "hypothesis"),
            }
            try:
                env |= prepare(env, scratch)
                outcomes = [
                    outcome
                    for together in parts(kind, scratch)
                    for outcome in run_together(together, env, extra)
                ]
            finally:
                drop_databases(env["DATABASE_URL"])
            return close(outcomes, what, kind)
    except services.NotThere as error:
        print(f"test: {error}", file=sys.stderr)
        return 1
    except supervise.Stopped:
        print("\ntest: stopped before the end", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
