"""Rounds of recurring requests: what is asked of one's own organisation, what it says to it in one
click, and what whoever asked gives back.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import NotAllowed, NotPossible
from partners.access import Actor, get_or_404, may
from partners.choices import AnswerState
from partners.forms.requests import GiveBack, Minutes
from partners.models import RequestAnswer, RequestRound
from partners.request_workflow import ANSWER
from partners.services import requests as services
from partners.views import shown
from partners.views.lists import columns, page_links
from partners.views.requests import actor_of, came_back, facts, in_minutes

P = Permission
NEWEST_FIRST = Order("-answer_until_on", "-id")
IN_ORDER = Order("id")
ANSWER_COLOURS = {
    AnswerState.WAITING: "yellow",
    AnswerState.ANSWERED: "green",
    AnswerState.DECLINED: "grey",
    AnswerState.DROPPED: "grey",
}
#: What an organisation can say, by the name in the address.
SAID = ("answer", "decline", "take_back")


def answer_tag(answer: RequestAnswer) -> dict[str, str]:
    known = AnswerState(answer.state)
    return {"text": str(known.label), "colour": ANSWER_COLOURS[known]}


# --- what is asked of us --------------------------------------------------------------------------


@needs(P.REQUEST_SEE)
@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """What the organisation acted for is asked for, the newest first, answered in one click."""
    actor = actor_of(request)
    ours = RequestAnswer.objects.visible_to(actor).filter(organisation=actor.organisation_id)
    page = paginate(
        ours.select_related("round__request__organisation"),
        NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "page": page,
        "caption": _("Asked of your organisation"),
        "columns": columns(
            _("What is asked for"), _("Who asks"), _("Answer by"), _("State"), _("What you say")
        ),
        "rows": [_row(each, actor) for each in page.rows],
        "empty": {
            "title": _("Nothing is asked of your organisation"),
            "text": _("When a round of a recurring request opens, it stands here."),
            "href": reverse("partners:requests"),
            "label": _("See what partners are regularly asked for"),
        },
        **page_links(request, page),
    }
    return render(request, "partners/asked.html", context)


def _row(answer: RequestAnswer, actor: Actor) -> dict[str, Any]:
    request = answer.round.request
    return {
        "uuid": answer.uuid,
        "title": request.title,
        "href": reverse("partners:request-answer", args=[answer.uuid]),
        "asker": request.organisation.display_name,
        "until": shown.date(answer.answer_until_on),
        "is_late": answer.round.was_late,
        "minutes": in_minutes(answer.minutes or answer.estimated_minutes),
        "tag": answer_tag(answer),
        "voluntary": answer.round.is_voluntary,
        "said": _sayable(answer, actor),
    }


def _sayable(answer: RequestAnswer, actor: Actor) -> list[dict[str, Any]]:
    """What can be said now, as buttons; the first takes the minutes."""
    return [
        {
            "label": transition.title,
            "takes_minutes": transition.name == "answer",
            "action": reverse("partners:request-answer-act", args=[answer.uuid, transition.name]),
        }
        for transition, decision in ANSWER.available(answer, actor)
        if decision and transition.name in SAID
    ]


@needs(P.REQUEST_SEE)
@require_safe
def answer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One round as it is asked of one's own organisation; whoever asks goes to the round."""
    actor = actor_of(request)
    seen = RequestAnswer.objects.select_related("round__request__organisation", "organisation")
    found = get_or_404(seen, actor, uuid=uuid)
    if found.organisation_id != actor.organisation_id:
        return redirect("partners:request-round", found.round.uuid)
    about = found.round.request
    context = {
        "title": about.title,
        "row": _row(found, actor),
        "facts": facts(about, actor),
        "round": _round_in_words(found.round),
        "request_href": reverse("partners:request", args=[about.uuid]),
    }
    return render(request, "partners/request_answer.html", context)


@needs(P.REQUEST_SEE)
@require_POST
def say(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Answered, with the minutes where somebody says; declined; or taken back."""
    actor = actor_of(request)
    if name not in SAID:
        raise Http404
    seen = RequestAnswer.objects.select_related("round__request")
    found = get_or_404(seen, actor, uuid=uuid)
    if not may(actor, P.REQUEST_SEE, found):
        raise PermissionDenied
    given: dict[str, Any] = {}
    if name == "answer":
        form = Minutes(request.POST)
        if not form.is_valid():
            messages.error(request, _("The minutes are a whole number, or nothing."))
            return redirect("partners:request-answer", uuid)
        given = form.cleaned_data
    try:
        ANSWER.apply(found, name, by=actor, at=actor.at, **given)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("partners:request-answer", uuid)
    messages.success(request, _done(name))
    return redirect("partners:asked")


def _done(name: str) -> str:
    return {
        "answer": _("Marked as answered. What was promised for it is now owed to you."),
        "decline": _("Declined. It has no consequence."),
        "take_back": _("Taken back. It waits for your answer again."),
    }[name]


# --- one round ------------------------------------------------------------------------------------


@needs(P.REQUEST_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one_round(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One round and what came back of it; for whoever asked also the answers, and the form."""
    actor = actor_of(request)
    found = get_or_404(
        RequestRound.objects.select_related("request__organisation"), actor, uuid=uuid
    )
    is_ours = bool(may(actor, P.REQUEST_MAKE, found))
    standing = {name: getattr(found, name) for name in ("given_back", "given_back_link")}
    form = GiveBack(request.POST if request.method == "POST" else None, initial=standing)
    if request.method == "POST" and not is_ours:
        raise PermissionDenied
    if form.is_valid():
        text, link = form.cleaned_data["given_back"], form.cleaned_data["given_back_link"]
        services.give_back(round_=found, by=actor, at=actor.at, text=text, link=link)
        kept.discard(request)
        messages.success(request, _("Saved. Everybody who answered has been told."))
        return redirect("partners:request-round", uuid)
    put_in(form, kept.restore(request))
    about = found.request
    context = {
        "title": about.title,
        "round": _round_in_words(found),
        "request_href": reverse("partners:request", args=[about.uuid]),
        "form": form if is_ours else None,
        **(_answers(request, found, actor) if is_ours else {}),
    }
    return render(request, "partners/request_round.html", context)


def _round_in_words(found: RequestRound) -> dict[str, Any]:
    return {
        "until": shown.date(found.answer_until_on),
        "opened": shown.day(found.opened_at),
        "was_late": found.was_late,
        "planned": shown.date(found.planned_on),
        "promised": found.request.comes_back,
        "came_back": came_back(found),
        "text": found.given_back,
        "link": found.given_back_link,
        "is_voluntary": found.is_voluntary,
    }


def _answers(request: HttpRequest, found: RequestRound, actor: Actor) -> dict[str, Any]:
    answers = RequestAnswer.objects.visible_to(actor).filter(round=found)
    page = paginate(
        answers.select_related("organisation"), IN_ORDER, cursor=request.GET.get("cursor", "")
    )
    return {
        "page": page,
        "columns": columns(_("Organisation"), _("State"), _("Said on"), _("Minutes it took")),
        "rows": [
            [
                {"text": each.organisation.display_name},
                answer_tag(each),
                {"text": shown.day(each.said_at)},
                {"text": each.minutes if each.minutes is not None else "–"},
            ]
            for each in page.rows
        ],
        **page_links(request, page),
    }
