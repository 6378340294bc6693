"""`manage.py check --database default`: acts of several for which too few people qualify."""

from typing import Any

from django.core import checks
from django.db import connection
from django.utils import timezone

from common.country import current
from partners.choices import Role
from partners.models import Membership
from referrals.deciding import alternates, recipients, stages, unseated
from referrals.models import DecidingSeat

ENOUGH = 2


def check_seats(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """A decision by several that nobody, or not everybody it needs, was named to take."""
    if not databases or DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    held = list(DecidingSeat.objects.held().select_related("organisation"))
    return [
        checks.Warning(
            missing,
            hint="The co-ordination names organisations on the page “Who decides”.",
            obj=stage.rules.id,
            id="referrals.W006",
        )
        for stage in stages(current())
        for missing in unseated(stage, held)
    ]


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


def check_alternates(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Somebody stands in where every authority is kept out of a case: never nobody decides."""
    if not databases or DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    return [
        checks.Warning(
            f"Nobody has been named who stands in at the stage {stage.rules.id!r}.",
            hint="Name an alternate authority on the page of those who decide.",
            id="referrals.W002",
        )
        for stage in stages(current())
        if not alternates(stage)
    ]
