"""Code lists of a referral. Sources stand at each list; null means "not asked", never "no".

The lists follow the CTDC codebooks (2021, 2024), the UK form and ILO's indicators as read in the
reference; IC-TIP codes are attached later through `standard_code`, without a change here.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Origin(models.TextChoices):
    """Whether the referral was made here or was entered as history."""

    LIVE = "live", _("Made here")
    HISTORICAL = "historical", _("Imported history")


class Basis(models.TextChoices):
    """On what the referral leaves the organisation."""

    CONSENT = "consent", _("The person’s consent")
    CHILD = "child", _("A child: the duty to protect")
    NOTIFIED = "notified", _("Duty to notify, without identity")
    IMPORTED = "imported", _("Imported history")


class State(models.TextChoices):
    """The identification track. What a country calls the two stages stands in its profile."""

    DRAFT = "draft", _("Being filled in")
    EXPIRED = "expired", _("Draft expired")
    NOTIFIED = "notified", _("Notified without identity")
    SUBMITTED = "submitted", _("Sent")
    RETURNED = "returned", _("Sent back with questions")
    PRELIM_POSITIVE = "prelim_positive", _("First decision: positive")
    PRELIM_NEGATIVE = "prelim_negative", _("First decision: negative")
    CONCL_POSITIVE = "concl_positive", _("Identified")
    CONCL_NEGATIVE = "concl_negative", _("Not identified")
    WITHDRAWN = "withdrawn", _("Withdrawn by the person")


#: The person's referral waits for a decision.
OPEN = (State.SUBMITTED, State.RETURNED, State.PRELIM_POSITIVE)
#: Ends of which law enforcement learns no more than that it is one (design §5.6) …
CLOSED_STATES = (State.PRELIM_NEGATIVE, State.CONCL_NEGATIVE, State.WITHDRAWN)
#: … by one word for all of them: a word for withdrawals alone would say that it was one.
CLOSED = "closed"
#: What an actor may be told of where a referral stands: a `State`, or CLOSED.
STATUSES = (*State.choices, (CLOSED, _("Closed")))
#: Nothing has left the organisation that made it.
AT_HOME = (State.DRAFT, State.EXPIRED)


class YesNoUnknown(models.TextChoices):
    """Four answers and none of them is the absence of one (design §3)."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Not known")


class AgeGroup(models.TextChoices):
    """Age when exploited, as the statistics count it (UK tables)."""

    ADULT = "ADULT", _("Adult (18 or over)")
    CHILD = "CHILD", _("Child (17 or under)")
    UNKNOWN = "UNKNOWN", _("Not specified or unknown")


class Gender(models.TextChoices):
    FEMALE = "FEMALE", pgettext_lazy("gender", "Female")
    MALE = "MALE", pgettext_lazy("gender", "Male")
    OTHER = "OTHER", pgettext_lazy("gender", "Other")
    UNKNOWN = "UNKNOWN", _("Not known")
    NOT_RECORDED = "NOT_RECORDED", _("Not recorded")


class Exploitation(models.TextChoices):
    """Forms of exploitation, first level; one person may have suffered several."""

    SEXUAL = "SEXUAL", _("Sexual exploitation")
    FORCED_LABOUR = "FORCED_LABOUR", _("Forced labour or services")
    DOMESTIC_SERVITUDE = "DOMESTIC_SERVITUDE", _("Domestic servitude")
    ORGAN_REMOVAL = "ORGAN_REMOVAL", _("Removal of organs")
    FORCED_CRIMINALITY = "FORCED_CRIMINALITY", _("Forced criminal acts")
    FORCED_BEGGING = "FORCED_BEGGING", _("Forced begging")
    FORCED_MARRIAGE = "FORCED_MARRIAGE", _("Forced marriage")
    ILLEGAL_ADOPTION = "ILLEGAL_ADOPTION", _("Illegal adoption")
    SURROGACY_EXPLOITATION = "SURROGACY_EXPLOITATION", _("Exploitation of surrogacy")
    ARMED_FORCES = "ARMED_FORCES", _("Use by armed forces or groups")
    SLAVERY_SIMILAR = "SLAVERY_SIMILAR", _("Slavery or similar practices")
    BENEFIT_FRAUD = "BENEFIT_FRAUD", _("Forced fraud")
    OTHER = "OTHER", _("Another form")
    UNKNOWN = "UNKNOWN", _("Not specified or unknown")


class Means(models.TextChoices):
    """Means of control (CTDC 2021 names)."""

    DEBT_BONDAGE = "DEBT_BONDAGE", _("Debt")
    TAKES_EARNINGS = "TAKES_EARNINGS", _("Earnings taken")
    RESTRICTS_FINANCES = "RESTRICTS_FINANCES", _("No access to money")
    THREATS = "THREATS", _("Threats")
    PSYCHOLOGICAL_ABUSE = "PSYCHOLOGICAL_ABUSE", _("Psychological pressure")
    PHYSICAL_ABUSE = "PHYSICAL_ABUSE", _("Physical violence")
    SEXUAL_ABUSE = "SEXUAL_ABUSE", _("Sexual violence")
    FALSE_PROMISES = "FALSE_PROMISES", _("False promises")
    PSYCHOACTIVE_SUBSTANCES = "PSYCHOACTIVE_SUBSTANCES", _("Drugs or alcohol")
    RESTRICTS_MOVEMENT = "RESTRICTS_MOVEMENT", _("Movement restricted")
    RESTRICTS_MEDICAL_CARE = "RESTRICTS_MEDICAL_CARE", _("Medical care refused")
    EXCESSIVE_WORKING_HOURS = "EXCESSIVE_WORKING_HOURS", _("Excessive working hours")
    USES_CHILDREN = "USES_CHILDREN", _("Children used as pressure")
    THREAT_OF_LAW_ENFORCEMENT = "THREAT_OF_LAW_ENFORCEMENT", _("Threat of the authorities")
    WITHHOLDS_NECESSITIES = "WITHHOLDS_NECESSITIES", _("Food or shelter withheld")
    WITHHOLDS_DOCUMENTS = "WITHHOLDS_DOCUMENTS", _("Documents withheld")
    OTHER = "OTHER", _("Other")
    NOT_SPECIFIED = "NOT_SPECIFIED", _("Not specified")


class Indicator(models.TextChoices):
    """The ILO's eleven indicators of forced labour; they support a judgement, never make it."""

    VULNERABILITY = "VULNERABILITY", _("Abuse of vulnerability")
    DECEPTION = "DECEPTION", _("Deception")
    MOVEMENT = "MOVEMENT", _("Restriction of movement")
    ISOLATION = "ISOLATION", _("Isolation")
    VIOLENCE = "VIOLENCE", _("Physical or sexual violence")
    INTIMIDATION = "INTIMIDATION", _("Intimidation and threats")
    DOCUMENTS = "DOCUMENTS", _("Retention of identity documents")
    WAGES = "WAGES", _("Withholding of wages")
    DEBT = "DEBT", _("Debt bondage")
    CONDITIONS = "CONDITIONS", _("Abusive working and living conditions")
    OVERTIME = "OVERTIME", _("Excessive overtime")


class PlaceOfExploitation(models.TextChoices):
    """Where the exploitation took place, seen from this country (UK tables)."""

    HERE = "HERE", _("In this country")
    ABROAD = "ABROAD", _("Abroad")
    BOTH = "BOTH", _("Here and abroad")
    UNKNOWN = "UNKNOWN", _("Not specified or unknown")


class ResponderType(models.TextChoices):
    """What kind of body made the referral, as the published statistics group them."""

    GOVERNMENT = "GOVERNMENT", _("Government agency")
    LOCAL_AUTHORITY = "LOCAL_AUTHORITY", _("Local authority")
    NGO = "NGO", _("NGO and third sector")
    POLICE = "POLICE", _("Police")


class Outcome(models.TextChoices):
    POSITIVE = "positive", _("Positive")
    NEGATIVE = "negative", _("Negative")


class StageCode(models.TextChoices):
    """The first and the last decision; a country with one stage has the last one only."""

    PRELIMINARY = "preliminary", _("First decision")
    CONCLUSIVE = "conclusive", _("Last decision")


class TrackKind(models.TextChoices):
    """The six tracks of one person's case; they move independently (design §3)."""

    IDENTIFICATION = "identification", _("Identification")
    CONSENT = "consent", _("Consent")
    SUPPORT = "support", _("Support")
    RESIDENCE = "residence", _("Residence and protection")
    JUSTICE = "justice", _("Justice and redress")
    DATA = "data", _("Personal data")


class TrackStatus(models.TextChoices):
    """Where a track stands. The identification track repeats the referral's state instead."""

    NOT_ASKED = "not_asked", _("Not asked")
    NOT_NOW = "not_now", _("Not now")
    REFUSED = "refused", _("Said no")
    GIVEN = "given", _("Agreed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CHILD = "child", _("Child: consent is not the basis")
    OFFERED = "offered", _("Offered")
    RECEIVING = "receiving", _("Receiving")
    ENDED = "ended", _("Ended")
    APPLIED = "applied", _("Applied for")
    HELD = "held", _("Kept")
    ERASED = "erased", _("Erased")


#: What each track may be; the identification track takes the values of `State`.
TRACK_STATUSES: dict[str, tuple[TrackStatus, ...]] = {
    TrackKind.CONSENT: (
        TrackStatus.NOT_ASKED,
        TrackStatus.NOT_NOW,
        TrackStatus.REFUSED,
        TrackStatus.GIVEN,
        TrackStatus.WITHDRAWN,
        TrackStatus.CHILD,
    ),
    TrackKind.SUPPORT: (
        TrackStatus.NOT_ASKED,
        TrackStatus.OFFERED,
        TrackStatus.NOT_NOW,
        TrackStatus.REFUSED,
        TrackStatus.RECEIVING,
        TrackStatus.ENDED,
    ),
    TrackKind.RESIDENCE: (
        TrackStatus.NOT_ASKED,
        TrackStatus.NOT_NOW,
        TrackStatus.APPLIED,
        TrackStatus.GIVEN,
        TrackStatus.REFUSED,
        TrackStatus.ENDED,
    ),
    TrackKind.JUSTICE: (
        TrackStatus.NOT_ASKED,
        TrackStatus.NOT_NOW,
        TrackStatus.REFUSED,
        TrackStatus.APPLIED,
        TrackStatus.RECEIVING,
        TrackStatus.ENDED,
    ),
    TrackKind.DATA: (TrackStatus.HELD, TrackStatus.ERASED),
}


class Section(models.TextChoices):
    """Parts of a referral that are shown to some and not to others (design §5)."""

    HEADER = "header", _("Reference, state, organisations, clocks")
    PACKET = "packet", _("What was sent")
    FILE = "file", _("Working file")
    NARRATIVE = "narrative", _("Account")
    SUPPORT = "support", _("Support")
    DECISION = "decision", _("Decisions, questions and opinions")
    JUSTICE = "justice", _("Justice and residence")
    IDENTITY = "identity", _("Identity")
    CONTACT = "contact", _("Contact details")


class EventKind(models.TextChoices):
    """What happened to a referral, as a dotted verb in the past."""

    OPENED = "referral.opened", _("Referral begun")
    CHANGED = "referral.changed", _("Answers changed")
    SENT = "referral.sent", _("Referral sent")
    NOTIFIED = "referral.notified", _("Notified without identity")
    RETURNED = "referral.returned", _("Sent back with questions")
    ANSWERED = "referral.answered", _("Questions answered")
    WITHDRAWN = "referral.withdrawn", _("Withdrawn by the person")
    EXPIRED = "referral.expired", _("Draft expired")
    TAKEN_UP = "referral.taken_up", _("Draft taken up again")
    DECIDED = "decision.made", _("Decision made")
    PROPOSED = "decision.proposed", _("Negative decision proposed")
    PROPOSAL_DROPPED = "decision.proposal_dropped", _("Proposal taken back")
    VOTED = "decision.voted", _("Vote recorded")
    OPINION_GIVEN = "opinion.given", _("Opinion given")
    CONSENT_GIVEN = "consent.given", _("Consent recorded")
    CONSENT_REFUSED = "consent.refused", _("Consent refused")
    CONSENT_WITHDRAWN = "consent.withdrawn", _("Consent withdrawn")
    CHILD_MARKED = "child.marked", _("Treated as a child")
    DUTY_DONE = "duty.done", _("Duty to notify carried out, without identity")
    IDENTITY_RECORDED = "identity.recorded", _("Identity recorded")
    TRACK_MOVED = "track.moved", _("Track changed")
    SITUATION_SET = "situation.set", _("Shared circumstances recorded")
    RESTRICTED = "protection.restricted", _("Restricted to named people")
    PEOPLE_NAMED = "protection.people_named", _("People named for the restricted case")
    PERSON_REMOVED = "protection.person_removed", _("A named person no longer works on the case")
    LIFT_ASKED = "protection.lift_asked", _("Lifting the restriction asked for")
    LIFT_REFUSED = "protection.lift_refused", _("The restriction stays")
    LIFTED = "protection.lifted", _("Restriction lifted")
    EXCLUDED = "protection.excluded", _("Somebody is kept out of the case")
    READMITTED = "protection.readmitted", _("Somebody is no longer kept out")
    HANDED_OVER = "authority.handed_over", _("Another authority decides")
    GLASS_BROKEN = "emergency.opened", _("Opened in an emergency")
    GLASS_REVIEWED = "emergency.reviewed", _("Emergency access reviewed")
    DISCLOSURE_ORDERED = "disclosure.ordered", _("Disclosure ordered by a court or prosecutor")
    DISCLOSURE_APPROVED = "disclosure.approved", _("Disclosure approved by two people")
    DISCLOSURE_REFUSED = "disclosure.refused", _("Disclosure not approved")
    DISCLOSURE_DONE = "disclosure.handed_over", _("Handed over under an order")
    PERSON_TOLD = "disclosure.person_told", _("The person was told of the disclosure")


#: Who sees an event: those to whom this section of the referral is open.
EVENT_SECTION: dict[str, Section] = {
    EventKind.OPENED: Section.FILE,
    EventKind.CHANGED: Section.FILE,
    EventKind.SENT: Section.HEADER,
    EventKind.NOTIFIED: Section.HEADER,
    EventKind.RETURNED: Section.HEADER,
    EventKind.ANSWERED: Section.HEADER,
    EventKind.WITHDRAWN: Section.PACKET,
    EventKind.EXPIRED: Section.FILE,
    EventKind.TAKEN_UP: Section.FILE,
    EventKind.DECIDED: Section.HEADER,
    EventKind.PROPOSED: Section.DECISION,
    EventKind.PROPOSAL_DROPPED: Section.DECISION,
    EventKind.VOTED: Section.DECISION,
    EventKind.OPINION_GIVEN: Section.DECISION,
    EventKind.CONSENT_GIVEN: Section.FILE,
    EventKind.CONSENT_REFUSED: Section.FILE,
    EventKind.CONSENT_WITHDRAWN: Section.FILE,
    EventKind.CHILD_MARKED: Section.FILE,
    EventKind.DUTY_DONE: Section.FILE,
    EventKind.IDENTITY_RECORDED: Section.FILE,
    EventKind.TRACK_MOVED: Section.SUPPORT,
    EventKind.SITUATION_SET: Section.FILE,
    EventKind.RESTRICTED: Section.FILE,
    EventKind.PEOPLE_NAMED: Section.FILE,
    EventKind.PERSON_REMOVED: Section.FILE,
    EventKind.LIFT_ASKED: Section.FILE,
    EventKind.LIFT_REFUSED: Section.FILE,
    EventKind.LIFTED: Section.FILE,
    EventKind.EXCLUDED: Section.FILE,
    EventKind.READMITTED: Section.FILE,
    EventKind.HANDED_OVER: Section.HEADER,
    EventKind.GLASS_BROKEN: Section.FILE,
    EventKind.GLASS_REVIEWED: Section.FILE,
    EventKind.DISCLOSURE_ORDERED: Section.FILE,
    EventKind.DISCLOSURE_APPROVED: Section.FILE,
    EventKind.DISCLOSURE_REFUSED: Section.FILE,
    EventKind.DISCLOSURE_DONE: Section.FILE,
    EventKind.PERSON_TOLD: Section.FILE,
}


class RecipientKind(models.TextChoices):
    """Kinds of recipient of a packet; what each may get stands in `referrals/packets.toml`."""

    AUTHORITY = "authority", _("Authority that decides")


class OpenReason(models.TextChoices):
    """Why somebody opens an identity: a closed list, kept in the access log."""

    CONTACT = "contact", _("To contact the person")
    SUPPORT = "support", _("To arrange support")
    SAFETY = "safety", _("The person’s safety")
    CORRECTION = "correction", _("To correct what is recorded")
    PACKET = "packet", _("To prepare what is sent")
    PERSON_ASKED = "person_asked", _("The person asked to see it")


class RefusalReason(models.TextChoices):
    """Why an adult says no to being referred, where they say why (asked, never required)."""

    NOT_SAID = "not_said", _("Did not say")
    FEAR = "fear", _("Fear of reprisals")
    AUTHORITIES = "authorities", _("No trust in the authorities")
    STATUS = "status", _("Worry about residence")
    NOT_VICTIM = "not_victim", _("Does not see themselves as a victim")
    OTHER = "other", _("Another reason")


class EmergencyReason(models.TextChoices):
    """Why a case is opened to somebody in an emergency: a closed list, kept in the access log."""

    DANGER = "danger", _("The person is in danger now")
    MEDICAL = "medical", _("Urgent medical help")
    SHELTER = "shelter", _("The person has nowhere safe tonight")
    MISSING = "missing", _("The person is missing")
    BORDER = "border", _("The person is about to be removed or detained")


class ReviewOutcome(models.TextChoices):
    JUSTIFIED = "justified", _("It was justified")
    MISUSE = "misuse", _("It was misused")


class OrderedBy(models.TextChoices):
    """Who orders that parts of a file are handed over."""

    COURT = "court", _("A court")
    PROSECUTOR = "prosecutor", _("A prosecutor")


#: What an order can cover, in the order of the copy.
DISCLOSABLE = (
    Section.IDENTITY,
    Section.CONTACT,
    Section.FILE,
    Section.NARRATIVE,
    Section.DECISION,
    Section.SUPPORT,
    Section.JUSTICE,
)
