"""Access to facilities in pages: the list, one facility, what the mechanism's figures are."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from partners import access_days
from partners.access import Actor, get_or_404, may
from partners.facility_choices import (
    SHUT_OUT,
    AuthorisationState,
    FacilityKind,
    RequestState,
)
from partners.filters import areas
from partners.models import (
    AccessAuthorisation,
    AccessEvent,
    AccessIncident,
    AccessRequest,
    Emergency,
    Facility,
    FacilityVisit,
)
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
BY_NAME = Order("name", "id")
NEWEST_FIRST = Order("-asked_at", "-id")
#: How much of the past one page of a facility shows.
LATEST = 20
REQUEST_COLOURS = {
    RequestState.ASKED: "blue",
    RequestState.GRANTED: "green",
    RequestState.REFUSED: "red",
    RequestState.WITHDRAWN: "grey",
}


class Narrow(forms.Form):
    """Of which kind, and where."""

    kind = forms.ChoiceField(required=False)
    area = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        known = areas()
        self.paths = {code: path for code, _name, path in known}
        tree = [(code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known]
        kind, area = self.fields["kind"], self.fields["area"]
        kind.label, area.label = _("Kind"), _("Area, with all below it")
        kind.choices = [("", _("All kinds")), *FacilityKind.choices]  # type: ignore[attr-defined]
        area.choices = [("", _("The whole country")), *tree]  # type: ignore[attr-defined]


# --- the list -------------------------------------------------------------------------------------


@needs(P.FACILITY_SEE)
@require_safe
def facilities(request: HttpRequest) -> HttpResponse:
    """The facilities this actor may know of, and whether its organisation may enter today."""
    actor = actor_of(request)
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = Facility.objects.visible_to(actor).select_related("area", "authority")
    if given.get("kind"):
        rows = rows.filter(kind=given["kind"])
    if path := form.paths.get(given.get("area", "")):
        rows = rows.filter(area__path__startswith=path)
    waiting = AccessRequest.objects.filter(facility=OuterRef("pk"), state=RequestState.ASKED)
    page = paginate(
        rows.annotate(waits=Exists(waiting.visible_to(actor))),
        BY_NAME, cursor=request.GET.get("cursor", ""),
    )  # fmt: skip
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Facility"), _("Kind"), _("Area"), _("Who decides"), _("Access")),
        "rows": _rows(page.rows, actor),
        "empty": _nothing(actor, is_narrowing=any(given.values())),
        "acts": _list_acts(actor),
        "clear_href": reverse("partners:facilities"),
        **page_links(request, page),
    }
    return render(request, "partners/facilities.html", context)


def _rows(rows: Any, actor: Actor) -> list[list[dict[str, Any]]]:
    today = local_day(actor.at)
    ours = list(
        AccessAuthorisation.objects.visible_to(actor).filter(
            organisation_id=actor.organisation_id, state=AuthorisationState.IN_FORCE,
            from_on__lte=today, until_on__gte=today,
        ).select_related("area")
    )  # fmt: skip
    emergencies = list(Emergency.objects.visible_to(actor).on(actor.at).select_related("area"))
    return [
        [
            {"text": each.name, "href": each.get_absolute_url()},
            {"text": str(FacilityKind(each.kind).label)},
            {"text": each.area.name},
            {"text": each.authority.display_name},
            _open_today(each, ours, emergencies, actor),
        ]
        for each in rows
    ]


def _open_today(
    facility: Facility, ours: list[AccessAuthorisation], emergencies: list[Emergency], actor: Actor
) -> dict[str, str]:
    """Whether the organisation acted for may enter today, in a word."""
    if facility.authority_id == actor.organisation_id:
        waits = getattr(facility, "waits", False)
        return {"text": _("A request waits"), "colour": "blue"} if waits else {"text": "–"}
    held = [row for row in ours if opens(row, facility)]
    if any(holds_now(row, facility, emergencies) for row in held):
        return {"text": _("You may enter"), "colour": "green"}
    if held:
        return {"text": _("Not during the emergency"), "colour": "orange"}
    if getattr(facility, "waits", False):
        return {"text": _("A request waits"), "colour": "blue"}
    return {"text": _("No access"), "colour": "grey"}


def opens(row: AccessAuthorisation, facility: Facility) -> bool:
    """Whether an authorisation is to this facility, by itself or as one of its kind."""
    if row.facility_id is not None:
        return row.facility_id == facility.pk
    there = row.area is None or facility.area.path.startswith(row.area.path)
    return row.kind == facility.kind and row.given_by_id == facility.authority_id and there


def holds_now(row: AccessAuthorisation, facility: Facility, emergencies: list[Emergency]) -> bool:
    """An emergency over the place suspends what was not given for one."""
    return row.in_emergency or not any(_reaches(each, facility) for each in emergencies)


def _reaches(emergency: Emergency, facility: Facility) -> bool:
    if emergency.area is None:
        return True
    here, there = facility.area.path, emergency.area.path
    return here.startswith(there) or there.startswith(here)


def _nothing(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No facility matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("partners:facilities"),
            "label": _("Show all facilities"),
        }
    empty = {
        "title": _("No facility yet"),
        "text": _("The co-ordination enters places where people are held or received, and who "
                  "decides on access."),
    }  # fmt: skip
    if P.FACILITY_KEEP in actor.permissions:
        empty |= {"href": reverse("partners:facility-new"), "label": _("Enter a facility")}
    return empty


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    acts = [(_("Requests for access"), reverse("partners:access-requests"))]
    if P.FACILITY_KEEP in actor.permissions:
        acts.insert(0, (_("Enter a facility"), reverse("partners:facility-new")))
    if P.REPORT_SEE in actor.permissions:
        acts.append((_("Figures on access"), reverse("partners:facility-counts")))
    return [{"label": label, "href": href, "kind": "secondary"} for label, href in acts]


# --- one facility ---------------------------------------------------------------------------------


@needs(P.FACILITY_SEE)
@require_safe
def facility(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One facility: who may enter, what was asked and answered, visits, incidents, days shut."""
    actor = actor_of(request)
    found = get_or_404(Facility.objects.select_related("area", "authority"), actor, uuid=uuid)
    emergencies = list(Emergency.objects.visible_to(actor).on(actor.at).select_related("area"))
    tags = [{"text": _("Confidential"), "colour": "grey"}] if found.is_confidential else []
    is_emergency = any(_reaches(each, found) for each in emergencies)
    if is_emergency:
        tags.append({"text": _("Emergency"), "colour": "orange"})
    context = {
        "facility": found,
        "kind": FacilityKind(found.kind).label,
        "tags": tags,
        "facts": [
            {"label": _("Area"), "value": found.area.name},
            {"label": _("Who decides on access"), "value": found.authority.display_name},
        ],
        "acts": _acts(found, actor),
        "is_emergency": is_emergency,
        "days": _days(found, actor),
        "authorisation_columns": columns(
            _("Organisation"), _("Until"), _("Legal basis"), _("State"), _("Emergency")
        ),
        "authorisations": _authorisations(found, actor, emergencies),
        "request_columns": columns(_("Organisation"), _("What for"), _("Asked"), _("State")),
        "requests": [_request(each) for each in _latest(AccessRequest, found, actor, "-asked_at")],
        "visit_columns": columns(_("Day"), _("Organisation"), _("Spoken to"), _("Referred")),
        "visits": [_visit(each) for each in _latest(FacilityVisit, found, actor, "-on")],
        "incidents": [
            _incident(each, actor) for each in _latest(AccessIncident, found, actor, "-on")
        ],
        "events": _past(found, actor),
    }
    return render(request, "partners/facility.html", context)


def _latest(model: Any, found: Facility, actor: Actor, order: str) -> Any:
    rows = model.objects.visible_to(actor).filter(facility=found).select_related("organisation")
    if model is AccessIncident:
        rows = rows.select_related("organisation", "facility")
    return rows.order_by(order, "-pk")[:LATEST]


def _acts(found: Facility, actor: Actor) -> list[dict[str, str]]:
    acts: list[tuple[str, str]] = []
    for permission, label, name in (
        (P.FACILITY_ASK, _("Ask for access"), "ask"),
        (P.FACILITY_VISIT, _("Record a visit"), "visit"),
        (P.FACILITY_VISIT, _("Report an incident"), "incident"),
        (P.FACILITY_DECIDE, _("Authorise an organisation"), "authorise"),
        (P.FACILITY_KEEP, _("Change the entry"), "edit"),
    ):
        if may(actor, permission, found):
            acts.append((label, name))
    return [
        {
            "label": label,
            "href": reverse("partners:facility-act", args=[found.uuid, name]),
            "kind": "secondary",
        }
        for label, name in acts
    ]


def _days(found: Facility, actor: Actor) -> list[dict[str, Any]]:
    counted = access_days.days_at(found, actor, today=local_day(actor.at))
    return [{"name": name, "days": days} for name, days in sorted(counted.items())]


def _authorisations(
    found: Facility, actor: Actor, emergencies: list[Emergency]
) -> list[list[dict[str, Any]]]:
    rows = AccessAuthorisation.objects.to(found).visible_to(actor)
    rows = rows.select_related("organisation", "given_by", "area").order_by("-given_at", "-pk")
    today = local_day(actor.at)
    return [_authorisation(each, found, actor, emergencies, today) for each in rows[:LATEST]]


def _authorisation(
    each: AccessAuthorisation,
    found: Facility,
    actor: Actor,
    emergencies: list[Emergency],
    today: date,
) -> list[dict[str, Any]]:
    state: dict[str, Any] = {"text": each.get_state_display(), "colour": "grey"}
    if each.state == AuthorisationState.REVOKED:
        state["colour"] = "red"
    elif each.state == AuthorisationState.IN_FORCE:
        state["colour"] = "green"
        if each.from_on > today:
            state = {"text": _("From %(day)s") % {"day": shown.date(each.from_on)}}
        elif not holds_now(each, found, emergencies):
            state = {"text": _("Not during the emergency"), "colour": "orange"}
    who: dict[str, Any] = {"text": each.organisation.display_name}
    if each.facility_id is None:
        who["note"] = _("every facility of this kind")
    if each.state == AuthorisationState.IN_FORCE and may(actor, P.FACILITY_DECIDE, each):
        href = reverse("partners:authorisation-act", args=[each.uuid, "revoke"])
        who |= {"href": href, "note": _("follow to revoke")}
    return [
        who,
        {"text": shown.date(each.until_on)},
        {"text": each.legal_basis, "note": each.conditions},
        state,
        {"text": _("Holds then too") if each.in_emergency else _("Suspended then")},
    ]


def _request(each: AccessRequest) -> list[dict[str, Any]]:
    return [
        {"text": each.organisation.display_name, "href": each.get_absolute_url()},
        {"text": each.get_purpose_display()},
        {"text": shown.day(each.asked_at)},
        request_tag(each),
    ]


def request_tag(each: AccessRequest) -> dict[str, str]:
    """The state of a request as a cell of components/table.html."""
    known = RequestState(each.state)
    note = each.get_refusal_display() if each.refusal else ""
    return {"text": str(known.label), "colour": REQUEST_COLOURS[known], "note": note}


def _visit(each: FacilityVisit) -> list[dict[str, Any]]:
    return [
        {"text": shown.date(each.on)},
        {"text": each.organisation.display_name, "note": each.words},
        {"text": str(each.met)},
        {"text": str(each.referred)},
    ]


def _incident(each: AccessIncident, actor: Actor) -> dict[str, Any]:
    acts = []
    if each.answered_at is None and may(actor, P.FACILITY_DECIDE, each):
        acts.append((_("Answer"), "answer"))
    if each.kind in SHUT_OUT and each.restored_on is None and may(actor, P.FACILITY_VISIT, each):
        acts.append((_("Access was given again"), "restored"))
    return {
        "title": each.get_kind_display(),
        "day": shown.date(each.on),
        "by": each.organisation.display_name,
        "words": each.words,
        "restored": shown.date(each.restored_on) if each.restored_on else "",
        "answer": each.answer,
        "acts": [
            {
                "label": label,
                "kind": "secondary",
                "href": reverse("partners:incident-act", args=[each.uuid, name]),
            }
            for label, name in acts
        ],
    }


def _past(found: Facility, actor: Actor) -> list[dict[str, Any]]:
    events = AccessEvent.objects.visible_to(actor).filter(facility=found)
    rows = events.select_related("by_organisation").order_by("-at", "-pk")[:LATEST]
    return [
        {
            "title": event.get_kind_display(),
            "at": event.at,
            "by": event.by_organisation.display_name if event.by_organisation else "",
            "text": event.comment,
        }
        for event in rows
    ]


# --- requests, and figures ------------------------------------------------------------------------


@needs(P.FACILITY_SEE)
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Requests one's organisation made, and those about facilities it decides on."""
    actor = actor_of(request)
    rows = AccessRequest.objects.visible_to(actor)
    rows = rows.select_related("organisation", "facility")
    page = paginate(rows, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "columns": columns(_("Facility"), _("Organisation"), _("What for"), _("Asked"), _("State")),
        "rows": [
            [
                {"text": each.facility.name, "href": each.get_absolute_url()},
                {"text": each.organisation.display_name},
                {"text": each.get_purpose_display()},
                {"text": shown.day(each.asked_at)},
                request_tag(each),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No request yet"),
            "text": _("An organisation asks on the page of a facility."),
            "href": reverse("partners:facilities"),
            "label": _("See the facilities"),
        },
        **page_links(request, page),
    }
    return render(request, "partners/access_requests.html", context)


@needs(P.REPORT_SEE)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What the last twelve months come to; organisations and places are not named."""
    actor = actor_of(request)
    today = local_day(actor.at)
    found = access_days.counts(today=today, at=actor.at)
    median = "–" if found.days_to_answer is None else f"{found.days_to_answer:g}"
    context = {
        "since": shown.date(today - timedelta(days=365)),
        "rows": [
            {"label": _("Requests made"), "value": found.asked},
            {"label": _("Granted"), "value": found.granted},
            {"label": _("Refused"), "value": found.refused},
            {"label": _("Waiting for an answer"), "value": found.waiting},
            {"label": _("Days to an answer (median)"), "value": median},
            {"label": _("Visits"), "value": found.visits},
            {"label": _("People spoken to"), "value": found.met},
            {"label": _("People referred"), "value": found.referred},
        ],
        "tables": [
            (_("Reasons for refusing"), _("Reason"), _pairs(found.refusals)),
            (_("Incidents"), _("What happened"), _pairs(found.incidents)),
            (_("Days without access"), _("Kind of facility"), _pairs(found.days_by_kind)),
        ],
        "number": _("Number"),
    }
    return render(request, "partners/facility_counts.html", context)


def _pairs(rows: list[tuple[str, int]]) -> list[list[dict[str, str]]]:
    return [[{"text": label}, {"text": str(number)}] for label, number in rows]
