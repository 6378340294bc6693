"""Security locks, in pages: locking somebody out at once, making it longer, letting them in again.

What the locked person sees is `accounts/views.py::locked`.
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

from accounts.choices import LockReason
from accounts.locks import NotStanding, NotYours
from accounts.models import AccountLock, User
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import NotAllowed
from partners.access import Actor, get_or_404
from partners.forms.locks import Lock, LockSomebody
from partners.models import Membership
from partners.services import locks
from partners.views.lists import columns, page_links

P = Permission
SOONEST_FIRST = Order("until_at", "id")


@needs(P.ACCOUNT_LOCK)
@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Who is locked out now, until when, and by whom."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    page = paginate(locks.visible_to(actor), SOONEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "may_lock_all": locks.answers_for_all(actor),
        "columns": columns(
            _("Person"), _("Reason"), _("Locked by"), _("Until"), _("What you can do")
        ),
        "rows": [_row(each, actor) for each in page.rows],
        "empty": {
            "title": _("Nobody is locked out"),
            "text": _("A lock ends by itself after at most 72 hours and is gone from here then."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/locks.html", context)


def _row(lock: AccountLock, actor: Actor) -> dict[str, Any]:
    may_extend = lock.extended_at is None and actor.user_id not in {lock.user_id, lock.locked_by_id}
    return {
        "name": lock.user.display_name,
        "reason": LockReason(lock.reason).label,
        "by": lock.locked_by.display_name,
        "extended_by": lock.extended_by.display_name if lock.extended_by else "",
        "until": lock.until_at,
        "extend": reverse("partners:lock-extend", args=[lock.uuid]) if may_extend else "",
        "lift": reverse("partners:lock-lift", args=[lock.uuid]),
    }


@needs(P.ACCOUNT_LOCK, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def lock_colleague(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Lock a colleague out. GET says what follows, POST does it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    here = Membership.objects.filter(organisation_id=actor.organisation_id).select_related("user")
    membership = get_or_404(here, actor, uuid=uuid)
    form = Lock(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _lock(request, membership.user, form.cleaned_data["reason"])
        return redirect("partners:locks")
    return _page(request, form, name=membership.user.display_name, back="partners:people")


@needs(P.ACCOUNT_LOCK, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def lock_somebody(request: HttpRequest) -> HttpResponse:
    """Lock anybody out who works in the mechanism; for the co-ordination and the administration."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not locks.answers_for_all(actor):
        raise PermissionDenied
    form = LockSomebody(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True).first()
        if user is None:
            form.add_error("email", _("Nobody signs in with this address."))
        else:
            _lock(request, user, form.cleaned_data["reason"])
            return redirect("partners:locks")
    return _page(request, form, name="", back="partners:locks")


def _page(request: HttpRequest, form: Lock, *, name: str, back: str) -> HttpResponse:
    context = {"form": form, "name": name, "back": reverse(back)}
    return render(request, "partners/lock_new.html", context)


def _lock(request: HttpRequest, user: User, reason: LockReason) -> None:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        locks.lock(user=user, reason=reason, by=actor, at=actor.at)
    except NotYours:
        messages.error(
            request,
            _("Somebody else has to do this: nobody locks themselves, or the same person twice."),
        )
    except NotStanding:
        messages.info(request, _("This account is locked already."))
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("Locked for 72 hours. Every session has ended; the person has been told.")
        )


@needs(P.ACCOUNT_LOCK, fresh=True)
@require_POST
def extend(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The second person makes it longer."""
    return _change(request, uuid, locks.extend, _("The lock is 72 hours longer."))


@needs(P.ACCOUNT_LOCK, fresh=True)
@require_POST
def lift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let the person in again."""
    return _change(request, uuid, locks.lift, _("The lock is lifted. The person can sign in."))


def _change(request: HttpRequest, uuid: UUID, act: Any, words: str) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    # Over meanwhile is said; a lock of somebody one does not answer for does not exist.
    theirs = AccountLock.objects.filter(user__in=locks.lockable(actor).values("user"))
    lock = theirs.filter(uuid=uuid).first()
    if lock is None:
        raise Http404
    try:
        act(lock=lock, by=actor, at=actor.at)
    except NotYours:
        messages.error(request, _("Somebody else has to do this: two people make a lock longer."))
    except NotStanding:
        messages.info(request, _("There is no such lock now, or it was made longer already."))
    except NotAllowed as error:
        raise PermissionDenied from error
    else:
        messages.success(request, words)
    return redirect("partners:locks")
