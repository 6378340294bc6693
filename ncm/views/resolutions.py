"""Resolutions in pages: what the bodies decided, and one of them with what ended it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.forms import NarrowForm
from common.marks import Permission, needs
from common.paging import Order, paginate
from ncm.bodies_choices import Effect, ResolutionState
from ncm.meetings_record import record
from ncm.meetings_shown import resolution_tag
from ncm.models import ActionPoint, Body, Meeting, Resolution
from ncm.services.action_points import sits_on
from ncm.views.actions import tag as action_tag
from ncm.views.meetings import motion_shown
from partners.access import Actor, get_or_404
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
MOST_SHOWN = 50
LATEST_FIRST = Order("-adopted_on", "-id")
MOST_BODIES = 100


class Narrow(NarrowForm):
    """Of which body, and in force or not."""

    body = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False)

    def __init__(self, bodies: list[tuple[str, str]], data: Any) -> None:
        super().__init__(data)
        for name, label, choices in (
            ("body", _("Body"), [("", _("All bodies")), *bodies]),
            ("state", _("State"), [("", _("All states")), *ResolutionState.choices]),
        ):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@needs(P.COORDINATION_SEE)
@require_safe
def resolutions(request: HttpRequest) -> HttpResponse:
    """What the bodies resolved, latest first."""
    actor = actor_of(request)
    known = Body.objects.visible_to(actor).order_by("name")[:MOST_BODIES]
    form = Narrow([(str(each.uuid), each.name) for each in known], request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = Resolution.objects.visible_to(actor).select_related("body")
    if given.get("body"):
        rows = rows.filter(body__uuid=given["body"])
    if given.get("state"):
        rows = rows.filter(state=given["state"])
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Resolution"), _("Body"), _("Adopted"), _("State")),
        "rows": [
            [
                {"text": each.title, "href": each.get_absolute_url(), "note": each.reference},
                {"text": each.body.name, "href": each.body.get_absolute_url()},
                {"text": shown.date(each.adopted_on)},
                resolution_tag(each),
            ]
            for each in page.rows
        ],
        "empty": _nothing(is_narrowing=form.is_narrowing),
        "clear_href": reverse("ncm:resolutions"),
        **page_links(request, page),
    }
    return render(request, "ncm/resolutions.html", context)


def _nothing(*, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No resolution matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("ncm:resolutions"),
            "label": _("Show all resolutions"),
        }
    return {
        "title": _("No resolution yet"),
        "text": _("What a body decides at a meeting stands here under its number."),
    }


@needs(P.COORDINATION_SEE)
@require_safe
def resolution(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One resolution: its words, whether it is in force; how it was voted, for its table."""
    actor = actor_of(request)
    rows = Resolution.objects.select_related("body", "earlier")
    found = get_or_404(rows, actor, uuid=uuid)
    later = Resolution.objects.visible_to(actor).filter(earlier=found).first()
    meetings = Meeting.objects.visible_to(actor).select_related("body")
    meeting = meetings.filter(pk=found.meeting_id).first()
    context = {
        "resolution": found,
        "tags": [resolution_tag(found)],
        "facts": _facts(found),
        "later": later,
        "later_words": _ends(later),
        "earlier": found.earlier,
        "earlier_words": str(found.get_effect_display()),
        "meeting": meeting,
        "motion": _motion(found, meeting, actor) if meeting else None,
        "actions": [
            {
                "text": each.title,
                "reference": each.reference,
                "href": each.get_absolute_url(),
                "tag": action_tag(each, local_day(actor.at)),
            }
            for each in ActionPoint.objects.visible_to(actor).filter(resolution=found)[:MOST_SHOWN]
        ],
        "action_href": _action_href(found, actor),
    }
    return render(request, "ncm/resolution.html", context)


def _action_href(found: Resolution, actor: Actor) -> str:
    """Where whoever speaks for a seat, or keeps the co-ordination, makes an action point of it."""
    if P.COORDINATION_SPEAK not in actor.permissions or not sits_on(actor, found.body):
        return ""
    return f"{reverse('ncm:action-new')}?resolution={found.uuid}"


def _facts(found: Resolution) -> list[dict[str, str]]:
    return [
        {"label": _("Number"), "value": found.reference},
        {"label": _("Body"), "value": found.body.name},
        {"label": _("Adopted"), "value": shown.date(found.adopted_on)},
    ]


def _ends(later: Resolution | None) -> str:
    if later is None:
        return ""
    if later.effect == Effect.REPLACES:
        return _("It was replaced by")
    return _("It was repealed by")


def _motion(found: Resolution, meeting: Meeting, actor: Actor) -> dict[str, Any] | None:
    what = record(meeting, actor)
    for each in what.items:
        for one in each.motions:
            if one.motion.pk == found.motion_id:
                return motion_shown(one, what, actor, is_keeper=False)
    return None
