"""The registry's tables, one module per aggregate."""

from partners.models.area import Area
from partners.models.contact import Channel, PointOfContact
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
from partners.models.membership import Membership, RoleGroup
from partners.models.organisation import HeldCapacity, Organisation

__all__ = [
    "Area",
    "Channel",
    "FieldReview",
    "GrantBasis",
    "HeldCapacity",
    "Membership",
    "Organisation",
    "OrganisationEvent",
    "OrganisationGrantBasis",
    "OrganisationGroupGrant",
    "OrganisationUserGrant",
    "PointOfContact",
    "PointOfContactGrantBasis",
    "PointOfContactGroupGrant",
    "PointOfContactUserGrant",
    "RoleGroup",
]
