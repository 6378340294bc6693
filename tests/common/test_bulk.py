"""Many rows written at once: each with its own values, nothing else touched, one statement."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection  # noqa: F401 - named in a mark

from common.bulk import write_each
from tests.support.queries import counted
from tests.testapp.models import Chore, Entry, Sight

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


class TestWriteEach:
    def test_writes_each_row_its_own_values_and_no_other_column(self) -> None:
        chores = Chore.objects.bulk_create(Chore(due_at=AT) for _n in range(3))
        for n, chore in enumerate(chores):
            chore.due_at = AT + timedelta(days=n)
            chore.done_at = AT if n else None
            chore.done_worker = "not written"
        with counted() as queries:
            write_each(chores, ["due_at", "done_at"])
        found = Chore.objects.order_by("pk").values_list("due_at", "done_at", "done_worker")
        assert list(found) == [(AT + timedelta(days=n), AT if n else None, "") for n in range(3)]
        assert len(queries) == 1

    def test_writes_a_foreign_key_by_its_name(self) -> None:
        one, other = Entry.objects.bulk_create(
            Entry(name=name, received_at=AT) for name in ("one", "other")
        )
        sight = Sight.objects.create(group=1, entry=one, sort_at=AT)
        sight.entry = other
        write_each([sight], ["entry"])
        assert Sight.objects.get().entry == other

    def test_asks_nothing_for_no_rows(self) -> None:
        with counted() as queries:
            write_each([], ["due_at"])
        assert len(queries) == 0

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="arrays are PostgreSQL's")
    def test_refuses_what_is_no_column(self) -> None:
        entry = Entry.objects.create(name="one", received_at=AT)
        with pytest.raises(ValueError, match="Entry has no column sights"):
            write_each([entry], ["sights"])
