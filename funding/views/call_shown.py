"""How calls and applications are shown: states in colour, amounts, what happened so far."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from funding.amounts import written
from funding.call_choices import ApplicationState, CallState, ReviewState
from funding.models import Application, ApplicationFile, ApplicationLine, Call
from partners.access import Actor
from partners.choices import Capacity, OrganisationKind
from partners.views import shown

CALL_COLOURS = {
    CallState.DRAFT: "grey",
    CallState.OPEN: "green",
    CallState.IN_REVIEW: "blue",
    CallState.DECIDED: "teal",
    CallState.CANCELLED: "red",
}
APPLICATION_COLOURS = {
    ApplicationState.DRAFT: "grey",
    ApplicationState.SUBMITTED: "blue",
    ApplicationState.WITHDRAWN: "grey",
    ApplicationState.AWARDED: "green",
    ApplicationState.REFUSED: "red",
}
REVIEW_COLOURS = {
    ReviewState.ASSIGNED: "blue",
    ReviewState.CLEARED: "yellow",
    ReviewState.SUBMITTED: "green",
    ReviewState.CONFLICT: "grey",
    ReviewState.RELEASED: "grey",
}
EVENTS_SHOWN = 50


def call_tag(call: Call, actor: Actor) -> dict[str, str]:
    """Where a call stands; at its moment it is closed, whatever the sweep has done."""
    state = CallState(call.state)
    if state == CallState.OPEN and not call.takes_applications(actor.at):
        state = CallState.IN_REVIEW
    return {"text": str(state.label), "colour": CALL_COLOURS[state]}


def application_tag(application: Application) -> dict[str, str]:
    known = ApplicationState(application.state)
    return {"text": str(known.label), "colour": APPLICATION_COLOURS[known]}


def review_tag(state: str) -> dict[str, str]:
    known = ReviewState(state)
    return {"text": str(known.label), "colour": REVIEW_COLOURS[known]}


def moment(at: Any) -> str:
    """A moment in the country's time."""
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""


def call_facts(call: Call) -> list[dict[str, str]]:
    """What everybody asks of a call first."""
    kinds = ", ".join(str(OrganisationKind(each).label) for each in call.eligible_kinds)
    names = ", ".join(str(Capacity(each).label) for each in call.eligible_capacities)
    facts = [
        (_("Closes"), moment(call.closes_at)),
        (_("Questions until"), moment(call.questions_until_at)),
        (_("Result by"), shown.date(call.decide_by_on)),
        (_("Money there is"), written(call.amount, call.currency)),
        (
            _("At most for one application"),
            written(call.largest, call.currency) if call.largest else "",
        ),
        (_("What it is meant for"), str(call.get_kind_display())),
        (_("Who gives it"), call.fund.keeper.display_name),
        (_("Who can apply"), kinds or _("Every kind of organisation that is a member")),
        (_("One of these capacities"), names),
        (_("Where"), call.area.name if call.area else _("The whole country")),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def application_facts(row: Application) -> list[dict[str, str]]:
    """What everybody asks of an application first."""
    days = ""
    if row.from_on and row.until_on:
        days = f"{shown.date(row.from_on)} – {shown.date(row.until_on)}"
    facts = [
        (_("Organisation"), row.organisation.display_name),
        (_("Asked for"), written(row.amount, row.currency)),
        (_("From – until"), days),
        (_("Where"), row.area.name if row.area else _("The whole country")),
        (_("Fund"), row.fund.name),
        (_("How it came"), str(row.get_route_display())),
        (_("Submitted"), moment(row.submitted_at)),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def texts(row: Application) -> list[dict[str, str]]:
    """What the applicant wrote, under its headings."""
    said = [
        (_("What you will do"), row.purpose),
        (_("Why it is needed"), row.need),
        (_("What will be different"), row.results),
    ]
    return [{"title": title, "text": text} for title, text in said if text]


def line_rows(lines: Iterable[ApplicationLine], currency: str) -> list[list[dict[str, str]]]:
    """Lines as rows of components/table.html."""
    return [
        [
            {"text": str(line.get_kind_display()), "note": line.words},
            {"text": written(line.amount, currency)},
        ]
        for line in lines
    ]


def file_shown(row: Application, each: ApplicationFile) -> dict[str, Any]:
    """A document as components/file_list.html takes it."""
    return {
        "name": each.title,
        "href": reverse("funding:application-file", args=[row.uuid, each.uuid]),
        "size": each.size,
        "kind": each.kind.upper(),
    }


def past(events: Any, actor: Actor) -> list[dict[str, Any]]:
    """What happened: of another side the organisation, of one's own the person."""
    lines = []
    for event in events.select_related("by", "by_organisation")[:EVENTS_SHOWN]:
        by = event.by_organisation.display_name if event.by_organisation else ""
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines
