"""The inbox: what is new for the person signed in, and opening it.

Opening is a POST, because it marks the notice as read.
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from common.marks import Actor, Permission, needs
from common.paging import Order, Page, paginate
from deadlines import notices as kinds
from deadlines.models import Notice
from deadlines.services import notices

NEWEST_FIRST = Order("-created_at", "-id")


@needs(Permission.SIGNED_IN)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Unread notices, or with ?show=all every notice, newest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    shows_all = request.GET.get("show") == "all"
    mine = Notice.objects.visible_to(actor)
    page = paginate(
        mine if shows_all else mine.unread(),
        NEWEST_FIRST,
        cursor=request.GET.get("page", ""),
    )
    context = {
        "page": page,
        "rows": _rows(page.rows, actor),
        "caption": _("Notices"),
        "columns": [{"label": label} for label in (_("What"), _("When"), _("State"))],
        "empty": {
            "title": _("Nothing new"),
            "text": _("When something waits for you, it stands here, and you get a mail about it."),
        },
        "shows_all": shows_all,
        "waits_elsewhere": Notice.objects.waiting_elsewhere(actor).exists(),
        **_links(page, shows_all=shows_all),
    }
    return render(request, "deadlines/inbox.html", context)


@needs(Permission.SIGNED_IN)
@require_POST
def open_notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Mark a notice as read and go where it leads, if that may still be seen."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    notice = Notice.objects.visible_to(actor).filter(uuid=uuid).first()
    if notice is None:
        raise Http404
    notices.mark_read(notice=notice, by=actor, at=timezone.now())
    kind = kinds.kind_of(notice.kind)
    if kind is None or notice.subject_uuid not in _visible([notice], actor):
        messages.info(request, _("What this notice was about is no longer available to you."))
        return redirect("deadlines:inbox")
    return redirect(kind.link(notice.subject_uuid))


@needs(Permission.SIGNED_IN)
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything in the inbox as read."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    number = notices.mark_all_read(by=actor, at=timezone.now())
    messages.success(
        request,
        ngettext("%(n)s notice marked as read.", "%(n)s notices marked as read.", number)
        % {"n": number},
    )
    return redirect("deadlines:inbox")


def _visible(rows: list[Notice], actor: Actor) -> set[UUID]:
    """The subjects the actor may still see: one question for each way of asking, not each row."""
    asked: dict[kinds.StillVisible, set[UUID]] = defaultdict(set)
    for row in rows:
        kind = kinds.kind_of(row.kind)
        if kind is not None:
            asked[kind.still_visible].add(row.subject_uuid)
    seen: set[UUID] = set()
    for still_visible, uuids in asked.items():
        seen |= still_visible(actor, uuids) & uuids
    return seen


def _rows(rows: list[Notice], actor: Actor) -> list[dict[str, Any]]:
    seen = _visible(rows, actor)
    return [
        {
            # Even what happened says something about a thing one may no longer know of.
            "title": row.title if row.subject_uuid in seen else _("No longer available"),
            "is_gone": row.subject_uuid not in seen,
            "is_unread": row.is_unread,
            "is_handled": row.handled_at is not None,
            "at": row.created_at,
            "action": reverse("deadlines:open_notice", args=[row.uuid]),
        }
        for row in rows
    ]


def _links(page: Page, *, shows_all: bool) -> dict[str, str]:
    show = {"show": "all"} if shows_all else {}
    return {
        name: f"?{urlencode({**show, 'page': cursor})}" if cursor else ""
        for name, cursor in (("next_href", page.next), ("previous_href", page.previous))
    }
