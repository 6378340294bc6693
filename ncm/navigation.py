"""What every page shows around its content: the mechanism's name, the navigation, the language."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from common.country import current
from common.marks import Permission
from deadlines.services.notices import unread_count
from partners.choices import HAS_BEEN_ADMITTED

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
        "version": settings.VERSION,
        "quick_exit_url": settings.QUICK_EXIT_URL,
        "languages_offered": SimpleLazyObject(_languages),
    }


def _languages() -> list[tuple[str, str]]:
    """The country's languages that this installation has a catalogue for, by their own names."""
    known = dict(settings.LANGUAGES)
    offered = [code for code in current().languages if code in known and _has_catalogue(code)]
    return [(code, get_language_info(code)["name_local"]) for code in offered or ["en"]]


def _has_catalogue(code: str) -> bool:
    # English is what the strings are written in.
    return code == "en" or any(
        (Path(folder) / code / "LC_MESSAGES" / "django.mo").exists()
        for folder in settings.LOCALE_PATHS
    )


def navigation(request: HttpRequest, actor: Any) -> list[dict[str, Any]]:
    """The entries this actor can open, the current one marked."""
    organisation = actor.organisation
    applying = organisation is not None and organisation.state not in HAS_BEEN_ADMITTED
    entries: list[tuple[str, str, Permission | None]] = [
        (_("Home"), "ncm:home", None),
        (_("Inbox"), "deadlines:inbox", None),
        *([(_("Referrals"), "referrals:inbox", None)] if _has_referrals(actor) else []),
        (_("Calendar"), "deadlines:calendar", None),
        *([(_("Application"), "partners:application", P.ORGANISATION_APPLY)] if applying else []),
        (_("Registry"), "partners:registry", P.ORGANISATION_SEE),
        (_("Applications"), "partners:reviews", P.ORGANISATION_REVIEW),
        (_("Proceedings"), "partners:proceedings", P.ORGANISATION_REVIEW),
        (_("Who decides"), "referrals:deciders", P.DECIDER_NAME),
        (_("Invitations"), "partners:invitations", P.ORGANISATION_INVITE),
        (_("Lost second factors"), "partners:resets", P.ORGANISATION_REVIEW),
        *([(_("Locked accounts"), "partners:locks", P.ACCOUNT_LOCK)] if _locks_all(actor) else []),
        (_("Contacts"), "partners:contacts", P.CONTACT_EDIT),
        (_("Agreements"), "partners:agreements", P.AGREEMENT_SEE),
        (_("Reports"), "ncm:reports", P.REPORT_SEE),
        (_("Imports"), "referrals:imports", P.REFERRAL_IMPORT),
        (_("People"), "partners:people", P.MEMBERSHIP_MANAGE),
        (_("Programs"), "ncm:programs", P.TOKEN_MANAGE),
        (_("Jobs"), "deadlines:jobs", None),
        (_("Health"), "deadlines:health", P.SYSTEM_HEALTH_SEE),
    ]
    unread = unread_count(actor)
    return [
        {
            "label": label,
            "href": reverse(name),
            "current": _is_current(request.path, reverse(name)),
            "count": unread if name == "deadlines:inbox" else 0,
        }
        for label, name, permission in entries
        if permission is None or permission in actor.permissions
    ]


def _locks_all(actor: Any) -> bool:
    """Others find locks beside the list of people, or beside lost second factors."""
    return not {P.MEMBERSHIP_MANAGE, P.ORGANISATION_REVIEW} & actor.permissions


def _has_referrals(actor: Any) -> bool:
    """Whoever works on referrals, and whoever sees where they stand."""
    return bool({P.REFERRAL_SEE, P.REFERRAL_STEER} & actor.permissions)


def _is_current(path: str, href: str) -> bool:
    return path == href if href == "/" else path.startswith(href)
