"""The front door: home page, how to join, help, accessibility, and the sign of life."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from common.country import current
from common.marks import Permission, needs
from ncm import home_tiles
from partners.access import Actor
from partners.choices import HAS_BEEN_ADMITTED, OrganisationState
from partners.models import Organisation
from partners.reviews import answers_in_question, missing_answers
from partners.views.lists import columns
from partners.views.shown import day, state_tag
from partners.workflow import ORGANISATION

P = Permission


@needs(P.SIGNED_IN)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs me now, for the organisation acted for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    needing, known = home_tiles.tiles(actor)
    context = {
        "tiles": [*needing, *known],
        "needing": needing,
        "known": known,
        "links": _links(actor),
        "date_columns": columns(_("What"), _("Due on")),
        "dates": [_date(each) for each in home_tiles.next_dates(actor)],
        "organisation": actor.organisation,
        "application": _application(actor),
        "suspension": _suspension(actor),
        "may_hold": P.PLACE_HOLD in actor.permissions,
    }
    return render(request, "ncm/home.html", context)


def _date(each: dict[str, Any]) -> list[dict[str, Any]]:
    late = {"colour": "red", "text": _("Late"), "note": each["on"]}
    return [
        {"text": each["title"], "href": each["href"], "note": each["reference"]},
        late if each["is_late"] else {"text": each["on"]},
    ]


def _links(actor: Actor) -> list[dict[str, str]]:
    """Where one's role begins its work, though nothing there waits."""
    links = []
    if quarter := home_tiles.last_quarter(actor):
        label = _("The report on %(quarter)s") % {"quarter": quarter}
        links.append({"label": label, "href": reverse("ncm:report", args=[str(quarter)])})
    for permission, name, words in (
        (P.COORDINATION_SEE, "ncm:board", _("Who owes whom")),
        (P.FUNDING_OVERSEE, "ncm:state-of-funding", _("State of funding")),
        (P.CONTACT_STEER, "partners:contact-coverage", _("Where nobody answers")),
        (P.SYSTEM_HEALTH_SEE, "deadlines:health", _("How the system is")),
        (P.RULE_CHANGE, "deadlines:rules", _("Rules and working days")),
        (P.ACCOUNT_LOCK, "partners:locks", _("Locked accounts")),
    ):
        if permission in actor.permissions:
            links.append({"label": words, "href": reverse(name)})
    return links


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
