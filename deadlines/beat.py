"""The clock that asks for the sweep, and the lock that lets one such clock tick at a time.

A second beat stands by and takes over when the first is gone. The lock is the database's own (or
the file system's, on SQLite): unlike a key with an expiry it ends with its holder's connection and
with nothing else. Not here: the schedule (config/celery.py), what is swept.
"""

import fcntl
import logging
import os
from pathlib import Path
from typing import IO, Any, Protocol

from celery.beat import Scheduler
from django.conf import settings
from django.db import Error, connections

logger = logging.getLogger(__name__)

ALIVE = "beat-alive"
"""A file in VAR that every beat touches when it looks at the clock: for the container's health."""
_KEY = 0x434F4E434F524401
"""Our advisory lock among those of this database: "CONCORD" and a one."""


class Lock(Protocol):
    """One process at a time holds it, until it ends or lets go."""

    def hold(self) -> bool:
        """Whether we hold it now; taken when it is free. Never waits."""

    def let_go(self) -> None: ...


class DatabaseLock:
    """A session's advisory lock in PostgreSQL, on a connection of its own.

    Behind a pooler that shares sessions it holds nothing: give beat a direct connection.
    """

    def __init__(self) -> None:
        self.connection = connections.create_connection("default")

    def hold(self) -> bool:
        try:
            with self.connection.cursor() as cursor:
                # Ours already: another session cannot have it, and asking again would only count.
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    " AND pid = pg_backend_pid() AND (classid::bigint << 32 | objid::bigint) = %s)"
                    " OR pg_try_advisory_lock(%s)",
                    [_KEY, _KEY],
                )
                return bool(cursor.fetchone()[0])
        except Error as error:
            # The session is gone, and the lock with it: the next look begins a new one.
            logger.warning("Beat could not ask for its lock: %s", type(error).__name__)
            self.let_go()
            return False

    def let_go(self) -> None:
        try:
            if self.connection.connection is not None:
                # Said, and not left to the server to find out: the other one may look at once.
                with self.connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock_all()")
        except Error as error:
            logger.info("Beat's session had ended already: %s", type(error).__name__)
        finally:
            self._close()

    def _close(self) -> None:
        try:
            self.connection.close()
        except Error as error:
            logger.warning("Beat's connection did not close well: %s", type(error).__name__)


class FileLock:
    """The same for one machine: a lock on a file, which ends with the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[str] | None = None

    def hold(self) -> bool:
        if self.file is not None:
            return True
        file = self.path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self.file = file
        return True

    def let_go(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None


def make_lock() -> Lock:
    """The lock of this installation."""
    if settings.ON_POSTGRESQL:
        return DatabaseLock()
    return FileLock(Path(settings.VAR) / "beat.lock")


class OneBeat(Scheduler):  # type: ignore[misc]  # Celery ships no types
    """Celery's scheduler, ticking only while it holds the lock. Remembers nothing: a restart costs
    at most a minute, and the sweep catches up by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lock = make_lock()
        self.held: bool | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next look."""
        (Path(settings.VAR) / ALIVE).touch()
        held = self.lock.hold()
        if held != self.held:
            logger.info("This beat %s", "has the clock" if held else "stands by for another")
            self.held = held
        if not held:
            return float(self.max_interval)
        return float(min(super().tick(*args, **kwargs), self.max_interval))

    def close(self) -> None:
        super().close()
        self.lock.let_go()

    @property
    def info(self) -> str:
        return f"    . one at a time, process {os.getpid()}"
