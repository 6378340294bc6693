"""Behind the link that a point of contact gets by mail: no account, one entry, one answer.

The token leaves the address bar at once; whatever is wrong with a link, the page is the same.
"""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.invitations import hash_of
from common.country import local_day
from common.marks import Permission, needs
from common.workflow import NotPossible, Stale
from partners.access import system_actor
from partners.forms.contacts import Correction
from partners.models import ContactLink, Guidance, PointOfContact
from partners.offices import office_to_call
from partners.services import contact_links, guidance
from partners.throttling import tried_too_often
from partners.views.contacts import differences, flat, person
from partners.views.guidance import download

P = Permission
LINK = "contact_link"
"""Where the session keeps the hash of the token."""


@needs(P.PUBLIC)
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Looking answers nothing: mail scanners open links too."""
    if _too_often(request):
        return _slow_down(request)
    request.session[LINK] = hash_of(token)
    return redirect("partners:contact-mine")


@needs(P.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """One's own entry and the question whether it is still correct; the answer "yes"."""
    found = _open_link(request)
    if isinstance(found, HttpResponse):
        return found
    if request.method == "POST":
        try:
            at = timezone.now()
            entry = contact_links.confirm(token_hash=found.token_hash, at=at, on=local_day(at))
        except contact_links.NotOpen:
            return _not_open(request)
        return _thanks(request, _("Thank you: your entry is confirmed"), entry)
    context = {
        **_shown(found),
        "until": date_format(local_day(found.expires_at)),
        "guidance": [_to_read(each) for each in guidance.to_read_by(found.contact)],
    }
    return render(request, "partners/contact_mine.html", context)


@needs(P.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest) -> HttpResponse:
    """Put one's own hours, languages and numbers right, which confirms the entry as well."""
    found = _open_link(request)
    if isinstance(found, HttpResponse):
        return found
    form = Correction(found.contact, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {**_shown(found), "form": form}
        return render(request, "partners/contact_correct.html", context)
    at = timezone.now()
    try:
        entry = contact_links.correct(
            token_hash=found.token_hash,
            channels=list(form.channels()),
            at=at,
            on=local_day(at),
            version=form.cleaned_data["version"],
            **form.details(),
        )
    except contact_links.NotOpen:
        return _not_open(request)
    except Stale as error:
        return _conflict(request, form, error)
    return _thanks(request, _("Thank you: your entry is corrected"), entry)


@needs(P.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Say that the post is no longer one's own; asked once more, because a link works once."""
    found = _open_link(request)
    if isinstance(found, HttpResponse):
        return found
    if request.method != "POST":
        return render(request, "partners/contact_leave.html", _shown(found))
    try:
        contact_links.leave(token_hash=found.token_hash, at=timezone.now())
    except contact_links.NotOpen:
        return _not_open(request)
    return _thanks(request, _("Thank you: you are no longer called"), None)


@needs(P.PUBLIC)
@require_POST
def read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say that one has read a document of guidance; the link goes on working."""
    found = _open_link(request)
    if isinstance(found, HttpResponse):
        return found
    try:
        guidance.confirm_by_link(token_hash=found.token_hash, guidance=uuid, at=timezone.now())
    except NotPossible as error:
        raise Http404 from error
    messages.success(request, _("Thank you: your organisation sees that you have read it."))
    return redirect("partners:contact-mine")


@needs(P.PUBLIC)
@require_safe
def paper(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A document of guidance that is for the holder of the link."""
    found = _open_link(request)
    if isinstance(found, HttpResponse):
        return found
    for each in guidance.to_read_by(found.contact):
        for paper in each.files.all():
            if (each.uuid, paper.uuid) == (uuid, file):
                return download(paper)
    raise Http404


# --- parts ----------------------------------------------------------------------------------------


def _open_link(request: HttpRequest) -> ContactLink | HttpResponse:
    """The link that this browser followed, or the page to answer with."""
    if _too_often(request):
        return _slow_down(request)
    try:
        return contact_links.find(request.session.get(LINK, ""), timezone.now())
    except contact_links.NotOpen:
        return _not_open(request)


def _shown(found: ContactLink) -> dict[str, Any]:
    actor = system_actor("link to an entry", timezone.now())
    return {
        "contact": person(found.contact, actor),
        "organisation": found.contact.organisation.display_name,
        "is_deputy": found.contact.deputy_for_id is not None,
    }


def _to_read(each: Guidance) -> dict[str, Any]:
    receipt = each.receipt  # type: ignore[attr-defined]
    return {
        "title": each.title,
        "summary": each.summary,
        "read": date_format(local_day(receipt)) if receipt else "",
        "action": reverse("partners:contact-mine-read", args=[each.uuid]),
        "files": [
            {
                "name": paper.title,
                "href": reverse("partners:contact-mine-paper", args=[each.uuid, paper.uuid]),
                "size": paper.size,
                "kind": paper.kind.upper(),
            }
            for paper in each.files.all()
        ],
    }


def _conflict(request: HttpRequest, form: Correction, error: Stale) -> HttpResponse:
    """409: the organisation changed the entry in between; both texts are shown."""
    now = error.current
    if not isinstance(now, PointOfContact):
        raise PermissionDenied
    context = {
        "rows": differences(form, now),
        "again": Correction(now, {**flat(form), "version": now.version}),
        "back": reverse("partners:contact-mine"),
        "action": request.path,
    }
    return render(request, "partners/contact_conflict.html", context, status=409)


def _thanks(request: HttpRequest, title: str, entry: PointOfContact | None) -> HttpResponse:
    """What was understood, and what happens next. The link is used up."""
    request.session.pop(LINK, None)
    steps = [_("Your organisation sees that you answered. The link works no more.")]
    if entry is None:
        steps.append(
            _("From now on your deputy is called; without one, the co-ordination is told.")
        )
    else:
        steps.append(_("In about three months you are asked again."))
    context = {"title": title, "steps": steps, "call": office_to_call(timezone.now())}
    return render(request, "partners/contact_thanks.html", context)


def _not_open(request: HttpRequest) -> HttpResponse:
    """One page for unknown, used, replaced, ended and run out: none can be told from another."""
    context = {"call": office_to_call(timezone.now())}
    return render(request, "partners/contact_link_not_open.html", context, status=404)


def _slow_down(request: HttpRequest) -> HttpResponse:
    context = {"call": office_to_call(timezone.now())}
    return render(request, "partners/contact_link_not_open.html", context, status=429)


def _too_often(request: HttpRequest) -> bool:
    try:
        ip = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a local socket has no address
        ip = ""
    return tried_too_often(LINK, ip, most=settings.LINK_TRIES_A_MINUTE)
