"""The four Ps by region: activities, services and money, and where there is nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from funding.amounts import written
from ncm import plan_coverage
from ncm.plan_choices import FourP
from partners.views.deeds import actor_of

P = Permission


@needs(P.COORDINATION_SEE)
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Which P is covered in which region; holes stand out."""
    actor = actor_of(request)
    cells = plan_coverage.cells(local_day(actor.at))
    holes = [each for each in cells if each.missing]
    context = {
        "holes": len(holes),
        "tables": [
            {"title": str(p.label), "rows": [_row(each) for each in cells if each.p == p]}
            for p in FourP
        ],
        "columns": [
            {"label": _("Region")},
            {"label": _("Activities"), "is_number": True},
            {"label": _("Services"), "is_number": True},
            {"label": _("Money that runs"), "is_number": True},
            {"label": _("Missing")},
        ],
    }
    return render(request, "ncm/plan_coverage.html", context)


def missing_in_words(cell: plan_coverage.Cell) -> str:
    words = {"activities": _("activities"), "services": _("services"), "money": _("money")}
    return ", ".join(words[each] for each in cell.missing)


def money_in_words(cell: plan_coverage.Cell) -> str:
    return "; ".join(written(cell.money[code], code) for code in sorted(cell.money)) or "–"


def _row(cell: plan_coverage.Cell) -> list[dict[str, Any]]:
    missing = missing_in_words(cell)
    said: dict[str, Any] = {"text": _("Nothing"), "colour": "green"}
    if missing:
        said = {"text": _("Hole"), "colour": "red", "note": missing}
    has_services = cell.p in plan_coverage.HAS_SERVICES
    return [
        {"text": cell.region},
        {"text": str(cell.activities)},
        {"text": str(cell.services) if has_services else "–"},
        {"text": money_in_words(cell)},
        said,
    ]
