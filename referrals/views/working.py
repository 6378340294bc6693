"""What is said in the working file beside the answers: tracks, and circumstances that are shared.

Each track moves by itself (design §3): nothing here changes another track, or the referral's state.
"""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.marks import Permission, needs
from common.workflow import NotAllowed, Stale
from partners.access import Actor
from referrals import words
from referrals.choices import AT_HOME, EventKind, Section, TrackKind, TrackStatus
from referrals.forms import working as forms
from referrals.forms.log import Begin
from referrals.models import Referral, Situation, Track
from referrals.sections import sections
from referrals.services import referrals as services
from referrals.views.shown import acting, conflict, happened_last, permitted, posted, visible

P = Permission
#: Circumstances are offered as far back as this many, newest first.
OFFERED = 20


# --- tracks ---------------------------------------------------------------------------------------


@needs(P.REFERRAL_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest, uuid: UUID, kind: str) -> HttpResponse:
    """Say where support, residence or justice stands, in whatever state the referral is."""
    actor, referral = acting(request), visible(request, uuid)
    if kind not in services.OWN_TRACKS:
        raise Http404
    if not services.may_set_tracks(referral, actor):
        raise PermissionDenied
    row = Track.objects.get(referral=referral, kind=kind)
    form = forms.SetTrack(request.POST if request.method == "POST" else None, track=row)
    if form.is_valid():
        return _set(request, referral, row, form)
    context = {
        "referral": referral,
        "form": form,
        "title": TrackKind(kind).label,
        "since": words.day(row.since_at),
        "past": _moves(referral, kind),
    }
    return render(request, "referrals/track.html", context)


def _set(
    request: HttpRequest, referral: Referral, row: Track, form: forms.SetTrack
) -> HttpResponse:
    actor, given = acting(request), form.cleaned_data
    if given["was"] != row.status != given["status"]:
        mine, theirs = TrackStatus(given["status"]).label, TrackStatus(row.status).label
        return conflict(
            request,
            referral=referral,
            rows=[{"label": TrackKind(row.kind).label, "mine": [mine], "theirs": [theirs]}],
            again=posted(request, was=row.status),
            happened=happened_last(referral, actor),
            back=reverse("referrals:track", args=[referral.uuid, row.kind]),
        )
    try:
        services.set_track(
            referral=referral, kind=row.kind, status=given["status"], by=actor, at=actor.at
        )
    except NotAllowed:
        raise PermissionDenied from None
    label = TrackKind(row.kind).label
    messages.success(request, _("%(track)s is recorded. Nothing else changed.") % {"track": label})
    return _back(referral)


def _moves(referral: Referral, kind: str) -> list[dict[str, Any]]:
    """How the track moved so far, newest first, as components/timeline.html takes it."""
    events = referral.events.filter(kind=EventKind.TRACK_MOVED, detail__startswith=f"{kind}:")
    return [
        {
            "title": words.event_title(event),
            "at": event.at,
            "by": event.by.display_name if event.by else "",
        }
        for event in events.select_related("by").order_by("-at", "-pk")[:OFFERED]
    ]


def _back(referral: Referral) -> HttpResponse:
    """To where the referral is worked on now: a draft's task list, or its page."""
    where = "referrals:log" if referral.state in AT_HOME else "referrals:detail"
    return redirect(where, uuid=referral.uuid)


# --- circumstances --------------------------------------------------------------------------------


@needs(P.REFERRAL_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def situation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the referral with circumstances that others made here share, or take it out."""
    actor, referral = _keeps(request, uuid)
    known = _known(actor, referral.situation)
    given: dict[str, Any] = {"known": known, "standing": referral.situation}
    if request.method == "POST":
        form = forms.ChooseSituation(request.POST, **given)
        if form.is_valid():
            return _put(request, referral, form)
    else:
        form = forms.ChooseSituation(initial={"version": referral.version}, **given)
    context = {
        "referral": referral,
        "form": form,
        "standing": words.situation_name(referral.situation) if referral.situation else "",
        "begin": Begin(initial={"client_key": uuid4()}) if _may_begin(referral, actor) else None,
    }
    return render(request, "referrals/situation.html", context)


def _keeps(request: HttpRequest, uuid: UUID) -> tuple[Actor, Referral]:
    """The referral for whoever works on its file now; 403 for everybody else who sees it."""
    referral = permitted(request, uuid, P.REFERRAL_KEEP)
    actor = acting(request)
    if Section.FILE not in sections(actor, referral):
        raise PermissionDenied
    return actor, referral


def _known(actor: Actor, standing: Situation | None) -> list[tuple[Situation, str]]:
    """The circumstances on offer with their words, the standing one among them."""
    rows = Situation.objects.visible_to(actor).select_related("region")
    found = list(rows.order_by("-created_at", "-pk")[:OFFERED])
    if standing is not None and standing not in found:
        found.append(standing)
    return [(each, words.situation_name(each)) for each in found]


def _put(request: HttpRequest, referral: Referral, form: forms.ChooseSituation) -> HttpResponse:
    actor, given = acting(request), form.cleaned_data
    try:
        with transaction.atomic():
            chosen = form.known.get(given["situation"])
            if given["situation"] == forms.NEW:
                chosen = services.open_situation(by=actor, at=actor.at, **form.codes())
            services.put_in_situation(
                referral=referral,
                situation=chosen,
                by=actor,
                at=actor.at,
                version=given["version"],
            )
    except NotAllowed:
        raise PermissionDenied from None
    except Stale as error:
        current: Any = error.current
        return conflict(
            request,
            referral=current,
            again=posted(request, version=current.version),
            happened=happened_last(current, actor),
            back=reverse("referrals:situation", args=[referral.uuid]),
        )
    messages.success(request, _("The circumstances are recorded in your own file."))
    return _back(referral)


def _may_begin(referral: Referral, actor: Actor) -> bool:
    return referral.situation is not None and P.REFERRAL_MAKE in actor.permissions


@needs(P.REFERRAL_MAKE)
@require_POST
def another(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Begin the referral of another person found in the same circumstances, codes filled in."""
    actor, referral = _keeps(request, uuid)
    form, shared = Begin(request.POST), referral.situation
    if shared is None or not form.is_valid():
        return redirect("referrals:situation", uuid=referral.uuid)
    draft = services.open_alike(
        situation=shared, by=actor, at=actor.at, key=str(form.cleaned_data["client_key"])
    )
    messages.success(request, _("A new draft with the same circumstances. Look them through."))
    return redirect("referrals:log", uuid=draft.uuid)
