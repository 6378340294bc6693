"""The first page of funding: what waits for whoever gives or receives grants, each a link."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from funding.amounts import written
from funding.models import Award, Condition, GrantReport, Instalment
from funding.money_choices import AwardState, InstalmentState
from funding.terms_choices import BEING_WRITTEN, ConditionState, ReportState
from funding.terms_filters import OPEN, OVERDUE
from funding.views.conditions import terms_of
from partners.access import Actor
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
SOONEST_END_FIRST = Order("until_on", "id")


@needs(P.FUNDING_SEE)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What waits, and the grants of one’s organisation, those that end first first."""
    actor = actor_of(request)
    ours = Q(recipient_id=actor.organisation_id) | Q(funder_id=actor.organisation_id)
    seen = Award.objects.visible_to(actor).filter(ours, state=AwardState.IN_FORCE)
    page = paginate(
        seen.select_related("recipient", "funder"), SOONEST_END_FIRST,
        cursor=request.GET.get("cursor", ""),
    )  # fmt: skip
    context = {
        "tiles": _tiles(actor),
        "page": page,
        "columns": columns(_("Grant"), _("Between"), _("Amount"), _("Paid"), _("Last day")),
        "rows": [_row(each) for each in page.rows],
        "empty": {
            "title": _("No grant is in force"),
            "text": _("Grants your organisation gives or receives stand here, with their reports "
                      "and conditions."),
        },
        "oversees": P.FUNDING_OVERSEE in actor.permissions,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "funding/desk.html", context)


def _row(each: Award) -> list[dict[str, Any]]:
    return [
        {"text": each.title, "href": terms_of(each), "note": each.reference},
        {"text": each.recipient.display_name, "note": each.funder.display_name},
        {"text": written(each.amount, each.currency)},
        {"text": written(each.paid, each.currency)},
        {"text": shown.date(each.until_on)},
    ]


def _tiles(actor: Actor) -> list[dict[str, Any]]:
    """Numbers of what waits: one query each for reports, clauses and instalments."""
    today = local_day(actor.at)
    written_now = Q(state__in=BEING_WRITTEN)
    reports = GrantReport.objects.visible_to(actor).aggregate(
        open=Count("pk", filter=written_now),
        overdue=Count("pk", filter=written_now & Q(due_on__lt=today)),
        sent=Count("pk", filter=Q(state=ReportState.SENT)),
    )
    contested = Condition.objects.visible_to(actor).filter(state=ConditionState.CONTESTED).count()
    tiles = [
        _tile("funding:reports", OPEN, reports["open"],
              ngettext("report with the recipient", "reports with the recipient",
                       reports["open"]), "soon"),
        _tile("funding:reports", OVERDUE, reports["overdue"],
              ngettext("report overdue", "reports overdue", reports["overdue"]), "late"),
        _tile("funding:reports", ReportState.SENT, reports["sent"],
              ngettext("report the funder has to read", "reports the funder has to read",
                       reports["sent"]), "soon"),
        _tile("funding:conditions", ConditionState.CONTESTED, contested,
              ngettext("contested condition", "contested conditions", contested), "soon"),
    ]  # fmt: skip
    return [*tiles, *_money(actor, today)]


def _money(actor: Actor, today: Any) -> list[dict[str, Any]]:
    """Instalments that are due, and those past their day: the list below says of which grants."""
    ours = Q(award__recipient_id=actor.organisation_id) | Q(award__funder_id=actor.organisation_id)
    due = Q(state=InstalmentState.DUE)
    money = (
        Instalment.objects.visible_to(actor)
        .filter(ours)
        .aggregate(due=Count("pk", filter=due), late=Count("pk", filter=due & Q(due_on__lt=today)))
    )
    label = ngettext("instalment due", "instalments due", money["due"])
    late = ngettext("%(n)s of them past its day", "%(n)s of them past their day", money["late"])
    note = late % {"n": money["late"]} if money["late"] else ""
    tone = "late" if money["late"] else ""
    return [{"href": "#grants", "count": money["due"], "label": label, "note": note, "tone": tone}]


def _tile(name: str, state: str, count: int, label: str, tone: str) -> dict[str, Any]:
    href = f"{reverse(name)}?state={state}"
    return {"href": href, "count": count, "label": label, "tone": tone if count else ""}
