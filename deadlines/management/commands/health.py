"""`manage.py health`: whether everything that must move does, for a probe or a shell."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from deadlines.services.health import look


class Command(BaseCommand):
    help = "Says how the system is. Ends with 1 when something stands still. Ages and counts only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="For a program.")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        found = look(timezone.now())
        if as_json:
            self.stdout.write(json.dumps(found.as_numbers()))
        else:
            for finding in found.findings:
                age = f", since {finding.since:%Y-%m-%d %H:%M} UTC" if finding.since else ""
                count = "unknown" if not finding.is_known else finding.count
                number = "" if count is None else f" {count}"
                state = "well" if finding.is_well else "LOOK AT THIS"
                self.stdout.write(f"{finding.check}: {state}{number}{age}")
        if not found.is_well:
            raise SystemExit(1)
