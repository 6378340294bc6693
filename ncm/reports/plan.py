"""The action plan as a report: progress by P and objective, what is late, what nobody pays.

Made from plain figures (`ncm/plan_figures.py`), so that a report once sent comes out the same.
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
from ncm.plan_choices import FourP, Progress
from ncm.plan_figures import Sum, by_objective, by_p, together
from ncm.reports.base import TOTAL, Column, Context, Definition, Headline, Row, Table

NAME = "action-plan"
MOST_LISTED = 14
"""Rows of a listing on paper; the rest is said as a number."""


@dataclass(frozen=True)
class PlanStatus:
    """What a plan has come to, from figures as they stand or as they were frozen."""

    figures: Mapping[str, Any]
    summary: str = ""
    checksum: str = ""
    addressee: str = ""

    print_template = "ncm/reports/plan_pdf.html"

    def context(self, *, at: datetime) -> Context:
        """The report, in the active language."""
        found = self.figures
        half = "until_on" in found
        until = date.fromisoformat(found["until_on"] if half else found["on"])
        return Context(
            name=f"{NAME}-{until.isoformat()}",
            title=_("Half-yearly report on the action plan") if half else _("Action plan"),
            mechanism=str(current().mechanism_name),
            period=_period(found),
            classification="",
            generated_at=at,
            addressee=self.addressee or found["plan"]["title"],
            headlines=tuple(_headlines(found)),
            tables=tuple(_tables(found)),
            charts=tuple(_charts(found)),
            definitions=tuple(_definitions()),
            withheld="",
            footnotes=tuple(_footnotes(found, self.checksum)),
            document={**found, "summary": self.summary, "checksum": self.checksum},
        )


def _period(found: Mapping[str, Any]) -> str:
    if "until_on" not in found:
        return date_format(date.fromisoformat(found["on"]))
    first, last = date.fromisoformat(found["from_on"]), date.fromisoformat(found["until_on"])
    return f"{date_format(first)} – {date_format(last)}"


def amount(value: Decimal) -> str:
    return number_format(value, 2, use_l10n=True, force_grouping=True)


def in_groups(digest: str) -> str:
    """A checksum in groups of eight, which a narrow page can break."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def named(name: str) -> str:
    """A name of the figures; an organisation that is not listed has none there."""
    return name or _("An organisation that is not named, for its safety")


def _headlines(found: Mapping[str, Any]) -> Iterable[Headline]:
    whole, currency = together(found), found["plan"]["currency"]
    done = whole.by_progress[Progress.DONE]
    yield Headline(_("Activities"), str(whole.number), "")
    yield Headline(_("Done"), str(done), _("of %(n)s") % {"n": whole.number})
    yield Headline(_("Late"), str(whole.late), _("past their deadline, not done and not stopped"))
    yield Headline(
        _("Nobody pays yet"), f"{currency} {amount(whole.gap)}",
        _("of %(sum)s that the plan costs") % {"sum": f"{currency} {amount(whole.cost)}"},
    )  # fmt: skip
    if "asked" in found:
        missing = len(found["missing"])
        yield Headline(
            _("Leads that reported"), str(found["asked"] - missing),
            _("of %(n)s that were asked") % {"n": found["asked"]},
        )  # fmt: skip


def _tables(found: Mapping[str, Any]) -> Iterable[Table]:
    by, labels = by_p(found), dict(FourP.choices)
    whole = together(found)
    yield Table(
        key="p", title=_("Progress by P"), over=_("P"), columns=progress_columns(),
        rows=tuple(progress_row(key, str(labels[key]), one) for key, one in by.items()),
        total=progress_row(TOTAL, _("The whole plan"), whole),
    )  # fmt: skip
    yield Table(
        key="money", title=_("Money by P, in %(currency)s") % found["plan"], over=_("P"),
        columns=_money_columns(),
        rows=tuple(_money_row(key, str(labels[key]), one) for key, one in by.items()),
        total=_money_row(TOTAL, _("The whole plan"), whole),
    )  # fmt: skip
    yield Table(
        key="objectives", title=_("Progress by objective"), over=_("Objective"),
        columns=progress_columns(),
        rows=tuple(progress_row(key, key, one) for key, one in by_objective(found).items()),
    )  # fmt: skip
    late = [each for each in found["activities"] if each["is_late"]]
    more = len(late) - MOST_LISTED
    yield Table(
        key="late", title=_("Late activities, longest first"), over=_("Activity"),
        columns=(
            Column("deadline", _("Deadline"), is_number=False),
            Column("lead", _("Lead"), is_number=False),
        ),
        rows=tuple(
            Row(each["ref"], f"{each['ref']} {each['words']}",
                (date_format(date.fromisoformat(each["deadline_on"])), named(each["lead"])))
            for each in sorted(late, key=lambda one: one["deadline_on"])[:MOST_LISTED]
        ),
        note=_("%(n)s further are in the list of every activity.") % {"n": more}
        if more > 0 else "",
    )  # fmt: skip
    if "missing" in found:
        yield Table(
            key="missing", title=_("Leads that have not reported"), over=_("Lead"),
            columns=(Column("reported", _("Reported")),),
            rows=tuple(
                Row(str(n), named(name), (_("No"),))
                for n, name in enumerate(found["missing"][:MOST_LISTED])
            ),
            note=_("%(n)s further.") % {"n": len(found["missing"]) - MOST_LISTED}
            if len(found["missing"]) > MOST_LISTED else "",
        )  # fmt: skip
    yield _listing(found)


def progress_columns() -> tuple[Column, ...]:
    """The columns of a table of progress."""
    return (
        Column("number", _("Activities")),
        *(Column(str(each), str(each.label)) for each in Progress),
        Column("late", _("Late")),
    )


def progress_row(key: str, label: str, one: Sum) -> Row:
    """One line of it."""
    return Row(key, label, (one.number, *(one.by_progress[each] for each in Progress), one.late))


def _money_columns() -> tuple[Column, ...]:
    return (
        Column("cost", _("Cost")),
        Column("from_state", _("State")),
        Column("from_donors", _("Donors")),
        Column("from_own", _("Own")),
        Column("gap", _("Nobody yet")),
    )


def _money_row(key: str, label: str, one: Sum) -> Row:
    sums = (one.cost, one.from_state, one.from_donors, one.from_own, one.gap)
    return Row(key, label, tuple(amount(each) for each in sums))


def _listing(found: Mapping[str, Any]) -> Table:
    """Every activity, for a spreadsheet: too long for paper."""
    progress, ps = dict(Progress.choices), dict(FourP.choices)
    columns = (
        ("p", _("P")), ("words", _("Activity")), ("lead", _("Lead")), ("deadline", _("Deadline")),
        ("progress", _("Progress")), ("indicator", _("Indicator")), ("unit", _("Unit")),
        ("baseline", _("Baseline")), ("target", _("Target")), ("value", _("Value reached")),
        ("cost", _("Cost")), ("from_state", _("State")), ("from_donors", _("Donors")),
        ("from_own", _("Own")), ("gap", _("Nobody yet")), ("said", _("What was done")),
    )  # fmt: skip
    return Table(
        key="activities", title=_("Every activity"), over=_("No."), is_long=True,
        columns=tuple(Column(key, label) for key, label in columns),
        rows=tuple(
            Row(each["uuid"], each["ref"],
                (str(ps[each["p"]]), each["words"], named(each["lead"]), each["deadline_on"],
                 str(progress[each["progress"]]), each["indicator"], each["unit"],
                 *(each[name] or "" for name in ("baseline", "target", "value")),
                 *(each[name] for name in
                   ("cost", "from_state", "from_donors", "from_own", "gap")),
                 each["said"]))
            for each in found["activities"]
        ),
    )  # fmt: skip


def _charts(found: Mapping[str, Any]) -> Iterable[Chart]:
    if not found["activities"]:
        return
    labels, progress = dict(FourP.choices), dict(Progress.choices)
    yield bar_chart(
        [
            {"p": str(labels[key]), "progress": str(progress[name]), "number": number}
            for key, one in by_p(found).items()
            for name, number in one.by_progress.items()
        ],
        x="p", y="number", colour="progress", stacked=True, horizontal=False,
        title=_("Activities by P and progress"),
        labels={"p": _("P"), "number": _("Activities"), "progress": _("Progress")},
    )  # fmt: skip


def _definitions() -> Iterable[Definition]:
    yield Definition(_("Progress"), _("What the lead of an activity last said; nobody else does."))
    yield Definition(_("Late"), _("Past its deadline, and neither done nor stopped."))
    yield Definition(
        _("Nobody yet"),
        _("What an activity costs, less what the State, donors and those who carry it out pay."),
    )


def _footnotes(found: Mapping[str, Any], checksum: str) -> Iterable[str]:
    yield _("Activities that a revision took out of the plan are not counted.")
    yield _("Organisations that are not listed are counted and not named.")
    if checksum:
        yield _("The figures were frozen when the report was sent. SHA-256: %(sum)s") % {
            "sum": in_groups(checksum)
        }
