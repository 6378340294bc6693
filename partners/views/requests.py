"""The register of recurring requests: the list, one request, registering, changing, announcing and
ending it. Rounds and answers are in `rounds.py`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor, get_or_404, may
from partners.choices import (
    ASKING,
    AnswerState,
    Capacity,
    Every,
    LegalBasis,
    OrganisationKind,
    RequestPurpose,
    RequestState,
)
from partners.forms.requests import End, Register
from partners.load import same_purpose
from partners.models import (
    Organisation,
    RecurringRequest,
    RequestAnswer,
    RequestEvent,
    RequestRound,
)
from partners.request_filters import RequestFilter
from partners.request_workflow import REQUEST
from partners.services import requests as services
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
NEWEST_FIRST = Order("-created_at", "-id")
LATEST = 12
"""Rounds shown beside a request; further ones are in its past."""
STATE_COLOURS = {
    RequestState.DRAFT: "grey",
    RequestState.ANNOUNCED: "yellow",
    RequestState.RUNNING: "green",
    RequestState.ENDED: "grey",
}


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def tag(state: str) -> dict[str, str]:
    known = RequestState(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def in_minutes(number: int) -> str:
    """“90 minutes”, in the reader's language."""
    return ngettext("%(n)s minute", "%(n)s minutes", number) % {"n": number}


# --- the list -------------------------------------------------------------------------------------


@needs(P.REQUEST_SEE)
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Everything partners are regularly asked for, the newest first."""
    actor = actor_of(request)
    seen = RecurringRequest.objects.visible_to(actor).select_related("organisation")
    narrowed = RequestFilter(request.GET, queryset=seen)
    page = paginate(narrowed.qs, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    can_make = P.REQUEST_MAKE in actor.permissions
    empty = {
        "title": _("Nothing is regularly asked for"),
        "text": _("Whoever asks partners for the same thing again and again registers it here."),
    }
    if narrowed.is_narrowing:
        empty = {"title": _("No request matches"), "text": _("Take away one of the filters.")}
    context = {
        "filter": narrowed.form,
        "clear_href": reverse("partners:requests"),
        "page": page,
        "caption": _("Recurring requests"),
        "columns": columns(
            _("What is asked for"), _("Who asks"), _("How often"), _("Legal basis"),
            _("For one answer"), _("State"),
        ),
        "rows": [_row(each) for each in page.rows],
        "empty": empty,
        "new_href": reverse("partners:request-new") if can_make else "",
        "sees_all": P.LOAD_SEE in actor.permissions,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "partners/requests.html", context)


def _row(each: RecurringRequest) -> list[dict[str, Any]]:
    return [
        {
            "text": each.title,
            "href": reverse("partners:request", args=[each.uuid]),
            "note": RequestPurpose(each.purpose).label,
        },
        {"text": each.organisation.display_name},
        {"text": Every(each.every).label},
        {"text": LegalBasis(each.basis).label},
        {"text": in_minutes(each.minutes)},
        tag(each.state),
    ]


# --- one request ----------------------------------------------------------------------------------


@needs(P.REQUEST_SEE)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One request: who asks whom for what, why, how long it takes, what comes back, its rounds."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    is_ours = found.organisation_id == actor.organisation_id
    can_make = bool(may(actor, P.REQUEST_MAKE, found))
    context = {
        "title": found.title,
        "tags": [tag(found.state)],
        "facts": facts(found, actor),
        "acts": _acts(found, actor) if can_make else [],
        "same": _same(found) if found.state != RequestState.ENDED else [],
        "rounds": _rounds(found, actor, is_ours=is_ours),
        "events": past(found, actor),
    }
    return render(request, "partners/request.html", context)


def _found(actor: Actor, uuid: UUID) -> RecurringRequest:
    return get_or_404(RecurringRequest.objects.select_related("organisation"), actor, uuid=uuid)


def facts(found: RecurringRequest, actor: Actor) -> list[dict[str, Any]]:
    """The request in words, as components/summary_list.html takes it."""
    basis = [str(LegalBasis(found.basis).label), found.basis_source]
    due = shown.date(found.next_due_on) if found.next_due_on else ""
    if found.state == RequestState.DRAFT:
        due = shown.date(found.first_due_on)
    days = ngettext("%(n)s day to answer", "%(n)s days to answer", found.days_to_answer)
    back = ngettext(
        "Within %(n)s day of the answers", "Within %(n)s days of the answers",
        found.days_to_give_back,
    )  # fmt: skip
    rows: list[tuple[str, list[str]]] = [
        (_("Who asks"), [found.organisation.display_name]),
        (_("Who is asked"), whom(found, actor)),
        (_("Purpose"), [str(RequestPurpose(found.purpose).label), found.purpose_words]),
        (_("What obliges partners to answer"), basis),
        (_("How often"), [str(Every(found.every).label),
                          days % {"n": found.days_to_answer}]),
        (_("Next answer due"), [due]),
        (_("Time one answer takes"), [in_minutes(found.minutes)]),
        (_("What comes back"), [found.comes_back, back % {"n": found.days_to_give_back}]),
    ]  # fmt: skip
    return [
        {"label": label, "lines": [line for line in lines if line]}
        for label, lines in rows
        if any(lines)
    ]


def whom(found: RecurringRequest, actor: Actor) -> list[str]:
    """Who is asked, in words; of organisations chosen by name those that the reader may know."""
    kinds = ", ".join(str(OrganisationKind(each).label) for each in found.asked_kinds)
    held = ", ".join(str(Capacity(each).label) for each in found.asked_capacities)
    lines = []
    if kinds and held:
        lines.append(_("%(kinds)s; that are: %(held)s") % {"kinds": kinds, "held": held})
    elif kinds or held:
        lines.append(kinds or held)
    named = Organisation.objects.visible_to(actor).filter(pk__in=found.asked_by_name.values("pk"))
    return [*lines, *(each.display_name for each in named.order_by("name", "pk"))]


def _same(found: RecurringRequest) -> list[dict[str, str]]:
    return [
        {
            "title": each.title,
            "href": reverse("partners:request", args=[each.uuid]),
            "by": each.organisation.display_name,
        }
        for each in same_purpose(found)
    ]


def _acts(found: RecurringRequest, actor: Actor) -> list[dict[str, str]]:
    acts = []
    if found.state == RequestState.DRAFT:
        acts.append((_("Announce it"), _act_url(found, "announce"), ""))
    if found.state != RequestState.ENDED:
        edit = reverse("partners:request-edit", args=[found.uuid])
        acts.append((_("Change it"), edit, "secondary"))
        acts.append((_("End it"), _act_url(found, "end"), "secondary"))
    return [{"label": label, "href": href, "kind": kind} for label, href, kind in acts]


def _act_url(found: RecurringRequest, name: str) -> str:
    return reverse("partners:request-act", args=[found.uuid, name])


def _rounds(found: RecurringRequest, actor: Actor, *, is_ours: bool) -> dict[str, Any] | None:
    """The latest rounds this actor may see; None for those neither asking nor asked."""
    seen = RequestRound.objects.visible_to(actor).filter(request=found).select_related("request")
    rounds = list(seen.order_by("-planned_on", "-pk")[:LATEST])
    if not rounds:
        return None
    answers = RequestAnswer.objects.visible_to(actor).filter(round__in=rounds)
    said: dict[int, list[str]] = {}
    for round_id, state in answers.values_list("round_id", "state"):
        said.setdefault(round_id, []).append(state)
    told = _counts if is_ours else _own
    return {
        "columns": columns(_("Answers due"), _("Answers"), _("What comes back")),
        "rows": [
            [
                {
                    "text": shown.date(each.answer_until_on),
                    "href": reverse("partners:request-round", args=[each.uuid]),
                    "note": _("opened late") if each.was_late else "",
                },
                {"text": told(said.get(each.pk, []))},
                {"text": came_back(each)},
            ]
            for each in rounds
        ],
    }


def _counts(states: list[str]) -> str:
    answered = states.count(AnswerState.ANSWERED)
    of_all = {"answered": answered, "all": len(states)}
    return _("%(answered)s of %(all)s answered") % of_all


def _own(states: list[str]) -> str:
    return str(AnswerState(states[0]).label) if states else ""


def came_back(round_: RequestRound) -> str:
    if round_.given_back_at:
        return _("Given back on %(day)s") % {"day": shown.day(round_.given_back_at)}
    return _("Promised by %(day)s") % {"day": shown.date(round_.back_until_on)}


def past(found: RecurringRequest, actor: Actor) -> list[dict[str, Any]]:
    """The latest of its past, as components/timeline.html takes it."""
    events = RequestEvent.objects.visible_to(actor).filter(request=found, answer=None)
    lines = []
    for event in events.select_related("by", "by_organisation")[:50]:
        by = event.by_organisation.display_name if event.by_organisation else ""
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines


# --- registering and changing ---------------------------------------------------------------------


@needs(P.REQUEST_MAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Register something as a draft; nobody is asked before it is announced."""
    actor = actor_of(request)
    form = Register(actor, None, request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = services.register_request(by=actor, at=actor.at, **form.answers())
        kept.discard(request)
        messages.success(request, _("Saved as a draft. Nobody sees it before you announce it."))
        return redirect("partners:request", made.uuid)
    put_in(form, kept.restore(request))
    context = {
        "form": form,
        "title": _("Register a recurring request"),
        "back": reverse("partners:requests"),
    }
    return render(request, "partners/request_form.html", context)


@needs(P.REQUEST_MAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change it; once announced with a reason. A colleague's change in between is shown."""
    actor = actor_of(request)
    found = _own_request(actor, uuid)
    form = Register(actor, found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.change_request(
                request=found,
                by=actor,
                at=actor.at,
                version=given["version"],
                reason=given.get("reason", ""),
                **form.answers(),
            )
        except Stale:
            return _conflict(request, found, form)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            kept.discard(request)
            messages.success(request, _("Saved."))
            return redirect("partners:request", uuid)
    put_in(form, kept.restore(request))
    context = {
        "form": form,
        "title": _("Change the request"),
        "back": reverse("partners:request", args=[uuid]),
    }
    return render(request, "partners/request_form.html", context)


def _own_request(actor: Actor, uuid: UUID) -> RecurringRequest:
    found = _found(actor, uuid)
    if not may(actor, P.REQUEST_MAKE, found):
        raise PermissionDenied
    return found


def _conflict(request: HttpRequest, found: RecurringRequest, form: Register) -> HttpResponse:
    """409: what was typed and what is there now; it can be sent again over the latter."""
    now = _found(actor_of(request), found.uuid)
    mine = form.answers()
    theirs = {**{name: getattr(now, name) for name in mine if name != "asked_by_name"}}
    theirs["asked_by_name"] = list(now.asked_by_name.order_by("name", "pk"))
    mine["asked_by_name"] = sorted(mine["asked_by_name"], key=lambda each: (each.name, each.pk))
    again = request.POST.copy()
    again["version"] = str(now.version)
    again.pop("csrfmiddlewaretoken", None)
    context = {
        "rows": [
            {"label": form[name].label, "mine": _said(mine[name]), "theirs": _said(theirs[name])}
            for name in mine
            if mine[name] != theirs[name]
        ],
        "again": [(name, value) for name, values in again.lists() for value in values],
        "back": reverse("partners:request", args=[found.uuid]),
        "action": request.path,
    }
    return render(request, "partners/request_conflict.html", context, status=409)


_LABELS: dict[str, str] = {
    **dict(OrganisationKind.choices), **dict(Capacity.choices), **dict(RequestPurpose.choices),
    **dict(LegalBasis.choices), **dict(Every.choices),
}  # fmt: skip


def _said(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(_LABELS.get(str(each), each)) for each in value]
    if value in ("", None):
        return []
    return [str(_LABELS.get(str(value), value))]


# --- announcing and ending ------------------------------------------------------------------------


@needs(P.REQUEST_MAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Announce it, or end it with a reason; each on a page that says what follows."""
    actor = actor_of(request)
    if name not in ("announce", "end"):
        raise Http404
    found = _own_request(actor, uuid)
    is_post = request.method == "POST"
    form = End(request.POST if is_post else None, initial={"version": found.version})
    said: dict[str, Any] = {}
    if name == "end" and form.is_valid():
        said = {"reason": form.cleaned_data["reason"], "version": form.cleaned_data["version"]}
    if is_post and (name == "announce" or said):
        try:
            REQUEST.apply(found, name, by=actor, at=actor.at, **said)
        except NotAllowed as error:
            raise PermissionDenied from error
        except (Stale, NotPossible, MissingAnswers) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _done(name))
        return redirect("partners:request", uuid)
    context = {
        "name": name,
        "found": found,
        "form": form,
        "back": reverse("partners:request", args=[uuid]),
        "same": _same(found),
        "number": found.asked_organisations().count(),
        "opens": shown.date(found.first_due_on),
        "is_asking": found.state in ASKING,
    }
    return render(request, "partners/request_act.html", context)


def _done(name: str) -> str:
    if name == "announce":
        return _("Announced. Everybody asked has been told; the first round opens by itself.")
    return _("Ended. Nobody is asked for it any more, and everybody asked has been told.")
