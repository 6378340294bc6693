"""`manage.py check --database default`: acts about money that too few people qualify for."""

from typing import Any

from django.core import checks
from django.db import connection
from django.utils import timezone

from funding.models import Fund
from partners.choices import Role
from partners.models import Membership

ENOUGH = 2


def check_fund_officers(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """A direct award needs two people who keep the fund, or waits for the co-ordination."""
    # `migrate` checks too, before the tables are there.
    if not databases or Fund._meta.db_table not in connection.introspection.table_names():
        return []
    now = timezone.now()  # noqa: TID251 - a check is run by a command
    found: list[checks.CheckMessage] = []
    for keeper in Fund.objects.open().order_by().values_list("keeper", flat=True).distinct():
        officers = Membership.objects.active(now).filter(organisation=keeper, role=Role.FUNDER)
        number = officers.values("user").distinct().count()
        if number < ENOUGH:
            found.append(
                checks.Warning(
                    f"A keeper of funds has {number} fund officers; a direct award needs {ENOUGH}.",
                    hint="Let its manager invite another. Until then the co-ordination is asked.",
                    id="funding.W001",
                )
            )
    return found
