"""Pages of one's own account, and the page behind an invitation link.

Signing in, the second factor and the list of sessions are allauth's views with our templates.
"""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations, kept, locks, resets, services, sessions
from accounts.adapters import speak
from accounts.forms import AcceptForm, MeForm
from accounts.models import FactorReset, Invitation
from common.marks import Permission, needs

INVITATION = "invitation"
"""Where the session keeps the hash of the link that was opened."""


@needs(Permission.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """My account: name, language, time zone, and the ways to password, factors and sessions."""
    typed = kept.restore(request)
    initial = typed.dict() if typed else None
    form = MeForm(request.POST or None, instance=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        user = services.change_profile(user=request.user, **form.cleaned_data)
        kept.discard(request)
        messages.success(request, _("Your account has been saved."))
        response = redirect("accounts:me")
        speak(response, user.language)
        return response
    reset = FactorReset.objects.open().filter(user_id=request.user.pk).first()
    return render(request, "accounts/me.html", {"form": form, "reset": reset})


@needs(Permission.SIGNED_IN)
@require_POST
def stop_reset(request: HttpRequest) -> HttpResponse:
    """Whoever signed in with the factor still has it: it stays."""
    reset = FactorReset.objects.open().filter(user_id=request.user.pk).first()
    try:
        if reset is None:
            raise resets.NotOpen
        resets.stop(reset=reset, by=reset.user, at=timezone.now())
    except resets.NotOpen:
        messages.info(request, _("There was nothing to stop."))
    else:
        messages.success(
            request,
            _("Stopped. Your second factor stays. Tell the co-ordination who asked for it."),
        )
    return redirect("accounts:me")


@needs(Permission.PUBLIC)
@require_GET
def locked(request: HttpRequest) -> HttpResponse:
    """What somebody can do whose account is locked; the same page for everybody who opens it."""
    return render(request, "accounts/locked.html", {"call": locks.whom_to_call(timezone.now())})


# --- the session ----------------------------------------------------------------------------------


@needs(Permission.ENROLLING)
@require_POST
def keepalive(request: HttpRequest) -> HttpResponse:
    """Somebody is still there. Renews the idle limit, never the absolute one."""
    sessions.touch(request.session, timezone.now(), store=True)
    return HttpResponse(status=204)


@needs(Permission.SIGNED_IN)
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keeps what is typed on the page named by `_path`, before the session ends."""
    path, at = request.POST.get("_path", ""), timezone.now()
    try:
        kept.keep(user=request.user, path=path, fields=request.POST, at=at)
    except kept.NotKeepable:
        return HttpResponse(status=400)
    return HttpResponse(status=204)


# --- invitations ----------------------------------------------------------------------------------


@needs(Permission.PUBLIC)
@require_GET
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. The token goes into the session, hashed, and out of the address bar.

    Looking is not accepting: mail scanners open links too.
    """
    request.session[INVITATION] = invitations.hash_of(token)
    return redirect("accounts:invitation")


@needs(Permission.PUBLIC)
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Who invites to what; then an account is opened, or somebody who has one joins."""
    at = timezone.now()
    try:
        found = invitations.find(request.session.get(INVITATION, ""), at)
    except invitations.NotOpen:
        return _not_open(request)
    account = invitations.account_of(found)
    if account is not None and not account.is_active:
        return _not_open(request)
    try:
        if request.user.is_authenticated:
            return _join(request, found)
        if account is not None:
            return _page(request, found, "accounts/invitation_sign_in.html")
        return _open_account(request, found)
    except invitations.NotOffered:
        return _not_open(request)
    except (invitations.NotOpen, invitations.AccountExists):
        # Somebody else was quicker, most likely the same person in another tab.
        return redirect("accounts:invitation")


def _open_account(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = AcceptForm(request.POST or None, invitation=found)
    if request.method != "POST" or not form.is_valid():
        return _page(request, found, "accounts/invitation.html", form=form)
    user = invitations.accept(
        token_hash=found.token_hash,
        display_name=form.cleaned_data["display_name"],
        password=form.cleaned_data["password"],
        language=get_language() or "",
        at=timezone.now(),
    )
    del request.session[INVITATION]
    login = Login(user=user, email=user.email, redirect_url=reverse("mfa_index"))
    return perform_password_login(request, {"email": user.email}, login)


def _join(request: HttpRequest, found: Invitation) -> HttpResponse:
    if request.user.email != found.email:
        return _page(request, found, "accounts/invitation_other_person.html", status=403)
    if request.method != "POST":
        return _page(request, found, "accounts/invitation_join.html")
    at = timezone.now()
    invitations.join(token_hash=found.token_hash, user=request.user, at=at)
    del request.session[INVITATION]
    messages.success(request, _("You have joined."))
    return redirect("/")


def _page(
    request: HttpRequest, found: Invitation, template: str, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {
        "invitation": found,
        "what": invitations.describe(found),
        "inviter": found.invited_by.display_name if found.invited_by else "",
        **more,
    }
    return render(request, template, context, status=status)


def _not_open(request: HttpRequest) -> HttpResponse:
    """One page for unknown, used, withdrawn and run out, so that none can be told from another."""
    return render(request, "accounts/invitation_not_open.html", status=410)
