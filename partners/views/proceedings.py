"""Proceedings about an organisation's place, in pages for its own people, panels and reviewers.

The tables are `partners/workflow.py`; why it is so, docs/adr/0016.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
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
from common.paging import Order, paginate
from common.workflow import MissingAnswers, NotAllowed, NotPossible, WorkflowError
from partners import leaving, panels
from partners.access import Actor, get_or_404, may
from partners.choices import (
    UNDECIDED,
    Instance,
    OrganisationState,
    ProceedingKind,
    ProceedingReason,
    ProceedingState,
    Vote,
)
from partners.forms.proceedings import Answer, Appeal, CastVote, Confirm, Notice, Panel
from partners.models import Organisation, PanelSeat, Proceeding
from partners.offices import office_to_call
from partners.services import proceedings as services
from partners.services.proceedings import KIND_BY_STATE, PanelRefused
from partners.views import shown
from partners.views.lists import columns, page_links
from partners.workflow import ORGANISATION, PROCEEDING

P = Permission
NEWEST_FIRST = Order("-noticed_at", "-id")
STATE_COLOURS = {
    ProceedingState.NOTICED: "yellow",
    ProceedingState.ANSWERED: "blue",
    ProceedingState.IMPOSED: "red",
    ProceedingState.DISMISSED: "green",
    ProceedingState.APPEALED: "orange",
    ProceedingState.UPHELD: "red",
    ProceedingState.OVERTURNED: "green",
    ProceedingState.DROPPED: "grey",
    ProceedingState.ENDED: "grey",
}
#: What the organisation itself says, and the form in which it does.
SPOKEN: dict[str, type[forms.Form]] = {"answer": Answer, "appeal": Appeal}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _tag(state: str) -> dict[str, str]:
    known = ProceedingState(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def _found(actor: Actor, uuid: UUID) -> Proceeding:
    return get_or_404(Proceeding.objects.select_related("organisation"), actor, uuid=uuid)


# --- the list -------------------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_safe
def proceedings(request: HttpRequest) -> HttpResponse:
    """Proceedings about one's own organisation, those one sits on, and for reviewers all others."""
    actor = _actor(request)
    rows = Proceeding.objects.visible_to(actor).select_related("organisation")
    page = paginate(rows, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "caption": _("Proceedings"),
        "columns": columns(_("Organisation"), _("What it is about"), _("State"), _("Notice given")),
        "rows": [
            [
                {
                    "text": each.organisation.display_name,
                    "href": reverse("partners:proceeding", args=[each.uuid]),
                },
                {"text": ProceedingKind(each.kind).label},
                _tag(each.state),
                {"text": shown.day(each.noticed_at)},
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No proceeding to show"),
            "text": _("When an organisation’s place is in question, it stands here."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/proceedings.html", context)


# --- one proceeding -------------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_safe
def proceeding(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is said against the organisation, what it answers, who decides and what they decided."""
    actor = _actor(request)
    found = _found(actor, uuid)
    is_ours = found.organisation_id == actor.organisation_id
    context = {
        "proceeding": found,
        "title": found.organisation.display_name,
        "kind": ProceedingKind(found.kind).label,
        "tags": [_tag(found.state)],
        "facts": _facts(found),
        "acts": _acts(found, actor),
        "said": _said(found),
        "panels": [_panel(found, instance, actor) for instance in Instance],
        "rights": _rights(found, actor) if is_ours else [],
        "call": office_to_call(actor.at) if is_ours else None,
        "events": shown.past(found.organisation, actor, latest=10),
    }
    return render(request, "partners/proceeding.html", context)


def _facts(found: Proceeding) -> list[dict[str, str]]:
    facts = [
        (_("Notice given"), found.noticed_at),
        (_("Answer by"), found.answer_until_at),
        (_("Answered"), found.answered_at),
        (_("Decided"), found.decided_at),
        (_("Appeal by"), found.appeal_until_at if found.state == ProceedingState.IMPOSED else None),
        (_("Appealed"), found.appealed_at),
        (_("Appeal decided"), found.reviewed_at),
    ]
    return [{"label": label, "value": shown.day(at)} for label, at in facts if at]


def _said(found: Proceeding) -> list[dict[str, Any]]:
    """What was said, in the order in which it was, each as lines."""
    parts = [
        (_("Reason"), str(ProceedingReason(found.reason).label)),
        (_("What happened"), found.words),
        (_("Why its own files should be closed to it too"), found.security_words),
        (_("Answer of the organisation"), found.answer),
        (_("Grounds of appeal"), found.appeal_words),
    ]
    return [{"label": label, "lines": text.splitlines()} for label, text in parts if text]


def _panel(found: Proceeding, instance: Instance, actor: Actor) -> dict[str, Any]:
    """One panel with its votes, which everybody sees once it has decided."""
    seats = list(
        found.seats.filter(instance=instance).select_related("user", "organisation").order_by("pk")
    )
    is_over = found.decided_at if instance == Instance.FIRST else found.reviewed_at
    return {
        "title": _("Who decides") if instance == Instance.FIRST else _("Who hears the appeal"),
        "columns": columns(_("Person"), _("For"), _("Vote"), _("Reasons")),
        "rows": [_seat(seat, actor, is_over=bool(is_over)) for seat in seats],
        "is_shown": bool(seats) or instance == found.instance,
    }


def _seat(seat: PanelSeat, actor: Actor, *, is_over: bool) -> list[dict[str, Any]]:
    is_open = seat.vote and (is_over or seat.user_id == actor.user_id)
    if not seat.has_vote:
        said = _("Advises without a vote")
    elif is_open:
        said = str(Vote(seat.vote).label)
    else:
        said = _("Has voted") if seat.vote else _("Has not voted")
    return [
        {"text": seat.user.display_name},
        {
            "text": seat.organisation.display_name,
            "note": _("Civil society") if seat.is_civil_society else "",
        },
        {"text": said},
        {"text": seat.reasons if is_open else "–"},
    ]


def _rights(found: Proceeding, actor: Actor) -> list[str]:
    """What the organisation can do now and what it keeps, as it reads it."""
    match found.state:
        case ProceedingState.NOTICED | ProceedingState.ANSWERED:
            return [
                _("Nothing changes for you before the panel has decided."),
                _("You may answer until the panel has voted. It waits for that, or for the day."),
                _("You are never suspended or refused for criticism, for where your money comes "
                  "from, or for whom you help."),
                _("A tie decides for you. You can appeal to other people than those who decide."),
            ]  # fmt: skip
        case ProceedingState.IMPOSED | ProceedingState.APPEALED | ProceedingState.UPHELD:
            lines = [_("Files of people you help go to nobody else without their consent, except "
                       "to prevent serious harm.")]  # fmt: skip
            until = found.organisation.files_until_at
            if until:
                words = _("You read and export your own files until %(day)s.")
                lines.append(words % {"day": shown.day(until)})
            return lines
        case _:
            return []


def _acts(found: Proceeding, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each."""
    acts = []
    for transition, decision in PROCEEDING.available(found, actor):
        if decision and transition.name in SPOKEN:
            href = reverse("partners:proceeding-speak", args=[found.uuid, transition.name])
            acts.append((transition.title, href))
    if found.state in UNDECIDED:
        if panels.not_yet(found, actor.at) is None and _may_vote(found, actor):
            acts.append((_("Vote"), reverse("partners:proceeding-vote", args=[found.uuid])))
        if may(actor, P.ORGANISATION_REVIEW, found) and not _panel_stands(found):
            acts.append(
                (_("Name the panel"), reverse("partners:proceeding-panel", args=[found.uuid]))
            )
    if may(actor, P.ORGANISATION_REVIEW, found):
        if found.state in (ProceedingState.NOTICED, ProceedingState.ANSWERED):
            acts.append(
                (_("Take the notice back"), reverse("partners:proceeding-drop", args=[found.uuid]))
            )
        if found.organisation.state == OrganisationState.SUSPENDED:
            acts.append(
                (_("Lift the suspension"), reverse("partners:proceeding-lift", args=[found.uuid]))
            )
    return [{"label": str(label), "href": href, "kind": "secondary"} for label, href in acts]


def _may_vote(found: Proceeding, actor: Actor) -> bool:
    mine = PanelSeat.objects.sat_on_by(actor).filter(proceeding=found, instance=found.instance)
    return mine.filter(has_vote=True, vote="").exists()


def _panel_stands(found: Proceeding) -> bool:
    """Somebody has voted, so nobody is named any more."""
    return found.seats.filter(instance=found.instance).exclude(vote="").exists()


# --- acts -----------------------------------------------------------------------------------------


def _page(
    request: HttpRequest,
    *,
    form: forms.Form,
    title: str,
    about: Organisation,
    button: str,
    back: str,
    lines: list[str] | None = None,
    warning: str = "",
    quotes: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    """One page for every act: what it is about, what follows, what it asks, and a way back."""
    if request.method != "POST":
        put_in(form, kept.restore(request))
    context = {
        "form": form,
        "title": title,
        "about": about.display_name,
        "button": button,
        "back": back,
        "lines": lines or [],
        "warning": warning,
        "quotes": quotes or [],
    }
    return render(request, "partners/proceeding_form.html", context)


def _done(request: HttpRequest, act: Callable[[], Any], words: str) -> bool:
    """Do it and say so; False with the reason where it is not possible. 403 where not allowed."""
    try:
        act()
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except (NotPossible, MissingAnswers) as error:
        messages.error(request, str(error))
        return False
    kept.discard(request)
    messages.success(request, words)
    return True


@needs(P.ORGANISATION_REVIEW, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give an organisation notice that it may be suspended, or its application refused."""
    actor = _actor(request)
    organisation = get_or_404(Organisation.objects.all(), actor, uuid=uuid)
    if not may(actor, P.ORGANISATION_REVIEW, organisation):
        raise PermissionDenied
    kind = KIND_BY_STATE.get(OrganisationState(organisation.state))
    if kind is None:
        messages.error(
            request, _("There is neither an application to refuse nor a member to suspend.")
        )
        return redirect("partners:organisation", uuid)
    form = Notice(kind, request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        made: list[Proceeding] = []
        if _done(
            request,
            lambda: made.append(
                services.give_notice(
                    organisation=organisation,
                    reason=given["reason"],
                    words=given["words"],
                    answer_within=timedelta(days=given["days"]),
                    security_words=given.get("security_words", ""),
                    by=actor,
                    at=actor.at,
                )
            ),
            _("Notice given. The organisation’s managers have been told. Now name the panel."),
        ):
            return redirect("partners:proceeding", made[0].uuid)
        return redirect("partners:organisation", uuid)
    refusing = kind == ProceedingKind.REFUSAL
    return _page(
        request,
        form=form,
        title=_("Propose to refuse the application") if refusing else _("Propose to suspend"),
        about=organisation,
        button=_("Give notice"),
        back=reverse("partners:review" if refusing else "partners:organisation", args=[uuid]),
        lines=[
            _("You propose; a panel decides. Civil society has at least one vote on it."),
            _("The organisation reads what you write here and has time to answer."),
            _("Until the panel has decided nothing changes for it or for people it helps."),
        ],
    )


@needs(P.ORGANISATION_REVIEW, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def panel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Name who decides, or who hears the appeal."""
    actor = _actor(request)
    found = _found(actor, uuid)
    if not may(actor, P.ORGANISATION_REVIEW, found):
        raise PermissionDenied
    here = reverse("partners:proceeding", args=[uuid])
    form = Panel(actor.at, request.POST if request.method == "POST" else None)
    if form.is_valid():
        people = form.people()
        if not form.errors:
            try:
                if _done(
                    request,
                    lambda: services.name_panel(
                        proceeding=found, people=people, by=actor, at=actor.at
                    ),
                    _("The panel is named. Everybody on it has been told."),
                ):
                    return redirect(here)
            except PanelRefused as error:
                form.add_error(None, str(error))
    return _page(
        request,
        form=form,
        title=_("Name the panel"),
        about=found.organisation,
        button=_("Name these people"),
        back=here,
        lines=[
            _(
                "At least three people vote, each for another organisation, at least one of them "
                "for civil society."
            ),
            _(
                "Nobody who works for the organisation it is about, gave the notice or has decided "
                "already can sit."
            ),
        ],  # fmt: skip
    )


@needs(P.PANEL_SIT, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Vote, with reasons. The last vote decides, and that happens at once."""
    actor = _actor(request)
    found = _found(actor, uuid)
    here = reverse("partners:proceeding", args=[uuid])
    if not _may_vote(found, actor):
        raise PermissionDenied
    if (refusal := panels.not_yet(found, actor.at)) is not None:
        messages.error(request, str(refusal.reason))
        return redirect(here)
    withholds = found.withholds_files and found.instance == Instance.FIRST
    data = request.POST if request.method == "POST" else None
    form = CastVote(withholds_files=withholds, data=data)
    if form.is_valid():
        _done(
            request,
            lambda: services.cast_vote(
                proceeding=found, by=actor, at=actor.at, **form.cleaned_data
            ),
            _("Your vote is recorded."),
        )
        return redirect(here)
    return _page(
        request,
        form=form,
        title=_("Your vote"),
        about=found.organisation,
        button=_("Vote"),
        back=here,
        quotes=_said(found),
        warning=_("A vote is given once and cannot be changed."),
    )


@needs(P.ORGANISATION_SPEAK)
@require_http_methods(["GET", "HEAD", "POST"])
def speak(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Answer a notice, or appeal: the organisation's own words."""
    actor = _actor(request)
    if name not in SPOKEN:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.ORGANISATION_SPEAK, found):
        raise PermissionDenied
    here = reverse("partners:proceeding", args=[uuid])
    offered = dict(PROCEEDING.available(found, actor)).get(PROCEEDING[name])
    if not offered:
        messages.error(request, offered.reason if offered is not None else _("This is over."))
        return redirect(here)
    form = SPOKEN[name](request.POST if request.method == "POST" else None)
    if form.is_valid():
        _done(
            request,
            lambda: PROCEEDING.apply(found, name, by=actor, at=actor.at, **form.cleaned_data),
            _("Your answer was sent.") if name == "answer" else _("Your appeal was sent."),
        )
        return redirect(here)
    return _page(
        request,
        form=form,
        title=PROCEEDING[name].title,
        about=found.organisation,
        button=_("Send"),
        back=here,
        quotes=_said(found),
    )


@needs(P.ORGANISATION_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a notice back."""
    return _confirmed(request, uuid, "drop", _("The notice was taken back."))


@needs(P.ORGANISATION_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Lift a suspension: one person may, and at once."""
    return _confirmed(request, uuid, "reinstate", _("The suspension is lifted."))


def _confirmed(request: HttpRequest, uuid: UUID, name: str, words: str) -> HttpResponse:
    """An act of the reviewer's in favour of the organisation, asked once more."""
    actor = _actor(request)
    found = _found(actor, uuid)
    if not may(actor, P.ORGANISATION_REVIEW, found):
        raise PermissionDenied
    here = reverse("partners:proceeding", args=[uuid])
    form = Confirm(request.POST if request.method == "POST" else None)
    table = PROCEEDING if name == "drop" else ORGANISATION
    subject: Any = found if name == "drop" else found.organisation
    if form.is_valid():
        _done(
            request,
            lambda: table.apply(subject, name, by=actor, at=actor.at, **form.cleaned_data),
            words,
        )
        return redirect(here)
    return _page(
        request,
        form=form,
        title=table[name].title,
        about=found.organisation,
        button=table[name].title,
        back=here,
    )


# --- leaving --------------------------------------------------------------------------------------


@needs(P.ORGANISATION_SPEAK, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Take one's own organisation out of the mechanism. GET names first what would be left open."""
    actor = _actor(request)
    own = get_or_404(Organisation.objects.all(), actor, pk=actor.organisation_id)
    if own.state not in ORGANISATION["leave"].sources:
        messages.info(request, _("Your organisation is not a member, so it cannot leave."))
        return redirect("ncm:home")
    open_work = leaving.open_work(own)
    form = Confirm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            ORGANISATION.apply(own, "leave", by=actor, at=actor.at, **form.cleaned_data)
        except NotAllowed as error:
            raise PermissionDenied from error
        except WorkflowError as error:
            messages.error(request, str(error))
            return redirect("partners:leave")
        kept.discard(request)
        messages.success(request, _("Your organisation has left the mechanism."))
        return redirect("ncm:home")
    context = {
        "form": form,
        "organisation": own,
        "open_work": open_work,
        "is_blocked": any(work.blocks for work in open_work),
    }
    return render(request, "partners/leave.html", context)
