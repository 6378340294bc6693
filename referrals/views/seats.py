"""Who decides on identification: the country's bodies, and the organisations behind each.

Every member can read it; naming is the co-ordination's.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import current
from common.marks import Permission, needs
from common.profile import DeciderKind
from common.workflow import NotPossible
from partners.access import Actor, get_or_404
from partners.models import Organisation
from partners.offices import office_to_call
from partners.views.lists import columns
from referrals import deciding, words
from referrals.forms.seats import NameDecider
from referrals.models import DecidingSeat
from referrals.services import seats as services
from referrals.views.shown import acting

P = Permission
#: Seats that ended are shown as far back as this many.
PAST = 50


@needs(P.ORGANISATION_SEE)
@require_safe
def deciders(request: HttpRequest) -> HttpResponse:
    """Each decision of the country: what kind of body takes it, and who sits there."""
    actor = acting(request)
    names = P.DECIDER_NAME in actor.permissions
    rows = DecidingSeat.objects.visible_to(actor).select_related("organisation")
    held = list(rows.held())
    past = rows.filter(ended_at__isnull=False).order_by("-ended_at", "-pk")[:PAST]
    shown = _shown([seat.organisation_id for seat in [*held, *past]], actor)
    context = {
        "stages": [_stage(stage, held, shown, names=names) for stage in deciding.stages()],
        "can_name": names,
        "has_able": not names or services.able_to_decide().exists(),
        "columns": columns(_("Body"), _("Organisation"), _("From"), _("To")),
        "past": [_past(seat, shown) for seat in past],
        "call": None if names else office_to_call(actor.at),
    }
    return render(request, "referrals/deciders.html", context)


def _shown(keys: list[int], actor: Actor) -> set[int]:
    """Of these organisations those the actor may know of: not each is listed for all."""
    seen = Organisation.objects.visible_to(actor).filter(pk__in=keys)
    return set(seen.values_list("pk", flat=True))


def _stage(
    stage: deciding.DecidingStage, held: list[DecidingSeat], shown: set[int], *, names: bool
) -> dict[str, Any]:
    """A decision with its bodies, and what is missing before it can be taken."""
    authorities = [a for a in current().authorities if a.id in stage.names]
    bodies = [
        {
            "name": str(authority.name),
            "href": f"{reverse('referrals:decider-name')}?authority={authority.id}",
            "seats": [
                _seat(seat, shown, names=names) for seat in held if seat.authority == authority.id
            ],
        }
        for authority in authorities
    ]
    return {
        "name": words.stage_name(stage.code),
        "how": HOW[stage.rules.decider](stage),
        "bodies": bodies,
        "missing": deciding.unseated(stage, held),
    }


def _single(stage: deciding.DecidingStage) -> str:
    return _(
        "One authority decides: the one a referral was sent to. Where an organisation is named, "
        "referrals can be sent to it alone."
    )


def _joint(stage: deciding.DecidingStage) -> str:
    return _("These bodies decide together: each has to agree.")


def _panel(stage: deciding.DecidingStage) -> str:
    if stage.rules.civil_society_seat:
        return _(
            "A panel decides by majority. A seat of civil society, of an organisation that did not "
            "refer, has to vote."
        )
    return _("A panel decides by majority.")


def _accredited(stage: deciding.DecidingStage) -> str:
    return _("An accredited organisation decides.")


HOW = {
    DeciderKind.SINGLE: _single,
    DeciderKind.JOINT: _joint,
    DeciderKind.PANEL: _panel,
    DeciderKind.ACCREDITED: _accredited,
}


def _name(seat: DecidingSeat, shown: set[int]) -> str:
    if seat.organisation_id in shown:
        return seat.organisation.display_name
    return _("An organisation that is not listed")


def _seat(seat: DecidingSeat, shown: set[int], *, names: bool) -> dict[str, Any]:
    is_shown = seat.organisation_id in shown
    return {
        "name": _name(seat, shown),
        "href": seat.organisation.get_absolute_url() if is_shown else "",
        "since": words.day(seat.since_at),
        "is_civil_society": deciding.is_civil_society(seat.organisation),
        "end": reverse("referrals:decider-end", args=[seat.uuid]) if names else "",
    }


def _past(seat: DecidingSeat, shown: set[int]) -> list[dict[str, str]]:
    return [
        {"text": deciding.authority_name(seat.authority)},
        {"text": _name(seat, shown)},
        {"text": words.day(seat.since_at)},
        {"text": words.day(seat.ended_at)},
    ]


# --- naming ---------------------------------------------------------------------------------------


@needs(P.DECIDER_NAME)
@require_http_methods(["GET", "HEAD", "POST"])
def name(request: HttpRequest) -> HttpResponse:
    """Name an organisation for one of the country's bodies."""
    actor = acting(request)
    if request.method == "POST":
        form = NameDecider(request.POST)
        if form.is_valid() and _named(form, actor):
            body = deciding.authority_name(form.cleaned_data["authority"])
            who = form.cleaned_data["organisation"].display_name
            messages.success(
                request,
                _(
                    "%(who)s is named for “%(body)s”. What waits for the decision is on its way "
                    "there."
                )
                % {"who": who, "body": body},
            )
            return redirect("referrals:deciders")
    else:
        form = NameDecider(initial={"authority": request.GET.get("authority", "")})
    return render(request, "referrals/decider_name.html", {"form": form})


def _named(form: NameDecider, actor: Actor) -> bool:
    """Name it; False with the reason on the form where that is not possible."""
    try:
        services.name_decider(**form.cleaned_data, by=actor, at=actor.at)
    except NotPossible as error:
        form.add_error(None, str(error))
        return False
    return True


@needs(P.DECIDER_NAME)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask once more, and end a seat."""
    actor = acting(request)
    seat = get_or_404(DecidingSeat.objects.select_related("organisation"), actor, uuid=uuid)
    if seat.ended_at is not None:
        return redirect("referrals:deciders")
    if request.method == "POST":
        services.end_seat(seat=seat, by=actor, at=actor.at)
        messages.success(request, _("The seat has ended. What was decided stands."))
        return redirect("referrals:deciders")
    others = DecidingSeat.objects.held().filter(authority=seat.authority).exclude(pk=seat.pk)
    context = {
        "seat": seat,
        "body": deciding.authority_name(seat.authority),
        "is_last": not others.exists(),
    }
    return render(request, "referrals/decider_end.html", context)
