"""No name, address or number of a person in mails, logs, addresses, titles, headers or broker.

Every page there is is asked for in `test_canaries`, which judges it by this as well.
"""

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from config.logs import NoValues
from deadlines.services.sweep import sweep
from partners.access import actor_for
from partners.models import Organisation
from partners.workflow import ORGANISATION
from tests.support.cast import PERSON, Cast, fill_in
from tests.support.letters import faults

pytestmark = pytest.mark.django_db
TOKENS = (PERSON, "@example.org", "+000")
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
LINKS = re.compile(r'(?:href|src|action|content)="([^"]*)"')
WRITES_OR_CALLS = re.compile(r'href="(?:mailto|tel):[^"]*"')


def leaks(text: str) -> list[str]:
    return [token for token in TOKENS if token in text]


def shown_beside_the_page(response: Any) -> list[str]:
    """What of an answer a history, a log or the next site may get: headers, title, addresses."""
    shown = [f"{name}: {value}" for name, value in response.headers.items()]
    if response.headers.get("Content-Type", "").startswith("text/html"):
        body = response.content.decode()
        shown += TITLE.findall(body)
        # A link that writes to somebody, or calls them, is the page's content, not our address.
        shown += LINKS.findall(WRITES_OR_CALLS.sub("", body))
    return shown


def test_an_application_from_invitation_to_admission_mails_nobodys_name(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    now = timezone.now()
    organisation = fill_in(cast.applying, cast.applicant, now)
    ORGANISATION.apply(organisation, "send", by=actor_for(cast.applicant, at=now), at=now)
    sweep(at=now + timedelta(days=1), clock=timezone.now)  # the summary comes in the morning
    assert mail.outbox, "nothing was mailed: this test shows nothing"
    for message in mail.outbox:
        assert not leaks(message.subject)
        assert not leaks(str(message.body))
        assert Organisation.objects.get(pk=organisation.pk).name not in message.body
        headers = dict(message.extra_headers)
        assert not leaks(json.dumps(headers))
    assert not leaks(caplog.text)


class TestLetters:
    """Every mail of every test is read (tests/conftest.py): what would be found is found."""

    def letter(self, body: str = "", subject: str = "", **more: object) -> mail.EmailMessage:
        headers = {"Auto-Submitted": "auto-generated", **more.pop("headers", {})}  # type: ignore[dict-item]
        return mail.EmailMessage(
            subject, body, to=["somebody@example.org"], headers=headers, **more
        )

    def test_of_our_own_words_is_fit_to_leave(self) -> None:
        assert (
            faults(self.letter("2 new notices wait in your inbox.\n\nhttp://localhost/inbox/"))
            == []
        )

    @pytest.mark.parametrize(
        "body",
        [
            "Nadia", "R-7F3K-92QD waits", "write to ann@example.org", "Lantern House",
            "http://localhost/referrals/5b0a1a3e-5f0f-4d5e-9f0b-0f6f0a3b2c1d/",
        ],
    )  # fmt: skip
    def test_with_a_name_a_reference_or_a_link_to_a_case_is_not(self, body: str) -> None:
        assert faults(self.letter(body))
        assert faults(self.letter(subject=body)) or "http" in body

    def test_with_a_picture_or_a_telling_header_is_not(self) -> None:
        assert faults(self.letter(headers={"X-Organisation": "Lantern House"}))
        assert faults(self.letter(attachments=[("case.txt", "…", "text/plain")]))


def test_what_is_printed_of_a_row_names_nobody(cast: Cast) -> None:
    rows = [cast.ngo_manager, cast.contact, *User.objects.all()]
    for row in rows:
        assert not leaks(f"{row} {row!r}")


class TestNoValues:
    def line(self, message: str, *args: object) -> str:
        record = logging.LogRecord("x", logging.INFO, __file__, 1, message, args, None)
        assert NoValues().filter(record)
        return record.getMessage()

    def test_cuts_query_strings_and_addresses(self) -> None:
        said = self.line("GET %s by %s", "/registry/?name=Ada+Example", "ada@example.org")
        assert said == "GET /registry/?… by [address]"

    def test_leaves_the_rest(self) -> None:
        assert self.line("swept %d rows", 3) == "swept 3 rows"
