"""Every address × method × actor class, decided in readable tables and asked for real.

A table is `tests/access/<package>.csv`: a row is a URL name (with "@variant" where the row asked
for matters) and a method, a column an actor class, a cell the answer: a status, or where it leads.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import ApiToken
from accounts.services import issue_token
from partners.access import TOKEN_SCOPES
from partners.models import Membership
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
)
API_ACTORS = (
    "anonymous",
    "session",
    "caseworker",
    "manager",
    "other_manager",
    "applicant",
    "co_ordinator",
    "without_scope",
    "expired",
    "revoked",
    "former",
)
#: What each page actor is called in the cast, where it differs.
IN_THE_CAST = {
    "caseworker": "ngo_caseworker",
    "manager": "ngo_manager",
    "no_factor": "ngo_manager",
    "stale": "ngo_manager",
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
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class Stage:
    """The cast with a client for every actor class, and the questions asked through them."""

    def __init__(self, cast: Cast, arguments: dict[str, Callable[[Cast], dict[str, Any]]]) -> None:
        self.cast = cast
        self.arguments = arguments
        self._clients: dict[tuple[str, bool], StrictClient] = {}

    def ask(self, row_name: str, method: str, actor: str) -> str:
        """The answer in the words of a cell; whatever it wrote is undone."""
        name = row_name.split("@")[0]
        is_api = name.startswith("api:")
        client = self._client(actor, is_api)
        build = self.arguments.get(row_name) or self.arguments.get(name)
        given = build(self.cast) if build else {}
        data = given.pop("_data", {})
        url = reverse(name, kwargs=given)
        # Each question from the same start: nothing of it stays, in the database or the session.
        cookies = client.cookies.copy()
        with transaction.atomic():
            sent = {"content_type": "application/json"} if is_api else {}
            response = (
                client.generic(method, url, **sent)
                if is_api
                else self._page(client, method, url, data)
            )
            transaction.set_rollback(True)
        client.cookies = cookies
        return self._words(response)

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
        user = getattr(self.cast, IN_THE_CAST.get(actor, actor))
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
        holder = {"without_scope": "manager", "expired": "manager", "revoked": "manager"}
        user = getattr(self.cast, IN_THE_CAST.get(holder.get(actor, actor), actor))
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
        if actor == "without_scope":
            ApiToken.objects.filter(pk=token.pk).update(scopes=[])
        if actor == "expired":
            ApiToken.objects.filter(pk=token.pk).update(expiry=now - timedelta(minutes=1))
        if actor == "revoked":
            ApiToken.objects.filter(pk=token.pk).update(revoked_at=now, revoked_by=user)
        return StrictClient(HTTP_AUTHORIZATION=f"Token {raw}")


def actors_of(table: str) -> tuple[str, ...]:
    return API_ACTORS if table == "api" else PAGE_ACTORS


assert settings.TESTING, "the matrix writes and undoes; it runs in tests only"
