"""Narrowing the registry: headings kept true, filters kept under a name, and the list as a file."""

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import AccessLog
from partners.choices import ContactStatus
from partners.models import Area, HeldCapacity, Listing, Organisation, StoredFilter
from partners.models.listing import ALL, NO_DEPUTY
from partners.services import changes, contacts, listings, stored_filters
from tests.partners.test_registry import more_members
from tests.support.cast import Cast
from tests.support.queries import counted

pytestmark = pytest.mark.django_db
LIST = reverse("partners:registry")
FILTERS = reverse("partners:filters")


def headings(organisation: Organisation) -> set[str]:
    return set(Listing.objects.filter(organisation=organisation).values_list("heading", flat=True))


def names(response) -> list[str]:
    return [row["name"] for row in response.context["rows"]]


def export(ending: str) -> str:
    return reverse("partners:registry-export", args=[ending])


class TestHeadings:
    def test_say_what_an_entry_is_and_does_and_every_area_above_it(self, cast: Cast) -> None:
        assert headings(cast.ngo) == {
            ALL,
            "kind:cso",
            "area:XX",
            "area:XX-N",
            "capacity:first_responder",
            "capacity:service_provider",
            *(
                f"area:{area}&capacity:{capacity}"
                for area in ("XX", "XX-N")
                for capacity in ("first_responder", "service_provider")
            ),
        }

    def test_leave_out_what_nobody_has_sent(self, cast: Cast) -> None:
        assert headings(cast.applying) == set()

    @pytest.mark.parametrize("gone", ["reassigned", "ended", "post without deputy", "nobody"])
    def test_say_that_no_deputy_stands_in(self, gone, cast: Cast, at: datetime) -> None:
        by = cast.actor(cast.ngo_manager)
        assert NO_DEPUTY not in headings(cast.ngo)
        if gone == "reassigned":
            contacts.set_status(contact=cast.deputy, status=ContactStatus.REASSIGNED, by=by, at=at)
        elif gone == "ended":
            contacts.end_contact(contact=cast.deputy, by=by, at=at)
        elif gone == "nobody":
            contacts.end_contact(contact=cast.contact, by=by, at=at)
        else:
            contacts.enter_contact(
                organisation=cast.ngo, channels=[], by=by, at=at, person_name="Fay Example"
            )
        assert NO_DEPUTY in headings(cast.ngo)

    def test_follow_a_changed_entry(self, cast: Cast, at: datetime) -> None:
        changes.change_entry(
            organisation=cast.ngo,
            by=cast.actor(cast.ngo_manager),
            at=at,
            version=cast.ngo.version,
            languages=["fr"],
        )
        assert "language:fr" in headings(cast.ngo)

    def test_count_its_age_from_the_day_it_was_confirmed(self, cast: Cast, at: datetime) -> None:
        changes.confirm_entry(
            organisation=cast.ngo,
            by=cast.actor(cast.ngo_manager),
            at=at,
            on=at.date() - timedelta(days=3),
        )
        card = Listing.objects.get(organisation=cast.ngo, heading=ALL)
        assert card.fresh_on == at.date() - timedelta(days=3)

    def test_are_proved_once_a_day(self, cast: Cast, at: datetime) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(name="Lantern (invented)")
        HeldCapacity.objects.filter(organisation=cast.ngo).update(ended_at=at)
        Area.objects.filter(pk=cast.area.pk).update(path="XX/XX-Q/XX-N/")
        midnight = at.replace(hour=0, minute=0)
        for minute in range(1 + Organisation.objects.order_by("-pk").values_list("pk")[0][0]):
            if minute in {0, cast.ngo.pk - 1}:
                listings.prove_a_part(midnight + timedelta(minutes=minute))
        assert headings(cast.ngo) == {ALL, "kind:cso", "area:XX", "area:XX-Q", "area:XX-N"}
        assert Listing.objects.get(organisation=cast.ngo, heading=ALL).name == "Lantern (invented)"


class TestNarrowed:
    def test_by_what_only_reviewers_ask_for(self, cast: Cast, client_for, at: datetime) -> None:
        reviewer, member = client_for(cast.co_ordinator), client_for(cast.ngo_manager)
        assert cast.ngo.name not in names(reviewer.get(LIST, {"deputy": "missing"}))
        assert cast.other_ngo.name in names(reviewer.get(LIST, {"deputy": "missing"}))
        assert cast.ngo.name in names(member.get(LIST, {"deputy": "missing"}))
        assert "deputy" not in member.get(LIST).context["filter"].fields

    def test_lists_the_oldest_first_when_asked_for_age(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        day = at.date()
        for organisation, days in ((cast.ngo, 100), (cast.police, 400), (cast.fund, 20)):
            Organisation.objects.filter(pk=organisation.pk).update(
                verified_on=day - timedelta(days=days), verified_by=cast.co_ordinator
            )
            listings.relist([organisation.pk])
        client = client_for(cast.co_ordinator)
        assert names(client.get(LIST, {"older": "90"})) == [cast.police.name, cast.ngo.name]
        assert names(client.get(LIST, {"older": "90", "kind": "cso"})) == [cast.ngo.name]
        assert names(client.get(LIST, {"older": "365"})) == [cast.police.name]

    def test_by_the_class_of_civil_society(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(cso_class="legal")
        listings.relist([cast.ngo.pk])
        assert names(client_for(cast.funder).get(LIST, {"cso_class": "legal"})) == [cast.ngo.name]

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's plan")
    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"kind": "media"},
            {"capacity": "funder"},
            {"area": "XX-N"},
            {"area": "XX-N", "capacity": "funder"},
            {"deputy": "missing"},
            {"older": "90"},
            {"older": "90", "kind": "media"},
        ],
        ids=str,
    )
    def test_reads_one_drawer_in_its_order(self, query, cast: Cast, client_for, at) -> None:
        more_members(60, at - timedelta(days=100), cast.area)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE partners_listing")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        client = client_for(cast.co_ordinator)
        with counted() as queries:
            assert client.get(LIST, query).status_code == 200
        (listed,) = [sql for sql in queries.sql if "page_slice" in sql]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {listed}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        index = "listing_by_age" if "older" in query else "listing_by_name"
        assert index in plan, plan
        assert "Sort" not in plan.replace("Sort Key", ""), plan


class TestStored:
    def store(self, cast: Cast, at: datetime, **more) -> StoredFilter:
        given = {"name": "Unions", "query": "kind=trade_union", "is_default": False, **more}
        return stored_filters.store(by=cast.actor(cast.co_ordinator), at=at, **given)

    def test_keeps_what_was_asked_for_and_nothing_else_of_the_address(
        self, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.co_ordinator)
        given = {"query": "kind=cso&cursor=x&evil=1&area=nowhere", "name": "NGOs"}
        assert client.post(FILTERS, given).url == f"{LIST}?kind=cso"
        assert StoredFilter.objects.get().query == "kind=cso"

    def test_asks_for_a_name(self, cast: Cast, client_for) -> None:
        response = client_for(cast.co_ordinator).post(FILTERS, {"query": "kind=cso"})
        assert "Give the filter a name." in response.content.decode()
        assert not StoredFilter.objects.exists()

    def test_twice_under_one_name_is_one(self, cast: Cast, at: datetime) -> None:
        self.store(cast, at)
        self.store(cast, at, query="kind=cso")
        assert StoredFilter.objects.get().query == "kind=cso"

    def test_begins_with_the_default_and_shows_all_when_asked(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        self.store(cast, at, is_default=True)
        self.store(cast, at, name="Other", is_default=True)
        client = client_for(cast.co_ordinator)
        assert client.get(LIST).url == f"{LIST}?kind=trade_union"
        assert client.get(LIST, {"all": "1"}).status_code == 200
        assert StoredFilter.objects.filter(is_default=True).get().name == "Other"

    def test_is_deleted_and_put_back(self, cast: Cast, client_for, at: datetime) -> None:
        stored = self.store(cast, at, is_default=True)
        client = client_for(cast.co_ordinator)
        client.post(reverse("partners:filter-act", args=[stored.uuid, "delete"]))
        assert client.get(LIST).status_code == 200
        assert "Put it back" in client.get(FILTERS).content.decode()
        client.post(reverse("partners:filter-act", args=[stored.uuid, "undo"]))
        assert [each["name"] for each in client.get(FILTERS).context["kept"]] == ["Unions"]

    def test_is_not_put_back_where_its_name_was_given_away(self, cast: Cast, at: datetime) -> None:
        by, stored = cast.actor(cast.co_ordinator), self.store(cast, at)
        stored_filters.delete(stored=stored, by=by, at=at)
        self.store(cast, at)
        assert not stored_filters.put_back(stored=stored, by=by, at=at)

    def test_is_gone_for_good_after_a_month(self, cast: Cast, at: datetime) -> None:
        by, stored = cast.actor(cast.co_ordinator), self.store(cast, at)
        stored_filters.delete(stored=stored, by=by, at=at)
        assert stored_filters.forget(at + timedelta(days=29)) == 0
        assert stored_filters.forget(at + timedelta(days=31)) == 1

    def test_is_nobody_elses(self, cast: Cast, client_for, at: datetime) -> None:
        stored = self.store(cast, at)
        client = client_for(cast.second_co_ordinator)
        assert client.get(FILTERS).context["kept"] == []
        address = reverse("partners:filter-act", args=[stored.uuid, "delete"])
        assert client.post(address).status_code == 404


class TestExport:
    def rows(self, response) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))

    def test_takes_what_the_filter_shows_and_is_logged(self, cast: Cast, client_for) -> None:
        response = client_for(cast.ngo_manager).get(export("csv"), {"kind": "cso"})
        assert {row["name"] for row in self.rows(response)} == {cast.ngo.name, cast.other_ngo.name}
        assert AccessLog.objects.filter(action="export", field_group="registry").count() == 1

    def test_holds_unlisted_ones_for_those_who_may_see_them_only(
        self, cast: Cast, client_for
    ) -> None:
        for user, sees in ((cast.co_ordinator, True), (cast.funder, False)):
            found = {row["name"] for row in self.rows(client_for(user).get(export("csv")))}
            assert (cast.unlisted_ngo.name in found) is sees

    def test_names_nobody(self, cast: Cast, client_for) -> None:
        for ending in ("csv", "json"):
            body = client_for(cast.co_ordinator).get(export(ending)).content.decode()
            assert "Example" not in body
            assert "invented person" not in body

    def test_neutralises_formulas(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(name="=1+1", description="@cmd")
        found = self.rows(client_for(cast.co_ordinator).get(export("csv")))
        assert {"'=1+1"} <= {row["name"] for row in found}
        assert {"'@cmd"} <= {row["description"] for row in found}

    def test_is_the_same_in_every_format(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        text = self.rows(client.get(export("csv")))
        objects = json.loads(client.get(export("json")).content)
        book = load_workbook(io.BytesIO(client.get(export("xlsx")).content), read_only=True)
        cells = [row[1] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
        assert [row["name"] for row in text] == [each["name"] for each in objects] == cells

    def test_says_when_a_sheet_would_be_too_long(self, cast: Cast, client_for, monkeypatch) -> None:
        monkeypatch.setitem(__import__("partners.registry_export").registry_export.MOST, "xlsx", 2)
        response = client_for(cast.co_ordinator).get(export("xlsx"), {"kind": "cso"})
        assert response.url == f"{LIST}?kind=cso"

    def test_knows_no_other_format(self, cast: Cast, client_for) -> None:
        assert client_for(cast.co_ordinator).get(export("pdf")).status_code == 404

    def test_is_not_for_a_caseworker(self, cast: Cast, client_for) -> None:
        assert client_for(cast.ngo_caseworker).get(export("csv")).status_code == 403
