"""The calendar feed: making its address, ending it, and what it says.

An event says a reference and a date: calendar programs keep what they fetch on other people's
machines. What the person may see is asked anew at every fetch.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts import audit
from accounts.choices import LogAction
from accounts.models import User
from common.country import current, local_day
from common.marks import Subject
from common.workdays import DAY, Unit
from deadlines import feeds, kinds
from deadlines.models import CalendarFeed, Deadline

BEHIND = timedelta(days=90)
AHEAD = timedelta(days=400)
MOST = 500
"""Events in one feed; the page has the rest."""
REFETCH = timedelta(hours=6)
SUBJECT = "calendar_feed"


def make_feed(*, user: User, by: audit.Who, at: datetime) -> tuple[CalendarFeed, str]:
    """A new address for this person; the one before ends. The secret is shown once and not kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        # The person's row is the lock: two presses of the button make one feed after the other.
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        _end(user, by, at)
        feed = CalendarFeed.objects.create(user=user, token_hash=_hash(secret), made_at=at)
        _log(LogAction.TOKEN_ISSUED, feed, by, at)
    return feed, secret


def end_feed(*, user: User, by: audit.Who, at: datetime) -> bool:
    """The address answers no more; False when there was none."""
    with transaction.atomic():
        return _end(user, by, at)


def find_feed(secret: str) -> CalendarFeed | None:
    """The living feed behind a secret; None for any other, and for a closed account."""
    live = CalendarFeed.objects.live().filter(token_hash=_hash(secret), user__is_active=True)
    return live.select_related("user").first()


def write_feed(feed: CalendarFeed, at: datetime) -> bytes:
    """The calendar of a feed's person, as RFC 5545 has it, in their language."""
    CalendarFeed.objects.filter(
        Q(fetched_at=None) | Q(fetched_at__lt=at - timedelta(hours=1)), pk=feed.pk
    ).update(fetched_at=at)
    with translation.override(feed.user.language or current().languages[0]):
        calendar = Calendar()
        calendar.add("prodid", "-//Concord//Deadlines//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", _("Deadlines"))
        calendar.add("refresh-interval", REFETCH, parameters={"value": "DURATION"})
        for deadline, reference in _seen(feed.user, at):
            calendar.add_component(_event(deadline, reference, at))
        return bytes(calendar.to_ical())


def _seen(user: User, at: datetime) -> Iterator[tuple[Deadline, str]]:
    """What binds the person in any organisation and may still be seen, each once."""
    told = set()
    for actor in feeds.actors_of(user, at):
        mine = Deadline.objects.visible_to(actor).open()
        near = mine.filter(due_at__gte=at - BEHIND, due_at__lte=at + AHEAD)
        rows = list(near.order_by("due_at", "pk")[:MOST])
        seen = kinds.seen(actor, rows)
        for row in rows:
            about = (row.kind, row.subject_uuid)
            if about in seen and (*about, row.due_at) not in told:
                told.add((*about, row.due_at))
                yield row, seen[about]


def _event(deadline: Deadline, reference: str, at: datetime) -> Event:
    day = local_day(deadline.due_at)
    page = f"{reverse('deadlines:calendar')}?{urlencode({'view': 'list', 'day': str(day)})}"
    event = Event()
    event.add("uid", f"{deadline.uuid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    event.add("dtstamp", at)
    event.add("summary", " ".join(filter(None, (_("Deadline"), reference))))
    if deadline.unit == Unit.HOURS:
        event.add("dtstart", deadline.due_at)
    else:
        event.add("dtstart", day)
        event.add("dtend", day + DAY)
    event.add("url", settings.SITE_URL.rstrip("/") + page)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _end(user: User, by: audit.Who, at: datetime) -> bool:
    feed = CalendarFeed.objects.filter(user=user, revoked_at=None).first()
    if feed is None:
        return False
    CalendarFeed.objects.filter(pk=feed.pk).update(revoked_at=at)
    _log(LogAction.TOKEN_REVOKED, feed, by, at)
    return True


def _log(action: LogAction, feed: CalendarFeed, by: audit.Who, at: datetime) -> None:
    audit.record(action=action, by=by, at=at, subject=Subject(SUBJECT, feed.uuid))


def _hash(secret: str) -> str:
    # Random and long: a plain hash cannot be turned back by trying.
    return hashlib.sha256(secret.encode()).hexdigest()
