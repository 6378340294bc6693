"""Many writers at once on PostgreSQL: no fork, no gap, nobody turned away."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts import audit
from accounts.choices import LogAction
from accounts.models import AccessLog
from tests.accounts.factories import moment

# On SQLite Django empties tables with DELETE after such a test, which the triggers refuse.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="emptied by DELETE on SQLite"),
]

WRITERS, ROWS = 8, 12


class TestParallelWriters:
    def test_leave_unbroken_chains(self) -> None:
        faults: list[BaseException] = []
        start = threading.Barrier(WRITERS)

        def write(number: int) -> None:
            try:
                start.wait()
                for row in range(ROWS):
                    with transaction.atomic():
                        audit.record(
                            action=LogAction.EXPORT,
                            by=audit.Oneself(None, f"writer {number % 3}"),
                            at=moment() + timedelta(seconds=row),
                        )
            except BaseException as fault:
                faults.append(fault)
            finally:
                connection.close()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert AccessLog.objects.count() == WRITERS * ROWS
        assert not list(audit.verify())
