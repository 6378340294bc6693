"""`manage.py sweep`: what beat asks for each minute, for cron or a person. Safe at any time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from common.rowlock import system_work
from deadlines.services import jobs
from deadlines.services import sweep as sweeping


class Command(BaseCommand):
    help = "Does what is due or was missed: reminders, mail, stuck jobs. Safe at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--jobs",
            action="store_true",
            dest="run_jobs",
            help="Also run waiting jobs here, where no worker is.",
        )

    @system_work("sweep")
    def handle(self, *, run_jobs: bool, **options: Any) -> None:
        at = timezone.now()
        if gap := sweeping.gap_before(at):
            minutes = int(gap.total_seconds() // 60)
            self.stdout.write(f"late: nobody swept for {minutes} minutes; catching up")
        done = sweeping.sweep(at=at, clock=timezone.now)
        for name, count in done.items():
            self.stdout.write(f"{name}: {'failed' if count is None else count}")
        if run_jobs:
            self.stdout.write(f"jobs run here: {self._run_jobs()}")
        if None in done.values():
            raise SystemExit(1)

    def _run_jobs(self) -> int:
        ran = 0
        while jobs.run_next_job(clock=timezone.now, worker=sweeping.worker_name()):
            ran += 1
        return ran
