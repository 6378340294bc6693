"""`make test` and `make prove`: the suite in its parts, and one honest closing line.

    .venv/bin/python scripts/test.py [prove] [-- pytest arguments]

Parts: everything but the browser on two workers; the browser by itself (two browsers on two cores
are slower than one); the marked subset once more on SQLite. What was skipped or left out is said.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import services
import supervise

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test"


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


def parts(kind: str, scratch: Path) -> list[Part]:
    if kind == "prove":
        return [Part("prove", "prove")]
    sqlite = {"DATABASE_URL": f"sqlite:///{scratch / 'test.sqlite3'}"}
    return [
        Part("PostgreSQL", "not browser and not prove", ("-n", "2")),
        Part("browser", "browser and not prove"),
        Part("SQLite", "sqlite_too and not browser and not prove", ("-n", "2"), sqlite),
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


def run(part: Part, env: dict[str, str], extra: list[str]) -> Outcome:
    report = RESULTS / f"{part.name.lower()}.xml"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    print(f"\n=== {part.name}", flush=True)
    code = supervise.call(
        [sys.executable, "-m", "pytest", "-q", "-m", part.marks, *part.options]
        + [f"--junit-xml={report}", *extra],
        env=env | part.env,
    )
    return Outcome(part, code, time.monotonic() - began, *read_report(report))


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Where the tests' temporary files go; the whole of it is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="concord-run-"))
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
            return close([run(part, env, extra) for part in parts(kind, scratch)], what, kind)
    except services.NotThere as error:
        print(f"test: {error}", file=sys.stderr)
        return 1
    except supervise.Stopped:
        print("\ntest: stopped before the end", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
