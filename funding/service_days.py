"""F5: on how many of its days a service did not work in full. Read from its history, not kept.

Numerator and denominator are service-days: ten services for a year are 3,650 of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from common.country import local_day
from partners.choices_places import Operating
from partners.models import ServiceOffer

YEAR = timedelta(days=364)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """What was said of a service from a day on: how it works, until when, and whether it ended."""

    on: date
    is_full: bool
    until: date | None = None
    has_ended: bool = False


@dataclass(frozen=True)
class ServiceDays:
    """Days not at full status, of all days."""

    services: int
    days: int
    not_full: int


def counted(said: Iterable[Said], *, since: date, until: date) -> tuple[int, int]:
    """(days, days not in full) of one service within [since, until].

    The last word of a day holds for that day; what was said until a day is over after it.
    """
    by_day = {each.on: each for each in said}
    turns = sorted(by_day)
    days = not_full = 0
    for number, day in enumerate(turns):
        word = by_day[day]
        if word.has_ended:
            break
        last = turns[number + 1] - _DAY if number + 1 < len(turns) else until
        days += _within(day, last, since, until)
        if not word.is_full:
            not_full += _within(day, min(last, word.until or last), since, until)
    return days, not_full


def _within(first: date, last: date, since: date, until: date) -> int:
    return max(0, (min(last, until) - max(first, since)).days + 1)


def service_days(offers: Any, *, today: date) -> ServiceDays:
    """Of these services over the last year. One query."""
    history = ServiceOffer.history.model
    rows = (
        history._default_manager.filter(id__in=offers.values("pk"))
        .order_by("id", "history_date", "history_id")
        .values_list("id", "history_date", "operating", "operating_until_on", "ended_at")
    )
    words: dict[int, list[Said]] = defaultdict(list)
    for pk, at, operating, until_on, ended_at in rows:
        is_full = operating == Operating.FULL
        words[pk].append(Said(local_day(at), is_full, until_on, ended_at is not None))
    found = [counted(each, since=today - YEAR, until=today) for each in words.values()]
    return ServiceDays(
        services=sum(days > 0 for days, _not_full in found),
        days=sum(days for days, _not_full in found),
        not_full=sum(not_full for _days, not_full in found),
    )
