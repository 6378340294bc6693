"""What the pages of a referral share: getting one by its address, and the page of a lost race."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from common.marks import Permission
from common.profile import Sight
from partners.access import Actor, get_or_404, may
from referrals import words
from referrals.choices import Section, TrackKind
from referrals.models import Referral, ReferralEvent
from referrals.sections import comment_open, sections, sight_of_header, status, timeline
from referrals.services import referrals as services

#: What a header, a task list or an act needs of a referral, in one query.
WITH = ("person", "consent", "first_responder", "authority", "region", "situation__region")


def acting(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def visible(request: HttpRequest, uuid: UUID) -> Referral:
    """The referral of the address, if it is visible to whoever asks; 404 otherwise."""
    return get_or_404(Referral.objects.select_related(*WITH), acting(request), uuid=uuid)


def permitted(request: HttpRequest, uuid: UUID, permission: Permission) -> Referral:
    """The same, refused with 403 where it is visible but this is not theirs to do."""
    referral = visible(request, uuid)
    if not may(acting(request), permission, referral):
        raise PermissionDenied
    return referral


def conflict(
    request: HttpRequest,
    *,
    referral: Referral,
    back: str,
    rows: Iterable[Mapping[str, Any]] = (),
    again: Iterable[tuple[str, str]] = (),
    happened: Iterable[Mapping[str, Any]] = (),
) -> HttpResponse:
    """409: what was typed and what is there now, side by side.

    `again` are the fields to post once more, with the present version; without any nothing can be
    saved any more. `happened` is what others did meanwhile.
    """
    context = {
        "rows": list(rows),
        "again": list(again),
        "back": back,
        "happened": list(happened),
        "state": words.state_tag(status(acting(request), referral)),
    }
    return render(request, "referrals/conflict.html", context, status=409)


def posted(request: HttpRequest, **fresh: Any) -> list[tuple[str, str]]:
    """What was posted, as pairs for hidden fields, with `fresh` in the place of what is stale."""
    left_out = {"csrfmiddlewaretoken", *fresh}
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in left_out
        for value in values
    ]
    return [*pairs, *((name, str(value)) for name, value in fresh.items())]


# --- tracks ---------------------------------------------------------------------------------------


def track_rows(referral: Referral, actor: Actor, opened: Any) -> list[dict[str, Any]]:
    """Where the person's other matters stand; they move without the identification."""
    if Section.SUPPORT not in opened:
        return []
    sets = services.may_set_tracks(referral, actor)
    return [
        {
            "href": reverse("referrals:track", args=[referral.uuid, track.kind])
            if sets and track.kind in services.OWN_TRACKS
            else "",
            "label": TrackKind(track.kind).label,
            "value": words.state_name(track.status)
            if track.kind == TrackKind.IDENTIFICATION
            else track.get_status_display(),
        }
        for track in referral.tracks.all()
    ]


# --- the past -------------------------------------------------------------------------------------


def past(referral: Referral, actor: Actor, *, latest: int = 100) -> list[dict[str, Any]]:
    """The events open to the actor, newest first, as components/timeline.html takes them."""
    opened = sections(actor, referral)
    events = timeline(actor, referral).select_related("referral__person")
    return [_line(event, actor, opened) for event in events[:latest]]


def happened_last(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    return past(referral, actor, latest=1)


def _line(event: ReferralEvent, actor: Actor, opened: frozenset[Section]) -> dict[str, Any]:
    # Of the other side one is told the organisation; of one's own, the person.
    shows_who = Sight.ORGANISATIONS in sight_of_header(actor, opened)
    by = event.by_organisation.display_name if event.by_organisation and shows_who else ""
    if event.by is not None and event.by_organisation_id == actor.organisation_id:
        by = event.by.display_name
    text = event.comment or "" if comment_open(opened, event) else ""
    return {"title": words.event_title(event), "at": event.at, "by": by, "text": text}
