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
