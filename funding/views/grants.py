"""The grants as anybody may see them, without signing in: who paid whom how much for what."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from funding import grants as published
from funding.amounts import written
from funding.models import Award
from partners.throttling import OpenThrottle
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
LATEST_FIRST = Order("-award_on", "-id", set_only=("award_on",))


@needs(P.PUBLIC)
@require_safe
def grants(request: HttpRequest) -> HttpResponse:
    """The published grants, the latest first, and the files with all of them."""
    rows = published.published()
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": [
            *columns(_("Grant"), _("To"), _("From"), _("Region"), _("Awarded on")),
            *({"label": label, "is_number": True} for label in (_("Amount"), _("Paid"))),
        ],
        "rows": [_row(each) for each in page.rows],
        "empty": {
            "title": _("No grant is published yet"),
            "text": _("A grant stands here from the day on which it is in force."),
        },
        "not_named": published.NOT_NAMED,
        "files": [
            {"label": _("JSON (360Giving)"), "href": reverse("funding:grants-json")},
            {"label": _("Table (CSV)"), "href": reverse("funding:grants-csv")},
        ],
        **page_links(request, page),
    }
    return render(request, "funding/grants.html", context)


def _row(each: Award) -> list[dict[str, Any]]:
    return [
        {"text": each.title, "note": each.get_kind_display()},
        {"text": each.recipient.name},
        {"text": each.funder.name},
        {"text": each.area.region().name if each.area else _("The whole country")},
        {"text": shown.date(each.award_on)},
        {"text": written(each.held, each.currency)},
        {"text": written(each.paid, each.currency)},
    ]


@needs(P.PUBLIC)
@require_safe
def grants_json(request: HttpRequest) -> HttpResponse:
    """All published grants as a file of 360Giving 1.4.3."""
    if refused := _too_often(request):
        return refused
    said = published.package(published.records(), timezone.now())
    answer = JsonResponse(said, json_dumps_params={"ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="grants.json"'
    return answer


@needs(P.PUBLIC)
@require_safe
def grants_csv(request: HttpRequest) -> HttpResponse:
    """The same as a table."""
    if refused := _too_often(request):
        return refused
    content = published.table(published.records())
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="grants.csv"'
    return answer


def _too_often(request: HttpRequest) -> HttpResponse | None:
    throttle = OpenThrottle()
    if throttle.allow_request(request, None):  # type: ignore[arg-type]
        return None
    wait = {"Retry-After": str(int(throttle.wait() or 60))}
    return HttpResponse("Too many requests.", status=429, content_type="text/plain", headers=wait)
