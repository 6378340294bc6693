"""A migrated database, made once for a run of the suite; its parts and workers begin with copies.

    python -m tests.support.prepared      makes the one that DATABASE_URL names and leaves it there

Making the tables takes its time, and a run needs them half a dozen times. `scripts/test.py`
has one made on each kind of database and says where in CONCORD_PREPARED_POSTGRESQL and
CONCORD_PREPARED_SQLITE; without those, tests make their own as ever.
"""

import os
import shutil
from pathlib import Path

from django.db import connection

POSTGRESQL, SQLITE = "CONCORD_PREPARED_POSTGRESQL", "CONCORD_PREPARED_SQLITE"


def prepared() -> str:
    """The name or file of the prepared database of this kind; empty where there is none."""
    return os.environ.get(POSTGRESQL if connection.vendor == "postgresql" else SQLITE, "")


def copy_to(name: str) -> None:
    """Make the test database `name`, or the file of that name, a copy of the prepared one."""
    if connection.vendor != "postgresql":
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(prepared(), name)
        return
    quoted, template = (connection.ops.quote_name(each) for each in (name, prepared()))
    with connection._nodb_cursor() as cursor:
        # Two workers copy at once, and a template nobody else may be reading.
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [prepared()])
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE {template}")


def name_of_test_database() -> str:
    name: str = connection.creation._get_test_db_name()
    return name


def make() -> str:
    """Make it, and say its name or file."""
    import django

    django.setup()
    from tests.support.roles import make_roles

    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            make_roles(cursor)
    name: str = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    return name


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_test")
    print(make())
