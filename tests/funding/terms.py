"""Conditions of grants and reports on them at each stage, each step taken through the services."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from common.country import local_day
from funding.models import Award, Condition, GrantReport
from funding.services import conditions, reports
from funding.terms_choices import ConditionKind, Measures, ReportEvery
from funding.terms_workflow import REPORT
from tests.funding import money
from tests.support.cast import Cast

WORDS = "The recipient publishes nothing without leave."
REASON = "We are a watchdog too."
BACK = 200
"""How many days ago the award began: two quarters of it are over."""


def award(cast: Cast, *, back: int = 0) -> Award:
    """A grant of Bridge Fund to Lantern House in force, begun so many days ago, for a year."""
    today = local_day(cast.at)
    begins = today - timedelta(days=back)
    fund = money.fund(cast, from_on=begins - timedelta(days=10))
    return money.in_force(
        cast, fund=fund, from_on=begins, until_on=begins + timedelta(days=364)
    )  # fmt: skip


def condition(cast: Cast, row: Award | None = None, **more: Any) -> Condition:
    """A gag clause, as the funder entered it."""
    by = cast.actor(more.pop("user", cast.funder))
    text: dict[str, Any] = {"kind": ConditionKind.GAG, "words": WORDS, "where": "article 7"}
    return conditions.enter_condition(
        client_key=uuid4(), award=row or award(cast), by=by, at=cast.at, **(text | more)
    )


def contested(cast: Cast, row: Award | None = None, **more: Any) -> Condition:
    return conditions.contest(
        condition=condition(cast, row, **more), reason=REASON, by=cast.actor(cast.ngo_manager),
        at=cast.at,
    )  # fmt: skip


def indicators(cast: Cast, row: Award) -> None:
    """People who had advice, by sex and age; trainings held."""
    by = cast.actor(cast.funder)
    for name, measures, target in (
        ("People who had advice", Measures.PEOPLE, 80), ("Trainings", Measures.THINGS, 6),
    ):  # fmt: skip
        reports.add_indicator(
            award=row, name=name, measures=measures, baseline=0, target=target, by=by, at=cast.at
        )


def planned(cast: Cast, row: Award | None = None) -> list[GrantReport]:
    """Quarterly reports of an award that began two quarters ago: two are due."""
    row = row or award(cast, back=BACK)
    indicators(cast, row)
    return reports.plan_reports(
        award=row, every=ReportEvery.QUARTER, by=cast.actor(cast.funder), at=cast.at
    )


def now(report: GrantReport) -> GrantReport:
    """As it stands in the database."""
    return GrantReport.objects.select_related("award").get(pk=report.pk)


def due(cast: Cast) -> GrantReport:
    """The first report of an award, due and empty."""
    return planned(cast)[0]


def write(cast: Cast, row: GrantReport, *, advice: int = 3, at: datetime | None = None) -> None:
    """Fill in everything a report asks."""
    at = at or cast.at
    by: Any = {"by": cast.actor(cast.ngo_manager, at), "at": at}
    row = now(row)
    row = reports.write_words(
        report=row, version=row.version, done="Beds were open.", obstacles="No interpreter.",
        ahead="A second house.", **by,
    )  # fmt: skip
    people, trainings = row.award.indicators.all()
    figures = {
        people.uuid: {"total": advice, "female_adult": advice - 1, "female_child": 1},
        trainings.uuid: {"total": 2},
    }
    row = reports.write_figures(report=row, figures=figures, version=row.version, **by)
    spent = {line.kind: line.spent + Decimal(100) for line in row.award.lines.all()}
    reports.write_money(report=row, spent=spent, words="", version=row.version, **by)


def sent(cast: Cast) -> GrantReport:
    row = due(cast)
    write(cast, row)
    return REPORT.apply(row, "send", by=cast.actor(cast.ngo_manager), at=cast.at)


def sent_back(cast: Cast) -> GrantReport:
    row = sent(cast)
    return REPORT.apply(
        row, "send_back", by=cast.actor(cast.funder), at=cast.at, comment="The nights are missing.",
        due_on=wanted_again(cast),
    )  # fmt: skip


def wanted_again(cast: Cast) -> date:
    return local_day(cast.at) + timedelta(days=10)
