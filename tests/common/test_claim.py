"""Claims: every row to one worker, and a worker that slept too long writes nothing."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from common.claim import Claim, claim, finish, finish_many, release, renew
from tests.testapp.models import Chore

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
EXPIRED = AT + LEASE


@pytest.fixture
def chores():
    Chore.objects.bulk_create([Chore(due_at=AT - timedelta(minutes=n)) for n in range(6)])
    return Chore.objects.filter(done_at=None, due_at__lte=AT).order_by("due_at")


def take(chores, at=AT, limit=2, worker="one"):
    return claim(chores, at=at, lease=LEASE, limit=limit, worker=worker)


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestClaim:
    def test_takes_the_first_in_the_order_asked_for(self, chores):
        taken = take(chores, limit=3)
        assert [each.pk for each in taken] == list(chores.values_list("pk", flat=True)[:3])
        first = chores.get(pk=taken[0].pk)
        assert (first.claimed_until, first.claim_worker) == (AT + LEASE, "one")

    def test_passes_over_what_is_held(self, chores):
        taken = [pk for _round in range(4) for pk, _token in take(chores)]
        assert sorted(taken) == sorted(chores.values_list("pk", flat=True))

    def test_takes_again_what_a_worker_let_lapse_under_a_higher_number(self, chores):
        before = take(chores)
        assert not {each.pk for each in take(chores, at=EXPIRED - timedelta(seconds=1))} & {
            each.pk for each in before
        }
        again = take(chores, at=EXPIRED, worker="two")
        assert [each.pk for each in again] == [each.pk for each in before]
        assert all(new.token > old.token for new, old in zip(again, before, strict=True))

    def test_leaves_what_the_caller_left_out(self, chores):
        Chore.objects.update(done_at=AT)
        assert take(chores) == []

    def test_costs_the_same_for_one_and_for_many(self, chores, django_assert_num_queries):
        for limit in (1, 5):
            with django_assert_num_queries(4):  # two are the savepoint inside the test
                take(chores, limit=limit)

    def test_names_each_claim_by_the_number_in_the_row(self, chores):
        pk, token = take(chores)[0]
        assert Chore.objects.get(pk=pk).claim_token == token


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestFinish:
    def test_writes_and_ends_the_claim(self, chores):
        held = take(chores)[0]
        assert finish(chores, held, done_at=AT)
        row = Chore.objects.get(pk=held.pk)
        assert (row.done_at, row.claimed_until, row.claim_worker) == (AT, None, "")

    def test_refuses_a_worker_whose_lease_another_has_now(self, chores):
        zombie = take(chores, limit=1)[0]
        living = take(chores, at=EXPIRED, limit=1, worker="two")[0]
        assert living.pk == zombie.pk
        assert not finish(chores, zombie, done_worker="zombie")
        assert finish(chores, living, done_worker="living")
        assert not finish(chores, zombie, done_worker="zombie")
        assert Chore.objects.get(pk=living.pk).done_worker == "living"

    def test_lets_a_late_worker_finish_when_nobody_took_over(self, chores):
        held = take(chores)[0]
        assert finish(chores, held, done_at=EXPIRED + LEASE)

    def test_is_done_once(self, chores):
        held = take(chores)[0]
        assert [finish(chores, held, done_at=AT), finish(chores, held, done_at=AT)] == [True, False]

    def test_finishes_a_batch_without_what_was_lost(self, chores, django_assert_num_queries):
        held = take(chores, limit=4)
        release(chores, held[1])
        with django_assert_num_queries(4):  # two are the savepoint inside the test
            ours = finish_many(chores, held, done_at=AT)
        assert ours == [held[0].pk, held[2].pk, held[3].pk]
        assert Chore.objects.filter(done_at=AT).count() == 3
        assert finish_many(chores, held, done_at=AT) == []


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestReleaseAndRenew:
    def test_frees_the_row_at_once(self, chores):
        held = take(chores, limit=1)[0]
        assert release(chores, held)
        assert take(chores, limit=1)[0].pk == held.pk

    def test_frees_the_row_later(self, chores):
        held = take(chores, limit=6)
        later = AT + timedelta(hours=1)
        assert release(chores, held[0], until=later)
        assert held[0].pk not in {each.pk for each in take(chores, at=EXPIRED, limit=6)}
        assert held[0].pk in {each.pk for each in take(chores, at=later, limit=6)}

    def test_does_not_free_what_is_another_workers(self, chores):
        zombie = take(chores, limit=1)[0]
        living = take(chores, at=EXPIRED, limit=1)[0]
        assert not release(chores, zombie)
        assert not renew(chores, zombie, at=EXPIRED, lease=LEASE)
        assert finish(chores, living)

    def test_holds_for_longer(self, chores):
        held = take(chores, limit=1)[0]
        assert renew(chores, held, at=EXPIRED, lease=LEASE)
        assert held.pk not in {each.pk for each in take(chores, at=EXPIRED, limit=6)}

    def test_does_not_renew_what_is_finished(self, chores):
        held = take(chores, limit=1)[0]
        finish(chores, held, done_at=AT)
        assert not renew(chores, held, at=AT, lease=LEASE)


class TestOnSqlite:
    def test_refuses_a_database_that_lets_two_writers_begin(self, monkeypatch):
        """Without BEGIN IMMEDIATE two claimers would read the same free rows."""

        class Loose:
            vendor = "sqlite"
            settings_dict = {"OPTIONS": {"transaction_mode": "DEFERRED"}}

        monkeypatch.setattr("common.claim.connections", {"default": Loose()})
        with pytest.raises(ImproperlyConfigured, match="IMMEDIATE"):
            take(Chore.objects.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one writer on SQLite")
class TestRace:
    ROWS = 400

    @pytest.fixture
    def many(self):
        Chore.objects.bulk_create([Chore(due_at=AT) for _n in range(self.ROWS)])
        return Chore.objects.filter(done_at=None).order_by("due_at", "pk")

    def run_together(self, works):
        start = threading.Barrier(len(works))
        failures: list[BaseException] = []

        def run(work):
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '5s'")
                start.wait()
                work()
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[work]) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_gives_every_row_to_exactly_one_of_eight(self, many):
        taken: Counter[int] = Counter()
        claimers: set[str] = set()
        lock = threading.Lock()

        def work(name):
            while batch := claim(many, at=AT, lease=LEASE, limit=7, worker=name):
                with lock:
                    taken.update(each.pk for each in batch)
                    claimers.add(name)
                assert finish_many(many, batch, done_at=AT, done_worker=name) == [
                    each.pk for each in batch
                ]

        self.run_together([lambda name=f"w{n}": work(name) for n in range(8)])
        assert len(taken) == self.ROWS
        assert set(taken.values()) == {1}
        assert len(claimers) > 1
        assert not Chore.objects.filter(done_at=None).exists()

    def test_does_not_wait_for_another_claimer(self, many):
        """The first claimer's transaction is still open while the second takes other rows."""
        with transaction.atomic():
            first = claim(many, at=AT, lease=LEASE, limit=5, worker="first")
            second: list[Claim] = []
            self.run_together(
                [lambda: second.extend(claim(many, at=AT, lease=LEASE, limit=5, worker="second"))]
            )
        assert len(second) == 5
        assert not {each.pk for each in first} & {each.pk for each in second}
