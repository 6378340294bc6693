"""Acts about a call, each on a page that says what follows; the ranking; answering a question."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from funding import ranking as ranks
from funding.amounts import written
from funding.call_choices import ApplicationState, CallState, ReviewState, Verdict
from funding.call_workflow import CALL, emergency_over
from funding.forms import applications as of_applications
from funding.forms import calls as asked
from funding.models import (
    Application,
    Call,
    CallQuestion,
    FundingDecision,
    Review,
)
from funding.services import applications, decisions, reviews
from funding.services import calls as services
from funding.views.call_shown import review_tag
from funding.views.calls import found_call
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns

P = Permission
KEEPING = {"publish", "announce", "cancel"}


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about a call."""
    actor = actor_of(request)
    draw = {
        "publish": _publish,
        "announce": _announce,
        "cancel": _cancel,
        "apply": _apply,
        "ask": _ask,
        "emergency": _emergency,
    }.get(name)
    if draw is None:
        raise Http404
    found = found_call(actor, uuid)
    if not may(actor, P.FUNDING_KEEP if name in KEEPING else P.FUNDING_APPLY, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _publish(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    if request.method == "POST":
        act = lambda: services.publish(call=found, by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Published. Whoever may apply has been told."))
        return redirect(found)
    return form_page(
        request, form=asked.Confirm(), title=_("Publish the call"), button=_("Publish"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("Everybody who sees funding reads it, and who may apply is told."),
            _("What it says stays as it is from now on. Nobody reads an application before it "
              "closes."),
        ],
    )  # fmt: skip


def _announce(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    if request.method == "POST":
        act = lambda: decisions.announce(call=found, by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Published. Every applicant has been told with the reason."))
        return redirect(found)
    told = FundingDecision.objects.visible_to(actor).filter(
        application__call=found, application__state=ApplicationState.SUBMITTED
    )
    awarded = [each for each in told if each.verdict == Verdict.AWARD]
    total = written(sum((each.amount for each in awarded), start=found.amount * 0), found.currency)
    words = _("Awards: %(awards)s, together %(total)s. Refused: %(refused)s.")
    numbers = {"awards": len(awarded), "total": total, "refused": len(told) - len(awarded)}
    return form_page(
        request, form=asked.Confirm(), title=_("Publish the result"), button=_("Publish"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            words % numbers,
            _("Awards come into force at once. Amounts and organisations stand in the call; "
              "whoever was refused is named nowhere."),
        ],
        warning=_("It cannot be taken back."),
    )  # fmt: skip


def _cancel(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    form = asked.Why(typed(request))
    if form.is_valid():
        why = form.cleaned_data["comment"]
        act = lambda: CALL.apply(  # noqa: E731
            found, "cancel", by=actor, at=actor.at, comment=why
        )
        done(request, act, _("The call is cancelled."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Cancel the call"), button=_("Cancel the call"),
        back=found.get_absolute_url(), about=found.title,
        warning=_("It cannot be taken up again. Whoever began an application is told."),
    )  # fmt: skip


def _apply(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    if request.method == "POST":
        made: list[Application] = []
        act = lambda: made.append(  # noqa: E731
            applications.begin(call=found, client_key=uuid4(), by=actor, at=actor.at)
        )
        if done(request, act, _("The draft is begun. It is saved at every step.")):
            return redirect(made[0])
        return redirect(found)
    return form_page(
        request, form=asked.Confirm(), title=_("Begin an application"), button=_("Begin"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("You write it step by step; what you have saved stays, and colleagues who manage "
              "your organisation see it."),
            _("Until the call closes you can change, withdraw and reopen it. Nobody at the fund "
              "reads it before."),
        ],
    )  # fmt: skip


def _ask(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    form = asked.Ask(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        act = lambda: services.ask(  # noqa: E731
            call=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Asked. The answer stands with the call.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Ask what something means"), button=_("Ask"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _emergency(request: HttpRequest, actor: Actor, found: Call) -> HttpResponse:
    """The one page of a request for emergency money, written and sent at once."""
    if not found.is_emergency:
        raise Http404
    today = {"client_key": uuid4(), "currency": found.currency}
    form = of_applications.Emergency(
        currency=found.currency, overhead=found.fund.allows_overhead, data=typed(request),
        initial=today,
    )  # fmt: skip
    if form.is_valid():
        made: list[Application] = []
        act = lambda: made.append(  # noqa: E731
            applications.ask_in_emergency(call=found, by=actor, at=actor.at, **form.request())
        )
        if done(request, act, _("Sent. The fund has been told at once.")):
            return redirect(made[0])
    lines = [_("The fund reads it at once. You see here by when it decides and pays.")]
    if not emergency_over(found, actor.at) or not actor.in_emergency:
        lines = [_("No emergency is on where your organisation works: this cannot be sent now.")]
    return form_page(
        request, form=form, title=_("Ask for emergency money"), button=_("Send the request"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
    )  # fmt: skip


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, uuid: UUID, question: UUID) -> HttpResponse:
    """Answer a question, for everybody who sees the call."""
    actor = actor_of(request)
    found = found_call(actor, uuid)
    row = get_or_404(CallQuestion.objects.filter(call=found), actor, uuid=question)
    if not may(actor, P.FUNDING_KEEP, row):
        raise PermissionDenied
    form = asked.Reply(typed(request))
    if form.is_valid():
        words = form.cleaned_data["words"]
        act = lambda: services.answer(  # noqa: E731
            question=row, words=words, by=actor, at=actor.at
        )
        if done(request, act, _("Answered, for everybody to read.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Answer a question"), button=_("Publish the answer"),
        back=found.get_absolute_url(), about=found.title, lines=[row.words],
    )  # fmt: skip


# --- ranking --------------------------------------------------------------------------------------


@needs(P.FUNDING_KEEP)
@require_safe
def ranking(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The applications of a closed call by their score, each with what was decided."""
    actor = actor_of(request)
    found = found_call(actor, uuid)
    if not may(actor, P.FUNDING_KEEP, found):
        raise PermissionDenied
    rows = (
        Application.objects.reached(actor)
        .filter(call=found)
        .exclude(state=ApplicationState.WITHDRAWN)
    )
    rows = rows.select_related("organisation").order_by("pk")
    unsealed = reviews.all_in(found)
    decided = {
        each.application_id: each
        for each in FundingDecision.objects.visible_to(actor).filter(application__in=rows)
    }
    ranked = ranks.ranking(found, rows, actor)
    if not unsealed:
        ranked.sort(key=lambda each: each.application.organisation.display_name)
    context = {
        "call": found,
        "unsealed": unsealed,
        "columns": columns(
            _("Rank"), _("Organisation"), _("Score of 100"), _("Asked for"), _("Decision")
        ),
        "rows": [_ranked(each, decided.get(each.application.pk), unsealed) for each in ranked],
        "conflicts": _conflicts(found, actor) if unsealed else [],
        "weights": [f"{each.name}: {each.weight} %" for each in found.criteria.all()],
        "awarded": _awarded(found, decided.values()),
        "announce": reverse("funding:call-act", args=[found.uuid, "announce"])
        if found.state == CallState.IN_REVIEW and len(decided) == len(ranked)
        else "",
    }
    return render(request, "funding/ranking.html", context)


def _ranked(
    each: ranks.Ranked, decision: FundingDecision | None, unsealed: bool
) -> list[dict[str, Any]]:
    row = each.application
    said: dict[str, Any] = {"text": _("To be decided") if unsealed else _("Sealed")}
    if decision is not None:
        is_award = decision.verdict == Verdict.AWARD
        said = {
            "text": str(decision.get_verdict_display()),
            "colour": "green" if is_award else "red",
            "note": written(decision.amount, row.currency) if is_award else "",
        }
    score = "–" if each.score is None else str(each.score)
    return [
        {"text": str(each.rank or "–")},
        {
            "text": row.organisation.display_name,
            "href": row.get_absolute_url(),
            "note": row.title,
        },
        {"text": score, "note": _("%(n)s reviews") % {"n": each.reviews} if unsealed else ""},
        {"text": written(row.amount, row.currency)},
        said,
    ]


def _conflicts(found: Call, actor: Actor) -> list[dict[str, Any]]:
    rows = Review.objects.visible_to(actor).filter(reviewer__call=found, state=ReviewState.CONFLICT)
    return [
        {
            "text": each.reviewer.user.display_name,
            "note": each.application.organisation.display_name,
            "tag": review_tag(each.state),
            "why": each.conflict,
        }
        for each in rows.select_related("reviewer__user", "application__organisation")
    ]


def _awarded(found: Call, decided: Any) -> str:
    total = sum((each.amount for each in decided), start=found.amount * 0)
    words = _("Decided so far: %(total)s of %(amount)s.")
    return words % {
        "total": written(total, found.currency),
        "amount": written(found.amount, found.currency),
    }
