"""Whom a calendar feed acts as: the packages above know memberships, this one does not.

`partners` registers the answer in its `apps.py`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from accounts.models import User
from common.marks import Actor

ActorsOf = Callable[[User, datetime], Sequence[Actor]]
"""One person as an actor for each organisation they work for at that moment, without a proof."""

_actors_of: list[ActorsOf] = []


def register_actors(actors_of: ActorsOf) -> None:
    """Say whom a feed acts as. Once; raises ValueError for a second answer."""
    if _actors_of and _actors_of != [actors_of]:
        raise ValueError("It is known already whom a feed acts as.")
    _actors_of[:] = [actors_of]


def actors_of(user: User, at: datetime) -> Sequence[Actor]:
    """Nobody, while no package has said."""
    return _actors_of[0](user, at) if _actors_of else ()
