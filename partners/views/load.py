"""How much organisations are asked for: one's own load, and for the co-ordination everybody's."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from partners.access import Actor, get_or_404
from partners.load import Load, Register, Twice, loads, twice, with_held
from partners.models import Organisation
from partners.views.lists import columns, page_links
from partners.views.requests import actor_of, in_minutes

P = Permission
BY_NAME = Order("name", "id")


def _month(month: date) -> str:
    return date_format(month, "YEAR_MONTH_FORMAT")


def _same(found: tuple[Twice, ...]) -> list[str]:
    """The warning, a line for each purpose."""
    words = _("%(purpose)s: asked for by %(askers)s.")
    return [
        words % {"purpose": each.purpose.label, "askers": ", ".join(each.askers)} for each in found
    ]


@needs(P.REQUEST_SEE)
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The minutes a month that the organisation acted for is asked for, by whom."""
    actor = actor_of(request)
    ours = with_held(Organisation.objects.all())
    found = get_or_404(ours, actor, pk=actor.organisation_id)
    return _of(request, found, actor, back=reverse("partners:requests"))


@needs(P.LOAD_SEE)
@require_safe
def of_one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The same of one organisation, for the co-ordination."""
    actor = actor_of(request)
    members = with_held(Organisation.objects.members())
    found = get_or_404(members, actor, uuid=uuid)
    return _of(request, found, actor, back=reverse("partners:loads"))


def _of(request: HttpRequest, found: Organisation, actor: Actor, *, back: str) -> HttpResponse:
    [load] = loads([found], local_day(actor.at), Register.standing())
    context = {
        "organisation": found.display_name,
        "is_own": found.pk == actor.organisation_id,
        "back": back,
        "same": _same(load.twice),
        "facts": _facts(load),
        "columns": columns(_("Month"), _("Minutes"), _("By whom")),
        "ahead": [_line(load, month) for month in load.ahead],
        "before": [_line(load, month) for month in reversed(load.back)],
    }
    return render(request, "partners/load.html", context)


def _facts(load: Load) -> list[dict[str, str]]:
    month, most = load.heaviest
    rows = [
        (_("This month"), in_minutes(load.this_month)),
        (_("The twelve months to come"), in_minutes(load.year_ahead)),
        (_("The twelve months before"), in_minutes(load.year_back)),
    ]
    if most:
        heaviest = _("%(month)s, with %(minutes)s")
        words = {"month": _month(month), "minutes": in_minutes(most)}
        rows.append((_("The heaviest month to come"), heaviest % words))
    return [{"label": label, "value": value} for label, value in rows]


def _line(load: Load, month: date) -> list[dict[str, Any]]:
    by = load.minutes.get(month, {})
    askers = [f"{name}: {number}" for name, number in sorted(by.items()) if number]
    return [
        {"text": _month(month)},
        {"text": load.of(month)},
        {"text": "; ".join(askers) or "–"},
    ]


@needs(P.LOAD_SEE)
@require_safe
def everybody(request: HttpRequest) -> HttpResponse:
    """Every member with what it is asked for, by name."""
    actor = actor_of(request)
    members = with_held(Organisation.objects.visible_to(actor).members())
    page = paginate(members, BY_NAME, cursor=request.GET.get("cursor", ""))
    standing = Register.standing()
    found = loads(page.rows, local_day(actor.at), standing)
    context = {
        "page": page,
        "same": _same(twice(standing.requests)),
        "caption": _("Minutes that organisations are asked for"),
        "columns": [
            *columns(_("Organisation")),
            *(
                {**column, "is_number": True}
                for column in columns(
                    _("This month"), _("12 months to come"), _("12 months before")
                )
            ),
            *columns(_("Heaviest month to come"), _("Asked twice")),
        ],
        "rows": [_row(*each) for each in zip(page.rows, found, strict=True)],
        **page_links(request, page),
    }
    return render(request, "partners/loads.html", context)


def _row(organisation: Organisation, load: Load) -> list[dict[str, Any]]:
    month, most = load.heaviest
    purposes = ", ".join(str(each.purpose.label) for each in load.twice)
    return [
        {
            "text": organisation.display_name,
            "href": reverse("partners:load-of", args=[organisation.uuid]),
        },
        {"text": load.this_month},
        {"text": load.year_ahead},
        {"text": load.year_back},
        {"text": f"{_month(month)}: {most}" if most else "–"},
        {"text": purposes, "colour": "orange"} if purposes else {"text": "–"},
    ]
