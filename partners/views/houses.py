"""Locations of one's own organisation, and the one page that says where a place is.

What was typed here is never kept for a time-out: an address belongs into the sealed column only.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from common.workflow import NotAllowed, Stale
from partners.access import Actor, get_or_404, may
from partners.forms.offers import House, InspectionForm
from partners.models import Location, ServiceOffer
from partners.services import offers as services

P = Permission


@needs(P.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def location(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where it is: of a confidential place only once somebody granted asks, which is logged."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = Location.objects.select_related("organisation", "area")
    found = get_or_404(rows, actor, uuid=uuid)
    address: list[str] = []
    if request.method == "POST" or not found.is_confidential:
        address = services.open_address(location=found, by=actor, at=actor.at)
    is_own = found.organisation_id == actor.organisation_id
    context = {
        "location": found,
        "address": address,
        "can_edit": bool(may(actor, P.SERVICE_EDIT, found)),
        "back": reverse("partners:own-services")
        if is_own and P.SERVICE_EDIT in actor.permissions
        else reverse("ncm:home"),
    }
    return render(request, "partners/location.html", context)


@needs(P.SERVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a house or office of the organisation acted for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = House(None, request.POST if request.method == "POST" else None)
    if form.is_valid() and actor.organisation is not None:
        services.enter_location(
            organisation=actor.organisation, by=actor, at=actor.at, **form.details()
        )
        messages.success(request, _("Saved. Choose it in the services that are given there."))
        return redirect("partners:own-services")
    return _page(request, form, _("New location"))


@needs(P.SERVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change a location; the form shows the address, so opening it is logged."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(Location.objects.select_related("organisation"), actor, uuid=uuid)
    if not may(actor, P.SERVICE_EDIT, found):
        raise PermissionDenied
    if request.method != "POST":
        services.open_address(location=found, by=actor, at=actor.at)
    form = House(found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.change_location(
                location=found,
                by=actor,
                at=actor.at,
                version=form.cleaned_data["version"],
                **form.details(),
            )
        except Stale as stale:
            services.open_address(location=found, by=actor, at=actor.at)
            return _conflict(request, form, stale.current)
        messages.success(request, _("Saved."))
        return redirect("partners:own-services")
    return _page(request, form, _("Change the location"))


def _page(request: HttpRequest, form: House, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "back": reverse("partners:own-services")}
    return render(request, "partners/location_form.html", context)


def _conflict(request: HttpRequest, form: House, now: Any) -> HttpResponse:
    """409: what was typed and what is there now, for somebody who may read both."""
    theirs = House(now)
    names = [field.name for field in form.visible_fields() if field.name != "area"]
    rows = [
        {
            "label": form[name].label,
            "mine": [str(form[name].value() or "")],
            "theirs": [str(theirs[name].value() or "")],
        }
        for name in names
        if str(form[name].value() or "") != str(theirs[name].value() or "")
    ]
    typed = form.data.copy()
    typed["version"] = str(now.version)  # type: ignore[index]
    context = {
        "rows": rows,
        "again": House(now, typed),
        "back": reverse("partners:own-services"),
        "action": request.path,
    }
    return render(request, "partners/contact_conflict.html", context, status=409)


@needs(P.SERVICE_INSPECT)
@require_http_methods(["GET", "HEAD", "POST"])
def inspect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Record what an inspection of a service found."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = ServiceOffer.objects.select_related("organisation", "kind")
    offer = get_or_404(rows, actor, uuid=uuid)
    if offer.organisation_id == actor.organisation_id:
        raise PermissionDenied
    form = InspectionForm(offer, request.POST if request.method == "POST" else None)
    back = reverse("partners:service", args=[uuid])
    if form.is_valid():
        try:
            services.record_inspection(offer=offer, by=actor, at=actor.at, **form.cleaned_data)
        except NotAllowed as refused:
            raise PermissionDenied from refused
        except services.NotPossible as refused:
            form.add_error("inspected_on", str(refused))
        else:
            messages.success(request, _("The inspection is recorded."))
            return redirect(back)
    context = {"form": form, "offer": offer, "title": _("Record an inspection"), "back": back}
    return render(request, "partners/inspection_form.html", context)
