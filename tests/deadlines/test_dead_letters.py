"""Dead letters: seen without a name, sent again, put away; and hearing that a mail came back."""

import smtplib
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailRequestsAPIError
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.core.exceptions import SuspiciousOperation
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse

from common.marks import Subject
from deadlines.models import Mail, Notice
from deadlines.services import dead_letters, notices
from deadlines.services.mail import (
    BACK_OFF,
    FORGET_DEAD_AFTER,
    forget_dead_addresses,
    post_mail,
    send_due_mail,
)
from tests.deadlines.conftest import Clock, Somebody
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import counted

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

HERE = "tests.deadlines.test_dead_letters."
ADDRESS = "guest@example.org"


class Refuses(EmailBackend):
    """A relay that takes no mail."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such person: guest")})


class Provider(EmailBackend):
    """A provider's API, which gives each mail a name of its own."""

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            message.anymail_status = type("Status", (), {"message_id": "provider-1"})()
        return super().send_messages(messages)


class Throttles(EmailBackend):
    """A provider that answers 429, or 401: it is about us, not about the mail."""

    status = 429

    def send_messages(self, messages: Any) -> int:
        answer = requests.Response()
        answer.status_code = self.status
        raise AnymailRequestsAPIError(response=answer)


def invitation(at: datetime, key: str = "invitation:1") -> Mail:
    variables = {"url": "/account/join/s3cr3t/", "date": date(2024, 3, 1)}
    return post_mail(kind="invitation", to=ADDRESS, variables=variables, key=key, at=at)


def send(at: datetime) -> int:
    return send_due_mail(at=at, worker="here:1")


@pytest.fixture
def given_up(clock: Clock, settings: Any) -> Callable[[], Mail]:
    """A mail that was refused until it was given up; the relay works again."""

    def go(mail: Mail | None = None) -> Mail:
        mail = mail or invitation(clock())
        normal, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, HERE + "Refuses"
        for wait in (*BACK_OFF, timedelta()):
            send(clock())
            clock.now += wait
        settings.EMAIL_BACKEND = normal
        mail.refresh_from_db()
        assert mail.dead_at
        return mail

    return go


class TestResend:
    def test_sends_the_same_mail_under_the_same_message_id(
        self, given_up: Callable[..., Mail], by: Somebody, clock: Clock, mailoutbox: list[Any]
    ) -> None:
        mail = given_up()
        assert dead_letters.resend(uuid=mail.uuid, by=by, at=clock())
        assert send(clock()) == 1
        assert mailoutbox[0].extra_headers["Message-ID"] == mail.message_id
        mail.refresh_from_db()
        assert (mail.dead_at, mail.resent_by_id, mail.resent_at) == (None, by.user_id, clock.now)

    def test_twice_sends_once(
        self, given_up: Callable[..., Mail], by: Somebody, clock: Clock
    ) -> None:
        mail = given_up()
        assert dead_letters.resend(uuid=mail.uuid, by=by, at=clock())
        assert not dead_letters.resend(uuid=mail.uuid, by=by, at=clock())
        assert (send(clock()), send(clock())) == (1, 0)

    def test_of_one_whose_address_is_deleted_says_so(
        self, given_up: Callable[..., Mail], by: Somebody, clock: Clock
    ) -> None:
        mail = given_up()
        clock.now += FORGET_DEAD_AFTER
        assert forget_dead_addresses(clock()) == 1
        with pytest.raises(dead_letters.CannotBeSent):
            dead_letters.resend(uuid=mail.uuid, by=by, at=clock())
        assert dead_letters.resend_all(by=by, at=clock()) == 0

    def test_of_all_takes_each(
        self, given_up: Callable[..., Mail], by: Somebody, clock: Clock
    ) -> None:
        given_up()
        given_up(invitation(clock(), "invitation:2"))
        assert dead_letters.resend_all(by=by, at=clock()) == 2
        assert send(clock()) == 2


class TestPutAway:
    def test_wipes_it_and_writes_no_other_about_the_same(
        self, by: Somebody, by_ben: Somebody, given_up: Callable[..., Mail], clock: Clock,
        notice_kind: Callable[..., str],
    ) -> None:  # fmt: skip
        notices.notify(
            recipients=[by.user_id], kind=notice_kind(), subject=Subject("parcel", uuid.uuid4()),
            by=by_ben, at=clock(), key="k",
        )  # fmt: skip
        notices.write_summaries(clock.forward(days=1))
        mail = given_up(Mail.objects.get())
        assert notices.write_summaries(clock.forward(days=1)) == 0, "nothing arrives there"
        assert dead_letters.put_away(uuid=mail.uuid, by=by, at=clock())
        mail.refresh_from_db()
        assert (mail.dead_at, mail.dropped_at, mail.address) == (None, clock.now, "")
        assert notices.write_summaries(clock.forward(days=1)) == 0
        assert Notice.objects.unread().count() == 1

    def test_of_what_is_not_dead_does_nothing(self, by: Somebody, at: datetime) -> None:
        mail = invitation(at)
        assert not dead_letters.put_away(uuid=mail.uuid, by=by, at=at)
        assert send(at) == 1


class TestProvider:
    """A mail provider's API through anymail."""

    def test_that_refuses_us_gives_up_no_mail(self, clock: Clock, settings: Any) -> None:
        invitation(clock())
        settings.EMAIL_BACKEND = HERE + "Throttles"
        for _day in range(10):
            send(clock.forward(days=1))
        assert not Mail.objects.dead().exists()

    def test_that_says_a_mail_came_back_is_heard(
        self, clock: Clock, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.EMAIL_BACKEND = HERE + "Provider"
        mail = invitation(clock())
        assert send(clock()) == 1
        for name, code in (("provider-1", EventType.DELIVERED), ("another", EventType.BOUNCED)):
            self.hear(name, code)
        mail.refresh_from_db()
        assert mail.returned_at is None
        self.hear("provider-1", EventType.BOUNCED)
        mail.refresh_from_db()
        assert mail.returned_code == "bounced"
        assert "guest" not in caplog.text

    def test_is_believed_only_with_the_secret(
        self, clock: Clock, settings: Any, rf: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.ANYMAIL = {"WEBHOOK_SECRET": "concord:s3cr3t"}
        settings.EMAIL_BACKEND = HERE + "Provider"
        mail = invitation(clock())
        send(clock())
        said = {
            "RecordType": "Bounce", "MessageID": "provider-1", "Type": "HardBounce", "ID": 1,
            "Email": ADDRESS, "BouncedAt": "2026-11-22T00:00:00Z", "Details": f"no {ADDRESS}",
        }  # fmt: skip
        view = PostmarkTrackingWebhookView.as_view()
        for name, is_heard in (("concord:wrong", False), ("concord:s3cr3t", True)):
            proof = b64encode(name.encode()).decode()
            request = rf.post(
                "/mail/provider/", said, "application/json", HTTP_AUTHORIZATION=f"Basic {proof}"
            )
            if is_heard:
                assert view(request).status_code == 200
            else:
                with pytest.raises(SuspiciousOperation):
                    view(request)
            mail.refresh_from_db()
            assert bool(mail.returned_at) is is_heard
        assert "guest" not in caplog.text

    def hear(self, name: str, code: str) -> None:
        event = AnymailTrackingEvent(
            event_type=code, message_id=name, recipient=ADDRESS, description=f"no {ADDRESS}"
        )
        tracking.send(sender=object, event=event, esp_name="Somebody")


class TestPage:
    def desk(self, cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
        return client_for(cast.administrator)

    def test_shows_what_went_wrong_and_nobody(
        self, cast: Cast, client_for: Callable[..., StrictClient], given_up: Callable[..., Mail]
    ) -> None:
        given_up()
        page = self.desk(cast, client_for).get(reverse("deadlines:dead_mail")).content.decode()
        assert "takes no mail for this address" in page
        assert "guest" not in page
        assert "s3cr3t" not in page

    def test_sends_again_and_puts_away(
        self,
        cast: Cast,
        client_for: Callable[..., StrictClient],
        given_up: Callable[..., Mail],
        clock: Clock,
        mailoutbox: list[Any],
    ) -> None:
        desk = self.desk(cast, client_for)
        one, two = given_up(), given_up(invitation(clock(), "invitation:2"))
        desk.post(reverse("deadlines:resend_mail", args=[one.uuid]))
        desk.post(reverse("deadlines:put_away_mail", args=[two.uuid]))
        send(clock.forward(days=2))
        assert [letter.extra_headers["Message-ID"] for letter in mailoutbox] == [one.message_id]
        assert desk.post(reverse("deadlines:resend_mail", args=[two.uuid])).status_code == 404
        page = desk.get(reverse("deadlines:dead_mail")).content.decode()
        assert str(one.uuid) not in page
        assert str(two.uuid) not in page

    def test_costs_the_same_for_one_row_and_for_twenty(
        self, cast: Cast, client_for: Callable[..., StrictClient], at: datetime
    ) -> None:
        desk = self.desk(cast, client_for)
        costs = []
        for number in range(20):
            invitation(at, f"invitation:{number}")
            if number in (0, 19):
                Mail.objects.update(dead_at=at)
                with counted() as queries:
                    assert desk.get(reverse("deadlines:dead_mail")).status_code == 200
                costs.append(len(queries))
        assert costs[0] == costs[1] <= 8
