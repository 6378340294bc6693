"""The calendar feed: a secret address, references and dates only, access asked at every fetch."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from icalendar import Calendar

from accounts import locks
from accounts.choices import LockReason
from accounts.models import AccessLog, User
from common.country import current
from common.marks import Subject
from common.workdays import Unit
from deadlines.models import CalendarFeed, Deadline
from deadlines.services import clocks, feeds
from partners.models import Membership
from partners.services import memberships
from tests.deadlines.conftest import make_rule
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def start(cast: Cast, deadline_kind: Callable[..., str]) -> Callable[..., Deadline]:
    """A clock that binds the caseworkers of Lantern House."""

    def go(amount: int = 10, unit: Unit = Unit.DAYS, subject: Any = None, **kind: Any) -> Deadline:
        group = Group.objects.get(user=cast.ngo_caseworker)
        return clocks.start(
            kind=deadline_kind(**kind), rule=make_rule(amount, unit), holders=[group],
            subject=Subject("parcel", subject or uuid.uuid4()),
            starts_at=cast.at, by=cast.actor(cast.ngo_manager), at=cast.at,
        )[0]  # fmt: skip

    return go


@pytest.fixture
def path(cast: Cast) -> str:
    """The address of the caseworker's feed."""
    user = cast.ngo_caseworker
    _feed, secret = feeds.make_feed(user=user, by=cast.actor(user), at=cast.at)
    return reverse("deadlines:feed_file", args=[secret])


def events(client: StrictClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


class TestFeed:
    def test_says_a_reference_and_a_day_and_nothing_else(
        self, start: Callable[..., Deadline], path: str, client: StrictClient
    ) -> None:
        row = start()
        [event] = events(client, path)
        assert event["SUMMARY"] == f"Deadline R-{str(row.subject_uuid)[:4]}"
        assert event.decoded("DTSTART") == row.due_at.astimezone(current().time_zone).date()
        told = {"UID", "DTSTAMP", "SUMMARY", "DTSTART", "DTEND", "URL", "CLASS", "TRANSP"}
        assert set(event) == told
        assert row.title not in event.to_ical().decode(), "not even what must be done"

    def test_gives_hours_as_a_moment(
        self, start: Callable[..., Deadline], path: str, client: StrictClient
    ) -> None:
        row = start(72, Unit.HOURS)
        [event] = events(client, path)
        assert event.decoded("DTSTART") == row.due_at.replace(microsecond=0)

    def test_asks_at_every_fetch_what_may_still_be_seen(
        self, start: Callable[..., Deadline], path: str, client: StrictClient
    ) -> None:
        hidden: set[uuid.UUID] = set()
        row = start(hidden=hidden)
        assert len(events(client, path)) == 1
        hidden.add(row.subject_uuid)
        assert events(client, path) == []

    def test_is_empty_once_the_person_works_there_no_more(
        self, cast: Cast, start: Callable[..., Deadline], path: str, client: StrictClient
    ) -> None:
        start()
        membership = Membership.objects.get(user=cast.ngo_caseworker)
        manager = cast.actor(cast.ngo_manager)
        memberships.end_membership(membership=membership, by=manager, at=cast.at)
        assert events(client, path) == []

    def test_leaves_out_what_is_done(
        self, cast: Cast, start: Callable[..., Deadline], path: str, client: StrictClient
    ) -> None:
        row = start()
        subject = Subject("parcel", row.subject_uuid)
        clocks.cancel(subject=subject, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert events(client, path) == []

    def test_costs_the_same_for_one_and_for_ten(
        self, start: Callable[..., Deadline], path: str, client: StrictClient, cast: Cast
    ) -> None:
        row = start()
        client.get(path)  # writes down that it was fetched, which the next hour does not
        costs = []
        for number in (1, 10):
            with counted() as queries:
                assert len(events(client, path)) == number
            costs.append(len(queries))
            Deadline.objects.bulk_create(
                Deadline(**{
                    field.attname: getattr(row, field.attname)
                    for field in Deadline._meta.concrete_fields
                    if field.attname not in {"id", "uuid", "subject_uuid"}
                }, subject_uuid=uuid.uuid4())
                for _n in range(9)
            )  # fmt: skip
        assert costs[0] == costs[1]


class TestAddress:
    def test_is_kept_as_a_hash_and_logged(self, cast: Cast, path: str) -> None:
        feed = CalendarFeed.objects.get()
        assert feed.token_hash not in path
        assert path.split("/")[-1].removesuffix(".ics") not in str(vars(feed))
        logged = AccessLog.objects.filter(subject_kind="calendar_feed", subject_uuid=feed.uuid)
        assert [row.action for row in logged] == ["token_issued"]

    def test_ends_when_it_is_ended_or_another_is_made_or_the_account_is_closed(
        self, cast: Cast, path: str, client: StrictClient, at: datetime
    ) -> None:
        user = cast.ngo_caseworker
        by = cast.actor(user)
        assert client.get(path).status_code == 200
        _feed, second = feeds.make_feed(user=user, by=by, at=at)
        assert client.get(path).status_code == 404
        newer = reverse("deadlines:feed_file", args=[second])
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert client.get(newer).status_code == 404
        User.objects.filter(pk=user.pk).update(is_active=True)
        assert client.get(newer).status_code == 200
        assert feeds.end_feed(user=user, by=by, at=at)
        assert not feeds.end_feed(user=user, by=by, at=at)
        assert client.get(newer).status_code == 404

    def test_ends_with_a_security_lock_of_the_account(
        self, cast: Cast, path: str, client: StrictClient, at: datetime
    ) -> None:
        user, other = cast.ngo_caseworker, cast.ngo_manager
        lock = locks.lock(user=user, reason=LockReason.values[0], by=other, at=at)  # type: ignore[arg-type]
        assert client.get(path).status_code == 404
        locks.lift(lock=lock, by=other, at=at)
        assert client.get(path).status_code == 404, "whoever was kept out may have made it"

    def test_unknown_one_answers_404(self, client: StrictClient) -> None:
        assert client.get(reverse("deadlines:feed_file", args=["never"])).status_code == 404


class TestPage:
    def test_shows_the_address_once_and_ends_it(
        self,
        cast: Cast,
        client_for: Callable[..., StrictClient],
        client: StrictClient,
        settings: Any,
    ) -> None:
        desk = client_for(cast.ngo_caseworker)
        url = reverse("deadlines:feed")
        address = desk.post(url).context["address"]
        assert address.startswith(settings.SITE_URL)
        path = address.removeprefix(settings.SITE_URL)
        assert path not in desk.get(url).content.decode()
        assert client.get(path).status_code == 200
        desk.post(reverse("deadlines:end_feed"))
        assert client.get(path).status_code == 404
