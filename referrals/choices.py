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
