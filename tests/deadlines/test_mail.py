"""The outbox: nothing personal, at least once, the same Message-ID, patient with a relay."""

import re
import smtplib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from common.claim import claim
from deadlines import mails
from deadlines.models import Mail
from deadlines.services import mail as mailing
from deadlines.services.mail import BACK_OFF, forget_dead_addresses, post_mail, send_due_mail
from tests.deadlines.conftest import Clock

pytestmark = pytest.mark.django_db

HERE = "tests.deadlines.test_mail."
ADDRESS = "guest@example.org"
TEXTS = Path(django_settings.BASE_DIR) / "templates" / "deadlines" / "mail"


class Refuses(EmailBackend):
    """A relay that takes no mail."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such person: guest")})


class Away(EmailBackend):
    """A relay that cannot be reached."""

    def open(self) -> bool:
        raise ConnectionRefusedError


class HangsUp(EmailBackend):
    """A relay that hangs up over one mail and takes the others."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["poison@example.org"]:
            raise smtplib.SMTPServerDisconnected
        return super().send_messages(messages)


class Crashes(EmailBackend):
    """The machine stops after the relay took the mail and before we could write it down."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise KeyboardInterrupt


@pytest.fixture
def invite(at: datetime) -> Callable[..., Mail]:
    def go(key: str = "invitation:1", **options: Any) -> Mail:
        values: dict[str, Any] = {
            "kind": "invitation",
            "to": ADDRESS,
            "variables": {"url": "/account/join/s3cr3t/?a=1&b=2", "date": date(2024, 3, 1)},
            "at": at,
            **options,
        }
        return post_mail(key=key, **values)

    return go


def send(at: datetime) -> int:
    return send_due_mail(at=at, worker="here:1")


class TestPost:
    def test_writes_one_row_per_key_and_wakes_a_worker_on_commit(
        self, invite: Callable[..., Mail], django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            first, again = invite(), invite()
        assert first.pk == again.pk
        assert [callback.task_name for callback in callbacks] == [mailing.SEND_MAIL]

    def test_is_undone_with_the_transaction_it_was_posted_in(
        self, invite: Callable[..., Mail]
    ) -> None:
        with transaction.atomic():
            invite()
            transaction.set_rollback(True)
        assert not Mail.objects.exists()

    @pytest.mark.parametrize(
        "variables",
        [
            {"url": "/x/", "date": date(2024, 3, 1), "name": "Nadia"},
            {"url": "/x/", "date": date(2024, 3, 1), "count": 3},
            {"url": "/x/"},
            {},
            {"url": "/x/", "date": "1 March for Nadia"},
            {"url": "/x/", "date": datetime(2024, 3, 1, tzinfo=timezone.get_default_timezone())},
            {"url": "https://elsewhere.example/", "date": date(2024, 3, 1)},
            {"url": "//elsewhere.example/", "date": date(2024, 3, 1)},
            {"url": "Nadia", "date": date(2024, 3, 1)},
        ],
    )
    def test_refuses_any_variable_but_those_of_its_kind(
        self, invite: Callable[..., Mail], variables: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match=r"mail"):
            invite(variables=variables)

    @pytest.mark.parametrize("count", [-1, True, "3", 1.5])
    def test_refuses_a_count_that_is_none(
        self,
        invite: Callable[..., Mail],
        mail_kind: Callable[[frozenset[str]], str],
        count: object,
    ) -> None:
        kind = mail_kind(frozenset({"count", "url"}))
        with pytest.raises(ValueError, match="The count of a mail"):
            invite(kind=kind, variables={"count": count, "url": "/inbox/"})

    def test_refuses_a_kind_nobody_registered(self, invite: Callable[..., Mail]) -> None:
        with pytest.raises(ValueError, match="Nobody"):
            invite(kind="no such")

    def test_takes_an_address_of_this_site_in_full(
        self, invite: Callable[..., Mail], settings: Any
    ) -> None:
        mail = invite(variables={"url": f"{settings.SITE_URL}/x/", "date": date(2024, 3, 1)})
        assert mail.variables["url"] == "/x/"


class TestRegister:
    def test_refuses_a_variable_no_mail_may_have(
        self, mail_kind: Callable[[frozenset[str]], str]
    ) -> None:
        with pytest.raises(ValueError, match="only have count, date, stop, url"):
            mail_kind(frozenset({"url", "name"}))


class TestTexts:
    """Texts are files, so a file could ask for more than the code lets in."""

    @pytest.mark.parametrize("file", sorted(TEXTS.glob("*.txt")), ids=lambda file: file.name)
    def test_use_the_variables_of_their_kind_and_no_others(self, file: Path) -> None:
        kind = mails.kind_of(re.sub(r"_(subject|body)$", "", file.stem))
        assert kind is not None, "a text without a kind"
        text = file.read_text()
        used = set(re.findall(r"{{\s*(\w+)", text))
        used |= set(re.findall(r"\b\w+=(\w+)", text))  # with x=y, count x=y
        used -= {"day"}
        assert used <= kind.variables

    def test_every_kind_has_both(self) -> None:
        own = [kind for kind in mails.all_kinds() if not kind.code.startswith("test")]
        assert own
        for kind in own:
            assert (TEXTS / f"{kind.code}_subject.txt").exists()
            assert (TEXTS / f"{kind.code}_body.txt").exists()


class TestSend:
    def test_sends_once_with_headers_that_ask_for_no_answer(
        self, invite: Callable[..., Mail], at: datetime, mailoutbox: list[Any], settings: Any
    ) -> None:
        mail = invite()
        assert (send(at), send(at)) == (1, 0)
        [sent] = mailoutbox
        headers = sent.message()
        assert headers["Message-ID"] == mail.message_id
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["X-Auto-Response-Suppress"] == "All"
        assert headers.get_content_type() == "text/plain"
        assert (sent.to, sent.cc, sent.bcc) == ([ADDRESS], [], [])
        assert f"{settings.SITE_URL}/account/join/s3cr3t/?a=1&b=2" in sent.body
        assert "1 March 2024" in sent.body

    def test_wipes_address_and_link_once_it_has_left(
        self, invite: Callable[..., Mail], at: datetime
    ) -> None:
        mail = invite()
        send(at)
        mail.refresh_from_db()
        assert (mail.address, mail.variables, mail.sent_at) == ("", {}, at)
        assert mail.address_hash
        assert ADDRESS not in mail.address_hash

    def test_speaks_the_receivers_language(
        self, ann: User, at: datetime, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.utils import translation

        User.objects.filter(pk=ann.pk).update(language="fr")
        spoken: list[str | None] = []
        render = mailing.render_to_string

        def listen(*args: Any) -> str:
            spoken.append(translation.get_language())
            return render(*args)

        monkeypatch.setattr(mailing, "render_to_string", listen)
        post_mail(
            kind="invitation", to=ann.pk, key="k", at=at,
            variables={"url": "/x/", "date": date(2024, 3, 1)},
        )  # fmt: skip
        send(at)
        assert set(spoken) == {"fr"}
        assert translation.get_language() == "en"

    def test_waits_for_its_time(self, invite: Callable[..., Mail], at: datetime) -> None:
        invite(not_before=at + timedelta(hours=1))
        assert send(at) == 0
        assert send(at + timedelta(hours=1)) == 1

    def test_sends_nothing_to_who_may_not_sign_in(
        self, invite: Callable[..., Mail], ann: User, at: datetime, mailoutbox: list[Any]
    ) -> None:
        mail = invite(to=ann.pk)
        User.objects.filter(pk=ann.pk).update(is_active=False)
        assert send(at) == 0
        mail.refresh_from_db()
        assert mail.dropped_at == at
        assert not mailoutbox

    def test_sends_more_than_a_batch(self, invite: Callable[..., Mail], at: datetime) -> None:
        for number in range(mailing.BATCH + 3):
            invite(f"invitation:{number}")
        assert send(at) == mailing.BATCH + 3


class TestMessageId:
    def test_is_the_same_for_the_same_key_and_tells_nothing_of_it(
        self, invite: Callable[..., Mail]
    ) -> None:
        first = invite("invitation:abc")
        other = invite("invitation:abd")
        first_id = first.message_id
        first.delete()
        assert invite("invitation:abc").message_id == first_id != other.message_id
        assert "abc" not in first_id
        assert re.fullmatch(r"<[0-9a-f]{40}@localhost>", first_id)


class TestCrash:
    def test_after_the_relay_took_it_sends_it_again_under_the_same_message_id(
        self, invite: Callable[..., Mail], clock: Clock, mailoutbox: list[Any], settings: Any
    ) -> None:
        mail = invite()
        normal = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = HERE + "Crashes"
        with pytest.raises(KeyboardInterrupt):
            send(clock())
        settings.EMAIL_BACKEND = normal
        assert send(clock()) == 0, "the dead worker's lease still lives"
        clock.now += mailing.LEASE
        assert send(clock()) == 1
        ids = [sent.extra_headers["Message-ID"] for sent in mailoutbox]
        assert ids == [mail.message_id, mail.message_id]

    def test_a_mail_that_stops_every_worker_is_given_up(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        mail = invite()
        settings.EMAIL_BACKEND = HERE + "Crashes"
        for _try in range(len(BACK_OFF) + 1):
            with pytest.raises(KeyboardInterrupt):
                send(clock())
            clock.now += mailing.LEASE
        assert send(clock()) == 0
        mail.refresh_from_db()
        assert (mail.dead_at, mail.last_error_code) == (clock.now, "stopped")

    def test_a_worker_that_was_away_too_long_sends_nothing(
        self,
        invite: Callable[..., Mail],
        at: datetime,
        monkeypatch: pytest.MonkeyPatch,
        mailoutbox: list[Any],
    ) -> None:
        invite("invitation:1")
        invite("invitation:2")
        connect = mailing.get_connection
        later = at + mailing.LEASE

        def slowly() -> Any:
            # Before the relay answers us, our lease runs out and another worker claims both.
            claim(Mail.objects.due(later), at=later, lease=mailing.LEASE, limit=9, worker="there:2")
            return connect()

        monkeypatch.setattr(mailing, "get_connection", slowly)
        assert send(at) == 0
        assert not mailoutbox
        assert set(Mail.objects.values_list("attempts", "claim_worker")) == {(0, "there:2")}


class TestTrouble:
    def test_a_refused_mail_is_tried_again_ever_later_and_then_given_up(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        mail = invite()
        settings.EMAIL_BACKEND = HERE + "Refuses"
        for wait in BACK_OFF:
            send(clock())
            mail.refresh_from_db()
            assert mail.not_before == clock.now + wait
            assert send(clock.now + wait - timedelta(seconds=1)) == 0
            clock.now += wait
        send(clock())
        mail.refresh_from_db()
        assert (mail.dead_at, mail.attempts) == (clock.now, len(BACK_OFF) + 1)
        assert Mail.objects.dead().get() == mail

    def test_neither_row_nor_log_repeats_what_the_relay_said(
        self,
        invite: Callable[..., Mail],
        at: datetime,
        settings: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        mail = invite()
        settings.EMAIL_BACKEND = HERE + "Refuses"
        send(at)
        mail.refresh_from_db()
        assert mail.last_error_code == "SMTPRecipientsRefused"
        assert "SMTPRecipientsRefused" in caplog.text
        assert "guest" not in caplog.text

    def test_an_outage_gives_up_no_mail_however_long(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        for number in range(3):
            invite(f"invitation:{number}")
        normal = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = HERE + "Away"
        for _hour in range(100):
            assert send(clock.forward(hours=1)) == 0
        assert not Mail.objects.dead().exists()
        settings.EMAIL_BACKEND = normal
        assert send(clock.forward(hours=1)) == 3

    def test_a_mail_the_relay_hangs_up_over_does_not_hold_up_the_others(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        poison = invite("poison", to="poison@example.org")
        invite("fine")
        settings.EMAIL_BACKEND = HERE + "HangsUp"
        assert send(clock()) == 1
        for _half_day in range(20):
            send(clock.forward(hours=12))
        poison.refresh_from_db()
        assert (poison.sent_at, poison.dead_at) == (None, None), "it may still be an outage"
        assert poison.not_before == clock.now + BACK_OFF[-1]

    def test_a_relay_that_fails_over_several_is_left_alone_for_a_while(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        for number in range(mailing.TROUBLES + 4):
            invite(f"invitation:{number}", to="poison@example.org")
        settings.EMAIL_BACKEND = HERE + "HangsUp"
        assert send(clock()) == 0
        assert Mail.objects.filter(attempts=1).count() == mailing.TROUBLES
        waiting = Mail.objects.filter(attempts=0)
        assert set(waiting.values_list("not_before", "claimed_until")) == {
            (clock.now + mailing.RELAY_AWAY, None)
        }


class TestForgetDeadAddresses:
    def test_after_thirty_days(
        self, invite: Callable[..., Mail], clock: Clock, settings: Any
    ) -> None:
        mail = invite()
        Mail.objects.update(dead_at=clock())
        assert forget_dead_addresses(clock.forward(days=29)) == 0
        assert forget_dead_addresses(clock.forward(days=1)) == 1
        assert forget_dead_addresses(clock()) == 0
        mail.refresh_from_db()
        assert (mail.address, mail.variables) == ("", {})


class TestConstraints:
    @pytest.mark.parametrize(
        "wrong",
        [
            lambda at, user: {"sent_at": at},
            lambda at, user: {"address": "", "sent_at": at, "dead_at": at},
            lambda at, user: {"recipient": user},
            lambda at, user: {"address_hash": "", "address": ""},
        ],
    )
    def test_refuse_what_no_mail_is(
        self, invite: Callable[..., Mail], at: datetime, ann: User, wrong: Any
    ) -> None:
        invite()
        with pytest.raises(IntegrityError), transaction.atomic():
            Mail.objects.update(**wrong(at, ann))
