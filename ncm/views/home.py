"""The front door: home page, how to join, help, accessibility, and the sign of life."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.models import Invitation
from common.country import current
from common.marks import Permission, needs
from common.paging import capped_count
from deadlines.services.notices import unread_count
from partners.access import Actor
from partners.choices import BEFORE_THE_REVIEWER, HAS_BEEN_ADMITTED, OrganisationState
from partners.choices_places import HoldState
from partners.models import Organisation, PlaceHold
from partners.reviews import answers_in_question, missing_answers
from partners.services.memberships import MEMBERSHIP
from partners.views.shown import day, state_tag
from partners.workflow import ORGANISATION
from referrals.lists import inbox_counts
from referrals.views.inbox import tiles_of

P = Permission


@dataclass(frozen=True)
class Tile:
    """A number on the home page, always a link to the list it counts."""

    href: str
    count: Any
    label: str
    tone: str = ""


@needs(P.SIGNED_IN)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs me now, for the organisation acted for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {
        "tiles": _tiles(actor),
        "organisation": actor.organisation,
        "application": _application(actor),
        "suspension": _suspension(actor),
        "may_hold": P.PLACE_HOLD in actor.permissions,
    }
    return render(request, "ncm/home.html", context)


def _tiles(actor: Actor) -> list[Tile]:
    unread = unread_count(actor)
    tiles = [
        Tile(
            reverse("deadlines:inbox"),
            unread,
            ngettext("unread notice", "unread notices", unread),
            "soon" if unread else "",
        )
    ]
    if P.REFERRAL_SEE in actor.permissions:
        tiles.append(_referrals_waiting(actor))
    if P.PLACE_UPDATE in actor.permissions:
        held = PlaceHold.objects.visible_to(actor).live(actor.at).filter(state=HoldState.HELD)
        asked = capped_count(held.filter(count__offer__organisation=actor.organisation_id))
        label = ngettext("held place to answer", "held places to answer", asked.number)
        tone = "late" if asked.number else ""
        tiles.append(Tile(reverse("partners:places"), asked, label, tone))
    if P.ORGANISATION_REVIEW in actor.permissions:
        sent = Organisation.objects.visible_to(actor).exclude(pk=actor.organisation_id)
        waiting = capped_count(sent.filter(state__in=BEFORE_THE_REVIEWER))
        label = ngettext("application to review", "applications to review", waiting.number)
        tone = "soon" if waiting.number else ""
        tiles.append(Tile(reverse("partners:reviews"), waiting, label, tone))
    if P.MEMBERSHIP_MANAGE in actor.permissions and actor.organisation is not None:
        letters = Invitation.objects.waiting().about(MEMBERSHIP, actor.organisation.uuid)
        open_ = capped_count(letters)
        label = ngettext(
            "colleague invited who has not joined", "colleagues invited who have not joined",
            open_.number,
        )  # fmt: skip
        tiles.append(Tile(f"{reverse('partners:people')}#invitations", open_, label))
    if P.ORGANISATION_SEE in actor.permissions:
        # What the registry lists without a filter, so that the number is that of its rows.
        known = capped_count(Organisation.objects.visible_to(actor))
        label = ngettext(
            "organisation in the registry", "organisations in the registry", known.number
        )
        tiles.append(Tile(f"{reverse('partners:registry')}?all=1", known, label))
    return tiles


def _referrals_waiting(actor: Actor) -> Tile:
    """What waits for this organisation: questions to answer, or decisions to make."""
    show = "waiting"
    waiting = inbox_counts(actor, {show: tiles_of(actor)[show][1]})[show]
    label = ngettext("referral waiting for you", "referrals waiting for you", waiting.number)
    href = f"{reverse('referrals:inbox')}?show={show}"
    return Tile(href, waiting, label, "soon" if waiting.number else "")


def _application(actor: Actor) -> dict[str, Any] | None:
    """Where the application of the organisation acted for stands, and what comes next."""
    organisation = actor.organisation
    if organisation is None or organisation.state in HAS_BEEN_ADMITTED:
        return None
    can_apply = P.ORGANISATION_APPLY in actor.permissions
    return {
        "tag": state_tag(organisation.state),
        "next": _next_step(organisation),
        "href": reverse("partners:application") if can_apply else "",
    }


def _suspension(actor: Actor) -> dict[str, str] | None:
    """What a suspended organisation still may, and where it reads why."""
    organisation = actor.organisation
    if organisation is None or organisation.state != OrganisationState.SUSPENDED:
        return None
    until = organisation.files_until_at
    may_read = until is not None and until > actor.at
    words = _("You read and export your own files until %(day)s. Everything else is closed.")
    return {
        "text": words % {"day": day(until)}
        if may_read
        else _("Everything here is closed to you, your own files too."),
        "export": reverse("referrals:own-files") if P.REFERRAL_EXPORT in actor.permissions else "",
        "href": reverse("partners:proceedings")
        if P.ORGANISATION_SPEAK in actor.permissions
        else "",
    }


def _next_step(organisation: Organisation) -> str:
    match organisation.state:
        case OrganisationState.DRAFT:
            missing = len(missing_answers(organisation))
            if not missing:
                return _("Everything needed is answered: check the answers and send them.")
            text = ngettext(
                "%(count)s answer is missing before you can send it.",
                "%(count)s answers are missing before you can send it.",
                missing,
            )
            return text % {"count": missing}
        case OrganisationState.RETURNED:
            asked = len(answers_in_question(organisation))
            text = ngettext(
                "The co-ordination has asked %(count)s question. Answer it and send it again.",
                "The co-ordination has asked %(count)s questions. Answer them and send it again.",
                asked,
            )
            return text % {"count": asked}
        case OrganisationState.WITHDRAWN:
            return _("You withdrew it. Your answers are kept: you can take it up again.")
        case OrganisationState.REFUSED:
            return _("A panel refused it. The proceeding says why, and how to appeal.")
        case _:
            return _("The co-ordination is reading it. You need do nothing; you will get a notice.")


@needs(P.PUBLIC)
@require_GET
def joining(request: HttpRequest) -> HttpResponse:
    """How one comes to have an account: by invitation only."""
    return render(request, "ncm/joining.html")


@needs(P.SIGNED_IN)
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """What one can do here, and the ways an organisation goes, drawn from the workflow's table."""
    rows = ORGANISATION.rows()
    context = {
        "columns": [{"label": _("Act")}, {"label": _("When it is")}, {"label": _("Then it is")}],
        "rows": [
            [{"text": row.name}, {"text": ", ".join(row.from_)}, {"text": ", ".join(row.to)}]
            for row in rows
        ],
        "country": current(),
    }
    return render(request, "ncm/help.html", context)


@needs(P.PUBLIC)
@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """What is known about this site's accessibility, and whom to tell."""
    return render(request, "ncm/accessibility.html")


@needs(P.PUBLIC)
@require_GET
def livez(request: HttpRequest) -> HttpResponse:
    """That the process answers; nothing about its health."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
