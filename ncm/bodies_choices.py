"""Code lists of bodies, seats, meetings and resolutions.

Sources: the bodies of national mechanisms (reference/domain.md §5.1), the five areas of civil
society of OSCE Occasional Paper No. 8, 2.1 (S58), its kinds of challenge, 1.1 (S47), and the
kinds of contribution of its Box 2 (S80).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BodyKind(models.TextChoices):
    """What a body of the national co-ordination is."""

    NATIONAL_COMMITTEE = "national_committee", _("National committee")
    NATIONAL_COORDINATOR = "national_coordinator", _("National co-ordinator")
    PERMANENT_SECRETARIAT = "permanent_secretariat", _("Permanent secretariat")
    TASK_FORCE = "task_force", _("Task force")
    REGIONAL_COMMITTEE = "regional_committee", _("Regional committee")
    TECHNICAL_TABLE = "technical_table", _("Technical table")
    OPERATIONAL_COMMITTEE = "operational_committee", _("Operational committee")
    NATIONAL_RAPPORTEUR = "national_rapporteur", _("National rapporteur or equivalent")
    EXPERT_GROUP = "expert_group", _("Expert group")
    CSO_COALITION = "cso_coalition", _("Coalition of civil society")
    SURVIVOR_PANEL = "survivor_panel", _("Survivor panel")


class DecidesBy(models.TextChoices):
    """How a body decides once it has its quorum."""

    MAJORITY = "majority", _("More votes in favour than against; abstentions do not count")
    CONSENSUS = "consensus", _("Consensus: somebody is in favour and nobody against")


class SeatKind(models.TextChoices):
    """On which side of the table a seat stands."""

    STATE = "state", _("State")
    CSO = "cso", _("Civil society")
    SURVIVOR = "survivor", _("Survivors")
    COMMUNITY = "community", _("Community or local leaders")
    UNION = "union", _("Trade union")
    EMPLOYERS = "employers", _("Employers")
    IO = "io", _("International organisation")
    EXPERT = "expert", _("Expert")


#: What the audit counts as civil society: who sits neither for the State, nor for employers or an
#: international organisation, nor for their own knowledge alone.
OF_CIVIL_SOCIETY = (SeatKind.CSO, SeatKind.SURVIVOR, SeatKind.COMMUNITY, SeatKind.UNION)


class SeatRole(models.TextChoices):
    """What a seat does in its body."""

    CHAIR = "chair", _("Chair")
    SECRETARY = "secretary", _("Secretary")
    MEMBER = "member", _("Member")
    OBSERVER = "observer", _("Observer")


class WorkArea(models.TextChoices):
    """The five areas in which civil society works with the State (S58)."""

    POLICY = "policy", _("Policy and law")
    PREVENTION = "prevention", _("Prevention")
    IDENTIFICATION = "identification", _("Identification")
    PROTECTION = "protection", _("Protection, also in proceedings")
    TRAINING = "training", _("Training")


class BodyEventKind(models.TextChoices):
    """What happened to a body and its seats."""

    ENTERED = "entered", _("Entered")
    CHANGED = "changed", _("Changed")
    DISSOLVED = "dissolved", _("Dissolved")
    DOCUMENT_ADDED = "document_added", _("Mandate document added")
    QUORUM_SET = "quorum_set", _("Quorum set")
    QUORUM_ENDED = "quorum_ended", _("Quorum rule ended")
    SEAT_GIVEN = "seat_given", _("Seat given")
    SEAT_CHANGED = "seat_changed", _("Seat changed")
    SEAT_ENDED = "seat_ended", _("Seat ended")


class MeetingState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    INVITED = "invited", _("Invited")
    HELD = "held", _("Held")
    APPROVED = "approved", _("Minutes approved")
    CANCELLED = "cancelled", _("Cancelled")


#: Before it is held: what is on the agenda and when can still be moved.
TO_COME = (MeetingState.PLANNED, MeetingState.INVITED)


class MeetingEventKind(models.TextChoices):
    """What happened to a meeting. Who of a seat did it stands in none of these."""

    PLANNED = "planned", _("Planned")
    MOVED = "moved", _("Moved")
    CHANGED = "changed", _("Changed")
    INVITED = "invited", _("Invited")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")
    ATTENDANCE = "attendance", _("Attendance recorded")
    VOTED = "voted", _("Vote taken")
    DISSENT = "dissent", _("Dissent recorded")
    RESOLVED = "resolved", _("Resolution adopted")
    PAPER_ADDED = "paper_added", _("Paper added")
    PAPER_REMOVED = "paper_removed", _("Paper removed")
    DRAFTED = "drafted", _("Minutes drafted")
    APPROVED = "approved", _("Minutes approved")
    ANNEXED = "annexed", _("Correction annexed")


class IssueClass(models.TextChoices):
    """What an agenda item is about (S47)."""

    ADVOCACY = "advocacy", _("Advocacy")
    POLICY = "policy", _("Policy engagement")
    FUNDING = "funding", _("Funding and sustainability")
    SERVICES = "services", _("Role in services")
    NETWORKING = "networking", _("Networking")
    CIVIC_SPACE = "civic_space", _("Civic space")
    REFERRAL = "referral", _("Referral")
    PREVENTION = "prevention", _("Prevention")
    OTHER = "other", _("Other")


class ItemState(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    ON_AGENDA = "on_agenda", _("On the agenda")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECIDED = "decided", _("Decided")
    NOTED = "noted", _("Noted")
    POSTPONED = "postponed", _("Postponed")


class ItemEventKind(models.TextChoices):
    """What happened to an agenda item."""

    SUBMITTED = "submitted", _("Submitted")
    PUT = "put", _("Put on the agenda")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECIDED = "decided", _("Decided")
    NOTED = "noted", _("Noted")
    POSTPONED = "postponed", _("Postponed")


class Presence(models.TextChoices):
    """Whether a seat took part, and how."""

    IN_PERSON = "in_person", _("In the room")
    REMOTE = "remote", _("Remotely")
    EXCUSED = "excused", _("Excused")
    ABSENT = "absent", _("Absent")


IS_PRESENT = (Presence.IN_PERSON, Presence.REMOTE)


class Ballot(models.TextChoices):
    IN_FAVOUR = "in_favour", _("In favour")
    AGAINST = "against", _("Against")
    ABSTAINED = "abstained", _("Abstained")


class ResolutionState(models.TextChoices):
    IN_FORCE = "in_force", _("In force")
    REPLACED = "replaced", _("Replaced")
    REPEALED = "repealed", _("Repealed")


class Effect(models.TextChoices):
    """What a resolution does to an earlier one."""

    REPLACES = "replaces", _("It replaces the earlier one")
    REPEALS = "repeals", _("It repeals the earlier one")
