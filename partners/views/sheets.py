"""Whom to call, for the wall and the address book: the sheet, its PDF, and cards."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.marks import Permission, Subject, needs
from common.vcard import MEDIA_TYPE, to_vcf
from deadlines.services.jobs import start_job
from partners.access import Actor, get_or_404
from partners.choices import ContactStatus
from partners.contact_sheets import (
    ASKED,
    CONTACT_SHEET,
    MOST,
    cards,
    contact_sheet,
    log_export,
    shown,
)
from partners.filters import OrganisationFilter
from partners.models import Organisation, PointOfContact
from partners.reach import posts_in_use

P = Permission


@needs(P.CONTACT_SEE)
@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Members with whoever answers now, narrowed as in the registry; fit to be printed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = contact_sheet(actor, request.GET)
    seen = Organisation.objects.visible_to(actor)
    context = {
        "filter": OrganisationFilter(request.GET, queryset=seen).form,
        "rows": shown(found, actor),
        "is_cut": found.is_cut,
        "most": MOST,
        "asked": _asked(request),
        "query": request.GET.urlencode(),
        "clear_href": reverse("partners:contact-sheet"),
        "at": actor.at,
    }
    return render(request, "partners/contact_sheet.html", context)


@needs(P.CONTACT_SEE)
@require_POST
def build(request: HttpRequest) -> HttpResponse:
    """Start the job that prints the sheet, and show how far it is."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    job = start_job(
        kind=CONTACT_SHEET,
        params={
            "asked": {name: request.POST[name] for name in ASKED if request.POST.get(name)},
            "language": get_language() or "en",
        },
        by=actor,
        at=actor.at,
    )
    return redirect("deadlines:job", job.uuid)


@needs(P.CONTACT_SEE)
@require_POST
def list_cards(request: HttpRequest) -> HttpResponse:
    """The cards of everybody on the sheet who answers now. Logged: people's numbers leave."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = contact_sheet(actor, request.POST).rows
    people = [each.person for listed in rows for each in listed.answering if each.person]
    if not people:
        messages.error(request, _("There is nobody on this list to put on a card."))
        return redirect("partners:contact-sheet")
    return _file(people, actor)


@needs(P.SIGNED_IN)
@require_POST
def card(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One person's card, while that person can be called. Logged as the list is."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    active = posts_in_use(actor).filter(status=ContactStatus.ACTIVE)
    found = get_or_404(active, actor, uuid=uuid)
    return _file([found], actor, about=Subject("contact", found.uuid))


def _file(people: list[PointOfContact], actor: Actor, about: Subject | None = None) -> HttpResponse:
    log_export(actor, actor.at, form="vcard", subject=about)
    answer = HttpResponse(to_vcf(cards(people, actor)), content_type=MEDIA_TYPE)
    answer["Content-Disposition"] = 'attachment; filename="contacts.vcf"'
    return answer


def _asked(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, request.GET[name]) for name in ASKED if request.GET.get(name)]
