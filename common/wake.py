"""The only place that nudges a worker. A nudge says "look now" and carries nothing else.

What is to be done stands in rows; the sweep finds them every minute. So a nudge may be lost at any
time, and losing it costs a minute. Not here: the tasks, the schedule.
"""

import logging
from dataclasses import dataclass

from celery import current_app
from django.db import connection, transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Nudge:
    task_name: str

    def __call__(self) -> None:
        try:
            current_app.send_task(self.task_name, ignore_result=True, retry=False)
        except Exception as error:  # Whatever the broker's client raises: the rows are safe.
            # The kind only: a broker's message may hold addresses and passwords.
            logger.warning("Nudge %s not sent: %s", self.task_name, type(error).__name__)


def wake(task_name: str) -> None:
    """Once the transaction commits, ask a worker to run ``task_name`` now; once per transaction."""
    nudge = _Nudge(task_name)
    # A nudge that waits already can stand in for this one: whatever rolls it back, being further
    # out, rolls back this call's work too.
    if not any(entry[1] == nudge for entry in connection.run_on_commit):
        transaction.on_commit(nudge, robust=True)
