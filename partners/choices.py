"""Code lists of the registry. Sources: OSCE Occasional Paper No. 8 (2018) and the design, §3."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    """What an organisation is (statement of the Alliance Expert Co-ordination Team, 2020; S42)."""

    STATE_AGENCY = "state_agency", _("State agency")
    CSO = "cso", _("Civil society organisation")
    INTERNATIONAL = "international", _("International organisation")
    TRADE_UNION = "trade_union", _("Trade union")
    EMPLOYERS = "employers", _("Employers’ organisation")
    BAR_ASSOCIATION = "bar_association", _("Bar association")
    ACADEMIA = "academia", _("University or research body")
    FAITH_BASED = "faith_based", _("Faith-based organisation")
    MEDIA = "media", _("Media organisation")
    SURVIVOR_LED = "survivor_led", _("Survivor-led group")
    COMMUNITY = "community", _("Community or local leaders")


class CsoClass(models.TextChoices):
    """The six groups of civil society actors of OSCE Occasional Paper No. 8, Box 1."""

    LEGAL = "legal", _("Union, bar association or legal advocacy group")
    SPECIALISED_SERVICE = (
        "specialised_service",
        _("Specialised counselling centre, shelter or legal representation"),
    )
    RESEARCH = "research", _("Academia or think tank")
    ADVOCACY = "advocacy", _("Specialised advocacy, prevention and training")
    GENERAL_SERVICE = "general_service", _("General service provider")
    CIVIL_RIGHTS = "civil_rights", _("Civil rights movement")


class Capacity(models.TextChoices):
    """What an organisation does in the mechanism; several at once, none excludes another."""

    FIRST_RESPONDER = "first_responder", _("First responder")
    COMPETENT_AUTHORITY = "competent_authority", _("Competent authority")
    SERVICE_PROVIDER = "service_provider", _("Service provider")
    FUNDER = "funder", _("Funder")
    ADVISER = "adviser", _("Adviser")
    WATCHDOG = "watchdog", _("Watchdog")
    CO_ORDINATION = "co_ordination", _("Co-ordination")
    RAPPORTEUR = "rapporteur", _("National rapporteur")


class Level(models.TextChoices):
    NATIONAL = "national", _("National")
    REGIONAL = "regional", _("Regional")
    LOCAL = "local", _("Local")


class OrganisationState(models.TextChoices):
    """Where an organisation stands with the mechanism."""

    DRAFT = "draft", _("Being filled in")
    APPLIED = "applied", _("Applied")
    UNDER_REVIEW = "under_review", _("Under review")
    RETURNED = "returned", _("Sent back with questions")
    MEMBER = "member", _("Member")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: States in which the organisation itself may change its answers before it is admitted.
OPEN_TO_THE_APPLICANT = (OrganisationState.DRAFT, OrganisationState.RETURNED)
#: States in which the co-ordination has something to read.
BEFORE_THE_REVIEWER = (OrganisationState.APPLIED, OrganisationState.UNDER_REVIEW)


class Role(models.TextChoices):
    """What somebody does in an organisation; the permissions stand in `partners/access.py`."""

    CASEWORKER = "caseworker", _("Caseworker")
    MANAGER = "manager", _("Manager")
    OFFICER = "officer", _("Officer")
    CO_ORDINATOR = "co_ordinator", _("Co-ordinator")
    RAPPORTEUR = "rapporteur", _("National rapporteur")
    FUNDER = "funder", _("Fund officer")
    ADMINISTRATOR = "administrator", _("System administrator")


#: Kinds through which civil society holds a seat: neither State, employers nor an international
#: organisation.
CIVIL_SOCIETY = (
    OrganisationKind.CSO,
    OrganisationKind.TRADE_UNION,
    OrganisationKind.BAR_ASSOCIATION,
    OrganisationKind.ACADEMIA,
    OrganisationKind.FAITH_BASED,
    OrganisationKind.MEDIA,
    OrganisationKind.SURVIVOR_LED,
    OrganisationKind.COMMUNITY,
)

#: A role that only an organisation holding the capacity can give.
ROLE_NEEDS_CAPACITY = {
    Role.CO_ORDINATOR: Capacity.CO_ORDINATION,
    Role.ADMINISTRATOR: Capacity.CO_ORDINATION,
    Role.RAPPORTEUR: Capacity.RAPPORTEUR,
    Role.FUNDER: Capacity.FUNDER,
    Role.OFFICER: Capacity.COMPETENT_AUTHORITY,
}


class Scope(models.TextChoices):
    """How far into the organisation's own files a member sees."""

    OWN = "own", _("Own cases")
    TEAM = "team", _("Team")
    ORGANISATION = "organisation", _("Whole organisation")


class AreaLevel(models.TextChoices):
    COUNTRY = "country", _("Country")
    REGION = "region", _("Region")
    DISTRICT = "district", _("District")
    MUNICIPALITY = "municipality", _("Municipality")


class ContactStatus(models.TextChoices):
    """Whether the point of contact can be reached under this name (statement of 2020; S27, S35)."""

    ACTIVE = "active", _("Active")
    REASSIGNED = "reassigned", _("Reassigned")
    VACANT = "vacant", _("Vacant")


class ChannelKind(models.TextChoices):
    PHONE = "phone", _("Phone")
    DUTY_LINE = "duty_line", _("Duty line")
    SECURE_MESSENGER = "secure_messenger", _("Secure messenger")
    EMAIL = "email", _("E-mail")
    RADIO = "radio", _("Radio")
    IN_PERSON = "in_person", _("In person")


#: Channels that work when the internet does not.
OUT_OF_BAND = (
    ChannelKind.PHONE,
    ChannelKind.DUTY_LINE,
    ChannelKind.RADIO,
    ChannelKind.IN_PERSON,
)


class GrantReason(models.TextChoices):
    """Why a grant exists. Several reasons may stand at once; the grant lives while one does."""

    OWN_ORGANISATION = "own_organisation", _("Member of the organisation")
    INDIVIDUAL = "individual", _("Given to one person")
    FIRST_RESPONDER = "first_responder", _("Organisation that made the referral")
    AUTHORITY = "authority", _("Authority that decides on it")


class Verdict(models.TextChoices):
    RIGHT = "right", _("Right")
    QUESTION = "question", _("Question")


class EventKind(models.TextChoices):
    """What happened to an organisation, as a dotted verb in the past."""

    INVITED = "organisation.invited", _("Invited to apply")
    APPLIED = "organisation.applied", _("Application sent")
    REVIEW_BEGUN = "organisation.review_begun", _("Review begun")
    RETURNED = "organisation.returned", _("Sent back with questions")
    ADMITTED = "organisation.admitted", _("Admitted as a member")
    WITHDRAWN = "organisation.withdrawn", _("Application withdrawn")
    REOPENED = "organisation.reopened", _("Application taken up again")
    CHANGED = "organisation.changed", _("Entry changed")
    MEMBER_INVITED = "membership.invited", _("Colleague invited")
    MEMBER_JOINED = "membership.joined", _("Colleague joined")
    MEMBER_ENDED = "membership.ended", _("Membership ended")
    CONTACT_CHANGED = "contact.changed", _("Point of contact changed")
