"""What every page shows around its content: the mechanism's name, the navigation, the language."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from common.country import current
from common.marks import Permission
from common.paging import CappedCount, Order, capped_counts_of
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


@dataclass(frozen=True)
class Entry:
    """A page the menu leads to; shown where the actor holds the permission (None: to everybody)."""

    label: str
    name: str
    permission: Permission | None = None
    is_offered: bool = True


@dataclass(frozen=True)
class Section:
    """Pages that belong together: one word in the menu, its pages in the line below."""

    label: str
    entries: tuple[Entry, ...]


def sections(actor: Any) -> tuple[Section, ...]:
    """The whole menu in its order. A section leads to the first of its pages that one can open."""
    return (*_daily(actor), *_registry(), *_mechanism(actor))


def _daily(actor: Any) -> tuple[Section, ...]:
    return (
        Section(_("Home"), (Entry(_("Home"), "ncm:home"),)),
        Section(
            _("Inbox"),
            (
                Entry(_("Inbox"), "deadlines:inbox"),
                Entry(_("Calendar"), "deadlines:calendar"),
                Entry(_("Jobs"), "deadlines:jobs"),
            ),
        ),
        Section(
            _("Conversations"),
            (Entry(_("Conversations"), "partners:conversations", P.CONVERSATION_HOLD),),
        ),
        Section(
            _("Referrals"),
            (
                Entry(_("Referrals"), "referrals:inbox", is_offered=_has_referrals(actor)),
                Entry(_("Who decides"), "referrals:deciders", P.DECIDER_NAME),
                Entry(_("Imports"), "referrals:imports", P.REFERRAL_IMPORT),
            ),
        ),
    )


def _registry() -> tuple[Section, ...]:
    return (
        Section(
            _("Places"),
            (
                Entry(_("A place tonight"), "partners:tonight", P.PLACE_HOLD),
                Entry(_("Our places"), "partners:places", P.PLACE_UPDATE),
                Entry(_("Demand"), "partners:demand", P.REPORT_SEE),
            ),
        ),
        Section(
            _("Registry"),
            (
                Entry(_("Organisations"), "partners:registry", P.ORGANISATION_SEE),
                Entry(_("Services"), "partners:services", P.ORGANISATION_SEE),
                Entry(_("Contacts"), "partners:contacts", P.CONTACT_EDIT),
                Entry(_("Who answers where"), "partners:contact-coverage", P.CONTACT_STEER),
                Entry(_("Agreements"), "partners:agreements", P.AGREEMENT_SEE),
                Entry(_("Facilities"), "partners:facilities", P.FACILITY_SEE),
                Entry(_("Training and guidance"), "partners:trainings", P.TRAINING_SEE),
                Entry(_("Recurring requests"), "partners:requests", P.REQUEST_SEE),
                Entry(_("Response times"), "partners:response-times", P.ORGANISATION_REVIEW),
                Entry(_("Emergencies"), "partners:emergencies", P.EMERGENCY_SWITCH),
            ),
        ),
    )


def _co_ordination() -> tuple[Section, ...]:
    return (
        Section(
            _("Co-ordination"),
            (
                Entry(_("Bodies"), "ncm:bodies", P.COORDINATION_SEE),
                Entry(_("Meetings"), "ncm:meetings", P.COORDINATION_SEE),
                Entry(_("Agenda items"), "ncm:agenda-items", P.COORDINATION_SEE),
                Entry(_("Resolutions"), "ncm:resolutions", P.COORDINATION_SEE),
                Entry(_("Action points"), "ncm:actions", P.COORDINATION_SEE),
                Entry(_("Who owes whom"), "ncm:board", P.COORDINATION_SEE),
                Entry(_("Who takes part"), "ncm:participation", P.COORDINATION_SEE),
            ),
        ),
        Section(
            _("Action plan"),
            (
                Entry(_("Action plan"), "ncm:plan", P.COORDINATION_SEE),
                Entry(_("Consultations"), "ncm:consultations", P.COORDINATION_SEE),
                Entry(_("Prevention"), "ncm:prevention", P.COORDINATION_SEE),
                Entry(_("Obligations"), "ncm:obligations", P.COORDINATION_SEE),
                Entry(_("Coverage of the four Ps"), "ncm:coverage", P.COORDINATION_SEE),
            ),
        ),
    )


def _mechanism(actor: Any) -> tuple[Section, ...]:
    return (
        Section(
            _("Admission"),
            (
                Entry(
                    _("Application"),
                    "partners:application",
                    P.ORGANISATION_APPLY,
                    is_offered=_is_applying(actor),
                ),
                Entry(_("Applications"), "partners:reviews", P.ORGANISATION_REVIEW),
                Entry(_("Proceedings"), "partners:proceedings", P.ORGANISATION_REVIEW),
                Entry(_("Invitations"), "partners:invitations", P.ORGANISATION_INVITE),
            ),
        ),
        Section(
            _("Funding"),
            (
                Entry(_("Grants"), "funding:desk", P.FUNDING_SEE),
                Entry(_("Calls"), "funding:calls", P.FUNDING_SEE),
                Entry(_("Awards"), "funding:awards", P.FUNDING_SEE),
                Entry(_("Sustainability"), "funding:sustainability", P.FUNDING_SEE),
                Entry(_("State of funding"), "ncm:state-of-funding", P.FUNDING_OVERSEE),
            ),
        ),
        *_co_ordination(),
        Section(_("Reports"), (Entry(_("Reports"), "ncm:reports", P.REPORT_SEE),)),
        Section(
            _("Administration"),
            (
                Entry(_("People"), "partners:people", P.MEMBERSHIP_MANAGE),
                Entry(_("Programs"), "ncm:programs", P.TOKEN_MANAGE),
                Entry(_("Lost second factors"), "partners:resets", P.ORGANISATION_REVIEW),
                Entry(
                    _("Locked accounts"),
                    "partners:locks",
                    P.ACCOUNT_LOCK,
                    is_offered=_locks_all(actor),
                ),
                Entry(_("Health"), "deadlines:health", P.SYSTEM_HEALTH_SEE),
            ),
        ),
    )


def navigation(request: HttpRequest, actor: Any) -> list[dict[str, Any]]:
    """The sections this actor can open, each with its pages; the current of both marked."""
    unread = _unread(actor)
    shown = [(section.label, _open_to(actor, section, unread)) for section in sections(actor)]
    here = _current(request.path, [entry["href"] for _label, entries in shown for entry in entries])
    for _label, entries in shown:
        for entry in entries:
            entry["current"] = entry["href"] == here
    return [
        {
            # A section of which one page is open to somebody is called what the page is.
            "label": label if len(entries) > 1 else entries[0]["label"],
            "href": entries[0]["href"],
            "current": any(entry["current"] for entry in entries),
            "count": entries[0]["count"],
            "entries": entries if len(entries) > 1 else [],
        }
        for label, entries in shown
        if entries
    ]


def _open_to(actor: Any, section: Section, unread: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"label": entry.label, "href": reverse(entry.name), "count": unread.get(entry.name, "")}
        for entry in section.entries
        if entry.is_offered and (entry.permission is None or entry.permission in actor.permissions)
    ]


def _current(path: str, hrefs: list[str]) -> str:
    """The entry whose pages these are: of those the path begins with, the longest."""
    above = [href for href in hrefs if path == href or (href != "/" and path.startswith(href))]
    return max(above, key=len, default="")


def _unread(actor: Any) -> dict[str, str]:
    """The numbers beside entries, as far as there is anything.

    One query on every page; a second, which has much to ask, only for whose organisation somebody
    wrote to or from lately.
    """
    inbox, talk = "deadlines:inbox", "partners:conversations"
    order = {inbox: Order("-created_at", "-id"), talk: Order("-last_at", "-id")}
    lists = {inbox: Notice.objects.visible_to(actor).unread()}
    written = Participant.objects.filter(last_at__gt=actor.at - COUNTED_FOR)
    if P.CONVERSATION_HOLD in actor.permissions:
        lists[talk] = written.of_organisation(actor)
    counted = _counts(lists, order)
    if talk in counted and counted[talk].number:
        counted |= _counts({talk: written.visible_to(actor).unread(actor)}, order)
    return {name: str(count) for name, count in counted.items() if count.number}


def _counts(lists: dict[str, QuerySet[Any]], order: dict[str, Order]) -> dict[str, CappedCount]:
    whole = {name: ({"": rows}, order[name]) for name, rows in lists.items()}
    return capped_counts_of(whole, COUNT_TO - 1)


def _locks_all(actor: Any) -> bool:
    """Others find locks beside the list of people, or beside lost second factors."""
    return not {P.MEMBERSHIP_MANAGE, P.ORGANISATION_REVIEW} & actor.permissions


def _has_referrals(actor: Any) -> bool:
    """Whoever works on referrals, and whoever sees where they stand."""
    return bool({P.REFERRAL_SEE, P.REFERRAL_STEER} & actor.permissions)


def _is_applying(actor: Any) -> bool:
    """Whether there is an application to fill in: once admitted there is none."""
    organisation = actor.organisation
    return organisation is not None and organisation.state not in HAS_BEEN_ADMITTED
