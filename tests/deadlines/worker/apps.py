"""Kinds of work for a worker that is going to be killed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.core.files.base import ContentFile

from deadlines import jobs

if TYPE_CHECKING:
    from deadlines.models import Job

STARTED = "started"
"""A file in VAR that is there once the slow work has begun."""


def quick(job: Job, progress: jobs.Progress) -> jobs.JobFile:
    """Done at once."""
    progress(1, 2)
    return jobs.JobFile("answer.txt", ContentFile(b"42\n"))


def slow_at_first(job: Job, progress: jobs.Progress) -> jobs.JobFile:
    """Takes a minute when it is tried first, long enough to be killed; later it is quick."""
    progress(1, 2)
    if job.attempts == 1:
        (Path(settings.VAR) / STARTED).touch()
        time.sleep(60)
    return quick(job, progress)


class WorkerConfig(AppConfig):
    name = "tests.deadlines.worker"
    label = "worker_in_tests"

    def ready(self) -> None:
        jobs.register("quick", run=quick, label="Quick work")
        jobs.register("slow_at_first", run=slow_at_first, label="Slow work")
