"""An organisation answers a round: page by page, check, send, take back. Nobody else is here."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.marks import Permission, needs
from common.workflow import Stale
from funding.forms import survival as asked
from funding.models.declarations import SurveyRound
from funding.money_choices import SourceClass
from funding.services import declarations
from funding.survival_choices import RoundKind, RoundState
from funding.survival_questions import PAGES, Answer, Question, wording
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, conflict, done, form_page, typed

P = Permission
INCOME = "income"


def _found(actor: Actor, uuid: UUID) -> SurveyRound:
    row = get_or_404(SurveyRound.objects.all(), actor, uuid=uuid)
    if not may(actor, P.FUNDING_APPLY, row):
        raise PermissionDenied
    return row


def pages_of(row: SurveyRound) -> dict[str, Any]:
    """{page: its title} of a round, in order."""
    if row.kind == RoundKind.INCOME:
        return {INCOME: _("Income by source")}
    asked_on = {each.page for each in _questions(row)}
    return {page: title for page, title in PAGES.items() if page in asked_on}


def is_open(row: SurveyRound, actor: Actor) -> bool:
    """Whether answers are taken today."""
    return row.state == RoundState.OPEN and local_day(actor.at) <= row.closes_on


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is asked, what was answered so far, and sending it or taking it back."""
    actor = actor_of(request)
    row = _found(actor, uuid)
    act = request.POST.get("act", "")
    if act == "send":
        send = lambda: declarations.send_answers(round=row, by=actor, at=actor.at)  # noqa: E731
        if done(request, send, _("Your answers are sent. You can change them until the last day.")):
            return redirect("funding:survey", row.uuid)
    elif act == "take_back":
        back = lambda: declarations.take_back(round=row, by=actor, at=actor.at)  # noqa: E731
        if done(request, back, _("Your answers are erased.")):
            return redirect("funding:survey", row.uuid)
    kept = declarations.kept_for(row, actor)
    answers = kept.answers if kept else {}
    context = {
        "round": row,
        "kind": row.get_kind_display(),
        "is_open": is_open(row, actor),
        "tasks": _tasks(row, actor, answers),
        "rows": _shown(row, answers),
        "sent_at": kept.sent_at if kept else None,
        "has_answers": bool(answers),
    }
    return render(request, "funding/survey.html", context)


@needs(P.FUNDING_APPLY)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One page of it; saved, the next one follows, and after the last what was answered."""
    actor = actor_of(request)
    row = _found(actor, uuid)
    pages = pages_of(row)
    if page not in pages:
        raise Http404
    back = reverse("funding:survey", args=[row.uuid])
    if not is_open(row, actor):
        return redirect(back)
    kept = declarations.kept_for(row, actor)
    form = _form(row, page, typed(request), kept)
    if form.is_valid():
        save = lambda: declarations.save_answers(  # noqa: E731 - done() asks for a function
            round=row, answers=form.answers(), by=actor, at=actor.at,
            version=form.cleaned_data["version"],
        )  # fmt: skip
        if kept is not None and kept.version != form.cleaned_data["version"]:
            return _conflict(request, row, form, kept, back)
        try:
            if done(request, save, ""):
                return redirect(_after(row, page, list(pages)))
        except Stale as error:
            return _conflict(request, row, form, error.current, back)
    return form_page(
        request, form=form, title=pages[page], button=_("Save and go on"), back=back,
        about=f"{row.get_kind_display()}, {row.year}", template="funding/survey_page.html",
        lines=[
            _("Answering is voluntary, here and in every question."),
            _("Only the managers of your organisation can read it. Others see figures over at "
              "least five organisations, and nothing depends on whether you answer."),
        ],
        round=row,
    )  # fmt: skip


def _questions(row: SurveyRound) -> tuple[Question, ...]:
    return tuple(wording(code, version) for code, version in row.questions)


def _form(row: SurveyRound, page: str, data: Any, kept: Any) -> Any:
    answers, version = (kept.answers, kept.version) if kept else ({}, 0)
    if row.kind == RoundKind.INCOME:
        return asked.Income(data, kept=answers, version=version)
    questions = tuple(each for each in _questions(row) if each.page == page)
    return asked.Answers(questions, data, kept=answers, version=version)


def _after(row: SurveyRound, page: str, pages: list[str]) -> str:
    following = pages[pages.index(page) + 1 :]
    if following:
        return reverse("funding:survey-page", args=[row.uuid, following[0]])
    return reverse("funding:survey", args=[row.uuid])


def _conflict(
    request: HttpRequest, row: SurveyRound, form: Any, standing: Any, back: str
) -> HttpResponse:
    """A colleague saved meanwhile: both texts, and saving over it."""
    mine = {line["label"]: line["value"] for line in _shown(row, form.answers())}
    theirs = {line["label"]: line["value"] for line in _shown(row, standing.answers)}
    rows = [
        {"label": label, "mine": [value], "theirs": [theirs.get(label, "")]}
        for label, value in mine.items()
        if value != theirs.get(label, "")
    ]
    return conflict(request, rows=rows, version=standing.version, back=back)


def _tasks(row: SurveyRound, actor: Actor, answers: dict[str, Any]) -> list[dict[str, str]]:
    if not is_open(row, actor):
        return []
    tasks = []
    for page, title in pages_of(row).items():
        codes = [each.code for each in _questions(row) if each.page == page] or ["amounts"]
        number = sum(code in answers for code in codes)
        task = {
            "label": str(title),
            "href": reverse("funding:survey-page", args=[row.uuid, page]),
            "status": _("Answered") if number == len(codes) else _("Answered in part"),
        }
        if not number:
            task |= {"status": _("Not answered"), "colour": "blue"}
        tasks.append(task)
    return tasks


def _shown(row: SurveyRound, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """The own answers in words."""
    if row.kind == RoundKind.INCOME:
        currency = answers.get("currency", "")
        labels = dict(SourceClass.choices)
        return [
            {"label": str(labels[code]), "value": f"{currency} {amount}"}
            for code, amount in answers.get("amounts", {}).items()
        ]
    return [
        {"label": str(each.words), "value": _in_words(each, answers.get(each.code))}
        for each in _questions(row)
    ]


def _in_words(question: Question, answer: Any) -> str:
    if not answer:
        return _("No answer")
    if question.answer is Answer.YES_NO:
        return _("Yes") if answer == "yes" else _("No")
    return ", ".join(str(words) for code, words in question.options if code in answer)
