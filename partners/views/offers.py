"""What organisations offer: the directory, one service, one's own services and houses.

No page of a service says where a confidential place is; only the location's own page does, to those
granted, after it was asked for and logged.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.country import local_day
from common.exports import to_csv
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import NotPossible, Stale
from partners.access import Actor, get_or_404, may
from partners.choices_places import (
    Accessibility,
    Eligibility,
    Operating,
    OperatingReason,
    Outcome,
    PlaceType,
    PublicMoney,
    Standing,
)
from partners.forms.offers import Offer
from partners.languages import language_name
from partners.models import Inspection, Location, Organisation, PlaceCount, ServiceOffer
from partners.models.services import ServiceOfferQuerySet
from partners.offices import tel
from partners.service_filters import ServiceFilter
from partners.services import offers as services
from partners.tonight import age_of, number_to_call, route_words
from partners.views.lists import columns, page_links
from partners.views.shown import date as on_day

P = Permission
BY_NAME = Order("name", "id")
MOST_ROWS = 5000
"""Services in one file; a country has some hundreds."""
OPERATING_COLOURS = {
    Operating.FULL: "green",
    Operating.REDUCED: "yellow",
    Operating.REMOTE: "blue",
    Operating.SUSPENDED: "red",
    Operating.CLOSED: "grey",
}


# --- in words -------------------------------------------------------------------------------------


def operating_tag(offer: ServiceOffer, at: Any) -> dict[str, str]:
    """How it works today, as components/tag.html takes it."""
    state = offer.works(local_day(at))
    text = str(state.label)
    if state != Operating.FULL and offer.operating_until_on:
        text = _("%(state)s until %(day)s") % {
            "state": text,
            "day": on_day(offer.operating_until_on),
        }
    return {"text": text, "colour": OPERATING_COLOURS[state]}


def places_of(offer: ServiceOffer, at: Any) -> list[dict[str, Any]]:
    """Places by type with the age of each figure. Uses prefetched counts with `available`."""
    return [
        {
            "label": PlaceType(count.place_type).label,
            "available": count.available,  # type: ignore[attr-defined]
            "held": count.held,  # type: ignore[attr-defined]
            "total": count.total,
            "age": age_of(count.as_of_at, at),
        }
        for count in offer.places.all()
        if count.total
    ]


def free_words(offer: ServiceOffer, at: Any) -> str:
    """ "3 places free", or nothing for a service without places."""
    standing = places_of(offer, at)
    if not standing:
        return ""
    free = sum(each["available"] for each in standing)
    return ngettext("%(count)s place free", "%(count)s places free", free) % {"count": free}


def _labels(codes: Any, choices: Any) -> str:
    return ", ".join(str(choices(code).label) for code in codes)


def _for_whom(offer: ServiceOffer) -> str:
    return _labels(offer.eligibility, Eligibility) or _("Everybody")


def _spoken(offer: ServiceOffer) -> str:
    return ", ".join(sorted(map(language_name, offer.languages)))


def _with_places(rows: ServiceOfferQuerySet, actor: Actor) -> Any:
    """Everything a list shows of services, at a constant number of queries."""
    counts = PlaceCount.objects.visible_to(actor).with_available(actor.at).order_by("pk")
    return rows.select_related("organisation", "kind", "location__area").prefetch_related(
        "areas", Prefetch("places", queryset=counts)
    )


# --- the directory --------------------------------------------------------------------------------


@needs(P.ORGANISATION_SEE)
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Every service this actor may know of, by name."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    narrowed = _narrowed(request, actor)
    page = paginate(_with_places(narrowed.qs, actor), BY_NAME, cursor=request.GET.get("cursor", ""))
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": columns(_("Service"), _("For whom"), _("Area"), _("Works"), _("Places")),
        "rows": [_row(offer, actor) for offer in page.rows],
        "empty": _nothing_found(actor, is_narrowing=narrowed.is_narrowing),
        "clear_href": reverse("partners:services"),
        "csv_href": f"{reverse('partners:services-file')}?{query.urlencode()}",
        "may_edit": P.SERVICE_EDIT in actor.permissions,
        "may_hold": P.PLACE_HOLD in actor.permissions,
        **page_links(request, page),
    }
    return render(request, "partners/services.html", context)


def _narrowed(request: HttpRequest, actor: Actor) -> ServiceFilter:
    seen = ServiceOffer.objects.visible_to(actor).in_use()
    return ServiceFilter(request.GET, queryset=seen, at=actor.at)


def _row(offer: ServiceOffer, actor: Actor) -> dict[str, Any]:
    standing = places_of(offer, actor.at)
    oldest = min((each["age"] for each in standing), key=lambda age: not age.is_stale, default=None)
    return {
        "name": offer.name,
        "href": reverse("partners:service", args=[offer.uuid]),
        "organisation": offer.organisation.display_name,
        "kind": offer.kind.name,
        "eligibility": _for_whom(offer),
        "areas": ", ".join(offer.shown_areas()) or _("The whole country"),
        "operating": operating_tag(offer, actor.at),
        "free": free_words(offer, actor.at),
        "age": oldest,
    }


def _nothing_found(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No service matches"),
            "text": _("Take away one of the filters, or look in a larger area."),
            "href": reverse("partners:services"),
            "label": _("Show all services"),
        }
    empty = {
        "title": _("No service is entered yet"),
        "text": _("A member that helps people enters what it offers."),
    }
    if P.SERVICE_EDIT in actor.permissions:
        empty |= {"href": reverse("partners:service-new"), "label": _("Enter a service")}
    return empty


@needs(P.ORGANISATION_SEE)
@require_safe
def directory_file(request: HttpRequest) -> HttpResponse:
    """The same list as a file, narrowed as the page was: never an address."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = _with_places(_narrowed(request, actor).qs, actor).order_by("name", "id")[:MOST_ROWS]
    heads = [
        _("Service"), _("Organisation"), _("Kind of service"), _("For whom"), _("Languages"),
        _("Accessibility"), _("Area"), _("Hours"), _("Duty number"), _("Works"),
        _("Places free"), _("Oldest figure of"), _("Confirmed on"),
    ]  # fmt: skip
    content = to_csv(heads, (_file_row(offer, actor) for offer in rows))
    headers = {"Content-Disposition": 'attachment; filename="services.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _file_row(offer: ServiceOffer, actor: Actor) -> list[Any]:
    counts = [count for count in offer.places.all() if count.total]
    free = sum(each["available"] for each in places_of(offer, actor.at))
    return [
        offer.name,
        offer.organisation.display_name,
        offer.kind.name,
        _labels(offer.eligibility, Eligibility),
        _spoken(offer),
        _labels(offer.accessibility, Accessibility),
        ", ".join(offer.shown_areas()),
        offer.hours,
        number_to_call(offer),
        operating_tag(offer, actor.at)["text"],
        free if counts else None,
        min((timezone.localtime(count.as_of_at) for count in counts), default=None),
        offer.assured_on,
    ]


# --- one service ----------------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_safe
def service(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One service: whom to call, for whom it is, its places, and whether somebody inspected it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    offer = get_or_404(_with_places(ServiceOffer.objects.all(), actor), actor, uuid=uuid)
    is_own = offer.organisation_id == actor.organisation_id
    can_edit = bool(may(actor, P.SERVICE_EDIT, offer)) and offer.ended_at is None
    number = number_to_call(offer)
    context = {
        "offer": offer,
        "kind": offer.kind.name,
        "tags": [operating_tag(offer, actor.at)],
        "number": number,
        "number_href": tel(number) if number else "",
        "places": places_of(offer, actor.at),
        "about": _about(offer, actor),
        "inspections": _inspections(offer, actor),
        "can_edit": can_edit,
        "can_update": is_own and P.PLACE_UPDATE in actor.permissions,
        "can_inspect": not is_own and bool(may(actor, P.SERVICE_INSPECT, offer)),
        "back": reverse("partners:services") if P.ORGANISATION_SEE in actor.permissions else "",
        "events": _past(offer) if is_own else [],
    }
    return render(request, "partners/service.html", context)


def _about(offer: ServiceOffer, actor: Actor) -> list[dict[str, Any]]:
    where = _where(offer, actor)
    reason = OperatingReason(offer.operating_reason).label if offer.operating_reason else ""
    works = offer.works(local_day(actor.at))
    rows: list[dict[str, Any]] = [
        {"label": _("What it is"), "value": offer.description},
        {
            "label": _("For whom"),
            "value": _for_whom(offer),
        },
        {"label": _("Age"), "value": _ages(offer)},
        {"label": _("Languages spoken"), "value": _spoken(offer)},
        {"label": _("Accessibility"), "value": _labels(offer.accessibility, Accessibility)},
        {"label": _("Hours"), "value": offer.hours},
        {
            "label": _("Areas served"),
            "value": ", ".join(offer.shown_areas()) or _("The whole country"),
        },
        {"label": _("How one gets there"), "value": route_words(offer)},
        {"label": _("People in the pool"), "value": offer.pool_size},
        {"label": _("Why not in full"), "value": reason if works != Operating.FULL else ""},
        {
            "label": _("Public system"),
            "value": Standing(offer.standing).label if offer.standing else "",
        },
        {
            "label": _("Public money"),
            "value": PublicMoney(offer.public_money).label if offer.public_money else "",
        },
        {"label": _("Licence"), "value": _licence(offer)},
        {
            "label": _("Confirmed as correct"),
            "value": on_day(offer.assured_on) if offer.assured_on else _("Not confirmed yet"),
        },
    ]
    return where + [row for row in rows if row["value"] not in ("", None)]


def _where(offer: ServiceOffer, actor: Actor) -> list[dict[str, Any]]:
    """The address of an open place; of a confidential one that it is, and for those granted the way
    to its page."""
    if offer.location is None:
        return []
    if not offer.location.is_confidential:
        return [{"label": _("Address"), "lines": offer.location.address()}]
    row = {"label": _("Address"), "value": _("Confidential: call the duty number")}
    if Location.objects.visible_to(actor).filter(pk=offer.location.pk).exists():
        row |= {
            "href": reverse("partners:location", args=[offer.location.uuid]),
            "action": _("Open"),
        }
    return [row]


def _ages(offer: ServiceOffer) -> str:
    low, high = offer.minimum_age, offer.maximum_age
    if low is not None and high is not None:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    if low is not None:
        return _("from %(low)s") % {"low": low}
    return _("up to %(high)s") % {"high": high} if high is not None else ""


def _licence(offer: ServiceOffer) -> str:
    if not offer.licence or not offer.licence_until_on:
        return offer.licence
    until = {"licence": offer.licence, "day": on_day(offer.licence_until_on)}
    return _("%(licence)s, valid until %(day)s") % until


def _inspections(offer: ServiceOffer, actor: Actor) -> list[dict[str, Any]]:
    colours = {Outcome.MET: "green", Outcome.CONDITIONS: "yellow", Outcome.NOT_MET: "red"}
    seen = Inspection.objects.visible_to(actor).filter(offer=offer)
    return [
        {
            "standard": each.standard.name,
            "on": on_day(each.inspected_on),
            "by": each.by_organisation.display_name,
            "tag": {
                "text": Outcome(each.outcome).label,
                "colour": colours[Outcome(each.outcome)],
            },
            "conditions": each.conditions,
            "next": on_day(each.next_on) if each.next_on else "",
        }
        for each in seen.select_related("standard", "by_organisation")[:10]
    ]


def _past(offer: ServiceOffer) -> list[dict[str, Any]]:
    events = offer.events.select_related("by", "by_organisation").order_by("-at", "-id")[:15]
    return [
        {
            "title": event.get_kind_display(),
            "at": event.at,
            "by": event.by.display_name if event.by else _("The system"),
            "text": event.comment,
        }
        for event in events
    ]


# --- one's own ------------------------------------------------------------------------------------


def _own(actor: Actor) -> Organisation:
    if actor.organisation is None:
        raise PermissionDenied
    return actor.organisation


def _houses(actor: Actor) -> Any:
    """Locations of the organisation acted for that this actor may see and are in use."""
    seen = Location.objects.visible_to(actor).filter(organisation=_own(actor))
    return seen.filter(ended_at__isnull=True).order_by("pk")


@needs(P.SERVICE_EDIT)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The services and houses of the organisation acted for, with what should be mended."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = ServiceOffer.objects.visible_to(actor).in_use().filter(organisation=_own(actor))
    offers = [
        {**_row(offer, actor), "warnings": _warnings(offer, actor), "offer": offer}
        for offer in _with_places(rows, actor).order_by("name", "id")
    ]
    houses = [
        {
            "uuid": house.uuid,
            "name": house.name() or _("Location without a name"),
            "tag": {"text": _("Confidential"), "colour": "red"}
            if house.is_confidential
            else {"text": _("Open address"), "colour": "grey"},
            "area": house.area.name if house.area else "",
        }
        for house in _houses(actor).select_related("area")
    ]
    context = {"offers": offers, "houses": houses}
    return render(request, "partners/own_services.html", context)


def _warnings(offer: ServiceOffer, actor: Actor) -> list[str]:
    found = []
    today = local_day(actor.at)
    if offer.licence_until_on and offer.licence_until_on < today:
        found.append(_("The licence has run out."))
    if any(each["age"].is_stale for each in places_of(offer, actor.at)):
        found.append(_("The figures of its places are old. Say how many are free."))
    if offer.assured_on is None:
        found.append(_("Nobody has confirmed yet that all of it is correct."))
    return found


@needs(P.SERVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a service of the organisation acted for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    given = request.POST if request.method == "POST" else None
    form = Offer(None, given, houses=_houses(actor))
    if form.is_valid():
        made = services.enter_offer(
            organisation=_own(actor), by=actor, at=actor.at, **form.details()
        )
        kept.discard(request)
        messages.success(request, _("Saved. Others find the service from now on."))
        return redirect("partners:service", made.uuid)
    put_in(form, kept.restore(request))
    context = {"form": form, "title": _("New service"), "back": reverse("partners:own-services")}
    return render(request, "partners/service_form.html", context)


def _to_edit(actor: Actor, uuid: UUID) -> ServiceOffer:
    rows = ServiceOffer.objects.select_related("organisation", "kind", "location")
    found = get_or_404(rows.prefetch_related("areas"), actor, uuid=uuid)
    if not may(actor, P.SERVICE_EDIT, found) or found.ended_at is not None:
        raise PermissionDenied
    return found


@needs(P.SERVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change a service; a colleague's change in between is shown beside what was typed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _to_edit(actor, uuid)
    form = Offer(found, request.POST if request.method == "POST" else None, houses=_houses(actor))
    back = reverse("partners:service", args=[uuid])
    if form.is_valid():
        try:
            services.change_offer(
                offer=found,
                by=actor,
                at=actor.at,
                version=form.cleaned_data["version"],
                **form.details(),
            )
        except Stale:
            return _conflict(request, form, _to_edit(actor, uuid), back)
        kept.discard(request)
        messages.success(
            request, _("Saved. A changed service counts as not confirmed: check it and confirm it.")
        )
        return redirect(back)
    put_in(form, kept.restore(request))
    context = {"form": form, "title": _("Change the service"), "back": back}
    return render(request, "partners/service_form.html", context)


def _conflict(request: HttpRequest, form: Offer, now: ServiceOffer, back: str) -> HttpResponse:
    """409: what was typed and what is there now; the form can be sent again over the latter."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    theirs = Offer(now, houses=_houses(actor))
    typed = form.data.copy()
    typed["version"] = str(now.version)  # type: ignore[index]
    rows = [
        {
            "label": field.label,
            "mine": _lines(field, form),
            "theirs": _lines(field, theirs),
        }
        for field in form.visible_fields()
        if _lines(field, form) != _lines(field, theirs)
    ]
    context = {
        "rows": rows,
        "again": Offer(now, typed, houses=_houses(actor)),
        "back": back,
        "action": request.path,
    }
    return render(request, "partners/contact_conflict.html", context, status=409)


def _lines(field: Any, form: Offer) -> list[str]:
    """The value of a field as one reads it."""
    value = form[field.name].value()
    choices: Mapping[str, Any] = {
        str(code): label for code, label in getattr(form.fields[field.name], "choices", ())
    }
    values = value if isinstance(value, list | tuple) else [value]
    return [str(choices.get(str(each), each)) for each in values if each not in (None, "", False)]


@needs(P.SERVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Confirm a service in one click, or take it out of the list after being asked once more."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if name not in {"correct", "end"}:
        raise Http404
    found = _to_edit(actor, uuid)
    back = reverse("partners:service", args=[uuid])
    if request.method != "POST":
        if name != "end":
            return HttpResponseNotAllowed(["POST"])
        return render(request, "partners/service_end.html", {"offer": found, "back": back})
    try:
        if name == "correct":
            services.assure_offer(offer=found, by=actor, at=actor.at)
            messages.success(request, _("Confirmed as correct today."))
            return redirect(back)
        services.end_offer(offer=found, by=actor, at=actor.at)
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect(back)
    messages.success(request, _("The service is out of the list."))
    return redirect("partners:own-services")
