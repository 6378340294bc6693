"""Counting the queries that read and write rows; savepoints of request-wide transactions apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET CONSTRAINTS")


class Counted:
    """The queries of a block; `len()` is how many touched rows."""

    def __init__(self, captured: CaptureQueriesContext) -> None:
        self._captured = captured

    @property
    def sql(self) -> list[str]:
        found = (query["sql"] for query in self._captured.captured_queries)
        return [sql for sql in found if not sql.startswith(_TRANSACTION)]

    def __len__(self) -> int:
        return len(self.sql)


@contextmanager
def counted() -> Iterator[Counted]:
    with CaptureQueriesContext(connection) as captured:
        yield Counted(captured)


@contextmanager
def at_most(limit: int) -> Iterator[Counted]:
    """Fails, printing the queries, when the block runs more than `limit` of them."""
    with counted() as queries:
        yield queries
    assert len(queries) <= limit, "\n".join([f"{len(queries)} queries:", *queries.sql])
