"""The first page of survival: what one's organisation can say and see, and the figures of all."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from funding.models.declarations import SurveyRound
from funding.service_days import service_days
from funding.survival_access import is_asked
from funding.survival_choices import RoundState
from funding.survival_figures import per_cent
from funding.survival_questions import QUOTED, QUOTED_SOURCE
from funding.views.rounds import share_in_words, words_of
from partners.access import Actor
from partners.models import ServiceOffer
from partners.views.deeds import actor_of
from partners.views.lists import columns

P = Permission
#: How many past rounds the page shows; older ones keep their addresses.
LATEST = 12


@needs(P.FUNDING_SEE)
@require_safe
def sustainability(request: HttpRequest) -> HttpResponse:
    """Open rounds, the latest figures, and the way to staff, endings and programmes."""
    actor = actor_of(request)
    rounds = list(SurveyRound.objects.visible_to(actor).prefetch_related("figures")[:LATEST])
    answers = P.FUNDING_APPLY in actor.permissions and is_asked(actor)
    closed = [row for row in rounds if row.state == RoundState.CLOSED]
    context = {
        "open": [_open(row, actor, answers) for row in rounds if row.state == RoundState.OPEN],
        "columns": columns(_("Figure"), _("Year"), _("Share"), _("Base")),
        "rows": _headlines(closed),
        "rounds": [_past(row) for row in closed],
        "has_synthetic": any(row.is_synthetic for row in rounds),
        "quoted": QUOTED,
        "quoted_source": QUOTED_SOURCE,
        "tasks": _own(actor) if answers else [],
        "service_days": _service_days(actor, own=answers),
        "acts": _acts(actor),
    }
    return render(request, "funding/sustainability.html", context)


def _open(row: SurveyRound, actor: Actor, answers: bool) -> dict[str, Any]:
    open_today = local_day(actor.at) <= row.closes_on
    href = reverse("funding:survey", args=[row.uuid]) if answers else row.get_absolute_url()
    return {
        "label": f"{row.get_kind_display()}, {row.year}",
        "href": href,
        "hint": _("Answers are taken until %(day)s.") % {"day": date_format(row.closes_on)},
        "status": _("Open") if open_today else _("Being counted"),
        "colour": "green" if open_today else "grey",
    }


def _headlines(closed: list[SurveyRound]) -> list[list[dict[str, Any]]]:
    """The seed's figures F1 to F4, of each the latest year, each with its own base."""
    wanted = ("government_mean", "government_pooled", "additional", "within_12",
              "fully_operational")  # fmt: skip
    latest: dict[str, tuple[SurveyRound, Any]] = {}
    for row in closed:
        for figure in row.figures.all():
            if figure.code in wanted:
                latest.setdefault(figure.code, (row, figure))
    return [
        [
            {"text": words_of(figure), "href": row.get_absolute_url()},
            {"text": str(row.year), "note": _("Synthetic") if row.is_synthetic else ""},
            {"text": share_in_words(figure)},
            {"text": str(figure.base) if figure.base else "–"},
        ]
        for code in wanted
        if code in latest
        for row, figure in [latest[code]]
    ]


def _past(row: SurveyRound) -> dict[str, Any]:
    label = f"{row.get_kind_display()}, {row.year}"
    return {
        "label": f"{label} ({_('synthetic')})" if row.is_synthetic else label,
        "href": row.get_absolute_url(),
    }


def _service_days(actor: Actor, *, own: bool) -> dict[str, Any]:
    """F5, of one's own services; for the others of every service they see in the registry."""
    offers = ServiceOffer.objects.visible_to(actor)
    if own:
        offers = offers.filter(organisation_id=actor.organisation_id)
    found = service_days(offers, today=local_day(actor.at))
    share = per_cent(found.not_full, found.days) if found.days else None
    return {"found": found, "share": share, "is_own": own}


def _own(actor: Actor) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = [
        {
            "label": _("Staff, and how long our money lasts"),
            "href": reverse("funding:staffing"),
            "hint": _("Read by your organisation only."),
            "status": "",
        },
        {
            "label": _("What our services stand on, and when it ends"),
            "href": reverse("funding:endings"),
            "hint": _("Agreements and awards, with places and posts. The co-ordination sees it."),
            "status": "",
        },
        {
            "label": _("Our empowerment programmes"),
            "href": reverse("funding:programmes"),
            "hint": _("Numbers only, with follow-ups after 6 and 12 months."),
            "status": "",
        },
    ]
    return entries


def _acts(actor: Actor) -> list[dict[str, str]]:
    if P.FUNDING_OVERSEE not in actor.permissions:
        return []
    ends = {"label": _("What ends, and what stands on it"), "href": reverse("funding:endings")}
    return [{"label": _("Ask civil society"), "href": reverse("funding:round-new")},
            {**ends, "kind": "secondary"}]  # fmt: skip
