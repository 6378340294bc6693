"""Working-day calendars of this country: public holidays as its own table corrects them.

Reads `CalendarDay`; the arithmetic is `common.workdays`, the holidays come through the profile.
"""

from collections.abc import Sequence
from datetime import date

from common.country import current
from common.workdays import Calendar
from deadlines.models import CalendarDay


def working_days(
    years: range, subdivision: str = "", *, and_also: Sequence[CalendarDay] = ()
) -> Calendar:
    """The calendar for `years` in a part of the country, or in all of it. One query.

    A correction for the part comes before one for the country; of two for one day, the newer.
    `and_also` are corrections that were not entered yet, to see what they would do.
    Raises ValueError for a part the profile does not declare.
    """
    profile = current()
    rows = list(CalendarDay.objects.filter(country=profile.code).order_by("pk"))
    rows += and_also
    corrected: dict[date, bool] = {}
    for place in ("", subdivision):
        corrected |= {row.day: row.is_working for row in rows if row.subdivision == place}
    return profile.calendar(
        years,
        subdivision=subdivision,
        added=frozenset(day for day, is_working in corrected.items() if not is_working),
        removed=frozenset(day for day, is_working in corrected.items() if is_working),
        revision=len(rows),
    )
