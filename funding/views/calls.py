"""Calls in pages: the list, one call, and writing a draft page by page."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from funding import eligibility
from funding.amounts import written
from funding.call_choices import ApplicationState, CallState, ReviewState
from funding.forms import calls as asked
from funding.models import Application, Award, Call, CallQuestion, Fund
from funding.services import calls as services
from funding.services import reviews
from funding.views.call_shown import call_facts, call_tag, moment, past
from partners.access import Actor, get_or_404, may
from partners.models import Organisation
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = CallState
LAST_CLOSING_FIRST = Order("-closes_at", "-id")
PAGES = ("text", "criteria", "reviewers")
WHOLE = 100


def found_call(actor: Actor, uuid: UUID) -> Call:
    rows = Call.objects.select_related("fund__keeper", "area")
    return get_or_404(rows, actor, uuid=uuid)


def act_href(call: Call, name: str) -> str:
    return reverse("funding:call-act", args=[call.uuid, name])


# --- the list -------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """The calls this actor sees, those that close last first."""
    actor = actor_of(request)
    seen = Call.objects.visible_to(actor).select_related("fund__keeper")
    page = paginate(seen, LAST_CLOSING_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": columns(_("Call"), _("Who gives it"), _("Money"), _("Closes"), _("State")),
        "rows": [_row(each, actor) for each in page.rows],
        "empty": {
            "title": _("No call yet"),
            "text": _("A call stands here once a fund publishes one that can be read by all."),
        },
        "acts": _list_acts(actor),
        "emergency": _emergency(actor),
        **page_links(request, page),
    }
    return render(request, "funding/calls.html", context)


def _row(each: Call, actor: Actor) -> list[dict[str, Any]]:
    return [
        {
            "text": each.title,
            "href": each.get_absolute_url(),
            "note": _("Emergency") if each.is_emergency else str(each.get_kind_display()),
        },
        {"text": each.fund.keeper.display_name},
        {"text": written(each.amount, each.currency)},
        {"text": moment(each.closes_at)},
        call_tag(each, actor),
    ]


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    acts = []
    if P.FUNDING_KEEP in actor.permissions:
        acts.append((_("Write a call"), "funding:call-new", ""))
        acts.append((_("Applications that came in"), "funding:applications", "secondary"))
    if P.FUNDING_APPLY in actor.permissions:
        acts.append((_("Our applications"), "funding:applications", "secondary"))
        acts.append((_("Propose something nobody asked for"), "funding:proposal-new", "secondary"))
    acts.append((_("Reviews I am asked for"), "funding:reviews", "secondary"))
    return [{"label": label, "href": reverse(name), "kind": kind} for label, name, kind in acts]


def _emergency(actor: Actor) -> dict[str, str] | None:
    """The emergency call an applicant may use now, if one is on where it works."""
    if P.FUNDING_APPLY not in actor.permissions or not actor.in_emergency:
        return None
    open_ = Call.objects.visible_to(actor).taking(actor.at).filter(is_emergency=True)
    for each in open_.select_related("fund", "area").order_by("closes_at", "pk")[:3]:
        if actor.organisation and not eligibility.why_not(each, actor.organisation):
            return {"title": each.title, "href": act_href(each, "emergency")}
    return None


# --- one call -------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def call(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One call: who may apply by when, by what it is decided, questions, its result."""
    actor = actor_of(request)
    found = found_call(actor, uuid)
    keeps = bool(may(actor, P.FUNDING_KEEP, found))
    criteria = list(found.criteria.all())
    own = None
    if P.FUNDING_APPLY in actor.permissions:
        own = (
            Application.objects.visible_to(actor)
            .own(actor)
            .filter(call=found)
            .order_by("-pk")
            .first()
        )
    context = {
        "call": found,
        "tags": [call_tag(found, actor)],
        "facts": call_facts(found),
        "acts": _acts(found, actor, own, keeps=keeps),
        "why_not": _why_not(found, actor, own),
        "own": own,
        "tasks": _tasks(found, criteria) if keeps and found.state == S.DRAFT else [],
        "criteria": [
            [{"text": each.name, "note": each.words}, {"text": f"{each.weight} %"}]
            for each in criteria
        ],
        "criteria_columns": columns(_("Criterion"), _("Weight")),
        "questions": _questions(found, actor, keeps=keeps),
        "result": _result(found, actor),
        "desk": _desk(found, actor) if keeps else None,
        "events": past(found.events.all(), actor) if keeps else [],
    }
    return render(request, "funding/call.html", context)


def _acts(
    found: Call, actor: Actor, own: Application | None, *, keeps: bool
) -> list[dict[str, str]]:
    acts = []
    if keeps:
        acts = {
            S.DRAFT: [(_("Publish the call"), "publish", "")],
            S.IN_REVIEW: [(_("Publish the result"), "announce", "")],
        }.get(CallState(found.state), [])
        if found.state in {S.DRAFT, S.OPEN, S.IN_REVIEW}:
            acts.append((_("Cancel the call"), "cancel", "secondary"))
    elif P.FUNDING_APPLY in actor.permissions and found.takes_applications(actor.at):
        if found.is_emergency:
            acts.append((_("Ask for emergency money"), "emergency", ""))
        elif own is None and not _reasons(found, actor):
            acts.append((_("Begin an application"), "apply", ""))
        if actor.at < found.questions_until_at:
            acts.append((_("Ask what something means"), "ask", "secondary"))
    buttons = [
        {"label": label, "href": act_href(found, name), "kind": kind} for label, name, kind in acts
    ]
    if own is not None and not found.is_emergency:
        button = {"label": _("Our application"), "href": own.get_absolute_url(), "kind": ""}
        buttons.insert(0, button)
    return buttons


def _reasons(found: Call, actor: Actor) -> list[str]:
    return eligibility.why_not(found, actor.organisation) if actor.organisation else []


def _why_not(found: Call, actor: Actor, own: Application | None) -> list[str]:
    """Why the organisation acted for cannot apply, said before it writes a word."""
    if own is not None or P.FUNDING_APPLY not in actor.permissions:
        return []
    if found.state == S.OPEN and not found.takes_applications(actor.at):
        return [_("The call has closed.")]
    return _reasons(found, actor) if found.state == S.OPEN else []


def _tasks(found: Call, criteria: list[Any]) -> list[dict[str, Any]]:
    """The parts of a draft, as components/task_list.html takes them."""
    weights = sum(each.weight for each in criteria)
    named = found.reviewers.filter(ended_at__isnull=True).count()
    parts = [("text", _("What it is for, and who can apply"), True, "")]
    if not found.is_emergency:
        words = _("%(n)s criteria, %(sum)s of 100 per cent") % {"n": len(criteria), "sum": weights}
        parts.append(("criteria", _("Criteria and their weights"), weights == WHOLE, words))
        words = ngettext("%(n)s reviewer", "%(n)s reviewers", named) % {"n": named}
        parts.append(("reviewers", _("Reviewers"), named >= found.reviews_needed, words))
    return [
        {
            "label": label,
            "href": reverse("funding:call-page", args=[found.uuid, page]),
            "status": _("Done") if is_done else _("To do"),
            "colour": "" if is_done else "blue",
            "hint": hint,
        }
        for page, label, is_done, hint in parts
    ]


def _questions(found: Call, actor: Actor, *, keeps: bool) -> list[dict[str, Any]]:
    rows = CallQuestion.objects.filter(call=found).visible_to(actor)
    return [
        {
            "words": each.words,
            "answer": each.answer,
            "at": each.answered_at or each.asked_at,
            "href": ""
            if each.answered_at or not keeps or found.state != S.OPEN
            else reverse("funding:call-question", args=[found.uuid, each.uuid]),
        }
        for each in rows
    ]


def _result(found: Call, actor: Actor) -> dict[str, Any] | None:
    """Who was awarded how much; those refused are a number, never names."""
    if found.state != S.DECIDED:
        return None
    awards = Award.objects.ever_in_force().filter(call_uuid=found.uuid)
    refused = found.applications.filter(state=ApplicationState.REFUSED).count()
    words = ngettext("%(n)s application got no money.", "%(n)s applications got no money.", refused)
    rows = awards.select_related("recipient").order_by("recipient__name", "pk")
    seen = set(Award.objects.visible_to(actor).filter(pk__in=rows).values_list("pk", flat=True))
    known = set(
        Organisation.objects.visible_to(actor)
        .filter(pk__in=[each.recipient_id for each in rows])
        .values_list("pk", flat=True)
    )
    return {
        "columns": columns(_("Organisation"), _("For"), _("Amount")),
        "rows": [
            _awarded(each, is_seen=each.pk in seen, is_named=each.recipient_id in known)
            for each in rows
        ],
        "refused": words % {"n": refused} if refused else "",
    }


def _awarded(each: Award, *, is_seen: bool, is_named: bool) -> list[dict[str, Any]]:
    """Who sees an award knows its recipient; of an unlisted one others read the amount only."""
    amount = {"text": written(each.signed_amount, each.currency)}
    if not is_seen and not is_named:
        return [
            {"text": _("An organisation that is not named, for its safety")},
            {"text": str(each.get_kind_display())},
            amount,
        ]
    title = {"text": each.title}
    if is_seen:
        title["href"] = each.get_absolute_url()
    return [{"text": each.recipient.display_name}, title, amount]


def _desk(found: Call, actor: Actor) -> dict[str, Any]:
    """What the fund sees to: how many came in, who still reviews, where the ranking stands."""
    sent = found.applications.filter(state=ApplicationState.SUBMITTED).count()
    waiting = reviews.waiting(found)
    lines = []
    if found.state == S.OPEN and not found.is_emergency:
        words = ngettext(
            "%(n)s application was submitted. Nobody reads it before the call closes.",
            "%(n)s applications were submitted. Nobody reads them before the call closes.",
            sent,
        )
        lines.append(words % {"n": sent})
    if waiting:
        words = ngettext(
            "%(n)s review is waited for. Nobody reads a score before all are in.",
            "%(n)s reviews are waited for. Nobody reads a score before all are in.",
            waiting,
        )
        lines.append(words % {"n": waiting})
    links = []
    if found.state in {S.OPEN, S.IN_REVIEW} and not found.is_emergency:
        reviewers = reverse("funding:call-page", args=[found.uuid, "reviewers"])
        links.append({"label": _("Reviewers"), "href": reviewers, "kind": "secondary"})
    if found.state in {S.IN_REVIEW, S.DECIDED}:
        ranking = reverse("funding:call-ranking", args=[found.uuid])
        links.append({"label": _("Applications and ranking"), "href": ranking, "kind": ""})
    return {"lines": lines, "links": links}


# --- writing --------------------------------------------------------------------------------------


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft; only the fund's own people read it."""
    actor = actor_of(request)
    funds = Fund.objects.visible_to(actor).kept_by(actor).open().order_by("name", "pk")
    first = funds.first()
    start: dict[str, Any] = {"client_key": uuid4(), "version": 0}
    if first is not None:
        start["currency"] = first.currency
    form = asked.Text(funds, typed(request), initial=start)
    if form.is_valid():
        made: list[Call] = []
        given = form.cleaned_data
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.draft_call(
                client_key=given["client_key"] or uuid4(), fund=given["fund"], by=actor,
                at=actor.at, **form.text(),
            )
        )  # fmt: skip
        if done(request, act, _("The draft is begun.")):
            return redirect(made[0])
    lines = [_("Only your organisation reads the draft until you publish it.")]
    if first is None:
        lines = [_("A call gives money of a fund. Open a fund first.")]
    return form_page(
        request, form=form, title=_("Write a call"), button=_("Save and go on"),
        back=reverse("funding:calls"), lines=lines,
    )  # fmt: skip


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One page of a draft; reviewers are named later too, until the call is decided."""
    actor = actor_of(request)
    if page not in PAGES:
        raise Http404
    found = found_call(actor, uuid)
    if not may(actor, P.FUNDING_KEEP, found):
        raise PermissionDenied
    draw = {"text": _text, "criteria": _criteria, "reviewers": _reviewers}[page]
    return draw(request, actor, found)


def _text(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    funds = Fund.objects.kept_by(actor).filter(pk=found.fund_id)
    form = asked.Text(funds, typed(request), initial=asked.standing(found))
    if form.is_valid():
        version = form.cleaned_data["version"]
        act = lambda: services.change_text(  # noqa: E731
            call=found, by=actor, at=actor.at, version=version, **form.text()
        )
        current = Call.objects.visible_to(actor).get(pk=found.pk)
        if current.version != version:
            return _slower(request, form, current)
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("What it is for, and who can apply"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _slower(request: HttpRequest, form: asked.Text, current: Call) -> HttpResponse:
    theirs = asked.standing(current)
    mine = {name: form.cleaned_data.get(name) for name in theirs if name != "version"}
    mine["fund"] = current.fund.uuid
    for name in ("eligible_kinds", "eligible_capacities"):
        mine[name], theirs[name] = ", ".join(mine[name] or ()), ", ".join(theirs[name])
    labels = {name: form.fields[name].label for name in mine}
    rows = differences(labels, mine, {name: theirs[name] for name in mine})
    return conflict(request, rows=rows, version=current.version, back=current.get_absolute_url())


def _criteria(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_criterion(  # noqa: E731
            call=found, criterion=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.NewCriterion(typed(request))
    if form.is_valid():
        act = lambda: services.add_criterion(  # noqa: E731
            call=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Enter the next criterion, or go back.")):
            return redirect(here)
    rows = list(found.criteria.all())
    parts = [{"text": each.name, "note": f"{each.weight} %", "remove": each.uuid} for each in rows]
    total = sum(each.weight for each in rows)
    return form_page(
        request, form=form, title=_("Criteria and their weights"), button=_("Save this criterion"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_parts.html",
        parts=parts, hint=_("Together %(sum)s of 100 per cent.") % {"sum": total},
    )  # fmt: skip


def _reviewers(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.release_reviewer(  # noqa: E731
            call=found, reviewer=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Released."))
        return redirect(here)
    form = asked.NewReviewer(actor, typed(request))
    if form.is_valid() and form.user is not None and form.organisation is not None:
        user, organisation = form.user, form.organisation
        act = lambda: services.name_reviewer(  # noqa: E731
            call=found, user=user, organisation=organisation, by=actor, at=actor.at
        )
        if done(request, act, _("Named. Each declares conflicts of interest first.")):
            return redirect(here)
    return form_page(
        request, form=form, title=_("Reviewers"), button=_("Name this person"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_parts.html",
        parts=_named(found),
        hint=_("After the call has closed each declares, for each application, whether anything "
               "ties them to it. Nobody reads a score before all are in."),
    )  # fmt: skip


def _named(found: Call) -> list[dict[str, Any]]:
    """Each reviewer with what they have done; of the scores nothing."""
    rows = found.reviewers.select_related("user", "organisation").prefetch_related("reviews")
    parts = []
    for each in rows:
        states = [review.state for review in each.reviews.all()]
        said = [each.organisation.display_name]
        if each.ended_at:
            said.append(_("released"))
        elif states:
            words = _("%(sent)s of %(all)s scored, %(ties)s in conflict")
            numbers = {
                "sent": states.count(ReviewState.SUBMITTED),
                "all": len(states),
                "ties": states.count(ReviewState.CONFLICT),
            }
            said.append(words % numbers)
        remove = "" if each.ended_at else each.uuid
        parts.append({"text": each.user.display_name, "note": "; ".join(said), "remove": remove})
    return parts
