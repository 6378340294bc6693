"""A canary's words are looked for wherever they must not be.

One invented person goes all the way, with a word of their own in every field that takes words. Then
everything that leaves or stays is searched: pages of everybody, addresses, titles, headers, logs,
mails, what goes to the broker, the whole database as `pg_dump` writes it, the folder of files.
Beside the page itself nobody else's name, address or number stands either (`test_leaks`).
"""

import base64
import logging
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.app.task import Task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from deadlines.services.sweep import sweep
from funding.services import declarations
from partners.models import Conversation
from partners.services import conversations
from referrals.choices import EmergencyReason, OrderedBy, Outcome, Section
from referrals.models import Referral
from referrals.services import (
    consents,
    decisions,
    disclosures,
    emergency,
    exclusions,
    identity,
    referrals,
    restrictions,
)
from tests.access import runner
from tests.access.arguments import ARGUMENTS
from tests.config.test_leaks import leaks, shown_beside_the_page
from tests.referrals import stages, talk
from tests.support.cast import PERSON, Cast
from tests.support.client import StrictClient

FIELDS = ("name", "document", "contact", "safe", "story", "question", "answer", "opinion",
          "reply", "proposal", "reasons", "refusal", "restriction", "exclusion", "emergency",
          "legal_basis", "order", "no_disclosure", "message", "slip", "attachment")  # fmt: skip
#: Where a confidential house is: the words of `tests.partners.houses.SECRET`.
HOUSE = ("house", "street", "town")
#: What an organisation declared about itself, and where its managers read it back.
DECLARED = ("declared",)
PAGES_OF_THE_DECLARATION = {"funding:staffing"}
CANARY = {field: f"Qz{field}kqx" for field in (*FIELDS, *HOUSE, *DECLARED)}
#: Whoever is in the circle of the case, and the pages on which they may read of it.
CIRCLE = ("caseworker", "manager", "officer")
PAGES_OF_THE_CASE = {
    "referrals:detail", "referrals:log", "referrals:log-page", "referrals:check", "referrals:sent",
    "referrals:act", "referrals:identity", "api:referral", "partners:conversation",
}  # fmt: skip
#: Where its managers write down where the house is; read, it is opened by a POST, which is logged.
PAGES_OF_THE_HOUSE = {
    "partners:location-edit", "partners:own-services", "partners:service-new",
    "partners:service-edit",
}  # fmt: skip
OUTSIDE = ("stranger", "applicant", "other_manager", "police_officer", "co_ordinator",
           "rapporteur", "funder")  # fmt: skip
WITHOUT_TOKEN = ("stranger", "applicant", "police_officer")


def found_in(text: str | bytes) -> list[str]:
    """Which fields' words stand in it, as they are, in base64 or as the database writes bytes."""
    data = text.encode() if isinstance(text, str) else text
    return [
        field
        for field, word in CANARY.items()
        if any(form in data for form in _forms(word.encode()))
    ]


def _forms(word: bytes) -> Iterator[bytes]:
    yield word
    yield word.hex().encode()
    for shift in range(3):
        # Without the ends, which depend on what stands before and after.
        yield base64.b64encode(b"x" * shift + word)[4:-4]


def go_all_the_way(cast: Cast) -> Referral:
    """Logged, sent, asked about, answered, an opinion given, refused by two, each in own words."""
    # A confidential house with a place that somebody holds: its address is a canary as well.
    for address in ("partners:hold", "partners:hsds-service@public"):
        ARGUMENTS[address](cast)
    declarations.enter_staff(
        on=cast.at.date(), figures={"posts": 1, "vacancies": 0, "lost": 0, "lost_for_money": 0,
                                    "reserves": 1, "monthly_cost": 1},
        currency=CANARY["declared"], by=cast.actor(cast.ngo_manager), at=cast.at,
    )  # fmt: skip
    keeper, officer = cast.actor(cast.ngo_caseworker), cast.actor(cast.officer)
    referral = stages.draft(cast, narrative=CANARY["story"])
    identity.record_identity(
        referral=referral,
        by=keeper,
        at=cast.at,
        name=CANARY["name"],
        document=CANARY["document"],
        contact=CANARY["contact"],
        safe_contact=CANARY["safe"],
    )
    consents.record_refusal(referral=referral, by=keeper, at=cast.at, note=CANARY["refusal"])
    consents.record_consent(referral=stages.now(referral), by=keeper, at=cast.at, language="sq")
    referral = referrals.send_referral(referral=stages.now(referral), by=keeper, at=cast.at)
    referrals.ask_back(referral=referral, by=officer, at=cast.at, questions=[CANARY["question"]])
    open_questions = stages.Question.objects.filter(referral=referral)
    referrals.answer_questions(
        referral=stages.now(referral),
        by=keeper,
        at=cast.at,
        answers={question.uuid: CANARY["answer"] for question in open_questions},
    )
    write_about(cast, stages.now(referral))
    decisions.give_opinion(
        referral=stages.now(referral), by=keeper, at=cast.at, text=CANARY["opinion"]
    )
    decisions.propose_negative(
        referral=stages.now(referral),
        by=officer,
        at=cast.at,
        reasons=CANARY["proposal"],
        opinion_answer=CANARY["reply"],
    )
    return stages.now(referral)


def write_about(cast: Cast, referral: Referral) -> None:
    """A message with a file to the authority; its first words were a slip and are corrected."""
    file = CANARY["attachment"].encode()
    row = talk.begun(cast, referral, text=CANARY["slip"], file=file)
    conversations.correct(
        message=row.messages.get(),
        text=CANARY["message"],
        version=1,
        by=cast.actor(cast.ngo_caseworker),
        at=cast.at,
    )


def close_and_open(cast: Cast, referral: Referral) -> None:
    """Opened in an emergency, ordered to be disclosed and refused, one kept out, then restricted.

    Each with a word of its own for why.
    """
    keeper, other = cast.actor(cast.ngo_caseworker), cast.actor(cast.other_manager)
    emergency.ask(
        reference=referral.reference,
        by=other,
        at=cast.at,
        reason_code=EmergencyReason.DANGER,
        reason=CANARY["emergency"],
    )
    order = disclosures.enter_order(
        referral=stages.now(referral),
        by=keeper,
        at=cast.at,
        ordered_by=OrderedBy.COURT,
        scope=[Section.NARRATIVE],
        legal_basis=CANARY["legal_basis"],
        order_reference=CANARY["order"],
        second_body=cast.other_ngo,
        expires_on=(cast.at + timedelta(days=10)).date(),
    )
    disclosures.refuse(disclosure=order, by=other, at=cast.at, reason=CANARY["no_disclosure"])
    exclusions.exclude(
        referral=stages.now(referral),
        by=keeper,
        at=cast.at,
        reason=CANARY["exclusion"],
        user=cast.unlisted_manager,
    )
    restrictions.restrict(
        referral=stages.now(referral),
        by=keeper,
        at=cast.at,
        people=[cast.ngo_caseworker, cast.ngo_manager],
        reason=CANARY["restriction"],
    )


class Listener:
    """What was handed to the broker, as it would be written there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[str] = []
        for owner, name in ((Task, "apply_async"), (Celery, "send_task")):
            monkeypatch.setattr(owner, name, self._listening(getattr(owner, name)))

    def _listening(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def listen(*args: Any, **kwargs: Any) -> Any:
            self.heard.append(f"{args!r} {kwargs!r}")
            return send(*args, **kwargs)

        return listen


def ask_everything(cast: Cast, referral: Referral) -> Iterator[tuple[str, str, str, Any]]:
    """Every address as everybody, the case's own addresses with the canary's."""
    stage = runner.Stage(cast, ARGUMENTS)
    for address in runner.addresses():
        build = ARGUMENTS.get(address.name)
        given = {k: v for k, v in (build(cast) if build else {}).items() if k != "_data"}
        if "uuid" in given and "referral" in address.name:
            given["uuid"] = referral.uuid
        if address.name == "partners:conversation":
            given["uuid"] = Conversation.objects.get(subject_uuid=referral.uuid).uuid
        url = reverse(address.name, kwargs=given)
        for who in (*CIRCLE, *OUTSIDE):
            if address.is_api and who in WITHOUT_TOKEN:
                continue
            client = stage._client(who, address.is_api)
            yield address.name, who, url, client.get(url)


def judge_page(name: str, who: str, url: str, response: Any) -> list[str]:
    """What is wrong with this answer: empty when nothing is."""
    beside = "\n".join([url, *shown_beside_the_page(response)])
    said = [*found_in(beside), *leaks(beside)]
    wrong = [f"{who} {name}: {each} in a title, a header, an address or a link" for each in said]
    found = found_in(response.content)
    if who not in CIRCLE or name not in PAGES_OF_THE_CASE:
        wrong += [f"{who} {name}: {field}" for field in found if field not in (*HOUSE, *DECLARED)]
    if who != "manager" or name not in PAGES_OF_THE_HOUSE:
        wrong += [f"{who} {name}: {field}" for field in found if field in HOUSE]
    if who != "manager" or name not in PAGES_OF_THE_DECLARATION:
        wrong += [f"{who} {name}: {field}" for field in found if field in DECLARED]
    return wrong


def dump() -> bytes:
    given = connection.get_connection_params()
    address = [f"--host={given.get('host') or ''}", f"--port={given.get('port') or ''}"]
    command = ["pg_dump", *(part for part in address if not part.endswith("=")), "--no-password"]
    command += [f"--username={given['user']}"] if given.get("user") else []
    environment = {"PGPASSWORD": str(given.get("password") or ""), "PATH": _path()}
    return subprocess.run(
        [*command, str(given.get("dbname") or given.get("database"))],
        capture_output=True, check=True, env=environment,
    ).stdout  # fmt: skip


def _path() -> str:
    """Debian keeps the servers' own programs out of the way."""
    return ":".join(
        ["/usr/bin", "/bin", *(str(p) for p in sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_canary_is_heard_in_its_own_cage_only(
    cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    # The SQL log is off outside tests (config/settings.py: django.db.backends at WARNING).
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    broker = Listener(monkeypatch)

    referral = go_all_the_way(cast)
    wrong, shown, opened = [], set(), Counter[str]()
    for name, who, url, response in ask_everything(cast, referral):
        opened[who] += response.status_code == 200
        wrong += judge_page(name, who, url, response)
        shown |= {field for field in found_in(response.content) if who in CIRCLE}
    assert wrong == []
    assert min(opened[who] for who in (*CIRCLE, *OUTSIDE)) > 10, "hardly a page was opened"
    assert shown >= {"story", "question", "answer", "opinion", "message"}, "its own people read it"
    assert "declared" in shown, "its managers read back what they declared"

    opened = StrictClient()
    opened.sign_in(cast.ngo_manager)
    said = opened.post(reverse("referrals:identity", args=[referral.uuid]), {"reason": "safety"})
    assert "name" in found_in(said.content), "whoever may open the identity reads it"
    where = reverse("partners:location", args=[cast.rows["house"].uuid])
    assert "street" in found_in(opened.post(where).content), "whoever may open the address reads it"

    decisions.decide(
        referral=referral,
        outcome=Outcome.NEGATIVE,
        by=cast.actor(cast.second_officer),
        at=cast.at,
        reasons=CANARY["reasons"],
    )
    close_and_open(cast, stages.now(referral))
    sweep(at=timezone.now() + timedelta(days=1), clock=timezone.now)

    assert mail.outbox, "nothing was mailed: this test shows nothing"
    for letter in mail.outbox:
        assert found_in(letter.message().as_bytes()) == []
    assert broker.heard, "nothing was handed to the broker: this test shows nothing"
    assert found_in("\n".join(broker.heard)) == []
    assert caplog.records, "nothing was logged: this test shows nothing"
    assert [*found_in(caplog.text), *leaks(caplog.text)] == []
    for session in Session.objects.all():
        assert found_in(str(session.get_decoded())) == []
    for file in Path(settings.VAR).rglob("*"):
        if file.is_file() and file.suffix not in (".sqlite3", ".sqlite3-wal"):
            assert found_in(file.read_bytes()) == [], file.name
    if connection.vendor == "postgresql" and (shutil.which("pg_dump", path=_path())):
        written = dump()
        assert referral.reference.encode() in written, "the dump is of this database"
        assert found_in(written) == []


class TestTheSearch:
    """What would be found is found."""

    def test_finds_a_word_as_it_is_in_base64_and_as_bytes(self) -> None:
        word = CANARY["name"]
        for text in (word, base64.b64encode(f"Mrs {word}!".encode()), word.encode().hex()):
            assert found_in(text) == ["name"]
        assert found_in("Nothing of anybody.") == []

    def test_tells_a_page_outside_the_circle_and_a_title_within(self) -> None:
        from django.http import HttpResponse

        for words in (CANARY["name"], f"Ada {PERSON}"):
            page = HttpResponse(f"<title>{words}</title>")
            assert judge_page("referrals:detail", "caseworker", "/", page)
        assert judge_page("ncm:home", "manager", "/", HttpResponse(CANARY["story"]))
        assert judge_page("referrals:detail", "co_ordinator", "/", HttpResponse(CANARY["story"]))
        assert not judge_page("referrals:detail", "officer", "/", HttpResponse(CANARY["story"]))
