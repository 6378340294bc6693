"""Writes a quarter's report to a file, as anybody may have it or, with `--internal`, in full."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.choices import LogAction
from common.country import current
from common.pdf import PdfUnavailable
from common.rowlock import system_work
from ncm.reports.formats import FORMATS
from ncm.reports.periods import NotAQuarter, Quarter
from ncm.reports.quarterly_report import QuarterlyReport
from partners.access import system_actor


class Command(BaseCommand):
    help = "Write the report of a quarter, such as 2023-Q1, to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="as 2023-Q1")
        parser.add_argument("--format", choices=list(FORMATS), help="default: the file's ending")
        parser.add_argument(
            "--internal",
            action="store_true",
            help="full figures, for the circle of the parties only; logged",
        )
        parser.add_argument("--to", default="", help="whom the report is addressed to")
        parser.add_argument("-o", "--output", type=Path, required=True)

    @system_work("quarterly_report")
    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        output = Path(options["output"])
        wanted = options["format"] or output.suffix.lstrip(".")
        if wanted not in FORMATS:
            raise CommandError(f"Say which format with --format: {', '.join(FORMATS)}.")
        report = QuarterlyReport(
            _quarter(options["quarter"]), internal=options["internal"], addressee=options["to"]
        )
        if not report.internal and not report.quarter.has_ended(at, current().time_zone):
            raise CommandError(
                f"{report.quarter} has not ended: its figures, given out twice, would tell what "
                "came in between. With --internal the parties can see it."
            )
        context = report.context(at=at)
        try:
            content = FORMATS[wanted](context, report.print_template)
        except PdfUnavailable as error:
            raise CommandError(str(error)) from None
        # The log first: what is not in it is not handed out.
        self._log(report, wanted, at)
        try:
            output.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Wrote {output.name}.")

    def _log(self, report: QuarterlyReport, wanted: str, at: datetime) -> None:
        with transaction.atomic():
            record(
                action=LogAction.EXPORT,
                by=system_actor("operator", at),
                at=at,
                field_group="quarterly_report",
                reason_code=f"internal_{wanted}" if report.internal else wanted,
            )


def _quarter(text: str) -> Quarter:
    try:
        return Quarter.parse(text)
    except NotAQuarter as error:
        raise CommandError(str(error)) from None
