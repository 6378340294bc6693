"""Code lists of the national action plan, of its consultations, prevention and obligations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.choices import OrganisationKind


class FourP(models.TextChoices):
    """The four Ps: prevention, protection, prosecution, partnership (S36)."""

    PREVENTION = "prevention", _("Prevention")
    PROTECTION = "protection", _("Protection")
    PROSECUTION = "prosecution", _("Prosecution")
    PARTNERSHIP = "partnership", _("Partnership")


class PlanState(models.TextChoices):
    """Where an action plan stands."""

    DRAFT = "draft", _("Draft")
    ADOPTED = "adopted", _("In force")
    ENDED = "ended", _("Ended")


class RevisionState(models.TextChoices):
    """Where a revision of an adopted plan stands."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Waits for a second person")
    ADOPTED = "adopted", _("Adopted")
    DROPPED = "dropped", _("Dropped")


#: A plan has one of these at a time.
IS_BEING_REVISED = (RevisionState.DRAFT, RevisionState.PROPOSED)


class Progress(models.TextChoices):
    """What the lead last said of an activity."""

    NOT_STARTED = "not_started", _("Not started")
    UNDER_WAY = "under_way", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


#: Its deadline no longer counts.
IS_OVER = (Progress.DONE, Progress.STOPPED)


class ChangeKind(models.TextChoices):
    """What a revision does to an activity."""

    CHANGE = "change", _("Changed")
    ADD = "add", _("Added")
    DROP = "drop", _("Taken out")


class TargetGroup(models.TextChoices):
    """Whom prevention is for (statement of the Alliance, recommendation 5; S21)."""

    CHILDREN = "children", _("Children")
    WOMEN = "women", _("Women")
    MEN = "men", _("Men")
    REFUGEES = "refugees", _("Refugees")
    MIGRANTS = "migrants", _("Migrants")
    OTHER = "other", _("Other groups at risk")


class GlobalPlan(models.TextChoices):
    """Paragraphs of the Global Plan of Action (General Assembly resolution 64/293; S75)."""

    P18 = "18", _("Paragraph 18")
    P32 = "32", _("Paragraph 32")
    P40 = "40", _("Paragraph 40")
    P53 = "53", _("Paragraph 53")


class GapKind(models.TextChoices):
    """What is missing for an activity to work (S7)."""

    MONEY = "money", _("Money")
    STAFF = "staff", _("People and skills")
    LAW = "law", _("Law or procedure")
    PLACE = "place", _("It does not reach a place or a group")
    CO_OPERATION = "co_operation", _("Co-operation")
    DATA = "data", _("Data to measure it by")
    OTHER = "other", _("Something else")


class ReportState(models.TextChoices):
    """Where a half-yearly report on the plan stands."""

    OPEN = "open", _("Leads report")
    SENT = "sent", _("Sent")


class ConsultationSubject(models.TextChoices):
    """What others are heard on."""

    PLAN = "plan", _("The action plan")
    LAW = "law", _("A draft law")


class ConsultationState(models.TextChoices):
    """Where a consultation stands."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


#: Belong to every consultation on the plan (ILO Protocol P029, article 1(2)).
SOCIAL_PARTNERS = (OrganisationKind.TRADE_UNION, OrganisationKind.EMPLOYERS)


class Stage(models.TextChoices):
    """At which point others are heard."""

    DRAFTING = "drafting", _("While it is drafted")
    ADOPTION = "adoption", _("Before it is adopted")
    IMPLEMENTATION = "implementation", _("While it is carried out")
    REVIEW = "review", _("When it is reviewed")


class PositionState(models.TextChoices):
    """Where one organisation's position stands."""

    INVITED = "invited", _("Asked for its position")
    STATED = "stated", _("Waits for an answer")
    ANSWERED = "answered", _("Answered")


class Answer(models.TextChoices):
    """What became of a position."""

    TAKEN_UP = "taken_up", _("Taken up")
    PARTLY = "partly", _("Taken up in part")
    NOT = "not", _("Not taken up")


class PlanEventKind(models.TextChoices):
    """What happened to an action plan."""

    DRAFTED = "drafted", _("Draft begun")
    CHANGED = "changed", _("Draft changed")
    ADOPTED = "adopted", _("Adopted")
    ENDED = "ended", _("Ended")
    REVISION_DRAFTED = "revision_drafted", _("Revision begun")
    REVISION_CHANGED = "revision_changed", _("Revision changed")
    REVISION_PROPOSED = "revision_proposed", _("Revision given to a second person")
    REVISION_BACK = "revision_back", _("Revision taken back to change it")
    REVISED = "revised", _("Revision adopted")
    REVISION_DROPPED = "revision_dropped", _("Revision dropped")
    REPORTED = "reported", _("Progress reported")
    GAP_NAMED = "gap_named", _("Gap named")
    GAP_SETTLED = "gap_settled", _("Gap answered")
    REPORT_OPENED = "report_opened", _("Leads asked to report")
    REPORT_SENT = "report_sent", _("Report on the plan sent")


class ConsultationEventKind(models.TextChoices):
    """What happened in a consultation."""

    OPENED = "opened", _("Opened")
    ASKED = "asked", _("An organisation was asked")
    STATED = "stated", _("Position stated")
    ANSWERED = "answered", _("Position answered")
    CLOSED = "closed", _("Closed")


class PreventionEventKind(models.TextChoices):
    """What happened to an entry of the prevention register."""

    ENTERED = "entered", _("Entered")
    CHANGED = "changed", _("Changed")
    COUNTED = "counted", _("Reach counted")


class ObligationEventKind(models.TextChoices):
    """What happened to an entry of the register of obligations."""

    ENTERED = "entered", _("Entered")
    CHANGED = "changed", _("Changed")
