"""Staff and reserves, for the organisation itself: figures over time, and the months they last."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from common.charts import line_chart
from common.country import local_day
from common.marks import Permission, needs
from funding.forms import survival as asked
from funding.models.staffing import StaffCapacity
from funding.services import declarations
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns

P = Permission
LATEST = 24
#: Fewer months than these are marked.
SHORT = 6


def runway(figures: dict[str, Decimal]) -> Decimal | None:
    """For how many months the free money lasts; None where a month costs nothing."""
    cost = figures.get("monthly_cost")
    if not cost:
        return None
    return (figures["reserves"] / cost).quantize(Decimal("0.1"))


@needs(P.FUNDING_APPLY)
@require_safe
def staffing(request: HttpRequest) -> HttpResponse:
    """The own figures, latest first; nobody else's exist here."""
    actor = actor_of(request)
    kept = list(StaffCapacity.objects.visible_to(actor).select_related("key")[:LATEST])
    opened = [(each, each.figures, each.currency) for each in kept]
    latest = opened[0] if opened else None
    months = runway(latest[1]) if latest else None
    context = {
        "latest": _facts(*latest[1:]) if latest else [],
        "as_of": date_format(latest[0].on) if latest else "",
        "is_short": months is not None and months < SHORT,
        "columns": columns(
            _("As of"), _("Posts"), _("Vacant"), _("Left"), _("For want of money"),
            _("Months the money lasts"),
        ),
        "rows": [_row(row, figures) for row, figures, _currency in opened],
        "chart": _chart(opened),
        "empty": {
            "title": _("No figures yet"),
            "text": _("Two or three times a year are enough to see where it goes."),
            "href": reverse("funding:staffing-new"),
            "label": _("Enter figures"),
        },
    }  # fmt: skip
    return render(request, "funding/staffing.html", context)


@needs(P.FUNDING_APPLY)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter how it stands on a day."""
    actor = actor_of(request)
    form = asked.Staff(typed(request), initial={"on": local_day(actor.at)})
    back = reverse("funding:staffing")
    if form.is_valid():
        act = lambda: declarations.enter_staff(  # noqa: E731 - done() asks for a function
            on=form.cleaned_data["on"], figures=form.figures(),
            currency=form.cleaned_data["currency"], by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The figures are kept.")):
            return redirect(back)
    return form_page(
        request, form=form, title=_("Staff and reserves"), button=_("Save"), back=back,
        lines=[
            _("Sealed with a key of your organisation: only its managers can read it."),
            _("Entered twice for one day, the later figures stay."),
        ],
    )  # fmt: skip


def _facts(figures: dict[str, Decimal], currency: str) -> list[dict[str, Any]]:
    months = runway(figures)
    facts = [
        {"label": _("Months the free money lasts"),
         "value": _("Not known") if months is None else number_format(months, 1)},
        {"label": _("Free money"), "value": f"{currency} {_sum(figures['reserves'])}"},
        {"label": _("A month costs"), "value": f"{currency} {_sum(figures['monthly_cost'])}"},
    ]  # fmt: skip
    if figures.get("hours"):
        funded = figures.get("hours_funded", Decimal(0)) * 100 / figures["hours"]
        facts.append({"label": _("Hours paid by a grant"), "value": f"{funded:.0f} %"})
    return facts


def _sum(amount: Decimal) -> str:
    return str(number_format(amount, 2, force_grouping=True))


def _row(row: StaffCapacity, figures: dict[str, Decimal]) -> list[dict[str, str]]:
    months = runway(figures)
    names = ("posts", "vacancies", "lost", "lost_for_money")
    numbers = [{"text": number_format(figures[name].normalize())} for name in names]
    lasts = "–" if months is None else number_format(months, 1)
    return [{"text": date_format(row.on)}, *numbers, {"text": lasts}]


def _chart(opened: list[Any]) -> Any:
    points = [
        {"on": date_format(row.on, "SHORT_DATE_FORMAT"), "months": months}
        for row, figures, _currency in reversed(opened)
        if (months := runway(figures)) is not None
    ]
    if len(points) < 2:
        return None
    return line_chart(
        points, x="on", y="months", title=_("Months the free money lasts"),
        labels={"on": _("As of"), "months": _("Months")},
    )  # fmt: skip
