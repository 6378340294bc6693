"""The history of the tables, squashed for a new country: it ends where the long one does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import PROTECT, ForeignKey, IntegerField

from common.squash import CreateModels


def squashed() -> Iterator[tuple[tuple[str, str], Any]]:
    loader = MigrationLoader(None)
    for key, migration in loader.disk_migrations.items():
        if migration.replaces and any(
            isinstance(each, CreateModels) for each in migration.operations
        ):
            yield key, migration


def long_history(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Where it ends, app by app; the loader replaced nothing."""
    squashes = {key for key, _migration in squashed()}
    return [key for key in loader.graph.leaf_nodes() if key not in squashes]


def in_order(state: ModelState) -> ModelState:
    """The same; rules and indexes by name, since only who added them when differs."""
    for kind in ("constraints", "indexes"):
        state.options[kind] = sorted(state.options.get(kind, []), key=lambda each: each.name)
    return state


@pytest.mark.sqlite_too
class TestTheSquashedHistory:
    def test_ends_in_the_models_of_the_long_one(self) -> None:
        short = MigrationLoader(None).project_state()
        unreplaced = MigrationLoader(None, replace_migrations=False)
        long = unreplaced.project_state(long_history(unreplaced))
        assert set(short.models) == set(long.models)
        for key, state in short.models.items():
            assert in_order(state) == in_order(long.models[key]), key

    def test_stands_for_every_app_of_ours_with_more_than_one_step(self) -> None:
        found = {app: len(migration.replaces) for (app, _name), migration in squashed()}
        assert set(found) == {"accounts", "deadlines", "funding", "ncm", "partners", "referrals"}
        assert min(found.values()) > 1

    @pytest.mark.django_db
    def test_has_nothing_to_do_where_the_long_one_was_run(self) -> None:
        recorder = MigrationRecorder(connection)
        for (app, name), migration in squashed():
            recorder.record_unapplied(app, name)
            for replaced in migration.replaces:
                recorder.record_applied(*replaced)
        executor = MigrationExecutor(connection)
        assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite makes no tables in a test")
def test_models_are_created_together_and_taken_away_again() -> None:
    both = CreateModels(
        [
            CreateModel("Drawn", [("id", IntegerField(primary_key=True))]),
            CreateModel(
                "Line",
                [
                    ("id", IntegerField(primary_key=True)),
                    ("drawn", ForeignKey("ncm.Drawn", on_delete=PROTECT)),
                ],
            ),
        ]
    )
    before = ProjectState()
    after = before.clone()
    both.state_forwards("ncm", after)
    with connection.schema_editor(atomic=False) as editor:
        both.database_forwards("ncm", editor, before, after)
    line, drawn = (after.apps.get_model("ncm", name) for name in ("Line", "Drawn"))
    line.objects.create(pk=2, drawn=drawn.objects.create(pk=1))
    assert line.objects.get().drawn_id == 1
    line.objects.all().delete()
    connection.check_constraints()
    with connection.schema_editor(atomic=False) as editor:
        both.database_backwards("ncm", editor, after, before)
    assert not {"ncm_drawn", "ncm_line"} & set(connection.introspection.table_names())


#: What PostgreSQL holds of the tables. Without the names it or Django made up: a table that was
#: renamed kept those it had.
CATALOGUE = (
    "SELECT table_name, column_name, ordinal_position, data_type, character_maximum_length, "
    "numeric_precision, numeric_scale, is_nullable, column_default FROM information_schema.columns "
    "WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
    "SELECT tablename, regexp_replace(indexdef, 'INDEX .* ON', 'INDEX ON') FROM pg_indexes "
    "WHERE schemaname = 'public'",
    "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal",
    "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "SELECT relname, relrowsecurity, relacl::text FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')",
)


def catalogue() -> list[list[tuple[Any, ...]]]:
    """Without the tables of the tests' own app, which has no history at all."""
    found = []
    with connection.cursor() as cursor:
        for sql in CATALOGUE:
            cursor.execute(sql)
            rows = (row for row in cursor.fetchall() if not row[0].startswith("testapp_"))
            found.append(sorted(rows, key=repr))
    return found


@contextmanager
def empty_database(name: str) -> Iterator[None]:
    """The connection leads to a database of that name for a while."""
    ours, quoted = connection.settings_dict["NAME"], connection.ops.quote_name(name)
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8'")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = ours
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted}")


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's catalogue")
def test_both_histories_make_the_same_tables() -> None:
    """Minutes: the long one draws up every model again after each operation."""
    short = catalogue()
    with empty_database(f"{connection.settings_dict['NAME']}_long"):
        executor = MigrationExecutor(connection)
        executor.loader = MigrationLoader(connection, replace_migrations=False)
        executor.migrate(long_history(executor.loader))
        long = catalogue()
    for ours, theirs in zip(short, long, strict=True):
        assert ours
        assert ours == theirs
