"""check_grants: proves that every grant row follows from a basis, inbox columns with it."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.rowlock import system_work
from partners import upkeep


class Command(BaseCommand):
    help = (
        "Compares every grant row with the reasons it stands on, and what the inbox is sorted and "
        "filtered by with the referral and its clocks. Exit code 1 where one differs, and with "
        "--repair only when something is left after the repair."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="let the rows follow again")

    @system_work("check_grants")
    def handle(self, *, repair: bool, **options: Any) -> None:
        at = timezone.now()
        found = list(upkeep.drift(at=at))
        self._say(found)
        if repair and found:
            number = upkeep.repair(found, at=at)
            self.stdout.write(f"repaired: {number}")
            found = list(upkeep.drift(at=at))
        if found:
            raise CommandError(f"{len(found)} grant rows do not follow from their bases.")
        self.stdout.write("Every grant row follows from its bases: 0 differ.")

    def _say(self, found: list[upkeep.Drift]) -> None:
        numbers = Counter((each.kind, each.held_by, each.fault) for each in found)
        for (kind, held_by, fault), number in sorted(numbers.items()):
            self.stderr.write(f"{kind}, held by a {held_by}, {fault}: {number}")
        for uuid in sorted({str(each.subject) for each in found}):
            self.stderr.write(f"  {uuid}")
