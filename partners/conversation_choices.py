"""Code lists of conversations and of the reach-out log. Codes are stored and never change.

A topic takes the place of a title: nobody types words about a person where lists show them.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.choices import ChannelKind


class Topic(models.TextChoices):
    """What a conversation is about; the first in general, the others on a case."""

    PROCEDURE = "procedure", _("Who does what, and how")
    CONTACTS = "contacts", _("Whom to call")
    MEETING = "meeting", _("Meetings and training")
    AGREEMENT = "agreement", _("Agreements and funding")
    PREVENTION = "prevention", _("Prevention and outreach")
    SERVICES = "services", _("Services and places")
    HEALTH = "health", _("Health and psychological care")
    RESIDENCE = "residence", _("Residence and papers")
    LABOUR = "labour", _("Work, wages and complaints")
    OTHER = "other", _("Something else")
    CASE_IDENTIFICATION = "case_identification", _("The identification")
    CASE_SUPPORT = "case_support", _("Support of the person")
    CASE_SAFETY = "case_safety", _("Safety of the person")
    CASE_HAND_OVER = "case_hand_over", _("Handing over")
    CASE_OTHER = "case_other", _("Something else about the case")


#: On a case, which only those read to whom the case is open.
CASE_TOPICS = (
    Topic.CASE_IDENTIFICATION,
    Topic.CASE_SUPPORT,
    Topic.CASE_SAFETY,
    Topic.CASE_HAND_OVER,
    Topic.CASE_OTHER,
)
GENERAL_TOPICS = tuple(topic for topic in Topic if topic not in CASE_TOPICS)
#: Never with law enforcement among the readers (design §5.6): support, health, residence, labour.
NOT_FOR_ENFORCEMENT = (Topic.SERVICES, Topic.HEALTH, Topic.RESIDENCE, Topic.LABOUR)


class MessageAct(models.TextChoices):
    """What its author did to a message after posting it."""

    CORRECTED = "corrected", _("Corrected")
    TAKEN_BACK = "taken_back", _("Taken back")


#: A conversation on the platform, beside the channels of a point of contact.
ON_THE_PLATFORM = "platform"
ATTEMPT_CHANNELS = [(ON_THE_PLATFORM, _("Message here")), *ChannelKind.choices]


class AttemptPurpose(models.TextChoices):
    """What somebody was tried for. A closed list: no words about a person are kept here."""

    QUESTION = "question", _("A question")
    URGENT_HELP = "urgent_help", _("Help that cannot wait")
    SERVICE = "service", _("A service or a place")
    CASE = "case", _("A case")
    CHECK = "check", _("Checking that the entry is right")
    MEETING = "meeting", _("A meeting or training")


class Outcome(models.TextChoices):
    """What came of an attempt to reach somebody."""

    WAITING = "waiting", _("Waiting for an answer")
    ANSWERED = "answered", _("Answered")
    NO_ANSWER = "no_answer", _("Nobody answered")
    WRONG = "wrong", _("Wrong number or address")
    REFUSED = "refused", _("They refused")
    TAKEN_BACK = "taken_back", _("The question was taken back")


#: What can still become an answer.
OPEN_OUTCOMES = (Outcome.WAITING, Outcome.NO_ANSWER)
#: What somebody may log by hand, the likeliest first.
LOGGED_OUTCOMES = (
    Outcome.ANSWERED,
    Outcome.NO_ANSWER,
    Outcome.WAITING,
    Outcome.WRONG,
    Outcome.REFUSED,
)
