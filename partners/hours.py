"""Hours of a point of contact: days and times on the country's clock, and whether it is open now.

A block is {"days": [0, 1, …], "from": "08:00", "until": "16:00"}; Monday is 0. `until` at or before
`from` is on the next day, so that equal times are a whole day.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Block = dict[str, Any]
ALWAYS: list[Block] = [{"days": list(range(7)), "from": "00:00", "until": "00:00"}]
MOST_BLOCKS = 2
WEEKDAYS = tuple((str(day), WEEKDAYS_ABBR[day]) for day in range(7))


def check(blocks: Any) -> None:
    """For the model field. Raises ValidationError where `blocks` is not a list of blocks."""
    try:
        fits = isinstance(blocks, list) and len(blocks) <= MOST_BLOCKS and all(map(_fits, blocks))
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ValidationError(gettext_lazy("These are not hours."))


def _fits(block: Block) -> bool:
    days = block["days"]
    times = [time.fromisoformat(block[name]) for name in ("from", "until")]
    return len(times) == 2 and bool(days) and sorted(set(days) & set(range(7))) == days


def block(days: Sequence[str | int], begins: time, ends: time) -> Block:
    """One block from what a form holds."""
    return {
        "days": sorted({int(day) for day in days}),
        "from": begins.strftime("%H:%M"),
        "until": ends.strftime("%H:%M"),
    }


def is_open(blocks: Sequence[Block], at: datetime, zone: ZoneInfo) -> bool | None:
    """Whether `at` lies in the hours, on the clock of `zone`; None where none were given."""
    if not blocks:
        return None
    here = at.astimezone(zone)
    return any(_covers(each, here) for each in blocks)


def _covers(each: Block, here: datetime) -> bool:
    begins, ends = time.fromisoformat(each["from"]), time.fromisoformat(each["until"])
    now, today = here.time(), here.weekday()
    yesterday = (here - timedelta(days=1)).weekday()
    if begins < ends:
        return today in each["days"] and begins <= now < ends
    return (today in each["days"] and now >= begins) or (yesterday in each["days"] and now < ends)


def in_words(blocks: Sequence[Block]) -> list[str]:
    """One line a block, such as "Mon–Fri 8 a.m.–4 p.m."; "Day and night" for always."""
    if list(blocks) == ALWAYS:
        return [_("Day and night")]
    return [f"{_days(each['days'])} {_times(each)}" for each in blocks]


def _days(days: Sequence[int]) -> str:
    names = [str(WEEKDAYS_ABBR[day]) for day in days]
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{names[0]}–{names[-1]}"
    return ", ".join(names)


def _times(each: Block) -> str:
    if each["from"] == each["until"] == "00:00":
        return _("all day")
    shown = [time_format(time.fromisoformat(each[name]), "H:i") for name in ("from", "until")]
    return "–".join(shown)
