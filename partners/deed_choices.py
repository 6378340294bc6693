"""Code lists of agreements and local protocols. The clauses are those of the checklist in the
reference `domain.md`, §5.4 (UN.GIFT/IOM guiding principles on memoranda of understanding, 2009)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AgreementState(models.TextChoices):
    """Where an agreement between organisations stands."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    SIGNED = "signed", _("Signed")
    ACTIVE = "active", _("Active")
    EXPIRING = "expiring", _("Expiring")
    ENDED = "ended", _("Ended")
    TERMINATED = "terminated", _("Terminated")
    RENEWED = "renewed", _("Renewed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: Still being written: nobody but its keeper, or its parties, reads it.
NOT_YET_SIGNED = (AgreementState.DRAFT, AgreementState.IN_REVIEW)
#: The agreement holds today.
IN_FORCE = (AgreementState.ACTIVE, AgreementState.EXPIRING)
#: It held once, and no longer does.
IS_OVER = (AgreementState.ENDED, AgreementState.TERMINATED, AgreementState.RENEWED)
#: It was never in force and never will be, or is not yet: it covers no duty.
NEVER_HELD = (*NOT_YET_SIGNED, AgreementState.WITHDRAWN)


class ClauseKind(models.TextChoices):
    """What an agreement of this kind should say something about."""

    PARTIES = "parties", _("Parties and signatories")
    DEFINITIONS = "definitions", _("Definitions")
    PURPOSE = "purpose", _("Purpose")
    CONSENT = "consent", _("Nothing without the person’s consent")
    DO_NO_HARM = "do_no_harm", _("Do no harm")
    CONFIDENTIALITY = "confidentiality", _("Confidentiality")
    IDENTIFY = "identify", _("Who identifies and who refers")
    CONTACTS = "contacts", _("Contact persons of each party")
    OBLIGATIONS = "obligations", _("What each party does")
    DATA = "data", _("Which data are shared, and under which consent")
    REFUSAL = "refusal", _("What happens when a victim refuses the police")
    INTERPRETER = "interpreter", _("Interpreters")
    CHILDREN = "children", _("Children")
    COMPLAINTS = "complaints", _("Complaints")
    COST = "cost", _("Cost, and who pays")
    TRAINING = "training", _("Training")
    EVALUATION = "evaluation", _("Evaluation and day of review")
    DURATION = "duration", _("Duration")
    TERMINATION = "termination", _("How it is ended")
    ANNEXES = "annexes", _("Annexes")


class ClauseStatus(models.TextChoices):
    PRESENT = "present", _("It is there")
    ABSENT = "absent", _("It is missing")
    NOT_APPLICABLE = "not_applicable", _("Does not apply")


class Duty(models.TextChoices):
    """What a State must see to and may have others carry out; it stays responsible (S3, S53).
    After CETS 197, articles 5, 10, 12, 15 and 16."""

    IDENTIFICATION = "identification", _("Identification and first contact")
    OUTREACH = "outreach", _("Outreach")
    HELPLINE = "helpline", _("Helpline")
    SHELTER = "shelter", _("Safe accommodation")
    MATERIAL = "material", _("Subsistence and material help")
    MEDICAL = "medical", _("Medical care")
    PSYCHOLOGICAL = "psychological", _("Psychological help")
    LEGAL = "legal", _("Legal advice and representation")
    INTERPRETATION = "interpretation", _("Interpretation")
    GUARDIANSHIP = "guardianship", _("Guardianship of children")
    EDUCATION = "education", _("Education, training and work")
    PROCEEDINGS = "proceedings", _("Company in criminal proceedings")
    COMPENSATION = "compensation", _("Help with compensation")
    RETURN = "return", _("Safe return and reintegration")
    PREVENTION = "prevention", _("Prevention and training")


class DutyFunding(models.TextChoices):
    """Who pays for a delegated duty; sums and conditions are funding's."""

    STATE = "state", _("Paid by the State")
    PARTLY = "partly", _("Paid by the State in part")
    DONOR = "donor", _("Paid by a donor")
    OWN = "own", _("Paid by the organisation itself")
    NOT_FUNDED = "not_funded", _("Paid by nobody yet")


#: Delegated by the State and not (fully) paid by it.
STATE_DOES_NOT_PAY = (DutyFunding.DONOR, DutyFunding.OWN, DutyFunding.NOT_FUNDED)


class NoticeReason(models.TextChoices):
    """Why a party ends an agreement before its time."""

    BREACH = "breach", _("Another party does not keep to it")
    MONEY = "money", _("The money for it has ended")
    MERGED = "merged", _("Another agreement takes its place")
    LAW = "law", _("The law has changed")
    ABLE = "able", _("The party can no longer do its part")
    OTHER = "other", _("Another reason")


class AmendmentState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for signatures")
    IN_FORCE = "in_force", _("In force")
    DROPPED = "dropped", _("Dropped")


class DeedEventKind(models.TextChoices):
    """What happened to an agreement, as a dotted verb in the past."""

    DRAFTED = "agreement.drafted", _("Draft begun")
    CHANGED = "agreement.changed", _("Draft changed")
    SENT = "agreement.sent", _("Sent to the parties")
    TAKEN_BACK = "agreement.taken_back", _("Taken back to be changed")
    SIGNED = "agreement.signed", _("Signed by a party")
    BEGUN = "agreement.begun", _("In force")
    EXPIRING = "agreement.expiring", _("Its last weeks have begun")
    NOTICE = "agreement.notice", _("Notice given")
    ENDED = "agreement.ended", _("Ended")
    RENEWAL = "agreement.renewal", _("Renewal begun")
    RENEWED = "agreement.renewed", _("Renewed by the next agreement")
    WITHDRAWN = "agreement.withdrawn", _("Draft given up")
    AMENDED = "amendment.proposed", _("Amendment proposed")
    AMENDMENT_SIGNED = "amendment.signed", _("Amendment signed by a party")
    AMENDMENT_IN_FORCE = "amendment.in_force", _("Amendment in force")
    AMENDMENT_DROPPED = "amendment.dropped", _("Amendment dropped")
    FILE_ADDED = "document.added", _("Document added")
    FILE_REMOVED = "document.removed", _("Document removed")


class PartyReason(models.TextChoices):
    """Why somebody sees an agreement."""

    KEEPER = "keeper", _("Its organisation wrote the draft")
    PARTY = "party", _("Its organisation is a party")
