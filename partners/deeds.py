"""What agreements, protocols and access to facilities make known to the packages below."""

from deadlines import sweeps
from partners import (
    access,
    deed_access,
    deed_clocks,
    deed_notifications,
    facility_access,
    facility_clocks,
    facility_notifications,
)
from partners.models import (
    AccessAuthorisation,
    AccessIncident,
    AccessRequest,
    Agreement,
    Amendment,
    Facility,
    LocalProtocol,
)
from partners.services import agreements, facilities, protocols


def register() -> None:
    """Rules of access, kinds of deadline and notice, and what the sweep does."""
    access.register_rule(Agreement, deed_access.to_agreement)
    access.register_rule(Amendment, deed_access.to_amendment)
    access.register_rule(LocalProtocol, facility_access.to_protocol)
    access.register_rule(Facility, facility_access.to_facility)
    access.register_rule(AccessRequest, facility_access.to_request)
    access.register_rule(AccessAuthorisation, facility_access.to_authorisation)
    access.register_rule(AccessIncident, facility_access.to_incident)
    deed_clocks.register_kinds()
    facility_clocks.register_kinds()
    facility_notifications.register_kinds()
    deed_notifications.register_kinds()
    sweeps.register("agreements that begin or end", agreements.keep_up)
    sweeps.register("local protocols that end", protocols.keep_up)
    sweeps.register("authorisations that run out", facilities.keep_up)
