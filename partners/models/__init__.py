"""The registry's tables, one module per aggregate."""

from partners.models.area import Area
from partners.models.changes import ChangeRequest
from partners.models.contact import Channel, ContactLink, PointOfContact
from partners.models.emergency import Emergency, EmergencyEvent
from partners.models.events import FieldReview, OrganisationEvent
from partners.models.grants import (
    GrantBasis,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    OrganisationUserGrant,
    PointOfContactGrantBasis,
    PointOfContactGroupGrant,
    PointOfContactUserGrant,
)
from partners.models.listing import Listing, StoredFilter
from partners.models.membership import Membership, RoleGroup, Team
from partners.models.organisation import HeldCapacity, Organisation
from partners.models.proceedings import PanelSeat, Proceeding

__all__ = [
    "Area",
    "ChangeRequest",
    "Channel",
    "ContactLink",
    "Emergency",
    "EmergencyEvent",
    "FieldReview",
    "GrantBasis",
    "HeldCapacity",
    "Listing",
    "Membership",
    "Organisation",
    "OrganisationEvent",
    "OrganisationGrantBasis",
    "OrganisationGroupGrant",
    "OrganisationUserGrant",
    "PanelSeat",
    "PointOfContact",
    "PointOfContactGrantBasis",
    "PointOfContactGroupGrant",
    "PointOfContactUserGrant",
    "Proceeding",
    "RoleGroup",
    "StoredFilter",
    "Team",
]
