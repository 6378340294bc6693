"""Code lists of service offers and places. Sources: the statement of the Alliance Expert
Co-ordination Team of 2020 (S2, S5, S11, S12, S15 of the domain reference), HSDS 3.0, design §3."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.choices import Role

#: Who knows where the houses of their own organisation are.
KNOW_THE_HOUSES = (Role.MANAGER, Role.CASEWORKER)


class ServiceRole(models.TextChoices):
    """What the platform itself does with a kind of service; which kinds there are is for rows."""

    OTHER = "other", _("Is listed")
    PLACES = "places", _("Has places to sleep")
    INTERPRETERS = "interpreters", _("Pool of interpreters")
    LAWYERS = "lawyers", _("Pool of pro bono lawyers")


#: Kinds that are pools of people: their number is kept, and no place.
POOLS = (ServiceRole.INTERPRETERS, ServiceRole.LAWYERS)


class Eligibility(models.TextChoices):
    """For whom a service is there. Nothing here asks for a decision or for co-operation (S37)."""

    WOMEN = "women", _("Women")
    MEN = "men", _("Men")
    FAMILIES = "families", _("Families")
    CHILDREN = "children", _("Children on their own")
    ADULTS_WITH_CHILDREN = "adults_with_children", _("Adults with their children")
    TRANS_INCLUSIVE = "trans_inclusive", _("Trans people, in their own gender")
    ANY_NATIONALITY = "any_nationality", _("Whatever the nationality")
    ANY_STATUS = "any_status", _("Whatever the residence status")
    NOT_IDENTIFIED = "not_identified", _("Before any identification, or without it")


class Accessibility(models.TextChoices):
    STEP_FREE = "step_free", _("Step-free, with an accessible bathroom")
    SIGN_LANGUAGE = "sign_language", _("Sign language")
    EASY_LANGUAGE = "easy_language", _("Easy language")
    LOW_VISION = "low_vision", _("For people who see little")
    CARE = "care", _("Personal care can be given")
    ASSISTANCE_ANIMAL = "assistance_animal", _("Assistance animals")


class Operating(models.TextChoices):
    """How far a service works at present (S15)."""

    FULL = "full", _("Works in full")
    REDUCED = "reduced", _("Works in part")
    REMOTE = "remote", _("Remotely only")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed")


#: How a service works that can take somebody in today.
TAKES_PEOPLE_IN = (Operating.FULL, Operating.REDUCED)


class OperatingReason(models.TextChoices):
    """Why a service does not work in full. A closed list: the sums of it are a report (S5, S15)."""

    FUNDING = "funding", _("Money is missing")
    STAFF = "staff", _("Staff is missing")
    BUILDING = "building", _("The building")
    INFECTION = "infection", _("Infection, quarantine")
    SECURITY = "security", _("Security of people or house")
    EMERGENCY = "emergency", _("An emergency in the area")
    OTHER = "other", _("Another reason")


class ReferralRoute(models.TextChoices):
    """How somebody gets there."""

    DUTY_LINE = "duty_line", _("Call the duty number")
    PLATFORM = "platform", _("Ask through this platform")
    BY_ITSELF = "by_itself", _("The person can come or call without anybody")
    APPOINTMENT = "appointment", _("By appointment")


class Standing(models.TextChoices):
    """Whether a shelter belongs to the public system of social assistance (S11)."""

    INSIDE = "inside", _("Inside the public system")
    OUTSIDE = "outside", _("Outside the public system")


class PublicMoney(models.TextChoices):
    YES = "yes", _("Public money pays for it")
    PARTLY = "partly", _("Public money pays for a part")
    NO = "no", _("No public money")


class PlaceType(models.TextChoices):
    """Places are counted by these, each place once, under what matters most about it (S12)."""

    WOMEN = "women", _("Women")
    MEN = "men", _("Men")
    FAMILY = "family", _("Family")
    CHILD = "child", _("Child")
    TRANS_INCLUSIVE = "trans_inclusive", _("Trans-inclusive")
    QUARANTINE = "quarantine", _("Quarantine")
    EMERGENCY = "emergency", _("Emergency")
    ACCESSIBLE = "accessible", _("Accessible")


class Who(models.TextChoices):
    """For whom a place is asked tonight: as much as a house must know, and nothing of a person."""

    WOMAN = "woman", _("A woman")
    MAN = "man", _("A man")
    TRANS = "trans", _("A trans person")
    FAMILY = "family", _("An adult with children, or a family")
    CHILD = "child", _("A child alone")


class Need(models.TextChoices):
    """What the place must have beside a bed."""

    STEP_FREE = "step_free", _("Step-free, accessible")
    ISOLATION = "isolation", _("A place to be apart (infection)")


class HoldState(models.TextChoices):
    """Where a held place stands."""

    HELD = "held", _("Held, not answered yet")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    GIVEN_BACK = "given_back", _("Given back")
    LAPSED = "lapsed", _("Ran out")
    TAKEN = "taken", _("The person has arrived")


#: States in which a hold keeps a place, until its time is over.
KEEPS_A_PLACE = (HoldState.HELD, HoldState.ACCEPTED)


class RefusalReason(models.TextChoices):
    """Why a provider says no. A closed list: what is refused, and why, is a report (S5)."""

    FULL = "full", _("The figure was old: nothing is free")
    NOT_FOR = "not_for", _("Not the right place for whoever needs it")
    STAFF = "staff", _("Nobody is there to take somebody in")
    HEALTH = "health", _("Care is needed that we cannot give")
    INFECTION = "infection", _("Infection in the house")
    SECURITY = "security", _("It would not be safe")
    FUNDING = "funding", _("Nobody pays for it")
    OTHER = "other", _("Another reason")


class RequestEnd(models.TextChoices):
    """How a search for a place ended."""

    FOUND = "found", _("A place was found")
    ELSEWHERE = "elsewhere", _("A place was found elsewhere")
    NONE = "none", _("No place was found")
    NOT_NEEDED = "not_needed", _("Not needed any more")


class Outcome(models.TextChoices):
    """What an inspection found."""

    MET = "met", _("Standard met")
    CONDITIONS = "conditions", _("Met, with conditions")
    NOT_MET = "not_met", _("Not met")


class ServiceEventKind(models.TextChoices):
    """What happened to a service offer, as a dotted verb in the past."""

    ENTERED = "service.entered", _("Entered")
    CHANGED = "service.changed", _("Changed")
    ASSURED = "service.assured", _("Confirmed as still correct")
    ENDED = "service.ended", _("Taken out of the list")
    LOCATION_ENTERED = "location.entered", _("Location entered")
    LOCATION_CHANGED = "location.changed", _("Location changed")
    FIGURES_SAID = "places.said", _("Places updated")
    NOTHING_CHANGED = "places.unchanged", _("Places: nothing changed")
    HELD = "hold.held", _("A place was held")
    ACCEPTED = "hold.accepted", _("A held place was accepted")
    REFUSED = "hold.refused", _("A held place was refused")
    GIVEN_BACK = "hold.given_back", _("A held place was given back")
    LAPSED = "hold.lapsed", _("The time of a held place ran out")
    TAKEN = "hold.taken", _("Somebody arrived")
    INSPECTED = "inspection.recorded", _("Inspected")
