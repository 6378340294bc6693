"""One run from the empty database to the page: filling in steps, measuring between them."""

import time
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

from bench import dates, lists, page, pages, reports, serving, writing
from bench.cases import BASE, Cases
from bench.copying import settle
from bench.people import Registry, add_crowd, found_registry
from bench.results import Findings

FEW_OFFICES, OFFICES, MANY_OFFICES = 200, 2_000, 20_000
PEOPLE = 20_000


class Session:
    """Fills and measures; `referrals` at most. Prints what it is at."""

    def __init__(self, referrals: int, seconds: int, scratch: Path, *, base: int = BASE) -> None:
        self.referrals, self.seconds, self.scratch, self.base = referrals, seconds, scratch, base
        self.offices = (FEW_OFFICES, OFFICES, MANY_OFFICES)
        self.people, self.rounds = PEOPLE, 15
        self.findings, self.began = Findings(), time.monotonic()

    def whole(self) -> Findings:
        """Everything, on a database that has no tables yet."""
        call_command("migrate", verbosity=0)
        self.say("migrated")
        self.fill_and_measure()
        return self.findings

    def deadlines_alone(self) -> Findings:
        """What concerns deadlines and nothing else: as many as this number of referrals has."""
        call_command("migrate", verbosity=0)
        registry = found_registry(timezone.now())
        add_crowd(registry, self.offices[1], self.people)
        self.say(f"{self.offices[1]:,} organisations, {self.people:,} people")
        dates.fill(registry, number := self.referrals * dates.EACH)
        settle()
        self.say(f"{number:,} deadlines")
        writing.compare_claims(self.findings, max(1, self.rounds // 3))
        writing.idle_sweep(self.findings)
        self.say("deadlines compared")
        return self.findings

    def say(self, line: str) -> None:
        print(f"bench: {time.monotonic() - self.began:6.0f} s  {line}", flush=True)

    def fill_and_measure(self) -> None:
        at = timezone.now()
        few, offices, many = self.offices
        registry = found_registry(at)
        add_crowd(registry, few, self.people * few // offices)
        settle()
        registry_of_few = lists.registry_costs(registry)
        narrowed_of_few = lists.narrowed_costs(registry)
        add_crowd(registry, offices, self.people * (offices - few) // offices)
        self.say(f"{offices:,} organisations, {self.people:,} people")

        cases = Cases(registry, at)
        cases.fill(min(self.base, self.referrals), self.say)
        settle()
        registry.at = timezone.now()
        at_base = lists.inbox_costs(registry)
        if self.referrals > self.base:
            cases.fill(self.referrals, self.say)
            settle()
        registry.at = timezone.now()
        lists.compare_scales(self.findings, at_base, lists.inbox_costs(registry), self.base)
        self.say("inboxes measured")
        self._measure(registry)

        add_crowd(registry, many, 0)
        settle()
        registry.at = timezone.now()
        registry_of_many = lists.registry_costs(registry)
        lists.compare_registry(self.findings, registry_of_few, registry_of_many, (few, many))
        narrowed_of_many = lists.narrowed_costs(registry)
        lists.compare_narrowed(self.findings, narrowed_of_few, narrowed_of_many, (few, many))

    def _measure(self, registry: Registry) -> None:
        findings, rounds = self.findings, self.rounds
        lists.against_hand(findings, registry, rounds)
        pages.count_queries(findings, registry)
        self.say("lists compared")
        writing.compare_writes(findings, registry, rounds)
        self.say("writes compared")
        reports.compare_sql(findings, registry.at, rounds)
        reports.compare_pdf(findings, registry.at, max(1, rounds // 3))
        self.say("reports compared")
        writing.compare_claims(findings, max(1, rounds // 3))
        writing.idle_sweep(findings)
        self.say("deadlines compared")
        lists.against_guardian(findings, registry)
        serving.measure(findings, registry, self.scratch, self.seconds)
        self.say("pages served")

    def close(self, findings: Findings, scale: str, server: str, began: float, output: Path) -> int:
        """Write the page, print the table, and give the exit code."""
        minutes = (time.monotonic() - began) / 60
        section = page.section(findings, scale, server, minutes, timezone.now())
        page.write(output, scale, section)
        print(section)
        for bar in findings.fallen:
            print(f"bench: FALLEN: {bar.name}: {bar.measured:.3g}, at most {bar.most:g}")
        return 1 if findings.fallen else 0
