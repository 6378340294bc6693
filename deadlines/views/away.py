"""Being away: who gets one's reminders meanwhile, and for whom one stands in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.country import local_day
from common.marks import Actor, Permission, needs
from common.workflow import NotAllowed, NotPossible
from deadlines.choices import AwayReason
from deadlines.forms import BeAway
from deadlines.models import Absence
from deadlines.services import absences

SHOWN = 50


@needs(Permission.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """What is entered, for oneself and by colleagues who chose one; and entering more."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    colleagues = dict(absences.colleagues_of(actor))
    form = BeAway(request.POST if request.method == "POST" else None, colleagues=colleagues)
    if form.is_valid() and _enter(form, actor):
        messages.success(request, _("Entered. Your colleague has been told."))
        return redirect("deadlines:away")
    today = local_day(actor.at)
    rows = Absence.objects.visible_to(actor).filter(ended_at=None, until_on__gte=today)
    context = {
        "form": form,
        "has_colleagues": bool(colleagues),
        "columns": [
            {"label": label}
            for label in (_("Who is away"), _("Days"), _("Who stands in"), _("What you can do"))
        ],
        "rows": [
            _row(row, actor)
            for row in rows.select_related("user", "deputy").order_by("from_on", "pk")[:SHOWN]
        ],
        "empty": {
            "title": _("Nobody is away"),
            "text": _("Your own days away, and those on which you stand in, are listed here."),
        },
    }
    return render(request, "deadlines/away.html", context)


@needs(Permission.SIGNED_IN)
@require_POST
def away_end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Either of the two ends it: from now on the reminders go to their owner alone."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = Absence.objects.visible_to(actor).filter(uuid=uuid).first()
    if row is None:
        raise Http404
    absences.end(absence=row, by=actor, at=actor.at)
    messages.success(request, _("Ended. Nobody stands in any more."))
    return redirect("deadlines:away")


def _enter(form: BeAway, actor: Actor) -> bool:
    given = form.cleaned_data
    try:
        absences.be_away(
            deputy_id=given["deputy"],
            from_on=given["from_on"],
            until_on=given["until_on"],
            reason=AwayReason(given["reason"]),
            by=actor,
            at=actor.at,
        )
    except (NotAllowed, NotPossible) as error:
        form.add_error("until_on" if isinstance(error, NotPossible) else "deputy", str(error))
        return False
    return True


def _row(row: Absence, actor: Actor) -> dict[str, Any]:
    return {
        "who": _("You") if row.user_id == actor.user_id else row.user.display_name,
        "deputy": _("You") if row.deputy_id == actor.user_id else row.deputy.display_name,
        "days": f"{date_format(row.from_on)} – {date_format(row.until_on)}",
        "reason": AwayReason(row.reason).label,
        "end": reverse("deadlines:away_end", args=[row.uuid]),
    }
