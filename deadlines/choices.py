"""Code lists of the deadlines package. Texts are for people; codes are stored and never change."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a piece of work in the background stands."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class JobError(models.TextChoices):
    """Why a job failed, where its kind does not give a reason of its own."""

    BROKEN = "broken", _("Something went wrong on our side. Nothing you entered is lost.")
    STOPPED = "stopped", _("The work was interrupted several times and was given up.")
    UNKNOWN_KIND = "unknown_kind", _("This version of the site no longer does this kind of work.")


class Urgency(models.TextChoices):
    """Whether a notice is mailed about by itself, or with the others of the day."""

    IMMEDIATE = "immediate", _("At once")
    DIGEST = "digest", _("With the next summary")


class Rhythm(models.TextChoices):
    """How often somebody is mailed about a topic that can wait."""

    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    NEVER = "never", _("No mail, only in the inbox")


class Stage(models.TextChoices):
    """When the people a deadline binds are told of it, in this order."""

    BEFORE = "before", _("Before the day")
    ON = "on", _("On the day")
    AFTER = "after", _("When it has passed")
    ESCALATE = "escalate", _("To those who answer for it")


class DeadlineAct(models.TextChoices):
    """What was done to a running deadline."""

    PAUSED = "paused", _("Stopped")
    RESUMED = "resumed", _("Running again")
    EXTENDED = "extended", _("Extended")
    MET = "met", _("Met")
    CANCELLED = "cancelled", _("No longer needed")
    ENDED = "ended", _("Ran its time")
    MOVED = "moved", _("Moved, because a rule or the calendar was changed")


class ExtensionReason(models.TextChoices):
    """Why somebody was given more time. A closed list: no words about a person are kept here."""

    PERSON_ASKED = "person_asked", _("The person asked for more time")
    HEALTH = "health", _("The person’s state of health")
    INTERPRETER = "interpreter", _("An interpreter or expert could not be had in time")
    INFORMATION = "information", _("What another body was asked has not come")
    LAW = "law", _("The law gives more time in this case")
    EMERGENCY = "emergency", _("An emergency")


class SuspensionReason(models.TextChoices):
    """Why a clock was stopped (reference: domain, §2.4)."""

    MISSING = "missing", _("The person is missing")
    AGE_DISPUTE = "age_dispute", _("The age is in dispute")
    COURT_ORDER = "court_order", _("A criminal court ordered it")


class MoveReason(models.TextChoices):
    """What moved a running deadline that nobody extended."""

    RULE = "rule_changed", _("A rule was changed")
    CALENDAR = "calendar_corrected", _("The calendar was corrected")


class AwayReason(models.TextChoices):
    """Why somebody is away, no closer than a colleague needs to know."""

    LEAVE = "leave", _("On leave")
    DUTY = "duty", _("On duty elsewhere")
    AWAY = "away", _("Away")
