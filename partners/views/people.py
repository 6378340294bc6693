"""Colleagues in the organisation acted for: who works here, whom one invited, and ending it.

What each role may do stands in `partners/access.py`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, kept
from accounts.models import Invitation
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import NotAllowed
from partners.access import Actor, get_or_404
from partners.choices import MAY_ENFORCE, NARROWABLE, Role, Scope
from partners.forms.people import InviteColleague, SetScope
from partners.models import Membership, Organisation
from partners.services import memberships
from partners.services.memberships import LastManager, RoleNotOffered, WrongScope
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
BY_JOINING = Order("from_at", "id")
NEWEST_FIRST = Order("-invited_at", "-id")


def _own(actor: Actor) -> Organisation:
    """The organisation acted for, which holds MEMBERSHIP_MANAGE for the actor and so is there."""
    if actor.organisation is None:
        raise PermissionDenied
    return actor.organisation


def _waiting(organisation: Organisation) -> QuerySet[Invitation]:
    """The letters of this organisation that nobody accepted or took back."""
    return Invitation.objects.waiting() & memberships.letters_of(organisation)


@needs(P.MEMBERSHIP_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Colleagues and pending invitations, with the form that invites one more."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    own = _own(actor)
    roles = memberships.offered_roles(own)
    posted = request.POST if request.method == "POST" else None
    form = InviteColleague(roles, posted, kind=own.kind)
    if form.is_valid() and _invite(form, own, actor):
        kept.discard(request)
        messages.success(request, _("The invitation is on its way. Its link works for 14 days."))
        return redirect("partners:people")
    put_in(form, kept.restore(request))
    colleagues = (
        Membership.objects.visible_to(actor)
        .active(actor.at)
        .filter(organisation=own)
        .select_related("user", "team", "organisation")
    )
    page = paginate(colleagues, BY_JOINING, cursor=request.GET.get("cursor", ""))
    letters = paginate(_waiting(own), NEWEST_FIRST, cursor=request.GET.get("letters", ""))
    context = {
        "form": form,
        "organisation": own,
        "page": page,
        "columns": columns(
            _("Name"), _("Role"), _("Since"), _("E-mail address"), _("What you can do")
        ),
        "rows": [_person(membership, actor) for membership in page.rows],
        "page_links": page_links(request, page),
        "letter_columns": columns(
            _("Sent to"), _("Role"), _("Sent on"), _("State"), _("What you can do")
        ),
        "letters": [_letter(letter, actor) for letter in letters.rows],
        "letter_links": page_links(request, letters, name="letters"),
        "nobody_waits": {
            "title": _("No invitation is waiting"),
            "text": _("Whom you invite below is listed here until the link is used."),
        },
    }
    return render(request, "partners/people.html", context)


def _invite(form: InviteColleague, own: Organisation, actor: Actor) -> bool:
    """Send it; False with the reason on the form where it cannot be."""
    given = form.cleaned_data
    standing = Membership.objects.visible_to(actor).active(actor.at).filter(organisation=own)
    if standing.filter(user__email__iexact=given["email"], role=given["role"]).exists():
        form.add_error("email", _("This person already works here in that role."))
        return False
    try:
        memberships.invite_colleague(organisation=own, by=actor, at=actor.at, **given)
    except RoleNotOffered as error:
        form.add_error("role", str(error))
        return False
    return True


def _person(membership: Membership, actor: Actor) -> dict[str, Any]:
    return {
        "name": membership.user.display_name,
        "is_self": membership.user_id == actor.user_id,
        "role": Role(membership.role).label,
        "since": shown.day(membership.from_at),
        "email": membership.user.email,
        "action": reverse("partners:people-end", args=[membership.uuid]),
        "sees": _sees(membership),
        "scope": reverse("partners:people-scope", args=[membership.uuid])
        if _has_scope(membership)
        else "",
        "lock": reverse("partners:people-lock", args=[membership.uuid]),
        "reset": reverse("partners:people-reset", args=[membership.uuid]),
    }


def _has_scope(membership: Membership) -> bool:
    """Whether anything can be said of what a colleague sees."""
    return membership.role in NARROWABLE or membership.organisation.kind in MAY_ENFORCE


def _sees(membership: Membership) -> str:
    """How far into the files, in words; empty for all of them."""
    words = [_("Law enforcement")] if membership.is_enforcement else []
    if membership.scope != Scope.ORGANISATION:
        name = membership.team.name if membership.team else ""
        team = _("Team: %(name)s") % {"name": name}
        words.append(team if name else str(Scope(membership.scope).label))
    return ", ".join(words)


def _letter(letter: Invitation, actor: Actor) -> dict[str, Any]:
    is_open = letter.expires_at > actor.at
    return {
        "email": letter.email,
        "role": _role_of(letter),
        "sent": shown.day(letter.invited_at),
        "until": shown.day(letter.expires_at) if is_open else "",
        "tag": {"text": _("Waits for an answer"), "colour": "blue"}
        if is_open
        else {"text": _("Ran out"), "colour": "orange"},
        "action": reverse("partners:people-revoke", args=[letter.uuid]),
    }


def _role_of(letter: Invitation) -> str:
    role = str(Role(letter.role).label)
    if letter.kind != memberships.ENFORCEMENT:
        return role
    return _("%(role)s, law enforcement") % {"role": role}


@needs(P.MEMBERSHIP_MANAGE)
@require_POST
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take back an invitation of one's own organisation; its link stops working."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    own = _own(actor)
    # Taken back already is taken back; another organisation's letter does not exist.
    letter = memberships.letters_of(own).filter(uuid=uuid).first()
    if letter is None:
        raise Http404
    try:
        memberships.withdraw_invitation(invitation=letter, by=actor, at=actor.at)
    except invitations.NotOpen:
        messages.error(
            request, _("The invitation was accepted in the meantime. End the membership instead.")
        )
    else:
        messages.success(request, _("The invitation was taken back. Its link no longer works."))
    return redirect("partners:people")


@needs(P.MEMBERSHIP_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End somebody's work here. GET says what follows, POST does it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    here = Membership.objects.select_related("user", "organisation").filter(
        organisation=_own(actor)
    )
    membership = get_or_404(here, actor, uuid=uuid)
    is_over = membership.until_at is not None and membership.until_at <= actor.at
    if is_over:
        messages.info(request, _("This membership has ended already."))
        return redirect("partners:people")
    is_self = membership.user_id == actor.user_id
    if request.method != "POST":
        context = {"person": _person(membership, actor), "organisation": membership.organisation}
        return render(request, "partners/people_end.html", context)
    try:
        memberships.end_membership(membership=membership, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    except LastManager as error:
        messages.error(request, str(error))
        return redirect("partners:people")
    messages.success(request, _("The membership has ended. Nothing here is open to it any more."))
    return redirect("ncm:home" if is_self else "partners:people")


@needs(P.MEMBERSHIP_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def scope(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say how far into the organisation's files a colleague sees."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    here = Membership.objects.active(actor.at).filter(organisation=_own(actor))
    membership = get_or_404(here.select_related("user", "organisation", "team"), actor, uuid=uuid)
    if not _has_scope(membership):
        messages.info(request, _("Whoever has this role sees all files of the organisation."))
        return redirect("partners:people")
    form = SetScope(membership, request.POST if request.method == "POST" else None)
    if form.is_valid() and _set_scope(form, membership, actor):
        messages.success(request, _("Changed. It holds from the next click on."))
        return redirect("partners:people")
    context = {"form": form, "person": _person(membership, actor)}
    return render(request, "partners/people_scope.html", context)


def _set_scope(form: SetScope, membership: Membership, actor: Actor) -> bool:
    """Change both or neither; False with the reason on the form where it cannot be."""
    given = dict(form.cleaned_data)
    is_enforcement = given.pop("is_enforcement", None)
    common: dict[str, Any] = {"membership": membership, "by": actor, "at": actor.at}
    try:
        with transaction.atomic():
            if is_enforcement is not None:
                memberships.change_function(is_enforcement=is_enforcement, **common)
            if given:
                memberships.change_scope(**given, **common)
    except WrongScope as error:
        form.add_error("scope", str(error))
    except NotAllowed as error:
        form.add_error(None, str(error))
    return not form.errors
