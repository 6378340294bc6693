"""A program of an organisation: a client with a token that holds each answer to the description."""

import json
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.http import HttpResponse
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from accounts.models import User
from accounts.services import issue_token
from common.marks import Permission
from partners.access import actor_for
from partners.models import Membership
from tests.support.client import NotFit, StrictClient

HERE = "urn:concord:api"
BASE = "/api/v1"
_ARGUMENT = re.compile(r"\\\{\w+\\\}")


@cache
def description() -> dict[str, Any]:
    """The description of the API, drawn once."""
    from drf_spectacular.renderers import OpenApiJsonRenderer

    from ncm.openapi import document

    return json.loads(OpenApiJsonRenderer().render(document()))


@cache
def _registry() -> Registry:
    return Registry().with_resource(HERE, Resource(description(), DRAFT202012))


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_ARGUMENT.sub("[^/]+", re.escape(path)) + "$"), path)
        for path in description()["paths"]
    ]


def check(response: HttpResponse, method: str, address: str) -> None:
    """Raise NotFit unless the description has this status and media type, and the body fits it."""
    path = next((path for pattern, path in _paths() if pattern.fullmatch(address)), None)
    if path is None or method.lower() not in description()["paths"][path]:
        return  # an address or a method that does not exist; the problem's shape is looked at below
    operation = description()["paths"][path][method.lower()]
    answers = operation["responses"]
    status = str(response.status_code)
    if status not in answers:
        raise NotFit(f"{method} {path} answered {status}, which its description does not have")
    media = response.headers["Content-Type"].split(";")[0]
    if media not in answers[status]["content"]:
        raise NotFit(f"{method} {path} answered {status} in {media}")
    where = "/".join(
        each.replace("~", "~0").replace("/", "~1")
        for each in ("paths", path, method.lower(), "responses", status, "content", media, "schema")
    )
    validator = Draft202012Validator({"$ref": f"{HERE}#/{where}"}, registry=_registry())
    for error in validator.iter_errors(response.json()):
        raise NotFit(f"{method} {path}, {status}: {error.json_path}: {error.message[:200]}")


class ProgramClient(StrictClient):
    """Reads and posts JSON, and looks whether each answer is what the description says."""

    def request(self, **request: Any) -> HttpResponse:
        response = super().request(**request)
        method = request["REQUEST_METHOD"]
        if request["PATH_INFO"].startswith(BASE) and method not in ("HEAD", "OPTIONS"):
            check(response, method, request["PATH_INFO"])
        return response

    def send(self, method: str, address: str, body: Any = None, *, key: str = "") -> HttpResponse:
        headers = {"Idempotency-Key": key} if key else {}
        return self.generic(
            method, address, _json(body), content_type="application/json", headers=headers
        )


def _json(body: Any) -> str:
    return json.dumps(body, default=str)


def program_of(
    user: User,
    *scopes: Permission,
    at: datetime,
    membership: Membership | None = None,
    kind: type[StrictClient] = ProgramClient,
) -> Any:
    """A client with a token for the user's only (or the given) membership."""
    membership = membership or Membership.objects.get(user=user)
    _token, text = issue_token(
        user=user,
        membership_uuid=membership.uuid,
        name="a program",
        scopes=scopes,
        expires_at=at + timedelta(days=1),
        by=actor_for(user, at=at, proved_at=at),
        at=at,
    )
    return kind(HTTP_AUTHORIZATION=f"Token {text}")
