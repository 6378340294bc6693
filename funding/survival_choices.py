"""Code lists of what is asked about survival: rounds, figures, programmes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from funding.money_choices import SourceClass


class RoundKind(models.TextChoices):
    """What a round asks every civil society organisation, once a year."""

    INCOME = "income", _("Income by source")
    NEEDS = "needs", _("Needs and staying open")


class RoundState(models.TextChoices):
    """Whether answers are still taken. Once closed, the figures are frozen."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


GOVERNMENT = frozenset({SourceClass.STATE_CENTRAL, SourceClass.STATE_LOCAL})
"""Domestic public sources: what F1 calls the government's."""


class Bound(models.TextChoices):
    """How a frozen figure is meant."""

    EXACT = "exact", _("As it is")
    AT_MOST = "at_most", _("This share or less")
    AT_LEAST = "at_least", _("This share or more")
    FEW = "few", _("Too few organisations on one side to be shown")
    ONE_RULES = "one_rules", _("One organisation makes up most of the sum")
    WITHHELD = "withheld", _("Too few answers to be shown")


class SurvivalEventKind(models.TextChoices):
    """What happened to a round, or to what an organisation keeps about itself."""

    OPENED = "opened", _("The round was opened")
    CLOSED = "closed", _("The round was closed and its figures were frozen")
    SAVED = "saved", _("Answers were saved")
    SENT = "sent", _("Answers were sent")
    TAKEN_BACK = "taken_back", _("Answers were taken back and erased")
    STAFF_ENTERED = "staff_entered", _("Figures on staff and reserves were entered")
    STANDING_ENTERED = "standing_entered", _("It was entered what a service stands on")
    STANDING_REMOVED = "standing_removed", _("It was removed what a service stands on")
    PROGRAMME_ENTERED = "programme_entered", _("A programme was entered")
    FOLLOW_UP_ENTERED = "follow_up_entered", _("A follow-up of a programme was entered")


class ProgrammeKind(models.TextChoices):
    """What an economic empowerment programme gives (seed row S85)."""

    TRAINING = "training", _("Training for a job or trade")
    MICRO_GRANT = "micro_grant", _("Micro-grant")
    EQUIPMENT = "equipment", _("Equipment")
    JOB = "job", _("Help into a job")


class FollowUpAfter(models.IntegerChoices):
    """When outcomes are looked at (seed row S85)."""

    SIX = 6, _("After 6 months")
    TWELVE = 12, _("After 12 months")
