"""Acts about an application, each on a page that says what follows: withdraw, decide, complain."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from funding.call_choices import ApplicationState, Route
from funding.call_workflow import APPLICATION
from funding.forms import applications as asked
from funding.forms.calls import Confirm
from funding.models import Application, Complaint, FundingDecision
from funding.services import applications, decisions
from funding.views.applications import found_application
from funding.views.call_shown import application_facts, line_rows, texts
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns

P = Permission
OWN = {"withdraw", "reopen", "complain"}


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about an application."""
    actor = actor_of(request)
    draw = {
        "withdraw": _withdraw,
        "reopen": _reopen,
        "complain": _complain,
        "decide": _decide,
        "answer": _answer,
    }.get(name)
    if draw is None:
        raise Http404
    found = found_application(actor, uuid)
    if name in OWN and not may(actor, P.FUNDING_APPLY, found):
        raise PermissionDenied
    if name == "decide" and not may(actor, P.FUNDING_KEEP, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _step(
    request: HttpRequest, actor: Actor, found: Application, name: str, words: str
) -> HttpResponse:
    act = lambda: APPLICATION.apply(found, name, by=actor, at=actor.at)  # noqa: E731
    done(request, act, words)
    return redirect(found)


def _withdraw(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    if request.method == "POST":
        return _step(request, actor, found, "withdraw", _("Withdrawn."))
    lines = [_("The fund decides nothing about it. What you wrote is kept.")]
    if found.call is not None and found.call.takes_applications(actor.at):
        lines.append(_("Until the call closes you can reopen it."))
    return form_page(
        request, form=Confirm(), title=_("Withdraw"), button=_("Withdraw it"),
        back=found.get_absolute_url(), about=found.reference, lines=lines,
    )  # fmt: skip


def _reopen(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    if request.method == "POST":
        words = _("It is a draft again. Submit it before the call closes.")
        return _step(request, actor, found, "reopen", words)
    return form_page(
        request, form=Confirm(), title=_("Reopen to change it"), button=_("Reopen it"),
        back=found.get_absolute_url(), about=found.reference,
        warning=_("It counts only if you submit it again in time."),
    )  # fmt: skip


def _complain(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    form = asked.Complain(typed(request))
    if form.is_valid():
        act = lambda: applications.complain(  # noqa: E731
            application=found, words=form.cleaned_data["words"], by=actor, at=actor.at
        )
        if done(request, act, _("Sent. A clock runs until it is answered.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Complain about the decision"), button=_("Send the complaint"),
        back=found.get_absolute_url(), about=found.reference,
        lines=[
            _("Somebody who neither decided nor reviewed answers it: a colleague at the fund, or "
              "the co-ordination, who then reads your application."),
            _("A complaint never counts against your organisation."),
        ],
    )  # fmt: skip


def _decide(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    """The whole request and the decision on one page."""
    lines = list(found.lines.all())
    form = asked.Decide(lines, found.currency, typed(request), initial=_before(found, actor))
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: decisions.decide(  # noqa: E731
            application=found, verdict=given["verdict"], lines=form.lines(),
            reason=given["reason"], by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _said(found)):
            return redirect(_next(found, actor))
    return form_page(
        request, form=form, title=_("Decide"), button=_("Save the decision"),
        back=found.get_absolute_url(), about=f"{found.title} · {found.reference}",
        lines=[_follows(found)], template="funding/application_decide.html",
        facts=application_facts(found), texts=texts(found), asked=line_rows(lines, found.currency),
        asked_columns=columns(_("For"), _("Amount")),
    )  # fmt: skip


def _before(found: Application, actor: Actor) -> dict[str, Any]:
    """What was decided so far, where it can still be changed."""
    decision = FundingDecision.objects.visible_to(actor).filter(application=found).first()
    if decision is None or found.state != ApplicationState.SUBMITTED:
        return {}
    granted = {f"line_{line.kind}": line.amount for line in decision.lines.all()}
    return {"verdict": decision.verdict, "reason": decision.reason, **granted}


def _follows(found: Application) -> str:
    if found.route == Route.EMERGENCY:
        return _("The applicant is told at once. An award is in force at once, and its payment "
                 "is the next step.")  # fmt: skip
    if found.route == Route.PROPOSAL:
        return _("If you award money, a second person approves it before anybody is told.")
    return _("You can change it until the result of the call is published. The "
             "applicant does not read it before.")  # fmt: skip


def _said(found: Application) -> str:
    if found.route == Route.EMERGENCY:
        return _("Decided. The applicant has been told.")
    return _("Saved.")


def _next(found: Application, actor: Actor) -> str:
    """Where the work goes on: of a call to its ranking, else to the application."""
    if found.route == Route.CALL and found.call is not None:
        return reverse("funding:call-ranking", args=[found.call.uuid])
    now = Application.objects.visible_to(actor).get(pk=found.pk)
    return now.get_absolute_url()


def _answer(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    complaint = get_or_404(Complaint.objects.filter(application=found), actor)
    if not may(actor, P.FUNDING_SEE, complaint) or found.organisation_id == actor.organisation_id:
        raise PermissionDenied
    form = asked.AnswerComplaint(typed(request))
    if form.is_valid():
        act = lambda: decisions.answer_complaint(  # noqa: E731
            complaint=complaint, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Answered. The organisation has been told.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Answer the complaint"), button=_("Send the answer"),
        back=found.get_absolute_url(), about=found.reference, lines=[complaint.words],
        warning=_("Whoever decided, published or reviewed cannot answer."),
    )  # fmt: skip
