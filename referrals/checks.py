"""`manage.py check --database default`: acts of two people for which too few people qualify."""

from typing import Any

from django.core import checks
from django.db import connection
from django.utils import timezone

from common.country import current
from partners.choices import Role
from partners.models import Membership
from referrals.deciding import recipients, stages
from referrals.models import DecidingSeat

ENOUGH = 2


def check_deciders(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """A negative decision needs two officers of the authority, neither in law enforcement."""
    if not databases or not any(stage.needs_proposal for stage in stages(current())):
        return []
    # `migrate` checks too, before the tables are there.
    if DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    now = timezone.now()  # noqa: TID251 - a check is run by a command
    found: list[checks.CheckMessage] = []
    for organisation in recipients():
        officers = Membership.objects.active(now).filter(
            organisation=organisation, role=Role.OFFICER, is_enforcement=False
        )
        number = officers.values("user").distinct().count()
        if number < ENOUGH:
            found.append(
                checks.Warning(
                    f"An authority has {number} officers; a negative decision needs {ENOUGH}.",
                    hint="Let its manager invite another officer. Positive decisions do not wait.",
                    obj=str(organisation.uuid),
                    id="referrals.W001",
                )
            )
    return found
