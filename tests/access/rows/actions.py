"""Rows of action points: one the co-ordination gave to Lantern House, with a document."""

from collections.abc import Callable
from typing import Any

from ncm.models import ActionFile, ActionPoint
from ncm.services import action_points
from tests.ncm import actions
from tests.support.cast import Cast


def action(cast: Cast) -> ActionPoint:
    if "action" not in cast.rows:
        cast.rows["action"] = actions.made(cast)
    row: ActionPoint = cast.rows["action"]
    return row


def document(cast: Cast) -> ActionFile:
    if "action file" not in cast.rows:
        cast.rows["action file"] = action_points.add_file(
            point=action(cast), title="Order", name="order.txt", content=b"Order 12",
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
    row: ActionFile = cast.rows["action file"]
    return row


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "ncm:action": lambda cast: {"uuid": action(cast).uuid},
    "ncm:action-comment": lambda cast: {"uuid": action(cast).uuid},
    "ncm:action-file": lambda cast: {"uuid": action(cast).uuid, "file": document(cast).uuid},
    "ncm:action-act": lambda cast: {"uuid": action(cast).uuid, "name": "begin"},
    "ncm:action-act@move": lambda cast: {"uuid": action(cast).uuid, "name": "move"},
    "ncm:board-rows": lambda cast: {"what": "actions"},
}
