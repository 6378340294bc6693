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


class Conduct(models.TextChoices):
    """The due-diligence checklist: how an organisation works (S50: transparent finance and
    decisions, non-profit aim, voluntary element; safeguards of people it helps). It never asks
    where money comes from."""

    STATUTE = "statute", _("A founding document says what the organisation is for")
    NON_PROFIT = "non_profit", _("It works for people, not for gain")
    VOLUNTARY = "voluntary", _("Members or volunteers take part in its work")
    DECISIONS = "decisions", _("It is written down who decides what, and members can question it")
    ACCOUNTS = "accounts", _("Members or somebody independent check its accounts every year")
    SAFEGUARDING = "safeguarding", _("There are rules on how its people treat those they help")
    CONFIDENCE = "confidence", _("What people say stays inside, and files are kept locked")
    COMPLAINTS = "complaints", _("People it helps can complain, and know to whom")
    VOUCHED = "vouched", _("Somebody in the mechanism knows the group and can say so")


class HasIt(models.TextChoices):
    """An answer of the checklist; "not yet" is one, and refuses nobody by itself."""

    YES = "yes", _("Yes")
    NOT_YET = "not_yet", _("Not yet")
    NO = "no", _("No")


#: What is asked of whom. Informal and survivor-led groups are asked what protects people, and no
#: paper that only a registered body has; a State agency is not asked about gain or members.
CONDUCT_OF_THE_REGISTERED = tuple(each for each in Conduct if each != Conduct.VOUCHED)
CONDUCT_OF_GROUPS = (
    Conduct.NON_PROFIT,
    Conduct.SAFEGUARDING,
    Conduct.CONFIDENCE,
    Conduct.VOUCHED,
)
CONDUCT_OF_THE_STATE = (Conduct.SAFEGUARDING, Conduct.CONFIDENCE, Conduct.COMPLAINTS)
#: Kinds that are asked as groups are, registered or not.
ASKED_AS_GROUPS = (OrganisationKind.SURVIVOR_LED, OrganisationKind.COMMUNITY)


class ChangeState(models.TextChoices):
    """Where a change of an entry that somebody reviews stands."""

    OPEN = "open", _("Waits for review")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


class ReminderOutcome(models.TextChoices):
    """What became of an organisation that was to be asked to confirm its entry."""

    ASKED = "asked", _("Was asked")
    LATELY = "lately", _("Not asked: it was asked lately")
    NOBODY = "nobody", _("Not asked: nobody there manages the entry")
    NO_MEMBER = "no_member", _("Not asked: it is no member")


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
    REFUSED = "refused", _("Refused")
    SUSPENDED = "suspended", _("Suspended")
    LEFT = "left", _("Left")


#: States in which the organisation itself may change its answers before it is admitted.
OPEN_TO_THE_APPLICANT = (OrganisationState.DRAFT, OrganisationState.RETURNED)
#: States in which the co-ordination has something to read.
BEFORE_THE_REVIEWER = (OrganisationState.APPLIED, OrganisationState.UNDER_REVIEW)
#: States of an organisation that was admitted once; it has no application to fill in.
HAS_BEEN_ADMITTED = (
    OrganisationState.MEMBER,
    OrganisationState.SUSPENDED,
    OrganisationState.LEFT,
)


#: Kinds whose people may work in law enforcement or immigration control: asked of each person.
MAY_ENFORCE = (OrganisationKind.STATE_AGENCY, OrganisationKind.INTERNATIONAL)


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


#: Roles whose sight of the files can be narrowed; whoever manages answers for all of them.
NARROWABLE = (Role.CASEWORKER, Role.OFFICER)


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


class ContactDuty(models.TextChoices):
    """What a point of contact answers for (S64: which sectors have somebody who answers)."""

    IDENTIFICATION = "identification", _("Identification")
    PLACES = "places", _("Shelter and places")
    HEALTH = "health", _("Health care")
    LEGAL_AID = "legal_aid", _("Legal advice and compensation")
    CHILDREN = "children", _("Children")
    PROCEEDINGS = "proceedings", _("Criminal proceedings and protection")
    LABOUR = "labour", _("Labour inspection and exploitation at work")
    MIGRATION = "migration", _("Residence, asylum and return")
    PREVENTION = "prevention", _("Prevention and training")
    FUNDING = "funding", _("Funding")


class VerifiedHow(models.TextChoices):
    """How it was last said that an entry is correct."""

    ORGANISATION = "organisation", _("by its organisation")
    LINK = "link", _("by the person, through a link")
    PHONE = "phone", _("by the co-ordination, in a call")


class LinkAnswer(models.TextChoices):
    """What the person said who followed the link."""

    CORRECT = "correct", _("Still correct")
    CORRECTED = "corrected", _("Corrected")
    LEFT = "left", _("No longer holds the post")


class EmergencyAct(models.TextChoices):
    BEGUN = "begun", _("Emergency declared")
    ENDED = "ended", _("Emergency ended")
    RESUMED = "resumed", _("Ending taken back")


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
    NAMED = "named", _("Named for a restricted case")
    BREAK_GLASS = "break_glass", _("Emergency access")


class Verdict(models.TextChoices):
    RIGHT = "right", _("Right")
    QUESTION = "question", _("Question")


class EventKind(models.TextChoices):
    """What happened to an organisation, as a dotted verb in the past."""

    INVITED = "organisation.invited", _("Invited to apply")
    TRAINED = "organisation.trained", _("Attendances at a training entered")
    BROUGHT_IN = "organisation.brought_in", _("Entered from a table")
    REMINDED = "organisation.reminded", _("Asked to confirm the entry")
    APPLIED = "organisation.applied", _("Application sent")
    REVIEW_BEGUN = "organisation.review_begun", _("Review begun")
    RETURNED = "organisation.returned", _("Sent back with questions")
    ADMITTED = "organisation.admitted", _("Admitted as a member")
    WITHDRAWN = "organisation.withdrawn", _("Application withdrawn")
    REOPENED = "organisation.reopened", _("Application taken up again")
    REFUSED = "organisation.refused", _("Application refused")
    ADMITTED_ON_APPEAL = "organisation.admitted_on_appeal", _("Admitted on appeal")
    SUSPENDED = "organisation.suspended", _("Suspended")
    REINSTATED = "organisation.reinstated", _("Suspension lifted")
    REINSTATED_ON_APPEAL = "organisation.reinstated_on_appeal", _("Suspension lifted on appeal")
    LEFT = "organisation.left", _("Left the mechanism")
    NOTICE_GIVEN = "proceeding.noticed", _("Notice given")
    PANEL_NAMED = "proceeding.panel_named", _("Panel named")
    NOTICE_ANSWERED = "proceeding.answered", _("Notice answered")
    PANEL_DECIDED = "proceeding.decided", _("Panel decided")
    APPEALED = "proceeding.appealed", _("Appealed")
    APPEAL_DECIDED = "proceeding.appeal_decided", _("Appeal decided")
    PROCEEDING_DROPPED = "proceeding.dropped", _("Notice taken back")
    PROCEEDING_ENDED = "proceeding.ended", _("Proceeding ended")
    CHANGED = "organisation.changed", _("Entry changed")
    CONFIRMED = "organisation.confirmed", _("Entry confirmed as still correct")
    CHANGE_ASKED = "change.asked", _("Change of the entry asked for")
    CHANGE_AGREED = "change.agreed", _("Change of the entry agreed")
    CHANGE_DECLINED = "change.declined", _("Change of the entry declined")
    CHANGE_WITHDRAWN = "change.withdrawn", _("Change of the entry taken back")
    MEMBER_INVITED = "membership.invited", _("Colleague invited")
    MEMBER_JOINED = "membership.joined", _("Colleague joined")
    MEMBER_ENDED = "membership.ended", _("Membership ended")
    SCOPE_CHANGED = "membership.scope_changed", _("What a colleague sees was changed")
    CONTACT_CHANGED = "contact.changed", _("Point of contact changed")
    CONTACT_ASKED = "contact.asked", _("Point of contact asked to confirm the entry")
    CONTACT_VERIFIED = "contact.verified", _("Point of contact confirmed")
    CONTACT_HANDED_OVER = "contact.handed_over", _("Deputy answers for a point of contact")
    CONTACT_UNCOVERED = "contact.uncovered", _("Nobody answers for a point of contact")
    SEAT_NAMED = "seat.named", _("Named to decide on identification")
    SEAT_ENDED = "seat.ended", _("Decides on identification no longer")


class ProceedingKind(models.TextChoices):
    """What a panel is asked to decide about an organisation."""

    REFUSAL = "refusal", _("Refusing an application")
    SUSPENSION = "suspension", _("Suspending a member")


class ProceedingState(models.TextChoices):
    """Where a proceeding about an organisation stands."""

    NOTICED = "noticed", _("Notice given")
    ANSWERED = "answered", _("Answered")
    IMPOSED = "imposed", _("Decided against the organisation")
    DISMISSED = "dismissed", _("Decided for the organisation")
    APPEALED = "appealed", _("Under appeal")
    UPHELD = "upheld", _("Appeal rejected")
    OVERTURNED = "overturned", _("Appeal granted")
    DROPPED = "dropped", _("Notice taken back")
    ENDED = "ended", _("Ended")


#: States in which somebody still has to decide.
UNDECIDED = (ProceedingState.NOTICED, ProceedingState.ANSWERED, ProceedingState.APPEALED)


class ProceedingReason(models.TextChoices):
    """The closed list (design §5.9). Never a reason: what an organisation says about the
    authorities, where its money comes from, or whom it helps."""

    HARM = "harm", _("People it was to help were harmed or endangered by it")
    TRAFFICKING = (
        "trafficking",
        _("Well-founded signs that its people take part in trafficking"),
    )
    CONFIDENTIALITY = "confidentiality", _("Protected information about people was passed on")
    FALSE_ANSWERS = "false_answers", _("False answers on a point that the admission depends on")
    NO_SAFEGUARD = "no_safeguard", _("A safeguard that every member needs is missing")
    NOT_AUTHORISED = "not_authorised", _("Whoever applied does not act for the organisation")
    NO_PART = "no_part", _("It does no work with or for people affected by trafficking")
    NOT_THERE = "not_there", _("The organisation no longer exists or cannot be reached")


#: Which reasons count for what.
REASONS_FOR: dict[str, tuple[ProceedingReason, ...]] = {
    ProceedingKind.REFUSAL: (
        ProceedingReason.HARM,
        ProceedingReason.TRAFFICKING,
        ProceedingReason.FALSE_ANSWERS,
        ProceedingReason.NO_SAFEGUARD,
        ProceedingReason.NOT_AUTHORISED,
        ProceedingReason.NO_PART,
    ),
    ProceedingKind.SUSPENSION: (
        ProceedingReason.HARM,
        ProceedingReason.TRAFFICKING,
        ProceedingReason.CONFIDENTIALITY,
        ProceedingReason.FALSE_ANSWERS,
        ProceedingReason.NO_SAFEGUARD,
        ProceedingReason.NOT_THERE,
    ),
}


class Instance(models.TextChoices):
    """Which panel a seat is on: the one that decides, or the one that hears the appeal."""

    FIRST = "first", _("First decision")
    APPEAL = "appeal", _("Appeal")


class Vote(models.TextChoices):
    """How a seat on a panel voted."""

    JUSTIFIED = "justified", _("The measure is justified")
    KEEPS_FILES = "keeps_files", _("Justified, but the organisation keeps reading its files")
    UNJUSTIFIED = "unjustified", _("The measure is not justified")


class RequestState(models.TextChoices):
    """Where something that partners are regularly asked for stands."""

    DRAFT = "draft", _("Draft")
    ANNOUNCED = "announced", _("Announced")
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")


#: States in which rounds are still to come.
ASKING = (RequestState.ANNOUNCED, RequestState.RUNNING)


class RequestPurpose(models.TextChoices):
    """What a recurring request is for. A closed list, so that two askers who want the same show;
    the platform's own, from what the seeds say that civil society is asked for."""

    ASSISTED = "assisted", _("Figures on people assisted")
    REFERRED = "referred", _("Figures on referrals and identification")
    CAPACITY = "capacity", _("Places and services offered")
    STAFF = "staff", _("Staff and their training")
    MONEY = "money", _("How money was used")
    PREVENTION = "prevention", _("Prevention activities")
    OBSERVED = "observed", _("New patterns, routes and forms of exploitation")
    ACCESS = "access", _("Access to places and obstacles to the work")
    PLAN = "plan", _("Progress on the national action plan")
    OPINION = "opinion", _("Views on drafts of laws and plans")
    OTHER = "other", _("Something else")


class LegalBasis(models.TextChoices):
    """What obliges partners to answer, if anything does."""

    LAW = "law", _("A law or regulation")
    AGREEMENT = "agreement", _("An agreement the partner has signed")
    FUNDING = "funding", _("A condition of funding")
    VOLUNTARY = "voluntary", _("None: answering is voluntary")


class Every(models.TextChoices):
    """How often a request comes round."""

    WEEK = "week", _("Every week")
    MONTH = "month", _("Every month")
    QUARTER = "quarter", _("Every quarter")
    HALF_YEAR = "half_year", _("Every half-year")
    YEAR = "year", _("Every year")


class AnswerState(models.TextChoices):
    """What an organisation did with one round of a request."""

    WAITING = "waiting", _("Not answered yet")
    ANSWERED = "answered", _("Answered")
    DECLINED = "declined", _("Declined")
    DROPPED = "dropped", _("No longer asked for")


class RequestEventKind(models.TextChoices):
    """What happened to a recurring request, as a dotted verb in the past."""

    REGISTERED = "request.registered", _("Registered")
    ANNOUNCED = "request.announced", _("Announced")
    BEGUN = "request.begun", _("Begun: the first round was opened")
    CHANGED = "request.changed", _("Changed")
    ENDED = "request.ended", _("Ended")
    OPENED = "round.opened", _("Round opened")
    GIVEN_BACK = "round.given_back", _("What was promised was given back")
    ANSWERED = "answer.answered", _("Answered")
    DECLINED = "answer.declined", _("Declined")
    TAKEN_BACK = "answer.taken_back", _("Answer taken back")
    DROPPED = "answer.dropped", _("No longer asked for")
