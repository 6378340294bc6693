"""`manage.py export_services -o FILE`: the open directory as one file, for other directories."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.country import local_day
from partners import hsds


class Command(BaseCommand):
    help = "Write the public services in the form of HSDS 3.0 to a file: never a confidential one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("-o", "--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        output = Path(options["output"])
        today = local_day(timezone.now())
        records = [hsds.full_record(offer, today) for offer in hsds.services()]
        text = json.dumps(records, indent=2, ensure_ascii=False)
        try:
            output.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output.name} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Wrote {len(records)} services to {output.name}.")
