"""Master keys turn over without a single key getting lost, however often the command dies."""

import base64
import fcntl
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import sealing
from common.rowlock import SYSTEM
from common.sealing import open_data_key, seal, unseal

FIELD = "test.secret"
JOINED = datetime(2026, 1, 1, tzinfo=UTC)


def master(number: int) -> str:
    return base64.b64encode(bytes((number * 31 + place) % 256 for place in range(32))).decode()


LOCK = "FOR NO KEY UPDATE"
OLD, NEW, LOST = f"old:{master(1)}", f"new:{master(2)}", f"lost:{master(3)}"


def make_users(number: int) -> dict[int, bytes]:
    """Committed people with a data key each; the sealed words of each, by primary key."""
    user = get_user_model()
    made = user.objects.bulk_create(
        user(email=f"u{n}@example.org", display_name="Invented", joined_at=JOINED)
        for n in range(number)
    )
    return {
        row.pk: seal(
            f"words of {row.pk}",
            key=open_data_key(row.data_key, row.uuid),
            field=FIELD,
            owner=row.uuid,
        )
        for row in made
    }


def assert_every_word_opens(sealed: dict[int, bytes]) -> None:
    rows = get_user_model().objects.filter(pk__in=sealed)
    opened = {
        row.pk: unseal(
            sealed[row.pk],
            key=open_data_key(row.data_key, row.uuid),
            field=FIELD,
            owner=row.uuid,
        )
        for row in rows
    }
    assert opened == {pk: f"words of {pk}" for pk in sealed}


def wrapped_by() -> Counter[str]:
    """How many people's keys lie under each master key."""
    keys = get_user_model().objects.exclude(data_key=None).values_list("data_key", flat=True)
    return Counter(sealing.master_key_id(key) for key in keys)


def rotate(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def column() -> str:
    return f"{get_user_model()._meta.label}.data_key"


@pytest.fixture
def words(db: None, settings: Any) -> dict[int, bytes]:
    """Five people under the old master key, and a newer key at the head of the ring."""
    settings.SEALING_KEYS = [OLD]
    sealed = make_users(5)
    settings.SEALING_KEYS = [NEW, OLD]
    return sealed


@pytest.mark.sqlite_too
class TestRotateKeys:
    @pytest.mark.parametrize("batch", ["1", "2", "5", "200"])
    def test_puts_every_key_under_the_newest(
        self, words: dict[int, bytes], settings: Any, batch: str
    ) -> None:
        out = rotate("--batch", batch)
        assert wrapped_by() == {"new": 5}
        assert out.splitlines()[-2:] == [
            f"{column()}: 5 under new",
            "done: every data key is under new",
        ]
        settings.SEALING_KEYS = [NEW]
        assert_every_word_opens(words)

    def test_writes_nothing_the_second_time(self, words: dict[int, bytes]) -> None:
        rotate()
        before = list(get_user_model().objects.order_by("pk").values_list("data_key", flat=True))
        with CaptureQueriesContext(connection) as queries:
            assert "done" in rotate()
        assert not [q for q in queries.captured_queries if q["sql"].startswith("UPDATE")]
        after = list(get_user_model().objects.order_by("pk").values_list("data_key", flat=True))
        assert before == after

    def test_leaves_destroyed_keys_destroyed(self, words: dict[int, bytes]) -> None:
        erased = min(words)
        get_user_model().objects.filter(pk=erased).update(data_key=None)
        assert "done" in rotate()
        assert get_user_model().objects.get(pk=erased).data_key is None
        assert wrapped_by() == {"new": 4}

    def test_does_not_bring_back_a_key_destroyed_meanwhile(
        self, words: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        erased = min(words)
        rewrap = sealing.rewrap

        def erase_first(*args: Any) -> bytes:
            get_user_model().objects.filter(pk=erased).update(data_key=None)
            return rewrap(*args)

        monkeypatch.setattr(sealing, "rewrap", erase_first)
        rotate()
        assert get_user_model().objects.get(pk=erased).data_key is None

    def test_is_not_undone_by_a_row_that_was_read_before(self, words: dict[int, bytes]) -> None:
        late = get_user_model().objects.get(pk=min(words))
        rotate()
        late.display_name = "Another"
        late.save()
        assert get_user_model().objects.get(pk=late.pk).display_name == "Another"
        assert wrapped_by() == {"new": 5}

    def test_is_not_done_while_somebody_still_writes_old_keys(
        self, words: dict[int, bytes]
    ) -> None:
        late = get_user_model().objects.filter(pk=min(words))
        old = late.get().data_key

        class Out(io.StringIO):
            def write(self, text: str) -> int:
                if "looked at" in text:  # a batch has been committed: the other server comes now
                    late.update(data_key=old)
                return super().write(text)

        out = Out()
        with pytest.raises(CommandError, match=f"older master key: {column()} 1") as caught:
            call_command("rotate_keys", stdout=out)
        assert "done" not in out.getvalue()
        assert caught.value.returncode == 1
        assert "done" in rotate()


@pytest.mark.sqlite_too
class TestRotateKeysThatDoNotOpen:
    def test_turns_over_the_others_and_fails(self, words: dict[int, bytes], settings: Any) -> None:
        missing, broken, swapped, *good = sorted(words)
        user = get_user_model()
        settings.SEALING_KEYS = [LOST]
        owner = user.objects.get(pk=missing).uuid
        user.objects.filter(pk=missing).update(data_key=sealing.new_data_key(owner))
        key = user.objects.get(pk=good[0]).data_key
        user.objects.filter(pk=broken).update(data_key=key[:-1] + bytes([key[-1] ^ 1]))
        user.objects.filter(pk=swapped).update(data_key=key)
        settings.SEALING_KEYS = [NEW, OLD]

        out = io.StringIO()
        with pytest.raises(CommandError, match=rf"cannot be opened: {column()} 3\.") as caught:
            call_command("rotate_keys", stdout=out)

        assert caught.value.returncode == 1
        assert out.getvalue().splitlines()[-3:] == [
            f"{column()}: 2 under new",
            f"{column()}: 2 cannot be opened (altered, or another owner's)",
            f"{column()}: 1 cannot be opened (master key lost is missing)",
        ]
        for pk in words:
            assert str(user.objects.get(pk=pk).uuid) not in out.getvalue() + str(caught.value)
        assert_every_word_opens({pk: words[pk] for pk in good})

        settings.SEALING_KEYS = [NEW, OLD, LOST]
        user.objects.filter(pk__in=[broken, swapped]).update(data_key=None)
        assert "done" in rotate()

    def test_fails_a_dry_run_too(self, words: dict[int, bytes], settings: Any) -> None:
        settings.SEALING_KEYS = [NEW]
        with pytest.raises(CommandError, match=f"cannot be opened: {column()} 5"):
            rotate("--dry-run")


@pytest.mark.sqlite_too
class TestDryRun:
    def test_counts_and_changes_nothing(self, words: dict[int, bytes]) -> None:
        user = get_user_model().objects.get(pk=min(words))
        key = sealing.rewrap(user.data_key, user.uuid)
        get_user_model().objects.filter(pk=user.pk).update(data_key=key)
        assert rotate("--dry-run").splitlines() == [
            f"{column()}: 1 under new",
            f"{column()}: 4 under old",
            f"Dry run, nothing changed. To rewrap: {column()} 4.",
        ]
        assert wrapped_by() == {"new": 1, "old": 4}

    def test_says_when_there_is_nothing_to_do(self, words: dict[int, bytes]) -> None:
        rotate()
        assert rotate("--dry-run").endswith("To rewrap: none.\n")

    def test_refuses_a_batch_of_none(self, db: None) -> None:
        with pytest.raises(CommandError, match="at least 1"):
            rotate("--batch", "0")


@pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has no row locks or policies"
)
class TestOnPostgreSQL:
    def test_locks_a_batch_without_stopping_rows_that_refer_to_it(
        self, words: dict[int, bytes]
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            rotate("--batch", "2")
        table = get_user_model()._meta.db_table
        locking = [q["sql"] for q in queries if f'FROM "{table}"' in q["sql"] and LOCK in q["sql"]]
        assert len(locking) == 4  # three batches and the one that finds no more
        assert all("LIMIT 2" in sql for sql in locking)

    @pytest.mark.parametrize(
        ("policies", "refuses"),
        [
            ([], True),
            (["FOR SELECT TO rotate_keys_test USING (id > 0)"], True),
            (["FOR UPDATE TO rotate_keys_test USING (true)"], True),
            (["TO pg_monitor USING (true)"], True),
            (["TO rotate_keys_test USING (true)"], False),
            (["TO PUBLIC USING (id > 0)", "TO rotate_keys_test USING (true)"], False),
            (["TO PUBLIC USING (true)", "AS RESTRICTIVE TO PUBLIC USING (id > 0)"], True),
        ],
    )
    def test_refuses_a_role_from_which_rows_may_be_hidden(
        self, words: dict[int, bytes], policies: list[str], refuses: bool
    ) -> None:
        # Otherwise "done" would be said of what the role can see, which may be nothing.
        table = connection.ops.quote_name(get_user_model()._meta.db_table)
        with connection.cursor() as cursor:
            # Falls away with the transaction. Sees every case, as the worker's role does.
            cursor.execute(f"CREATE ROLE rotate_keys_test IN ROLE {SYSTEM}")
            cursor.execute(
                "GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO rotate_keys_test"
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            for number, policy in enumerate(policies):
                cursor.execute(f"CREATE POLICY p{number} ON {table} {policy}")
            cursor.execute("SET LOCAL ROLE rotate_keys_test")
            if refuses:
                with pytest.raises(CommandError, match="Row-level security hides rows of"):
                    rotate()
            else:
                assert "done" in rotate()
            cursor.execute("RESET ROLE")
        assert wrapped_by() == {"old" if refuses else "new": 5}


class Rotation:
    """The real command in a process of its own, on the committed test database."""

    def __init__(self, *arguments: str, keys: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "rotate_keys", *arguments],
            cwd=Path(django_settings.BASE_DIR),
            env=os.environ | {"DATABASE_URL": database_url(), "SEALING_KEYS": keys},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,  # read no further than the line asked for
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout
        # One page of pipe: the command waits for its reader after some 75 lines, so it cannot
        # have finished before it is killed, however slow this machine is.
        fcntl.fcntl(self.out, fcntl.F_SETPIPE_SZ, 4096)

    def kill_after(self, lines: int) -> None:
        for _ in range(lines):
            line = self.out.readline()
            if b"looked at" not in line:  # it ended by itself: say what it said
                pytest.fail((line + self.out.read()).decode())
        time.sleep(random.uniform(0, 0.01))  # noqa: S311 - somewhere within a later transaction
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL
        self.out.close()

    def finish(self) -> tuple[int, str]:
        out, _ = self.process.communicate()
        return self.process.returncode, out.decode()


def database_url() -> str:
    database = connection.settings_dict
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    return (
        f"postgres://{database['USER']}{password}@{database['HOST']}:{database['PORT']}"
        f"/{database['NAME']}"
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one writer on SQLite")
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestRotateKeysUnderKill:
    @pytest.mark.parametrize(
        ("people", "kills"), [(1800, 4), pytest.param(8_000, 20, marks=pytest.mark.prove)]
    )
    def test_leaves_nothing_unreadable(self, settings: Any, people: int, kills: int) -> None:
        settings.SEALING_KEYS = [OLD]
        words = make_users(people)
        settings.SEALING_KEYS = [NEW, OLD]
        turned = [0]
        for _ in range(kills):
            passed = turned[-1] // 3  # batches that need no work any more
            Rotation("--batch", "3", keys=f"{NEW},{OLD}").kill_after(
                random.randint(passed + 1, passed + 40)  # noqa: S311 - a moment, not a secret
            )
            found = wrapped_by()
            assert found.keys() == {"new", "old"}, "it was killed half-way"
            assert found.total() == people
            assert_every_word_opens(words)
            turned.append(found["new"])
        assert turned == sorted(turned), "no run undoes another's work"

        code, out = Rotation(keys=f"{NEW},{OLD}").finish()
        assert (code, out.splitlines()[-1]) == (0, "done: every data key is under new")
        settings.SEALING_KEYS = [NEW]
        assert_every_word_opens(words)

        code, out = Rotation("--dry-run", keys=NEW).finish()
        assert (code, out.splitlines()[-1]) == (
            0,
            "Dry run, nothing changed. To rewrap: none.",
        )

    def test_fails_where_a_key_is_missing(self, settings: Any) -> None:
        settings.SEALING_KEYS = [OLD]
        make_users(2)
        code, out = Rotation(keys=NEW).finish()
        assert code == 1
        assert "2 cannot be opened (master key old is missing)" in out
        assert "done" not in out
        assert "Traceback" not in out
