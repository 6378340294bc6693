"""Imports history from a CSV file: a dry run unless told to commit."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from common.country import local_day
from common.rowlock import system_work
from partners.services.organisations import installation_account
from referrals.import_profile import ProfileError, load_profile
from referrals.imports import NotATable, Reading, read_file, rejects_file
from referrals.services.imports import HasFaults, import_history

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Read a file of past referrals by a profile (referrals/import_profiles/*.toml), show every "
        "bad row, and with --commit write the rest as history. Importing again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--profile", required=True)
        parser.add_argument("--commit", action="store_true", help="write; without it a dry run")
        parser.add_argument(
            "--skip-bad",
            type=Path,
            metavar="REJECTS",
            help="write the good rows all the same, and the bad ones to this file, which can be "
            "mended and imported in its turn",
        )

    @system_work("import_referrals")
    def handle(self, *args: Any, **options: Any) -> None:
        reading = self._read(options["file"], options["profile"])
        self._report(reading)
        if reading.bad_rows and options["skip_bad"]:
            self._write_rejects(reading, options["skip_bad"])
        if not options["commit"]:
            self.stdout.write("Dry run: nothing was written. Add --commit to import.")
            return
        try:
            at = timezone.now()
            batch = import_history(
                reading=reading,
                profile=options["profile"],
                by=installation_account(at=at),
                at=at,
                skip_bad=bool(options["skip_bad"]),
                progress=self._progress,
            )
        except HasFaults:
            raise CommandError(
                "Nothing was written. Mend the rows above, or add --skip-bad REJECTS.csv to import "
                "the others and keep these in a file."
            ) from None
        except IntegrityError:
            raise CommandError(
                "Nothing was written: somebody imported the same rows at this moment. Try again."
            ) from None
        self.stdout.write(
            f"Added {batch.rows_added}, known before {batch.rows_known}, "
            f"left out {batch.rows_refused}."
        )

    def _read(self, path: Path, profile: str) -> Reading:
        try:
            today = local_day(timezone.now())
            return read_file(path.read_bytes(), load_profile(profile), today=today)
        except OSError as error:
            raise CommandError(f"Cannot read {path.name}: {error.strerror}.") from None
        except (ProfileError, NotATable) as error:
            raise CommandError(str(error)) from None

    def _report(self, reading: Reading) -> None:
        self.stdout.write(f"Read {reading.rows} rows: {len(reading.entries)} good, "
                          f"{reading.bad_rows} bad.")  # fmt: skip
        for fault in reading.faults[:SHOWN]:
            value = f" “{fault.value}”" if fault.value else ""
            self.stdout.write(f"  row {fault.row}, {fault.column}{value}: {fault.reason}")
        if len(reading.faults) > SHOWN:
            self.stdout.write(f"  … and {len(reading.faults) - SHOWN} more")
        if reading.unknown:
            self.stdout.write("Labels the profile does not know:")
            for (column, label), times in sorted(reading.unknown.items()):
                self.stdout.write(f"  {column} “{label[:80]}”: {times}")

    def _write_rejects(self, reading: Reading, path: Path) -> None:
        try:
            path.write_bytes(rejects_file(reading))
        except OSError as error:
            raise CommandError(f"Cannot write {path.name}: {error.strerror}.") from None
        self.stdout.write(f"Wrote {reading.bad_rows} bad rows to {path.name}.")

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(f"  {done} of {total}")
