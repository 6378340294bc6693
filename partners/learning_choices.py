"""Code lists of trainings and of guidance (recommendation 7 of the Alliance statement of 2020: S28,
S33; articles 10 and 29 of CETS 197: S65; Palermo Protocol, article 10, paragraph 2: S60)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrainingState(models.TextChoices):
    """Where a training stands."""

    PLANNED = "planned", _("Planned")
    POSTPONED = "postponed", _("Postponed")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


#: Still to come.
TO_COME = (TrainingState.PLANNED, TrainingState.POSTPONED)


class TrainingTopic(models.TextChoices):
    """What a training is about."""

    INDICATORS = "indicators", _("Recognising the signs")
    FIRST_TALK = "first_talk", _("The first talk, without harm")
    REFERRAL = "referral", _("Referring, consent and rights")
    CHILDREN = "children", _("Children")
    LABOUR = "labour", _("Exploitation at work")
    TRAUMA = "trauma", _("Trauma, and looking after oneself")
    NO_PUNISHMENT = "no_punishment", _("Not punishing victims")
    COMPENSATION = "compensation", _("Compensation and legal aid")
    RESIDENCE = "residence", _("Residence, asylum and statelessness")
    DATA = "data", _("Confidentiality and data protection")
    EMERGENCY = "emergency", _("Working in an emergency")
    CO_OPERATION = "co_operation", _("Working with civil society")


class TrainingForm(models.TextChoices):
    """How people take part."""

    ROOM = "room", _("In a room")
    ONLINE = "online", _("Online")
    BOTH = "both", _("In a room and online")


class DelayReason(models.TextChoices):
    """The closed list of reasons why a training is postponed or cancelled; always with words."""

    EMERGENCY = "emergency", _("An emergency is on")
    MONEY = "money", _("The money is not there")
    TRAINER = "trainer", _("The trainer cannot")
    NO_RELEASE = "no_release", _("An institution does not let its people go")
    FEW = "few", _("Too few people")
    PLACE = "place", _("No place to hold it")
    OTHER = "other", _("Something else")


class TrainingEventKind(models.TextChoices):
    """What happened to a training."""

    PLANNED = "training.planned", _("Planned")
    CHANGED = "training.changed", _("Changed")
    POSTPONED = "training.postponed", _("Postponed")
    HELD = "training.held", _("Held")
    CANCELLED = "training.cancelled", _("Cancelled")
    COUNTED = "training.counted", _("Participants counted")


class GuidanceState(models.TextChoices):
    """Where one version of a guidance document stands."""

    DRAFT = "draft", _("Draft")
    IN_FORCE = "in_force", _("In force")
    REPLACED = "replaced", _("Replaced by a newer version")
    ENDED = "ended", _("No longer in force")
    DROPPED = "dropped", _("Draft given up")


class GuidanceEventKind(models.TextChoices):
    """What happened to a version of a guidance document."""

    DRAFTED = "guidance.drafted", _("Draft begun")
    CHANGED = "guidance.changed", _("Draft changed")
    IN_FORCE = "guidance.in_force", _("Put in force")
    REPLACED = "guidance.replaced", _("Replaced by a newer version")
    ENDED = "guidance.ended", _("Ended")
    DROPPED = "guidance.dropped", _("Draft given up")
    REMINDED = "guidance.reminded", _("Whoever had not read it was reminded")


class ReadHow(models.TextChoices):
    """How it is known that a point of contact read a document."""

    SELF = "self", _("Said so here")
    LINK = "link", _("Said so through the link of a mail")
    OFFICE = "office", _("Entered by the organisation")
