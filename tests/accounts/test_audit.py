"""The chain on PostgreSQL and SQLite: every way of tampering is found and named."""

import copy
import json
import random
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory

from accounts import append_only, audit
from accounts.choices import LogAction
from accounts.models import AccessLog, AccessLogHead
from accounts.sessions import TimeOutMiddleware
from common.marks import Subject
from tests.accounts.factories import UserFactory, moment

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def write(count: int = 1, *, by: Any = None, **more: Any) -> list[AccessLog]:
    by = by or audit.Oneself(None, "sweep")
    start = moment()
    return [
        audit.record(
            action=LogAction.EXPORT,
            by=by,
            at=start + timedelta(seconds=i),
            subject=Subject("referral", uuid4()),
            **more,
        )
        for i in range(count)
    ]


@pytest.fixture
def no_triggers(db: None) -> Any:
    """As somebody with the database in their hands would have it."""

    class Editor:
        def __init__(self) -> None:
            self.connection = connection

        def execute(self, sql: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)

    append_only.remove(None, Editor())
    yield
    append_only.install(None, Editor())


class TestRecord:
    def test_chains_each_row_to_the_one_before(self) -> None:
        first, second = write(2)
        assert (first.seq, first.previous_hash) == (1, audit.GENESIS)
        assert (second.seq, second.previous_hash) == (2, first.hash)
        assert not list(audit.verify())

    def test_takes_three_queries_and_two_savepoints(self, django_assert_num_queries) -> None:
        write()
        with django_assert_num_queries(5):
            write()

    def test_keeps_one_persons_acts_in_one_chain(self) -> None:
        user = UserFactory()
        rows = write(3, by=audit.Oneself(user.pk))
        assert {row.shard for row in rows} == {user.pk % audit.SHARDS}

    def test_refuses_a_row_without_an_actor(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            write(by=audit.Oneself(None))

    def test_carries_the_request_and_the_network_but_not_the_machine(self) -> None:
        with audit.origin("0123456789abcdef", "192.0.2.77"):
            row = write()[0]
        assert (row.request_id, row.ip) == ("0123456789abcdef", "192.0.2.0")
        assert write()[0].ip == ""

    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.77", "192.0.2.0"),
            ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::"),
            ("", ""),
            ("<script>", ""),
        ],
    )
    def test_cuts_addresses(self, address: str, network: str) -> None:
        assert audit.network_of(address) == network

    def test_takes_no_request_id_that_could_carry_text(self) -> None:
        with audit.origin("Ana Kovac; 12", "192.0.2.77") as origin:
            assert "Ana" not in origin.request_id
            assert len(origin.request_id) == 32

    def test_is_given_its_origin_by_the_middleware(self, rf: RequestFactory) -> None:
        class Nobody:
            is_authenticated = False

        seen = []
        request = rf.get("/", REMOTE_ADDR="198.51.100.9")
        request.user = Nobody()
        TimeOutMiddleware(lambda _request: seen.append(write()[0]))(request)
        assert seen[0].ip == "198.51.100.0"


@pytest.mark.django_db(transaction=True)
class TestOutsideATransaction:
    def test_refuses_to_be_written(self) -> None:
        with pytest.raises(audit.NotInTransaction):
            write()

    def test_goes_with_the_act_it_records(self) -> None:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        assert AccessLog.objects.count() == 0


class TestTriggers:
    @pytest.mark.parametrize("act", ["update", "delete"])
    def test_refuse(self, act: str) -> None:
        row = write()[0]
        rows = AccessLog.objects.filter(pk=row.pk)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(purpose="other") if act == "update" else rows.delete()
        assert AccessLog.objects.get(pk=row.pk).purpose == ""


@pytest.mark.usefixtures("no_triggers")
class TestVerify:
    def test_finds_an_altered_row(self) -> None:
        rows = write(5)
        AccessLog.objects.filter(pk=rows[2].pk).update(reason_code="other")
        assert list(audit.verify()) == [audit.Broken(rows[2].shard, 3, "altered")]

    def test_finds_a_removed_row(self) -> None:
        rows = write(5)
        AccessLog.objects.filter(pk=rows[1].pk).delete()
        assert list(audit.verify()) == [audit.Broken(rows[0].shard, 2, "missing")]

    def test_finds_rows_cut_from_the_end(self) -> None:
        rows = write(5)
        AccessLog.objects.filter(seq__gt=3).delete()
        assert list(audit.verify()) == [audit.Broken(rows[0].shard, 4, "missing")]

    def test_finds_rows_that_changed_places(self) -> None:
        rows = write(4)
        shard = rows[0].shard
        for row, seq in ((rows[1], 99), (rows[2], 2), (rows[1], 3)):
            AccessLog.objects.filter(pk=row.pk).update(seq=seq)
        assert [(b.shard, b.seq) for b in audit.verify()] == [(shard, 2)]

    def test_finds_a_rewritten_row_whose_hash_was_made_anew(self) -> None:
        rows = write(3)
        row = rows[1]
        row.reason_code = "other"
        AccessLog.objects.filter(pk=row.pk).update(reason_code="other", hash=audit.hash_of(row))
        assert [(b.seq, b.reason) for b in audit.verify()] == [
            (3, "does not follow the row before it")
        ]

    def test_finds_a_head_that_was_set_back(self) -> None:
        write(3)
        AccessLogHead.objects.update(seq=2)
        assert [b.reason for b in audit.verify()] == ["beyond the recorded head"]


class Chain:
    """A chain as the database holds it, in memory: `walk` asks nothing else of it."""

    def __init__(self, rows: list[AccessLog], head: audit.Anchor) -> None:
        self.rows, self.head = [copy.copy(row) for row in rows], head

    def broken(self) -> audit.Broken | None:
        return audit.walk(self.head.shard, self.rows, self.head)

    def anchored(self, anchor: audit.Anchor) -> audit.Broken | None:
        """The first broken place of a chain, of its own or against the head kept outside."""
        at_anchor = next((row for row in self.rows if row.seq == anchor.seq), None)
        return self.broken() or audit.against(anchor, at_anchor)


class Tampering:
    """One random way of tampering, and the place at which it must be found."""

    TEXTS = ("action", "reason_code", "purpose", "field_group", "system", "ip", "request_id")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - which row, not a secret
        self.how = self.chance.choice(
            ["changed", "changed and hashed anew", "deleted", "inserted", "swapped", "cut"]
        )

    def apply(self, chain: Chain) -> int:
        """Tamper, and say which place is the first that is not as it was written."""
        return getattr(self, self.how.replace(" ", "_"))(chain)

    def changed(self, chain: Chain) -> int:
        row = self.chance.choice(chain.rows)
        self._change(row)
        return row.seq

    def changed_and_hashed_anew(self, chain: Chain) -> int:
        """The row that follows no longer fits; of the last one, the head says so."""
        row = self.chance.choice(chain.rows)
        self._change(row)
        row.hash = audit.hash_of(row)
        return min(row.seq + 1, chain.head.seq)

    def deleted(self, chain: Chain) -> int:
        row = chain.rows.pop(self.chance.randrange(len(chain.rows)))
        return row.seq

    def inserted(self, chain: Chain) -> int:
        """A row of one's own, well formed, in somebody else's place; what followed moves on."""
        place = self.chance.randrange(len(chain.rows))
        forged = copy.copy(chain.rows[place])
        forged.subject_uuid = uuid4()
        forged.hash = audit.hash_of(forged)
        for row in chain.rows[place:]:
            row.seq += 1
        chain.rows.insert(place, forged)
        return forged.seq + 1

    def swapped(self, chain: Chain) -> int:
        one, other = sorted(self.chance.sample(range(len(chain.rows)), 2))
        first, second = chain.rows[one], chain.rows[other]
        first.seq, second.seq = second.seq, first.seq
        chain.rows[one], chain.rows[other] = second, first
        return chain.rows[one].seq

    def cut(self, chain: Chain) -> int:
        """The end is gone, and the head was set back to fit: only the anchor outside knows."""
        kept = self.chance.randrange(len(chain.rows))
        del chain.rows[kept:]
        last = chain.rows[-1].hash if chain.rows else audit.GENESIS
        anchored = chain.head.seq
        chain.head = audit.Anchor(chain.head.shard, kept, last)
        return anchored

    def _change(self, row: AccessLog) -> None:
        column = self.chance.choice([*self.TEXTS, "at", "user_id", "subject_uuid"])
        before = getattr(row, column)
        changed = {
            "at": row.at + timedelta(microseconds=1),
            "user_id": (row.user_id or 0) + 1,
            "subject_uuid": uuid4(),
        }
        setattr(row, column, changed.get(column, f"{before}x"))


class TestTampering:
    ROWS = 40

    def intact(self) -> tuple[list[AccessLog], audit.Anchor]:
        rows = write(self.ROWS, by=audit.Oneself(UserFactory().pk))
        stored = list(AccessLog.objects.filter(shard=rows[0].shard).order_by("seq"))
        return stored, audit.heads()[0]

    def locates(self, seeds: range) -> None:
        rows, anchor = self.intact()
        assert Chain(rows, anchor).anchored(anchor) is None
        ways = set()
        for seed in seeds:
            chain, tampering = Chain(rows, anchor), Tampering(seed)
            expected = tampering.apply(chain)
            found = chain.anchored(anchor)
            assert found is not None, f"{tampering.how} (seed {seed}) was not found"
            assert found.seq == expected, f"{tampering.how} (seed {seed}): {found}"
            ways.add(tampering.how)
        assert len(ways) == 6

    def test_is_located_each_of_a_thousand_times(self) -> None:
        self.locates(range(1000))

    @pytest.mark.prove
    def test_is_located_each_of_a_hundred_thousand_times(self) -> None:
        self.locates(range(100_000))


class TestCommand:
    def run(self, *args: Any) -> str:
        out = StringIO()
        call_command("verify_audit", *args, stdout=out, stderr=out)
        return out.getvalue()

    def test_says_that_nothing_was_altered(self) -> None:
        write(3)
        assert "3 rows in 1 chains" in self.run()

    def test_names_the_broken_place_and_fails(self, no_triggers: None) -> None:
        rows = write(3)
        AccessLog.objects.filter(pk=rows[1].pk).update(purpose="other")
        out = StringIO()
        with pytest.raises(CommandError) as failed:
            call_command("verify_audit", stderr=out)
        assert failed.value.returncode == 1
        assert f"shard {rows[1].shard}, seq 2: altered" in out.getvalue()

    def test_finds_a_chain_cut_together_with_its_head_by_its_anchor(
        self, no_triggers: None, tmp_path: Any
    ) -> None:
        rows = write(5)
        anchor = tmp_path / "heads.json"
        self.run("--anchor", anchor)
        assert json.loads(anchor.read_text())[0]["seq"] == 5
        AccessLog.objects.filter(seq__gt=3).delete()
        AccessLogHead.objects.update(seq=3, hash=rows[2].hash)
        assert "3 rows" in self.run()
        with pytest.raises(CommandError):
            self.run("--against", anchor)

    def test_accepts_its_anchor_after_more_was_written(self, tmp_path: Any) -> None:
        write(2)
        self.run("--anchor", tmp_path / "heads.json")
        write(2)
        assert "4 rows" in self.run("--against", tmp_path / "heads.json")

    def test_refuses_a_file_that_holds_no_heads(self, tmp_path: Any) -> None:
        (tmp_path / "other.json").write_text('{"a": 1}')
        with pytest.raises(CommandError, match="no heads"):
            self.run("--against", tmp_path / "other.json")
