"""The calendar of the person signed in: what binds them or their groups, as a month or as a list.

Overdue comes first. Every row is asked of its kind again: what one may no longer see is not shown.
"""

from calendar import Calendar as Weeks
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import current, local_day
from common.marks import Actor, Permission, needs
from common.paging import Order, merge_slices
from common.profile import Bound
from common.workdays import DAY, Calendar, Unit, start_of_day
from deadlines import kinds, words
from deadlines.calendars import working_days
from deadlines.models import Deadline
from deadlines.models.clocks import DeadlineQuerySet

BY_END = Order("due_at", "id")
IN_A_MONTH = 400
"""What one month's sheet holds; a list has the rest."""
IN_A_DAY = 4
LATE_SHOWN = 10
YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Month:
    """One month of the calendar."""

    first: date

    @classmethod
    def read(cls, text: str, today: date) -> "Month":
        """From "2026-11"; anything else is the month of `today`."""
        try:
            first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
        except ValueError:
            first = today
        return cls((first if first.year in YEARS else today).replace(day=1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def after(self) -> "Month":
        return Month((self.first + DAY * 31).replace(day=1))

    @property
    def before(self) -> "Month":
        return Month((self.first - DAY).replace(day=1))

    @property
    def label(self) -> str:
        return date_format(self.first, "YEAR_MONTH_FORMAT")

    def contains(self, day: date) -> bool:
        return self.first <= day < self.after.first


@dataclass(frozen=True)
class Now:
    """What every row of the page is measured by."""

    at: datetime
    zone: ZoneInfo
    calendar: Calendar

    @property
    def today(self) -> date:
        return self.at.astimezone(self.zone).date()


@needs(Permission.SIGNED_IN)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """?view=list for a list; ?month=2026-11, and in a list ?day=2026-11-30 or ?show=late."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    at, zone = timezone.now(), current().time_zone
    today = local_day(at)
    month = Month.read(request.GET.get("month", ""), today)
    first, last = min(today, month.first).year - 1, max(today, month.after.first).year + 1
    now = Now(at, zone, working_days(range(first, last + 1)))
    if request.GET.get("view") == "list":
        return _as_list(request, actor, month, now)
    return _as_month(request, actor, month, now)


def _as_month(request: HttpRequest, actor: Actor, month: Month, now: Now) -> HttpResponse:
    mine = Deadline.objects.visible_to(actor).open().order_by("due_at", "id")
    here = list(_within(mine, month.first, month.after.first, now.zone)[: IN_A_MONTH + 1])
    late = list(mine.late(now.at)[: LATE_SHOWN + 1])
    seen = kinds.seen(actor, {*here, *late})
    late_rows = _rows(late, seen, now)
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(here[:IN_A_MONTH], seen, now):
        by_day[row["day"]].append(row)
    context = {
        **_frame(month, now, view="month"),
        "late": late_rows[:LATE_SHOWN],
        "late_href": _href(view="list", show="late") if len(late_rows) > LATE_SHOWN else "",
        "weekdays": [date_format(day, "l") for day in _weeks(month, now)[0]],
        "weeks": [
            [_cell(day, by_day.get(day, []), month, now) for day in week]
            for week in _weeks(month, now)
        ],
        "is_free": not by_day,
        "is_empty": not by_day and not late_rows,
        "has_more": len(here) > IN_A_MONTH,
        "list_href": _href(view="list", month=month),
    }
    return render(request, "deadlines/calendar.html", context)


def _as_list(request: HttpRequest, actor: Actor, month: Month, now: Now) -> HttpResponse:
    open_ones = Deadline.objects.open()
    day = _day(request.GET.get("day", ""))
    only_late = request.GET.get("show") == "late"
    kept = {"day": day, "month": "" if day or only_late else month}
    if only_late:
        kept["show"], chosen = "late", open_ones.late(now.at)
    elif day is not None:
        chosen = _within(open_ones, day, day + DAY, now.zone)
        month = Month(day.replace(day=1))
    elif month.contains(now.today):
        # What is overdue comes first by itself: its end lies before this month's.
        chosen = open_ones.filter(due_at__lt=start_of_day(month.after.first, now.zone))
    else:
        chosen = _within(open_ones, month.first, month.after.first, now.zone)
    page = merge_slices(chosen.slices_for(actor), BY_END, cursor=request.GET.get("page", ""))
    rows = _rows(page.rows, kinds.seen(actor, page.rows), now)
    context = {
        **_frame(month, now, view="list"),
        "page": page,
        "rows": rows,
        "title": _("Late") if only_late else date_format(day, "DATE_FORMAT") if day else "",
        "columns": [
            {"label": label} for label in (_("What"), _("Date"), _("Time left"), _("About"))
        ],
        "empty": _empty(only_late=only_late),
        "next_href": page.next and _href(view="list", page=page.next, **kept),
        "previous_href": page.previous and _href(view="list", page=page.previous, **kept),
        "month_href": _href(month=month),
    }
    return render(request, "deadlines/calendar_list.html", context)


def _within(rows: DeadlineQuerySet, first: date, end: date, zone: ZoneInfo) -> DeadlineQuerySet:
    """Those that end on local days from `first` up to and without `end`."""
    return rows.filter(due_at__gte=start_of_day(first, zone), due_at__lt=start_of_day(end, zone))


def _rows(
    deadlines: Sequence[Deadline], seen: dict[tuple[str, Any], str], now: Now
) -> list[dict[str, Any]]:
    """What the page says of each; one that binds two of the person's groups stands there once."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for deadline in deadlines:
        kind = kinds.kind_of(deadline.kind)
        about = (deadline.kind, deadline.subject_uuid)
        if kind is None or about not in seen:
            continue
        text, colour = words.left(deadline, now.at, now.calendar, now.zone)
        rows[(*about, deadline.due_at)] = {
            "title": deadline.title,
            "reference": seen[about],
            "href": kind.link(deadline.subject_uuid),
            "own_href": reverse("deadlines:deadline", args=[deadline.uuid]),
            "left": text,
            "colour": colour,
            "bound": words.BOUNDS[Bound(deadline.bound)],
            "is_late": deadline.is_late(now.at),
            "due_at": deadline.due_at,
            "is_hours": deadline.unit == Unit.HOURS,
            "day": deadline.due_at.astimezone(now.zone).date(),
        }
    return list(rows.values())


def _cell(day: date, rows: list[dict[str, Any]], month: Month, now: Now) -> dict[str, Any]:
    return {
        "day": day,
        "is_here": month.contains(day),
        "is_today": day == now.today,
        "is_off": not now.calendar.is_working(day),
        "rows": rows[:IN_A_DAY],
        "more": max(0, len(rows) - IN_A_DAY),
        "more_href": _href(view="list", day=day) if len(rows) > IN_A_DAY else "",
    }


def _weeks(month: Month, now: Now) -> list[list[date]]:
    """Weeks that begin after the weekend: on Monday, or on Sunday where Friday is off."""
    last_off = max(now.calendar.weekend, default=7)
    return Weeks(firstweekday=last_off % 7).monthdatescalendar(month.first.year, month.first.month)


def _frame(month: Month, now: Now, *, view: str) -> dict[str, Any]:
    """What both views have around their rows."""
    kept = {"view": "list"} if view == "list" else {}
    return {
        "month": month,
        "today": now.today,
        "is_this_month": month.contains(now.today),
        "earlier": {"label": month.before.label, "href": _href(**kept, month=month.before)},
        "later": {"label": month.after.label, "href": _href(**kept, month=month.after)},
        "this_month_href": _href(**kept),
        "empty": _empty(only_late=False),
    }


def _empty(*, only_late: bool) -> dict[str, str]:
    if only_late:
        return {"title": _("Nothing is late"), "text": _("Everything that binds you is in time.")}
    return {
        "title": _("No deadlines here"),
        "text": _("What binds you or your team appears here with its date."),
    }


def _href(**query: Any) -> str:
    chosen = {key: str(value) for key, value in query.items() if value}
    return f"{reverse('deadlines:calendar')}{'?' if chosen else ''}{urlencode(chosen)}"


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None
