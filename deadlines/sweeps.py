"""What the sweep does each minute, by name. Packages add their own in `apps.py`.

A sweeper takes the moment, does what is due or was missed, may run twice or in two places at once
without doing anything twice, and returns how many it did. `deadlines.services.sweep` runs them.
"""

from collections.abc import Callable
from datetime import datetime

Sweeper = Callable[[datetime], int]

_sweepers: dict[str, Sweeper] = {}


def register(name: str, sweeper: Sweeper) -> None:
    """Add a sweeper. Raises ValueError when the name is taken by another."""
    if _sweepers.get(name, sweeper) is not sweeper:
        raise ValueError(f"Two sweepers are called {name}.")
    _sweepers[name] = sweeper


def registered() -> dict[str, Sweeper]:
    """All sweepers, in the order in which they were added."""
    return dict(_sweepers)


def forget(name: str) -> None:
    """Take a sweeper out again. For tests."""
    _sweepers.pop(name, None)
