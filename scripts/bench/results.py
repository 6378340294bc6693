"""What was measured, whether it holds, and the page that says so.

Times are compared as ratios of two things done in turn in one run, so that a busy machine slows
both; numbers of rows and queries are exact.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Bar:
    """A number that must not be passed."""

    name: str
    measured: float
    most: float
    how: str
    """From what it was worked out, in words and absolute numbers."""

    @property
    def holds(self) -> bool:
        return self.measured <= self.most


@dataclass(frozen=True)
class Beside:
    """A number without a bar, for comparison."""

    name: str
    measured: str
    how: str = ""


@dataclass
class Findings:
    """Everything a run found, in the order in which it is printed."""

    bars: list[Bar] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def bar(self, name: str, measured: float, *, most: float, how: str) -> None:
        self.bars.append(Bar(name, measured, most, how))

    def say(self, name: str, measured: str, how: str = "") -> None:
        self.beside.append(Beside(name, measured, how))

    @property
    def fallen(self) -> list[Bar]:
        return [bar for bar in self.bars if not bar.holds]


@dataclass(frozen=True)
class Compared:
    """Two pieces of work in turn: medians in milliseconds, and the median of the rounds' ratios."""

    ours: float
    other: float
    ratio: float

    def __str__(self) -> str:
        return f"{self.ours:.2f} ms ÷ {self.other:.2f} ms"


def compare(
    ours: Callable[[], Any],
    other: Callable[[], Any],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Compared:
    """Time both in each round, taking turns in going first.

    One round more goes first to warm up, unless only one is asked for.

    What a piece of work returns is its time in milliseconds where it measured itself (a float),
    else it is timed by `clock`.
    """
    if rounds > 1:
        _timed(ours, clock), _timed(other, clock)
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = _timed(other, clock)
            pairs.append((_timed(ours, clock), second))
        else:
            first = _timed(ours, clock)
            pairs.append((first, _timed(other, clock)))
    return Compared(
        median(one for one, _two in pairs),
        median(two for _one, two in pairs),
        median(one / two for one, two in pairs),
    )


def _timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    gc.collect()
    began = clock()
    answer = work()
    return answer if isinstance(answer, float) else (clock() - began) * 1000
