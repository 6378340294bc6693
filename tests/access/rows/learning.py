"""Trainings and guidance: at home with Lantern House as reader, with Open Door as keeper."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

from partners.models import Guidance, Training
from tests.partners import learning_stages as stages
from tests.support.cast import Cast

NEVER = UUID("00000000-0000-4000-8000-000000000000")


def _training(cast: Cast) -> Training:
    if "training" not in cast.rows:
        cast.rows["training"] = stages.planned(cast)
    return cast.rows["training"]


def _held(cast: Cast) -> Training:
    if "training held" not in cast.rows:
        cast.rows["training held"] = stages.held(cast)
        cast.rows["attendance"] = stages.attended(cast, cast.rows["training held"])
    return cast.rows["training held"]


def _guidance(cast: Cast) -> Guidance:
    if "guidance" not in cast.rows:
        cast.rows["guidance"] = stages.in_force(cast)
    return cast.rows["guidance"]


def _draft(cast: Cast) -> Guidance:
    if "guidance draft" not in cast.rows:
        cast.rows["guidance draft"] = stages.draft(cast)
        stages.paper(cast, cast.rows["guidance draft"])
    return cast.rows["guidance draft"]


def _file(row: Guidance) -> dict[str, Any]:
    return {"uuid": row.uuid, "file": row.files.get().uuid}


def _import(cast: Cast) -> UUID:
    """As `partners:registry-import` has it."""
    return import_module("tests.access.arguments").ARGUMENTS["partners:registry-import"](cast)[
        "uuid"
    ]


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "partners:training": lambda cast: {"uuid": _training(cast).uuid},
    "partners:training@never": lambda cast: {"uuid": NEVER},
    "partners:training-act": lambda cast: {"uuid": _training(cast).uuid, "name": "postpone"},
    "partners:training-act@parties": lambda cast: {
        "uuid": _training(cast).uuid,
        "name": "parties",
    },
    "partners:training-attendances": lambda cast: {"uuid": _held(cast).uuid},
    "partners:guidance-one": lambda cast: {"uuid": _guidance(cast).uuid},
    "partners:guidance-one@draft": lambda cast: {"uuid": _draft(cast).uuid},
    "partners:guidance-one@never": lambda cast: {"uuid": NEVER},
    "partners:guidance-unread": lambda cast: {"uuid": _guidance(cast).uuid},
    "partners:guidance-file": lambda cast: _file(_guidance(cast)),
    "partners:guidance-file@draft": lambda cast: _file(_draft(cast)),
    "partners:guidance-read": lambda cast: {
        "uuid": _guidance(cast).uuid,
        "contact": cast.contact.uuid,
    },
    "partners:guidance-act": lambda cast: {"uuid": _guidance(cast).uuid, "name": "remind"},
    "partners:guidance-page": lambda cast: {"uuid": _draft(cast).uuid, "page": "text"},
    "partners:registry-import-invitations": lambda cast: {"uuid": _import(cast)},
    "partners:contact-mine-read": lambda cast: {"uuid": _guidance(cast).uuid},
    "partners:contact-mine-paper": lambda cast: _file(_guidance(cast)),
}
