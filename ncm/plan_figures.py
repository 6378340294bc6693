"""What a plan has come to: each activity with what its lead last said, and sums by P.

Plain values, so that a report that is sent can keep them for good. Organisations that are not
listed stand there without a name: the figures are read by every member.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from common.country import local_day
from ncm.models import ActionPlan, Activity, ActivityStatus, PlanReport
from ncm.plan_choices import IS_OVER, FourP, Progress
from partners.choices import OrganisationState
from partners.models import Organisation

NOTHING = Decimal("0.00")


def public_name(organisation: Organisation) -> str:
    """Its name where every member may know of it; else empty."""
    if organisation.is_listed and organisation.state == OrganisationState.MEMBER:
        return organisation.display_name
    return ""


def activities_of(plan: ActionPlan) -> list[Activity]:
    """The standing activities in the order of the plan, with objective and lead. One query."""
    rows = plan.activities.standing().select_related("objective", "lead")
    return list(rows.order_by("objective__number", "number"))


def figures_of(plan: ActionPlan, rows: Iterable[Activity], *, on: date) -> dict[str, Any]:
    """The plan as it stands on a day. One query, for what the leads last said."""
    listed = list(rows)
    said = latest_words(listed)
    return {
        "plan": {"uuid": str(plan.uuid), "title": plan.title, "currency": plan.currency},
        "on": on.isoformat(),
        "activities": [_activity(row, said.get(row.pk), on) for row in listed],
    }


def latest_words(rows: Iterable[Activity]) -> dict[int, ActivityStatus]:
    """The last report on each of these activities. One query."""
    keys = [row.pk for row in rows if row.reported_on is not None]
    found: dict[int, ActivityStatus] = {}
    statuses = ActivityStatus.objects.filter(activity__in=keys).order_by("-reported_at", "-pk")
    for status in statuses:
        found.setdefault(status.activity_id, status)
    return found


def _activity(row: Activity, said: ActivityStatus | None, on: date) -> dict[str, Any]:
    return {
        "uuid": str(row.uuid),
        "ref": row.reference,
        "p": row.objective.p,
        "objective": row.objective.number,
        "objective_words": row.objective.words,
        "words": row.words,
        "lead": public_name(row.lead),
        "deadline_on": row.deadline_on.isoformat(),
        "progress": row.progress,
        "is_late": row.is_late(on),
        "indicator": row.indicator,
        "unit": row.unit,
        "baseline": _figure(row.baseline),
        "target": _figure(row.target),
        "value": _figure(row.value),
        "cost": f"{row.cost:.2f}",
        "from_state": f"{row.from_state:.2f}",
        "from_donors": f"{row.from_donors:.2f}",
        "from_own": f"{row.from_own:.2f}",
        "gap": f"{row.gap:.2f}",
        "said": said.words if said else "",
        "said_on": said.on.isoformat() if said else "",
    }


def _figure(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def frozen(report: PlanReport, at: datetime) -> Mapping[str, Any]:
    """What is kept of a plan when its report is sent, with the checksum of it."""
    figures = figures_of(report.plan, activities_of(report.plan), on=local_day(at))
    parts = report.parts.select_related("organisation").order_by("organisation__name", "pk")
    waiting = [each for each in parts if each.delivered_at is None]
    figures |= {
        "from_on": report.from_on.isoformat(),
        "until_on": report.until_on.isoformat(),
        "sent_at": at.isoformat(),
        "asked": len(parts),
        "missing": [public_name(each.organisation) for each in waiting],
    }
    return {"figures": figures, "digest": checksum(figures)}


def checksum(figures: Mapping[str, Any]) -> str:
    """SHA-256 of the figures as JSON with sorted keys."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- sums -----------------------------------------------------------------------------------------


@dataclass
class Sum:
    """Activities counted together: how far they are, what they cost and what nobody pays."""

    key: str
    number: int = 0
    late: int = 0
    by_progress: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Progress.values, 0))
    cost: Decimal = NOTHING
    from_state: Decimal = NOTHING
    from_donors: Decimal = NOTHING
    from_own: Decimal = NOTHING
    gap: Decimal = NOTHING

    def add(self, each: Mapping[str, Any]) -> None:
        self.number += 1
        self.late += bool(each["is_late"])
        self.by_progress[each["progress"]] += 1
        for name in ("cost", "from_state", "from_donors", "from_own", "gap"):
            setattr(self, name, getattr(self, name) + Decimal(each[name]))

    @property
    def over(self) -> int:
        return sum(self.by_progress[each] for each in IS_OVER)


def by_p(figures: Mapping[str, Any]) -> dict[str, Sum]:
    """One sum for each P, those without an activity too: a hole is seen."""
    found = {str(p): Sum(str(p)) for p in FourP}
    for each in figures["activities"]:
        found[each["p"]].add(each)
    return found


def by_objective(figures: Mapping[str, Any]) -> dict[str, Sum]:
    """One sum for each objective that has activities, by its number and words."""
    found: dict[str, Sum] = {}
    for each in figures["activities"]:
        key = f"{each['objective']}. {each['objective_words']}"
        found.setdefault(key, Sum(key)).add(each)
    return found


def together(figures: Mapping[str, Any]) -> Sum:
    """All activities of the plan."""
    whole = Sum("")
    for each in figures["activities"]:
        whole.add(each)
    return whole
