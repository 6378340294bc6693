"""What one wants mail about: rhythms, the link in a mail, and what cannot be turned off."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from common.marks import Subject
from deadlines import notices as kinds
from deadlines.choices import Rhythm, Urgency
from deadlines.models import Mail, MailChoice, Notice
from deadlines.rhythm import next_mail_at
from deadlines.services import choosing, notices
from deadlines.services.mail import send_due_mail
from tests.deadlines.conftest import Clock, Somebody
from tests.support.cast import Cast
from tests.support.client import StrictClient

pytestmark = pytest.mark.django_db

FREE, ALWAYS = kinds.OTHER.code, "deadlines"
PARIS = ZoneInfo("Europe/Paris")
MON_FRI, SUN_THU = frozenset({6, 7}), frozenset({5, 6})


@pytest.fixture
def tell(
    by_ben: Somebody, clock: Clock, ann: User, notice_kind: Callable[..., str]
) -> Callable[..., Notice]:
    """A notice for Ann, of a kind under the topic named."""

    def go(topic: str = FREE, urgency: Urgency = Urgency.DIGEST) -> Notice:
        key = uuid.uuid4().hex
        notices.notify(
            recipients=[ann.pk], kind=notice_kind(topic=topic), by=by_ben, at=clock(), key=key,
            subject=Subject("parcel", uuid.uuid4()), urgency=urgency,
        )  # fmt: skip
        return Notice.objects.get(key=key)

    return go


@pytest.fixture
def mailed(clock: Clock, mailoutbox: list[Any]) -> Callable[..., int]:
    """How many mails leave in the time that passes, the sweep coming by every hour."""

    def go(**time: float) -> int:
        until, before = clock.now + timedelta(**time), len(mailoutbox)
        while clock.now < until:
            notices.write_summaries(clock.forward(hours=1))
            send_due_mail(at=clock(), worker="here:1")
        return len(mailoutbox) - before

    return go


class TestNextMailAt:
    @pytest.mark.parametrize(
        ("rhythm", "at", "weekend", "due"),
        [
            # Before and after seven in the morning in Paris; both sides of the change of clocks.
            (Rhythm.DAILY, "2026-03-02 05:59", MON_FRI, "2026-03-02 06:00"),
            (Rhythm.DAILY, "2026-03-02 06:00", MON_FRI, "2026-03-03 06:00"),
            (Rhythm.DAILY, "2026-03-28 12:00", MON_FRI, "2026-03-29 05:00"),
            (Rhythm.DAILY, "2026-10-24 12:00", MON_FRI, "2026-10-25 06:00"),
            # Monday; Sunday where Friday and Saturday are off.
            (Rhythm.WEEKLY, "2026-03-02 06:00", MON_FRI, "2026-03-09 06:00"),
            (Rhythm.WEEKLY, "2026-03-06 23:59", MON_FRI, "2026-03-09 06:00"),
            (Rhythm.WEEKLY, "2026-03-06 23:59", SUN_THU, "2026-03-08 06:00"),
        ],
    )
    def test_is_the_next_morning_or_the_weeks_first(
        self, rhythm: Rhythm, at: str, weekend: frozenset[int], due: str
    ) -> None:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        found = next_mail_at(rhythm, at=moment, zone=PARIS, hour=7, weekend=weekend)
        assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)

    def test_is_never_for_who_wants_none(self, at: datetime) -> None:
        rhythm = Rhythm.NEVER
        assert next_mail_at(rhythm, at=at, zone=PARIS, hour=7, weekend=MON_FRI) is None


class TestChoose:
    def test_weekly_mails_once_in_a_week(
        self, ann: User, tell: Callable[..., Notice], mailed: Callable[..., int], clock: Clock
    ) -> None:
        choosing.choose(user=ann, rhythms={FREE: Rhythm.WEEKLY}, at=clock())
        sent = 0
        for _day in range(14):
            tell()
            sent += mailed(days=1)
        assert sent == 2

    def test_never_leaves_it_to_the_inbox_even_what_could_not_wait(
        self, ann: User, tell: Callable[..., Notice], mailed: Callable[..., int], clock: Clock
    ) -> None:
        choosing.choose(user=ann, rhythms={FREE: Rhythm.NEVER}, at=clock())
        tell()
        tell(urgency=Urgency.IMMEDIATE)
        assert mailed(days=8) == 0
        assert Notice.objects.unread().count() == 2
        assert not Mail.objects.exists()

    def test_holds_for_what_waits_already(
        self, ann: User, tell: Callable[..., Notice], mailed: Callable[..., int], clock: Clock
    ) -> None:
        tell()
        choosing.choose(user=ann, rhythms={FREE: Rhythm.NEVER}, at=clock())
        assert mailed(days=2) == 0
        choosing.choose(user=ann, rhythms={FREE: Rhythm.DAILY}, at=clock())
        assert mailed(days=1) == 1

    def test_follows_the_persons_own_morning(
        self, ann: User, tell: Callable[..., Notice], settings: Any
    ) -> None:
        User.objects.filter(pk=ann.pk).update(time_zone="Asia/Tokyo")
        mail_at = tell().mail_at
        assert mail_at is not None
        assert mail_at.astimezone(ZoneInfo("Asia/Tokyo")).hour == settings.DIGEST_HOUR

    def test_refuses_what_the_law_or_safety_needs(self, ann: User, at: datetime) -> None:
        with pytest.raises(ValueError, match="nothing to choose"):
            choosing.choose(user=ann, rhythms={ALWAYS: Rhythm.NEVER}, at=at)

    def test_row_that_nobody_could_have_chosen_is_refused(self, ann: User, at: datetime) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            MailChoice.objects.create(user=ann, topic="", rhythm=Rhythm.DAILY, chosen_at=at)


class TestStop:
    def test_ends_what_may_end_and_nothing_else(
        self, ann: User, tell: Callable[..., Notice], mailed: Callable[..., int], clock: Clock
    ) -> None:
        choosing.stop(user=ann, at=clock())
        tell(FREE)
        assert mailed(days=2) == 0
        tell(ALWAYS)
        assert mailed(days=2) == 1

    def test_undone_brings_back_what_was_chosen_before(self, ann: User, at: datetime) -> None:
        choosing.choose(user=ann, rhythms={FREE: Rhythm.WEEKLY}, at=at)
        choosing.stop(user=ann, at=at)
        assert choosing.wishes_of([ann.pk])[ann.pk].rhythm(kinds.OTHER) == Rhythm.NEVER
        choosing.resume(user=ann, at=at)
        assert choosing.wishes_of([ann.pk])[ann.pk].rhythm(kinds.OTHER) == Rhythm.WEEKLY

    def test_link_that_was_altered_is_none_of_ours(self, ann: User) -> None:
        token = choosing.stop_token(ann)
        assert choosing.user_of(token) == ann
        # The last character carries bits that do not count.
        assert choosing.user_of(token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]) is None
        assert choosing.user_of(str(ann.uuid)) is None


class TestLetter:
    """RFC 8058: a header, a body line, and one press without a page."""

    def letter(
        self, tell: Callable[..., Notice], mailed: Any, mailoutbox: Any, *topics: str
    ) -> Any:
        for topic in topics:
            tell(topic)
        assert mailed(days=1) == 1
        return mailoutbox[-1]

    def test_has_a_link_that_stops_such_mails(
        self, tell: Any, mailed: Any, mailoutbox: Any, ann: User, settings: Any
    ) -> None:
        letter = self.letter(tell, mailed, mailoutbox, FREE, ALWAYS)
        headers = letter.message()
        link = headers["List-Unsubscribe"].strip("<>")
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in letter.body
        assert link.startswith(settings.SITE_URL)
        assert ann.email not in str(headers["List-Unsubscribe"])

    def test_that_must_be_had_has_none(self, tell: Any, mailed: Any, mailoutbox: Any) -> None:
        letter = self.letter(tell, mailed, mailoutbox, ALWAYS)
        assert "List-Unsubscribe" not in letter.message()
        assert "/mail/stop/" not in letter.body

    def test_looking_stops_nothing_and_one_press_without_cookies_stops(
        self, tell: Any, mailed: Any, mailoutbox: Any, ann: User, settings: Any
    ) -> None:
        header = self.letter(tell, mailed, mailoutbox, FREE).message()["List-Unsubscribe"]
        path = header.strip("<>").removeprefix(settings.SITE_URL)
        program = StrictClient(enforce_csrf_checks=True)
        page = program.get(path)
        assert not choosing.is_stopped(ann)
        assert ann.display_name not in page.content.decode()
        assert program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert choosing.is_stopped(ann)
        assert "Have them again" in program.get(path).content.decode()
        program.post(path, {"act": "again"})
        assert not choosing.is_stopped(ann)

    def test_link_of_nobody_answers_404(self, client: StrictClient) -> None:
        assert client.post(reverse("deadlines:stop_mail", args=["never.issued"])).status_code == 404


class TestPage:
    def test_keeps_what_was_chosen_and_offers_only_what_may_be(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        client = client_for(cast.ngo_caseworker)
        url = reverse("deadlines:mail_choices")
        page = client.get(url)
        free = [topic.code for topic in kinds.topics() if not topic.is_statutory]
        assert free
        assert list(page.context["form"].fields) == free
        assert "Deadlines that bind you" in page.content.decode()
        answer = client.post(url, {**dict.fromkeys(free, "weekly"), ALWAYS: "never"})
        assert answer.status_code == 302
        kept = MailChoice.objects.filter(user=cast.ngo_caseworker)
        assert set(kept.values_list("topic", "rhythm")) == {(code, "weekly") for code in free}

    def test_says_that_the_link_was_used_and_a_choice_takes_its_place(
        self, cast: Cast, client_for: Callable[..., StrictClient], at: datetime
    ) -> None:
        user = cast.ngo_caseworker
        choosing.stop(user=user, at=at)
        client = client_for(user)
        url = reverse("deadlines:mail_choices")
        page = client.get(url)
        assert "You stopped these mails" in page.content.decode()
        shown = {name: field.initial for name, field in page.context["form"].fields.items()}
        assert set(shown.values()) == {Rhythm.NEVER}
        client.post(url, {**shown, "registry": "daily"})
        assert not choosing.is_stopped(user)

    def test_refuses_an_answer_that_is_none(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        client = client_for(cast.ngo_caseworker)
        page = client.post(reverse("deadlines:mail_choices"), {"registry": "hourly"})
        assert page.status_code == 200
        assert page.context["form"].errors
        assert not MailChoice.objects.exists()
