"""The state of funding as a report: tables, headline figures, charts, definitions and notes.

For the mechanism and its task forces. Every figure counts organisations' grants, none a person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from common.charts import Chart, bar_chart
from common.country import current
from funding.money_choices import FundingKind, SourceClass
from funding.survival_questions import QUOTED, QUOTED_SOURCE
from funding.views.rounds import share_in_words, words_of
from ncm.reports.base import TOTAL, Column, Context, Definition, Headline, Row, Table
from ncm.reports.funding_figures import (
    EVERYWHERE,
    MONTHS_AHEAD,
    FundingFigures,
    Heap,
    figures,
)

NAME = "state-of-funding"


@dataclass(frozen=True)
class StateOfFunding:
    """How civil society is funded on a day."""

    on: date
    addressee: str = ""

    print_template = "ncm/reports/report_pdf.html"

    def figures(self) -> FundingFigures:
        """Everything it is made of."""
        return figures(self.on)

    def context(self, *, at: datetime, found: FundingFigures | None = None) -> Context:
        """The report as known at this moment, in the active language."""
        found = found or self.figures()
        tables = tables_of(found)
        return Context(
            name=f"{NAME}-{self.on.isoformat()}",
            title=_("State of funding"),
            mechanism=str(current().mechanism_name),
            period=date_format(self.on),
            classification=_("Contains synthetic answers")
            if any(row.is_synthetic for row, _figure in found.said)
            else "",
            generated_at=at,
            addressee=self.addressee,
            headlines=tuple(_headlines(found)),
            tables=tables,
            charts=tuple(_charts(found)),
            definitions=tuple(_definitions()),
            withheld="",
            footnotes=tuple(_footnotes(found)),
            document=_document(found, tables, at),
        )


# --- headlines ------------------------------------------------------------------------------------


def _headlines(found: FundingFigures) -> Iterable[Headline]:
    runs = found.all_grants
    sums = ", ".join(f"{code} {_amount(runs.money[code])}" for code in found.currencies)
    yield Headline(_("Grants that run"), str(runs.number), sums)
    yield _share(_long_term(), found.long_term, runs.number)
    yield _share(_("Allow overhead"), found.with_overhead, runs.number)
    yield Headline(
        _("Delegated duties the State does not pay"), str(found.unpaid_duties),
        _("of %(n)s in agreements in force") % {"n": sum(each.number for each in found.duties)},
    )  # fmt: skip
    yield Headline(
        _("Clauses that restrict"), str(sum(found.clauses.values())),
        _("%(n)s of them demand data about the people helped; those bind nobody")
        % {"n": found.case_data} if found.case_data else "",
    )  # fmt: skip
    yield Headline(
        _("Instalments past their day"), str(found.instalments["late"]),
        _("of %(n)s that are due") % {"n": found.instalments["due"]},
    )  # fmt: skip


def _long_term() -> str:
    return _("For %(n)s months or longer") % {"n": current().funding.long_term_months}


def _share(label: str, part: int, whole: int) -> Headline:
    if not whole:
        return Headline(label, "–", _("no grant runs"))
    percent = (Decimal(100) * part / whole).quantize(Decimal(1))
    return Headline(
        label, f"{percent} %", _("%(part)s of %(whole)s grants") % {"part": part, "whole": whole}
    )


# --- tables ---------------------------------------------------------------------------------------


def tables_of(found: FundingFigures) -> tuple[Table, ...]:
    """Every table, in the order of the report."""
    kinds, sources = dict(FundingKind.choices), dict(SourceClass.choices)
    named = (
        ("purpose", _("Grants by what they are for"), _("What for"), lambda g: g.kind, kinds),
        ("source", _("Grants by where the money comes from"), _("Source"),
         lambda g: g.source_class, sources),
        ("region", _("Grants by region"), _("Region"), lambda g: g.area,
         {EVERYWHERE: _("The whole country, or not said")}),
    )  # fmt: skip
    grants = [
        _grants_table(found, key, title, over, found.by(by), words)
        for key, title, over, by, words in named
    ]
    return (
        *grants,
        _calendar(found),
        _duties(found),
        _clauses(found),
        _waiting(found),
        *_said(found),
    )


def _grants_table(
    found: FundingFigures,
    key: str,
    title: str,
    over: str,
    heaps: Mapping[str, Heap],
    words: Mapping[Any, Any],
) -> Table:
    rows = [_heap_row(found, name, str(words.get(name, name)), one) for name, one in heaps.items()]
    return Table(
        key=key, title=title, over=over, columns=_columns(found), rows=tuple(rows),
        total=_heap_row(found, TOTAL, _("All grants that run"), found.all_grants),
    )  # fmt: skip


def _columns(found: FundingFigures) -> tuple[Column, ...]:
    sums = (Column(code, code) for code in found.currencies)
    return (Column("grants", _("Grants")), *sums)


def _heap_row(found: FundingFigures, key: str, label: str, one: Heap) -> Row:
    sums = (_amount(one.money.get(code, Decimal(0))) for code in found.currencies)
    return Row(key, label, (one.number, *sums))


def _calendar(found: FundingFigures) -> Table:
    rows = [
        _heap_row(found, month.isoformat(), date_format(month, "YEAR_MONTH_FORMAT"), one)
        for month, one in found.ending().items()
    ]
    return Table(
        key="ending", title=_("Grants that end, month by month"), over=_("Month"),
        columns=_columns(found), rows=tuple(rows),
        note=_("The last days of grants that run now, for %(n)s months.") % {"n": MONTHS_AHEAD},
    )  # fmt: skip


def _duties(found: FundingFigures) -> Table:
    rows = [
        Row(str(each.duty), str(each.duty.label),
            (each.number, each.not_by_the_state, each.by_nobody, each.with_a_grant))
        for each in found.duties
    ]  # fmt: skip
    return Table(
        key="duties", title=_("Delegated duties, and who pays"), over=_("Duty of the State"),
        columns=(
            Column("delegated", _("Delegated")),
            Column("not_by_the_state", _("Not paid by the State")),
            Column("by_nobody", _("Paid by nobody")),
            Column("with_a_grant", _("With a grant that runs")),
        ),
        rows=tuple(rows), note=_("The State stays responsible for a duty it delegates."),
    )  # fmt: skip


def _clauses(found: FundingFigures) -> Table:
    rows = [Row(str(k), str(k.label), (number,)) for k, number in found.clauses.items()]
    return Table(
        key="clauses", title=_("Clauses that restrict recipients"), over=_("What the clause does"),
        columns=(Column("hold", _("Hold now")),), rows=tuple(rows),
    )  # fmt: skip


def _waiting(found: FundingFigures) -> Table:
    rows = [
        Row("due", _("Instalments due"), (found.instalments["due"],)),
        Row("late", _("Instalments past their day"), (found.instalments["late"],)),
        Row("waiting", _("Instalments that wait for a report"), (found.instalments["waiting"],)),
        Row("open", _("Reports being written"), (found.reports["open"],)),
        Row("overdue", _("Reports overdue"), (found.reports["overdue"],)),
        Row("sent", _("Reports the funder has to read"), (found.reports["sent"],)),
    ]
    return Table(
        key="waiting", title=_("What waits, on both sides"), over=_("What"),
        columns=(Column("number", _("Number")),), rows=tuple(rows),
    )  # fmt: skip


def _said(found: FundingFigures) -> Iterable[Table]:
    """What organisations declare of themselves; each figure on its own base, none computed anew."""
    if not found.said:
        return
    rows = [
        Row(figure.code, words_of(figure),
            (share_in_words(figure), str(figure.base or "–"), str(row.year)))
        for row, figure in found.said
    ]  # fmt: skip
    notes = [_("Answers are voluntary and sealed to each organisation; a figure has a base of its "
               "own and is frozen when its round closes.")]  # fmt: skip
    if any(row.is_synthetic for row, _figure in found.said):
        notes.insert(
            0, _("Synthetic: the answers are invented, to show what the figures look like.")
        )
    yield Table(
        key="said", title=_("What organisations say of themselves"), over=_("Figure"),
        columns=(Column("share", _("Share")), Column("base", _("Base")), Column("year", _("Year"))),
        rows=tuple(rows), note=" ".join(notes),
    )  # fmt: skip


def _amount(amount: Decimal) -> str:
    return number_format(amount, 2, use_l10n=True, force_grouping=True)


# --- charts, words --------------------------------------------------------------------------------


def _charts(found: FundingFigures) -> Iterable[Chart]:
    if not found.grants:
        return
    yield bar_chart(
        [
            {"month": date_format(month, "M Y"), "grants": one.number}
            for month, one in found.ending().items()
        ],
        x="month", y="grants", title=_("Grants that end, month by month"), horizontal=False,
        labels={"month": _("Month"), "grants": _("Grants")},
    )  # fmt: skip
    kinds = dict(FundingKind.choices)
    yield bar_chart(
        [
            {"kind": str(kinds.get(kind, kind)), "grants": one.number}
            for kind, one in found.by(lambda grant: grant.kind).items()
        ],
        x="kind", y="grants", title=_("Grants by what they are for"),
        labels={"kind": _("What for"), "grants": _("Grants")},
    )  # fmt: skip


def _definitions() -> Iterable[Definition]:
    yield Definition(_("Grant that runs"), _("An award in force whose last day has not passed."))
    yield Definition(
        _long_term(),
        _("From its first day to the last day that holds now, after changes both sides signed."),
    )
    yield Definition(
        _("Region"), _("What the funder said of the work; never the place of a house.")
    )
    yield Definition(
        _("Delegated duty"),
        _("A duty of the State that an agreement in force has another body carry out."),
    )
    yield Definition(
        _("Clause that restricts"),
        _("Entered by a funder or reported by a recipient, of grants that are or were in force, "
          "and not withdrawn. What it says is read by the two sides only."),
    )  # fmt: skip


def _footnotes(found: FundingFigures) -> Iterable[str]:
    yield _("Amounts of different currencies are not added.")
    yield _("Only money that is entered on this platform is counted. What organisations receive "
            "besides is known from their own declarations only.")  # fmt: skip
    yield _("Nothing here is about a person; who was helped is unknown to funders and to this "
            "report.")  # fmt: skip
    if found.said:
        yield _("Published elsewhere, with no base stated (%(source)s): %(figures)s") % {
            "source": QUOTED_SOURCE,
            "figures": "; ".join(f"{each.figure} {each.words}" for each in QUOTED),
        }


def _document(found: FundingFigures, tables: tuple[Table, ...], at: datetime) -> dict[str, Any]:
    """The report for a machine."""
    return {
        "on": found.on.isoformat(),
        "generated_at": at.isoformat(),
        "grants": found.all_grants.number,
        "long_term": found.long_term,
        "with_overhead": found.with_overhead,
        "tables": {
            table.key: {
                "columns": [column.key for column in table.columns],
                "rows": {row.key: list(row.cells) for row in table.lines},
            }
            for table in tables
        },
    }
