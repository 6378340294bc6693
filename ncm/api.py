"""The API's description of itself, for whoever holds a token."""

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.marks import Permission
from ncm.openapi import document
from partners.api import ApiView

P = Permission


class Schema(ApiView):
    """OpenAPI 3.1; any token that works may read it, and nobody without."""

    marks: ClassVar = {"GET": P.SIGNED_IN}

    @extend_schema(
        operation_id="schema",
        summary="This description",
        tags=["Description"],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        return Response(document())
