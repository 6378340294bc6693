"""Action points at each stage, each step taken through the services."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from common.country import local_day
from ncm.action_choices import Priority
from ncm.action_workflow import ACTION
from ncm.models import ActionPoint
from ncm.plan_choices import FourP
from ncm.services import action_points
from tests.support.cast import Cast

EVIDENCE = "Order 12 of this month (invented)."


def today(cast: Cast) -> date:
    return local_day(cast.at)


def made(cast: Cast, **more: Any) -> ActionPoint:
    """The co-ordination gives Lantern House something to do within ten days."""
    by = cast.actor(more.pop("user", cast.co_ordinator))
    text: dict[str, Any] = {
        "client_key": uuid4(), "title": "Say who answers at night (invented)",
        "todo": "Name two people who answer at night.", "pillar": FourP.PROTECTION,
        "responsible": cast.ngo, "due_on": today(cast) + timedelta(days=10),
    }  # fmt: skip
    return action_points.make(by=by, at=cast.at, **(text | more))


def own(cast: Cast, **more: Any) -> ActionPoint:
    """Lantern House gives itself something to do."""
    return made(cast, user=cast.ngo_manager, **more)


def urgent(cast: Cast) -> ActionPoint:
    return made(cast, priority=Priority.HIGH)


def act(cast: Cast, row: ActionPoint, name: str, user: Any, **answers: Any) -> ActionPoint:
    return ACTION.apply(row, name, by=cast.actor(user), at=cast.at, **answers)


def reported(cast: Cast, row: ActionPoint | None = None, user: Any = None) -> ActionPoint:
    """Done, as Lantern House's manager says."""
    return act(
        cast, row or made(cast), "report", user or cast.ngo_manager, comment="Both are named.",
        evidence=EVIDENCE,
    )  # fmt: skip


def sent_back(cast: Cast) -> ActionPoint:
    return act(
        cast, reported(cast), "send_back", cast.co_ordinator, comment="The second is missing.",
        due_on=today(cast) + timedelta(days=5),
    )  # fmt: skip


def verified(cast: Cast) -> ActionPoint:
    return act(cast, reported(cast), "verify", cast.co_ordinator)
