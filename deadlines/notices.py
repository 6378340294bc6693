"""The kinds of notice: what each says, where it leads, and to whom it may still be shown.

A higher package registers its kinds in its `apps.py`. A title says what happened and never to whom:
no name, no organisation, no reference. Kinds stand under topics: a person chooses how often to be
mailed about each topic, but for those the law or their own safety needs (`is_statutory`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.marks import Actor

Words = str | Promise
Link = Callable[[UUID], str]
StillVisible = Callable[[Actor, Collection[UUID]], set[UUID]]
"""Of these subjects, those the actor may still see. One query, whatever their number."""


@dataclass(frozen=True)
class Topic:
    """What several kinds of notice are about, as a person chooses mail by it.

    `is_statutory`: a mail about it cannot be turned off, only what it says can be read sooner.
    """

    code: str
    title: Words
    is_statutory: bool = False


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice."""

    code: str
    title: Words
    link: Link
    still_visible: StillVisible
    topic: Topic


OTHER = Topic("other", _("Everything else"))
_topics: dict[str, Topic] = {OTHER.code: OTHER}
_kinds: dict[str, NoticeKind] = {}


def register_topic(code: str, *, title: Words, is_statutory: bool = False) -> None:
    """Make a topic known, before the kinds that stand under it."""
    _topics[code] = Topic(code, title, is_statutory)


def register(
    kind: str, *, title: Words, link: Link, still_visible: StillVisible, topic: str = OTHER.code
) -> None:
    """Make a kind of notice known, under a topic that is.

    Raises ValueError when the name is taken by another, and for a topic nobody registered.
    """
    known = _kinds.get(kind)
    if known is not None and known.link is not link:
        raise ValueError(f"Two kinds of notice are called {kind}.")
    if topic not in _topics:
        raise ValueError(f"Nobody registered the topic {topic}.")
    _kinds[kind] = NoticeKind(kind, title, link, still_visible, _topics[topic])


def topics() -> tuple[Topic, ...]:
    """Every topic that some kind stands under, those that cannot be turned off first."""
    used = {kind.topic for kind in _kinds.values()}
    known = [topic for topic in _topics.values() if topic in used]
    return tuple(sorted(known, key=lambda topic: not topic.is_statutory))


def may_be_turned_off(code: str) -> bool:
    """Whether somebody may choose to get no mail about this topic."""
    return code in _topics and not _topics[code].is_statutory


def topic_of(kind: str) -> Topic:
    """The topic a kind stands under; a kind no longer known is among everything else."""
    known = _kinds.get(kind)
    return known.topic if known else OTHER


def kinds_of(topics: Collection[str]) -> list[str]:
    """The names of all kinds under these topics."""
    return [kind.code for kind in _kinds.values() if kind.topic.code in topics]


def kind_of(code: str) -> NoticeKind | None:
    """The kind registered under this name, or None: a row may outlive the code that wrote it."""
    return _kinds.get(code)


def forget(kind: str) -> None:
    """Take a kind out again. For tests."""
    _kinds.pop(kind, None)
