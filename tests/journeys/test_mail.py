"""Mail as people live with it: chosen, stopped by its link, read in the inbox, sent again."""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from deadlines.models import Mail
from deadlines.services.mail import BACK_OFF, send_due_mail
from deadlines.services.sweep import sweep
from partners.access import actor_for
from partners.workflow import ORGANISATION
from tests.journeys.conftest import Visitor
from tests.support.cast import Cast, fill_in

HERE = "tests.journeys.test_mail."


class Refuses(EmailBackend):
    """A relay that takes no mail for anybody."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({})


def an_application_is_sent(stage: Cast) -> None:
    now = timezone.now()
    organisation = fill_in(stage.applying, stage.applicant, now)
    ORGANISATION.apply(organisation, "send", by=actor_for(stage.applicant, at=now), at=now)


def test_chosen_stopped_by_one_press_and_read_in_the_inbox(
    visit: Callable[..., Visitor], stage: Cast, site: str
) -> None:
    an_application_is_sent(stage)
    tomorrow = timezone.now() + timedelta(days=1)
    sweep(at=tomorrow, clock=timezone.now)
    [letter] = [each for each in mail.outbox if stage.co_ordinator.email in each.to]
    # Its link, opened on a telephone where nobody is signed in.
    path = letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix(site)
    phone = visit().open(path).picture("mail-stop")
    assert "Stop mails that you need not have" in phone.text
    phone.press("Stop these mails")
    assert "These mails have stopped" in phone.text
    phone.press("Have them again")
    assert "Stop mails that you need not have" in phone.text
    phone.press("Stop these mails")
    # At the desk: the inbox has everything, and a finer choice takes the link's place.
    desk = visit().arrive_as(stage.co_ordinator).open("/inbox/")
    assert "An application waits for review" in desk.text
    desk.follow("How often you get mail")
    assert "You stopped these mails" in desk.text
    group = desk.page.get_by_role("group", name="Applications and your organisation’s entry")
    group.get_by_label("Once a week").check()
    desk.press("Save")
    assert "Your choice has been saved." in desk.text
    assert "You stopped these mails" not in desk.text
    desk.picture("mail-choices")
    desk.open("/inbox/").press("Mark all as read")
    assert "Nothing new" in desk.text


def test_given_up_is_seen_and_sent_again(
    visit: Callable[..., Visitor], stage: Cast, settings: Any
) -> None:
    now, normal = timezone.now(), settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = HERE + "Refuses"
    for wait in (*BACK_OFF, timedelta()):
        send_due_mail(at=now, worker="here:1")
        now += wait
    settings.EMAIL_BACKEND = normal
    given_up = Mail.objects.dead().get()
    visitor = visit().arrive_as(stage.administrator).open("/")
    visitor.follow("Administration").follow("Health").picture("health")
    assert "Mail given up" in visitor.text
    visitor.follow("Look at them").picture("dead-mail")
    assert "The other side takes no mail for this address." in visitor.text
    assert stage.applicant.email not in visitor.page.content()
    visitor.press("Send again")
    assert "It is on its way again." in visitor.text
    send_due_mail(at=timezone.now(), worker="here:1")
    assert [each.extra_headers["Message-ID"] for each in mail.outbox] == [given_up.message_id]


def test_feed_is_made_shown_once_and_ended(visit: Callable[..., Visitor], stage: Cast) -> None:
    visitor = visit().arrive_as(stage.ngo_caseworker).open("/calendar/")
    visitor.follow("In your own calendar").press("Make an address")
    visitor.picture("calendar-feed")
    address = visitor.page.get_by_label("Your address").input_value()
    path = address.removeprefix(visitor.site)
    assert visitor.context.request.get(visitor.site + path).status == 200
    visitor.press("End the address")
    assert "The address no longer works." in visitor.text
    assert visitor.context.request.get(visitor.site + path).status == 404
