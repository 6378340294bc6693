"""The co-ordinator's desk: who is asked to confirm their entry, and what is covered where."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.templatetags.concord import moment
from common.workflow import NotPossible
from partners.access import Actor, get_or_404
from partners.choices import Capacity, CsoClass, ReminderOutcome
from partners.filters import areas
from partners.models import ReminderLine, ReminderRound
from partners.registry import Coverage, coverage, in_order, narrowed
from partners.services.entry_reminders import AGAIN_AFTER, MOST, outcomes, remind
from partners.views.lists import columns

P = Permission
COLOURS = {
    ReminderOutcome.ASKED: "green",
    ReminderOutcome.LATELY: "yellow",
    ReminderOutcome.NOBODY: "orange",
    ReminderOutcome.NO_MEMBER: "grey",
}


@needs(P.ORGANISATION_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest) -> HttpResponse:
    """GET names whom the list would ask and why not the others; POST asks exactly those."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        return _remind(request, actor)
    asked = narrowed(actor, request.GET)
    found = in_order(asked, MOST + 1)
    decided = outcomes(found[:MOST], actor.at)
    number = sum(outcome == ReminderOutcome.ASKED for outcome in decided.values())
    context = {
        "columns": columns(_("Organisation"), _("What would happen")),
        "rows": [
            _row(each.display_name, each.get_absolute_url(), decided[each.pk], is_done=False)
            for each in found[:MOST]
        ],
        "uuids": [each.uuid for each in found[:MOST]],
        "number": number,
        "days": AGAIN_AFTER.days,
        "most": MOST if len(found) > MOST else 0,
        "round": uuid4(),
        "back": f"{reverse('partners:registry')}?{asked.query or 'all=1'}",
    }
    return render(request, "partners/reminders.html", context)


def _remind(request: HttpRequest, actor: Actor) -> HttpResponse:
    try:
        round_uuid = UUID(request.POST.get("round", ""))
        organisations = {UUID(each) for each in request.POST.getlist("organisation")}
    except ValueError:
        raise Http404 from None
    try:
        made = remind(round_uuid=round_uuid, organisations=organisations, by=actor, at=actor.at)
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("partners:registry")
    return redirect("partners:reminders-sent", made.uuid)


def _row(name: str, href: str, outcome: str, *, is_done: bool) -> list[dict[str, Any]]:
    known = ReminderOutcome(outcome)
    text = _("Is asked") if known == ReminderOutcome.ASKED and not is_done else str(known.label)
    return [{"text": name, "href": href}, {"text": text, "colour": COLOURS[known]}]


@needs(P.ORGANISATION_REVIEW)
@require_safe
def reminded(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Who was asked, who was not, and why."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    made = get_or_404(ReminderRound.objects.select_related("asked_by"), actor, uuid=uuid)
    lines = ReminderLine.objects.filter(round=made).select_related("organisation")
    rows = list(lines.order_by("organisation__name", "organisation"))
    context = {
        "number": sum(line.outcome == ReminderOutcome.ASKED for line in rows),
        "facts": [
            {"label": _("Asked on"), "value": moment(made.asked_at)},
            {"label": _("By"), "value": made.asked_by.display_name},
        ],
        "columns": columns(_("Organisation"), _("What happened")),
        "rows": [
            _row(
                line.organisation.display_name,
                line.organisation.get_absolute_url(),
                line.outcome,
                is_done=True,
            )
            for line in rows
        ],
    }
    return render(request, "partners/reminded.html", context)


@needs(P.ORGANISATION_SEE)
@require_safe
def covered(request: HttpRequest) -> HttpResponse:
    """How many organisations do what in each area; each number leads to the list it counts."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = coverage(actor)
    context = {
        "tables": [
            _table(_("By duty"), "capacity", Capacity.choices, found.by_capacity),
            _table(
                _("By kind of civil society actor"), "cso_class", CsoClass.choices, found.by_class
            ),
        ],
    }
    return render(request, "partners/coverage.html", context)


def _table(
    caption: str, name: str, choices: list[tuple[str, Any]], found: Coverage
) -> dict[str, Any]:
    heads = [{"label": str(label), "is_number": True} for _code, label in choices]
    listed = reverse("partners:registry")
    rows = []
    for code, area, path in areas():
        depth = "\N{EM SPACE}" * (path.count("/") - 1)
        cells: list[dict[str, Any]] = [{"text": f"{depth}{area}"}]
        for choice, _label in choices:
            number = found.get((code, choice), 0)
            href = f"{listed}?area={code}&{name}={choice}" if number else ""
            cells.append({"text": number or "–", "href": href})
        rows.append(cells)
    return {"caption": caption, "columns": [*columns(_("Area")), *heads], "rows": rows}
