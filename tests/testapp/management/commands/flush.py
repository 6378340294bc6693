"""`flush` between tests that commit, in milliseconds on PostgreSQL.

Django's own truncates every table there is: over five seconds with 250 of them, however few have
rows. Here the rows are deleted where there are any. Content types and permissions stay: what makes
them would make the same ones again, under other keys.
"""

from typing import Any

from django.core.management.base import no_translations
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction

STAY = {"django_content_type", "auth_permission", "django_migrations"}


class Command(flush.Command):
    help = "Empties the tables of a test database."

    @no_translations
    def handle(self, **options: Any) -> None:
        alias = options["database"]
        connection = connections[alias]
        if connection.vendor != "postgresql" or options["interactive"]:
            super().handle(**options)
            return
        tables = sorted(set(connection.introspection.table_names()) - STAY)
        names = {table: connection.ops.quote_name(table) for table in tables}
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute(
                " UNION ALL ".join(
                    f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {name})"
                    for table, name in names.items()
                )
            )
            filled = [table for (table,) in cursor.fetchall()]
            # Neither keys nor the triggers of what only grows stand in the way.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in filled:
                cursor.execute(f"DELETE FROM {names[table]}")
        if not options.get("inhibit_post_migrate"):
            emit_post_migrate_signal(0, False, alias)
