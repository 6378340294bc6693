"""Writes a quarter's report to a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ncm.reports.periods import NotAQuarter, Quarter
from ncm.reports.quarterly import tables


class Command(BaseCommand):
    help = "Write the report of a quarter, such as 2023-Q1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter")
        parser.add_argument("--format", choices=["json"], default="json")
        parser.add_argument(
            "--internal",
            action="store_true",
            help="full figures, for the circle of the parties only",
        )
        parser.add_argument("-o", "--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            quarter = Quarter.parse(options["quarter"])
        except NotAQuarter as error:
            raise CommandError(str(error)) from None
        if not options["internal"]:
            raise CommandError("Only --internal reports exist so far.")
        figures = {"quarter": str(quarter), "internal": True, "tables": tables(quarter)}
        options["output"].write_text(json.dumps(figures, indent=1, ensure_ascii=False))
        self.stdout.write(f"Wrote {options['output'].name}.")
