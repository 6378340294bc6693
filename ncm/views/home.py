"""The front door: home page, how to join, help, accessibility, and the sign of life for monitors."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from common.country import current
from common.marks import Permission, needs
from common.paging import capped_count
from deadlines.services.notices import unread_count
from partners.choices import BEFORE_THE_REVIEWER, OrganisationState
from partners.models import Organisation
from partners.workflow import ORGANISATION


@dataclass(frozen=True)
class Tile:
    """A number on the home page, always a link to the list it counts."""

    href: str
    count: Any
    label: str


@needs(Permission.SIGNED_IN)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs me now, for the organisation acted for."""
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        "tiles": _tiles(actor),
        "organisation": actor.organisation,
        "application_open": actor.organisation is not None
        and actor.organisation.state != OrganisationState.MEMBER,
    }
    return render(request, "ncm/home.html", context)


def _tiles(actor: Any) -> list[Tile]:
    tiles = [Tile(reverse("deadlines:inbox"), unread_count(actor), _("unread notices"))]
    if Permission.ORGANISATION_REVIEW in actor.permissions:
        waiting = Organisation.objects.visible_to(actor).filter(state__in=BEFORE_THE_REVIEWER)
        tiles.append(
            Tile(reverse("partners:reviews"), capped_count(waiting), _("applications to review"))
        )
    if Permission.ORGANISATION_SEE in actor.permissions:
        members = Organisation.objects.visible_to(actor).members()
        tiles.append(
            Tile(reverse("partners:registry"), capped_count(members), _("member organisations"))
        )
    return tiles


@needs(Permission.PUBLIC)
@require_GET
def joining(request: HttpRequest) -> HttpResponse:
    """How one comes to have an account: by invitation only."""
    return render(request, "ncm/joining.html")


@needs(Permission.SIGNED_IN)
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """What one can do here, and the ways an organisation goes, drawn from the workflow's table."""
    return render(request, "ncm/help.html", {"ways": ORGANISATION.rows(), "country": current()})


@needs(Permission.PUBLIC)
@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """What is known about this site's accessibility, and whom to tell."""
    return render(request, "ncm/accessibility.html")


@needs(Permission.PUBLIC)
@require_GET
def livez(request: HttpRequest) -> HttpResponse:
    """That the process answers; nothing about its health."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
