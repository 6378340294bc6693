"""`manage.py rotate_keys`: every wrapped data key of every model under the newest master key.

Here: walking, locking, counting. What wrapping is lives in common.sealing; when and in which order
to change SEALING_KEYS is told in docs/how-to/rotate-keys.md. Sealed values are never touched.
"""

from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, models, router, transaction

from common import sealing
from common.rowlock import system_work
from common.sealing import KeyMissing, SealBroken, WrappedKeyField

ALTERED = "altered, or another owner's"
# True unless the role is above row-level security, or one of its policies reads USING (true) and
# none narrows that again.
HIDES_ROWS = """
    SELECT row_security_active(%(table)s::regclass)
        AND NOT (coalesce(bool_or(polpermissive AND pg_get_expr(polqual, polrelid) = 'true'), false)
                 AND coalesce(bool_and(polpermissive), false))
    FROM pg_policy
    WHERE polrelid = %(table)s::regclass
        AND polcmd IN ('*', 'r')
        AND EXISTS (SELECT FROM unnest(polroles) AS role
                    WHERE role = 0 OR pg_has_role(role, 'USAGE'))
"""


@dataclass
class Count:
    """What was seen in one column: rows per master key id, rows that do not open per reason."""

    opened: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    rewrapped: int = 0


class Command(BaseCommand):
    help = (
        "Wraps every data key with the newest of SEALING_KEYS. Safe to stop at any moment and to "
        "run again; only when it says 'done' may an older key leave SEALING_KEYS."
    )
    # Keys must turn over even where a check about something else fails.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="count per model and master key, change nothing"
        )
        parser.add_argument(
            "--batch", type=int, default=200, help="rows per transaction (default 200)"
        )

    @system_work("rotate_keys")
    def handle(self, *, dry_run: bool, batch: int, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be at least 1.")
        columns = sealing.wrapped_key_fields()
        for column in columns:
            self._refuse_hidden_rows(column)
        if not dry_run:
            for column in columns:
                self._walk(column, batch, rewrap=True)
        # Counted afresh: a server still on the old list may have written meanwhile.
        counts = {_name(column): self._walk(column, batch, rewrap=False) for column in columns}
        for name, count in counts.items():
            for key_id, rows in sorted(count.opened.items()):
                self._say(f"{name}: {rows} under {key_id}")
            for reason, rows in sorted(count.failed.items()):
                self._say(f"{name}: {rows} cannot be opened ({reason})")
        self._conclude(counts, dry_run=dry_run)

    def _conclude(self, counts: dict[str, Count], *, dry_run: bool) -> None:
        newest = sealing.keyring().newest
        if failed := {name: count.failed.total() for name, count in counts.items() if count.failed}:
            raise CommandError(
                f"Not finished: keys that cannot be opened: {_listed(failed)}. Keep every old key "
                "in SEALING_KEYS, put back the missing ones, and run again."
            )
        older = {
            name: old
            for name, count in counts.items()
            if (old := count.opened.total() - count.opened[newest])
        }
        if dry_run:
            self._say(f"Dry run, nothing changed. To rewrap: {_listed(older) or 'none'}.")
        elif older:
            raise CommandError(
                f"Not finished: keys under an older master key: {_listed(older)}. A server may "
                "still run with the old SEALING_KEYS: restart it, then run again."
            )
        else:
            self._say(f"done: every data key is under {newest}")

    def _walk(self, column: WrappedKeyField, batch: int, *, rewrap: bool) -> Count:
        """Looks at every key of the column, a batch to a transaction, in the order of the rows."""
        count, after, seen = Count(), None, 0
        database = router.db_for_write(column.model)
        while True:
            with transaction.atomic(using=database):
                rows = _rows(column, database, after)
                if rewrap:
                    # No lock on the key of the row: others may go on referring to the person.
                    rows = rows.select_for_update(no_key=True)
                part = list(rows.values_list("pk", column.owner, column.attname)[:batch])
                for pk, owner, wrapped in part:
                    new = _open(wrapped, owner, count)
                    if rewrap and new is not None and new != wrapped:
                        # Only where a key still is: one destroyed meanwhile stays destroyed.
                        row = _rows(column, database).filter(pk=pk)
                        count.rewrapped += row.update(**{column.attname: new})
            if not part:
                return count
            after, seen = part[-1][0], seen + len(part)
            if rewrap:
                self._say(f"{_name(column)}: {seen} looked at, {count.rewrapped} rewrapped")

    def _refuse_hidden_rows(self, column: WrappedKeyField) -> None:
        """Row-level security could hide rows, and "done" would be said of the rest."""
        connection = connections[router.db_for_write(column.model)]
        if connection.vendor != "postgresql":
            return
        table = connection.ops.quote_name(column.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(HIDES_ROWS, {"table": table})
            if cursor.fetchone()[0]:
                raise CommandError(
                    f"Row-level security hides rows of {column.model._meta.label} from this "
                    "database role. Run as the role whose policy shows it every row."
                )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _rows(
    column: WrappedKeyField, database: str, after: Any = None
) -> models.QuerySet[models.Model]:
    """Rows whose key exists, in order of their primary key, behind `after`."""
    rows = column.model._base_manager.using(database).filter(**{f"{column.name}__isnull": False})
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return rows.order_by("pk")


def _open(wrapped: bytes, owner: sealing.Owner, count: Count) -> bytes | None:
    """The key under the newest master key, counted; None where it does not open."""
    try:
        new = sealing.rewrap(wrapped, owner)
    except KeyMissing:
        count.failed[f"master key {sealing.master_key_id(wrapped)} is missing"] += 1
    except SealBroken:
        count.failed[ALTERED] += 1
    else:
        count.opened[sealing.master_key_id(wrapped)] += 1
        return new
    return None


def _name(column: WrappedKeyField) -> str:
    return f"{column.model._meta.label}.{column.name}"


def _listed(rows: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in rows.items())
