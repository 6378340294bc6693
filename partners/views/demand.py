"""Demand for places, for whoever reports: what was asked, found, refused and why."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.exports import to_csv
from common.marks import Permission, needs
from partners.access import Actor
from partners.demand import Demand, Line, demand, own_demand

P = Permission
DAYS = (7, 30, 90, 365)


@needs(P.REPORT_SEE)
@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """The figures of the last days, as a page or a file."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    days = _days(request)
    figures = demand(since=actor.at - timedelta(days=days), until=actor.at, at=actor.at)
    if request.GET.get("format") == "csv":
        return _file(figures)
    context = {
        "days": days,
        "choices": [
            {"days": each, "href": f"{reverse('partners:demand')}?days={each}"} for each in DAYS
        ],
        "csv_href": f"{reverse('partners:demand')}?days={days}&format=csv",
        "figures": figures,
        "columns": [{"label": head, "is_number": n > 0} for n, head in enumerate(_heads())],
        "who": _rows([*figures.by_who, figures.total]),
        "areas": _rows(figures.by_area),
        "refused_columns": [{"label": _("Why")}, {"label": _("Times"), "is_number": True}],
        "refused": [[{"text": why}, {"text": number}] for why, number in figures.refused],
        "place_columns": [
            {"label": _("Type")},
            {"label": _("Places"), "is_number": True},
            {"label": _("Free now"), "is_number": True},
        ],
        "places": [[{"text": cell} for cell in row] for row in figures.places],
    }
    return render(request, "partners/demand.html", context)


@needs(P.PLACE_UPDATE)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """What one's own houses were asked in the last days, and what they answered."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    days = _days(request)
    figures = own_demand(
        home=actor.organisation, since=actor.at - timedelta(days=days), until=actor.at
    )
    heads = (
        _("Places"), _("Asked"), _("Waiting"), _("Accepted"), _("Refused"), _("No answer"),
    )  # fmt: skip
    context = {
        "days": days,
        "choices": [
            {"days": each, "href": f"{reverse('partners:own-demand')}?days={each}"}
            for each in DAYS
        ],
        "figures": figures,
        "columns": [{"label": head, "is_number": n > 0} for n, head in enumerate(heads)],
        "rows": [
            [
                {"text": cell}
                for cell in (
                    each.label, each.asked, each.waiting, each.accepted, each.refused,
                    each.without_answer,
                )
            ]
            for each in (*figures.by_type, figures.total)
        ],
        "refused_columns": [{"label": _("Why")}, {"label": _("Times"), "is_number": True}],
        "refused": [[{"text": why}, {"text": number}] for why, number in figures.refused],
    }  # fmt: skip
    return render(request, "partners/own_demand.html", context)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked.isdigit() and int(asked) in DAYS else 30


def _heads() -> list[str]:
    return [
        _("Who"), _("Asked"), _("Found here"), _("Found elsewhere"), _("Not found"), _("Open"),
    ]  # fmt: skip


def _cells(line: Line) -> list[Any]:
    return [line.label, line.asked, line.found, line.elsewhere, line.none, line.open]


def _rows(lines: list[Line]) -> list[list[dict[str, Any]]]:
    return [[{"text": cell} for cell in _cells(line)] for line in lines]


def _file(figures: Demand) -> HttpResponse:
    rows = [_cells(line) for line in (*figures.by_who, *figures.by_area, figures.total)]
    rows += [[why, number, None, None, None, None] for why, number in figures.refused]
    headers = {"Content-Disposition": 'attachment; filename="demand.csv"'}
    content = to_csv(_heads(), rows)
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
