"""Stands in for the web process: starts a job of the kind named, and prints its key.

Run as `python -m tests.deadlines.worker.start KIND`.
"""

import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.utils import timezone

    from deadlines.services.jobs import start_job
    from tests.deadlines.conftest import Somebody, make_user

    now = timezone.now()
    somebody = Somebody(make_user("worker", now))
    print(start_job(kind=sys.argv[1], params={}, by=somebody, at=now).pk)
