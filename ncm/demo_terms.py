"""A grant with conditions and reports in the demonstration; all of it invented."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import User
from accounts.services import open_account
from common.country import local_day
from funding.models import Award, GrantReport
from funding.money_choices import FundingKind, LineKind, SourceClass
from funding.money_workflow import AWARD
from funding.services import awards, conditions, funds, reports
from funding.terms_choices import ConditionKind, DataAsked, Measures, ReportEvery
from funding.terms_workflow import REPORT
from partners.access import Actor, actor_for
from partners.choices import Role
from partners.models import Area, Organisation
from partners.services import memberships

BEGAN = 190
"""How many days ago the grant began: two of its quarters are over, and reported or due."""
D = Decimal


class DemoTerms:
    """One report accepted, one sent back with a comment; one clause contested, one withdrawn."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        named = Organisation.objects.all()
        self.bridge = named.get(name__startswith="Bridge Fund")
        self.lantern = named.get(name__startswith="Lantern House")

    def build(self) -> None:
        award = self._award()
        self._reports(award)
        self._conditions(award)

    def _as(self, key: str, days: int = 0) -> dict[str, Any]:
        """`by` and `at` of somebody, so many days ago."""
        at = self.now - timedelta(days=days)
        by: Actor = actor_for(self.people[key], at=at)
        return {"by": by, "at": at}

    def _second_officer(self) -> None:
        """A direct award takes two people."""
        at = self.now - timedelta(days=BEGAN + 8)
        if "funder2" not in self.people:
            self.people["funder2"] = open_account(
                email="funder2@demo.example", display_name="Second Fund Officer (invented)",
                password=None, at=at,
            )  # fmt: skip
        memberships.join(
            user=self.people["funder2"], organisation=self.bridge, role=Role.FUNDER, by=None, at=at
        )

    def _award(self) -> Award:
        begins = self._day(-BEGAN)
        ago = BEGAN + 5
        self._second_officer()
        fund = funds.open_fund(
            client_key=uuid4(), name="Services fund (invented)", purpose="Services that stay open.",
            kinds=(), source_class=SourceClass.STATE_CENTRAL, currency="EUR", amount=D(400_000),
            allows_overhead=True, from_on=begins - timedelta(days=30),
            until_on=begins + timedelta(days=900), **self._as("funder", ago),
        )  # fmt: skip
        row = awards.propose(
            fund=fund, recipient=self.lantern, kind=FundingKind.LONG_TERM_TARGETED,
            title="Beds and advice in the capital (invented)", purpose="Twelve beds.",
            amount=D(120_000), currency="EUR", from_on=begins,
            until_on=begins + timedelta(days=364),
            lines=[(LineKind.STAFF, D(70_000)), (LineKind.SHELTER, D(40_000)),
                   (LineKind.OVERHEAD, D(10_000))],
            is_direct=True, justification="The only house with beds for families.",
            area=Area.objects.get(code="EX-C"), **self._as("funder", ago),
        )  # fmt: skip
        row = AWARD.apply(row, "send", **self._as("funder", ago))
        return AWARD.apply(row, "approve", **self._as("funder2", ago))

    def _reports(self, award: Award) -> None:
        for name, measures, target in (
            ("People who had advice", Measures.PEOPLE, 240),
            ("Nights in a bed", Measures.THINGS, 4000),
        ):  # fmt: skip
            reports.add_indicator(
                award=award, name=name, measures=measures, baseline=0, target=target,
                **self._as("funder", BEGAN),
            )  # fmt: skip
        reports.plan_reports(award=award, every=ReportEvery.QUARTER, **self._as("funder", BEGAN))
        first, second = self._opened(award, 1, 96), self._opened(award, 2, 5)
        self._write(first, 90, people=(2, 51, 9), nights=910, spent=(18_200, 9_800, 2_500))
        REPORT.apply(first, "send", **self._as("manager", 89))
        reports.accept(report=first, **self._as("funder", 80))
        self._write(second, 4, people=(4, 58, 6), nights=1044, spent=(35_100, 20_300, 5_000))
        REPORT.apply(second, "send", **self._as("manager", 4))
        reports.write_comment(
            client_key=uuid4(), report=self._now(second), field="obstacles",
            words="Since when is there no interpreter at night?", **self._as("funder", 2),
        )  # fmt: skip
        REPORT.apply(
            second, "send_back", comment="One question stands beside the text.",
            due_on=self._day(10), **self._as("funder", 2),
        )  # fmt: skip
        reports.keep_up(self.now)

    def _opened(self, award: Award, number: int, days: int) -> GrantReport:
        reports.keep_up(self.now - timedelta(days=days))
        return award.reports.get(number=number)

    def _now(self, report: GrantReport) -> GrantReport:
        return GrantReport.objects.select_related("award").get(pk=report.pk)

    def _write(
        self, row: GrantReport, days: int, *, people: tuple[int, int, int], nights: int,
        spent: tuple[int, int, int],
    ) -> None:  # fmt: skip
        who = self._as("manager", days)
        row = reports.write_words(
            report=self._now(row), version=self._now(row).version, **who,
            done="The house was open every night, and the advice desk on five days a week.",
            obstacles="There was no interpreter at night for three languages.",
            ahead="A second advice desk opens in Millbrook.",
        )  # fmt: skip
        advice, beds = row.award.indicators.all()
        child, women, men = people
        figures = {
            advice.uuid: {"total": sum(people), "female_child": child, "female_adult": women,
                          "male_adult": men},
            beds.uuid: {"total": nights},
        }  # fmt: skip
        row = reports.write_figures(report=row, figures=figures, version=row.version, **who)
        lines = (LineKind.STAFF, LineKind.SHELTER, LineKind.OVERHEAD)
        reports.write_money(
            report=row, spent={kind: D(n) for kind, n in zip(lines, spent, strict=True)},
            words="Rent rose in spring.", version=row.version, **who,
        )  # fmt: skip

    def _conditions(self, award: Award) -> None:
        for kind, words, data in (
            (ConditionKind.GAG, "The recipient publishes nothing about the ministry’s work without "
             "its leave.", ""),
            (ConditionKind.ONLY_IDENTIFIED, "The money pays for officially identified "
             "victims only.", ""),
            (ConditionKind.DATA, "The recipient reports the figures agreed in annex 2 each "
             "quarter.", DataAsked.FIGURES),
        ):  # fmt: skip
            row = conditions.enter_condition(
                client_key=uuid4(), award=award, kind=kind, words=words, data=data,
                where="article 7", **self._as("funder", BEGAN),
            )  # fmt: skip
            if kind == ConditionKind.DATA:
                continue
            days = 8 if kind == ConditionKind.GAG else 60
            row = conditions.contest(
                condition=row, **self._as("manager", days),
                reason="We are asked for an opinion on laws, and our statutes oblige us to give it."
                if kind == ConditionKind.GAG
                else "Help is given before anybody has decided on identification.",
            )  # fmt: skip
            if kind == ConditionKind.ONLY_IDENTIFIED:
                conditions.withdraw(
                    condition=row, words="You are right: the call did not ask for it.",
                    **self._as("funder", 50),
                )  # fmt: skip

    def _day(self, days: int) -> date:
        return local_day(self.now + timedelta(days=days))
