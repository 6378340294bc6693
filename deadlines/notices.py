"""The kinds of notice: what each says, where it leads, and to whom it may still be shown.

A higher package registers its kinds in its `apps.py`. A title says what happened and never to whom:
no name, no organisation, no reference.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise

from common.marks import Actor

Words = str | Promise
Link = Callable[[UUID], str]
StillVisible = Callable[[Actor, Collection[UUID]], set[UUID]]
"""Of these subjects, those the actor may still see. One query, whatever their number."""


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice."""

    code: str
    title: Words
    link: Link
    still_visible: StillVisible


_kinds: dict[str, NoticeKind] = {}


def register(kind: str, *, title: Words, link: Link, still_visible: StillVisible) -> None:
    """Make a kind of notice known. Raises ValueError when the name is taken by another."""
    known = _kinds.get(kind)
    if known is not None and known.link is not link:
        raise ValueError(f"Two kinds of notice are called {kind}.")
    _kinds[kind] = NoticeKind(kind, title, link, still_visible)


def kind_of(code: str) -> NoticeKind | None:
    """The kind registered under this name, or None: a row may outlive the code that wrote it."""
    return _kinds.get(code)


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)
