"""What a conversation may be about beside nothing in particular: rows of packages above this one.

`referrals` registers a case here in its `apps.py`. This package knows it as a `Subject` only, and
asks: who may read a conversation about it, what reference to show, with whose key to seal.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet


@dataclass(frozen=True)
class About:
    """One kind of thing that organisations write to each other about."""

    kind: str
    #: The rows whose conversations the actor may read now, as a subquery; a `uuid` names each.
    readable: Callable[[Any], "QuerySet[Any]"]
    #: (user, organisation) of everybody who may read about one row now, whatever the audience.
    readers: Callable[[UUID, datetime], frozenset[tuple[int, int]]]
    #: Of these, those the actor may see, each by the reference it is known by. One query.
    references: Callable[[Any, Collection[UUID]], Mapping[UUID, str]]
    #: The page of one row.
    link: Callable[[UUID], str]
    #: The row whose `data_key` seals what is written about it; None where there is none.
    key_holder: Callable[[UUID], Model | None]
    #: The rows that may count in figures about organisations, as a subquery.
    counted: Callable[[], "QuerySet[Any]"]


_known: dict[str, About] = {}


def register(about: About) -> None:
    """Let organisations write about a kind of row. Raises ValueError when the name is taken."""
    if _known.setdefault(about.kind, about) is not about:
        raise ValueError(f"Two kinds of conversations are about a {about.kind}.")


def about_of(kind: str) -> About | None:
    """The kind under this name, or None: a row may outlive the code that wrote it."""
    return _known.get(kind)


def open_to(actor: Any, *, prefix: str = "") -> Q:
    """Rows about nothing in particular, and those whose subject is open to the actor now.

    `prefix` leads to the columns `subject_kind` and `subject_uuid`.
    """
    return _of_each(prefix, lambda about: about.readable(actor))


def counted(*, prefix: str = "") -> Q:
    """Rows about nothing in particular, and those whose subject may count in figures."""
    return _of_each(prefix, lambda about: about.counted())


def _of_each(prefix: str, rows: Callable[[About], "QuerySet[Any]"]) -> Q:
    kind, uuid = f"{prefix}subject_kind", f"{prefix}subject_uuid"
    rule = Q(**{kind: ""})
    for about in _known.values():
        # One row by its unique key for each line, not every case that somebody could open.
        rule |= Q(Exists(rows(about).filter(uuid=OuterRef(uuid))), **{kind: about.kind})
    return rule


def references_of(actor: Any, subjects: Collection[tuple[str, UUID | None]]) -> dict[UUID, str]:
    """The references of these (kind, uuid) as far as the actor may see them; a query a kind."""
    found: dict[UUID, str] = {}
    for kind, about in _known.items():
        uuids = {uuid for its, uuid in subjects if its == kind and uuid is not None}
        if uuids:
            found |= about.references(actor, uuids)
    return found
