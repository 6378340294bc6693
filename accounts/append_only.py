"""Triggers that refuse to alter or delete rows of the access log, for both databases.

Used by migrations. SQLite drops the triggers of a table that a migration rebuilds, so a migration
which alters AccessLog ends with `install` again; a test looks whether they stand.
"""

from typing import Any

TABLE = "accounts_accesslog"

_POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the access log is append-only';
    END $$
    """,
    f"""
    CREATE OR REPLACE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
_SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END
    """
    for act in ("UPDATE", "DELETE")
]
_INSTALL = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}
_REMOVE = {
    "postgresql": [
        f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}",
        f"DROP FUNCTION IF EXISTS {TABLE}_refuse()",
    ],
    "sqlite": [f"DROP TRIGGER IF EXISTS {TABLE}_no_{act}" for act in ("update", "delete")],
}


def install(apps: Any, schema_editor: Any) -> None:
    """Puts the triggers in place; does nothing where they stand."""
    for statement in _INSTALL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove(apps: Any, schema_editor: Any) -> None:
    """Takes the triggers away: migrating backwards, and tests that alter rows on purpose."""
    for statement in _REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
