"""The outbox: posting a mail in the caller's transaction, and sending what is due.

At least once, never "commit, then send". A mail says that something waits; texts are templates.
"""

import hashlib
import logging
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection  # noqa: TID251 - this is the outbox
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac

from accounts.adapters import AUTOMATIC
from common.claim import Claim, claim, finish, release
from common.country import current
from common.wake import wake
from deadlines import mails, notices
from deadlines.models import Mail, Notice
from deadlines.services.choosing import stop_token

logger = logging.getLogger(__name__)

SEND_MAIL = "deadlines.send_mail"
NOTICES_WAITING = "notices_waiting"
BATCH = 20
LEASE = timedelta(minutes=15)
"""More than a batch can take: each mail waits at most EMAIL_TIMEOUT for the relay."""
RUN_SECONDS = 240
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
RELAY_AWAY = timedelta(minutes=5)
TROUBLES = 3
"""So many mails in one batch the relay must fail over before it counts as away."""
FORGET_DEAD_AFTER = timedelta(days=30)
COVERED = 1000

_RELAY_TROUBLE = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    ssl.SSLError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPServerDisconnected,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    AnymailConfigurationError,
)
"""What says nothing about the mail at hand: the relay is away, and every mail must wait for it."""
_AWAY_STATUS = frozenset({401, 402, 403, 408, 429})
"""Answers of a provider's API that are about us and not about the mail; so is every 5xx."""


class _RelayAwayError(Exception):
    """The relay is away, as `error` says."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True)
class _Covered:
    """The notices a mail counts, and whether the person may do without such a mail."""

    notices: tuple[int, ...] = ()
    may_be_stopped: bool = False


def post_mail(
    *,
    kind: str,
    to: int | str,
    variables: Mapping[str, int | date | str],
    key: str,
    at: datetime,
    language: str = "",
    not_before: datetime | None = None,
) -> Mail:
    """Put a mail into the outbox, in the caller's transaction; the same key gives the same mail.

    `to` is the key of a user, or the address of somebody who has no sign-in yet. `variables` are
    exactly those of the kind: `count` an int, `date` a date, `url` an address of this site, with or
    without SITE_URL. Raises ValueError for anything else.
    """
    values = _checked(kind, variables)
    receiver: dict[str, Any] = {"recipient_id": to}
    if isinstance(to, str):
        receiver = {"address": to, "address_hash": _hash(to)}
    with transaction.atomic():
        mail, created = Mail.objects.get_or_create(
            key=_short(key),
            defaults={
                **receiver,
                "kind": kind,
                "language": language,
                "variables": values,
                "message_id": _message_id(key),
                "created_at": at,
                "not_before": not_before or at,
            },
        )
        if created:
            wake(SEND_MAIL)
    return mail


def waiting_mail(user: int, *, key: str, at: datetime) -> Mail:
    """An unsaved "something waits in your inbox"; how much is counted when it leaves."""
    return Mail(
        kind=NOTICES_WAITING,
        recipient_id=user,
        key=_short(key),
        message_id=_message_id(key),
        created_at=at,
        not_before=at,
    )


def send_due_mail(*, at: datetime, worker: str) -> int:
    """Send what is due, in claimed batches, for a few minutes at most; how many mails left."""
    sent = 0
    began = time.monotonic()
    while time.monotonic() - began < RUN_SECONDS:
        due = Mail.objects.due(at).order_by("not_before", "pk")
        held = claim(due, at=at, lease=LEASE, limit=BATCH, worker=worker)
        if not held:
            break
        left, relay_is_away = _send_batch(held, at)
        sent += left
        if relay_is_away:
            break
    return sent


def forget_dead_addresses(at: datetime) -> int:
    """Wipe address and link of mails given up 30 days ago: nobody has sent them again."""
    old = Mail.objects.dead().filter(dead_at__lte=at - FORGET_DEAD_AFTER)
    return old.exclude(address="", variables={}).update(address="", variables={})


def render(mail: Mail, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail in its receiver's language. Raises ValueError: kind unknown."""
    kind = mails.kind_of(mail.kind)
    if kind is None:
        raise ValueError("Nobody registered this kind of mail.")
    context = {name: variables[name] for name in kind.variables}
    if "date" in context:
        context["date"] = date.fromisoformat(context["date"])
    for link in ("url", "stop"):
        if context.get(link):
            context[link] = _in_full(context[link])
    own = mail.recipient.language if mail.recipient else mail.language
    with translation.override(own or current().languages[0]):
        subject = render_to_string(kind.subject_template, context)
        body = render_to_string(kind.body_template, context)
    return " ".join(subject.split()), body.strip() + "\n"


def _send_batch(held: list[Claim], at: datetime) -> tuple[int, bool]:
    """How many left, and whether the relay turned out to be away."""
    sent = troubles = 0
    connection: BaseEmailBackend | None = None
    try:
        for position, each in enumerate(held):
            if connection is None:
                connection = get_connection()
                try:
                    connection.open()
                except Exception as error:
                    # Whatever it is, it says nothing about these mails: no try is counted.
                    _wait_for_relay(held[position:], at, error)
                    return sent, True
            try:
                sent += _send_one(each, at, connection)
            except _RelayAwayError as trouble:
                # One mail may make a relay hang up: the next is tried on a connection of its own.
                _close(connection)
                connection = None
                troubles += 1
                if troubles == TROUBLES:
                    _wait_for_relay(held[position + 1 :], at, trouble.error)
                    return sent, True
    finally:
        if connection is not None:
            _close(connection)
    return sent, False


def _send_one(held: Claim, at: datetime, connection: BaseEmailBackend) -> int:
    """1 when the mail left. Raises _RelayAwayError when the relay is away."""
    if not Mail.objects.filter(pk=held.pk, claim_token=held.token).update(
        # Counted before it is sent, so that a mail that stops its worker is given up in the end.
        attempts=F("attempts") + 1
    ):
        return 0  # We were away for longer than the lease, and somebody else has it.
    mail = Mail.objects.select_related("recipient").get(pk=held.pk)
    if mail.attempts > len(BACK_OFF) + 1:
        finish(Mail.objects.all(), held, dead_at=at, last_error_code="stopped")
        return 0
    try:
        covered = _covered(mail)
        if covered is None:
            finish(Mail.objects.all(), held, dropped_at=at, **_WIPED)
            return 0
        letter = _message(mail, covered, connection)
        letter.send()
    except Exception as error:
        _failed(mail, held, at, error)
        if _is_relay_trouble(error):
            raise _RelayAwayError(error) from error
        return 0
    # A provider's own name for it, by which it later says that the mail came back.
    name = getattr(getattr(letter, "anymail_status", None), "message_id", None)
    known_as = name[:200] if isinstance(name, str) else ""
    with transaction.atomic():
        finish(
            Mail.objects.all(), held, sent_at=at, last_error_code="", provider_id=known_as, **_WIPED
        )
        Notice.objects.filter(pk__in=covered.notices, mailed_at=None).update(mailed_at=at)
    return 1


def _covered(mail: Mail) -> _Covered | None:
    """The notices this mail is about, none for other kinds; None when there is nothing to say."""
    if mail.recipient is not None and not mail.recipient.is_active:
        return None
    if mail.kind != NOTICES_WAITING:
        return _Covered()
    # Counted now and not when it was posted: read, handled or already mailed about is quiet.
    unmailed = Notice.objects.unmailed().filter(recipient=mail.recipient)
    found = dict(unmailed.values_list("pk", "kind")[:COVERED])
    if not found:
        return None
    may_be_stopped = not all(notices.topic_of(kind).is_statutory for kind in found.values())
    return _Covered(tuple(found), may_be_stopped)


def _message(mail: Mail, covered: _Covered, connection: BaseEmailBackend) -> EmailMessage:
    variables, stop = mail.variables, ""
    if mail.kind == NOTICES_WAITING:
        if covered.may_be_stopped and mail.recipient:
            stop = reverse("deadlines:stop_mail", args=[stop_token(mail.recipient)])
        url = reverse("deadlines:inbox")
        variables = {"count": len(covered.notices), "url": url, "stop": stop}
    subject, body = render(mail, variables)
    headers = {"Message-ID": mail.message_id, **AUTOMATIC}
    if stop:
        # RFC 8058: mail programs show a button of their own, and press it with a POST.
        headers["List-Unsubscribe"] = f"<{_in_full(stop)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMessage(
        subject,
        body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.recipient.email if mail.recipient else mail.address],
        headers=headers,
        connection=connection,
    )


def _failed(mail: Mail, held: Claim, at: datetime, error: Exception) -> None:
    code = type(error).__name__  # the class only: a relay's answer quotes the address
    logger.warning("%s (%s) not sent, try %s: %s", mail, mail.kind, mail.attempts, code)
    if mail.attempts <= len(BACK_OFF):
        later = at + BACK_OFF[mail.attempts - 1]
        release(Mail.objects.all(), held, not_before=later, last_error_code=code)
    elif _is_relay_trouble(error):
        # An outage gives up no mail; one that only looks like an outage goes to the back.
        release(
            Mail.objects.all(), held, not_before=at + BACK_OFF[-1], last_error_code=code,
            attempts=len(BACK_OFF),
        )  # fmt: skip
    else:
        finish(Mail.objects.all(), held, dead_at=at, last_error_code=code)


def _is_relay_trouble(error: Exception) -> bool:
    if isinstance(error, _RELAY_TROUBLE):
        return True
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == 421  # "service not available": RFC 5321, 3.8
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and (status in _AWAY_STATUS or status >= 500)


def _wait_for_relay(held: list[Claim], at: datetime, error: Exception) -> None:
    code = type(error).__name__
    logger.warning("The mail relay is away (%s); %s mails wait", code, len(held))
    for each in held:
        release(Mail.objects.all(), each, not_before=at + RELAY_AWAY, last_error_code=code)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except Exception as error:
        logger.warning("The mail relay did not close well: %s", type(error).__name__)


_WIPED: dict[str, Any] = {"address": "", "variables": {}}


def _checked(kind: str, variables: Mapping[str, int | date | str]) -> dict[str, int | str]:
    known = mails.kind_of(kind)
    if known is None:
        raise ValueError("Nobody registered this kind of mail.")
    if set(variables) != known.variables:
        raise ValueError(f"This mail has exactly: {', '.join(sorted(known.variables))}.")
    site = settings.SITE_URL.rstrip("/")
    checked: dict[str, int | str] = {}
    for name, value in variables.items():
        match name, value:
            case "count", int() if value >= 0 and not isinstance(value, bool):
                checked[name] = value
            case "date", date() if not isinstance(value, datetime):
                checked[name] = value.isoformat()
            case "url", str() if _is_path(path := value.removeprefix(site)):
                checked[name] = path
            case _:
                raise ValueError(f"The {name} of a mail is of another type.")
    return checked


def _in_full(path: str) -> str:
    return str(settings.SITE_URL).rstrip("/") + path


def _is_path(value: str) -> bool:
    # A mail leads into this site and nowhere else, whatever a caller passes.
    return value.startswith("/") and not urlsplit(value).netloc


def _hash(address: str) -> str:
    return salted_hmac("deadlines.mail", address.strip().lower(), algorithm="sha256").hexdigest()


def _message_id(key: str) -> str:
    # From the key, so that a mail sent twice is known as one; hashed, so that it tells nothing.
    left = salted_hmac("deadlines.mail.id", key, algorithm="sha256").hexdigest()[:40]
    return f"<{left}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def _short(key: str) -> str:
    return key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()
