"""A place tonight in four screens: home, three questions, the list, the held place.

Nothing here asks who the person is; addresses in these pages carry random keys only.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.country import current
from common.marks import Permission, needs
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners import tonight
from partners.access import Actor, get_or_404
from partners.choices_places import (
    HoldState,
    Need,
    PlaceType,
    RefusalReason,
    RequestEnd,
    Who,
)
from partners.forms.places import Closing, Refusal, Tonight
from partners.hold_workflow import HOLD
from partners.models import Location, PlaceCount, PlaceHold, PlaceRequest
from partners.offices import tel
from partners.services import holds as services
from partners.services import offers
from partners.views.lists import columns

P = Permission
LATEST = 10
COLOURS = {
    HoldState.HELD: "yellow",
    HoldState.ACCEPTED: "green",
    HoldState.REFUSED: "red",
    HoldState.GIVEN_BACK: "grey",
    HoldState.LAPSED: "orange",
    HoldState.TAKEN: "blue",
}


# --- in words -------------------------------------------------------------------------------------


def clock(moment: datetime, at: datetime) -> str:
    """The time of day, with the day where it is another one."""
    local, now = timezone.localtime(moment), timezone.localtime(at)
    if local.date() == now.date():
        return time_format(local, "TIME_FORMAT")
    return date_format(local, "SHORT_DATETIME_FORMAT")


def what_is_asked(search: PlaceRequest) -> str:
    """Who, what and where, as one line."""
    parts = [str(Who(search.who).label), *(str(Need(each).label) for each in search.needs)]
    parts.append(search.area.name if search.area else _("anywhere in the country"))
    return " · ".join(parts)


def state_of(hold: PlaceHold, at: datetime) -> dict[str, str]:
    """The state as a tag; one whose time is over says so before the sweep has written it."""
    over = hold.ended_at is None and hold.until_at <= at
    state = HoldState.LAPSED if over else HoldState(hold.state)
    return {"text": str(state.label), "colour": COLOURS[state]}


def hold_row(hold: PlaceHold, at: datetime) -> dict[str, Any]:
    return {
        "href": reverse("partners:hold", args=[hold.uuid]),
        "place": PlaceType(hold.count.place_type).label,
        "offer": hold.count.offer.name,
        "asked": what_is_asked(hold.request),
        "by": hold.organisation.display_name,
        "caseworker": hold.held_by.display_name,
        "until": clock(hold.until_at, at),
        "tag": state_of(hold, at),
    }


# --- three questions ------------------------------------------------------------------------------


@needs(P.PLACE_HOLD)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Who needs a place, what it must have, where; below, what one looked for lately."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = Tonight(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            search = services.ask_for_place(
                uuid=given["token"],
                who=given["who"],
                needs=given["needs"],
                area=given["area"],
                by=actor,
                at=actor.at,
            )
        except NotAllowed as refused:
            raise PermissionDenied from refused
        return redirect("partners:search", search.uuid)
    lately = PlaceRequest.objects.visible_to(actor).filter(
        asked_at__gt=actor.at - timedelta(days=2)
    )
    rows = lately.select_related("area").order_by("-asked_at", "-id")[:LATEST]
    context = {
        "form": form,
        "columns": columns(_("Asked"), _("For"), _("How it stands")),
        "rows": [
            [
                {
                    "text": clock(search.asked_at, actor.at),
                    "href": reverse("partners:search", args=[search.uuid]),
                },
                {"text": what_is_asked(search)},
                {"text": RequestEnd(search.end).label if search.end else _("Open")},
            ]
            for search in rows
        ],
    }
    return render(request, "partners/tonight.html", context)


# --- the list -------------------------------------------------------------------------------------


@needs(P.PLACE_HOLD)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Places that fit with the age of each figure and the number to call; posting one holds it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = PlaceRequest.objects.select_related("area", "organisation")
    found = get_or_404(rows, actor, uuid=uuid)
    if request.method == "POST":
        return _hold(request, actor, found)
    standing = found.holds.filter(ended_at__isnull=True).select_related("count__offer").first()
    live = standing is not None and standing.is_live(actor.at)
    refused = list(found.holds.filter(state=HoldState.REFUSED).values_list("count_id", flat=True))
    places = tonight.places_for(found, by=actor, at=actor.at, without=refused)
    context = {
        "search": found,
        "asked": what_is_asked(found),
        "places": [_place(each) for each in places],
        "standing": hold_row(standing, actor.at) if standing and live else None,
        "refused": len(refused),
        "minutes": current().places.hold_minutes,
        "hold_words": _hold_words(),
        "closing": Closing(),
        "is_open": found.closed_at is None,
        "end": RequestEnd(found.end).label if found.end else "",
    }
    return render(request, "partners/search.html", context)


def _place(found: tonight.Found) -> dict[str, Any]:
    number = tonight.number_to_call(found.offer)
    return {
        "uuid": found.count.uuid,
        "href": reverse("partners:service", args=[found.offer.uuid]),
        "name": found.offer.name,
        "organisation": found.offer.organisation.display_name,
        "type": PlaceType(found.count.place_type).label,
        "areas": ", ".join(found.areas) or _("The whole country"),
        "available": found.available,
        "free": ngettext("%(count)s place free", "%(count)s places free", found.available)
        % {"count": found.available},
        "age": found.age,
        "number": number,
        "number_href": tel(number) if number else "",
        "route": tonight.route_words(found.offer),
    }


def _hold_words() -> str:
    minutes = current().places.hold_minutes
    if minutes % 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def _hold(request: HttpRequest, actor: Actor, found: PlaceRequest) -> HttpResponse:
    wanted = _uuid(request.POST.get("place", ""))
    count = PlaceCount.objects.visible_to(actor).filter(uuid=wanted).first() if wanted else None
    if count is None:
        raise Http404
    try:
        hold = services.hold_place(request=found, count=count, by=actor, at=actor.at)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect("partners:search", found.uuid)
    return redirect("partners:hold", hold.uuid)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@needs(P.PLACE_HOLD)
@require_POST
def close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say how a search ended; a place it holds is given back."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(PlaceRequest.objects.all(), actor, uuid=uuid)
    form = Closing(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how the search ended."))
        return redirect("partners:search", uuid)
    services.close_request(
        request=found, end=RequestEnd(form.cleaned_data["end"]), by=actor, at=actor.at
    )
    messages.success(request, _("Thank you. What was missing counts in the figures."))
    return redirect("partners:tonight")


# --- the held place -------------------------------------------------------------------------------


def _held(actor: Actor, uuid: UUID) -> PlaceHold:
    rows = PlaceHold.objects.select_related(
        "count__offer__organisation", "count__offer__location", "request__area", "organisation",
        "held_by", "accepted_by",
    )  # fmt: skip
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.SIGNED_IN)
@require_safe
def hold(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A held place, for both sides: until when, whom to call, and what one can do now."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _held(actor, uuid)
    return _hold_page(request, actor, found, Refusal())


def _hold_page(
    request: HttpRequest, actor: Actor, found: PlaceHold, refusal: Refusal, status: int = 200
) -> HttpResponse:
    offer = found.count.offer
    is_house = offer.organisation_id == actor.organisation_id
    is_taker = found.organisation_id == actor.organisation_id
    live = found.is_live(actor.at)
    number = tonight.number_to_call(offer)
    following = []
    if is_taker and P.PLACE_HOLD in actor.permissions and found.request.closed_at is None:
        over = not live and found.state != HoldState.TAKEN
        if over or tonight.is_time_for_the_next(found, actor.at):
            refused = found.request.holds.filter(state=HoldState.REFUSED)
            without = {found.count_id, *refused.values_list("count_id", flat=True)}
            places = tonight.places_for(found.request, by=actor, at=actor.at, without=without)
            following = [_place(each) for each in places if each.available][:1]
    may_house = is_house and P.PLACE_UPDATE in actor.permissions
    waits = live and found.state == HoldState.HELD
    context = {
        "hold": found,
        "search_href": reverse("partners:search", args=[found.request.uuid]) if is_taker else "",
        "row": hold_row(found, actor.at),
        "offer": offer,
        "number": number,
        "number_href": tel(number) if number else "",
        "route": tonight.route_words(offer),
        "reason": RefusalReason(found.reason).label if found.reason else "",
        "is_taker": is_taker,
        "is_house": is_house,
        "is_waiting": waits,
        "is_live": live,
        "accepted": live and found.state == HoldState.ACCEPTED,
        "can_answer": may_house and live,
        "can_give_back": is_taker and live and P.PLACE_HOLD in actor.permissions,
        "can_show": may_house
        and live
        and found.state == HoldState.ACCEPTED
        and offer.is_confidential
        and not is_taker,
        "house_address": _address_link(found, actor),
        "next": following[0] if following else None,
        "next_minutes": current().places.next_after_minutes,
        "refusal": refusal,
    }
    return render(request, "partners/hold.html", context, status=status)


def _address_link(found: PlaceHold, actor: Actor) -> str:
    """The way to where it is, for whoever was granted it."""
    house = found.count.offer.location
    if house is None or not Location.objects.visible_to(actor).filter(pk=house.pk).exists():
        return ""
    return reverse("partners:location", args=[house.uuid])


SAYS = {
    "accept": gettext_lazy("Accepted. The caseworker is told; the place is kept."),
    "refuse": gettext_lazy("Refused. The caseworker is told and looks elsewhere."),
    "give_back": gettext_lazy("Given back. The place is free for others."),
    "arrive": gettext_lazy("Noted. One place less is free."),
}


@needs(P.SIGNED_IN)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Accept, refuse with a reason, give back, say that somebody arrived, show the address."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _held(actor, uuid)
    name = name.replace("-", "_")
    if name == "show":
        return _show(request, actor, found)
    if name not in SAYS:
        raise Http404
    answers: dict[str, Any] = {}
    if name == "refuse":
        form = Refusal(request.POST)
        if not form.is_valid():
            return _hold_page(request, actor, found, form)
        answers["reason"] = form.cleaned_data["reason"]
    try:
        HOLD.apply(found, name, by=actor, at=actor.at, **answers)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except (NotPossible, MissingAnswers) as refused:
        messages.error(request, str(refused))
        return redirect("partners:hold", uuid)
    messages.success(request, str(SAYS[name]))
    if name == "give_back":
        return redirect("partners:search", found.request.uuid)
    return redirect("partners:hold", uuid)


def _show(request: HttpRequest, actor: Actor, found: PlaceHold) -> HttpResponse:
    """Let the caseworker who holds the place see where it is, while it is kept."""
    house = found.count.offer.location
    if found.count.offer.organisation_id != actor.organisation_id:
        raise PermissionDenied
    if house is None or not found.is_live(actor.at) or found.state != HoldState.ACCEPTED:
        messages.error(request, _("Only while an accepted place is kept."))
        return redirect("partners:hold", found.uuid)
    try:
        offers.show_to(
            location=house, user=found.held_by, by=actor, at=actor.at, until=found.until_at
        )
    except NotAllowed as refused:
        raise PermissionDenied from refused
    messages.success(
        request, _("The caseworker can open the address for as long as the place is kept.")
    )
    return redirect("partners:hold", found.uuid)
