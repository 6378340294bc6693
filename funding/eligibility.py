"""Who may apply in a call, read from the registry and from nothing else.

Kind, capacity, area and membership decide. Where else an organisation gets money from, and what it
says in public, are not asked, and no column for it exists.
"""

from django.db.models import F, Q, QuerySet, Value
from django.utils.translation import gettext as _

from funding.models import Call
from partners.choices import Capacity, OrganisationKind, OrganisationState
from partners.models import HeldCapacity, Organisation


def why_not(call: Call, organisation: Organisation) -> list[str]:
    """The reasons for which the organisation cannot apply; empty where it can."""
    reasons = []
    if organisation.state != OrganisationState.MEMBER:
        reasons.append(_("Only members of the mechanism apply."))
    if organisation.pk == call.fund.keeper_id:
        reasons.append(_("Nobody applies to its own fund."))
    if call.eligible_kinds and organisation.kind not in call.eligible_kinds:
        kinds = ", ".join(str(OrganisationKind(each).label) for each in call.eligible_kinds)
        reasons.append(_("The call is for: %(kinds)s.") % {"kinds": kinds})
    if call.eligible_capacities and not _held(organisation, call.eligible_capacities):
        names = ", ".join(str(Capacity(each).label) for each in call.eligible_capacities)
        words = _("The call is for organisations that hold one of these capacities: %(names)s.")
        reasons.append(words % {"names": names})
    if call.area is not None and not _overlap(call.area.path, organisation):
        words = _("The call is for organisations that work in %(area)s.")
        reasons.append(words % {"area": call.area.name})
    return reasons


def organisations(call: Call) -> QuerySet[Organisation]:
    """Those that may apply."""
    rows = Organisation.objects.members().exclude(pk=call.fund.keeper_id)
    if call.eligible_kinds:
        rows = rows.filter(kind__in=call.eligible_kinds)
    if call.eligible_capacities:
        held = HeldCapacity.objects.held().filter(capacity__in=call.eligible_capacities)
        rows = rows.filter(pk__in=held.values("organisation"))
    if call.area is not None:
        there = rows.annotate(there=Value(call.area.path))
        works = Q(area__isnull=True) | Q(area__path__startswith=call.area.path)
        rows = there.filter(works | Q(there__startswith=F("area__path")))
    return rows


def _held(organisation: Organisation, capacities: tuple[str, ...]) -> bool:
    held = HeldCapacity.objects.held().filter(organisation=organisation)
    return held.filter(capacity__in=capacities).exists()


def _overlap(path: str, organisation: Organisation) -> bool:
    """Whether the organisation works in some of the area; one without an area does everywhere."""
    if organisation.area is None:
        return True
    own = organisation.area.path
    return own.startswith(path) or path.startswith(own)
