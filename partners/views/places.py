"""Free places of one's own houses on one screen, and what is held there."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from partners.access import Actor
from partners.choices_places import ServiceRole
from partners.forms.places import Figures
from partners.models import Organisation, PlaceCount, PlaceHold, ServiceOffer
from partners.services import places as services
from partners.tonight import age_of
from partners.views.tonight import hold_row

P = Permission


@needs(P.PLACE_UPDATE)
@require_http_methods(["GET", "HEAD", "POST"])
def places(request: HttpRequest) -> HttpResponse:
    """How many places are free, all houses on one page; or, in one click, nothing changed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    home = _home(actor)
    if request.method == "POST" and "unchanged" in request.POST:
        number = services.nothing_changed(organisation=home, by=actor, at=actor.at)
        text = ngettext(
            "Nothing changed: %(count)s figure is of now.",
            "Nothing changed: %(count)s figures are of now.",
            number,
        )
        messages.success(request, text % {"count": number})
        return redirect("partners:places")
    offers = _with_counts(home, actor)
    form = Figures(offers, request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.say_places(organisation=home, figures=form.figures(), by=actor, at=actor.at)
        messages.success(request, _("Saved. Whoever looks for a place sees these figures now."))
        return redirect("partners:places")
    context = {
        "form": form,
        "houses": [_house(each, actor) for each in form.houses()],
        "holds": _holds(home, actor),
        "has_figures": any(form.standing.values()),
        "may_edit": P.SERVICE_EDIT in actor.permissions,
    }
    return render(request, "partners/places.html", context)


def _home(actor: Actor) -> Organisation:
    if actor.organisation is None:
        raise PermissionDenied
    return actor.organisation


def _with_counts(home: Organisation, actor: Actor) -> list[ServiceOffer]:
    counts = PlaceCount.objects.visible_to(actor).with_available(actor.at)
    counts = counts.select_related("said_by").order_by("pk")
    rows = ServiceOffer.objects.visible_to(actor).in_use()
    rows = rows.filter(organisation=home, kind__role=ServiceRole.PLACES)
    return list(rows.prefetch_related(Prefetch("places", queryset=counts)).order_by("name", "id"))


def _house(house: dict[str, Any], actor: Actor) -> dict[str, Any]:
    for row in house["rows"]:
        count = row["count"]
        row["age"] = age_of(count.as_of_at, actor.at) if count else None
        row["by"] = count.said_by.display_name if count else ""
        row["held"] = count.held if count else 0
    return house


def _holds(home: Organisation, actor: Actor) -> list[dict[str, Any]]:
    """What is held here now, those that wait for an answer first."""
    live = PlaceHold.objects.visible_to(actor).live(actor.at)
    rows = live.filter(count__offer__organisation=home).select_related(
        "count__offer", "request__area", "organisation", "held_by"
    )
    waiting_first = sorted(rows.order_by("held_at", "id"), key=lambda hold: hold.state != "held")
    return [hold_row(hold, actor.at) for hold in waiting_first]
