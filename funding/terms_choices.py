"""Code lists of what a grant asks: conditions written into it, and reports on it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConditionKind(models.TextChoices):
    """What a clause of a grant restricts (S4, S52, S54)."""

    GAG = "gag", _("Silence: no criticism, no publication without consent")
    EXCLUSIVITY = "exclusivity", _("Exclusivity: no other money, no other partner")
    DATA = "data", _("Data handed over")
    ONLY_IDENTIFIED = "only_identified", _("Only officially identified victims are helped")
    NO_NETWORKING = "no_networking", _("No networking or advocacy")
    OTHER = "other", _("Another restriction")
    NONE = "none", _("Restricts nothing")


#: What the mechanism counts.
RESTRICTIVE = tuple(kind for kind in ConditionKind if kind != ConditionKind.NONE)


class DataAsked(models.TextChoices):
    """What a clause about data wants to have."""

    FIGURES = "figures", _("Figures, such as how many people were helped")
    ACCOUNTS = "accounts", _("Accounts and receipts")
    PAPERS = "papers", _("Papers of the organisation itself")
    CASES = "cases", _("Data about the people helped")


class ConditionOrigin(models.TextChoices):
    FUNDER = "funder", _("Entered by the funder")
    RECIPIENT = "recipient", _("Reported by the recipient")


class ConditionState(models.TextChoices):
    """Where a clause stands between funder and recipient."""

    STANDS = "stands", _("Stands")
    CONTESTED = "contested", _("Contested")
    UPHELD = "upheld", _("Upheld")
    CHANGED = "changed", _("Changed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: It binds the recipient today.
HOLDS = tuple(state for state in ConditionState if state != ConditionState.WITHDRAWN)


class ContestAnswer(models.TextChoices):
    """How a contest ended."""

    UPHELD = "upheld", _("The funder keeps the clause")
    CHANGED = "changed", _("The funder changed the clause")
    WITHDRAWN = "withdrawn", _("The funder withdrew the clause")
    TAKEN_BACK = "taken_back", _("The recipient no longer contests it")


class ReportKind(models.TextChoices):
    PROGRESS = "progress", _("Progress report")
    FINAL = "final", _("Final report")


class ReportState(models.TextChoices):
    """Where a report on a grant stands. Overdue is no state: the day tells it."""

    PLANNED = "planned", _("Not yet due")
    DUE = "due", _("Due")
    SENT = "sent", _("Sent")
    SENT_BACK = "sent_back", _("Sent back")
    ACCEPTED = "accepted", _("Accepted")
    DROPPED = "dropped", _("No longer asked for")


#: The recipient writes it now.
BEING_WRITTEN = (ReportState.DUE, ReportState.SENT_BACK)


class ReportEvery(models.TextChoices):
    """How often an award is reported on."""

    QUARTER = "3", _("Every three months")
    HALF_YEAR = "6", _("Every six months")
    YEAR = "12", _("Every year")
    END = "0", _("Once, at the end")


class Measures(models.TextChoices):
    """What an indicator counts."""

    PEOPLE = "people", _("People, by sex and age")
    THINGS = "things", _("Something else, such as trainings or nights")


class TermsEventKind(models.TextChoices):
    """What happened to a condition or a report, as a dotted verb in the past."""

    ENTERED = "condition.entered", _("Condition entered")
    CONTESTED = "condition.contested", _("Condition contested")
    TAKEN_BACK = "condition.taken_back", _("No longer contested")
    UPHELD = "condition.upheld", _("Condition upheld")
    CHANGED = "condition.changed", _("Condition changed")
    WITHDRAWN = "condition.withdrawn", _("Condition withdrawn")
    REPORTS_PLANNED = "report.planned", _("Reports planned")
    REPORT_DUE = "report.due", _("Period over: the report is due")
    REPORT_SAVED = "report.saved", _("Report worked on")
    REPORT_SENT = "report.sent", _("Report sent")
    REPORT_SENT_BACK = "report.sent_back", _("Report sent back")
    REPORT_ACCEPTED = "report.accepted", _("Report accepted")
    REPORT_PUT_OFF = "report.put_off", _("More time given")
    REPORT_DROPPED = "report.dropped", _("No longer asked for")
    COMMENTED = "report.commented", _("Comment written")
