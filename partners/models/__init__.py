"""The registry's tables, one module per aggregate."""

from partners.models.agreements import (
    Agreement,
    AgreementClause,
    AgreementEvent,
    AgreementFile,
    AgreementParty,
    Amendment,
    AmendmentSignature,
    DelegatedDuty,
)
from partners.models.area import Area
from partners.models.attempts import ContactAttempt
from partners.models.changes import ChangeRequest
from partners.models.contact import Channel, ContactLink, PointOfContact
from partners.models.conversations import (
    Conversation,
    Message,
    MessageFile,
    MessageTrace,
    Participant,
    ReadMark,
)
from partners.models.emergency import Emergency, EmergencyEvent
from partners.models.events import FieldReview, OrganisationEvent
from partners.models.facilities import (
    AccessAuthorisation,
    AccessEvent,
    AccessIncident,
    AccessRequest,
    Facility,
    FacilityVisit,
)
from partners.models.grants import (
    AgreementGrantBasis,
    AgreementGroupGrant,
    AgreementUserGrant,
    GrantBasis,
    LocationGrantBasis,
    LocationGroupGrant,
    LocationUserGrant,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    OrganisationUserGrant,
    PointOfContactGrantBasis,
    PointOfContactGroupGrant,
    PointOfContactUserGrant,
)
from partners.models.guidance import (
    Guidance,
    GuidanceEvent,
    GuidanceFile,
    GuidanceReceipt,
)
from partners.models.listing import Listing, StoredFilter
from partners.models.locations import Location
from partners.models.membership import Membership, RoleGroup, Team
from partners.models.organisation import HeldCapacity, Organisation
from partners.models.places import PlaceCount, PlaceHold, PlaceRecord, PlaceRequest
from partners.models.proceedings import PanelSeat, Proceeding
from partners.models.protocols import (
    LocalProtocol,
    ProtocolEvent,
    ProtocolSignatory,
    ProtocolStep,
)
from partners.models.reminders import ReminderLine, ReminderRound
from partners.models.requests import RecurringRequest, RequestAnswer, RequestEvent, RequestRound
from partners.models.services import (
    Inspection,
    ServiceEvent,
    ServiceOffer,
    ServiceStandard,
    ServiceType,
)
from partners.models.tables import RegistryImport, RegistryTable
from partners.models.trainings import Attendance, Training, TrainingEvent, TrainingParty

__all__ = [
    "Attendance",
    "Guidance",
    "GuidanceEvent",
    "GuidanceFile",
    "GuidanceReceipt",
    "Training",
    "TrainingEvent",
    "TrainingParty",
    "AccessAuthorisation",
    "AccessEvent",
    "AccessIncident",
    "AccessRequest",
    "Facility",
    "FacilityVisit",
    "LocalProtocol",
    "ProtocolEvent",
    "ProtocolSignatory",
    "ProtocolStep",
    "Agreement",
    "AgreementClause",
    "AgreementEvent",
    "AgreementFile",
    "AgreementGrantBasis",
    "AgreementGroupGrant",
    "AgreementParty",
    "AgreementUserGrant",
    "Amendment",
    "AmendmentSignature",
    "Area",
    "ChangeRequest",
    "Channel",
    "ContactAttempt",
    "ContactLink",
    "Conversation",
    "DelegatedDuty",
    "Emergency",
    "EmergencyEvent",
    "FieldReview",
    "GrantBasis",
    "HeldCapacity",
    "Inspection",
    "Listing",
    "Location",
    "LocationGrantBasis",
    "LocationGroupGrant",
    "LocationUserGrant",
    "Membership",
    "Message",
    "MessageFile",
    "MessageTrace",
    "Organisation",
    "OrganisationEvent",
    "OrganisationGrantBasis",
    "OrganisationGroupGrant",
    "OrganisationUserGrant",
    "PanelSeat",
    "Participant",
    "PlaceCount",
    "PlaceHold",
    "PlaceRecord",
    "PlaceRequest",
    "PointOfContact",
    "PointOfContactGrantBasis",
    "PointOfContactGroupGrant",
    "PointOfContactUserGrant",
    "Proceeding",
    "ReadMark",
    "RecurringRequest",
    "RegistryImport",
    "RegistryTable",
    "RequestAnswer",
    "RequestEvent",
    "RequestRound",
    "RegistryImport",
    "RegistryTable",
    "ReminderLine",
    "ReminderRound",
    "RoleGroup",
    "ServiceEvent",
    "ServiceOffer",
    "ServiceStandard",
    "ServiceType",
    "StoredFilter",
    "Team",
]
