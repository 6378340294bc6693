"""What every page shows around its content: the mechanism's name, the navigation, the language."""

from datetime import timedelta
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
from common.paging import Order, capped_counts_of
from deadlines.models import Notice
from deadlines.services.notices import COUNT_TO
from partners.choices import HAS_BEEN_ADMITTED
from partners.models import Participant
from partners.services.emergencies import standing_for

P = Permission
COUNTED_FOR = timedelta(days=90)
"""How long something unread counts beside "Conversations"; older ones are marked in the list."""


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: names, navigation of the actor, and how the page presents itself."""
    actor = getattr(request, "actor", None)
    signed_in = actor is not None and actor.user_id is not None
    return {
        "mechanism": SimpleLazyObject(lambda: current().mechanism_name),
        "country": SimpleLazyObject(current),
        "navigation": SimpleLazyObject(lambda: navigation(request, actor)) if signed_in else [],
        "emergencies": SimpleLazyObject(lambda: standing_for(actor=actor)) if signed_in else [],
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
        (_("Conversations"), "partners:conversations", P.CONVERSATION_HOLD),
        (_("Calendar"), "deadlines:calendar", None),
        *([(_("Application"), "partners:application", P.ORGANISATION_APPLY)] if applying else []),
        (_("A place tonight"), "partners:tonight", P.PLACE_HOLD),
        (_("Our places"), "partners:places", P.PLACE_UPDATE),
        (_("Registry"), "partners:registry", P.ORGANISATION_SEE),
        (_("Services"), "partners:services", P.ORGANISATION_SEE),
        (_("Applications"), "partners:reviews", P.ORGANISATION_REVIEW),
        (_("Proceedings"), "partners:proceedings", P.ORGANISATION_REVIEW),
        (_("Who decides"), "referrals:deciders", P.DECIDER_NAME),
        (_("Response times"), "partners:response-times", P.ORGANISATION_REVIEW),
        (_("Invitations"), "partners:invitations", P.ORGANISATION_INVITE),
        (_("Lost second factors"), "partners:resets", P.ORGANISATION_REVIEW),
        *([(_("Locked accounts"), "partners:locks", P.ACCOUNT_LOCK)] if _locks_all(actor) else []),
        (_("Contacts"), "partners:contacts", P.CONTACT_EDIT),
        (_("Who answers where"), "partners:contact-coverage", P.CONTACT_STEER),
        (_("Emergencies"), "partners:emergencies", P.EMERGENCY_SWITCH),
        (_("Agreements"), "partners:agreements", P.AGREEMENT_SEE),
        (_("Recurring requests"), "partners:requests", P.REQUEST_SEE),
        (_("Facilities"), "partners:facilities", P.FACILITY_SEE),
        (_("Reports"), "ncm:reports", P.REPORT_SEE),
        (_("Demand"), "partners:demand", P.REPORT_SEE),
        (_("Imports"), "referrals:imports", P.REFERRAL_IMPORT),
        (_("People"), "partners:people", P.MEMBERSHIP_MANAGE),
        (_("Programs"), "ncm:programs", P.TOKEN_MANAGE),
        (_("Jobs"), "deadlines:jobs", None),
        (_("Health"), "deadlines:health", P.SYSTEM_HEALTH_SEE),
    ]
    unread = _unread(actor)
    return [
        {
            "label": label,
            "href": reverse(name),
            "current": _is_current(request.path, reverse(name)),
            "count": unread.get(name, ""),
        }
        for label, name, permission in entries
        if permission is None or permission in actor.permissions
    ]


def _unread(actor: Any) -> dict[str, str]:
    """The numbers beside entries, as far as there is anything: one query on every page."""
    notices = Notice.objects.visible_to(actor).unread()
    lists = {"deadlines:inbox": ({"": notices}, Order("-created_at", "-id"))}
    if P.CONVERSATION_HOLD in actor.permissions:
        since = actor.at - COUNTED_FOR
        written = Participant.objects.visible_to(actor).filter(last_at__gt=since).unread(actor)
        lists["partners:conversations"] = ({"": written}, Order("-last_at", "-id"))
    counted = capped_counts_of(lists, COUNT_TO - 1)
    return {name: str(count) for name, count in counted.items() if count.number}


def _locks_all(actor: Any) -> bool:
    """Others find locks beside the list of people, or beside lost second factors."""
    return not {P.MEMBERSHIP_MANAGE, P.ORGANISATION_REVIEW} & actor.permissions


def _has_referrals(actor: Any) -> bool:
    """Whoever works on referrals, and whoever sees where they stand."""
    return bool({P.REFERRAL_SEE, P.REFERRAL_STEER} & actor.permissions)


def _is_current(path: str, href: str) -> bool:
    return path == href if href == "/" else path.startswith(href)
