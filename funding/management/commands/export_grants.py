"""`manage.py export_grants -o FILE`: the published grants as one file, JSON or CSV by its name."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from funding import grants


class Command(BaseCommand):
    help = "Write the published grants in the form of 360Giving 1.4.3 to a file, .json or .csv."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("-o", "--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        output = Path(options["output"])
        found = grants.records()
        match output.suffix.lower():
            case ".csv":
                content = grants.table(found)
            case ".json":
                said = grants.package(found, timezone.now())
                content = (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode()
            case _:
                raise CommandError("The name of the file ends in .json or .csv.")
        try:
            output.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{output.name} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Wrote {len(found)} grants to {output.name}.")
