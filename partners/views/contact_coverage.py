"""Who answers where: every organisation's holes for the co-ordination, else one's own."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from partners.access import Actor
from partners.contact_coverage import Holes, duty_holes, holes_of, parts_of
from partners.filters import CoverageFilter, areas
from partners.models import Organisation
from partners.models.organisation import OrganisationQuerySet
from partners.views.lists import columns, page_links

P = Permission
BY_NAME = Order("name", "id")


@needs(P.CONTACT_SEE)
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Each organisation with the areas where nobody, or one person only, can be called."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    steers = P.CONTACT_STEER in actor.permissions
    seen = _seen(actor, steers=steers)
    narrowed = CoverageFilter(request.GET, seen.select_related("area"), request=request)
    page = paginate(narrowed.qs, BY_NAME, cursor=request.GET.get("cursor", ""))
    parts = parts_of(areas())
    holes = holes_of(page.rows, parts, actor.at)
    context = {
        "steers": steers,
        "filter": narrowed.form if steers else None,
        "page": page,
        "columns": columns(
            _("Organisation"), _("Nobody for"), _("One person only for"), _("To be confirmed")
        ),
        "rows": [_row(each, holes[each.pk]) for each in page.rows],
        "duty_columns": columns(_("Area"), _("Nobody answers for"), _("One person only for")),
        "duties": [
            [{"text": each.area}, _words(each.nobody), _words(each.thin)]
            for each in duty_holes(seen, parts)
        ],
        **page_links(request, page),
    }
    return render(request, "partners/contact_coverage.html", context)


def _seen(actor: Actor, *, steers: bool) -> OrganisationQuerySet:
    members = Organisation.objects.visible_to(actor).members()
    return members if steers else members.filter(pk=actor.organisation_id)


def _row(organisation: Organisation, holes: Holes) -> list[dict[str, Any]]:
    overdue = {"text": _("Overdue: %(number)s") % {"number": holes.overdue}, "colour": "red"}
    nobody = _words(holes.nobody)
    if not holes.posts:
        nobody = {"text": _("No point of contact"), "colour": "red"}
    return [
        {"text": organisation.display_name, "href": organisation.get_absolute_url()},
        nobody,
        _words(holes.thin),
        overdue if holes.overdue else {"text": "–"},
    ]


def _words(names: list[str]) -> dict[str, str]:
    return {"text": ", ".join(names) or "–"}
