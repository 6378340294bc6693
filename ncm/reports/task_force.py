"""The report for a body: its region's organisations, who answers there, delays per hand-over, its
action points, holes in the four Ps, and how far the plan is where it works.

Organisations that are not listed are counted in nothing that would point at them. What is about
referrals goes through `hand_overs`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.charts import WITHHELD
from common.country import current
from ncm import plan_coverage
from ncm.action_choices import CLOSED, ActionState
from ncm.models import ActionPoint, Activity, Body
from ncm.plan_choices import FourP, PlanState, Progress
from ncm.plan_figures import Sum, by_p, figures_of, together
from ncm.reports import hand_overs
from ncm.reports.base import TOTAL, Column, Context, Definition, Headline, Row, Table
from ncm.reports.disclosure import Margin
from ncm.reports.plan import progress_columns, progress_row
from partners.choices import AreaLevel, Capacity, ContactStatus
from partners.contact_coverage import with_hole
from partners.models import Area, HeldCapacity, Organisation, PointOfContact

NAME = "report-for-a-body"
MOST_LISTED = 14
"""Rows of a listing on paper; the rest is said as a number."""


@dataclass(frozen=True)
class TaskForceReport:
    """What a body needs to know of its region on a day."""

    body: Body
    on: date

    print_template = "ncm/reports/task_force_pdf.html"

    @property
    def path(self) -> str:
        return self.body.area.path if self.body.area else ""

    def context(self, *, at: datetime) -> Context:
        """The report as known at this moment, in the active language."""
        organisations = self._organisations()
        plan = self._plan()
        waits = hand_overs.printed(
            hand_overs.found(self.on), hand_overs.region_path(self.path), current().minimum_cell
        )
        holes = [cell for cell in plan_coverage.cells(self.on, below=self.path) if cell.missing]
        points = self._points()
        tables = (
            _listed(organisations),
            _contacts(organisations, at),
            _delays(waits),
            _points_table(points),
            _holes_table(holes),
            _plan_table(plan),
        )
        printed = {cell for row in tables[2].rows for cell in row.cells}
        return Context(
            name=f"{NAME}-{self.body.code.lower()}-{self.on.isoformat()}",
            title=_("Report for a body of the co-ordination"),
            mechanism=str(current().mechanism_name),
            period=date_format(self.on),
            classification="",
            generated_at=at,
            addressee=self.body.name,
            headlines=tuple(self._headlines(organisations, points, holes, plan)),
            tables=tables,
            charts=(),
            definitions=tuple(_definitions(self.on)),
            withheld=_("c: withheld, because so small a figure could point to a person.")
            if WITHHELD in printed
            else "",
            footnotes=tuple(_footnotes()),
            document=_document(self.body, self.on, tables),
        )

    def _headlines(
        self, organisations: list[Organisation], points: dict[str, int], holes: list[Any],
        plan: dict[str, Any] | None,
    ) -> Iterable[Headline]:  # fmt: skip
        where = self.body.area.name if self.body.area else _("The whole country")
        yield Headline(_("Where"), where, "")
        yield Headline(_("Organisations there"), str(len(organisations)), "")
        yield Headline(
            _("Late action points"), str(points["late"]),
            _("of %(n)s that are open") % {"n": points["standing"]},
        )  # fmt: skip
        yield Headline(_("Holes in the four Ps"), str(len(holes)), "")
        if plan is not None:
            whole = together(plan)
            yield Headline(
                _("Activities of the plan there"), str(whole.number),
                _("%(late)s of them late") % {"late": whole.late},
            )  # fmt: skip

    def _organisations(self) -> list[Organisation]:
        """Members that are listed and work in some of the area."""
        rows = Organisation.objects.members().filter(is_listed=True).select_related("area")
        if self.path:
            there = Q(area__path__startswith=self.path) | Q(area__isnull=True)
            above = Area.objects.filter(
                pk__in=[pk for pk, path in _areas() if _in(self.path, path)]
            )
            rows = rows.filter(there | Q(area__in=above))
        return list(rows.order_by("name", "pk"))

    def _points(self) -> dict[str, int]:
        """Action points of the body: numbers only. One query."""
        late = Q(due_on__lt=self.on) & ~Q(state__in=[*CLOSED, ActionState.REPORTED])
        return ActionPoint.objects.filter(body=self.body).aggregate(
            standing=Count("pk", filter=~Q(state__in=CLOSED)),
            late=Count("pk", filter=late),
            reported=Count("pk", filter=Q(state=ActionState.REPORTED)),
            verified=Count("pk", filter=Q(state=ActionState.VERIFIED)),
        )

    def _plan(self) -> dict[str, Any] | None:
        """The plan in force as far as it reaches the area; none where there is no plan."""
        rows = Activity.objects.standing().filter(plan__state=PlanState.ADOPTED)
        if self.path:
            inside = Q(areas__path__startswith=self.path) | Q(areas__isnull=True)
            above = [pk for pk, path in _areas() if _in(self.path, path)]
            rows = rows.filter(inside | Q(areas__in=above)).distinct()
        listed = list(rows.select_related("objective", "lead", "plan").order_by("place", "pk"))
        return figures_of(listed[0].plan, listed, on=self.on) if listed else None


def _areas() -> Iterable[tuple[int, str]]:
    return Area.objects.exclude(level=AreaLevel.COUNTRY).values_list("pk", "path")


def _in(inner: str, outer: str) -> bool:
    return inner.startswith(outer)


# --- tables ---------------------------------------------------------------------------------------


def _listed(organisations: list[Organisation]) -> Table:
    held: dict[int, list[str]] = {}
    rows = HeldCapacity.objects.held().filter(organisation__in=organisations)
    for home, capacity in rows.values_list("organisation", "capacity"):
        held.setdefault(home, []).append(str(Capacity(capacity).label))
    more = len(organisations) - MOST_LISTED
    return Table(
        key="organisations", title=_("Organisations there"), over=_("Organisation"),
        columns=(
            Column("kind", _("Kind"), is_number=False),
            Column("capacities", _("What it does"), is_number=False),
        ),
        rows=tuple(
            Row(str(each.uuid), each.display_name,
                (str(each.get_kind_display()), ", ".join(sorted(held.get(each.pk, []))) or "–"))
            for each in organisations[:MOST_LISTED]
        ),
        note=_("%(n)s further are in the registry.") % {"n": more} if more > 0 else "",
    )  # fmt: skip


def _contacts(organisations: list[Organisation], at: datetime) -> Table:
    keys = [each.pk for each in organisations]
    posts = PointOfContact.objects.filter(organisation__in=keys, ended_at__isnull=True)
    counted = dict(posts.values_list("status").annotate(number=Count("pk")).order_by())
    rows = [
        Row(str(each), str(each.label), (counted.get(each.value, 0),)) for each in ContactStatus
    ]
    members = Organisation.objects.filter(pk__in=keys)
    for which, label in (
        ("nobody", _("Organisations where nobody answers")),
        ("thin", _("Organisations with a post that one person only answers for")),
    ):
        rows.append(Row(which, label, (with_hole(members, which, at).count(),)))
    return Table(
        key="contacts", title=_("Who answers there"), over=_("Posts and organisations"),
        columns=(Column("number", _("Number")),), rows=tuple(rows),
    )  # fmt: skip


def _delays(lines: Mapping[str, Margin]) -> Table:
    """Each hand-over as it may be printed; its total stands first."""
    labels = {
        hand_overs.TO_FIRST: _("Received, to the first decision"),
        hand_overs.TO_LAST: _("First decision, to the last"),
    }
    columns = (
        ("total", _("Referrals")), ("within_5", _("≤ 5 days")), ("within_30", _("6–30 days")),
        ("within_90", _("31–90 days")), (hand_overs.OVER, _("Over 90 days")),
        (hand_overs.NONE, _("None yet")),
    )  # fmt: skip
    return Table(
        key="delays", title=_("Delays per hand-over"), over=_("Hand-over"),
        columns=tuple(Column(key, label) for key, label in columns),
        rows=tuple(
            Row(key, labels[key],
                (line.total, *(line.cells.get(name, 0) for name in hand_overs.COLUMNS)))
            for key, line in lines.items()
        ),
        note=_("Referrals of the region received in the last four quarters that have ended, as it "
               "stood at their end. A place inside a region is shown its region’s."),
    )  # fmt: skip


def _points_table(points: dict[str, int]) -> Table:
    labels = {
        "standing": _("Open"), "late": _("Late"), "reported": _("Reported done, to be verified"),
        "verified": _("Verified"),
    }  # fmt: skip
    return Table(
        key="points", title=_("Action points of this body"), over=_("State"),
        columns=(Column("number", _("Number")),),
        rows=tuple(Row(key, label, (points[key],)) for key, label in labels.items()),
    )  # fmt: skip


def _holes_table(holes: list[plan_coverage.Cell]) -> Table:
    words = {"activities": _("activities"), "services": _("services"), "money": _("money")}
    return Table(
        key="holes", title=_("Holes in the four Ps"), over=_("P and region"),
        columns=(Column("missing", _("Missing"), is_number=False),),
        rows=tuple(
            Row(f"{cell.p}:{cell.region}", f"{FourP(cell.p).label}, {cell.region}",
                (", ".join(words[each] for each in cell.missing),))
            for cell in holes[:MOST_LISTED]
        ),
        note=_("%(n)s further are on the page of coverage.") % {"n": len(holes) - MOST_LISTED}
        if len(holes) > MOST_LISTED else "",
    )  # fmt: skip


def _plan_table(plan: dict[str, Any] | None) -> Table:
    labels = dict(FourP.choices)
    by = by_p(plan) if plan is not None else {str(p): Sum(str(p)) for p in FourP}
    whole = together(plan) if plan is not None else Sum("")
    return Table(
        key="plan", title=_("The action plan where this body works"), over=_("P"),
        columns=progress_columns(),
        rows=tuple(progress_row(key, str(labels[key]), one) for key, one in by.items()),
        total=progress_row(TOTAL, _("Together"), whole),
        note="" if plan is not None else _("No plan is in force."),
    )  # fmt: skip


# --- words ----------------------------------------------------------------------------------------


def _definitions(on: date) -> Iterable[Definition]:
    yield Definition(
        _("Organisations there"),
        _("Listed members whose area is in that of the body, or holds it, or is the country."),
    )
    yield Definition(
        _("Hand-over"), _("From one body that has a referral to what the next decides about it.")
    )
    yield Definition(_("Late"), _("Past the day, and not done."))
    yield Definition(
        _("Hole"), _("A P for which a region has no activity, no service or no money that runs.")
    )
    yield Definition(
        _("Progress"), ", ".join(str(each.label) for each in Progress) + ": "
        + _("what the lead of an activity last said.")
    )  # fmt: skip


def _footnotes() -> Iterable[str]:
    yield _("Organisations that are not listed, and their services, are not counted here.")
    yield _("Figures about referrals are of at least %(n)s, or withheld.") % {
        "n": current().minimum_cell
    }
    yield _("Nobody who was referred, and nobody who works on a referral, is named.")


def _document(body: Body, on: date, tables: tuple[Table, ...]) -> dict[str, Any]:
    """The report for a machine."""
    return {
        "body": body.name,
        "on": on.isoformat(),
        "tables": {
            table.key: {
                "columns": [column.key for column in table.columns],
                "rows": {row.key: [row.label, *row.cells] for row in table.lines},
            }
            for table in tables
        },
    }
