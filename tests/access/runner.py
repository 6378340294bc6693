"""Every address × method × actor class, decided in readable tables and asked for real.

A table is `tests/access/<package>.csv`: a row is a URL name (with "@variant" where the row asked
for matters) and a method, a column an actor class, a cell the answer: a status, or where it leads.
A cell "= column" is not asked: there the answer cannot differ from that column's (`not_asked`).
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import issue_token
from common.marks import Permission
from partners.models import Membership
from partners.roles import TOKEN_SCOPES
from referrals.models import Disclosure, EmergencyAccess, Referral, Restriction
from tests.access.scenes import SCENES, office_manager
from tests.support.cast import Cast
from tests.support.client import StrictClient

FOLDER = Path(__file__).parent
NOWHERE = UUID(int=0)

PAGE_ACTORS = (
    "anonymous",
    "no_factor",
    "stale",
    "stranger",
    "former",
    "applicant",
    "caseworker",
    "manager",
    "other_manager",
    "co_ordinator",
    "rapporteur",
    "funder",
    "administrator",
    "officer",
    "police_officer",
    "suspended",
)
#: To whom a case was open, or might be thought to be.
CASE_ACTORS = ("granted_till_yesterday", "withdrawn", "excluded", "excluded_manager")
API_ACTORS = (
    "anonymous",
    "session",
    "caseworker",
    "manager",
    "other_manager",
    "applicant",
    "co_ordinator",
    "officer",
    "only_reads",
    "without_scope",
    "expired",
    "revoked",
    "former",
    "police_officer",
    "suspended",
    *CASE_ACTORS,
)
#: Columns of a table that are no actor class.
ABOUT_A_ROW = ("url", "method")
#: Whose answers show whether an address asks for a role at all.
ROLES = {
    "api": ("caseworker", "manager", "other_manager", "applicant", "co_ordinator"),
    "pages": PAGE_ACTORS[PAGE_ACTORS.index("stranger") : PAGE_ACTORS.index("officer")],
}
#: Not asked where every role gets the same answer.
LIKE_EVERYBODY = ("officer", "police_officer", *CASE_ACTORS)
#: Not asked where no case is asked for, because nothing but a case tells the two apart.
LIKE_BUT_FOR_THE_CASE = {
    "granted_till_yesterday": "other_manager",
    "withdrawn": "officer",
    "excluded": "officer",
}
#: What each page actor is called in the cast, where it differs.
IN_THE_CAST = {
    "caseworker": "ngo_caseworker",
    "manager": "ngo_manager",
    "no_factor": "ngo_manager",
    "stale": "ngo_manager",
    "suspended": "ngo_manager",
    "granted_till_yesterday": "other_manager",
    "withdrawn": "officer",
    "excluded": "officer",
}
PAGE_METHODS = ("GET", "POST")
API_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Address:
    """A URL name with its methods and the pattern's argument names."""

    name: str
    arguments: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    @property
    def methods(self) -> tuple[str, ...]:
        return API_METHODS if self.is_api else PAGE_METHODS

    @property
    def table(self) -> str:
        if ":" in self.name:
            return self.name.split(":")[0]
        return "accounts" if self.name.startswith(("account", "mfa", "user")) else "config"


def addresses() -> list[Address]:
    """Every named pattern of the URLconf; a pattern without a name fails."""
    return sorted(_walk(get_resolver(), ""), key=lambda address: address.name)


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern):
            assert entry.name, f"{entry.pattern} has no name"
            yield Address(prefix + entry.name, tuple(entry.pattern.converters))


def tables() -> dict[str, list[dict[str, str]]]:
    found = {}
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(newline="") as lines:
            found[path.stem] = list(csv.DictReader(lines))
    return found


def write_table(name: str, rows: list[dict[str, str]]) -> None:
    with (FOLDER / f"{name}.csv").open("w", newline="") as out:
        fields = (*ABOUT_A_ROW, *actors_of(name))
        writer = csv.DictWriter(out, fieldnames=fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class Stage:
    """The cast with a client for every actor class, and the questions asked through them."""

    def __init__(self, cast: Cast, arguments: dict[str, Callable[[Cast], dict[str, Any]]]) -> None:
        self.cast = cast
        self.arguments = arguments
        self._clients: dict[tuple[str, bool], StrictClient] = {}

    def answers(
        self,
        rows: list[dict[str, str]],
        actors: tuple[str, ...],
        *,
        wanted: Callable[[dict[str, str], str], bool] = lambda row, actor: True,
    ) -> Iterator[tuple[dict[str, str], str, str]]:
        """(row, actor, cell) for each row and actor that is `wanted`; a scene is played once."""
        # Everything stands before the first scene, which is undone with whatever it made.
        about_a_case = {row["url"]: self._asks_for_a_case(row["url"]) for row in rows}
        for actor in actors:
            for is_api in {row["url"].startswith("api:") for row in rows}:
                self._client(actor, is_api)
            with transaction.atomic():
                SCENES.get(actor, lambda cast: None)(self.cast)
                for row in rows:
                    if not wanted(row, actor):
                        continue
                    like = not_asked(row, actor, about_a_case=about_a_case[row["url"]])
                    said = f"= {like}" if like else self.ask(row["url"], row["method"], actor)
                    yield row, actor, said
                transaction.set_rollback(True)

    def _given(self, row_name: str) -> dict[str, Any]:
        build = self.arguments.get(row_name) or self.arguments.get(row_name.split("@")[0])
        return build(self.cast) if build else {}

    def _asks_for_a_case(self, row_name: str) -> bool:
        """Whether the row is asked with a referral, or with something that hangs on one."""
        asked = self._given(row_name).get("uuid")
        kinds = (Referral, Restriction, Disclosure, EmergencyAccess)
        return asked is not None and any(
            kind._default_manager.filter(uuid=asked).exists() for kind in kinds
        )

    def ask(self, row_name: str, method: str, actor: str) -> str:
        """The answer in the words of a cell; whatever it wrote is undone."""
        name = row_name.split("@")[0]
        is_api = name.startswith("api:")
        client = self._client(actor, is_api)
        given = self._given(row_name)
        data = given.pop("_data", {})
        url = reverse(name, kwargs=given)
        # Each question from the same start: nothing of it stays, in the database or the session.
        cookies = client.cookies.copy()
        with transaction.atomic():
            ask = self._program if is_api else self._page
            response = ask(client, method, url, data)
            transaction.set_rollback(True)
        client.cookies = cookies
        return self._words(response)

    @staticmethod
    def _program(client: StrictClient, method: str, url: str, data: dict[str, Any]) -> Any:
        body = "" if method == "GET" else json.dumps(data)
        headers = {"Idempotency-Key": "matrix"}
        return client.generic(method, url, body, content_type="application/json", headers=headers)

    @staticmethod
    def _page(client: StrictClient, method: str, url: str, data: dict[str, Any]) -> Any:
        return client.get(url) if method == "GET" else client.post(url, data)

    @staticmethod
    def _words(response: Any) -> str:
        if response.status_code not in (301, 302, 303):
            return str(response.status_code)
        target = response["Location"].split("?")[0]
        names = {
            reverse("account_login"): "sign in",
            reverse("mfa_activate_totp"): "second factor",
            reverse("account_reauthenticate"): "confirm",
        }
        return f"→ {names[target]}" if target in names else "→"

    def _client(self, actor: str, is_api: bool) -> StrictClient:
        key = (actor, is_api)
        if key not in self._clients:
            self._clients[key] = self._api_client(actor) if is_api else self._page_client(actor)
        return self._clients[key]

    def _page_client(self, actor: str) -> StrictClient:
        client = StrictClient()
        if actor == "anonymous":
            return client
        user = user_of(self.cast, actor)
        if actor == "no_factor":
            # Somebody else with the same role: the other column's factor is not theirs.
            user = self.cast.without_factor
        client.sign_in(user, second_factor=actor != "no_factor", fresh=actor != "stale")
        return client

    def _api_client(self, actor: str) -> StrictClient:
        if actor == "anonymous":
            return StrictClient()
        if actor == "session":
            return self._page_client("manager")
        as_manager = ("only_reads", "without_scope", "expired", "revoked")
        holder = dict.fromkeys(as_manager, "manager")
        user = user_of(self.cast, holder.get(actor, actor))
        now = timezone.now()
        membership = Membership.objects.filter(user=user).order_by("pk").first()
        assert membership is not None
        token, raw = issue_token(
            user=user,
            membership_uuid=membership.uuid,
            name=actor,
            scopes=TOKEN_SCOPES,
            expires_at=now + timedelta(days=1),
            by=self.cast.actor(user),
            at=now,
        )
        if actor == "only_reads":
            ApiToken.objects.filter(pk=token.pk).update(scopes=[Permission.REFERRAL_SEE])
        if actor == "without_scope":
            ApiToken.objects.filter(pk=token.pk).update(scopes=[])
        if actor == "expired":
            ApiToken.objects.filter(pk=token.pk).update(expiry=now - timedelta(minutes=1))
        if actor == "revoked":
            ApiToken.objects.filter(pk=token.pk).update(revoked_at=now, revoked_by=user)
        return StrictClient(HTTP_AUTHORIZATION=f"Token {raw}")


def user_of(cast: Cast, actor: str) -> User:
    """Who stands for an actor class."""
    if actor == "excluded_manager":
        return office_manager(cast)
    user: User = getattr(cast, IN_THE_CAST.get(actor, actor))
    return user


def actors_of(table: str) -> tuple[str, ...]:
    if table == "api":
        return API_ACTORS
    return PAGE_ACTORS + CASE_ACTORS if table == "referrals" else PAGE_ACTORS


def one_of_each_answer(row: dict[str, str], actor: str) -> bool:
    """Whether this class asks for all that get its answer to this row; another from row to row.

    The other organisation's manager asks always: what a leak would show first. Who may and who
    sees stands in `by_class` in full; `make prove` asks every cell.
    """
    asked = [name for name, cell in row.items() if cell == row[actor] and name not in ABOUT_A_ROW]
    turn = crc32(f"{row['url']} {row['method']}".encode()) % len(asked)
    return actor in (asked[turn], "other_manager")


def not_asked(row: dict[str, str], actor: str, *, about_a_case: bool) -> str:
    """The actor class whose answer is this one's too, so that it is not asked; "" where it is.

    A class added later is asked only where its answer can differ. The suspended is always asked.
    """
    roles = ROLES["api" if row["url"].startswith("api:") else "pages"]
    everybody = {row.get(role) or "undecided" for role in roles}
    if actor in LIKE_EVERYBODY and len(everybody) == 1 and everybody != {"undecided"}:
        return "caseworker"
    return "" if about_a_case else LIKE_BUT_FOR_THE_CASE.get(actor, "")


assert settings.TESTING, "the matrix writes and undoes; it runs in tests only"
