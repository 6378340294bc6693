"""Enforces the marks on pages: an unmarked view does not answer.

Sets `request.actor` for everything after it, and tells the database whose rows it may give. The
API has its own class in `partners/access.py`, because its actor is known only once the token has
been read.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.views import APIView

from accounts.factors import has_second_factor, proved_at
from common.country import current
from common.marks import Mark, Permission, mark_of
from common.rowlock import NOBODY, tell, told
from partners.access import Actor, ApiPermission, actor_for, anonymous, may
from partners.sight import sight_of

logger = logging.getLogger(__name__)
ACTING_FOR = "acting_for"
#: The page on which somebody chose another organisation to act for, until it has answered.
SWITCHED_ON = "switched_on"
NOT_OPEN = (403, 404)
FRESH_SECONDS = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


class AccessMiddleware:
    """Builds the actor, then lets a view answer only if its mark says this actor may."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = anonymous(timezone.now())  # type: ignore[attr-defined]
        with timezone.override(current().time_zone), told(NOBODY):
            response = self.get_response(request)
        if response.status_code in NOT_OPEN and getattr(request, "just_switched", False):
            messages.info(request, _("The page you were on is not open to this organisation."))
            return self._to(request, redirect("ncm:home"))
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        api = getattr(view, "cls", None)
        if isinstance(api, type) and issubclass(api, APIView):
            if ApiPermission not in api.permission_classes:
                raise self._unmarked(request)
            return None
        mark = mark_of(view, request.resolver_match.view_name if request.resolver_match else "")
        if mark is None:
            raise self._unmarked(request)
        if request.user.is_authenticated:
            request.actor = self._actor(request)  # type: ignore[attr-defined]
            tell(sight_of(request.actor))  # type: ignore[attr-defined]
        return self._refusal(request, mark)

    def _actor(self, request: HttpRequest) -> Actor:
        if request.session.get(SWITCHED_ON):
            request.just_switched = request.session.pop(SWITCHED_ON) == request.path  # type: ignore[attr-defined]
        if request.user.time_zone:  # type: ignore[union-attr]
            timezone.activate(request.user.time_zone)  # type: ignore[union-attr]
        return actor_for(
            request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            organisation_uuid=request.session.get(ACTING_FOR),
            proved_at=proved_at(request),
        )

    def _refusal(self, request: HttpRequest, mark: Mark) -> HttpResponse | None:
        if mark.permission == Permission.PUBLIC:
            return None
        if not request.user.is_authenticated:
            return self._to(request, redirect_to_login(request.path))
        if not request.user.is_active:
            logout(request)
            return self._to(request, redirect_to_login(request.path))
        if mark.permission != Permission.ENROLLING and not self._has_factor(request):
            messages.info(request, _("Set up a second factor first. It takes two minutes."))
            return self._to(request, redirect("mfa_activate_totp"))
        if not may(request.actor, mark.permission):  # type: ignore[attr-defined]
            raise PermissionDenied
        if mark.fresh and not self._is_fresh(request.actor):  # type: ignore[attr-defined]
            where = f"{reverse('account_reauthenticate')}?next={request.path}"
            return self._to(request, redirect(where))
        return None

    @staticmethod
    def _has_factor(request: HttpRequest) -> bool:
        # Read with the memberships; who has none is asked for.
        known: bool | None = request.actor.has_factor  # type: ignore[attr-defined]
        return settings.DEMO or (has_second_factor(request) if known is None else known)

    @staticmethod
    def _is_fresh(actor: Actor) -> bool:
        proved = actor.proved_at or datetime.min.replace(tzinfo=UTC)
        return (actor.at - proved).total_seconds() <= FRESH_SECONDS

    @staticmethod
    def _to(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A redirect that htmx follows with the whole page, not inside a fragment."""
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
        return response

    @staticmethod
    def _unmarked(request: HttpRequest) -> Http404:
        name = request.resolver_match.view_name if request.resolver_match else ""
        logger.error("view %s carries no mark and does not answer", name or "without a name")
        return Http404()
