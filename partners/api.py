"""The registry for programs: read-only, one membership's view of it, at most what the token says.

Who may is answered by `partners/access.py`; which fields there are, by `partners/serializers.py`.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
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
from common.rowlock import tell
from partners.access import Actor, actor_for, api_mark, get_or_404
from partners.filters import OrganisationFilter
from partners.models import Organisation, PointOfContact
from partners.problems import Problem
from partners.serializers import (
    OrganisationDetailSerializer,
    OrganisationSerializer,
)
from partners.sight import sight_of

P = Permission
BY_NAME = Order("name", "id")
#: The largest body that is read: a longest account in a script of four bytes, and all the rest.
MOST_BYTES = 512 * 1024
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


class ApiView(APIView):
    """What every view of the API extends: knows who acts before anything is answered.

    401 without a token that works, 405 for a method without a mark, 403 for a missing scope.
    `answers_also` names the problems of a method that the description of the API cannot guess.
    """

    marks: ClassVar[dict[str, Permission]] = {}
    answers_also: ClassVar[dict[str, tuple[int, ...]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Django's own limit is on forms; a JSON body is read as it comes.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise Problem(413)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if request.user is not None:
            request._request.actor = self._actor(request)  # type: ignore[attr-defined]
            tell(sight_of(request.actor))
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
    """A page of a list as the API answers it; `count` is text, because it stops at "1,000+".

    `restarted` says that the row the cursor named is gone and this is the first page again.
    """
    return {
        "results": results,
        "next": _address(request, page.next),
        "previous": _address(request, page.previous),
        "count": str(page.count),
        "restarted": page.restarted,
    }


def page_fields(line: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """The fields of a page of such lines, for the description of the API."""
    return {
        "results": line,
        "next": serializers.URLField(allow_null=True, help_text="Null on the last page."),
        "previous": serializers.URLField(allow_null=True, help_text="Null on the first page."),
        "count": serializers.CharField(help_text="Text, because it stops at “1,000+”."),
        "restarted": serializers.BooleanField(
            help_text="The row the cursor named is gone: this is the first page again."
        ),
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
        summary="The organisations of the mechanism, by name",
        tags=["Registry"],
        parameters=FILTERS,
        responses=inline_serializer(
            "OrganisationPage", page_fields(OrganisationSerializer(many=True))
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

    @extend_schema(
        operation_id="organisations_retrieve",
        summary="One organisation",
        tags=["Registry"],
        responses=OrganisationDetailSerializer,
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        actor: Actor = request.actor
        entries = Organisation.objects.select_related("area").prefetch_related("capacities")
        found = get_or_404(entries, actor, uuid=uuid)
        if P.CONTACT_SEE in actor.permissions:
            found.shown_contacts = self._contacts(found, actor)  # type: ignore[attr-defined]
        return Response(OrganisationDetailSerializer(found, context={"at": actor.at}).data)

    @staticmethod
    def _contacts(found: Organisation, actor: Actor) -> list[PointOfContact]:
        """The posts in use with their deputies."""
        in_use = (
            PointOfContact.objects.visible_to(actor)
            .filter(ended_at__isnull=True)
            .select_related("area")
            .prefetch_related("channels")
        )
        deputies = Prefetch("deputies", queryset=in_use.order_by("rank"))
        posts = in_use.primary().filter(organisation=found).prefetch_related(deputies)
        return list(posts.order_by("id"))
