"""Code lists of action points: what somebody is to do, by when, and where it stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.TextChoices):
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")


class ActionState(models.TextChoices):
    """Where an action point stands. Late is no state: the day tells it."""

    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    REPORTED = "reported", _("Reported done")
    SENT_BACK = "sent_back", _("Sent back")
    VERIFIED = "verified", _("Verified")
    CANCELLED = "cancelled", _("Cancelled")


S = ActionState
#: Whoever is responsible still has it to do.
TO_DO = (S.OPEN, S.IN_PROGRESS, S.SENT_BACK)
#: Nobody has anything to do about it any more.
CLOSED = (S.VERIFIED, S.CANCELLED)


class ActionEventKind(models.TextChoices):
    """What happened to an action point, as a dotted verb in the past."""

    MADE = "action.made", _("Action point made")
    CHANGED = "action.changed", _("Text changed")
    ASSIGNED = "action.assigned", _("Somebody was named to do it")
    BEGUN = "action.begun", _("Begun")
    FILE_ADDED = "action.file_added", _("Document added")
    REPORTED = "action.reported", _("Reported done")
    SENT_BACK = "action.sent_back", _("Sent back")
    VERIFIED = "action.verified", _("Verified")
    MOVED = "action.moved", _("Due day moved")
    CANCELLED = "action.cancelled", _("Cancelled")
    COMMENTED = "action.commented", _("Comment written")
