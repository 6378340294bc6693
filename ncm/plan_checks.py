"""`manage.py check --database default`: a revision of the plan needs a second person."""

from typing import Any

from django.core import checks
from django.db import connection
from django.utils import timezone

from ncm.models import ActionPlan
from ncm.plan_choices import PlanState
from ncm.plan_notifications import co_ordinators

ENOUGH = 2


def check_co_ordinators(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Whoever drafts a revision never adopts it: two co-ordinators are needed."""
    # `migrate` checks too, before the tables are there.
    if not databases or ActionPlan._meta.db_table not in connection.introspection.table_names():
        return []
    if not ActionPlan.objects.filter(state=PlanState.ADOPTED).exists():
        return []
    now = timezone.now()  # noqa: TID251 - a check is run by a command
    number = co_ordinators(now).values("user").distinct().count()
    if number >= ENOUGH:
        return []
    return [
        checks.Warning(
            f"{number} co-ordinators keep the action plan; a revision needs {ENOUGH} of them.",
            hint="Let the co-ordination invite another. Until then no revision can be adopted.",
            id="ncm.W002",
        )
    ]
