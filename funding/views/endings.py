"""What ends before long, and which services, places and posts stand on it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import current, local_day
from common.marks import Permission, needs
from funding.forms import standings as asked
from funding.models import Award
from funding.models.awards import after_months
from funding.models.dependence import ServiceStanding
from funding.money_choices import AwardState
from funding.services import standings as services
from funding.survival_figures import per_cent
from partners.access import Actor, get_or_404
from partners.models import PlaceCount
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns

P = Permission
MONTHS = (3, 6, 12, 24)
MOST = 200


class Within(forms.Form):
    """How far ahead."""

    months = forms.TypedChoiceField(coerce=int, required=False, empty_value=12)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["months"]
        field.label = _("Ends within")
        field.choices = [  # type: ignore[attr-defined]
            (n, _("%(n)d months") % {"n": n}) for n in (12, *(m for m in MONTHS if m != 12))
        ]


@dataclass(frozen=True)
class Ending:
    """A service and what it stands on, with what goes with it."""

    standing: ServiceStanding
    ends: date
    places: int


def endings(actor: Actor, *, until: date) -> list[Ending]:
    """Of the services this actor sees, those that stand on something ending by then. 2 queries."""
    rows = list(
        ServiceStanding.objects.visible_to(actor)
        .filter(offer__ended_at__isnull=True)
        .annotate(ends=Coalesce("award__until_on", "agreement__ends_on"))
        .filter(Q(ends__lte=until))
        .select_related("offer__organisation", "agreement", "award")
        .order_by("ends", "pk")[:MOST]
    )
    counts = PlaceCount.objects.filter(offer__in={row.offer_id for row in rows})
    places = dict(counts.order_by().values_list("offer").annotate(all=Sum("total")))
    return [Ending(row, row.ends, places.get(row.offer_id, 0)) for row in rows]


@needs(P.FUNDING_SEE)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Services by the day on which what they stand on ends; one's own, or all for who oversees."""
    actor = actor_of(request)
    form = Within(request.GET)
    months = form.cleaned_data["months"] if form.is_valid() else 12
    today = local_day(actor.at)
    found = endings(actor, until=after_months(today, months))
    oversees = P.FUNDING_OVERSEE in actor.permissions
    context = {
        "filter": form,
        "oversees": oversees,
        "may_enter": P.FUNDING_APPLY in actor.permissions,
        "sums": _sums(found),
        "columns": columns(
            _("Ends"), _("Service"), _("Organisation"), _("Stands on"), _("Places"), _("Posts"),
            *([] if oversees else [_("Change")]),
        ),
        "rows": [_row(each, today, actor) for each in found],
        "is_cut": len(found) == MOST,
        "awards": _awards(actor),
        "clear_href": reverse("funding:endings"),
        "empty": {
            "title": _("Nothing ends in this time"),
            "text": _("Services show here once their organisation has said what they stand on."),
        },
    }  # fmt: skip
    return render(request, "funding/endings.html", context)


def _sums(found: list[Ending]) -> dict[str, Any]:
    """Each service once, however much it stands on."""
    services_seen = {each.standing.offer_id: each.places for each in found}
    posts = sum((each.standing.posts or Decimal(0) for each in found), Decimal(0))
    return {
        "services": len(services_seen),
        "places": sum(services_seen.values()),
        "posts": number_format(posts.normalize()) if posts else "0",
    }


def _row(each: Ending, today: date, actor: Actor) -> list[dict[str, Any]]:
    row = each.standing
    ends: dict[str, Any] = {"text": date_format(each.ends)}
    if each.ends < today:
        ends["note"] = _("Has ended")
    offer = row.offer
    cells = [
        ends,
        {"text": offer.name, "href": reverse("partners:service", args=[offer.uuid])},
        {"text": offer.organisation.display_name},
        _source(row),
        {"text": str(each.places)},
        {"text": number_format(row.posts.normalize()) if row.posts is not None else "–"},
    ]  # fmt: skip
    if P.FUNDING_OVERSEE not in actor.permissions:
        cells.append(
            {"text": _("Remove"), "href": reverse("funding:standing-remove", args=[row.uuid])}
        )
    return cells


def _source(row: ServiceStanding) -> dict[str, Any]:
    if row.award is not None:
        award = row.award
        return {"text": award.title, "href": award.get_absolute_url(), "note": award.reference}
    agreement = row.agreement
    return {"text": agreement.title, "href": agreement.get_absolute_url(), "note": _("Agreement")}


def _awards(actor: Actor) -> dict[str, Any]:
    """Of the awards in force that one sees: how many are long-term, how many allow overhead."""
    rows = Award.objects.visible_to(actor).filter(state=AwardState.IN_FORCE)
    number: Counter[str] = Counter()
    for row in rows.only("from_on", "until_on", "allows_overhead"):
        number["all"] += 1
        number["long"] += row.is_long_term
        number["overhead"] += row.allows_overhead
    if not number["all"]:
        return {}
    return {
        "all": number["all"],
        "long": number["long"],
        "long_share": per_cent(number["long"], number["all"]),
        "overhead": number["overhead"],
        "overhead_share": per_cent(number["overhead"], number["all"]),
        "months": current().funding.long_term_months,
    }


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Say what one of the own services stands on."""
    actor = actor_of(request)
    form = asked.Standing(actor, typed(request))
    back = reverse("funding:endings")
    if form.is_valid():
        act = lambda: services.enter_standing(by=actor, at=actor.at, **form.entered())  # noqa: E731
        if done(request, act, _("It is entered.")):
            return redirect(back)
    return form_page(
        request, form=form, title=_("What a service stands on"), button=_("Save"), back=back,
        lines=[
            _("Without it the service could not go on as it is."),
            _("The co-ordination sees it with the day it ends, the places and the posts; nothing "
              "of what you declare about income, needs or reserves."),
        ],
    )  # fmt: skip


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """It does not stand on it any more."""
    actor = actor_of(request)
    row = get_or_404(
        ServiceStanding.objects.select_related("offer", "agreement", "award"), actor, uuid=uuid
    )
    if row.offer.organisation_id != actor.organisation_id:
        raise PermissionDenied
    back = reverse("funding:endings")
    form = forms.Form(typed(request))
    if form.is_valid():
        act = lambda: services.remove_standing(standing=row, by=actor, at=actor.at)  # noqa: E731
        if done(request, act, _("It is removed.")):
            return redirect(back)
    source = row.award or row.agreement
    return form_page(
        request, form=form, title=_("This service does not stand on it any more"),
        button=_("Remove"), back=back, about=f"{row.offer.name}: {source.title}",  # type: ignore[union-attr]
    )  # fmt: skip
