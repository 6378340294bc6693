"""The switch of an emergency: which stand, declaring one, ending it, taking the ending back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.marks import Permission, needs
from common.workflow import NotPossible
from partners.access import Actor, get_or_404
from partners.forms.emergencies import Declaration
from partners.models import Emergency
from partners.services import emergencies as services

P = Permission
SHOWN = 50
"""Of the past as many as a page holds; the rest is in the database."""


@needs(P.EMERGENCY_SWITCH)
@require_http_methods(["GET", "HEAD", "POST"])
def emergencies(request: HttpRequest) -> HttpResponse:
    """Those that stand and stood; declaring one is asked once more before it holds."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = Declaration(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if "sure" not in request.POST:
            area = form.cleaned_data["area"]
            context = {"form": form, "where": area.name if area else _("The whole country")}
            return render(request, "partners/emergency_confirm.html", context)
        try:
            services.declare(
                area=form.cleaned_data["area"],
                reason=form.cleaned_data["reason"],
                until=form.until(),
                by=actor,
                at=actor.at,
            )
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Declared. Every page in the area says so from now on."))
        return redirect("partners:emergencies")
    known = Emergency.objects.visible_to(actor).select_related("area", "begun_by", "ended_by")
    context = {"form": form, "rows": [_row(each, actor) for each in known[:SHOWN]]}
    return render(request, "partners/emergencies.html", context)


def _row(each: Emergency, actor: Actor) -> dict[str, Any]:
    is_on = each.is_on(actor.at)
    ran_out = each.ended_at is None and not is_on
    return {
        "uuid": each.uuid,
        "where": each.area.name if each.area else _("The whole country"),
        "reason": each.reason,
        "from_at": each.from_at,
        "until_at": each.ended_at or each.until_at,
        "begun_by": each.begun_by.display_name,
        "ended_by": each.ended_by.display_name if each.ended_by else "",
        "is_on": is_on,
        "can_resume": not is_on and not ran_out,
    }


@needs(P.EMERGENCY_SWITCH)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """End an emergency, or take the ending back: each undoes the other."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_or_404(Emergency.objects.all(), actor, uuid=uuid)
    try:
        if name == "end":
            services.end(emergency=found, by=actor, at=actor.at)
            messages.success(request, _("Ended. If that was too early, take it back below."))
        elif name == "resume":
            services.resume(emergency=found, by=actor, at=actor.at)
            messages.success(request, _("Taken back: the emergency stands again."))
        else:
            raise Http404
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("partners:emergencies")
