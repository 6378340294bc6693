"""verify_audit: proves that no row of the access log was altered, removed or reordered."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    help = (
        "Walks the chains of the access log and names the first broken row of each (shard, seq). "
        "Exit code 1 if any is broken. Keep what --anchor writes outside this machine: --against "
        "then also finds rows that were cut from the end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="write the heads there")
        parser.add_argument("--against", type=Path, metavar="FILE", help="check these heads too")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = list(audit.verify())
        if options["against"]:
            broken += audit.verify_against(self._anchors(options["against"]))
        for place in broken:
            self.stderr.write(f"shard {place.shard}, seq {place.seq}: {place.reason}")
        if broken:
            raise CommandError(f"The access log is broken in {len(broken)} place(s).")
        heads = audit.heads()
        if options["anchor"]:
            lines = [asdict(head) for head in heads]
            options["anchor"].write_text(json.dumps(lines, indent=1) + "\n")
        rows = sum(head.seq for head in heads)
        self.stdout.write(f"{rows} rows in {len(heads)} chains: nothing was altered.")

    def _anchors(self, file: Path) -> list[audit.Anchor]:
        try:
            return [audit.Anchor(**line) for line in json.loads(file.read_text())]
        except (OSError, ValueError, TypeError) as fault:
            raise CommandError(f"{file} holds no heads written by --anchor.") from fault
