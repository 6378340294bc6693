"""Rounds of questions: opening one, and the frozen figures with what others once published."""

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.charts import WITHHELD, bar_chart
from common.country import current, local_day
from common.marks import Permission, needs
from funding import survival_figures as figured
from funding.forms import survival as asked
from funding.models.declarations import RoundFigure, SurveyRound
from funding.money_choices import SourceClass
from funding.services import rounds as services
from funding.survival_choices import Bound, RoundKind, RoundState
from funding.survival_questions import QUOTED, QUOTED_SOURCE, Answer, wording
from partners.access import get_or_404
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns

P = Permission
MORE = "."


@needs(P.FUNDING_OVERSEE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask every civil society organisation."""
    actor = actor_of(request)
    today = local_day(actor.at)
    initial = {"client_key": uuid4(), "year": today.year - 1, "kind": RoundKind.INCOME}
    form = asked.NewRound(typed(request), today=today, initial=initial)
    back = reverse("funding:sustainability")
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: services.open_round(  # noqa: E731 - done() asks for a function
            kind=RoundKind(given["kind"]), year=given["year"], closes_on=given["closes_on"],
            questions=given["questions"], client_key=given["client_key"] or uuid4(), by=actor,
            at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The round is open. Every civil society organisation is told.")):
            return redirect(back)
    return form_page(
        request, form=form, title=_("Ask civil society"), button=_("Open the round"), back=back,
        lines=[
            _("Answering is voluntary. You see no organisation’s answers and not who answered."),
            _("The same is asked once a year: asked twice, what changed would show who it was."),
        ],
    )  # fmt: skip


@needs(P.FUNDING_SEE)
@require_safe
def figures(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What came of a round, each figure with its own base; nothing of one that is still open."""
    actor = actor_of(request)
    row = get_or_404(SurveyRound.objects.all(), actor, uuid=uuid)
    kept = list(row.figures.all())
    is_income = row.kind == RoundKind.INCOME
    context = {
        "round": row,
        "kind": row.get_kind_display(),
        "is_closed": row.state == RoundState.CLOSED,
        "facts": _facts(row),
        "least": current().funding.least_answers,
        "columns": columns(_("Figure"), _("Share"), _("Base: organisations that answered this")),
        "rows": [_line(each) for each in kept if is_income or MORE not in each.code],
        "more_rows": [_line(each) for each in kept if not is_income and MORE in each.code],
        "more": _several(row),
        "chart": _chart(row, kept),
        "quoted": quoted(income=is_income),
        "quoted_columns": columns(_("Published"), _("Figure"), _("Base")),
        "quoted_source": QUOTED_SOURCE,
    }  # fmt: skip
    return render(request, "funding/round.html", context)


def _facts(row: SurveyRound) -> list[dict[str, Any]]:
    facts = [
        {"label": _("Year"), "value": row.year},
        {"label": _("Asked"), "value": row.invited},
    ]
    if row.state == RoundState.CLOSED:
        few = _("fewer than %(n)d") % {"n": current().funding.least_answers}
        facts.append({"label": _("Answered"), "value": row.answered or few})
    return facts


def quoted(*, income: bool) -> list[list[dict[str, str]]]:
    """What others published, beside ours and apart from it."""
    return [
        [{"text": str(each.words)}, {"text": each.figure}, {"text": _("Not stated")}]
        for each in QUOTED
        if (each.indicator == "F1") == income
    ]


def words_of(figure: RoundFigure) -> str:
    """What a figure is about."""
    match figure.code:
        case figured.MEAN:
            return _("Income from the State: mean of the organisations’ shares")
        case figured.POOLED:
            return _("Income from the State: share of all their money together")
        case figured.TOGETHER:
            return _("Other sources together, mean of shares")
        case code if code.startswith(figured.SOURCE):
            source = SourceClass(code.removeprefix(figured.SOURCE)).label
            return _("%(source)s, mean of shares") % {"source": source}
        case code if MORE in code:
            question, option = code.split(MORE)
            return str(dict(wording(question, figure.version).options)[option])
        case code:
            return str(wording(code, figure.version).words)


def _short(figure: RoundFigure) -> str:
    """What a figure is about, as a bar is named."""
    match figure.code:
        case figured.MEAN:
            return _("State")
        case figured.TOGETHER:
            return _("Other sources together")
        case code if code.startswith(figured.SOURCE):
            return str(SourceClass(code.removeprefix(figured.SOURCE)).label)
        case code:
            return str(wording(code, figure.version).short)


def share_in_words(figure: RoundFigure) -> str:
    """The share as it may be said."""
    match figure.bound:
        case Bound.EXACT:
            return f"{figure.share} %"
        case Bound.AT_MOST:
            return _("%(share)d %% or less") % {"share": figure.share}
        case Bound.AT_LEAST:
            return _("%(share)d %% or more") % {"share": figure.share}
        case _other:
            return WITHHELD


def _line(figure: RoundFigure) -> list[dict[str, Any]]:
    share: dict[str, Any] = {"text": share_in_words(figure)}
    if figure.bound not in (Bound.EXACT, Bound.AT_MOST, Bound.AT_LEAST):
        share["note"] = figure.get_bound_display()
    few = _("fewer than %(n)d") % {"n": current().funding.least_answers}
    return [{"text": words_of(figure)}, share, {"text": str(figure.base or few)}]


def _several(row: SurveyRound) -> str:
    """The words of the question with several answers, where it was asked."""
    asked_here = [wording(code, version) for code, version in row.questions]
    return next((str(q.words) for q in asked_here if q.answer is Answer.SEVERAL), "")


def _chart(row: SurveyRound, kept: list[RoundFigure]) -> Any:
    """The three indicators, or the sources: as they may be shown, bounds as they are."""
    if row.kind == RoundKind.INCOME:
        wanted = [each for each in kept if each.code != figured.POOLED]
        title = _("Where the money comes from: mean share of income, in per cent")
    else:
        wanted = [each for each in kept if MORE not in each.code]
        title = _("Yes, in per cent of those who answered the question")
    rows = [
        {"what": _short(each), "share": each.share if each.bound == Bound.EXACT else WITHHELD}
        for each in wanted
    ]
    if not any(isinstance(each["share"], int) for each in rows):
        return None
    return bar_chart(
        rows, x="what", y="share", title=title, horizontal=True,
        labels={"what": _("Figure"), "share": _("Per cent")},
    )  # fmt: skip
