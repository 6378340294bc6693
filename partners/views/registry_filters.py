"""The co-ordinator's ways of looking: filters kept under a name, and the list as a file."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.choices import LogAction
from common.marks import Permission, needs
from common.templatetags.concord import moment
from common.workflow import NotPossible
from deadlines.files import content_type
from partners.access import Actor, get_or_404
from partners.forms.registry import KeepFilter
from partners.models import StoredFilter
from partners.registry import in_order, narrowed
from partners.registry_export import MOST, NAME, write
from partners.services import stored_filters

P = Permission


@needs(P.ORGANISATION_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def filters(request: HttpRequest) -> HttpResponse:
    """One's own filters: POST keeps another one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = KeepFilter(request.POST if request.method == "POST" else None, actor=actor)
    if form.is_valid():
        given = form.cleaned_data
        try:
            stored = stored_filters.store(by=actor, at=actor.at, **given)
        except NotPossible as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The filter is kept."))
            return redirect(_href(stored))
    mine = StoredFilter.objects.visible_to(actor)
    context = {
        "form": form if form.is_bound else None,
        "kept": [_row(each) for each in mine.standing()],
        "deleted": [_row(each) for each in mine.exclude(ended_at=None).order_by("-ended_at")[:20]],
    }
    return render(request, "partners/filters.html", context)


def _href(stored: StoredFilter) -> str:
    return f"{reverse('partners:registry')}?{stored.query or urlencode({'all': 1})}"


def _row(stored: StoredFilter) -> dict[str, Any]:
    return {
        "name": stored.name,
        "href": _href(stored),
        "is_default": stored.is_default,
        "deleted": moment(stored.ended_at) if stored.ended_at else "",
        "acts": [
            {"label": label, "href": reverse("partners:filter-act", args=[stored.uuid, name])}
            for name, label in _acts(stored)
        ],
    }


def _acts(stored: StoredFilter) -> list[tuple[str, str]]:
    if stored.ended_at is not None:
        return [("undo", _("Put it back"))]
    first = ("not-first", _("Begin with it no longer"))
    if not stored.is_default:
        first = ("first", _("Begin with it"))
    return [first, ("delete", _("Delete"))]


@needs(P.ORGANISATION_SEE)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Begin with a filter or no longer, delete it, put it back."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    stored = get_or_404(StoredFilter.objects.all(), actor, uuid=uuid)
    match name:
        case "first" | "not-first":
            stored_filters.make_default(
                stored=stored, is_default=name == "first", by=actor, at=actor.at
            )
        case "delete":
            stored_filters.delete(stored=stored, by=actor, at=actor.at)
            messages.success(request, _("The filter is deleted. Below it can be put back."))
        case "undo":
            if stored_filters.put_back(stored=stored, by=actor, at=actor.at):
                messages.success(request, _("The filter is there again."))
            else:
                messages.error(request, _("You keep another filter of this name. Delete it first."))
        case _:
            raise Http404
    return redirect("partners:filters")


@needs(P.REGISTRY_EXPORT)
@require_safe
def export(request: HttpRequest, ending: str) -> HttpResponse:
    """What the filter shows, as a file; in the log before it leaves."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if ending not in MOST:
        raise Http404
    asked = narrowed(actor, request.GET)
    most = MOST[ending]
    found = in_order(asked, most + 1)
    if len(found) > most:
        text = _("That is more than %(most)d organisations. Narrow the list, or take it as CSV.")
        messages.error(request, text % {"most": most})
        return redirect(f"{reverse('partners:registry')}?{asked.query or 'all=1'}")
    with transaction.atomic():
        audit.record(
            action=LogAction.EXPORT,
            by=actor,
            at=actor.at,
            field_group=NAME,
            reason_code=ending,
            organisation_uuid=actor.organisation_uuid,
        )
    name = f"{NAME}.{ending}"
    answer = HttpResponse(write(ending, found), content_type=content_type(name))
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
