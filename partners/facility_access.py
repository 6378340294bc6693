"""Who may do what about facilities; `partners.access.may` asks once the role includes the act."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from partners.models import (
    AccessAuthorisation,
    AccessIncident,
    AccessRequest,
    Facility,
    LocalProtocol,
)

P = Permission


def _answer(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_protocol(actor: Any, permission: Permission, protocol: LocalProtocol) -> Decision:
    """Its keeper writes it; whoever sees it reads it."""
    if permission == P.AGREEMENT_DRAFT:
        return _answer(protocol.kept_by_id == actor.organisation_id)
    return _answer(LocalProtocol.objects.filter(pk=protocol.pk).visible_to(actor).exists())


def to_facility(actor: Any, permission: Permission, facility: Facility) -> Decision:
    """Its authority decides; nobody asks their own authority."""
    ours = facility.authority_id == actor.organisation_id
    match permission:
        case P.FACILITY_DECIDE:
            return _answer(ours)
        case P.FACILITY_ASK | P.FACILITY_VISIT:
            if ours:
                return Decision(False, _("This is a facility of your own organisation."))
            return _answer(Facility.objects.filter(pk=facility.pk).visible_to(actor).exists())
        case _:
            return _answer(Facility.objects.filter(pk=facility.pk).visible_to(actor).exists())


def to_request(actor: Any, permission: Permission, request: AccessRequest) -> Decision:
    """The facility's authority answers it; whoever asked takes it back."""
    if permission == P.FACILITY_DECIDE:
        return _answer(request.facility.authority_id == actor.organisation_id)
    return _answer(request.organisation_id == actor.organisation_id)


def to_authorisation(actor: Any, permission: Permission, row: AccessAuthorisation) -> Decision:
    """Whoever gave it revokes it."""
    return _answer(row.given_by_id == actor.organisation_id)


def to_incident(actor: Any, permission: Permission, incident: AccessIncident) -> Decision:
    """The authority answers; whoever reported it says when access was given again."""
    if permission == P.FACILITY_DECIDE:
        return _answer(incident.facility.authority_id == actor.organisation_id)
    return _answer(incident.organisation_id == actor.organisation_id)
