"""The quarter's report: its tables in order, headline figures, charts, definitions and notes.

Built from `Published` alone, so a figure that is withheld there cannot appear here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.charts import WITHHELD, Chart, bar_chart
from common.country import current
from ncm.reports.base import (
    TOTAL,
    Column,
    Context,
    Definition,
    Headline,
    Row,
    Table,
    written,
)
from ncm.reports.disclosure import Margin, Value
from ncm.reports.labels import label, outcome_names
from ncm.reports.periods import Quarter
from ncm.reports.published import OTHERS, Decided, Published, in_full, protected
from ncm.reports.quarterly import AGE, DECISIONS, ONE_WAY, TWO_WAY, UNKNOWN, figures
from referrals.choices import AgeGroup, Outcome
from referrals.words import stage_name

OUTCOMES = (Outcome.POSITIVE, Outcome.NEGATIVE)


@dataclass(frozen=True)
class QuarterlyReport:
    """The report of one quarter; `internal` shows every figure and is for the parties only."""

    quarter: Quarter
    internal: bool = False
    addressee: str = ""

    print_template = "ncm/reports/report_pdf.html"

    def context(self, *, at: datetime) -> Context:
        """The report as known at this moment, in the active language."""
        found = figures(self.quarter)
        shown = in_full(found) if self.internal else protected(found, current().minimum_cell)
        tables = tables_of(shown)
        return Context(
            name=f"quarterly-report-{self.quarter}".lower(),
            title=_("Quarterly report"),
            mechanism=str(current().mechanism_name),
            period=str(self.quarter),
            classification=_("Internal: full figures, not for publication")
            if self.internal
            else "",
            generated_at=at,
            addressee=self.addressee,
            headlines=tuple(_headlines(shown)),
            tables=tables,
            charts=_charts(shown),
            definitions=_definitions(self.quarter),
            withheld=_withheld(shown, tables),
            footnotes=tuple(_footnotes(shown)),
            document=document_of(shown, at),
        )


def tables_of(shown: Published) -> tuple[Table, ...]:
    """Every table, in the order of the report."""
    return (*_one_way(shown), *_two_way(shown), *_decisions(shown))


def document_of(shown: Published, at: datetime) -> dict[str, Any]:
    """The report for a machine: figures by code, and the same cells as printed, with words."""
    return {
        "quarter": str(shown.quarter),
        "internal": shown.minimum is None,
        "minimum_cell": shown.minimum,
        "generated_at": at.isoformat(),
        "tables": shown.tables(),
        "trend": {
            str(quarter): {"total": margin.total, AGE: dict(margin.cells)}
            for quarter, margin in shown.ages.items()
        },
        "printed": [
            {
                "key": table.key,
                "title": table.title,
                "columns": [[column.key, column.label] for column in table.columns],
                "rows": [[row.key, row.label, *row.cells] for row in table.lines],
            }
            for table in tables_of(shown)
        ],
    }


# --- Tables ---------------------------------------------------------------------------------------


def _titles() -> dict[str, str]:
    return {
        "first_responder_type": _("Referrals by kind of referring organisation"),
        "first_responder": _("Referrals by referring organisation"),
        "exploitation_type": _("Referrals by form of exploitation"),
        "age_at_exploitation": _("Referrals by age when exploited"),
        "gender": _("Referrals by gender"),
        "nationality": _("Referrals by nationality"),
        "age_and_exploitation_type": _("Referrals by form of exploitation and age when exploited"),
        "age_and_gender": _("Referrals by gender and age when exploited"),
        "first_responder_type_and_nationality": _(
            "Referrals by nationality and kind of referring organisation"
        ),
        "first_responder_type_and_exploitation_type": _(
            "Referrals by form of exploitation and kind of referring organisation"
        ),
    }


def _over() -> dict[str, str]:
    return {
        "first_responder_type": _("Kind of organisation"),
        "first_responder": _("Organisation"),
        "exploitation_type": _("Form of exploitation"),
        "age_at_exploitation": _("Age when exploited"),
        "gender": _("Gender"),
        "nationality": _("Nationality"),
    }


def _one_way(shown: Published) -> list[Table]:
    titles, over = _titles(), _over()
    return [
        Table(
            key=f"referrals_by_{name}",
            title=titles[name],
            over=over[name],
            columns=(Column("referrals", _("Referrals")),),
            rows=tuple(Row(key, label(name, key), (cells[key],)) for key in in_order(cells)),
            total=Row(TOTAL, _("All referrals"), (shown.total,)),
            note=_others_note(shown, cells),
        )
        for name in ONE_WAY
        for cells in [shown.one_way[name]]
    ]


def _two_way(shown: Published) -> list[Table]:
    """The longer dimension runs down the page, whatever the order in the table's name."""
    titles, over = _titles(), _over()
    return [
        Table(
            key=f"referrals_by_{name}",
            title=titles[name],
            over=over[inner],
            columns=_columns((key, label(outer, key)) for key in across),
            rows=tuple(
                Row(
                    key,
                    label(inner, key),
                    (down[key], *(cells.get(other, {}).get(key, 0) for other in across)),
                )
                for key in in_order(down)
            ),
            total=Row(
                TOTAL,
                _("All referrals"),
                (shown.total, *(shown.one_way[outer][key] for key in across)),
            ),
            note=_others_note(shown, down),
            is_long=inner == "nationality",
        )
        for name, outer, inner in TWO_WAY
        for cells, down in [(shown.two_way[name], shown.one_way[inner])]
        for across in [in_order(shown.one_way[outer])]
    ]


def _decisions(shown: Published) -> list[Table]:
    tables = []
    for name, stage in DECISIONS:
        decided = shown.decisions.get(stage)
        if decided is None:
            continue
        names = outcome_names(stage)
        tables.append(
            Table(
                key=name,
                title=_("%(decision)s: outcome by age when exploited")
                % {"decision": stage_name(stage)},
                over=_over()[AGE],
                columns=_columns((outcome, names[outcome]) for outcome in OUTCOMES),
                rows=tuple(
                    Row(
                        age,
                        label(AGE, age),
                        (decided.ages.cells[age], *(decided.cells[age][o] for o in OUTCOMES)),
                    )
                    for age in in_order(decided.ages.cells)
                ),
                total=Row(
                    TOTAL,
                    _("All decisions"),
                    (decided.ages.total, *(decided.outcomes.cells[o] for o in OUTCOMES)),
                ),
            )
        )
    return tables


def _columns(named: Any) -> tuple[Column, ...]:
    return (Column(TOTAL, _("All")), *(Column(key, words) for key, words in named))


def in_order(cells: Mapping[str, Value]) -> list[str]:
    """Largest first, then the withheld by code, then the others together, the unknown last.

    By what is printed: an order by the true figures would tell about the withheld ones.
    """

    def place(key: str) -> tuple[int, int, str]:
        value = cells[key]
        end = 2 if key == UNKNOWN else 1 if key.startswith(OTHERS) else 0
        return (end, -value if isinstance(value, int) else 1, key)

    return sorted(cells, key=place)


def _others_note(shown: Published, cells: Mapping[str, Value]) -> str:
    if shown.minimum is None or not any(key.startswith(OTHERS) for key in cells):
        return ""
    return _("Those with fewer than %(minimum)s referrals are put together.") % {
        "minimum": shown.minimum
    }


# --- Headlines and charts -------------------------------------------------------------------------


def _headlines(shown: Published) -> list[Headline]:
    found = [Headline(_("Referrals"), written(shown.total))]
    before = shown.quarter.previous()
    for earlier in (before, min(shown.ages)):
        found.append(
            Headline(
                _("Change on %(quarter)s") % {"quarter": earlier},
                change(shown.total, shown.ages[earlier].total),
                note=_("%(number)s referrals then") % {"number": written(shown.ages[earlier].total)}
                if shown.ages[earlier].total
                else _("no referrals then"),
            )
        )
    for _name, stage in DECISIONS:
        if decided := shown.decisions.get(stage):
            found.append(
                Headline(
                    stage_name(stage),
                    written(decided.ages.total),
                    note=_("%(share)s positive") % {"share": share_positive(decided)},
                )
            )
    return found


def change(now: Value, then: Value) -> str:
    """The change in whole per cent with its sign; a dash where there is nothing to compare with."""
    if isinstance(now, str) or isinstance(then, str):
        return WITHHELD
    if not then:
        return "–"
    return _("%(number)s%%") % {"number": f"{_whole(100 * (now - then), then):+d}"}


def share_positive(decided: Decided) -> str:
    """Positive decisions in whole per cent of all of the stage."""
    positive, total = decided.outcomes.cells[Outcome.POSITIVE], decided.outcomes.total
    if isinstance(positive, str) or isinstance(total, str):
        return WITHHELD
    return _("%(number)s%%") % {"number": _whole(100 * positive, total)}


def _whole(dividend: int, divisor: int) -> int:
    """The nearest whole number, halves away from zero: as one rounds by hand."""
    size = (2 * abs(dividend) + divisor) // (2 * divisor)
    return size if dividend >= 0 else -size


def _charts(shown: Published) -> tuple[Chart, ...]:
    return tuple(chart for chart in (_trend(shown), _outcomes(shown)) if chart)


def _trend(shown: Published) -> Chart | None:
    ages = [age for age in AgeGroup.values if any(age in m.cells for m in shown.ages.values())]
    if not ages:
        return None
    rows = [
        {"quarter": str(quarter), "age": label(AGE, age), "number": _drawn(margin, age)}
        for quarter, margin in shown.ages.items()
        for age in ages
    ]
    return bar_chart(
        rows,
        x="quarter",
        y="number",
        colour="age",
        stacked=True,
        horizontal=False,
        title=_("Referrals by quarter and age when exploited"),
        labels={"quarter": _("Quarter"), "number": _("referrals"), "age": _("Age when exploited")},
    )


def _drawn(margin: Margin, key: str) -> Value:
    return margin.cells.get(key, 0)


def _outcomes(shown: Published) -> Chart | None:
    rows = [
        {
            "stage": stage_name(stage),
            "outcome": outcome.label,
            "number": shown.decisions[stage].outcomes.cells[outcome],
        }
        for _name, stage in DECISIONS
        if stage in shown.decisions
        for outcome in OUTCOMES
    ]
    if not rows:
        return None
    return bar_chart(
        rows,
        x="stage",
        y="number",
        colour="outcome",
        horizontal=True,
        title=_("Decisions by outcome"),
        labels={"stage": _("Decision"), "number": _("decisions"), "outcome": _("Outcome")},
    )


# --- Words ----------------------------------------------------------------------------------------


def _quarter_definition(quarter: Quarter) -> Definition:
    return Definition(
        _("Quarter"),
        _(
            "%(quarter)s runs from %(first)s to %(last)s. The day on which the referral was "
            "received or the decision made decides, in the time zone %(zone)s, not the day on "
            "which it was entered."
        )
        % {
            "quarter": quarter,
            "first": date_format(quarter.first),
            "last": date_format(quarter.last),
            "zone": current().time_zone.key,
        },
    )


def _definitions(quarter: Quarter) -> tuple[Definition, ...]:
    return (
        Definition(
            _("Referral"),
            _(
                "A referral received by the competent authority, whatever became of it. Drafts and "
                "notices without identity are not counted."
            ),
        ),
        Definition(
            _("Referrals, not persons"),
            _(
                "Each referral counts once. A person who is referred again is a new referral, so "
                "there are fewer persons than referrals."
            ),
        ),
        _quarter_definition(quarter),
        Definition(
            _("Cut-off"),
            _(
                "The figures are as known at the moment the report was made. What is entered later "
                "changes the figures of its own quarter."
            ),
        ),
        Definition(
            _("Age when exploited"),
            _("The age at the time of the exploitation, not at the referral."),
        ),
        Definition(
            _("Forms of exploitation and nationalities"),
            _(
                "A referral with several forms counts once, under the combination. A person with "
                "two nationalities counts once, under both together."
            ),
        ),
        Definition(
            _("Not known"),
            _("What is not known is shown as a line of its own and is part of every total."),
        ),
        Definition(
            _("Decisions"),
            _(
                "Decisions made in the quarter, on referrals of this or earlier quarters. The "
                "share positive is positive decisions out of all of that stage in the quarter."
            ),
        ),
    )


def _footnotes(shown: Published) -> list[str]:
    notes = []
    if shown.minimum is not None:
        notes.append(
            _("Where many categories have fewer than %(minimum)s referrals, they are put together.")
            % {"minimum": shown.minimum}
        )
    if shown.all_history and shown.has_history:
        notes.append(_("All referrals of this quarter are imported history."))
    elif shown.has_history:
        notes.append(_("Some referrals of this quarter are imported history."))
    notes.append(_("Shares are rounded to whole per cent and may not add up to 100."))
    return notes


def _withheld(shown: Published, tables: tuple[Table, ...]) -> str:
    printed = {cell for table in tables for row in table.lines for cell in row.cells}
    for margin in shown.ages.values():
        printed |= {margin.total, *margin.cells.values()}
    if WITHHELD not in printed:
        return ""
    return _(
        "c: withheld. Fewer than %(minimum)s, or a figure from which somebody could work out one "
        "that is. Zero is shown as zero."
    ) % {"minimum": shown.minimum}
