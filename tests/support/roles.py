"""The roles of PostgreSQL's second lock, where a test database has to be migrated.

An installation makes them with deploy/postgres/roles.sql, with passwords; tests switch to them and
nobody signs in with one.
"""

from typing import Any

from common.rowlock import APP, SYSTEM


def make_roles(cursor: Any) -> None:
    """Both roles of the server, where they are not there yet; two may ask at the same moment."""
    for role in (APP, SYSTEM):
        cursor.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
