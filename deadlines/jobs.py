"""The kinds of work that run in the background, and what the code that does one is given.

A higher package registers its kinds in its `apps.py`; `deadlines.services.jobs` writes the rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from django.core.files.base import File
from django.utils.functional import Promise

from common.marks import Permission
from deadlines.choices import JobError

if TYPE_CHECKING:
    from deadlines.models import Job

Words = str | Promise


class JobStopped(Exception):
    """The job is no longer this worker's: it was cancelled, or its lease ran out. Stop quietly."""


class JobFailed(Exception):
    """The job cannot be done, and trying again would not help.

    `code` is a key of the kind's `words`, which say on the page what was wrong.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class JobFile:
    """What a job made: the name people see (ASCII, a known ending) and the content."""

    name: str
    content: File  # type: ignore[type-arg]


class Progress(Protocol):
    """Called by the work to say how far it is.

    `done` and `total` count whatever the work counts; `message` is a key of the kind's `words`.
    At most one call a second is written, so it may be called for every row. It also prolongs the
    worker's claim: work that takes longer than its lease calls it now and then.
    Raises JobStopped when the job is no longer this worker's.
    """

    def __call__(self, done: int, total: int = 0, message: str = "") -> None: ...


Run = Callable[["Job", Progress], JobFile | None]
"""Does the work. May be called more than once for one job and must then end with the same result:
it opens its own transactions, and may look at the job's uuid to know what it wrote before."""


@dataclass(frozen=True)
class JobKind:
    """One kind of work.

    `attempts` counts tries in all. `lease` is how long a worker may be silent before another takes
    the job over; None means settings.JOB_LEASE. `keep` is how long the result can be downloaded.
    `permission`, where given, must be held by whoever looks at the job or takes its result.
    """

    code: str
    run: Run
    label: Words
    attempts: int
    lease: timedelta | None
    keep: timedelta
    permission: Permission | None
    words: Mapping[str, Words]

    def text(self, code: str) -> Words:
        """The words for a message or error code; an unknown one says nothing of what it was."""
        return self.words[code] if code in self.words else common_text(code)


def common_text(code: str) -> Words:
    """The words for a reason that any kind of work may fail with; empty for another code."""
    return str(JobError(code).label) if code in JobError.values else ""


_kinds: dict[str, JobKind] = {}


def register(
    kind: str,
    *,
    run: Run,
    label: Words,
    attempts: int = 3,
    lease: timedelta | None = None,
    keep: timedelta = timedelta(hours=24),
    permission: Permission | None = None,
    words: Mapping[str, Words] | None = None,
) -> None:
    """Make a kind of work known; the fields are those of JobKind.

    Raises ValueError when the name is taken by other work.
    """
    known = _kinds.get(kind)
    if known is not None and known.run is not run:
        raise ValueError(f"Two kinds of work are called {kind}.")
    _kinds[kind] = JobKind(kind, run, label, attempts, lease, keep, permission, words or {})


def kind_of(code: str) -> JobKind | None:
    """The kind registered under this name, or None: a row may outlive the code that wrote it."""
    return _kinds.get(code)


def all_kinds() -> tuple[JobKind, ...]:
    """Every kind known."""
    return tuple(_kinds.values())


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)
