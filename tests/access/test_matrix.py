"""The access matrix, asked over HTTP, and the walk that finds an address nobody decided on."""

import os
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import get_resolver, path, reverse

from common.marks import Mark, Permission, mark_of, needs
from partners.access import ApiPermission
from tests.access import runner
from tests.access.arguments import ARGUMENTS
from tests.referrals import talk
from tests.referrals.stages import sent
from tests.support.cast import Cast
from tests.support.client import NotFit, StrictClient

pytestmark = pytest.mark.django_db
TABLES = runner.tables()
ADDRESSES = {address.name: address for address in runner.addresses()}


def unmarked() -> list[str]:
    """Names of addresses whose view no mark opens, so that it does not answer."""
    silent = []
    for name, view in _views(get_resolver(), ""):
        api = getattr(view, "cls", None)
        if api is not None and hasattr(api, "permission_classes"):
            if ApiPermission not in api.permission_classes or not getattr(api, "marks", None):
                silent.append(name)
        elif not isinstance(mark_of(view, name), Mark):
            silent.append(name)
    return silent


def _views(resolver, prefix):
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from _views(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield prefix + (entry.name or ""), entry.callback


@needs(Permission.PUBLIC)
def _marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("marked")


def _unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("unmarked")


urlpatterns = [
    *get_resolver().url_patterns,
    path("marked/", _marked, name="marked"),
    path("unmarked/", _unmarked, name="unmarked"),
]


class TestMarks:
    def test_every_view_carries_one(self) -> None:
        assert unmarked() == []

    @override_settings(ROOT_URLCONF="tests.access.test_matrix")
    def test_the_walk_finds_a_view_without_one_and_it_does_not_answer(
        self, client: StrictClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert unmarked() == ["unmarked"]
        assert client.get("/marked/").status_code == 200
        assert client.get("/unmarked/").status_code == 404
        assert "carries no mark" in caplog.text

    def test_no_mark_of_ours_names_an_address_that_is_gone(self) -> None:
        from config.urls import THIRD_PARTY_MARKS

        named = {name for name in THIRD_PARTY_MARKS if not name.endswith(":")}
        assert named <= set(ADDRESSES)


class TestTables:
    def test_every_address_has_its_rows(self) -> None:
        listed = {
            (row["url"].split("@")[0], row["method"]) for rows in TABLES.values() for row in rows
        }
        wanted = {(a.name, method) for a in ADDRESSES.values() for method in a.methods}
        assert sorted(wanted - listed) == [], "no row in tests/access/*.csv"
        assert sorted(listed - wanted) == [], "a row for an address that does not exist"

    def test_every_cell_is_decided(self) -> None:
        undecided = [
            f"{table}: {row['url']} {row['method']} {actor}"
            for table, rows in TABLES.items()
            for row in rows
            for actor in runner.actors_of(table)
            if not row.get(actor)
        ]
        assert undecided == []

    def test_a_cell_left_out_names_a_column_that_is_asked(self) -> None:
        strange = [
            f"{table}: {row['url']} {row['method']} {actor} {cell}"
            for table, rows in TABLES.items()
            for row in rows
            for actor, cell in row.items()
            if cell.startswith("=")
            and (
                not row.get(like := cell.removeprefix("= "))
                or like in runner.SCENES
                or cell != f"= {runner.not_asked(row, actor, about_a_case=False)}"
            )
        ]
        assert strange == []

    # On SQLite as well: there this is what opens every page and posts to it.
    @pytest.mark.sqlite_too
    @pytest.mark.slow
    @pytest.mark.parametrize("table", sorted(TABLES) or ["none"])
    def test_the_site_answers_as_decided(self, table: str, cast: Cast) -> None:
        if writing := os.environ.get("CONCORD_WRITE_MATRIX", ""):
            # "missing" fills in what nobody decided yet, quickly; else every answer is written.
            write(table, cast, only_missing=writing == "missing")
            pytest.skip("wrote the table from what the site answered; read it before you keep it")
        assert wrong(table, cast, runner.one_of_each_answer) == []

    @pytest.mark.prove
    @pytest.mark.parametrize("table", sorted(TABLES) or ["none"])
    def test_the_site_answers_every_class_as_decided(self, table: str, cast: Cast) -> None:
        assert wrong(table, cast, lambda row, actor: True) == []

    def test_no_answer_is_left_to_nobody(self) -> None:
        ask = set()
        for table, rows in TABLES.items():
            actors = runner.actors_of(table)
            for row in rows:
                chosen = {actor for actor in actors if runner.one_of_each_answer(row, actor)}
                assert {row[actor] for actor in chosen} == {row[actor] for actor in actors}
                ask |= chosen
        assert ask == {*runner.PAGE_ACTORS, *runner.API_ACTORS}, "a class never asks"


def wrong(table: str, cast: Cast, wanted: Callable[[dict[str, str], str], bool]) -> list[str]:
    """What the site answered otherwise than the table says, in words."""
    asked = runner.Stage(cast, ARGUMENTS).answers(
        TABLES.get(table, []), runner.actors_of(table), wanted=wanted
    )
    return [
        f"{row['url']} {row['method']} for {actor}: decided {row[actor]}, said {said}"
        for row, actor, said in asked
        if row[actor] != said
    ]


def write(table: str, cast: Cast, *, only_missing: bool) -> None:
    rows, actors = TABLES.get(table, []), runner.actors_of(table)
    if only_missing:
        actors = tuple(actor for actor in actors if any(not row.get(actor) for row in rows))
    asked = runner.Stage(cast, ARGUMENTS).answers(
        rows, actors, wanted=lambda row, actor: not only_missing or not row.get(actor)
    )
    for row, actor, said in asked:
        row[actor] = said
    runner.write_table(table, rows)


#: Rows that are made when they are asked for.
THEIRS = {
    "their_conversation": lambda cast: talk.begun(
        cast, sent(cast, cast.other_manager), by=cast.other_manager
    ),
}


class TestTheUnseen:
    """What one may not see cannot be told from what never existed."""

    MASK = ("csrfmiddlewaretoken", "Set-Cookie", "Date", "X-Request-ID")

    def answer(self, client: StrictClient, url: str) -> tuple[int, bytes, list[tuple[str, str]]]:
        response = client.get(url)
        token = str(response.context["csrf_token"]) if response.context else ""
        body = response.content.replace(token.encode(), b"") if token else response.content
        headers = sorted((k, v) for k, v in response.headers.items() if k not in self.MASK)
        return response.status_code, body, headers

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("partners:organisation", "unlisted_ngo"),
            ("partners:organisation", "applying"),
            ("partners:contact", "other_contact"),
            ("partners:conversation", "their_conversation"),
        ],
    )
    def test_is_404_to_the_byte(self, name: str, row: str, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        there = THEIRS[row](cast) if row in THEIRS else getattr(cast, row)
        unseen = self.answer(client, reverse(name, args=[there.uuid]))
        never = self.answer(client, reverse(name, args=[runner.NOWHERE]))
        assert unseen == never
        assert unseen[0] == 404

    def test_is_seen_by_its_own_people(self, cast: Cast, client_for) -> None:
        url = reverse("partners:organisation", args=[cast.unlisted_ngo.uuid])
        assert client_for(cast.unlisted_manager).get(url).status_code == 200
        assert client_for(cast.ngo_manager).get(url).status_code == 404


class TestTheClient:
    def test_refuses_a_list_that_skips_rows(self, cast: Cast) -> None:
        from django.db import connection

        from partners.models import Organisation
        from tests.support.client import _refuse_offset

        with connection.execute_wrapper(_refuse_offset), pytest.raises(NotFit, match="OFFSET"):
            list(Organisation.objects.order_by("pk")[2:4])

    def test_refuses_a_page_without_its_headers(self, client: StrictClient) -> None:
        response = HttpResponse("<p>bare</p>")
        with pytest.raises(NotFit, match="missing"):
            client.look_at(response)
