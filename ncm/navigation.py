"""What every page shows around its content: the mechanism's name, the navigation, the language."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from common.country import current
from common.marks import Permission
from deadlines.services.notices import unread_count
from partners.choices import OrganisationState

P = Permission


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: names, navigation of the actor, and how the page presents itself."""
    actor = getattr(request, "actor", None)
    signed_in = actor is not None and actor.user_id is not None
    return {
        "mechanism": SimpleLazyObject(lambda: current().mechanism_name),
        "country": SimpleLazyObject(current),
        "navigation": SimpleLazyObject(lambda: navigation(request, actor)) if signed_in else [],
        "is_demo": settings.DEMO,
        "quick_exit_url": settings.QUICK_EXIT_URL,
        "languages_offered": SimpleLazyObject(_languages),
    }


def _languages() -> list[tuple[str, str]]:
    """The languages of the country profile that this installation has, by their own names."""
    from django.utils.translation import get_language_info

    known = dict(settings.LANGUAGES)
    offered = [code for code in current().languages if code in known] or ["en"]
    return [(code, get_language_info(code)["name_local"]) for code in offered]


def navigation(request: HttpRequest, actor: Any) -> list[dict[str, Any]]:
    """The entries this actor can open, the current one marked."""
    entries: list[tuple[str, str, bool]] = [
        (_("Home"), reverse("ncm:home"), True),
        (_("Inbox"), reverse("deadlines:inbox"), True),
    ]
    organisation = actor.organisation
    if organisation is not None and organisation.state != OrganisationState.MEMBER:
        entries.append(
            (
                _("Application"),
                reverse("partners:application"),
                P.ORGANISATION_APPLY in actor.permissions,
            )
        )
    entries += [
        (_("Registry"), reverse("partners:registry"), P.ORGANISATION_SEE in actor.permissions),
        (
            _("Applications"),
            reverse("partners:reviews"),
            P.ORGANISATION_REVIEW in actor.permissions,
        ),
        (
            _("Invitations"),
            reverse("partners:invitations"),
            P.ORGANISATION_INVITE in actor.permissions,
        ),
        (_("Contacts"), reverse("partners:contacts"), P.CONTACT_EDIT in actor.permissions),
        (_("People"), reverse("partners:people"), P.MEMBERSHIP_MANAGE in actor.permissions),
        (_("Jobs"), reverse("deadlines:jobs"), True),
    ]
    unread = unread_count(actor)
    return [
        {
            "label": label,
            "href": href,
            "current": _is_current(request.path, href),
            "count": unread if href == reverse("deadlines:inbox") else 0,
        }
        for label, href, shown in entries
        if shown
    ]


def _is_current(path: str, href: str) -> bool:
    return path == href if href == "/" else path.startswith(href)
