"""The API for whoever looks after an organisation's programs: a short guide, and its description.

The tokens stand in `partners/views/tokens.py`; the long guide is docs/how-to/use-the-api.md.
"""

import json
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer

from common.marks import Permission, needs
from ncm.openapi import document
from partners.api import MOST_BYTES
from partners.forms.tokens import SCOPE_LABELS
from partners.problems import WORDS
from partners.views.lists import columns
from referrals import examples

P = Permission
#: What a program has to be ready for; the others are mistakes in the program itself.
TO_EXPECT = (400, 401, 403, 404, 409, 422, 429, 500)


@needs(P.TOKEN_MANAGE)
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """What a program can do, how it begins, and what to do when something goes wrong."""
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    context = {
        "base": f"{settings.SITE_URL}/api/v1/",
        "scopes": [
            {"label": str(label), "value": scope.value} for scope, label in SCOPE_LABELS.items()
        ],
        "posted": _request(examples.POSTED),
        "receipt": _pretty(examples.RECEIPT),
        "columns": columns(_("Status"), _("Code"), _("What it means"), _("What to do")),
        "problems": [_problem(status) for status in TO_EXPECT],
        "reads": rates["read"].split("/")[0],
        "writes": rates["write"].split("/")[0],
        "most": MOST_BYTES // 1024,
    }
    return render(request, "ncm/programs.html", context)


def _request(body: dict[str, Any]) -> str:
    """A request as it goes over the line; the token and the key are left to the reader."""
    head = [
        "POST /api/v1/referrals/ HTTP/1.1",
        "Authorization: Token …",
        "Idempotency-Key: …",
        "Content-Type: application/json",
    ]
    return "\n".join([*head, "", _pretty(body)])


def _pretty(body: dict[str, Any]) -> str:
    """A line for each field; a list of one code stays on its line."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+(\S+)\s+\]", r"[\1]", text)


def _problem(status: int) -> list[dict[str, Any]]:
    code, words, remedy = WORDS[status]
    return [{"text": status}, {"text": code}, {"text": words}, {"text": remedy}]


@needs(P.TOKEN_MANAGE)
@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """The description of the API as a file: OpenAPI 3.1, in JSON."""
    drawn = OpenApiJsonRenderer().render(document())
    name = 'attachment; filename="concord-api-v1.json"'
    return HttpResponse(
        drawn, content_type="application/json", headers={"Content-Disposition": name}
    )
