"""The cast put on stage once, and put back for the other tests by its rows.

Assembling the cast through the services costs about 0.2 s of processor time, and two thousand tests
ask for it. The first test of a process assembles it for real; what the tables then hold more than
before is written down, and the tests after it write the same rows again. Nothing is
shared between tests: each still has its own transaction, and each its own copy of the objects.
"""

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models

from common.country import current
from deadlines.models import Deadline
from partners.clocks import CONTACT
from tests.support.cast import Cast, assemble

#: A cast that was put on stage longer ago than this is assembled anew: "an hour ago" stays true.
FRESH = timedelta(minutes=10)
#: Points of contact of members in the cast, each with its clock running.
CONTACTS = 3


class _Rehearsal:
    """One evening's stage: the objects, and the statements that write their rows."""

    def __init__(self, at: datetime) -> None:
        self.at, self.ground = at, _ground()
        before = {table: _keys(table, column) for table, column in _tables()}
        self.objects = pickle.dumps(assemble(at))
        clocks = Deadline.objects.open().exclude(pk__in=before[Deadline._meta.db_table])
        #: A test may have changed what starts a clock: then this evening is for that test alone.
        self.is_whole = clocks.filter(kind=CONTACT).count() == CONTACTS
        written = _as_text if connection.vendor == "postgresql" else _as_rows
        self.statements = written(before)

    def suits(self, at: datetime) -> bool:
        return self.at <= at < self.at + FRESH and self.ground == _ground()

    def repeat(self, at: datetime) -> Cast:
        with connection.cursor() as cursor:
            for statement, rows in self.statements:
                if rows:
                    cursor.executemany(statement, rows)
                else:
                    cursor.execute(statement)
        return self.cast(at)

    def cast(self, at: datetime) -> Cast:
        cast: Cast = pickle.loads(self.objects)  # noqa: S301 - this process wrote it
        return replace(cast, at=at)


_rehearsed: list[_Rehearsal] = []


def stage(at: datetime) -> Cast:
    """The cast at `at`: assembled by the services, or its rows written once more."""
    for rehearsal in _rehearsed:
        if rehearsal.suits(at):
            return rehearsal.repeat(at)
    rehearsal = _Rehearsal(at)
    if rehearsal.is_whole:
        _rehearsed[:] = [rehearsal, *_rehearsed[:2]]
    return rehearsal.cast(at)


def _ground() -> tuple[Any, ...]:
    """What the cast stands on: the country whose rules started its clocks, and what rows point to
    that migrations made; a flushed database makes it anew, keys and all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id), (SELECT min(id) FROM django_content_type),"
            " (SELECT max(id) FROM django_content_type),"
            # Somebody came before the cast: SQLite gave them the keys that the rows would take.
            " (SELECT max(id) FROM accounts_user), (SELECT max(id) FROM auth_group),"
            " (SELECT max(id) FROM partners_organisation) FROM auth_permission"
        )
        row: tuple[Any, ...] = cursor.fetchone()
    return (current(), *row)


def _tables() -> Iterator[tuple[str, str]]:
    """(table, column of its key) of every table of ours."""
    for model in apps.get_models(include_auto_created=True):
        key = model._meta.pk
        if model._meta.managed and not model._meta.proxy and isinstance(key, models.Field):
            yield model._meta.db_table, key.column


def _keys(table: str, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT CAST("{column}" AS text) FROM "{table}"')
        return [key for (key,) in cursor.fetchall()]


def _as_rows(before: dict[str, list[str]]) -> list[tuple[str, list[Any]]]:
    """SQLite: an INSERT and its rows for each table that has rows it did not have `before`."""
    statements = []
    with connection.cursor() as cursor:
        for table, column in _tables():
            cursor.execute(f'SELECT CAST("{column}" AS text), * FROM "{table}"')
            names = [described[0] for described in cursor.description[1:]]
            rows = [row for key, *row in cursor.fetchall() if key not in before[table]]
            if rows:
                columns = ", ".join(f'"{name}"' for name in names)
                places = ", ".join(["%s"] * len(names))
                statements.append((f'INSERT INTO "{table}" ({columns}) VALUES ({places})', rows))
    return statements


def _as_text(before: dict[str, list[str]]) -> list[tuple[str, list[Any]]]:
    """PostgreSQL: the same as one text of several statements, for one way there and back."""
    texts = []
    with connection.cursor() as cursor:
        for table, column in _tables():
            cursor.execute(
                f'SELECT json_agg(row_to_json(t))::text FROM "{table}" t'
                f' WHERE NOT "{column}"::text = ANY(%s)',
                [before[table]],
            )
            (rows,) = cursor.fetchone()
            if rows:
                columns = ", ".join(f'"{name}"' for name in json.loads(rows)[0])
                text: bytes = cursor.mogrify(
                    f'INSERT INTO "{table}" ({columns})'
                    f' SELECT {columns} FROM json_populate_recordset(NULL::"{table}", %s)',
                    [rows],
                )
                texts.append(text.decode())
    return [(";".join(texts), [])]
