"""The acts upon a referral, each on a page of its own that says what follows before it is done.

Which acts there are says `referrals/acts.py`; whether one is possible, the service that does it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor
from referrals import deciding, packets, words
from referrals.acts import Offer, offered
from referrals.choices import Outcome, Section
from referrals.forms import decide as forms
from referrals.models import Referral
from referrals.sections import sections
from referrals.services import consents, decisions
from referrals.services import referrals as services
from referrals.views.shown import acting, conflict, happened_last, visible
from referrals.workflow import referral_workflow

P = Permission
#: What follows from an act, said before it is done.
FOLLOWS: Mapping[str, tuple[Any, ...]] = {
    "return": (
        gettext_lazy(
            "Whoever referred gets the questions, can change the answers, and sends again."
        ),
        gettext_lazy("Support goes on meanwhile."),
    ),
    "answer": (
        gettext_lazy("Whoever decides gets your answers, and what you changed in the referral."),
    ),
    "positive": (
        gettext_lazy("Whoever referred gets a notice. A positive decision waits for nobody."),
    ),
    "negative": (
        gettext_lazy("Whoever referred gets a notice and can read the reasons."),
        gettext_lazy("Support goes on: it does not depend on this decision."),
    ),
    "propose": (
        gettext_lazy("Nothing is decided yet: a second person decides, or does not follow you."),
    ),
    "take-back": (gettext_lazy("The proposal ends. Nothing is decided by this."),),
    "vote": (gettext_lazy("You can vote anew until the decision is made."),),
    "opinion": (gettext_lazy("Whoever decides gets a notice and has to answer it."),),
    "withdraw": (
        gettext_lazy("The authority stops, loses access and is told that access ended."),
        gettext_lazy("Support goes on as before: it does not depend on the referral."),
        gettext_lazy("The person can be referred again at any time."),
    ),
    "take_up": (gettext_lazy("The draft is kept for another 30 days."),),
    "notify": (
        gettext_lazy("A new record of codes goes out. No name, no account, no way back to here."),
        gettext_lazy("It cannot be taken back. This draft stays in your organisation."),
    ),
}
DONE: Mapping[str, Any] = {
    "return": gettext_lazy("The questions are on their way."),
    "answer": gettext_lazy("Your answers are on their way."),
    "positive": gettext_lazy("The decision is recorded."),
    "negative": gettext_lazy("The decision is recorded."),
    "propose": gettext_lazy("The proposal waits for a second person."),
    "take-back": gettext_lazy("The proposal has ended."),
    "vote": gettext_lazy("Your vote is recorded."),
    "opinion": gettext_lazy("Your opinion is recorded."),
    "withdraw": gettext_lazy("The referral is withdrawn. Support goes on."),
    "take_up": gettext_lazy("You can go on with the draft."),
    "notify": gettext_lazy("The notice without identity was sent."),
}
#: The boxes people write into, by the beginning of their names: forms differ from state to state.
TYPED: Mapping[str, Any] = {
    "question_": gettext_lazy("Question"),
    "answer-": gettext_lazy("Answer"),
    "reasons": gettext_lazy("Reasons"),
    "opinion_answer": gettext_lazy("Answer to the opinion"),
    "text": gettext_lazy("Opinion"),
    "note": gettext_lazy("Note"),
}


@needs(P.REFERRAL_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act: what follows from it, what it asks, and doing it."""
    if name not in FOLLOWS:
        raise Http404
    actor, referral = acting(request), visible(request, uuid)
    offer = offered(referral, actor, name)
    if request.method == "POST":
        return _do(request, referral, name, offer)
    if offer is None:
        return redirect("referrals:detail", uuid=referral.uuid)
    if not offer.is_possible:
        messages.error(request, offer.reason)
        return redirect("referrals:detail", uuid=referral.uuid)
    form = form_of(name, referral)
    put_in(form, kept.restore(request))
    return _show(request, referral, offer, form)


def _show(request: HttpRequest, referral: Referral, offer: Offer, form: forms.Act) -> HttpResponse:
    stage = deciding.stage_to_decide(referral)
    proposal = deciding.open_proposal(referral, stage) if stage else None
    context = {
        "referral": referral,
        "offer": offer,
        "form": form,
        "follows": FOLLOWS[offer.name],
        "stage": words.stage_name(stage.code) if stage else "",
        "proposal": proposal if offer.name in ("negative", "take-back") else None,
        "notice": _notice(referral) if offer.name == "notify" else (),
        "is_grave": offer.name in ("withdraw", "negative", "notify"),
    }
    return render(request, "referrals/act.html", context)


def _notice(referral: Referral) -> tuple[packets.Shown, ...]:
    """What the notice will say: codes, and nothing that tells who the person is."""
    lines = packets.notice_shown(referral)
    return tuple(line for line in lines if line.name not in ("reference", "basis"))


def form_of(name: str, referral: Referral, data: Any = None) -> forms.Act:
    """The form of an act, bound where something was posted."""
    given: dict[str, Any] = {"data": data, "initial": {"version": referral.version}}
    stage = deciding.stage_to_decide(referral)
    match name:
        case "return":
            return forms.AskBack(**given)
        case "answer":
            return forms.AnswerQuestions(questions=words.open_questions(referral), **given)
        case "positive" | "negative" | "propose" | "vote" if stage is not None:
            return _deciding_form(name, referral, stage, given)
        case "opinion":
            return forms.GiveOpinion(**given)
        case "withdraw":
            return forms.Confirm(**given)
        case "notify":
            return forms.Notify(able=services.organisations_to_send_to(), **given)
        case _:
            return forms.Act(**given)


def _deciding_form(
    name: str, referral: Referral, stage: deciding.DecidingStage, given: dict[str, Any]
) -> forms.Act:
    if name == "vote":
        return forms.Vote(stage=stage, **given)
    proposal = deciding.open_proposal(referral, stage)
    has_opinion = deciding.unanswered_opinions(referral, stage, proposal)
    if name == "propose":
        return forms.Propose(has_opinion=has_opinion, **given)
    return forms.Decide(
        stage=stage,
        outcome=Outcome(name),
        has_proposal=proposal is not None,
        has_opinion=has_opinion,
        **given,
    )


# --- doing it -------------------------------------------------------------------------------------


def _do(request: HttpRequest, referral: Referral, name: str, offer: Offer | None) -> HttpResponse:
    actor = acting(request)
    form = form_of(name, referral, request.POST)
    if offer is not None and offer.is_possible and not form.is_valid():
        return _show(request, referral, offer, form)
    form.is_valid()
    if _is_stale(form, referral):
        return _lost_the_race(request, referral)
    if offer is None:
        raise PermissionDenied
    if not offer.is_possible:
        messages.error(request, offer.reason)
        return redirect("referrals:detail", uuid=referral.uuid)
    try:
        with transaction.atomic():
            _carry_out(name, form, referral, actor)
    except NotAllowed:
        raise PermissionDenied from None
    except Stale as error:
        return _lost_the_race(request, error.current)  # type: ignore[arg-type]
    except (NotPossible, MissingAnswers) as error:
        form.add_error(None, str(error))
        return _show(request, referral, offer, form)
    except ValidationError as error:
        for problem in error.messages:
            form.add_error(None, problem)
        return _show(request, referral, offer, form)
    kept.discard(request)
    messages.success(request, DONE[name])
    where = "referrals:log" if name in ("take_up", "notify") else "referrals:detail"
    return redirect(where, uuid=referral.uuid)


def _is_stale(form: forms.Act, referral: Referral) -> bool:
    """Whether the page was drawn before the referral became what it is now."""
    version = form.cleaned_data.get("version")
    return version is not None and version != referral.version


def _carry_out(name: str, form: forms.Act, referral: Referral, actor: Actor) -> None:
    given = form.answers()
    common: dict[str, Any] = {"referral": referral, "by": actor, "at": actor.at}
    if name != "opinion":
        common["version"] = form.cleaned_data["version"]
    match name:
        case "return":
            services.ask_back(**given, **common)
        case "answer":
            services.answer_questions(**given, **common)
        case "positive" | "negative":
            decisions.decide(outcome=name, **given, **common)
        case "propose":
            decisions.propose_negative(**given, **common)
        case "take-back":
            decisions.take_back_proposal(**common)
        case "vote":
            decisions.cast_vote(**given, **common)
        case "opinion":
            decisions.give_opinion(**given, **common)
        case "withdraw":
            consents.withdraw_consent(**given, **common)
        case "notify":
            consents.notify_without_identity(**given, **common)
        case _:
            referral_workflow().apply(referral, name, by=actor, at=actor.at)


def _lost_the_race(request: HttpRequest, current: Referral) -> HttpResponse:
    """409: what was typed here, and what was decided or asked there, side by side."""
    actor = acting(request)
    now = visible(request, current.uuid)
    return conflict(
        request,
        referral=now,
        rows=_both_texts(request, now, actor),
        happened=happened_last(now, actor),
        back=reverse("referrals:detail", args=[now.uuid]),
    )


def _both_texts(request: HttpRequest, now: Referral, actor: Actor) -> list[dict[str, Any]]:
    """Each text typed; beside the first one what the other person wrote, as far as it is open."""
    opened = sections(actor, now)
    theirs = words.what_was_said(now) if Section.DECISION in opened else []
    typed = [
        (label, text)
        for name, text in request.POST.items()
        for beginning, label in TYPED.items()
        if name.startswith(beginning) and str(text).strip()
    ]
    rows = [{"label": label, "mine": str(text).splitlines(), "theirs": []} for label, text in typed]
    if theirs and not rows:
        rows = [{"label": _("Text"), "mine": [], "theirs": []}]
    if rows:
        rows[0]["theirs"] = theirs
    return rows
