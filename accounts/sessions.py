"""How long a session lasts, and what ends it: idleness, age, a change of password or factors.

The server decides; what the page counts down is a courtesy. What somebody was typing when their
session ended is kept for them by `accounts.kept`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.core import context
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import CSRFCheck

from accounts import audit, kept
from accounts.choices import LogAction
from accounts.models import User

SIGNED_IN_AT: Final = "signed_in_at"
SEEN_AT: Final = "seen_at"
SEEN_STORED_EVERY: Final = timedelta(minutes=1)
PASSIVE: Final = "X-Concord-Passive"
"""The header of a request that a page makes on a timer; a forgotten page keeps no session alive."""
FORM_TYPES: Final = {"application/x-www-form-urlencoded", "multipart/form-data"}

GetResponse = Callable[[HttpRequest], HttpResponse]


# --- the two limits -------------------------------------------------------------------------------


def begin(session: SessionBase, at: datetime) -> None:
    """Both clocks start: somebody has just signed in."""
    session[SIGNED_IN_AT] = session[SEEN_AT] = at.timestamp()


def touch(session: SessionBase, at: datetime, *, store: bool = False) -> None:
    """The idle clock starts again, stored at most once a minute; the absolute one never does."""
    if store or at.timestamp() - session[SEEN_AT] >= SEEN_STORED_EVERY.total_seconds():
        session[SEEN_AT] = at.timestamp()


def ends_at(session: SessionBase) -> tuple[datetime, datetime]:
    """When the session ends if nothing happens, and when it ends in any case.

    A session that does not say when it began has ended: nobody signed in to it.
    """
    began, seen = session.get(SIGNED_IN_AT, 0.0), session.get(SEEN_AT, 0.0)
    absolute = datetime.fromtimestamp(began, tz=UTC) + settings.SESSION_ABSOLUTE
    idle = datetime.fromtimestamp(seen, tz=UTC) + settings.SESSION_IDLE
    return min(idle, absolute), absolute


def limits(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `session_limits`, None for somebody who is not signed in.

    idle_seconds: left until the session ends if nothing happens; warn_seconds: how long before to
    warn; absolute_at: when it ends in any case; keepalive_url, keep_url: what the page posts to;
    restored: whether this page shows what was typed before.
    """
    session = getattr(request, "session", None)
    user = getattr(request, "user", None)
    if user is None or session is None or not user.is_authenticated or SEEN_AT not in session:
        return {"session_limits": None}
    idle, absolute = ends_at(session)
    left = idle - timezone.now()  # noqa: TID251 - the edge of a request
    return {
        "session_limits": {
            "idle_seconds": max(0, int(left.total_seconds())),
            "warn_seconds": int(settings.SESSION_WARNING.total_seconds()),
            "absolute_at": absolute,
            "keepalive_url": reverse("accounts:keepalive"),
            "keep_url": reverse("accounts:keep"),
            "restored": getattr(request, kept.RESTORED, False),
        }
    }


class TimeOutMiddleware:
    """Ends a session that was idle or has lasted too long, before anything else sees the request.

    Also notes for the access log where the request came from. Comes after the messages middleware.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.origin(request.headers.get("X-Request-ID", ""), _client_ip(request)):
            if request.user.is_authenticated:
                at = timezone.now()  # noqa: TID251 - the edge of a request
                if request.user.is_locked(at):
                    return self._lock_out(request)
                if at >= ends_at(request.session)[0]:
                    return self._end(request, at)
                if not _is_passive(request):
                    touch(request.session, at)
            return self.get_response(request)

    def _lock_out(self, request: HttpRequest) -> HttpResponse:
        """Whoever was between the password and the second factor when the lock came."""
        logout(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("accounts:locked")})
        return redirect("accounts:locked")

    def _end(self, request: HttpRequest, at: datetime) -> HttpResponse:
        is_kept = _keep_post(request, at)
        logout(request)
        if request.path in {reverse("accounts:keepalive"), reverse("accounts:keep")}:
            return HttpResponse(status=401)
        text = _("You were signed out for safety. Please sign in again.")
        if is_kept:
            text += " " + _("What you had typed has been kept and will be shown to you.")
        messages.info(request, text)
        if request.headers.get("HX-Request"):
            page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
            location = redirect_to_login(page).url
            return HttpResponse(status=204, headers={"HX-Redirect": location})
        # The path alone: a query may hold what somebody looked for.
        return redirect_to_login(request.path)


def _is_passive(request: HttpRequest) -> bool:
    """Whether the page asked by itself, so that nobody need be in front of it."""
    return request.path == reverse("accounts:keep") or PASSIVE in request.headers


def _keep_post(request: HttpRequest, at: datetime) -> bool:
    """Keeps the fields of a form that arrived too late, if it is truly the person's own."""
    if request.method != "POST" or request.content_type not in FORM_TYPES:
        return False
    try:
        if not _has_csrf_token(request):
            return False
        path = request.path
        if path == reverse("accounts:keep"):
            # A computer that slept through the warning keeps what is on its screen on waking.
            path = request.POST.get("_path", "")
        return kept.keep(user=request.user, path=path, fields=request.POST, at=at)
    except (SuspiciousOperation, MultiPartParserError, kept.NotKeepable):
        return False  # too large, or not a form after all


def _has_csrf_token(request: HttpRequest) -> bool:
    # Django checks the token when it has found the view; here no view is to run.
    check = CSRFCheck(lambda _request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, None, (), {}) is None


def _client_ip(request: HttpRequest) -> str:
    try:
        return get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a local socket has no address
        return ""


# --- ending sessions ------------------------------------------------------------------------------


def end_all(user: User) -> None:
    """Every session of the person ends with its next request."""
    _next_epoch(user)
    _end_rows(user, except_key="")


def end_others(user: User) -> None:
    """Every session of the person ends, save the one in which they act just now."""
    _next_epoch(user)
    request = context.request
    if request is None or not request.user.is_authenticated or request.user.pk != user.pk:
        _end_rows(user, except_key="")
        return
    request.user.session_epoch = user.session_epoch
    before = request.session.session_key
    update_session_auth_hash(request, request.user)  # under a new key: the old one is worthless
    now = request.session.session_key or ""
    UserSession.objects.filter(session_key=before).update(session_key=now)
    _end_rows(user, except_key=now)


def _next_epoch(user: User) -> None:
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def _end_rows(user: User, *, except_key: str) -> None:
    # The epoch has ended them already; this takes them off the list of sessions too.
    for row in UserSession.objects.filter(user_id=user.pk).exclude(session_key=except_key):
        row.end()


# --- what the libraries tell us -------------------------------------------------------------------


def _signed_in(sender: type, request: HttpRequest, user: User, **kwargs: Any) -> None:
    begin(request.session, timezone.now())  # noqa: TID251 - a library's signal carries no time


def _password_changed(sender: type, request: HttpRequest, user: User, **kwargs: Any) -> None:
    end_all(user)
    audit.record_own(action=LogAction.PASSWORD_CHANGED, user=user)


def connect() -> None:
    """Listens to Django's and allauth's signals. Called once, when the application starts."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.sessions.signed_in")
    for signal in (password_changed, password_set, password_reset):
        signal.connect(_password_changed, dispatch_uid="accounts.sessions.password")
