"""What the pages of a referral share: getting one from its address, and the page for a lost race."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.marks import Permission
from partners.access import Actor, get_or_404, may
from referrals import words
from referrals.models import Referral

#: What a header, a task list or an act needs of a referral, in one query.
WITH = ("person", "consent", "first_responder", "authority", "region")


def acting(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def visible(request: HttpRequest, uuid: UUID) -> Referral:
    """The referral of the address, if it is visible to whoever asks; 404 otherwise."""
    return get_or_404(Referral.objects.select_related(*WITH), acting(request), uuid=uuid)


def permitted(request: HttpRequest, uuid: UUID, permission: Permission) -> Referral:
    """The same, refused with 403 where it is visible but this is not theirs to do."""
    referral = visible(request, uuid)
    if not may(acting(request), permission, referral):
        raise PermissionDenied
    return referral


def conflict(
    request: HttpRequest,
    *,
    referral: Referral,
    back: str,
    rows: Iterable[Mapping[str, Any]] = (),
    again: Iterable[tuple[str, str]] = (),
    happened: Iterable[Mapping[str, Any]] = (),
) -> HttpResponse:
    """409: what was typed and what is there now, side by side.

    `again` are the fields to post once more, with the present version; without any nothing can be
    saved any more. `happened` is what others did meanwhile.
    """
    context = {
        "rows": list(rows),
        "again": list(again),
        "back": back,
        "happened": list(happened),
        "state": words.state_tag(referral.state),
    }
    return render(request, "referrals/conflict.html", context, status=409)


def posted(request: HttpRequest, **fresh: Any) -> list[tuple[str, str]]:
    """What was posted, as pairs for hidden fields, with `fresh` in the place of what is stale."""
    left_out = {"csrfmiddlewaretoken", *fresh}
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in left_out
        for value in values
    ]
    return [*pairs, *((name, str(value)) for name, value in fresh.items())]
