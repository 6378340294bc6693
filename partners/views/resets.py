"""A lost second factor, in pages: asking for a colleague, agreeing as the second person, stopping.

The owner of the account stops it on the page of their own account (`accounts/views.py`).
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import FactorReset, User
from accounts.resets import NotOpen, NotTwoPeople
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import NotAllowed
from partners.access import Actor, get_or_404
from partners.choices import Role
from partners.forms.resets import AskForSomebody
from partners.models import Membership
from partners.services import resets
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
OLDEST_FIRST = Order("asked_at", "id")


@needs(P.FACTOR_RESET)
@require_safe
def open_resets(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what runs its day."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    page = paginate(resets.visible_to(actor), OLDEST_FIRST, cursor=request.GET.get("cursor", ""))
    places = _places([reset.user_id for reset in page.rows], actor)
    context = {
        "page": page,
        "may_ask": P.ORGANISATION_REVIEW in actor.permissions,
        "columns": columns(
            _("Person"), _("Works for"), _("Asked by"), _("State"), _("What you can do")
        ),
        "rows": [_row(reset, actor, places) for reset in page.rows],
        "empty": {
            "title": _("Nobody waits"),
            "text": _("When somebody asks for a colleague who lost a phone or key, it is here."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/resets.html", context)


def _places(users: list[int], actor: Actor) -> dict[int, list[str]]:
    """The organisations people work for; a manager is told their own only."""
    memberships = Membership.objects.active(actor.at).filter(user_id__in=users)
    if P.ORGANISATION_REVIEW not in actor.permissions:
        memberships = memberships.filter(organisation_id=actor.organisation_id)
    found: dict[int, list[str]] = {}
    for membership in memberships.select_related("organisation").order_by("organisation__name"):
        names = found.setdefault(membership.user_id, [])
        if membership.organisation.display_name not in names:
            names.append(membership.organisation.display_name)
    return found


def _row(reset: FactorReset, actor: Actor, places: dict[int, list[str]]) -> dict[str, Any]:
    is_agreed = reset.agreed_at is not None
    return {
        "name": reset.user.display_name,
        "places": places.get(reset.user_id, []),
        "asked_by": reset.asked_by.display_name,
        "asked": shown.day(reset.asked_at),
        "tag": {"text": _("Runs"), "colour": "blue"}
        if is_agreed
        else {"text": _("Not agreed yet"), "colour": "orange"},
        "due": reset.due_at,
        "is_mine": reset.asked_by_id == actor.user_id,
        "is_me": reset.user_id == actor.user_id,
        "agree": "" if is_agreed or not _may_agree(reset, actor) else _href("agree", reset),
        "stop": _href("stop", reset),
    }


def _may_agree(reset: FactorReset, actor: Actor) -> bool:
    return actor.user_id not in {reset.user_id, reset.asked_by_id}


def _href(name: str, reset: FactorReset) -> str:
    return reverse(f"partners:reset-{name}", args=[reset.uuid])


@needs(P.MEMBERSHIP_MANAGE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A manager asks for a colleague. GET says what follows, POST asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    here = resets.colleagues(actor).select_related("user", "organisation")
    membership = get_or_404(here, actor, uuid=uuid)
    if membership.user_id == actor.user_id:
        messages.error(
            request,
            _("Nobody asks for themselves. Ask another manager, or the co-ordination."),
        )
        return redirect("partners:people")
    if request.method == "POST" and _ask(request, membership.user):
        return redirect("partners:resets")
    context = {
        "name": membership.user.display_name,
        "role": Role(membership.role).label,
        "organisation": membership.organisation.display_name,
    }
    return render(request, "partners/reset_ask.html", context)


@needs(P.ORGANISATION_REVIEW, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_somebody(request: HttpRequest) -> HttpResponse:
    """The co-ordination asks, above all for the only manager of an organisation."""
    form = AskForSomebody(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True).first()
        if user is None:
            form.add_error("email", _("Nobody signs in with this address."))
        elif _ask(request, user):
            return redirect("partners:resets")
    return render(request, "partners/reset_ask_somebody.html", {"form": form})


def _ask(request: HttpRequest, user: User) -> bool:
    """Ask, and say what came of it; False where the page is to be shown again."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        resets.ask(user=user, by=actor, at=actor.at)
    except NotTwoPeople:
        messages.error(request, _("Nobody asks for themselves. Ask somebody else to do it."))
        return False
    except NotAllowed as error:
        messages.error(request, str(error))
        return False
    except NotOpen:
        messages.info(request, _("Somebody asked for this person already."))
    else:
        messages.success(
            request,
            _("Asked. Nothing changes until somebody else has agreed and a day has passed."),
        )
    return True


@needs(P.FACTOR_RESET, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The second person. GET says what to check first, POST agrees."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    reset = _seen(actor, uuid)
    if reset is None:
        return _over(request, uuid)
    if not _may_agree(reset, actor):
        return _same_person(request)
    if request.method != "POST":
        places = _places([reset.user_id], actor).get(reset.user_id, [])
        return render(request, "partners/reset_agree.html", {"reset": reset, "places": places})
    try:
        resets.agree(reset=reset, by=actor, at=actor.at)
    except NotTwoPeople:
        return _same_person(request)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotOpen:
        return _over(request, uuid)
    messages.success(
        request, _("Agreed. The person has been told and has a day to stop it; then it is done.")
    )
    return redirect("partners:resets")


@needs(P.FACTOR_RESET)
@require_POST
def stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Nothing changes for the person then."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    reset = _seen(actor, uuid)
    try:
        if reset is None:
            raise NotOpen
        resets.stop(reset=reset, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotOpen:
        return _over(request, uuid)
    messages.success(request, _("Stopped. The second factor stays as it is."))
    return redirect("partners:resets")


def _seen(actor: Actor, uuid: UUID) -> FactorReset | None:
    return resets.visible_to(actor).filter(uuid=uuid).first()


def _over(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Settled meanwhile, for whoever had to do with it; for anybody else it does not exist."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    settled = FactorReset.objects.exclude(pk__in=FactorReset.objects.open()).filter(uuid=uuid)
    known = settled.filter(user__in=resets.colleagues(actor).values("user"))
    if P.ORGANISATION_REVIEW in actor.permissions:
        known = settled
    if not known.exists():
        raise Http404
    messages.info(request, _("This has been stopped or carried out in the meantime."))
    return redirect("partners:resets")


def _same_person(request: HttpRequest) -> HttpResponse:
    messages.error(
        request,
        _("Two people are needed: whoever asked, and somebody else. The person cannot be either."),
    )
    return redirect("partners:resets")
