"""Brings organisations in from a table: a dry run unless told to commit."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from partners.registry_table import NotATable, Reading, rejects_file
from partners.services.organisations import installation_account
from partners.services.registry_imports import HasFaults, bring_in, plan, read

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Read a table of organisations (CSV or XLSX), show every bad row and where entries differ, "
        "and with --commit enter the new ones as having applied. Importing again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--commit", action="store_true", help="write; without it a dry run")
        parser.add_argument(
            "--skip-bad",
            type=Path,
            metavar="REJECTS",
            help="write the good rows all the same, and the bad ones to this file, which can be "
            "mended and imported in its turn",
        )
        parser.add_argument(
            "--ask-changes",
            action="store_true",
            help="make a change for review of every difference of a member",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reading = self._read(options["file"])
        self._report(reading)
        if reading.rejected and options["skip_bad"]:
            self._write_rejects(reading, options["skip_bad"])
        if not options["commit"]:
            self.stdout.write("Dry run: nothing was written. Add --commit to import.")
            return
        at = timezone.now()
        try:
            done = bring_in(
                reading=reading,
                by=installation_account(at=at),
                at=at,
                skip_bad=bool(options["skip_bad"]),
                ask_changes=options["ask_changes"],
                progress=self._progress,
            )
        except HasFaults:
            raise CommandError(
                "Nothing was written. Mend the rows above, or add --skip-bad REJECTS.csv to import "
                "the others and keep these in a file."
            ) from None
        self.stdout.write(
            f"Added {done.rows_added}, known and the same {done.rows_same}, differing "
            f"{done.rows_differing} (changes asked {done.changes_asked}), "
            f"left out {done.rows_refused}."
        )

    def _read(self, path: Path) -> Reading:
        try:
            return read(path.read_bytes())
        except OSError as error:
            raise CommandError(f"Cannot read {path.name}: {error.strerror}.") from None
        except NotATable as error:
            raise CommandError(str(error)) from None

    def _report(self, reading: Reading) -> None:
        would = plan(reading)
        self.stdout.write(
            f"Read {reading.rows} rows: {len(would.fresh)} new, {would.same} known and the same, "
            f"{len(would.differing)} differing, {len(reading.rejected)} bad."
        )
        if reading.unknown:
            self.stdout.write(f"Columns not taken: {', '.join(reading.unknown)}")
        for fault in reading.faults[:SHOWN]:
            value = f" “{fault.value}”" if fault.value else ""
            self.stdout.write(f"  row {fault.row}, {fault.column}{value}: {fault.reason}")
        if len(reading.faults) > SHOWN:
            self.stdout.write(f"  … and {len(reading.faults) - SHOWN} more")
        for each in would.differences[:SHOWN]:
            self.stdout.write(
                f"  row {each.row}, {each.part} of {each.organisation.uuid}: "
                f"“{each.here}” here, “{each.there}” in the table"
            )
        if len(would.differences) > SHOWN:
            self.stdout.write(f"  … and {len(would.differences) - SHOWN} more")

    def _write_rejects(self, reading: Reading, path: Path) -> None:
        try:
            path.write_bytes(rejects_file(reading))
        except OSError as error:
            raise CommandError(f"Cannot write {path.name}: {error.strerror}.") from None
        self.stdout.write(f"Wrote {len(reading.rejected)} bad rows to {path.name}.")

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(f"  {done} of {total}")
