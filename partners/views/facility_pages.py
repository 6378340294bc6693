"""What is done about access to facilities: entering, asking, answering, visiting, reporting."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.marks import Permission, needs
from partners.access import Actor, get_or_404, may
from partners.facility_workflow import AUTHORISATION, REQUEST
from partners.forms import facilities as asked
from partners.forms.agreements import Confirm, Why
from partners.models import AccessAuthorisation, AccessIncident, AccessRequest, Facility
from partners.services import facilities as services
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.facilities import request_tag

P = Permission
READ = ["GET", "HEAD", "POST"]


# --- facilities -----------------------------------------------------------------------------------


@needs(P.FACILITY_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Enter a facility and the authority that decides on it."""
    actor = actor_of(request)
    initial = {"client_key": uuid4(), "version": 0}
    form = asked.FacilityFacts(actor, typed(request), initial=initial)
    if form.is_valid():
        made: list[Facility] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.enter_facility(client_key=key, by=actor, at=actor.at, **form.facts())
        )
        if done(request, act, _("The facility is entered.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Enter a facility"), button=_("Save"),
        back=reverse("partners:facilities"),
    )  # fmt: skip


ACTS: dict[str, tuple[Permission, Callable[[HttpRequest, Actor, Facility], HttpResponse]]] = {}


@needs(P.FACILITY_SEE)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about a facility."""
    actor = actor_of(request)
    if name not in ACTS:
        raise Http404
    found = get_or_404(Facility.objects.select_related("area", "authority"), actor, uuid=uuid)
    permission, draw = ACTS[name]
    if not may(actor, permission, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _edit(request: HttpRequest, actor: Actor, found: Facility) -> HttpResponse:
    initial = {name: getattr(found, name) for name in services.FACTS}
    initial["version"] = found.version
    form = asked.FacilityFacts(actor, typed(request), initial=initial)
    back = found.get_absolute_url()
    if form.is_valid():
        version = form.cleaned_data["version"]
        facts = form.facts()
        if version != found.version:
            theirs = {name: getattr(found, name) for name in services.FACTS}
            labels = {name: form.fields[name].label for name in theirs}
            rows = differences(labels, facts, theirs)
            return conflict(request, rows=rows, version=found.version, back=back)
        act = lambda: services.change_facility(  # noqa: E731
            facility=found, by=actor, at=actor.at, version=version, **facts
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the entry"), button=_("Save"), back=back,
        about=found.name,
    )  # fmt: skip


def _once(
    request: HttpRequest,
    found: Facility,
    form: Any,
    service: Any,
    *,
    title: str,
    button: str,
    words: str,
    lines: list[str] | None = None,
) -> HttpResponse:
    """A form that makes one row, however often it is sent."""
    actor = actor_of(request)
    if form.is_valid():
        given = dict(form.cleaned_data)
        key = given.pop("client_key") or uuid4()
        act = lambda: service(  # noqa: E731
            client_key=key, facility=found, by=actor, at=actor.at, **given
        )
        if done(request, act, words):
            return redirect(found)
    return form_page(
        request, form=form, title=title, button=button, back=found.get_absolute_url(),
        about=found.name, lines=lines,
    )  # fmt: skip


def _ask(request: HttpRequest, actor: Actor, found: Facility) -> HttpResponse:
    today = local_day(actor.at)
    form = asked.Ask(typed(request), initial={"client_key": uuid4(), "from_on": today})
    return _once(
        request, found, form, services.ask_for_access, title=_("Ask for access"),
        button=_("Ask"), words=_("Asked. The authority has been told, and its time runs."),
        lines=[
            _("The authority answers within the country’s time; the co-ordination is told when it "
              "does not."),
            _("It may refuse for a reason of a closed list only, and says what it means here."),
        ],
    )  # fmt: skip


def _visit(request: HttpRequest, actor: Actor, found: Facility) -> HttpResponse:
    today = local_day(actor.at)
    form = asked.Visit(typed(request), initial={"client_key": uuid4(), "on": today})
    return _once(
        request, found, form, services.record_visit, title=_("Record a visit"),
        button=_("Save"), words=_("The visit is recorded."),
        lines=[_("Only numbers: whom you spoke to stands in your own files.")],
    )  # fmt: skip


def _incident(request: HttpRequest, actor: Actor, found: Facility) -> HttpResponse:
    today = local_day(actor.at)
    form = asked.Incident(typed(request), initial={"client_key": uuid4(), "on": today})
    return _once(
        request, found, form, services.report_incident, title=_("Report an incident"),
        button=_("Report it"), words=_("Reported. The authority and the co-ordination are told."),
        lines=[_("After a refusal at the door, or where the place is closed, each day counts as a "
                 "day without access until you say that it was given again.")],
    )  # fmt: skip


def _authorise(request: HttpRequest, actor: Actor, found: Facility) -> HttpResponse:
    today = local_day(actor.at)
    form = asked.Authorise(actor, found, typed(request), initial={"from_on": today})
    if form.is_valid():
        given = dict(form.cleaned_data)
        where: dict[str, Any] = {"facility": found}
        if given.pop("reach") == "kind":
            where = {"kind": found.kind}
        act = lambda: services.authorise(by=actor, at=actor.at, **where, **given)  # noqa: E731
        if done(request, act, _("Authorised. The organisation has been told.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Authorise an organisation"), button=_("Authorise"),
        back=found.get_absolute_url(), about=found.name,
    )  # fmt: skip


ACTS |= {
    "edit": (P.FACILITY_KEEP, _edit),
    "ask": (P.FACILITY_ASK, _ask),
    "visit": (P.FACILITY_VISIT, _visit),
    "incident": (P.FACILITY_VISIT, _incident),
    "authorise": (P.FACILITY_DECIDE, _authorise),
}


# --- requests -------------------------------------------------------------------------------------


def _request(actor: Actor, uuid: UUID) -> AccessRequest:
    rows = AccessRequest.objects.select_related("facility__area", "facility__authority",
                                                "organisation")  # fmt: skip
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.FACILITY_SEE)
@require_safe
def access_request(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One request, its answer, and what can be done now."""
    actor = actor_of(request)
    found = _request(actor, uuid)
    acts = [
        {
            "label": each.title,
            "href": reverse("partners:access-request-act", args=[uuid, each.name]),
            "kind": "" if each.name == "grant" else "secondary",
        }
        for each, decision in REQUEST.available(found, actor)
        if decision
    ]
    tag = request_tag(found)
    said = [
        (_("What for"), [found.get_purpose_display()]),
        (_("Days"), [f"{shown.date(found.from_on)} – {shown.date(found.until_on)}"]),
        (_("How many visitors"), [str(found.visitors)]),
        (_("More about it"), found.words.splitlines()),
        (_("Reason for refusing"), [found.get_refusal_display()] if found.refusal else []),
        (_("In words"), found.refusal_words.splitlines()),
    ]
    facts = [
        (_("Organisation"), found.organisation.display_name),
        (_("Who decides"), found.facility.authority.display_name),
        (_("Asked"), shown.day(found.asked_at)),
        (_("Answered"), shown.day(found.decided_at)),
    ]
    context = {
        "request_row": found,
        "tags": [{"text": tag["text"], "colour": tag["colour"]}],
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "acts": acts,
        "said": [{"label": label, "lines": lines} for label, lines in said if lines],
    }
    return render(request, "partners/access_request.html", context)


@needs(P.FACILITY_SEE)
@require_http_methods(READ)
def request_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Grant a request, refuse it, or take it back."""
    actor = actor_of(request)
    if name not in {"grant", "refuse", "withdraw"}:
        raise Http404
    found = _request(actor, uuid)
    if not may(actor, P.FACILITY_ASK if name == "withdraw" else P.FACILITY_DECIDE, found):
        raise PermissionDenied
    return {"grant": _grant, "refuse": _refuse, "withdraw": _withdraw}[name](request, actor, found)


def _grant(request: HttpRequest, actor: Actor, found: AccessRequest) -> HttpResponse:
    initial = {"from_on": found.from_on, "until_on": found.until_on}
    form = asked.Grant(typed(request), initial=initial)
    if form.is_valid():
        act = lambda: services.grant_access(  # noqa: E731
            request=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Granted. Whoever asked has been told.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Grant access"), button=_("Grant access"),
        back=found.get_absolute_url(), about=found.organisation.display_name,
    )  # fmt: skip


def _refuse(request: HttpRequest, actor: Actor, found: AccessRequest) -> HttpResponse:
    form = asked.Refuse(typed(request))
    if form.is_valid():
        act = lambda: services.refuse_access(  # noqa: E731
            request=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Refused. Whoever asked has been told, and reads the reason.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Refuse access"), button=_("Refuse access"),
        back=found.get_absolute_url(), about=found.organisation.display_name,
        lines=[_("From today each day counts as a day without access until it is given.")],
    )  # fmt: skip


def _withdraw(request: HttpRequest, actor: Actor, found: AccessRequest) -> HttpResponse:
    if request.method == "POST":
        act = lambda: REQUEST.apply(found, "withdraw", by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Taken back."))
        return redirect(found)
    return form_page(
        request, form=Confirm(), title=_("Take the request back"), button=_("Take it back"),
        back=found.get_absolute_url(), about=found.facility.name,
    )  # fmt: skip


# --- authorisations and incidents -----------------------------------------------------------------


@needs(P.FACILITY_DECIDE)
@require_http_methods(READ)
def authorisation_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Revoke an authorisation."""
    actor = actor_of(request)
    if name != "revoke":
        raise Http404
    rows = AccessAuthorisation.objects.select_related("organisation", "facility", "given_by")
    found = get_or_404(rows, actor, uuid=uuid)
    if not may(actor, P.FACILITY_DECIDE, found):
        raise PermissionDenied
    back = found.facility.get_absolute_url() if found.facility else reverse("partners:facilities")
    form = Why(typed(request))
    if form.is_valid():
        why = form.cleaned_data["comment"]
        act = lambda: AUTHORISATION.apply(  # noqa: E731
            found, "revoke", by=actor, at=actor.at, comment=why
        )
        done(request, act, _("Revoked. The organisation has been told."))
        return redirect(back)
    return form_page(
        request, form=form, title=_("Revoke the authorisation"), button=_("Revoke it"), back=back,
        about=found.organisation.display_name,
        warning=_("It holds no longer, from now on. Days without access are counted."),
    )  # fmt: skip


@needs(P.FACILITY_SEE)
@require_http_methods(READ)
def incident_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Answer an incident as the authority, or say that access was given again."""
    actor = actor_of(request)
    if name not in {"answer", "restored"}:
        raise Http404
    rows = AccessIncident.objects.select_related("organisation", "facility")
    found = get_or_404(rows, actor, uuid=uuid)
    if not may(actor, P.FACILITY_DECIDE if name == "answer" else P.FACILITY_VISIT, found):
        raise PermissionDenied
    is_answer = name == "answer"
    form: Any = (
        asked.Answer(typed(request))
        if is_answer
        else asked.Restored(local_day(actor.at), typed(request))
    )
    if form.is_valid():
        service: Any = services.answer_incident if is_answer else services.access_restored
        act = lambda: service(incident=found, by=actor, at=actor.at, **form.cleaned_data)  # noqa: E731
        words = _("Answered. Whoever reported it has been told.") if is_answer else _("Saved.")
        if done(request, act, words):
            return redirect(found.facility)
    return form_page(
        request, form=form, back=found.facility.get_absolute_url(), about=found.facility.name,
        title=_("Answer the report") if is_answer else _("Access was given again"),
        button=_("Answer") if is_answer else _("Save"),
        lines=[found.words] if is_answer else [],
    )  # fmt: skip
