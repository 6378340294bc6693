"""The registry: which organisations there are, one organisation's sheet, and whom one acts for.

What an organisation writes about itself is kept in `application.py`, its contacts in `contacts.py`.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.marks import Permission, needs
from partners.access import Actor, get_or_404, may
from partners.choices import (
    HAS_BEEN_ADMITTED,
    Capacity,
    EventKind,
    OrganisationKind,
    OrganisationState,
)
from partners.languages import language_name
from partners.middleware import ACTING_FOR, SWITCHED_ON
from partners.models import Organisation, Proceeding, StoredFilter
from partners.offices import tel
from partners.reach import posts_in_use
from partners.registry import narrowed, page_of
from partners.registry_export import MOST
from partners.views import shown
from partners.views.attempts import rows_for
from partners.views.contacts import entry
from partners.views.lists import columns, page_links

P = Permission
#: Asked for in so many words: the whole registry, whatever filter one begins with.
EVERYTHING = "all"


@needs(P.ORGANISATION_SEE)
@require_safe
def registry(request: HttpRequest) -> HttpResponse:
    """Every organisation this actor may know of, narrowed; by one's own first filter at first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    kept = list(StoredFilter.objects.visible_to(actor).standing())
    first = next((each.query for each in kept if each.is_default), "")
    if first and not request.GET:
        return redirect(f"{reverse('partners:registry')}?{first}")
    asked = narrowed(actor, request.GET)
    page = page_of(asked, request.GET.get("cursor", ""))
    reviews = P.ORGANISATION_REVIEW in actor.permissions
    labels = [_("Organisation"), _("Kind"), _("Capacities"), _("Area")]
    everything = f"{reverse('partners:registry')}?{EVERYTHING}=1"
    context = {
        "filter": asked.form,
        "page": page,
        "columns": columns(*labels, *([_("Confirmed"), _("State")] if reviews else [])),
        "rows": [_row(card.organisation, reviews=reviews) for card in page.rows],
        "empty": _nothing_found(actor, is_narrowing=asked.is_narrowing),
        "clear_href": everything,
        "shows_sheet": P.CONTACT_SEE in actor.permissions,
        "kept": [_kept(each, asked.query) for each in kept],
        "keeps": {"query": asked.query, "action": reverse("partners:filters")},
        "acts": _registry_acts(actor, asked.query),
        **page_links(request, page),
    }
    return render(request, "partners/registry.html", context)


def _kept(stored: StoredFilter, query: str) -> dict[str, Any]:
    href = f"{reverse('partners:registry')}?{stored.query or EVERYTHING + '=1'}"
    return {"name": stored.name, "href": href, "is_shown": stored.query == query}


def _registry_acts(actor: Actor, query: str) -> list[dict[str, str]]:
    """What can be done with the list as it is narrowed."""

    def to(name: str, *args: str) -> str:
        return f"{reverse(name, args=args)}?{query}" if query else reverse(name, args=args)

    acts = []
    if P.REGISTRY_EXPORT in actor.permissions:
        acts += [
            {"label": _("Take it as %(ending)s") % {"ending": each.upper()},
             "href": to("partners:registry-export", each)}
            for each in MOST
        ]  # fmt: skip
    if P.ORGANISATION_REVIEW in actor.permissions:
        acts.append({"label": _("Ask them to confirm"), "href": to("partners:reminders")})
    acts.append({"label": _("What is covered where"), "href": reverse("partners:coverage")})
    if P.REGISTRY_IMPORT in actor.permissions:
        acts.append({"label": _("Bring a table in"), "href": reverse("partners:registry-imports")})
    return [{**each, "kind": "secondary"} for each in acts]


def _row(organisation: Organisation, *, reviews: bool) -> dict[str, Any]:
    return {
        "name": organisation.display_name,
        "short_name": organisation.short_name,
        "href": organisation.get_absolute_url(),
        "kind": OrganisationKind(organisation.kind).label,
        "capacities": [Capacity(code).label for code in organisation.held_capacities()],
        "area": organisation.area.name if organisation.area else "",
        "confirmed": _confirmed(organisation) if reviews else "",
        "state": shown.state_tag(organisation.state) if reviews else None,
    }


def _nothing_found(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No organisation matches"),
            "text": _("Take away one of the filters, or look in a larger area."),
            "href": f"{reverse('partners:registry')}?{EVERYTHING}=1",
            "label": _("Show all organisations"),
        }
    empty = {
        "title": _("The mechanism has no member yet"),
        "text": _("An organisation is listed here once it has applied and was admitted."),
    }
    if P.ORGANISATION_INVITE in actor.permissions:
        href = reverse("partners:invitations")
        empty |= {"href": href, "label": _("Invite an organisation")}
    return empty


# --- one organisation -----------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_safe
def organisation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One organisation's sheet: what it is and does, whom to call now, and its past."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    entries = Organisation.objects.select_related("area").prefetch_related("capacities")
    found = get_or_404(entries, actor, uuid=uuid)
    is_own = found.pk == actor.organisation_id
    tags = [] if found.state == OrganisationState.MEMBER else [shown.state_tag(found.state)]
    if not found.is_listed:
        tags.append({"text": _("Not shown to other members"), "colour": "grey"})
    context = {
        "organisation": found,
        "kind": OrganisationKind(found.kind).label,
        "tags": tags,
        "capacities": _capacities(found),
        "about": _about(found),
        "reach": _reach(found),
        "contacts": _contacts(found, actor),
        "answers": rows_for(found, actor) if found.state == OrganisationState.MEMBER else [],
        # Everything of one's own organisation; of another's what the co-ordination is to know.
        "events": shown.past(found, actor, **({"kinds": tuple(EventKind)} if is_own else {})),
        "acts": _acts(found, actor),
        "is_own": is_own,
        "back": reverse("partners:registry") if P.ORGANISATION_SEE in actor.permissions else "",
    }
    return render(request, "partners/organisation.html", context)


def _capacities(found: Organisation) -> list[dict[str, str]]:
    """Capacities held; while the organisation is no member, those it asks for."""
    standing = [each for each in found.capacities.all() if each.ended_at is None]
    return [
        {
            "text": str(Capacity(each.capacity).label)
            if each.is_held
            else _("%(capacity)s (asked for)") % {"capacity": Capacity(each.capacity).label},
            "colour": "" if each.is_held else "grey",
        }
        for each in standing
    ]


def _about(found: Organisation) -> list[dict[str, Any]]:
    rows: list[tuple[str, list[str]]] = [
        (_("What it does"), [found.description] if found.description else []),
        (_("Kind"), shown.in_words("kind", found.kind)),
        (_("Kind of civil society actor"), shown.in_words("cso_class", found.cso_class)),
        (_("Level"), shown.in_words("level", found.level)),
        (_("Area it works in"), shown.in_words("area", found.area_id)),
        (_("Languages spoken"), [", ".join(sorted(map(language_name, found.languages)))]),
        (
            _("Registration"),
            shown.in_words("registration", (found.is_informal, found.registration_number)),
        ),
        (_("Member since"), [shown.day(found.member_at)]),
        (_("Entry confirmed"), [_confirmed(found)]),
    ]
    # What was not asked of this kind of organisation is left out, not shown as missing.
    return [{"label": label, "lines": lines} for label, lines in rows if any(filter(None, lines))]


def _confirmed(found: Organisation) -> str:
    """The day somebody of the organisation said that all of it is correct; not when it changed."""
    if found.state != OrganisationState.MEMBER:
        return ""
    return shown.date(found.verified_on) if found.verified_on else _("Not confirmed yet")


def _reach(found: Organisation) -> list[dict[str, Any]]:
    rows: tuple[tuple[str, dict[str, Any]], ...] = (
        (_("Office phone"), {"value": found.phone, "link": tel(found.phone)}),
        (_("Office e-mail"), {"value": found.email, "link": f"mailto:{found.email}"}),
        (_("Website"), {"value": found.website, "link": found.website}),
        (_("Postal address"), {"lines": found.postal_address.splitlines()}),
    )
    return [{"label": label, **row} for label, row in rows if row.get("value") or row.get("lines")]


def _contacts(found: Organisation, actor: Actor) -> list[dict[str, Any]]:
    """The posts of the organisation with whoever answers now, as include contact_card.html."""
    posts = posts_in_use(actor).primary().filter(organisation=found).order_by("id")
    return [entry(post, actor) for post in posts]


def _acts(found: Organisation, actor: Actor) -> list[dict[str, str]]:
    """Where the actor can go from here, as components/button_group.html takes it."""
    acts = []
    if found.pk == actor.organisation_id:
        applying = found.state not in HAS_BEEN_ADMITTED
        if applying and may(actor, P.ORGANISATION_APPLY, found):
            acts.append((_("Application"), reverse("partners:application")))
        if P.ORGANISATION_EDIT in actor.permissions and found.state == OrganisationState.MEMBER:
            acts.append((_("Change the entry"), reverse("partners:entry")))
        if P.CONTACT_EDIT in actor.permissions:
            acts.append((_("Points of contact"), reverse("partners:contacts")))
        if P.MEMBERSHIP_MANAGE in actor.permissions:
            acts.append((_("People"), reverse("partners:people")))
        if P.TOKEN_MANAGE in actor.permissions:
            acts.append((_("Access for programs"), reverse("partners:tokens")))
        if P.ORGANISATION_SPEAK in actor.permissions and found.state in HAS_BEEN_ADMITTED:
            acts.append((_("Leave the mechanism"), reverse("partners:leave")))
    elif found.applied_at is not None and may(actor, P.ORGANISATION_REVIEW, found):
        acts.append((_("See the application"), reverse("partners:review", args=[found.uuid])))
        if found.state == OrganisationState.MEMBER:
            href = reverse("partners:proceeding-new", args=[found.uuid])
            acts.append((_("Propose to suspend"), href))
    acts += _reaching(found, actor)
    if Proceeding.objects.visible_to(actor).filter(organisation=found).exists():
        acts.append((_("Proceedings"), reverse("partners:proceedings")))
    return [{"label": label, "href": href, "kind": "secondary"} for label, href in acts]


def _reaching(found: Organisation, actor: Actor) -> list[tuple[str, str]]:
    """Writing to it and logging that somebody tried, for whoever may, of another member."""
    is_other = found.pk != actor.organisation_id and found.state == OrganisationState.MEMBER
    if not is_other or P.CONVERSATION_HOLD not in actor.permissions:
        return []
    write = reverse("partners:conversation-write")
    return [
        (_("Write to them"), f"{write}?with={found.uuid}"),
        (_("Log an attempt"), reverse("partners:attempt-new", args=[found.uuid])),
    ]


# --- for whom one acts ----------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Choose the organisation acted for from now on; only one's own can be chosen."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    wanted = request.POST.get("organisation", "")
    chosen = next((c for c in actor.choices if str(c.organisation_uuid) == wanted), None)
    if chosen is None:
        raise Http404
    request.session[ACTING_FOR] = str(chosen.organisation_uuid)
    messages.success(request, _("You now act for %(name)s.") % {"name": chosen.name})
    there = request.POST.get("next", "")
    # Where the page is not open to the other organisation the middleware leads home with a word.
    request.session[SWITCHED_ON] = urlsplit(there).path
    is_safe = url_has_allowed_host_and_scheme(
        there, allowed_hosts=None, require_https=request.is_secure()
    )
    return redirect(there if there and is_safe else "ncm:home")
