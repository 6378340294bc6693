"""How the figures and the money of a report are shown: tables, with what came before."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from funding.amounts import written
from funding.forms.terms import AGE_WORDS, SEX_WORDS
from funding.models import Figure, GrantReport, LineSpent
from funding.models.reports import AGES, SEXES
from funding.services import reports as services
from funding.terms_choices import ReportState

Beside = Mapping[str, list[dict[str, Any]]]
Link = Callable[[str], str]


def before(report: GrantReport) -> GrantReport | None:
    """The report before this one that was sent."""
    earlier = report.award.reports.filter(number__lt=report.number, sent_at__isnull=False)
    return earlier.exclude(state=ReportState.DROPPED).order_by("-number").first()


def figures_shown(report: GrantReport, beside: Beside, link: Link) -> list[dict[str, Any]]:
    """Each indicator: this period, all periods together, the target, and people by sex and age."""
    now = {each.indicator_id: each for each in report.figures.all()}
    in_all = services.figures_before(report)
    rows = []
    for each in report.award.indicators.all():
        figure, field = now.get(each.pk), f"figure-{each.uuid}"
        total = in_all.get(each.pk, 0) + (figure.total if figure else 0)
        rows.append(
            {
                "field": field,
                "label": each.name,
                "facts": [
                    {"label": _("In this period"), "value": str(figure.total) if figure else "–"},
                    {"label": _("Since the beginning"), "value": str(each.baseline + total)},
                    {"label": _("Wanted at the end"), "value": str(each.target)},
                ],
                "columns": _people_columns(),
                "rows": _people(figure) if figure and each.is_of_people else [],
                "comments": beside.get(field, []),
                "comment_href": link(field),
            }
        )
    return rows


def _people_columns() -> list[dict[str, Any]]:
    ages = [{"label": str(AGE_WORDS[age]), "is_number": True} for age in AGES]
    return [{"label": _("Sex")}, *ages, {"label": _("Together"), "is_number": True}]


def _people(figure: Figure) -> list[list[dict[str, str]]]:
    rows = []
    for sex in SEXES:
        cells = [getattr(figure, f"{sex}_{age}") for age in AGES]
        numbers = [{"text": str(number)} for number in (*cells, sum(cells))]
        rows.append([{"text": str(SEX_WORDS[sex])}, *numbers])
    return rows


def lines_shown(report: GrantReport, beside: Beside, link: Link) -> dict[str, Any]:
    """The lines of the budget as a table, and what was said beside each."""
    last = before(report)
    earlier = dict(last.spent.values_list("line_id", "spent")) if last else {}
    now = {each.line_id: each for each in report.spent.all()}
    lines = list(report.award.lines.all())
    return {
        "columns": [
            {"label": _("Line")},
            *(
                {"label": label, "is_number": True}
                for label in (_("It has"), _("In this period"), _("Since the beginning"), _("Left"))
            ),
        ],
        "rows": [
            _line(line, now.get(line.pk), earlier.get(line.pk, Decimal(0)), report.award.currency)
            for line in lines
        ],
        "lines": [
            {
                "field": f"line-{line.kind}",
                "label": line.get_kind_display(),
                "comments": beside.get(f"line-{line.kind}", []),
                "comment_href": link(f"line-{line.kind}"),
            }
            for line in lines
        ],
    }


def _line(
    line: Any, spent: LineSpent | None, earlier: Decimal, currency: str
) -> list[dict[str, Any]]:
    head = {"text": line.get_kind_display()}
    if spent is None:
        blank = {"text": "–"}
        return [head, {"text": written(line.amount, currency)}, blank, blank, blank]
    amounts = (spent.amount, spent.spent - earlier, spent.spent, spent.amount - spent.spent)
    return [head, *({"text": written(amount, currency)} for amount in amounts)]
