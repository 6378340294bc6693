"""The description of the API, drawn from its views: OpenAPI 3.1."""

from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator


def document() -> dict[str, Any]:
    """The whole of it, in English, the same for everybody: it names no row and no secret."""
    with translation.override("en"):
        drawn: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return drawn
