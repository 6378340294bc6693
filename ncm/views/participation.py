"""Who takes part, on a page and as CSV: of all bodies together, or of one."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.audit import record as log
from accounts.choices import LogAction
from common.country import local_day
from common.exports import to_csv
from common.marks import Permission, needs
from ncm import participation as counted
from ncm.models import Body
from ncm.views.bodies import found_body
from partners.access import Actor
from partners.views import shown
from partners.views.deeds import actor_of

P = Permission
MOST_BODIES = 100


def _chosen(request: HttpRequest, actor: Actor) -> Body | None:
    given = request.GET.get("body", "")
    if not given:
        return None
    try:
        return found_body(actor, UUID(given))
    except ValueError as error:
        raise Http404 from error


def _bodies(actor: Actor, chosen: Body | None) -> list[Body]:
    if chosen is not None:
        return [chosen]
    rows = Body.objects.visible_to(actor).standing(local_day(actor.at))
    return list(rows.order_by("name")[:MOST_BODIES])


@needs(P.COORDINATION_SEE)
@require_safe
def participation(request: HttpRequest) -> HttpResponse:
    """Seats, votes, attendance, agenda, papers, areas and Ps, each number with its base."""
    actor = actor_of(request)
    chosen, day = _chosen(request, actor), local_day(actor.at)
    found = counted.figures(day, chosen)
    bodies = _bodies(actor, chosen)
    file = reverse("ncm:participation-file", args=["csv"])
    context = {
        "body": chosen,
        "day": shown.date(day),
        "tables": [
            _table(_("By kind of seat"), counted.by_kind(found)),
            _table(_("Seats of civil society by area of work"), counted.by_area(bodies, day)),
            _table(_("What seats contribute to"), counted.by_pillar(found)),
        ],
        "outcomes": [
            {"label": label, "value": value} for label, value in counted.outcomes(found)
        ],
        "choices": []
        if chosen
        else [
            {"label": each.name, "href": f"{request.path}?body={each.uuid}"} for each in bodies
        ],
        "files": [{"label": _("Take the figures as CSV"), "kind": "secondary",
                   "href": f"{file}?body={chosen.uuid}" if chosen else file}],
    }  # fmt: skip
    return render(request, "ncm/participation.html", context)


def _table(title: str, table: tuple[list[str], list[list[str]]]) -> dict[str, Any]:
    heads, rows = table
    return {
        "title": title,
        "columns": [{"label": head, "is_number": number > 0} for number, head in enumerate(heads)],
        "rows": [[{"text": cell} for cell in row] for row in rows],
    }


@needs(P.COORDINATION_SEE)
@require_safe
def take(request: HttpRequest, ending: str) -> HttpResponse:
    """The same numbers as a file."""
    actor = actor_of(request)
    if ending != "csv":
        raise Http404
    chosen, day = _chosen(request, actor), local_day(actor.at)
    found = counted.figures(day, chosen)
    bodies = _bodies(actor, chosen)
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        log(
            action=LogAction.EXPORT, by=actor, at=actor.at, field_group="participation",
            reason_code=ending,
        )  # fmt: skip
    parts = []
    for heads, rows in (
        counted.by_kind(found),
        ([_("Outcome"), _("Share")], [list(each) for each in counted.outcomes(found)]),
        counted.by_area(bodies, day),
        counted.by_pillar(found),
    ):
        parts.append(to_csv(heads, rows))
    mark = b"\xef\xbb\xbf"
    body = mark + b"\r\n".join(each.replace(mark, b"") for each in parts)
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="participation.csv"'
    return answer
