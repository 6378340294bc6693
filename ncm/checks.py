"""`manage.py check --database default`: acts of the co-ordination too few people qualify for."""

from typing import Any

from django.core import checks
from django.db import connection

from ncm import speakers
from ncm.models import ActionPlan, ActionPoint
from ncm.plan_choices import PlanState

ENOUGH = 2


def check_co_ordinators(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Two co-ordinators are needed: whoever drafts a revision of the plan never adopts it, and of
    what one of them made with high priority another verifies that it is done."""
    if not _needs_two(databases):
        return []
    number = len(speakers.users(speakers.co_ordinators()))
    if number >= ENOUGH:
        return []
    return [
        checks.Warning(
            f"Co-ordinators: {number}. Revising the action plan and verifying action points need"
            f" {ENOUGH}.",
            hint="Let a manager of the co-ordinating organisation invite another. Whoever drafted a"
            " revision cannot adopt it, and whoever did an action point, or made one with high"
            " priority, cannot verify it.",
            id="ncm.W001",
        )
    ]


def _needs_two(databases: Any) -> bool:
    """Whether there is anything yet that asks for a second co-ordinator."""
    # `migrate` checks too, before the tables are there.
    tables = connection.introspection.table_names() if databases else []
    if not {ActionPlan._meta.db_table, ActionPoint._meta.db_table} <= set(tables):
        return False
    plans = ActionPlan.objects.filter(state=PlanState.ADOPTED)
    return plans.exists() or ActionPoint.objects.standing().exists()
