"""An organisation's own application: task list, a page a topic, check your answers, and its acts.

The co-ordination's side is `partners/views/reviews.py`.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor, get_or_404
from partners.choices import OPEN_TO_THE_APPLICANT, EventKind, OrganisationState, Verdict
from partners.forms.application import PAGE_FORMS, AnswerPage, Send
from partners.models import Organisation
from partners.offices import office_to_call
from partners.reviews import PAGES, Answer, missing_answers, reviewed_answers
from partners.services import organisations
from partners.views import shown
from partners.workflow import ORGANISATION

P = Permission
#: Filled in by the invitation or by default: they do not tell that somebody has begun a page.
PREFILLED = frozenset({"name", "kind", "is_listed"})
TITLES = dict(PAGES)
OWN_ACTS = frozenset(
    t.name for t in ORGANISATION.transitions if t.permission == P.ORGANISATION_APPLY
)


def _own(actor: Actor) -> Organisation:
    """The organisation acted for. `pk=None` finds nothing, so nobody is served without one."""
    entries = Organisation.objects.select_related("area")
    return get_or_404(entries, actor, pk=actor.organisation_id)


def _is_open(organisation: Organisation) -> bool:
    return organisation.state in OPEN_TO_THE_APPLICANT


# --- the task list --------------------------------------------------------------------------------


@needs(P.ORGANISATION_APPLY)
@require_safe
def task_list(request: HttpRequest) -> HttpResponse:
    """What is answered and what is not, what the co-ordination asked, and what can be done now."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    organisation = _own(actor)
    answers = reviewed_answers(organisation)
    missing = missing_answers(organisation)
    context = {
        "organisation": organisation,
        "state": shown.state_tag(organisation.state),
        "is_open": _is_open(organisation),
        "items": [_task(organisation, page, title, answers, missing) for page, title in PAGES],
        "questions": _questions(organisation, answers),
        "asked": _what_was_asked(organisation, actor),
        "steps": _what_happens_next(organisation),
        "call": office_to_call(actor.at),
        "acts": _acts(organisation, actor),
        "events": shown.past(organisation, actor, latest=10),
    }
    return render(request, "partners/application.html", context)


def _task(
    organisation: Organisation, page: str, title: Any, answers: list[Answer], missing: list[str]
) -> dict[str, Any]:
    """A page as components/task_list.html takes it."""
    mine = [answer for answer in answers if answer.page == page]
    item = {"label": str(title), "href": reverse("partners:application-page", args=[page])}
    if not _is_open(organisation):
        return item | {"status": _("See your answers")}
    if organisation.state == OrganisationState.RETURNED and any(a.in_question for a in mine):
        return item | {"status": _("Question"), "colour": "orange"}
    if not any(answer.field in missing for answer in mine):
        return item | {"status": _("Complete")}
    if any(_is_given(answer) for answer in mine):
        return item | {"status": _("Answers missing"), "colour": "yellow"}
    return item | {"status": _("Not started"), "colour": "blue"}


def _is_given(answer: Answer) -> bool:
    if answer.field in PREFILLED:
        return False
    is_compound = answer.field in ("registration", "conduct")
    return any(answer.value) if is_compound else bool(answer.value)


def _questions(organisation: Organisation, answers: list[Answer]) -> list[dict[str, Any]]:
    """The co-ordination's questions, each with where it is answered and whether it was."""
    if organisation.state != OrganisationState.RETURNED:
        return []
    return [
        {
            "label": answer.label,
            "text": answer.comment,
            "href": reverse("partners:application-page", args=[answer.page]),
            "tag": {"text": _("Answered"), "colour": "green"}
            if answer.changed
            else {"text": _("To answer"), "colour": "orange"},
        }
        for answer in answers
        if answer.verdict == Verdict.QUESTION
    ]


def _what_was_asked(organisation: Organisation, actor: Actor) -> str:
    """The words with which the application was last sent back, while it is back."""
    if organisation.state != OrganisationState.RETURNED:
        return ""
    returned = organisation.events.filter(kind=EventKind.RETURNED).first()
    return returned.comment if returned else ""


def _what_happens_next(organisation: Organisation) -> list[str]:
    match organisation.state:
        case OrganisationState.APPLIED:
            return [
                _("The co-ordination was told that your application waits for review."),
                _("It looks at every answer and marks it as right or asks a question."),
                _("You get a notice when there are questions, or when you are admitted."),
            ]
        case OrganisationState.UNDER_REVIEW:
            return [
                _("The co-ordination is reading your answers."),
                _("You get a notice when there are questions, or when you are admitted."),
            ]
        case OrganisationState.RETURNED:
            return [
                _("Answer the questions below: change the answer, or say more when you send."),
                _("Check your answers and send the application again."),
                _("The co-ordination is told and goes on with the review."),
            ]
        case _:
            return []


def _acts(organisation: Organisation, actor: Actor) -> list[dict[str, Any]]:
    """The applicant's own acts in this state: a link or button each, or why it is not possible."""
    acts = []
    for transition, decision in ORGANISATION.available(organisation, actor):
        if transition.name not in OWN_ACTS:
            continue
        acts.append(
            {
                "name": transition.name,
                "label": transition.title,
                "is_possible": bool(decision),
                "reason": decision.reason,
                "href": reverse("partners:application-check")
                if transition.name == "send"
                else reverse("partners:application-act", args=[transition.name]),
            }
        )
    return acts


# --- one page -------------------------------------------------------------------------------------


@needs(P.ORGANISATION_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, page: str) -> HttpResponse:
    """One topic: shown, saved as far as it is answered, and read only once it is sent."""
    if page not in PAGE_FORMS:
        raise Http404
    actor: Actor = request.actor  # type: ignore[attr-defined]
    organisation = _own(actor)
    if request.method == "POST":
        return _save(request, page, organisation, actor)
    if not _is_open(organisation):
        return _read_only(request, page, organisation)
    form = PAGE_FORMS[page](organisation, questions=_asked_on(organisation, page))
    put_in(form, kept.restore(request))
    return _show(request, page, form)


def _show(request: HttpRequest, page: str, form: AnswerPage) -> HttpResponse:
    context = {"form": form, "title": TITLES[page], "groups": form.groups(), "back": _back(request)}
    return render(request, "partners/application_page.html", context)


def _read_only(request: HttpRequest, page: str, organisation: Organisation) -> HttpResponse:
    answers = [a for a in reviewed_answers(organisation) if a.page == page]
    context = {
        "title": TITLES[page],
        "rows": [{"label": a.label, "lines": shown.in_words(a.field, a.value)} for a in answers],
        "state": shown.state_tag(organisation.state),
        "is_member": organisation.state == OrganisationState.MEMBER,
        "back": reverse("partners:application"),
    }
    return render(request, "partners/application_answers.html", context)


def _asked_on(organisation: Organisation, page: str) -> dict[str, str]:
    """The open questions about one page, by part of the application."""
    if organisation.state != OrganisationState.RETURNED:
        return {}
    asked = (a for a in reviewed_answers(organisation) if a.page == page)
    return {a.field: a.comment for a in asked if a.verdict == Verdict.QUESTION}


def _back(request: HttpRequest) -> str:
    """To where a page was opened from: the check page or the task list."""
    came_from_check = request.GET.get("from") == "check"
    return reverse("partners:application-check" if came_from_check else "partners:application")


def _save(
    request: HttpRequest, page: str, organisation: Organisation, actor: Actor
) -> HttpResponse:
    form = PAGE_FORMS[page](organisation, request.POST, questions=_asked_on(organisation, page))
    if not form.is_valid():
        return _show(request, page, form)
    try:
        saved = _write(form, organisation, actor)
    except NotAllowed:
        raise PermissionDenied from None
    except (Stale, NotPossible):
        return _lost_the_race(request, page, form, actor)
    kept.discard(request)
    is_complete = not any(a in missing_answers(saved) for a in form.said())
    messages.success(
        request,
        _("Saved.") if is_complete else _("Saved. Some answers on this page are still missing."),
    )
    return redirect(_back(request))


def _write(form: Any, organisation: Organisation, actor: Actor) -> Organisation:
    """Save a page. A version passed by for another page's sake is none: see `AnswerPage.seen`."""
    try:
        return _write_at(form.cleaned_data["version"], form, organisation, actor)
    except Stale:
        now = _own(actor)
        if PAGE_FORMS[form.page](now).fingerprint() != form.cleaned_data["seen"]:
            raise
        return _write_at(now.version, form, organisation, actor)


def _write_at(version: int, form: Any, organisation: Organisation, actor: Actor) -> Organisation:
    common = {"organisation": organisation, "by": actor, "at": actor.at, "version": version}
    match form.page:
        case "capacities":
            wanted = form.cleaned_data["capacities"]
            return organisations.ask_for_capacities(capacities=wanted, **common)
        case "contact":
            return organisations.name_contacts(
                primary=form.named("primary"), deputy=form.named("deputy"), **common
            )
        case _:
            return organisations.save_answers(**form.answers(), **common)


def _lost_the_race(request: HttpRequest, page: str, form: AnswerPage, actor: Actor) -> HttpResponse:
    """Somebody was faster: nothing is overwritten and nothing typed is lost."""
    now = _own(actor)
    again = None
    if _is_open(now):
        fresh = PAGE_FORMS[page](now)
        typed = request.POST.copy()
        for name in (n for n in fresh.fields if n == "seen" or n.endswith("version")):
            typed[name] = str(fresh.initial[name])
        again = PAGE_FORMS[page](now, typed)
    rows = shown.differences(form.said(), now)
    if again and not rows:
        messages.info(request, _("A colleague has just saved the same answers."))
        return redirect(_back(request))
    return shown.conflict(
        request,
        organisation=now,
        rows=rows,
        again=again,
        back=request.path if again else reverse("partners:application"),
    )


# --- checking, sending and the other acts ---------------------------------------------------------


@needs(P.ORGANISATION_APPLY)
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Every answer at a glance, with a way to change it, before the application is sent."""
    organisation = _own(request.actor)  # type: ignore[attr-defined]
    if not _is_open(organisation):
        return redirect("partners:application")
    form = Send(initial={"version": organisation.version})
    put_in(form, kept.restore(request))
    return _check(request, organisation, form)


def _check(request: HttpRequest, organisation: Organisation, form: Send) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    missing = missing_answers(organisation)
    answers = reviewed_answers(organisation)
    send = next(act for act in _acts(organisation, actor) if act["name"] == "send")
    context = {
        "form": form,
        "send": send,
        "cards": [
            {
                "title": title,
                "rows": [_checked(a, missing) for a in answers if a.page == page],
            }
            for page, title in PAGES
        ],
    }
    return render(request, "partners/application_check.html", context)


def _checked(answer: Answer, missing: list[str]) -> dict[str, Any]:
    """A row of components/summary_list.html with a way to change the answer."""
    href = reverse("partners:application-page", args=[answer.page]) + "?from=check"
    row: dict[str, Any] = {"label": answer.label, "href": href}
    if answer.field in missing:
        return row | {"value": _("Answer missing"), "colour": "yellow", "action": _("Answer")}
    return row | {"lines": shown.in_words(answer.field, answer.value)}


@needs(P.ORGANISATION_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Send, withdraw or take up again. GET asks once more where that is wise: on withdrawing."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if name not in OWN_ACTS:
        raise Http404
    organisation = _own(actor)
    if request.method == "POST":
        return _do(request, name, organisation, actor)
    can = any(a["name"] == name and a["is_possible"] for a in _acts(organisation, actor))
    if name == "withdraw" and can:
        return render(request, "partners/application_withdraw.html", {"organisation": organisation})
    return redirect("partners:application")


def _do(request: HttpRequest, name: str, organisation: Organisation, actor: Actor) -> HttpResponse:
    given: dict[str, Any] = {}
    if name == "send":
        form = Send(request.POST)
        if not form.is_valid() and _is_open(organisation):
            return _check(request, organisation, form)
        given = form.cleaned_data
    try:
        ORGANISATION.apply(organisation, name, by=actor, at=actor.at, **given)
    except NotAllowed:
        raise PermissionDenied from None
    except Stale as error:
        return shown.conflict(
            request,
            organisation=error.current,  # type: ignore[arg-type]
            back=reverse("partners:application-check"),
        )
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("partners:application")
    kept.discard(request)
    if name == "withdraw":
        messages.success(request, _("Your application has been withdrawn."))
    elif name == "reopen":
        messages.success(request, _("You can go on filling in your application."))
    # Of an application that was sent the page itself says so, and what happens next.
    return redirect("partners:application")
