"""What PostgreSQL does for a piece of our code: each statement explained as it runs, with its rows.

Rows are those that scans took from tables and indexes, kept or thrown away: the same on every
machine. Times are the server's own, planning included.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

_NOT_FROM_A_TABLE = {
    "CTE Scan",
    "Function Scan",
    "Subquery Scan",
    "Values Scan",
    "WorkTable Scan",
    "Bitmap Index Scan",  # its rows are counted where the heap is read
}
_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SET ", "RESET")


@dataclass(frozen=True)
class Statement:
    """One statement as it was run: rows scanned, milliseconds of the server, pages touched."""

    sql: str
    rows: int
    milliseconds: float
    pages: int

    @property
    def counts(self) -> bool:
        """Whether it only says how many there are."""
        return self.sql.startswith("SELECT COUNT(")


@dataclass(frozen=True)
class Cost:
    """What a piece of code made the database do."""

    statements: tuple[Statement, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.statements)

    @property
    def milliseconds(self) -> float:
        return sum(each.milliseconds for each in self.statements)

    @property
    def list_rows(self) -> int:
        """Without the statements that only count."""
        return sum(each.rows for each in self.statements if not each.counts)

    @property
    def counted_rows(self) -> int:
        return self.rows - self.list_rows


def cost(work: Callable[[], object]) -> Cost:
    """Run a piece of code with every statement explained; whatever it wrote is taken back."""
    found: list[Statement] = []

    def explain_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_TRANSACTION):
            if many:
                raise RuntimeError("A statement with many rows of parameters cannot be explained.")
            found.append(_explained(sql, params))
        return execute(sql, params, many, context)

    with taken_back(), connection.execute_wrapper(explain_first):
        work()
    return Cost(tuple(found))


def cost_of(sql: str, parameters: Any = None) -> Cost:
    """The same for one statement written by hand."""
    with taken_back():
        return Cost((_explained(sql, parameters),))


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction, or a savepoint in one, of which nothing stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def queries(work: Callable[[], object]) -> list[str]:
    """The statements a piece of code runs, apart from those that only frame transactions."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_TRANSACTION):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return found


def _explained(sql: str, params: Any) -> Statement:
    # Beside Django, so that no wrapper sees it; undone, because ANALYZE really runs a write.
    with connection.connection.cursor() as cursor:
        cursor.execute("SAVEPOINT bench_explain")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", params)
        [found] = cursor.fetchone()[0]
        cursor.execute("ROLLBACK TO SAVEPOINT bench_explain")
    plan = found["Plan"]
    return Statement(
        sql,
        _rows(plan),
        found["Planning Time"] + found["Execution Time"],
        plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    )


def _rows(node: dict[str, Any]) -> int:
    below = sum(_rows(each) for each in node.get("Plans", ()))
    if not node["Node Type"].endswith("Scan") or node["Node Type"] in _NOT_FROM_A_TABLE:
        return below
    # Numbers are averages over the loops, and over a parallel plan's workers.
    each = (
        node["Actual Rows"]
        + node.get("Rows Removed by Filter", 0)
        + node.get("Rows Removed by Index Recheck", 0)
    )
    return below + round(each * node["Actual Loops"])
