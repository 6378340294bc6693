"""Code lists of local protocols and of access to facilities (recommendation 6 of the Alliance
statement of 2020; S25, S26)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProtocolState(models.TextChoices):
    """Where one version of a local protocol stands."""

    DRAFT = "draft", _("Draft")
    IN_FORCE = "in_force", _("In force")
    REPLACED = "replaced", _("Replaced by a newer version")
    ENDED = "ended", _("Ended")
    DROPPED = "dropped", _("Draft given up")


class ProtocolEventKind(models.TextChoices):
    """What happened to a version of a local protocol."""

    DRAFTED = "protocol.drafted", _("Draft begun")
    CHANGED = "protocol.changed", _("Draft changed")
    IN_FORCE = "protocol.in_force", _("Put in force")
    REPLACED = "protocol.replaced", _("Replaced by a newer version")
    ENDED = "protocol.ended", _("Ended")
    DROPPED = "protocol.dropped", _("Draft given up")


class FacilityKind(models.TextChoices):
    """Where people are held, received or lodged."""

    RECEPTION = "reception", _("Reception centre")
    DETENTION = "detention", _("Immigration detention")
    TRANSIT = "transit", _("Transit zone or hot spot")
    BORDER = "border", _("Border crossing")
    POLICE = "police", _("Police custody")
    PRISON = "prison", _("Prison")
    SHELTER = "shelter", _("Shelter")
    HOSPITAL = "hospital", _("Hospital")
    CHILDREN = "children", _("Home for children")
    WORKPLACE = "workplace", _("Workers’ accommodation")


class AccessPurpose(models.TextChoices):
    """What an organisation goes there for."""

    IDENTIFY = "identify", _("Identify presumed victims")
    INFORM = "inform", _("Tell people about their rights")
    LEGAL = "legal", _("Legal advice")
    MEDICAL = "medical", _("Medical or psychological help")
    INTERPRET = "interpret", _("Interpretation")
    MONITOR = "monitor", _("See how the place is run")
    SUPPORT = "support", _("Go on helping somebody who is there")


class RequestState(models.TextChoices):
    """Where a request for access stands."""

    ASKED = "asked", _("Waits for an answer")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Taken back")


class AccessRefusal(models.TextChoices):
    """The closed list of reasons for which a request is refused; always with words."""

    NO_BASIS = "no_basis", _("No law or rule allows it")
    NOT_OURS = "not_ours", _("Another authority decides")
    SECURITY = "security", _("Security of the place or of people in it")
    HEALTH = "health", _("Protection against infection")
    EMERGENCY = "emergency", _("An emergency is on")
    NO_ROOM = "no_room", _("No room or staff on these days")
    PROCEEDINGS = "proceedings", _("Criminal proceedings would be endangered")


class AuthorisationState(models.TextChoices):
    """Whether an authorisation to enter still holds."""

    IN_FORCE = "in_force", _("In force")
    EXPIRED = "expired", _("Run out")
    REVOKED = "revoked", _("Revoked")


class IncidentKind(models.TextChoices):
    """What went wrong with access."""

    AT_THE_DOOR = "at_the_door", _("Refused at the door")
    CLOSED = "closed", _("The place was closed to visitors")
    KEPT_WAITING = "kept_waiting", _("Kept waiting until there was no time left")
    KEPT_FROM = "kept_from", _("Kept from some of the people there")
    NOT_ALONE = "not_alone", _("Could not speak to people alone")
    NO_INTERPRETER = "no_interpreter", _("The interpreter was not let in")
    PRESSURE = "pressure", _("Visitors or people visited were put under pressure")


#: Kinds after which the organisation has no access until it is said to have again.
SHUT_OUT = (IncidentKind.AT_THE_DOOR, IncidentKind.CLOSED)


class AccessEventKind(models.TextChoices):
    """What happened about access to a facility."""

    ENTERED = "facility.entered", _("Facility entered")
    CHANGED = "facility.changed", _("Facility changed")
    ASKED = "access.asked", _("Access asked for")
    GRANTED = "access.granted", _("Access granted")
    REFUSED = "access.refused", _("Access refused")
    WITHDRAWN = "access.withdrawn", _("Request taken back")
    AUTHORISED = "access.authorised", _("Authorised")
    REVOKED = "access.revoked", _("Authorisation revoked")
    EXPIRED = "access.expired", _("Authorisation run out")
    VISITED = "access.visited", _("Visit")
    INCIDENT = "access.incident", _("Incident reported")
    ANSWERED = "access.answered", _("Incident answered")
    RESTORED = "access.restored", _("Access given again")
