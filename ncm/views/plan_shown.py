"""How the plan is shown: states in colour, organisations one may know of, sums, what happened."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from funding.amounts import written
from ncm.models import Activity
from ncm.plan_choices import (
    ConsultationState,
    FourP,
    GlobalPlan,
    PlanState,
    PositionState,
    Progress,
    ReportState,
    RevisionState,
    TargetGroup,
)
from ncm.plan_figures import Sum
from partners.access import Actor
from partners.models import Organisation
from partners.views import shown
from partners.views.trainings import named

EVENTS_SHOWN = 40
STATES = {
    PlanState.DRAFT: "grey",
    PlanState.ADOPTED: "green",
    PlanState.ENDED: "grey",
    RevisionState.PROPOSED: "blue",
    RevisionState.DROPPED: "red",
    ReportState.OPEN: "blue",
    ReportState.SENT: "green",
    ConsultationState.CLOSED: "grey",
    PositionState.INVITED: "grey",
    PositionState.STATED: "blue",
    PositionState.ANSWERED: "green",
}
PROGRESS = {
    Progress.NOT_STARTED: "grey",
    Progress.UNDER_WAY: "blue",
    Progress.DONE: "green",
    Progress.STOPPED: "red",
}


def tag(row: Any) -> dict[str, str]:
    """The state of a row as components/tag.html takes it."""
    return {"text": str(row.get_state_display()), "colour": STATES.get(row.state, "grey")}


def progress_tag(row: Any) -> dict[str, str]:
    """How far an activity is, in colour."""
    known = Progress(row.progress)
    return {"text": str(known.label), "colour": PROGRESS[known]}


def not_named() -> str:
    """What stands where an organisation is not named."""
    return _("An organisation that is not named, for its safety")


class Names:
    """The names of organisations as this actor may know them. One query."""

    def __init__(self, actor: Actor, organisations: Iterable[Organisation | None]) -> None:
        listed = [each for each in organisations if each is not None]
        self.known = named(actor, {each.pk for each in listed})

    def of(self, organisation: Organisation | None) -> str:
        if organisation is None:
            return ""
        return organisation.display_name if organisation.pk in self.known else not_named()

    def all_of(self, organisations: Iterable[Organisation]) -> str:
        """Those that may be named, then how many more there are."""
        listed = list(organisations)
        said = sorted(each.display_name for each in listed if each.pk in self.known)
        hidden = len(listed) - len(said)
        if hidden:
            said.append(_("%(n)s not named, for their safety") % {"n": hidden})
        return "; ".join(said)


def past(events: Any, actor: Actor) -> list[dict[str, Any]]:
    """What happened: of one's own side the person, of another the organisation, where known."""
    rows = list(events.select_related("by", "by_organisation")[:EVENTS_SHOWN])
    names = Names(actor, (each.by_organisation for each in rows))
    lines = []
    for event in rows:
        by = names.of(event.by_organisation)
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines


def figure(value: Decimal | str | None, unit: str = "") -> str:
    """A figure of an indicator, without decimals that say nothing."""
    if value is None:
        return ""
    known = Decimal(value)
    places = 0 if known == known.to_integral_value() else 2
    said = number_format(known, places, use_l10n=True, force_grouping=True)
    return f"{said} {unit}".strip()


def groups(codes: Collection[str]) -> str:
    return ", ".join(str(TargetGroup(code).label) for code in codes)


def paragraphs(codes: Collection[str]) -> str:
    return ", ".join(str(GlobalPlan(code).label) for code in codes)


def facts_of(
    row: Activity, names: Names, areas: Iterable[Any], partners: Any
) -> list[dict[str, Any]]:
    """What everybody asks of an activity."""
    places = ", ".join(area.name for area in areas)
    currency = row.plan.currency
    facts = [
        (_("P"), str(FourP(row.objective.p).label)),
        (_("Objective"), str(row.objective)),
        (_("Lead"), names.of(row.lead)),
        (_("Partners"), names.all_of(partners)),
        (_("Begins"), shown.date(row.from_on) if row.from_on else ""),
        (_("Deadline"), shown.date(row.deadline_on)),
        (_("Indicator"), row.indicator),
        (_("Baseline"), figure(row.baseline, row.unit)),
        (_("Target"), figure(row.target, row.unit)),
        (_("Value reached"), figure(row.value, row.unit)),
        (_("Where the figure comes from"), row.source),
        (_("Cost"), written(row.cost, currency)),
        (_("Paid by the State"), written(row.from_state, currency)),
        (_("Paid by donors"), written(row.from_donors, currency)),
        (_("Paid by those who carry it out"), written(row.from_own, currency)),
        (_("Nobody pays yet"), written(row.gap, currency)),
        (_("Who pays"), row.payers),
        (_("For whom"), groups(row.target_groups)),
        (_("Where"), places or _("The whole country")),
        (_("Global Plan of Action"), paragraphs(row.global_plan)),
        (_("Its money can be moved in an emergency"),
         _("Yes") if row.reallocatable_in_emergency else _("No")),
    ]  # fmt: skip
    return [{"label": label, "value": value} for label, value in facts if value]


def value_in_words(
    name: str, value: Any, names: dict[str, str], areas: dict[str, str]
) -> list[str]:
    """One field of an activity's kept text as lines a person reads."""
    if value in (None, "", []):
        return []
    match name:
        case "lead":
            return [names.get(value, not_named())]
        case "partners":
            return sorted(names.get(each, not_named()) for each in value)
        case "areas":
            return [areas.get(each, each) for each in value]
        case "target_groups":
            return [groups(value)]
        case "global_plan":
            return [paragraphs(value)]
        case "from_on" | "deadline_on":
            return [shown.date(date.fromisoformat(value))]
        case "baseline" | "target" | "cost" | "from_state" | "from_donors" | "from_own":
            return [figure(value)]
        case "reallocatable_in_emergency":
            return [_("Yes") if value else _("No")]
        case _:
            return str(value).split("\n")


def sums_rows(sums: Iterable[tuple[str, Sum]], currency: str) -> list[list[dict[str, Any]]]:
    """Sums of activities as rows of components/table.html."""
    return [
        [
            {"text": label},
            {"text": str(one.number)},
            *({"text": str(one.by_progress[each])} for each in Progress.values),
            {"text": str(one.late)},
            {"text": written(one.gap, currency) if one.gap else "–"},
        ]
        for label, one in sums
    ]


def sums_columns(over: str) -> list[dict[str, Any]]:
    """Their headings."""
    numbers = (
        _("Activities"), *(str(each.label) for each in Progress), _("Late"), _("Nobody pays yet"),
    )  # fmt: skip
    return [{"label": over}] + [{"label": label, "is_number": True} for label in numbers]
