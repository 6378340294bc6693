"""Code lists of money: what it is for, where it comes from, where an award and a payment stand.

The kinds and source classes are those of the reference `domain.md`, §6; the lines of a budget are
those asked for after the statement of the Alliance Expert Co-ordination Team, 2020 (S10, S14, S19,
S23, S52).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FundingKind(models.TextChoices):
    """What a fund or an award is meant for."""

    LONG_TERM_TARGETED = "long_term_targeted", _("Long-term, targeted services")
    CORE = "core", _("Core costs and overhead")
    EMERGENCY = "emergency", _("Emergency")
    ICT = "ict", _("Information technology")
    STAFF_RETENTION = "staff_retention", _("Keeping trained staff")
    SHELTER_ADAPTATION = "shelter_adaptation", _("Adapting shelters")
    PPE_TESTING = "ppe_testing", _("Protective equipment and testing")
    QUARANTINE_ACCOMMODATION = "quarantine_accommodation", _("Quarantine accommodation")
    PREVENTION = "prevention", _("Prevention")
    ECONOMIC_EMPOWERMENT = "economic_empowerment", _("Economic empowerment")
    LEGAL_AID = "legal_aid", _("Legal aid")
    TRAINING = "training", _("Training")
    NETWORKING = "networking", _("Networking and co-ordination")
    RESEARCH = "research", _("Research and monitoring")


class SourceClass(models.TextChoices):
    """Where money comes from, in classes: never who, where that would be a person."""

    STATE_CENTRAL = "state_central", _("State, central")
    STATE_LOCAL = "state_local", _("State, regional or local")
    EU = "eu", _("European Union")
    IO = "io", _("International organisation")
    FOREIGN_GOV = "foreign_gov", _("Foreign government")
    FOUNDATION = "foundation", _("Foundation")
    CORPORATE = "corporate", _("Business")
    INDIVIDUAL = "individual", _("Individual donors")
    OWN = "own", _("Own means")


class LineKind(models.TextChoices):
    """What a line of a budget pays for."""

    STAFF = "staff", _("Staff")
    SHELTER = "shelter", _("Shelter")
    OVERHEAD = "overhead", _("Overhead")
    ICT = "ict", _("Information technology")
    PPE_TESTING = "ppe_testing", _("Protective equipment and testing")
    QUARANTINE = "quarantine", _("Quarantine accommodation")
    PREVENTION = "prevention", _("Prevention")
    ECONOMIC_EMPOWERMENT = "empowerment", _("Economic empowerment")
    LEGAL_AID = "legal_aid", _("Legal aid")
    TRAINING = "training", _("Training")
    NETWORKING = "networking", _("Networking")


class AwardState(models.TextChoices):
    """Where an award stands."""

    PROPOSED = "proposed", _("Proposed")
    AWAITS_SECOND = "awaits_second", _("Waits for a second person")
    IN_FORCE = "in_force", _("In force")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused")


#: Not yet decided: it holds money of its fund, and only its funder sees it.
NOT_YET_DECIDED = (AwardState.PROPOSED, AwardState.AWAITS_SECOND)
#: What was agreed can still be paid, also after the last day of the work.
CAN_BE_PAID = (AwardState.IN_FORCE, AwardState.ENDED)
#: Its whole amount is money of the fund that nothing else can have.
HOLDS_ALL = (*NOT_YET_DECIDED, *CAN_BE_PAID)


class InstalmentState(models.TextChoices):
    """Where one payment that was promised stands."""

    PLANNED = "planned", _("Planned")
    DUE = "due", _("Due")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")


#: Money is still to come.
OPEN = (InstalmentState.PLANNED, InstalmentState.DUE)


class ChangeKind(models.TextChoices):
    """What a change of an award is about."""

    AMENDMENT = "amendment", _("Amendment of amount or dates")
    REALLOCATION = "reallocation", _("Reallocation between lines")


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for the other side")
    IN_FORCE = "in_force", _("In force")
    DROPPED = "dropped", _("Dropped")


class AwardEventKind(models.TextChoices):
    """What happened to an award, as its timeline says it."""

    PROPOSED = "proposed", _("Award proposed")
    CHANGED = "changed", _("Proposal changed")
    SENT = "sent", _("Sent to a second person")
    MOVED_UP = "moved_up", _("Nobody answered: the co-ordination can decide")
    IN_FORCE = "in_force", _("Award in force")
    REFUSED = "refused", _("Award refused")
    CANCELLED = "cancelled", _("Award cancelled")
    ENDED = "ended", _("Award ended")
    AGREEMENT = "agreement", _("Agreement named")
    PLANNED = "planned", _("Instalment planned")
    DUE = "due", _("Instalment due")
    PAID = "paid", _("Payment recorded")
    ARRIVED = "arrived", _("Payment arrived")
    INSTALMENT_CANCELLED = "instalment_off", _("Instalment cancelled")
    CHANGE_PROPOSED = "change_proposed", _("Change proposed")
    CHANGE_IN_FORCE = "change_in_force", _("Change in force")
    CHANGE_DROPPED = "change_dropped", _("Change dropped")
    SPENT = "spent", _("Spending stated")
    CO_FUNDED = "co_funded", _("Co-funding stated")


class FundEventKind(models.TextChoices):
    """What happened to a fund."""

    OPENED = "opened", _("Fund opened")
    CHANGED = "changed", _("Fund changed")
    PUBLISHED = "published", _("Fund made known")
    CLOSED = "closed", _("Fund closed")
