"""What somebody may not see, a case before all, changes no byte of any answer they get.

Each actor asks every address that can be read, and every search, filter, order and list of the
API, twice: once as things stand, once after cases were added that the actor may not see. Both
times begin from the same database; what the first asking wrote is undone. The answers are equal
to the byte.
"""

import re
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from partners.services import conversations
from referrals.models import Referral, Restriction
from referrals.services import restrictions
from tests.access import runner
from tests.access.arguments import ARGUMENTS
from tests.funding import rounds
from tests.partners import deeds, learning_stages
from tests.referrals import stages, talk
from tests.support.cast import Cast
from tests.support.client import StrictClient

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Figures over everybody, under disclosure control instead (tests/ncm/test_disclosure.py).
AGGREGATES = {"ncm:report", "ncm:report-file", "ncm:reports"}
#: How many mails, deadlines and jobs wait in all: the operator's page counts everybody's.
OPERATORS = {"deadlines:health"}
#: A fresh challenge for the security key each time; the page reads nothing about cases.
CHALLENGES = {"mfa_add_webauthn"}
#: Its row seats the cast's one authority on a panel, and no case could be sent to it any more.
OTHER_STAGE = {"referrals:decider-end"}
#: What the mask takes away: it differs between any two askings.
VARYING_HEADERS = {"Date", "X-Request-ID", "Set-Cookie"}
#: The form's own tokens: against forgery, and of what posting it would make, once.
TOKEN = re.compile(rb'name="(?:csrfmiddlewaretoken|client_key|token|round)" value="[^"]+"')

#: Tables of addresses that answer with cases, their clocks and what is told of them.
WHERE_CASES_ARE = ("referrals", "deadlines", "api")

ACTORS = ("stranger", "caseworker", "manager", "police_officer", "officer", "co_ordinator",
          "rapporteur", "administrator")  # fmt: skip


def restricted(cast: Cast, referral: Referral) -> Referral:
    """Closed by those who keep it to two of themselves."""
    restrictions.restrict(
        referral=referral,
        by=cast.actor(cast.ngo_caseworker),
        at=cast.at,
        people=[cast.ngo_caseworker, cast.ngo_manager],
        reason="Invented reasons.",
    )
    return referral


def talked_of(cast: Cast) -> Referral:
    """Another organisation asked the authority about it, with a file, and was answered."""
    case = stages.sent(cast, cast.other_manager)
    row = talk.begun(cast, case, by=cast.other_manager)
    said = conversations.Words("An invented answer.", "talked of")
    conversations.post(conversation=row, words=said, by=cast.actor(cast.officer), at=cast.at)
    return case


Maker = Callable[[Cast], Any]
HIDDEN: dict[str, Maker] = {
    "a draft of another organisation": lambda cast: stages.draft(cast, cast.other_manager),
    "a no to another organisation": lambda cast: stages.refused(cast, cast.other_manager),
    "a case that another organisation sent": lambda cast: stages.sent(cast, cast.other_manager),
    "a child's": lambda cast: stages.child(cast, cast.other_manager),
    "one that organisations write about": talked_of,
    "one that was asked about": lambda cast: stages.returned(cast, cast.other_manager),
    "a restricted one": lambda cast: restricted(cast, stages.sent(cast)),
    "a restricted one that was never sent": lambda cast: restricted(cast, stages.consented(cast)),
    # No cases, but kept from others as well.
    "a draft of an agreement": deeds.draft,
    "a draft of guidance": learning_stages.draft,
    "a draft of a call": rounds.draft,
}
#: Beside the bare addresses: each list in each order and narrowed in each way, and what is typed.
QUERIES = {
    "referrals:inbox": ("order=due", "status=submitted", "status=returned", "overdue=1", "order=x"),
    "partners:registry": ("name=lantern", "kind=cso", "name=zzz"),
    "partners:contacts": ("name=ada",),
    "partners:conversations": ("show=unread", "show=ours", "show=theirs", "show=mine", "show=case"),
    "deadlines:calendar": ("view=list", "view=month"),
    "deadlines:inbox": ("unread=1",),
    "api:referrals": ("order=due", "state=submitted", "state=returned", "order=received"),
    "api:organisations": ("name=lantern",),
}
#: Arguments of addresses that are words; the others are ids.
WORDS = {"name", "page", "kind", "ending"}


def answer(client: StrictClient, url: str) -> tuple[int, dict[str, str], bytes]:
    """What came back, without what always differs; nothing that the asking wrote is kept."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = client.get(url)
        transaction.set_rollback(True)
    client.cookies = cookies
    headers = {k: v for k, v in response.headers.items() if k not in VARYING_HEADERS}
    return response.status_code, headers, TOKEN.sub(b"", response.content)


def asks(who: str, table: str, row: dict[str, str]) -> bool:
    """Whether this actor asks for the row. Where cases are, or copies of what stands of them,
    everybody who is answered does; elsewhere two of them, others from row to row; and one of
    those who are refused. `make prove` lets everybody ask for everything.
    """
    answered = [actor for actor in ACTORS if column(actor, table, row) == "200"]
    refused = [actor for actor in ACTORS if actor not in answered]
    turn = crc32(row["url"].encode())
    chosen = [refused[turn % len(refused)]] if refused else []
    if table in WHERE_CASES_ARE or len(answered) < 3:
        chosen += answered
    else:
        chosen += [answered[(turn + step) % len(answered)] for step in range(2)]
    return who in chosen


def column(who: str, table: str, row: dict[str, str]) -> str:
    """The decided answer; a class the table does not ask has that of the class it names."""
    cell = row.get(who, row["anonymous"])
    return row[cell.removeprefix("= ")] if cell.startswith("= ") else cell


Asks = Callable[[str, str, dict[str, str]], bool]


def readable(cast: Cast, who: str, asks: Asks) -> dict[str, list[str]]:
    """What the actor asks for of every address that can be read: {URL name: [paths]}."""
    rows = [
        row["url"]
        for name, table in runner.tables().items()
        for row in table
        if row["method"] == "GET" and "200" in row.values() and asks(who, name, row)
    ]
    found: dict[str, list[str]] = {}
    for row in dict.fromkeys(rows):
        name = row.split("@")[0]
        if name in AGGREGATES | OPERATORS | CHALLENGES | OTHER_STAGE:
            continue
        build = ARGUMENTS.get(row) or ARGUMENTS.get(name)
        given = {k: v for k, v in (build(cast) if build else {}).items() if k != "_data"}
        url = reverse(name, kwargs=given)
        asked = [f"{url}?{query}" for query in QUERIES.get(name, ())]
        found.setdefault(name, []).extend([url, *asked])
    return found


def client_of(stage: runner.Stage, actor: str, *, is_api: bool) -> StrictClient:
    return stage._client(actor, is_api)


def hidden_from(cast: Cast, actor: Any) -> list[str]:
    """What of all that this actor may really not see; the others prove nothing."""
    unseen = []
    for kind, make in HIDDEN.items():
        with transaction.atomic():
            made = make(cast)
            rows = type(made)._default_manager.all()
            is_seen = rows.visible_to(actor).filter(pk=made.pk).exists()
            # Whoever names people for a restricted case is told, each day, that it needs some.
            to_be_named = Restriction.objects.to_be_named_by(actor)
            is_told = isinstance(made, Referral) and to_be_named.filter(referral=made).exists()
            if not is_seen and not is_told:
                unseen.append(kind)
            transaction.set_rollback(True)
    return unseen


@pytest.mark.parametrize("who", ACTORS)
def test_what_one_may_not_see_changes_nothing(who: str, cast: Cast) -> None:
    compare(who, cast, asks)


@pytest.mark.prove
@pytest.mark.parametrize("who", ACTORS)
def test_changes_nothing_that_anybody_could_ask_for(who: str, cast: Cast) -> None:
    compare(who, cast, lambda who, table, row: True)


def test_every_address_is_asked_for_by_somebody() -> None:
    for name, table in runner.tables().items():
        for row in table:
            if row["method"] == "GET" and "200" in row.values():
                assert any(asks(who, name, row) for who in ACTORS), row["url"]


def compare(who: str, cast: Cast, asks: Asks) -> None:
    """Ask, let the cases be made that the actor may not see, ask again."""
    user = getattr(cast, runner.IN_THE_CAST.get(who, who))
    with time_machine.travel(cast.at, tick=False):
        asked = [(name, url) for name, urls in readable(cast, who, asks).items() for url in urls]
        stage = runner.Stage(cast, ARGUMENTS)
        clients = {False: client_of(stage, who, is_api=False)}
        if user.memberships.exists():
            clients[True] = client_of(stage, who, is_api=True)
        actor = cast.actor(user)
        unseen = hidden_from(cast, actor)
        assert unseen, "this actor sees every case: nothing would be proved"

        def answers() -> dict[str, tuple[int, dict[str, str], bytes]]:
            return {
                url: answer(clients[is_api], url)
                for name, url in asked
                if (is_api := name.startswith("api:")) in clients
            }

        before = answers()
        for kind in unseen:
            HIDDEN[kind](cast)
        after = answers()
    assert [url for url in before if before[url] != after[url]] == []
    assert sum(status == 200 for status, _, _ in before.values()) >= 5


class TestItsAddress:
    """Each address of a hidden case answers as that of a case that never was."""

    @pytest.mark.parametrize("who", ["caseworker", "manager", "police_officer", "funder"])
    def test_answers_as_if_it_had_never_been(self, who: str, cast: Cast) -> None:
        stage = runner.Stage(cast, ARGUMENTS)
        with time_machine.travel(cast.at, tick=False):
            hidden = stages.sent(cast, cast.other_manager)
            for address in runner.addresses():
                if "uuid" not in address.arguments or "referral" not in address.name:
                    continue
                rest = {
                    argument: "withdraw" if argument in WORDS else runner.NOWHERE
                    for argument in set(address.arguments) - {"uuid"}
                }
                client = client_of(stage, who, is_api=address.is_api)
                pair = [
                    answer(client, reverse(address.name, kwargs={"uuid": uuid, **rest}))
                    for uuid in (hidden.uuid, runner.NOWHERE)
                ]
                assert pair[0] == pair[1], address.name
                assert pair[0][0] in (403, 404, 405), address.name
