"""Notices: once per person and key, quiet when handled, mailed about without spam."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import User
from common.marks import Subject
from deadlines import notices as kinds
from deadlines.choices import Urgency
from deadlines.models import Mail, Notice
from deadlines.services import notices
from deadlines.services.mail import SEND_MAIL, send_due_mail
from tests.deadlines.conftest import Clock, Somebody
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

SUBJECT = Subject("parcel", uuid.uuid4())


@pytest.fixture
def tell(
    by_ben: Somebody, at: datetime, ann: User, notice_kind: Callable[..., str]
) -> Callable[..., None]:
    """Ben's act puts a notice into Ann's inbox."""
    kind = notice_kind()

    def go(key: str = "parcel:1", **options: Any) -> None:
        values = {
            "recipients": [ann.pk],
            "kind": kind,
            "subject": SUBJECT,
            "by": by_ben,
            "at": at,
            **options,
        }
        notices.notify(key=key, **values)

    return go


def send(at: datetime) -> int:
    return send_due_mail(at=at, worker="here:1")


class TestNotify:
    def test_tells_each_person_once_per_key(
        self, tell: Callable[..., None], ann: User, ben: User
    ) -> None:
        tell(recipients=[ann.pk, ben.pk, ann.pk])
        tell(recipients=[ann.pk, ben.pk])
        tell("parcel:2")
        told = sorted(Notice.objects.values_list("recipient__email", "key"))
        assert told == [
            (ann.email, "parcel:1"),
            (ann.email, "parcel:2"),
            (ben.email, "parcel:1"),
        ]

    def test_refuses_a_kind_nobody_registered(self, tell: Callable[..., None]) -> None:
        with pytest.raises(ValueError, match="Nobody"):
            tell(kind="no such")

    def test_posts_a_mail_at_once_for_what_cannot_wait_only(
        self, tell: Callable[..., None], django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            tell()
        assert not callbacks
        assert not Mail.objects.exists()
        with django_capture_on_commit_callbacks() as callbacks:
            tell("parcel:2", urgency=Urgency.IMMEDIATE)
        assert [callback.task_name for callback in callbacks] == [SEND_MAIL]
        assert Mail.objects.get().kind == "notices_waiting"

    def test_told_twice_at_once_posts_one_mail(self, tell: Callable[..., None]) -> None:
        tell(urgency=Urgency.IMMEDIATE)
        tell(urgency=Urgency.IMMEDIATE)
        assert (Notice.objects.count(), Mail.objects.count()) == (1, 1)

    def test_takes_a_key_as_long_as_the_column(self, tell: Callable[..., None]) -> None:
        tell("k" * 200, urgency=Urgency.IMMEDIATE)
        assert Mail.objects.get().key

    def test_costs_the_same_for_one_and_for_many(
        self, tell: Callable[..., None], at: datetime
    ) -> None:
        many = [
            User.objects.create_user(f"u{n}@example.org", display_name="x", at=at).pk
            for n in range(40)
        ]
        with at_most(3):
            tell(recipients=many, urgency=Urgency.IMMEDIATE)


class TestVisibleTo:
    def test_shows_ones_own_for_this_organisation_and_for_none(
        self, tell: Callable[..., None], by: Somebody, by_ben: Somebody
    ) -> None:
        tell("here", organisation_uuid=by.organisation.uuid)
        tell("elsewhere", organisation_uuid=uuid.uuid4())
        tell("personal")
        shown = Notice.objects.visible_to(by).order_by("key").values_list("key", flat=True)
        assert list(shown) == ["here", "personal"]
        assert not Notice.objects.visible_to(by_ben).exists()
        assert not Notice.objects.visible_to(Somebody()).exists()

    def test_knows_what_waits_in_another_organisation(
        self, tell: Callable[..., None], by: Somebody
    ) -> None:
        tell("here", organisation_uuid=by.organisation.uuid)
        tell("personal")
        assert not Notice.objects.waiting_elsewhere(by).exists()
        other = Somebody(by.user, SimpleNamespace(uuid=uuid.uuid4()))
        assert Notice.objects.waiting_elsewhere(other).count() == 1
        assert Notice.objects.waiting_elsewhere(Somebody(by.user)).count() == 1


class TestUnreadCount:
    def test_is_one_query_and_stops_counting(
        self, tell: Callable[..., None], by: Somebody, by_ben: Somebody
    ) -> None:
        for number in range(notices.COUNT_TO + 5):
            tell(f"parcel:{number}")
        with at_most(1):
            assert notices.unread_count(by) == notices.COUNT_TO
        assert notices.unread_count(by_ben) == 0
        assert notices.unread_count(Somebody()) == 0


class TestReading:
    def test_keeps_the_first_time(
        self, tell: Callable[..., None], by: Somebody, at: datetime
    ) -> None:
        tell()
        notice = Notice.objects.get()
        notices.mark_read(notice=notice, by=by, at=at)
        notices.mark_read(notice=notice, by=by, at=at + timedelta(days=1))
        notice.refresh_from_db()
        assert notice.read_at == at

    def test_of_somebody_elses_changes_nothing(
        self, tell: Callable[..., None], by_ben: Somebody, at: datetime
    ) -> None:
        tell()
        notices.mark_read(notice=Notice.objects.get(), by=by_ben, at=at)
        assert notices.mark_all_read(by=by_ben, at=at) == 0
        assert Notice.objects.get().read_at is None

    def test_of_all_leaves_other_organisations_alone(
        self, tell: Callable[..., None], by: Somebody, at: datetime
    ) -> None:
        tell("elsewhere", organisation_uuid=uuid.uuid4())
        tell("one")
        tell("two")
        assert notices.mark_all_read(by=by, at=at) == 2
        assert notices.unread_count(by) == 0


class TestMarkHandled:
    def test_is_quiet_for_every_recipient(
        self, tell: Callable[..., None], ann: User, ben: User, by: Somebody, at: datetime
    ) -> None:
        tell(recipients=[ann.pk, ben.pk], urgency=Urgency.IMMEDIATE)
        kind = Notice.objects.values_list("kind", flat=True).first()
        assert notices.mark_handled(subject=SUBJECT, kinds=[kind], at=at) == 2
        assert notices.unread_count(by) == 0
        assert send(at) == 0
        assert Mail.objects.exclude(dropped_at=None).count() == 2

    def test_leaves_other_kinds_and_subjects_open(
        self, tell: Callable[..., None], at: datetime
    ) -> None:
        tell("other subject", subject=Subject("parcel", uuid.uuid4()))
        tell("other kind of subject", subject=Subject("letter", SUBJECT.uuid))
        kind = Notice.objects.values_list("kind", flat=True).first()
        assert notices.mark_handled(subject=SUBJECT, kinds=[kind], at=at) == 0
        tell("this")
        assert notices.mark_handled(subject=SUBJECT, kinds=["another"], at=at) == 0


class TestSummaries:
    """In the morning, at most once a day, and nothing that was dealt with meanwhile."""

    def test_one_mail_in_the_morning_for_all_that_waits(
        self, tell: Callable[..., None], clock: Clock, mailoutbox: list[Any]
    ) -> None:
        tell("one")
        tell("two")
        assert notices.write_summaries(clock()) == 0, "a mail at once would tell when it happened"
        clock.forward(days=1)
        assert notices.write_summaries(clock()) == 1
        assert send(clock()) == 1
        assert "2 new notices" in mailoutbox[0].body

    def test_at_most_one_a_day(
        self, tell: Callable[..., None], clock: Clock, mailoutbox: list[Any]
    ) -> None:
        for number in range(3 * 24):
            tell(f"parcel:{number}", at=clock())
            notices.write_summaries(clock.forward(hours=1))
            send(clock())
        assert len(mailoutbox) == 3

    def test_the_same_notice_is_never_mailed_about_again(
        self, tell: Callable[..., None], clock: Clock
    ) -> None:
        tell()
        notices.write_summaries(clock.forward(days=1))
        send(clock())
        assert notices.write_summaries(clock.forward(days=30)) == 0

    def test_nothing_for_what_was_read_meanwhile(
        self, tell: Callable[..., None], by: Somebody, clock: Clock, mailoutbox: list[Any]
    ) -> None:
        tell()
        notices.write_summaries(clock.forward(days=1))
        notices.mark_all_read(by=by, at=clock())
        assert send(clock()) == 0
        assert not mailoutbox

    def test_two_sweeps_at_once_write_the_same_mail(
        self, tell: Callable[..., None], clock: Clock
    ) -> None:
        tell()
        notices.write_summaries(clock.forward(days=1))
        # The other sweep looked before the first one's mail was there.
        first = Mail.objects.get()
        key = first.key
        first.delete()
        notices.write_summaries(clock())
        assert Mail.objects.get().key == key

    def test_none_for_who_may_not_sign_in(
        self, tell: Callable[..., None], ann: User, clock: Clock
    ) -> None:
        tell()
        User.objects.filter(pk=ann.pk).update(is_active=False)
        assert notices.write_summaries(clock.forward(days=1)) == 0

    def test_nothing_is_lost_while_an_earlier_mail_cannot_leave(
        self, tell: Callable[..., None], clock: Clock, mailoutbox: list[Any]
    ) -> None:
        tell("one")
        notices.write_summaries(clock.forward(days=1))
        tell("two")
        clock.forward(days=3)
        assert notices.write_summaries(clock()) == 0, "the first still waits, and will count both"
        send(clock())
        assert "2 new notices" in mailoutbox[0].body

    def test_with_nothing_due_reads_one_small_index(
        self, tell: Callable[..., None], at: datetime
    ) -> None:
        tell()
        with at_most(2):
            assert notices.write_summaries(at) == 0


class TestImmediate:
    def test_several_at_once_are_one_mail(
        self, tell: Callable[..., None], at: datetime, mailoutbox: list[Any]
    ) -> None:
        for number in range(5):
            tell(f"parcel:{number}", urgency=Urgency.IMMEDIATE)
        assert send(at) == 1
        assert "5 new notices" in mailoutbox[0].body
        assert Mail.objects.exclude(dropped_at=None).count() == 4

    def test_takes_the_waiting_summary_along(self, tell: Callable[..., None], clock: Clock) -> None:
        tell("can wait")
        tell("cannot", urgency=Urgency.IMMEDIATE)
        assert send(clock()) == 1
        assert notices.write_summaries(clock.forward(days=1)) == 0

    def test_is_not_held_back_by_a_recent_mail(
        self, tell: Callable[..., None], at: datetime, mailoutbox: list[Any]
    ) -> None:
        tell("one", urgency=Urgency.IMMEDIATE)
        send(at)
        tell("two", urgency=Urgency.IMMEDIATE)
        send(at)
        assert len(mailoutbox) == 2


class TestRegister:
    def test_refuses_a_name_that_is_taken(self, notice_kind: Callable[..., str]) -> None:
        name = notice_kind()
        with pytest.raises(ValueError, match="Two kinds"):
            kinds.register(name, title="", link=lambda u: "/", still_visible=lambda a, u: set(u))

    def test_refuses_a_topic_nobody_registered(self, notice_kind: Callable[..., str]) -> None:
        with pytest.raises(ValueError, match="the topic elsewhere"):
            notice_kind(topic="elsewhere")
