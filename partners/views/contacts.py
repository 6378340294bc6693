"""Points of contact: one's own organisation's with their deputies, and anybody's page to call from.

Who stands in for whom is answered by `PointOfContact.answering`; here it is put into words.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import kept
from common.country import current, local_day
from common.forms import put_in
from common.marks import Permission, needs
from common.workflow import NotAllowed, NotPossible, Stale
from partners import clocks
from partners.access import Actor, get_or_404, may
from partners.choices import OUT_OF_BAND, ChannelKind, ContactDuty, ContactStatus, VerifiedHow
from partners.forms.contacts import Called, Contact, Reached
from partners.hours import in_words, is_open
from partners.languages import language_name
from partners.models import Organisation, PointOfContact
from partners.offices import office_to_call
from partners.reach import href, in_order, posts_in_use
from partners.services import contact_links
from partners.services import contacts as services

P = Permission
COLOURS = {
    ContactStatus.ACTIVE: "green",
    ContactStatus.REASSIGNED: "orange",
    ContactStatus.VACANT: "red",
}


# --- in words -------------------------------------------------------------------------------------


def entry(contact: PointOfContact, actor: Actor) -> dict[str, Any]:
    """A point of contact with whoever answers now, as partners/includes/contact_card.html takes it.

    Uses the prefetched channels and deputies, which are to be those in use.
    """
    answering = contact.answering(actor.at)
    deputies = sorted(contact.deputies.all(), key=lambda deputy: deputy.rank)
    return {
        **person(contact, actor),
        "answers": None if answering in (None, contact) else person(answering, actor),
        "who_answers": _who_answers(contact, answering),
        "nobody": answering is None,
        "deputies": [person(deputy, actor) for deputy in deputies],
        "is_deputy": contact.deputy_for_id is not None,
    }


def person(contact: PointOfContact, actor: Actor) -> dict[str, Any]:
    """One person as a page shows them, with the channels in the order in which to try."""
    status = ContactStatus(contact.status)
    channels = in_order(contact.channels.all(), in_emergency=actor.in_emergency)
    return {
        "uuid": contact.uuid,
        "href": reverse("partners:contact", args=[contact.uuid]),
        "name": contact.person_name,
        "post": contact.post,
        "hours": [*in_words(contact.week), *([contact.hours] if contact.hours else [])],
        "reachable": is_open(contact.week, actor.at, current().time_zone),
        "area": contact.area.name if contact.area else "",
        "languages": ", ".join(sorted(map(language_name, contact.languages))),
        "duties": ", ".join(str(ContactDuty(code).label) for code in contact.duties),
        "key_fingerprint": contact.key_fingerprint,
        "rank": contact.rank,
        "is_active": status == ContactStatus.ACTIVE,
        "tag": {"text": status.label, "colour": COLOURS[status]},
        "channels": [
            {
                "kind": ChannelKind(c.kind).label,
                "value": c.value,
                "href": href(c.kind, c.value),
                "is_out_of_band": c.kind in OUT_OF_BAND,
                "is_for_emergencies": c.is_for_emergencies,
            }
            for c in channels
        ],
        "has_out_of_band": any(channel.kind in OUT_OF_BAND for channel in channels),
        "verified": _verified(contact),
    }


def _verified(contact: PointOfContact) -> str:
    """When and how it was last said that the entry is correct; empty for never."""
    if contact.verified_on is None:
        return ""
    day = date_format(contact.verified_on)
    if not contact.verified_how:
        return day
    how = str(VerifiedHow(contact.verified_how).label)
    if contact.verified_channel:
        how = f"{how} ({ChannelKind(contact.verified_channel).label})"
    return f"{day}, {how}"


def _who_answers(contact: PointOfContact, answering: PointOfContact | None) -> str:
    if answering == contact:
        return ""
    if contact.status == ContactStatus.VACANT:
        why = _("This post is vacant.")
    else:
        why = _("The holder of this post was reassigned.")
    if answering is None:
        return f"{why} {_('No deputy stands in: call the office instead.')}"
    return f"{why} {_('Until it is filled, call the deputy:')}"


def warnings(shown: dict[str, Any]) -> list[str]:
    """What should be mended about an entry, for its own organisation."""
    found = []
    if not shown["is_deputy"] and not shown["deputies"]:
        found.append(_("No deputy is named: nobody answers when this person cannot."))
    if not shown["has_out_of_band"]:
        found.append(_("No channel works without the internet: add a phone or a duty line."))
    return found


# --- which entries --------------------------------------------------------------------------------


def _to_edit(actor: Actor, uuid: UUID) -> PointOfContact:
    found = get_or_404(posts_in_use(actor), actor, uuid=uuid)
    if not may(actor, P.CONTACT_EDIT, found):
        raise PermissionDenied
    return found


def _own(actor: Actor) -> Organisation:
    """The organisation acted for, which holds CONTACT_EDIT for the actor and so is there."""
    if actor.organisation is None:
        raise PermissionDenied
    return actor.organisation


# --- pages ----------------------------------------------------------------------------------------


@needs(P.CONTACT_EDIT)
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The posts of the organisation acted for, each with its deputies and what should be mended."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    own = posts_in_use(actor).filter(organisation=_own(actor))
    posts = [entry(post, actor) for post in own.primary().order_by("id")]
    context = {"posts": [{**post, "warnings": warnings(post)} for post in posts]}
    return render(request, "partners/contacts.html", context)


@needs(P.SIGNED_IN)
@require_safe
def contact(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One point of contact: who answers now, and the ways to reach them in order."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(posts_in_use(actor), actor, uuid=uuid)
    shown = entry(found, actor)
    can_edit = bool(may(actor, P.CONTACT_EDIT, found))
    can_steer = P.CONTACT_STEER in actor.permissions
    due_at = clocks.next_check([found]).get(found.uuid) if can_edit or can_steer else None
    context = {
        "contact": shown,
        "organisation": found.organisation,
        "can_log": P.CONVERSATION_HOLD in actor.permissions
        and found.organisation_id != actor.organisation_id,
        "can_edit": can_edit,
        "can_steer": can_steer,
        "next_check": due_at,
        "is_overdue": due_at is not None and due_at <= actor.at,
        "warnings": warnings(shown) if can_edit else [],
        "acts": _acts(found) if can_edit else [],
        "call": office_to_call(actor.at) if shown["nobody"] else None,
    }
    return render(request, "partners/contact.html", context)


@needs(P.CONTACT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Name a point of contact of the organisation acted for."""
    return _enter(request, deputy_for=None)


@needs(P.CONTACT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new_deputy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Name who stands in next; a deputy has no deputies of their own."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    post = _to_edit(actor, uuid)
    if post.deputy_for_id is not None:
        raise Http404
    return _enter(request, deputy_for=post)


def _enter(request: HttpRequest, *, deputy_for: PointOfContact | None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = Contact(None, request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = services.enter_contact(
            organisation=_own(actor),
            channels=form.channels(),
            by=actor,
            at=actor.at,
            deputy_for=deputy_for,
            **form.details(),
        )
        return _saved(request, made, form, _("Saved. Check the entry and mark it as verified."))
    put_in(form, kept.restore(request))
    title = _("New deputy") if deputy_for else _("New point of contact")
    context = {
        "form": form,
        "title": title,
        "stands_in_for": deputy_for,
        "back": reverse("partners:contact", args=[deputy_for.uuid])
        if deputy_for
        else reverse("partners:contacts"),
    }
    return render(request, "partners/contact_form.html", context)


@needs(P.CONTACT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change an entry; a colleague's change in between is shown beside what was typed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = _to_edit(actor, uuid)
    form = Contact(found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            changed = services.change_contact(
                contact=found,
                channels=form.channels(),
                by=actor,
                at=actor.at,
                version=form.cleaned_data["version"],
                **form.details(),
            )
        except Stale:
            return _conflict(request, found, form)
        text = _("Saved. A changed entry counts as not verified: check it and mark it.")
        return _saved(request, changed, form, text)
    put_in(form, kept.restore(request))
    context = {
        "form": form,
        "title": _("Change the point of contact"),
        "back": reverse("partners:contact", args=[uuid]),
    }
    return render(request, "partners/contact_form.html", context)


def _saved(request: HttpRequest, saved: PointOfContact, form: Contact, text: str) -> HttpResponse:
    kept.discard(request)
    messages.success(request, text)
    if not form.has_out_of_band():
        messages.warning(request, _("No channel of this entry works without the internet."))
    return redirect("partners:contact", saved.uuid)


def _conflict(request: HttpRequest, found: PointOfContact, form: Contact) -> HttpResponse:
    """409: what was typed and what is there now; the form can be sent again over the latter."""
    now = posts_in_use(request.actor).get(pk=found.pk)  # type: ignore[attr-defined]
    again = Contact(now, {**flat(form), "version": now.version})
    context = {
        "rows": differences(form, now),
        "again": again,
        "back": reverse("partners:contact", args=[found.uuid]),
        "action": request.path,
    }
    return render(request, "partners/contact_conflict.html", context, status=409)


def flat(form: Reached) -> dict[str, Any]:
    return {name: form[name].data for name in form.fields}


def differences(form: Any, now: PointOfContact) -> list[dict[str, Any]]:
    mine = {**form.details(), "channels": form.channels()}
    theirs = {
        **{name: getattr(now, name) for name in form.details()},
        "channels": [(c.kind, c.value, c.is_for_emergencies) for c in now.channels.all()],
    }
    labels = {name: form[name].label for name in form.details() if name in form.fields}
    labels |= {"channels": _("Channels"), "week": _("Hours")}
    words: dict[str, Callable[[Any], list[str]]] = {
        "languages": lambda codes: [", ".join(sorted(map(language_name, codes)))] if codes else [],
        "duties": lambda codes: [str(ContactDuty(code).label) for code in codes],
        "week": in_words,
        "channels": _channels_in_words,
    }
    return [
        {
            "label": labels[name],
            "mine": words.get(name, _plain)(mine[name]),
            "theirs": words.get(name, _plain)(theirs[name]),
        }
        for name in mine
        if mine[name] != theirs[name]
    ]


def _channels_in_words(channels: list[tuple[str, str, bool]]) -> list[str]:
    return [
        f"{ChannelKind(kind).label}: {value}"
        + (f" ({_('first in an emergency')})" if first else "")
        for kind, value, first in channels
    ]


def _plain(value: Any) -> list[str]:
    return [str(value)] if value else []


# --- acts -----------------------------------------------------------------------------------------

STATUS_ACTS = {
    "active": ContactStatus.ACTIVE,
    "reassigned": ContactStatus.REASSIGNED,
    "vacant": ContactStatus.VACANT,
}


def _acts(found: PointOfContact) -> list[dict[str, str]]:
    """What its own organisation can say about an entry now, in the order of need."""
    labels = {
        "verify": _("I have checked it: mark as verified"),
        "active": _("The post is filled again"),
        "reassigned": _("The person was reassigned"),
        "vacant": _("The post is vacant"),
    }
    stands = {name for name, status in STATUS_ACTS.items() if status == found.status}
    return [
        {"name": name, "label": label, "action": _act_url(found, name)}
        for name, label in labels.items()
        if name not in stands
    ]


def _act_url(found: PointOfContact, name: str) -> str:
    return reverse("partners:contact-act", args=[found.uuid, name])


@needs(P.CONTACT_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Say something about an entry; only taking it out of use asks once more, on its own page."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if name not in {"verify", "end", *STATUS_ACTS}:
        raise Http404
    found = _to_edit(actor, uuid)
    if request.method != "POST":
        if name != "end":
            return HttpResponseNotAllowed(["POST"])
        return render(request, "partners/contact_end.html", {"contact": entry(found, actor)})
    try:
        text = _do(name, found, actor)
    except NotAllowed as error:
        raise PermissionDenied from error
    messages.success(request, text)
    if name == "end":
        return redirect("partners:contacts")
    return redirect("partners:contact", uuid)


def _do(name: str, found: PointOfContact, actor: Actor) -> str:
    if name == "verify":
        on = local_day(actor.at)
        services.verify_contact(contact=found, by=actor, at=actor.at, on=on)
        return _("Marked as verified today.")
    if name == "end":
        services.end_contact(contact=found, by=actor, at=actor.at)
        return _("The entry is out of use. Nobody sees it any more.")
    services.set_status(contact=found, status=STATUS_ACTS[name], by=actor, at=actor.at)
    return {
        "active": _("Marked as filled. Others are told to call this person again."),
        "reassigned": _("Marked as reassigned. Others are told to call the deputy."),
        "vacant": _("Marked as vacant. Others are told to call the deputy."),
    }[name]


# --- asking and calling ---------------------------------------------------------------------------


@needs(P.CONTACT_SEE)
@require_POST
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Mail the person the link by which they confirm the entry: its organisation's act, or the
    co-ordination's."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(posts_in_use(actor), actor, uuid=uuid)
    try:
        contact_links.send_link(contact=found, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        text = _("A link was sent to the address in the entry. It works once and for 14 days.")
        messages.success(request, text)
    return redirect("partners:contact", uuid)


@needs(P.CONTACT_STEER)
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The co-ordination called: on which channel, and that everything was confirmed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(posts_in_use(actor), actor, uuid=uuid)
    form = Called(found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.verify_by_phone(
                contact=found,
                channel=ChannelKind(form.cleaned_data["channel"]),
                by=actor,
                at=actor.at,
                on=local_day(actor.at),
            )
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Marked as verified today, in a call."))
        return redirect("partners:contact", uuid)
    context = {"form": form, "contact": entry(found, actor), "back": _page_of(found)}
    return render(request, "partners/contact_phone.html", context)


def _page_of(found: PointOfContact) -> str:
    return reverse("partners:contact", args=[found.uuid])
