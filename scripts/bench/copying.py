"""Rows by COPY: a model's columns filled from tuples of text, indexes built after the rows."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import connection, models

NULL = "\\N"


class Unfilled(Exception):
    """A column was added that the bench has no value for."""


def text(value: Any) -> str:
    """A value as COPY reads it. For values we make ourselves: without tabs or line ends."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, list | dict):
        return json.dumps(value).replace("\\", "\\\\")
    return str(value)


class Rows:
    """Rows of one model, gathered as text and sent together.

    `columns` are what `add` gets, in that order, already as text; every other column gets its
    field's default, null, or empty text. Raises Unfilled for one that has none of these.
    """

    def __init__(self, model: type[models.Model], *columns: str) -> None:
        fields = {field.column: field for field in model._meta.concrete_fields}
        if unknown := set(columns) - set(fields):
            raise Unfilled(f"{model.__name__} has no column {', '.join(sorted(unknown))}.")
        rest = [
            field
            for column, field in fields.items()
            if column not in columns and not isinstance(field, models.AutoField)
        ]
        fresh = [field for field in rest if field.unique and callable(field.default)]
        constants = [field for field in rest if field not in fresh]
        self.table = model._meta.db_table
        self.key = model._meta.pk.column  # type: ignore[union-attr]
        names = [*columns, *(field.column for field in (*constants, *fresh))]
        self._into = f"{_quoted(self.table)} ({', '.join(map(_quoted, names))})"
        self._end = "".join(f"\t{text(_constant(field))}" for field in constants)
        self._fresh: tuple[Callable[[], Any], ...] = tuple(f.get_default for f in fresh)
        self._lines: list[str] = []

    def add(self, *values: str) -> None:
        fresh = "".join([f"\t{make()}" for make in self._fresh])
        self._lines.append("\t".join(values) + self._end + fresh + "\n")

    def send(self) -> None:
        """COPY what was gathered, in the transaction that is open."""
        lines, self._lines = self._lines, []
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {self._into} FROM STDIN", io.StringIO("".join(lines)))


def _constant(field: "models.Field[Any, Any]") -> Any:
    if field.has_default():
        value = field.get_default()
        return value if isinstance(value, list | dict) else field.get_prep_value(value)
    if field.null:
        return None
    if field.empty_strings_allowed and not isinstance(field, models.DateField | models.UUIDField):
        return ""
    raise Unfilled(f"The bench has no value for {field}: give it one where its rows are made.")


def insert_from(
    model: type[models.Model], columns: dict[str, str], source: str, parameters: Any = None
) -> int:
    """Rows written from other rows: SQL for each column, then what follows SELECT. How many.

    Columns that are not named are filled as `Rows` fills them.
    """
    columns = dict(columns)
    values = []
    for field in model._meta.concrete_fields:
        if field.column in columns or isinstance(field, models.AutoField):
            continue
        if isinstance(field, models.UUIDField) and field.unique:
            columns[field.column] = "gen_random_uuid()"
        else:
            columns[field.column] = "%s"
            values.append(_constant(field))
    into = ", ".join(map(_quoted, columns))
    return run(
        f"INSERT INTO {_quoted(model._meta.db_table)} ({into}) "
        f"SELECT {', '.join(columns.values())} {source}",
        [*values, *(parameters or ())],
    )


def fresh_uuids(number: int) -> list[str]:
    return [str(uuid4()) for _each in range(number)]


def set_sequences(tables: Iterable[Rows]) -> None:
    """Let the next row that is saved come after those copied with keys of their own."""
    with connection.cursor() as cursor:
        for rows in tables:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), max(id)) FROM "
                f"{_quoted(rows.table)} HAVING max(id) IS NOT NULL",
                [rows.table, rows.key],
            )


def run(sql: str, parameters: Any = None) -> int:
    """One statement; how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def settle() -> None:
    """Fresh statistics and visibility maps, outside any transaction: what autovacuum would do."""
    run("VACUUM (ANALYZE)")


@contextmanager
def without_indexes(tables: Iterable[str]) -> Iterator[None]:
    """Take the indexes of tables away while they are filled, and build them once afterwards.

    Primary keys stay. Foreign keys are not checked meanwhile: needs a superuser.
    """
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(_INDEXES, [table])
            found += [(table, *row) for row in cursor.fetchall()]
        for table, name, constraint, _definition in found:
            if constraint:
                cursor.execute(f"ALTER TABLE {_quoted(table)} DROP CONSTRAINT {_quoted(name)}")
            else:
                cursor.execute(f"DROP INDEX {_quoted(name)}")
        cursor.execute("SET session_replication_role = replica")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for table, name, constraint, definition in found:
            if constraint:
                definition = (
                    f"ALTER TABLE {_quoted(table)} ADD CONSTRAINT {_quoted(name)} {definition}"
                )
            cursor.execute(definition)


_INDEXES = """
    SELECT i.relname, c.oid IS NOT NULL,
           coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.oid))
    FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid
    LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.conrelid = x.indrelid
    WHERE x.indrelid = %s::regclass AND NOT x.indisprimary
"""


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
