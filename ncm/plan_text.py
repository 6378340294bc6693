"""The text of an activity as plain values: what a revision proposes, and what stood before.

Written as JSON, so that what was adopted stays readable whatever becomes of the columns.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from ncm.models import Activity, Objective
from partners.models import Area, Organisation

LABELS: dict[str, Any] = {
    "words": _("Activity"),
    "lead": _("Lead"),
    "partners": _("Partners"),
    "from_on": _("Begins"),
    "deadline_on": _("Deadline"),
    "indicator": _("Indicator"),
    "unit": _("Unit"),
    "baseline": _("Baseline"),
    "target": _("Target"),
    "source": _("Where the figure comes from"),
    "cost": _("Cost"),
    "from_state": _("Paid by the State"),
    "from_donors": _("Paid by donors"),
    "from_own": _("Paid by those who carry it out"),
    "payers": _("Who pays"),
    "target_groups": _("For whom"),
    "areas": _("Where"),
    "global_plan": _("Global Plan of Action"),
    "reallocatable_in_emergency": _("Its money can be moved in an emergency"),
}
"""Every field a revision can change, in the order in which it is read."""
PLAIN = ("words", "indicator", "unit", "source", "payers", "reallocatable_in_emergency")
DAYS = ("from_on", "deadline_on")
NUMBERS = ("baseline", "target", "cost", "from_state", "from_donors", "from_own")
CODES = ("target_groups", "global_plan")
NEEDED = frozenset({"words", "lead", "deadline_on", "indicator", "cost"})


def text_of(activity: Activity) -> dict[str, Any]:
    """What an activity says now, field by field."""
    values: dict[str, Any] = {name: getattr(activity, name) for name in LABELS}
    values["partners"] = activity.partners.all()
    values["areas"] = activity.areas.all()
    return plain(values)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Given values (of a form, of a row) as JSON writes them; what is not given stays out."""
    found: dict[str, Any] = {}
    for name in LABELS:
        if name not in values:
            continue
        value = values[name]
        if name == "lead":
            found[name] = str(value.uuid)
        elif name == "partners":
            found[name] = sorted(str(each.uuid) for each in value)
        elif name == "areas":
            found[name] = sorted(each.code for each in value)
        elif name in DAYS:
            found[name] = value.isoformat() if value else None
        elif name in NUMBERS:
            found[name] = None if value is None else f"{value:.2f}"
        elif name in CODES:
            found[name] = list(value)
        else:
            found[name] = value
    return found


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields in which two texts differ."""
    return [name for name in LABELS if before.get(name) != after.get(name)]


def write(activity: Activity, text: Mapping[str, Any]) -> None:
    """Put a text on an activity and save it."""
    for name in PLAIN:
        if name in text:
            setattr(activity, name, text[name])
    for name in CODES:
        if name in text:
            setattr(activity, name, tuple(text[name]))
    for name in DAYS:
        if name in text:
            setattr(activity, name, date.fromisoformat(text[name]) if text[name] else None)
    for name in NUMBERS:
        if name in text:
            given = text[name]
            setattr(activity, name, None if given is None else Decimal(given))
    if "lead" in text:
        activity.lead = Organisation.objects.get(uuid=UUID(text["lead"]))
    activity.version += 1
    activity.save()
    if "partners" in text:
        activity.partners.set(Organisation.objects.filter(uuid__in=text["partners"]))
    if "areas" in text:
        activity.areas.set(Area.objects.filter(code__in=text["areas"]))


def added(objective: Objective, number: int, text: Mapping[str, Any]) -> Activity:
    """A new activity with this text."""
    row = Activity(plan_id=objective.plan_id, objective=objective, number=number, version=0)
    row.lead = Organisation.objects.get(uuid=UUID(text["lead"]))
    write(row, text)
    return row
