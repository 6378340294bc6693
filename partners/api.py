"""The registry for programs: read-only, one membership's view of it, at most what the token says.

Who may is answered by `partners/access.py`; which fields there are, by `partners/serializers.py`.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import (
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.marks import Permission
from common.paging import Order, Page, paginate
from partners.access import Actor, actor_for, api_mark, get_or_404
from partners.filters import OrganisationFilter
from partners.models import Organisation, PointOfContact
from partners.serializers import (
    OrganisationDetailSerializer,
    OrganisationSerializer,
)

P = Permission
BY_NAME = Order("name", "id")
FILTERS = [
    OpenApiParameter(name, str, description=text)
    for name, text in (
        ("name", "Part of the name."),
        ("kind", "Code of the kind."),
        ("capacity", "Code of a capacity held now."),
        ("area", "Code of an area; everything below it counts."),
        ("language", "ISO 639-1 code of a language spoken."),
        ("cursor", "As given in `next` or `previous`."),
    )
]


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description of the API says that a token is sent."""

    target_class = "accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Token …",
        }


class ApiView(APIView):
    """What every view of the API extends: knows who acts before anything is answered.

    401 without a token that works, 405 for a method without a mark, 403 for a missing scope.
    """

    marks: ClassVar[dict[str, Permission]] = {}

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if request.user is not None:
            request._request.actor = self._actor(request)  # type: ignore[attr-defined]
        mark = api_mark(self, request.method or "")
        if request.user is None and (mark is None or mark.permission != P.PUBLIC):
            raise NotAuthenticated
        if mark is None:
            raise MethodNotAllowed(request.method or "")

    @staticmethod
    def _actor(request: Request) -> Actor:
        """The token's person in exactly the membership it was issued for, while that lasts."""
        token = request.auth
        actor = actor_for(
            request.user,
            at=timezone.now(),
            membership_uuid=token.membership_uuid,
            scopes=[Permission(scope) for scope in token.scopes],
        )
        if not actor.memberships:
            # In the words of a token that never was: an ended membership is nobody's business.
            raise AuthenticationFailed(_("Invalid token."))
        return actor


def page_body(request: Request, page: Page, results: Any) -> dict[str, Any]:
    """A page of a list as the API answers it; `count` is text, because it stops at "1,000+"."""
    return {
        "results": results,
        "next": _address(request, page.next),
        "previous": _address(request, page.previous),
        "count": str(page.count),
    }


def _address(request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    query: QueryDict = request.query_params.copy()
    query["cursor"] = cursor
    address: str = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return address


class Organisations(ApiView):
    """The organisations of the mechanism, by name."""

    marks: ClassVar = {"GET": P.ORGANISATION_SEE}

    @extend_schema(
        operation_id="organisations_list",
        parameters=FILTERS,
        responses=inline_serializer(
            "OrganisationPage",
            {
                "results": OrganisationSerializer(many=True),
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "count": serializers.CharField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        seen = Organisation.objects.visible_to(request.actor).select_related("area")
        narrowed = OrganisationFilter(
            request.query_params, queryset=seen.prefetch_related("capacities")
        )
        if not narrowed.is_valid():
            raise ValidationError(narrowed.errors)
        page = paginate(narrowed.qs, BY_NAME, cursor=request.query_params.get("cursor", ""))
        return Response(page_body(request, page, OrganisationSerializer(page.rows, many=True).data))


class OrganisationDetail(ApiView):
    """One organisation; with the scope CONTACT_SEE also its points of contact."""

    marks: ClassVar = {"GET": P.ORGANISATION_SEE}

    @extend_schema(operation_id="organisations_retrieve", responses=OrganisationDetailSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        actor: Actor = request.actor
        entries = Organisation.objects.select_related("area").prefetch_related("capacities")
        found = get_or_404(entries, actor, uuid=uuid)
        context = {"at": actor.at, "contacts": self._contacts(found, actor)}
        return Response(OrganisationDetailSerializer(found, context=context).data)

    @staticmethod
    def _contacts(found: Organisation, actor: Actor) -> list[PointOfContact] | None:
        """The posts in use with their deputies; None without the scope."""
        if P.CONTACT_SEE not in actor.permissions:
            return None
        in_use = (
            PointOfContact.objects.visible_to(actor)
            .filter(ended_at__isnull=True)
            .select_related("area")
            .prefetch_related("channels")
        )
        deputies = Prefetch("deputies", queryset=in_use.order_by("rank"))
        posts = in_use.primary().filter(organisation=found).prefetch_related(deputies)
        return list(posts.order_by("id"))
