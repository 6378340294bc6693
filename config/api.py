"""The API: one line per view, and how it says that something went wrong."""

from typing import Any

from django.urls import path
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from partners import api as partners

app_name = "api"
urlpatterns = [
    path("organisations/", partners.Organisations.as_view(), name="organisations"),
    path("organisations/<uuid:uuid>/", partners.OrganisationDetail.as_view(), name="organisation"),
]


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answer without the text of an exception that could carry a value."""
    response = default_handler(exception, context)
    if response is not None and response.status_code == 404:
        response.data = {"detail": "Not found."}
    return response
