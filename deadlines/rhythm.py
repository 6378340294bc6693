"""When the next mail about what can wait is due: each morning, or on the week's first morning.

A fixed hour, so that a mail tells nothing about when something happened. Pure arithmetic.
"""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from common.workdays import DAY
from deadlines.choices import Rhythm


def next_mail_at(
    rhythm: Rhythm, *, at: datetime, zone: ZoneInfo, hour: int, weekend: frozenset[int]
) -> datetime | None:
    """The first moment after `at` at which a mail of this rhythm is due, in UTC; None for never.

    `zone` is the receiver's, `hour` (0 to 23) that of the morning there; `weekend` ISO weekdays.
    """
    if rhythm is Rhythm.NEVER:
        return None
    day = at.astimezone(zone).date()
    first = max(weekend, default=7) % 7 + 1
    while True:
        moment = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if moment > at and (rhythm is Rhythm.DAILY or day.isoweekday() == first):
            return moment
        day += DAY
