"""The reach-out log: who was tried, by which way, and what came of it."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission
from partners.conversation_choices import (
    ATTEMPT_CHANNELS,
    ON_THE_PLATFORM,
    OPEN_OUTCOMES,
    AttemptPurpose,
    Outcome,
)
from partners.models.contact import PointOfContact
from partners.models.conversations import Conversation, Message
from partners.models.organisation import Organisation


class ContactAttemptQuerySet(models.QuerySet["ContactAttempt"]):
    def visible_to(self, actor: Actor) -> "ContactAttemptQuerySet":
        """Those of one's own organisation and those upon it; of a conversation, if one reads it.

        A person who cannot hold conversations sees none.
        """
        if actor.system:
            return self
        if Permission.CONVERSATION_HOLD not in actor.permissions or actor.organisation_id is None:
            return self.none()
        ours = Q(by_organisation_id=actor.organisation_id) | Q(
            organisation_id=actor.organisation_id
        )
        readable = Conversation.objects.visible_to(actor)
        return self.filter(ours, Q(conversation=None) | Q(conversation__in=readable))

    def waiting(self) -> "ContactAttemptQuerySet":
        """Asked on the platform, and not answered yet."""
        return self.filter(outcome=Outcome.WAITING)


class ContactAttempt(models.Model):
    """Somebody tried to reach an organisation or its point of contact, and this came of it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("who was tried")
    )
    contact = models.ForeignKey(
        PointOfContact, models.PROTECT, null=True, blank=True, related_name="attempts"
    )
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("who tried")
    )
    tried_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=20, choices=ATTEMPT_CHANNELS)
    purpose = models.CharField(_("what for"), max_length=16, choices=AttemptPurpose.choices)
    tried_at = models.DateTimeField(_("when"))
    answer_by = models.DateTimeField(_("answer asked by"), null=True, blank=True)
    outcome = models.CharField(_("what came of it"), max_length=12, choices=Outcome.choices)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    conversation = models.ForeignKey(
        Conversation, models.PROTECT, null=True, blank=True, related_name="attempts"
    )
    question = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="attempts"
    )
    answer = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="answers"
    )
    client_key = models.CharField(max_length=64)

    objects = ContactAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact attempt")
        verbose_name_plural = _("contact attempts")
        default_permissions = ()
        indexes = [
            models.Index(fields=["organisation", "-tried_at", "-id"], name="attempt_upon"),
            models.Index(fields=["by_organisation", "-tried_at", "-id"], name="attempt_by"),
        ]
        constraints = [
            in_choices("outcome", Outcome.values, model="contactattempt"),
            in_choices("purpose", AttemptPurpose.values, model="contactattempt"),
            in_choices(
                "channel", [code for code, _label in ATTEMPT_CHANNELS], model="contactattempt"
            ),
            models.UniqueConstraint(
                fields=["tried_by", "client_key", "organisation"],
                name="contactattempt_once_per_key",
                violation_error_message=_("This attempt was logged already."),
            ),
            models.CheckConstraint(
                name="contactattempt_answered_means_when",
                condition=Q(outcome=Outcome.ANSWERED, answered_at__isnull=False)
                | (~Q(outcome=Outcome.ANSWERED) & Q(answered_at=None, answer=None)),
                violation_error_message=_("An answer has its moment, and nothing else has one."),
            ),
            models.CheckConstraint(
                name="contactattempt_answered_after_it_was_tried",
                condition=Q(answered_at=None) | Q(answered_at__gte=F("tried_at")),
                violation_error_message=_("An answer comes after the attempt."),
            ),
            models.CheckConstraint(
                name="contactattempt_message_has_its_question",
                condition=Q(
                    channel=ON_THE_PLATFORM, conversation__isnull=False, question__isnull=False
                )
                | (~Q(channel=ON_THE_PLATFORM) & Q(conversation=None, question=None, answer=None)),
                violation_error_message=_("A message here names its conversation and question."),
            ),
        ]

    def __str__(self) -> str:
        return f"contact attempt {self.uuid}"

    @property
    def took(self) -> timedelta | None:
        """How long the answer took; None while there is none."""
        return self.answered_at - self.tried_at if self.answered_at else None

    @property
    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self.outcome in OPEN_OUTCOMES

    def is_late(self, at: datetime) -> bool:
        """Asked by a moment that has passed, and still waiting."""
        due = self.answer_by
        return self.outcome == Outcome.WAITING and due is not None and due < at
