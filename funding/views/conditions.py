"""Conditions of grants in pages: the list, one clause and what was said against it, its acts."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import Stale
from funding import restrictions as counted
from funding.forms import terms as asked
from funding.models import Award, Condition
from funding.services import conditions as services
from funding.terms_choices import (
    ConditionKind,
    ConditionState,
    ContestAnswer,
    DataAsked,
)
from funding.terms_filters import ConditionFilter
from funding.terms_workflow import CONDITION
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
C = ConditionState
LATEST_FIRST = Order("-entered_at", "-id")
COLOURS = {
    C.STANDS: "grey",
    C.CONTESTED: "orange",
    C.UPHELD: "red",
    C.CHANGED: "blue",
    C.WITHDRAWN: "green",
}
WITH_AWARD = ("award__recipient", "award__funder")


def tag(condition: Condition) -> dict[str, str]:
    """A clause's state as components/tag.html takes it."""
    known = C(condition.state)
    return {"text": str(known.label), "colour": COLOURS[known]}


def award_between(actor: Actor, uuid: UUID) -> Award:
    """The award, to the people of its two parties; to everybody else it has no terms."""
    ours = Q(recipient_id=actor.organisation_id) | Q(funder_id=actor.organisation_id)
    rows = Award.objects.filter(ours).select_related("recipient", "funder", "fund")
    return get_or_404(rows, actor, uuid=uuid)


def terms_of(award: Award) -> str:
    return reverse("funding:award-terms", args=[award.uuid])


# --- lists ----------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def conditions(request: HttpRequest) -> HttpResponse:
    """The conditions of grants that one's organisation gives or receives, newest first."""
    actor = actor_of(request)
    seen = Condition.objects.visible_to(actor).select_related(*WITH_AWARD)
    narrowed = ConditionFilter(request.GET, queryset=seen)
    page = paginate(narrowed.qs, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": columns(_("What it does"), _("Award"), _("Between"), _("State"), _("Since")),
        "rows": [_row(each) for each in page.rows],
        "empty": _nothing(is_narrowing=narrowed.is_narrowing),
        "clear_href": reverse("funding:conditions"),
        "oversees": P.FUNDING_OVERSEE in actor.permissions,
        **page_links(request, page),
    }
    return render(request, "funding/conditions.html", context)


def _row(each: Condition) -> list[dict[str, Any]]:
    award = each.award
    return [
        {"text": each.get_kind_display(), "href": each.get_absolute_url(), "note": each.where},
        {"text": award.title, "note": award.reference},
        {"text": award.recipient.display_name, "note": award.funder.display_name},
        tag(each),
        {"text": shown.day(each.entered_at)},
    ]


def _nothing(*, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No condition matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("funding:conditions"),
            "label": _("Show all conditions"),
        }
    return {
        "title": _("No condition yet"),
        "text": _("What a grant of yours asks beyond its work stands here, once the funder enters "
                  "it or the recipient reports it on the award’s page."),
    }  # fmt: skip


@needs(P.FUNDING_OVERSEE)
@require_safe
def restrictions(request: HttpRequest) -> HttpResponse:
    """How many clauses restrict recipients, by class and by funder: figures, never words."""
    rows = counted.by_class_and_funder()
    context = {
        "columns": [
            {"label": _("Funder")}, {"label": _("What the clause does")},
            *({"label": label, "is_number": True} for label in (
                _("Hold"), _("Contested now"), _("Upheld"), _("Changed"), _("Withdrawn"))),
        ],
        "rows": [
            [{"text": row.funder}, {"text": str(row.kind.label)},
             *({"text": str(number)} for number in row.numbers)]
            for row in rows
        ],
        "empty": {
            "title": _("No clause that restricts is known"),
            "text": _("Clauses are counted here once a funder enters them or a recipient reports "
                      "them."),
        },
        "case_data": counted.demands_for_case_data(),
    }  # fmt: skip
    return render(request, "funding/restrictions.html", context)


# --- one clause -----------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def condition(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One clause: its text, what was said against it, what the funder answered, and the acts."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    award = found.award
    facts = [
        (_("Award"), f"{award.reference} {award.title}"),
        (_("Funder"), award.funder.display_name),
        (_("Recipient"), award.recipient.display_name),
        (_("Where it stands"), found.where),
        (_("Which data"), found.get_data_display()),
        (_("Known since"), f"{shown.day(found.entered_at)}, {found.get_origin_display().lower()}"),
    ]
    context = {
        "condition": found,
        "title": found.get_kind_display(),
        "tags": [tag(found)],
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "acts": _acts(found, actor),
        "contests": [_contest(each, award) for each in found.contests.all()],
        "events": past(found.events.select_related("by", "by_organisation"), actor),
        "back": terms_of(award),
    }
    return render(request, "funding/condition.html", context)


def _found(actor: Actor, uuid: UUID) -> Condition:
    return get_or_404(Condition.objects.select_related(*WITH_AWARD), actor, uuid=uuid)


def _acts(found: Condition, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each."""
    first = {"contest", "change"}
    return [
        {
            "label": transition.title,
            "href": reverse("funding:condition-act", args=[found.uuid, transition.name]),
            "kind": "" if transition.name in first else "secondary",
        }
        for transition, decision in CONDITION.available(found, actor)
        if decision and not (transition.name == "uphold" and found.asks_for_cases)
    ]


def _contest(each: Any, award: Award) -> dict[str, Any]:
    answer = ContestAnswer(each.answer) if each.answer else None
    return {
        "at": each.contested_at,
        "by": award.recipient.display_name,
        "words_then": each.words_then,
        "reason": each.reason,
        "answer": str(answer.label) if answer else "",
        "answered_by": award.funder.display_name if answer != ContestAnswer.TAKEN_BACK else "",
        "answered_at": each.answered_at,
        "answer_words": each.answer_words,
    }


def past(events: Any, actor: Actor) -> list[dict[str, Any]]:
    """What happened: of the other side the organisation, of one's own the person."""
    lines = []
    for event in events[:50]:
        by = event.by_organisation.display_name if event.by_organisation else ""
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines


# --- acts -----------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Enter a clause, as the funder; report one, as the recipient."""
    actor = actor_of(request)
    award = award_between(actor, uuid)
    by_funder = award.funder_id == actor.organisation_id
    if not may(actor, P.FUNDING_KEEP if by_funder else P.FUNDING_APPLY, award):
        raise PermissionDenied
    form = asked.Clause(typed(request), by_funder=by_funder, initial={"client_key": uuid4()})
    if form.is_valid():
        given = form.cleaned_data
        made: list[Condition] = []
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.enter_condition(
                client_key=given["client_key"] or uuid4(), award=award, by=actor, at=actor.at,
                kind=ConditionKind(given["kind"]), words=given["words"], where=given["where"],
                data=given["data"],
            )
        )  # fmt: skip
        if done(request, act, _("Entered. The other side has been told.")):
            return redirect(made[0])
    return form_page(
        request, form=form, back=terms_of(award), about=award.title,
        title=_("Enter a condition") if by_funder else _("Report a condition"),
        button=_("Enter it") if by_funder else _("Report it"), lines=_told(by_funder=by_funder),
    )  # fmt: skip


def _told(*, by_funder: bool) -> list[str]:
    lines = [
        _("Both sides of the grant read the clause. The mechanism counts clauses by class and "
          "funder, and reads none."),
    ]  # fmt: skip
    if by_funder:
        return [
            *lines,
            _("No clause can demand data about the people helped: files, names, or who came."),
            _("The recipient can contest it; you then answer within the time the rules give."),
        ]
    return [
        *lines,
        _("The funder sees that you reported it. You can contest it on its page afterwards."),
        _("A clause that demands data about the people you help binds nobody here: report it."),
    ]


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Contest a clause, take that back, keep, change or withdraw it."""
    actor = actor_of(request)
    draw = {
        "contest": _contest_it,
        "take_back": _take_back,
        "uphold": _uphold,
        "change": _change,
        "withdraw": _withdraw,
    }.get(name)
    if draw is None:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, CONDITION[name].permission, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _contest_it(request: HttpRequest, actor: Actor, found: Condition) -> HttpResponse:
    form = asked.Reason(typed(request), initial={"version": found.version})
    if form.is_valid():
        contest = lambda: services.contest(  # noqa: E731
            condition=found, reason=form.cleaned_data["words"], by=actor, at=actor.at,
            version=form.cleaned_data["version"],
        )  # fmt: skip
        if done(request, contest, _("Contested. The funder has been told and has to answer.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Contest the clause"), button=_("Contest it"),
        back=found.get_absolute_url(), about=found.award.title,
        lines=[
            _("The clause goes on holding until the funder answers; the rules say by when."),
            _("The mechanism sees that one more clause of this class is contested, and not your "
              "words."),
        ],
    )  # fmt: skip


def _take_back(request: HttpRequest, actor: Actor, found: Condition) -> HttpResponse:
    if request.method == "POST":
        act = lambda: services.take_back(condition=found, by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("No longer contested. You can contest it again."))
        return redirect(found)
    return form_page(
        request, form=asked.forms.Form(), title=_("No longer contest it"),
        button=_("No longer contest it"), back=found.get_absolute_url(), about=found.award.title,
        lines=[_("What you wrote stays readable for both sides. You can contest it again.")],
    )  # fmt: skip


def _uphold(request: HttpRequest, actor: Actor, found: Condition) -> HttpResponse:
    form = asked.Answer(typed(request), initial={"version": found.version})
    if form.is_valid():
        keep = lambda: services.uphold(  # noqa: E731
            condition=found, words=form.cleaned_data["words"], by=actor, at=actor.at,
            version=form.cleaned_data["version"],
        )  # fmt: skip
        done(request, keep, _("The clause stays. The recipient has been told why."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Keep the clause"), button=_("Keep it"),
        back=found.get_absolute_url(), about=found.award.title,
    )  # fmt: skip


def _change(request: HttpRequest, actor: Actor, found: Condition) -> HttpResponse:
    data = "" if found.data == DataAsked.CASES else found.data
    initial = {
        "kind": found.kind, "data": data, "words": found.words, "where": found.where,
        "version": found.version,
    }  # fmt: skip
    form = asked.NewClause(typed(request), by_funder=True, initial=initial)
    del form.fields["where"]
    if form.is_valid():
        given = form.cleaned_data
        try:
            change = services.change(
                condition=found, kind=ConditionKind(given["kind"]), new_words=given["words"],
                words=given["reasons"], data=given["data"], by=actor, at=actor.at,
                version=given["version"],
            )  # fmt: skip
        except Stale as error:
            return _slower(request, form, found, error.current)
        except services.NotPossible as error:
            done(request, _again(error), "")
            return redirect(found)
        done(request, lambda: change, _("Changed. The recipient has been told."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Change the clause"), button=_("Change it"),
        back=found.get_absolute_url(), about=found.award.title,
        lines=[_("What it said before stays readable with the contest.")],
    )  # fmt: skip


def _again(error: Exception) -> Any:
    def raises() -> None:
        raise error

    return raises


def _slower(request: HttpRequest, form: Any, found: Condition, now: Any) -> HttpResponse:
    """Somebody changed the clause since the page was opened: both texts."""
    names = {"kind": _("What the clause does"), "words": _("What it says")}
    mine = {name: form.cleaned_data[name] for name in names}
    theirs = {name: getattr(now, name) for name in names}
    rows = differences(names, mine, theirs)
    return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())


def _withdraw(request: HttpRequest, actor: Actor, found: Condition) -> HttpResponse:
    form = asked.Answer(typed(request), initial={"version": found.version})
    if form.is_valid():
        drop = lambda: services.withdraw(  # noqa: E731
            condition=found, words=form.cleaned_data["words"], by=actor, at=actor.at,
            version=form.cleaned_data["version"],
        )  # fmt: skip
        done(request, drop, _("Withdrawn. The recipient has been told."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Withdraw the clause"), button=_("Withdraw it"),
        back=found.get_absolute_url(), about=found.award.title,
        lines=[_("It binds nobody any more, and stays readable as withdrawn. This is final.")],
    )  # fmt: skip
