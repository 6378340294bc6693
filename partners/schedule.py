"""When something that comes round is due: dates only, without database or clock."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from partners.choices import Every

MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


def next_after(day: date, every: Every | str, anchor: int) -> date:
    """The day a round after `day` is due; `anchor` is the day of the month it should fall on.

    A month without that day has it on its last: the 31st is followed by 28 February and 31 March.
    """
    if every == Every.WEEK:
        return day + timedelta(days=7)
    return _of_month(_plus(day, MONTHS[Every(every)]), anchor)


def due_days(first: date, every: Every | str, anchor: int, until: date) -> Iterator[date]:
    """Every day from `first` to `until`, both included, on which a round is due."""
    day = first
    while day <= until:
        yield day
        day = next_after(day, every, anchor)


def months(first: date, number: int) -> list[date]:
    """The first days of this many months, beginning with that of `first`."""
    return [_plus(first, step) for step in range(number)]


def _plus(day: date, number: int) -> date:
    """The first of the month this many months on; back for a negative number."""
    years, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(years, month + 1, 1)


def _of_month(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))
