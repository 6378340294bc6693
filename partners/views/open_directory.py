"""The open directory for other websites: read-only, without signing in, the public part only.

HSDS 3.0: `/hsds/` says what it is, lists come in the standard's pages. How often one address may
ask is limited; nothing is kept of who asked.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from partners import hsds
from partners.throttling import OpenThrottle

P = Permission
View = Callable[..., HttpResponse]
KNOWN = frozenset(
    {
        "search", "page", "per_page", "format", "taxonomy_term_id", "taxonomy_id",
        "organization_id", "modified_after", "minimal", "full",
    }
)  # fmt: skip


def _open(view: View) -> View:
    """Limited by address; what is not there and what was asked wrongly are said as JSON."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        throttle = OpenThrottle()
        if not throttle.allow_request(request, None):  # type: ignore[arg-type]
            wait = {"Retry-After": str(int(throttle.wait() or 60))}
            return JsonResponse({"detail": "Too many requests."}, status=429, headers=wait)
        if unknown := sorted(set(request.GET) - KNOWN):
            return JsonResponse({"detail": f"Unknown: {', '.join(unknown)[:200]}"}, status=400)
        if request.GET.get("format", "json") != "json":
            return JsonResponse({"detail": "Only JSON is offered."}, status=400)
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return JsonResponse({"detail": "There is no such record."}, status=404)
        except ValueError:
            return JsonResponse({"detail": "A parameter cannot be read."}, status=400)

    return answer


@needs(P.PUBLIC)
@require_safe
@_open
def about(request: HttpRequest) -> HttpResponse:
    """Which version and profile of the standard this is."""
    said = {"version": hsds.VERSION, "profile": hsds.PROFILE_URL, "openapi_url": hsds.OPENAPI_URL}
    return JsonResponse(said)


@needs(P.PUBLIC)
@require_safe
@_open
def services(request: HttpRequest) -> HttpResponse:
    """Public services by name, in the standard's pages."""
    asked = request.GET.dict()
    page, rows = hsds.page_of(hsds.narrowed(hsds.services(), asked), asked)
    today = local_day(timezone.now())
    if _is_asked(asked, "minimal"):
        contents = [hsds.minimal_record(offer) for offer in rows]
    else:
        record = hsds.full_record if _is_asked(asked, "full") else hsds.brief_record
        contents = [record(offer, today) for offer in rows]
    return JsonResponse({**page, "contents": contents})


@needs(P.PUBLIC)
@require_safe
@_open
def service(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One public service with everything that hangs on it."""
    found = hsds.services().filter(uuid=uuid).first()
    if found is None:
        raise Http404
    return JsonResponse(hsds.full_record(found, local_day(timezone.now())))


@needs(P.PUBLIC)
@require_safe
@_open
def organisations(request: HttpRequest) -> HttpResponse:
    """Members with a public service, in the standard's pages."""
    asked = request.GET.dict()
    rows = hsds.organisations()
    if text := asked.get("search", "")[:100]:
        rows = rows.filter(name__icontains=text)
    page, shown = hsds.page_of(rows, asked)
    return JsonResponse({**page, "contents": [hsds.organisation_record(each) for each in shown]})


@needs(P.PUBLIC)
@require_safe
@_open
def organisation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One member with a public service."""
    found = hsds.organisations().filter(uuid=uuid).first()
    if found is None:
        raise Http404
    return JsonResponse(hsds.organisation_record(found))


def _is_asked(asked: dict[str, str], name: str) -> bool:
    return asked.get(name, "").lower() in ("true", "1")
