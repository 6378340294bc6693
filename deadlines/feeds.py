"""Whom a calendar feed acts as: the packages above know memberships, this one does not.

`partners` registers the answer in its `apps.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from accounts.models import User
from common.marks import Actor
from common.rowlock import Sight, told

ActorsOf = Callable[[User, datetime], Sequence[Actor]]
"""One person as an actor for each organisation they work for at that moment, without a proof."""
SightOf = Callable[[Actor], Sight]

_known: list[tuple[ActorsOf, SightOf]] = []


def register_actors(actors_of: ActorsOf, sight_of: SightOf) -> None:
    """Say whom a feed acts as. Once; raises ValueError for a second answer."""
    if _known and _known != [(actors_of, sight_of)]:
        raise ValueError("It is known already whom a feed acts as.")
    _known[:] = [(actors_of, sight_of)]


def actors_of(user: User, at: datetime) -> Iterator[Actor]:
    """One after the other, each with the rows that are open to it; nobody, while no package has
    said. Read what is wanted of one before taking the next."""
    for actors, sight_of in _known:
        for actor in actors(user, at):
            with told(sight_of(actor)):
                yield actor
