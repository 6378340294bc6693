"""`manage.py check --database default`: acts of the co-ordination too few people qualify for."""

from typing import Any

from django.core import checks
from django.db import connection

from ncm import speakers
from ncm.models import ActionPoint

ENOUGH = 2


def check_who_verifies(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """What nobody else of an organisation can verify, a co-ordinator does; of what one of them
    made with high priority another, so there are two."""
    # `migrate` checks too, before the tables are there.
    tables = connection.introspection.table_names() if databases else []
    if ActionPoint._meta.db_table not in tables:
        return []
    if not ActionPoint.objects.standing().exists():
        return []
    number = len(speakers.users(speakers.co_ordinators()))
    if number >= ENOUGH:
        return []
    return [
        checks.Warning(
            f"{number} people keep the co-ordination; verifying an action point needs {ENOUGH}.",
            hint="Let a manager of the co-ordination invite another.",
            id="ncm.W001",
        )
    ]
