"""Pages for what went wrong. The 404 is the same to the byte whatever was asked for.

A program that asked under /api/ gets the same as a problem, in the API's one shape.
"""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from partners.problems import MEDIA_TYPE, body_of


def _page(request: HttpRequest, template: str, status: HTTPStatus) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(body_of(status), status=status, content_type=MEDIA_TYPE)
    # The path is kept out of the page, so that two unseen addresses cannot be told apart.
    return render(request, template, {"page_path": "/"}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "400.html", HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "403.html", HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, "500.html", HTTPStatus.INTERNAL_SERVER_ERROR)
