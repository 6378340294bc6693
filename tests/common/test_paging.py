"""Lists: every row once there and back, nothing personal in a cursor, deep pages cost no more."""

import itertools
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from common.paging import (
    CappedCount,
    Order,
    capped_count,
    capped_count_of,
    capped_counts_of,
    merge_slices,
    paginate,
)
from tests.testapp.models import Entry, Sight

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEWEST = Order("-received_at", "-id")
OLDEST = Order("received_at", "id")
BY_NAME = Order("name", "id")
MIXED = Order("-rank", "name", "-id")
BY_UUID = Order("uuid")
DUE = Order("due_at", "id", set_only=("due_at",))
INBOX = Order("-sort_at", "-entry", named_by="entry__uuid", unique_within=("group",))
GROUP_DUE = Order(
    "due_at", "entry", named_by="entry__uuid", unique_within=("group",), set_only=("due_at",)
)
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def make_entries(count, seed=1):
    """Entries with many ties in every column but the key."""
    chance = random.Random(seed)  # noqa: S311 - test data
    return Entry.objects.bulk_create(
        Entry(
            name=chance.choice("ABCDEFGH"),
            received_at=AT - timedelta(minutes=chance.randrange(count // 3 + 1)),
            rank=chance.randrange(4),
            due_at=AT + timedelta(days=chance.randrange(9)) if chance.random() < 0.7 else None,
        )
        for _n in range(count)
    )


@pytest.fixture
def entries():
    return make_entries(41)


def walk(ask, size):
    """All pages from the first to the last, and from the last back to the first."""
    pages = [ask("", size)]
    while pages[-1].next:
        pages.append(ask(pages[-1].next, size))
        assert len(pages) < 100, "it goes in circles"
    back = [pages[-1]]
    while back[-1].previous:
        back.append(ask(back[-1].previous, size))
        assert len(back) < 100, "it goes in circles"
    return pages, back[::-1]


def keys(page):
    return [row.pk for row in page.rows]


class TestPaginate:
    @pytest.mark.parametrize("order", [NEWEST, OLDEST, BY_NAME, MIXED, BY_UUID, DUE])
    @pytest.mark.parametrize("size", [2, 7, 41, 200])
    def test_shows_every_row_once_there_and_back(self, entries, order, size):
        rows = Entry.objects.all()
        pages, back = walk(
            lambda cursor, size: paginate(rows, order, cursor=cursor, size=size), size
        )
        names = [f"-{n}" if d else n for n, d in zip(order.fields, order.descending, strict=True)]
        expected = rows.order_by(*names)
        if order is DUE:
            expected = expected.filter(due_at__isnull=False)
        seen = [key for page in pages for key in keys(page)]
        assert seen == list(expected.values_list("pk", flat=True))
        assert [keys(page) for page in back] == [keys(page) for page in pages]
        assert not any(page.restarted for page in pages + back)

    def test_has_nothing_before_the_first_and_nothing_after_the_last(self, entries):
        pages, _back = walk(
            lambda cursor, size: paginate(Entry.objects.all(), NEWEST, cursor=cursor, size=size), 15
        )
        assert [(bool(p.previous), bool(p.next)) for p in pages] == [
            (False, True),
            (True, True),
            (True, False),
        ]

    def test_is_empty_for_an_empty_list(self):
        page = paginate(Entry.objects.all(), NEWEST)
        assert (page.rows, page.next, page.previous, str(page.count)) == ([], "", "", "0")

    def test_neither_repeats_nor_skips_when_rows_arrive_meanwhile(self, entries):
        rows = Entry.objects.all()
        expected = list(rows.order_by("-received_at", "-id").values_list("pk", flat=True))
        first = paginate(rows, NEWEST, size=10)
        Entry.objects.create(name="new", received_at=AT + timedelta(days=1))
        second = paginate(rows, NEWEST, cursor=first.next, size=10)
        assert keys(first) + keys(second) == expected[:20]

    def test_shows_a_full_first_page_when_going_back_to_it(self, entries):
        rows = Entry.objects.all()
        third = paginate(rows, NEWEST, size=10)
        for _n in range(2):
            third = paginate(rows, NEWEST, cursor=third.next, size=10)
        rows.filter(pk__in=keys(paginate(rows, NEWEST, size=15))).delete()
        first = paginate(rows, NEWEST, cursor=third.previous, size=10)
        assert len(first.rows) == 10
        assert (first.previous, first.restarted) == ("", False)

    @pytest.mark.parametrize("mode", ["values", "only"])
    def test_gives_the_columns_that_were_asked_for(self, entries, mode):
        rows = Entry.objects.values("name") if mode == "values" else Entry.objects.only("name")
        first = paginate(rows, NEWEST, size=5)
        second = paginate(rows, NEWEST, cursor=first.next, size=5)
        assert len(second.rows) == 5
        if mode == "values":
            assert all(set(row) == {"name"} for row in first.rows + second.rows)

    @pytest.mark.parametrize("mode", ["plain", "only"])
    @pytest.mark.parametrize("size", [1, 20])
    def test_costs_three_queries_however_long_the_page(
        self, entries, mode, size, django_assert_num_queries
    ):
        rows = Entry.objects.only("name") if mode == "only" else Entry.objects.all()
        first = paginate(rows, NEWEST, size=size)
        with django_assert_num_queries(3):
            page = paginate(rows, NEWEST, cursor=first.next, size=size)
            assert [row.name for row in page.rows]
            assert page.count.number

    def test_counts_only_for_a_page_that_shows_it(self, entries, django_assert_num_queries):
        with django_assert_num_queries(1):
            page = paginate(Entry.objects.all(), NEWEST)
        with django_assert_num_queries(1):
            assert (str(page.count), str(page.count)) == ("41", "41")

    def test_never_skips_rows_in_the_database(self, entries):
        with CaptureQueriesContext(connection) as queries:
            first = paginate(Entry.objects.all(), NEWEST, size=5)
            paginate(Entry.objects.all(), NEWEST, cursor=first.next, size=5)
        assert not [each for each in queries if "OFFSET" in each["sql"]]


class TestCursor:
    def test_carries_no_value_of_the_row(self, entries):
        Entry.objects.update(name="Oksana Example")
        page = paginate(Entry.objects.all(), BY_NAME, size=5)
        inside = signing.loads(page.next, salt=BY_NAME.salt)
        assert inside == [str(page.rows[-1].uuid), "", False]

    @pytest.mark.parametrize("spoil", [lambda c: c[:-1] + "~", lambda c: "x" + c, lambda c: "no"])
    def test_restarts_when_it_was_tampered_with(self, entries, spoil):
        first = paginate(Entry.objects.all(), NEWEST, size=5)
        page = paginate(Entry.objects.all(), NEWEST, cursor=spoil(first.next), size=5)
        assert (keys(page), page.restarted) == (keys(first), True)

    def test_restarts_in_another_order(self, entries):
        first = paginate(Entry.objects.all(), NEWEST, size=5)
        assert paginate(Entry.objects.all(), OLDEST, cursor=first.next, size=5).restarted

    def test_restarts_when_its_row_is_no_longer_visible(self, entries):
        """A row one may not see any more does not tell where it stood."""
        first = paginate(Entry.objects.all(), NEWEST, size=5)
        visible = Entry.objects.exclude(pk=first.rows[-1].pk)
        page = paginate(visible, NEWEST, cursor=first.next, size=5)
        assert page.restarted
        assert keys(page) == list(
            visible.order_by("-received_at", "-id").values_list("pk", flat=True)[:5]
        )

    def test_restarts_when_its_row_left_the_list(self, entries):
        first = paginate(Entry.objects.all(), DUE, size=5)
        Entry.objects.filter(pk=first.rows[-1].pk).update(due_at=None)
        assert paginate(Entry.objects.all(), DUE, cursor=first.next, size=5).restarted

    def test_restarts_when_nothing_is_left_behind_it(self, entries):
        rows = Entry.objects.all()
        first = paginate(rows, NEWEST, size=40)
        rows.exclude(pk__in=keys(first)).delete()
        page = paginate(rows, NEWEST, cursor=first.next, size=40)
        assert (keys(page), page.restarted, page.next) == (keys(first), True, "")

    def test_is_the_place_where_its_row_stands_now(self, entries):
        rows = Entry.objects.all()
        first = paginate(rows, NEWEST, size=5)
        last = first.rows[-1]
        Entry.objects.filter(pk=last.pk).update(received_at=AT - timedelta(days=9))
        page = paginate(rows, NEWEST, cursor=first.next, size=5)
        assert (page.rows, page.restarted) != ([], False)


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "message"),
        [
            (Order("-received_at"), "may tie"),
            (Order("due_at", "id"), "due_at may be null"),
            (Order("nothing", "id"), "no column nothing"),
            (Order("-rank", "name"), "may tie"),
        ],
    )
    def test_refuses_rows_without_a_place_of_their_own(self, order, message):
        with pytest.raises(ImproperlyConfigured, match=message):
            paginate(Entry.objects.all(), order)

    def test_refuses_a_key_that_is_unique_only_within_another_group(self):
        INBOX.check(Sight)
        with pytest.raises(ImproperlyConfigured, match="may tie"):
            Order("-sort_at", "-entry", named_by="entry__uuid").check(Sight)


class TestCappedCount:
    def test_counts_up_to_the_cap(self, entries):
        assert capped_count(Entry.objects.all(), 41) == CappedCount(41)
        assert capped_count(Entry.objects.all(), 40) == CappedCount(40, more=True)

    def test_is_one_query_with_a_limit(self, entries):
        with CaptureQueriesContext(connection) as queries:
            capped_count(Entry.objects.order_by("name"), 10)
        assert len(queries) == 1
        assert "LIMIT 11" in queries[0]["sql"]

    @pytest.mark.parametrize(
        ("language", "text"), [("en", "1,000+"), ("fr", "1\xa0000+"), ("uk", "1\xa0000+")]
    )
    def test_prints_as_the_reader_writes_numbers(self, language, text):
        with translation.override(language):
            assert str(CappedCount(1000, more=True)) == text

    def test_prints_an_exact_number_as_it_is(self):
        with translation.override("en"):
            assert str(CappedCount(999)) == "999"


@pytest.fixture
def sights(entries):
    """Three groups, each seeing about half of the entries, with due dates of its own."""
    chance = random.Random(2)  # noqa: S311 - test data
    Sight.objects.bulk_create(
        Sight(
            group=group,
            entry=entry,
            sort_at=entry.received_at,
            due_at=AT + timedelta(days=chance.randrange(9)) if chance.random() < 0.7 else None,
        )
        for group in (1, 2, 3)
        for entry in entries
        if chance.random() < 0.5
    )


def slices(*groups, rows=None):
    rows = Sight.objects.all() if rows is None else rows
    return {f"g{group}": rows.filter(group=group) for group in groups}


@pytest.mark.usefixtures("sights")
class TestMergeSlices:
    @pytest.mark.parametrize("groups", [(1,), (1, 2, 3)])
    @pytest.mark.parametrize("size", [3, 200])
    @pytest.mark.parametrize("mode", ["plain", "related", "values", "only"])
    def test_shows_every_entry_once_there_and_back(self, groups, size, mode):
        rows = {
            "plain": Sight.objects.all(),
            "related": Sight.objects.select_related("entry"),
            "values": Sight.objects.values("entry_id"),
            "only": Sight.objects.only("group"),
        }[mode]
        pages, back = walk(
            lambda cursor, size: merge_slices(
                slices(*groups, rows=rows), INBOX, cursor=cursor, size=size
            ),
            size,
        )

        def seen(page):
            return [row["entry_id"] if mode == "values" else row.entry_id for row in page.rows]

        expected = Entry.objects.filter(sights__group__in=groups).distinct()
        assert list(itertools.chain(*map(seen, pages))) == list(
            expected.order_by("-received_at", "-id").values_list("pk", flat=True)
        )
        assert [seen(page) for page in back] == [seen(page) for page in pages]

    def test_shows_each_due_date_of_an_entry_at_its_place(self):
        pages, back = walk(
            lambda cursor, size: merge_slices(slices(1, 2, 3), GROUP_DUE, cursor=cursor, size=size),
            9,
        )
        seen = [(row.due_at, row.entry_id) for page in pages for row in page.rows]
        listed = Sight.objects.filter(due_at__isnull=False)
        assert seen == sorted(set(listed.values_list("due_at", "entry_id")))
        assert [keys(page) for page in back] == [keys(page) for page in pages]

    def test_counts_each_entry_once(self):
        page = merge_slices(slices(1, 2, 3), INBOX)
        assert page.count == CappedCount(Sight.objects.values("entry").distinct().count())

    def test_counts_several_lists_as_each_by_itself(self):
        lists = {
            "all": (slices(1, 2, 3), INBOX),
            "one": (slices(2), INBOX),
            "due": (slices(1, 3), GROUP_DUE),
            "nothing": ({"g1": Sight.objects.filter(pk__in=[])}, INBOX),
            "nobody": ({}, INBOX),
        }
        with CaptureQueriesContext(connection) as asked:
            together = capped_counts_of(lists, cap=7)
        assert together == {name: capped_count_of(*each, cap=7) for name, each in lists.items()}
        assert together["all"] == CappedCount(7, more=True)
        assert together["nothing"] == together["nobody"] == CappedCount(0)
        if connection.vendor == "postgresql":
            assert len(asked) == 1

    def test_asks_less_of_who_knows_count_and_names(self):
        known = CappedCount(3)

        def names(rows):
            found = Sight.objects.in_bulk([row.page_pk for row in rows])
            return {pk: row.entry.uuid for pk, row in found.items()}

        page = merge_slices(slices(1, 2), INBOX, size=5, count=known, names=names)
        assert page.count is known
        assert page.next == merge_slices(slices(1, 2), INBOX, size=5).next

    def test_is_empty_for_somebody_without_groups(self):
        page = merge_slices({}, INBOX)
        assert (page.rows, page.next, page.count) == ([], "", CappedCount(0))

    def test_restarts_when_the_group_of_its_row_is_left(self):
        first = merge_slices(slices(1, 2), INBOX, size=5)
        left = signing.loads(first.next, salt=INBOX.salt)[1]
        staying = {"g1": 2, "g2": 1}[left]
        assert merge_slices(slices(staying), INBOX, cursor=first.next, size=5).restarted

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one statement of all slices")
    @pytest.mark.parametrize("size", [1, 15])
    def test_is_four_queries_however_many_groups(self, size, django_assert_num_queries):
        first = merge_slices(slices(1, 2, 3), INBOX, size=size)
        with django_assert_num_queries(4):
            page = merge_slices(slices(1, 2, 3), INBOX, cursor=first.next, size=size)
            assert page.count.number


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="reads PostgreSQL's plans")
class TestRowsScanned:
    """On PostgreSQL a page in the middle reads no more rows than the first."""

    COUNT = 5000

    @pytest.fixture
    def long_list(self):
        rows = Entry.objects.bulk_create(
            Entry(
                name=f"{n % 50:02}",
                received_at=AT - timedelta(minutes=n // 5),
                due_at=AT + timedelta(days=n // 100),
            )
            for n in range(self.COUNT)
        )
        Sight.objects.bulk_create(
            Sight(group=n % 3, entry=row, sort_at=row.received_at)
            for row in rows
            for n in (row.pk, row.pk + 1)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE testapp_entry, testapp_sight")

    def rows_scanned(self, ask):
        """Rows touched by the scans of the costliest statement that `ask` sends."""
        with CaptureQueriesContext(connection) as queries:
            ask()
        reads = [each["sql"] for each in queries if each["sql"].startswith(("SELECT", "(SELECT"))]
        return max(self.explain(sql) for sql in reads if "COUNT(" not in sql)

    def explain(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        return self.touched(plan[0]["Plan"])

    def touched(self, node):
        below = sum(self.touched(each) for each in node.get("Plans", []))
        if "Scan" not in node["Node Type"]:
            return below
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        return below + rows * node["Actual Loops"]

    def compare(self, ask):
        """Rows scanned for page 1 and for a page in the middle, 25 rows each."""
        deep = ask("", 2500).next
        first = self.rows_scanned(lambda: ask("", 25))
        middle = self.rows_scanned(lambda: ask(deep, 25))
        back = self.rows_scanned(lambda: ask(ask(deep, 25).previous, 25))
        return first, middle, back

    @pytest.mark.parametrize("order", [NEWEST, BY_NAME, DUE])
    @pytest.mark.usefixtures("long_list")
    def test_are_the_same_in_the_middle(self, order):
        def ask(cursor, size):
            return paginate(Entry.objects.all(), order, cursor=cursor, size=size)

        first, middle, back = self.compare(ask)
        assert first == 26
        # Rows that tie with the cursor's are read and passed over: at most one tie, here 100 names.
        ties = {NEWEST: 5, BY_NAME: 100, DUE: 100}[order]
        assert middle <= first + ties
        assert back <= first + ties

    @pytest.mark.usefixtures("long_list")
    def test_are_the_same_in_the_middle_of_a_merged_list(self):
        def ask(cursor, size):
            return merge_slices(slices(0, 1, 2), INBOX, cursor=cursor, size=size)

        first, middle, back = self.compare(ask)
        assert first == 3 * 26
        assert middle <= first + 3 * 5
        assert back <= first + 3 * 5
