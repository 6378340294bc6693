"""Consultations in pages: who was heard on what, each in its own words, and the answers."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.exports import Row
from common.marks import Permission, needs
from common.paging import Order, paginate
from ncm.forms import consultations as asked
from ncm.models import ActionPlan, Consultation, Position
from ncm.plan_choices import SOCIAL_PARTNERS, Answer, ConsultationState, PositionState
from ncm.services import consultations as services
from ncm.views.as_csv import csv_button, csv_of
from ncm.views.plan_shown import STATES, Names, past, tag
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = PositionState
READ = ["GET", "HEAD", "POST"]
NEWEST_FIRST = Order("-opened_at", "-id")
ANSWERS = {Answer.TAKEN_UP: "green", Answer.PARTLY: "yellow", Answer.NOT: "red"}


def found_consultation(actor: Actor, uuid: UUID) -> Consultation:
    return get_or_404(Consultation.objects.select_related("plan"), actor, uuid=uuid)


def act_href(row: Consultation, name: str) -> str:
    return reverse("ncm:consultation-act", args=[row.uuid, name])


@needs(P.COORDINATION_SEE)
@require_safe
def consultations(request: HttpRequest) -> HttpResponse:
    """Every consultation, the latest first, with how many were heard."""
    actor = actor_of(request)
    page = paginate(_counted(actor), NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    acts = [csv_button(request, "ncm:consultations-file")]
    if P.COORDINATION_KEEP in actor.permissions:
        acts.insert(0, {"label": _("Open a consultation"), "href": reverse("ncm:consultation-new")})
    context = {
        "page": page,
        "columns": columns(_("Consultation"), _("Stage"), _("Until"), _("Heard"), _("State")),
        "rows": [
            [
                {"text": each.title, "href": each.get_absolute_url(),
                 "note": str(each.get_subject_display())},
                {"text": str(each.get_stage_display())},
                {"text": shown.date(each.until_on)},
                {"text": _("%(stated)s of %(asked)s") % {"stated": each.stated,
                                                         "asked": each.asked},
                 "note": _("social partners: %(n)s") % {"n": each.social}},
                tag(each),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No consultation yet"),
            "text": _("When others are heard on the plan or on a draft law, it stands here: who "
                      "was asked, what each said, and what became of it."),
        },
        "acts": acts,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/consultations.html", context)


def _counted(actor: Actor) -> Any:
    """With how many organisations were asked or spoke unasked, how many of them have spoken, and
    how many are social partners."""
    social = Q(positions__organisation__kind__in=SOCIAL_PARTNERS)
    return Consultation.objects.visible_to(actor).annotate(
        asked=Count("positions"),
        stated=Count("positions", filter=Q(positions__stated_at__isnull=False)),
        social=Count("positions", filter=social),
    )


@needs(P.COORDINATION_SEE)
@require_safe
def as_file(request: HttpRequest) -> HttpResponse:
    """Every consultation as CSV: how many were heard, never what one of them said."""
    actor = actor_of(request)
    columns_ = [
        _("Consultation"), _("On what"), _("Stage"), _("Opened on"), _("Positions until"),
        _("State"), _("Organisations asked, or heard unasked"), _("Of them social partners"),
        _("Positions stated"), _("Outcome"),
    ]  # fmt: skip

    def rows_of(found: list[Any]) -> list[Row]:
        return [
            [
                each.title, each.get_subject_display(), each.get_stage_display(),
                local_day(each.opened_at), each.until_on, each.get_state_display(), each.asked,
                each.social, each.stated, each.outcome,
            ]
            for each in found
        ]  # fmt: skip

    rows = _counted(actor).order_by("-opened_at", "-pk")
    return csv_of(rows, rows_of, columns=columns_, name="consultations", actor=actor)


@needs(P.COORDINATION_SEE)
@require_safe
def consultation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One consultation: what is proposed, every position, every answer, the outcome."""
    actor = actor_of(request)
    found = found_consultation(actor, uuid)
    rows = list(
        Position.objects.filter(consultation=found).visible_to(actor)
        .select_related("organisation").order_by("organisation__name", "pk")
    )  # fmt: skip
    names = Names(actor, (each.organisation for each in rows))
    own = next((each for each in rows if each.organisation_id == actor.organisation_id), None)
    context = {
        "found": found,
        "plan_href": _plan_href(found, actor),
        "tags": [tag(found)],
        "facts": [
            {"label": _("On what"), "value": str(found.get_subject_display())},
            {"label": _("Stage"), "value": str(found.get_stage_display())},
            {"label": _("Positions until"), "value": shown.date(found.until_on)},
            {"label": _("Social partners asked"),
             "value": str(sum(each.organisation.kind in SOCIAL_PARTNERS for each in rows))},
        ],
        "acts": _acts(found, actor, own),
        "positions": [_position(each, names, actor) for each in rows],
        "events": past(found.events.all(), actor),
    }  # fmt: skip
    return render(request, "ncm/consultation.html", context)


def _plan_href(found: Consultation, actor: Actor) -> str:
    if found.plan is None:
        return ""
    seen = ActionPlan.objects.visible_to(actor).filter(pk=found.plan_id).exists()
    return found.plan.get_absolute_url() if seen else ""


def _acts(found: Consultation, actor: Actor, own: Position | None) -> list[dict[str, str]]:
    if found.state != ConsultationState.OPEN:
        return []
    acts = []
    if may(actor, P.COORDINATION_SPEAK, found) and (own is None or own.state == S.INVITED):
        kind = "secondary" if may(actor, P.COORDINATION_KEEP, found) else ""
        acts.append((_("State our position"), "say", kind))
    if may(actor, P.COORDINATION_KEEP, found):
        acts.insert(0, (_("Ask organisations"), "ask", ""))
        acts.append((_("Close it with its outcome"), "close", "secondary"))
    return [
        {"label": label, "href": act_href(found, name), "kind": kind} for label, name, kind in acts
    ]


def _position(each: Position, names: Names, actor: Actor) -> dict[str, Any]:
    answers = each.state == S.STATED and may(actor, P.COORDINATION_KEEP)
    state = {"text": str(each.get_state_display()), "colour": STATES[S(each.state)]}
    if each.answer:
        known = Answer(each.answer)
        state = {"text": str(known.label), "colour": ANSWERS[known]}
    return {
        "uuid": each.uuid,
        "by": names.of(each.organisation),
        "kind": str(each.organisation.get_kind_display()),
        "is_social": each.organisation.kind in SOCIAL_PARTNERS,
        "tag": state,
        "words": each.words,
        "at": each.stated_at,
        "reason": each.reason,
        "answered_at": each.answered_at,
        "href": reverse("ncm:position-answer", args=[each.uuid]) if answers else "",
    }


@needs(P.COORDINATION_SEE)
@require_safe
def position(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A position where it stands: in its consultation."""
    rows = Position.objects.select_related("consultation")
    found = get_or_404(rows, actor_of(request), uuid=uuid)
    return redirect(f"{found.consultation.get_absolute_url()}#p-{found.uuid}")


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Open a consultation on the plan or on a draft law."""
    actor = actor_of(request)
    start = {"client_key": uuid4(), "subject": "plan"}
    form = asked.New(actor, typed(request), initial=start)
    if form.is_valid():
        made: list[Consultation] = []
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.open_consultation(by=actor, at=actor.at, **form.cleaned_data)
        )
        if done(request, act, _("It is open. Say which organisations are asked.")):
            return redirect(act_href(made[0], "ask"))
    return form_page(
        request, form=form, title=_("Open a consultation"), button=_("Open it"),
        back=reverse("ncm:consultations"),
        lines=[_("Every member reads it and may state a position, asked or not.")],
    )  # fmt: skip


@needs(P.COORDINATION_SPEAK)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """State a position; ask organisations; close it with its outcome."""
    actor = actor_of(request)
    draw = {"say": _say, "ask": _ask, "close": _close}.get(name)
    if draw is None:
        raise Http404
    found = found_consultation(actor, uuid)
    if name != "say" and not may(actor, P.COORDINATION_KEEP, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _say(request: HttpRequest, actor: Actor, found: Consultation) -> HttpResponse:
    form = asked.Say(typed(request))
    if form.is_valid():
        words = form.cleaned_data["words"]
        act = lambda: services.state_position(  # noqa: E731
            consultation=found, words=words, by=actor, at=actor.at
        )
        if done(request, act, _("Stated. The co-ordination answers it, with a reason.")):
            return redirect(found)
    lines = [_("It stays in your words: nobody can change it, you neither.")]
    if found.until_on < local_day(actor.at):
        lines.append(_("The day for positions is over; yours is taken all the same."))
    return form_page(
        request, form=form, title=_("State our position"), button=_("State it"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
    )  # fmt: skip


def _ask(request: HttpRequest, actor: Actor, found: Consultation) -> HttpResponse:
    known = Position.objects.filter(consultation=found).visible_to(actor)
    form = asked.Ask(actor, known.values("organisation"), typed(request))
    if form.is_valid():
        chosen = list(form.cleaned_data["organisations"])
        act = lambda: services.ask(  # noqa: E731
            consultation=found, organisations=chosen, by=actor, at=actor.at
        )
        if done(request, act, _("They have been asked.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Ask organisations"), button=_("Ask them"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _close(request: HttpRequest, actor: Actor, found: Consultation) -> HttpResponse:
    form = asked.Close(typed(request))
    if form.is_valid():
        outcome = form.cleaned_data["outcome"]
        act = lambda: services.close(  # noqa: E731
            consultation=found, outcome=outcome, by=actor, at=actor.at
        )
        if done(request, act, _("Closed.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Close it with its outcome"), button=_("Close it"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("Every position is answered before.")],
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def answer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say what becomes of a position, and why."""
    actor = actor_of(request)
    rows = Position.objects.select_related("consultation", "organisation")
    found = get_or_404(rows, actor, uuid=uuid)
    form = asked.Reply(typed(request))
    if form.is_valid():
        act = lambda: services.answer(  # noqa: E731
            position=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Answered. Who stated it has been told.")):
            return redirect(found.consultation)
    return form_page(
        request, form=form, title=_("Answer a position"), button=_("Answer"),
        back=found.consultation.get_absolute_url(), about=found.consultation.title,
        lines=found.words.splitlines(),
    )  # fmt: skip
