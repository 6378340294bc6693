"""Conversations between organisations: who reads them, what was written, who has read how far."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission, Subject
from common.sealing import Erased, SealedText, WrappedKeyField
from partners import about
from partners.choices import Role
from partners.conversation_choices import (
    CASE_TOPICS,
    GENERAL_TOPICS,
    NOT_FOR_ENFORCEMENT,
    MessageAct,
    Topic,
)
from partners.models.organisation import Organisation


def _reads(actor: Actor) -> Q:
    """Participant rows through which the actor reads: their organisation's, and their role's."""
    roles = [membership.role for membership in getattr(actor, "memberships", ())]
    return Q(organisation_id=actor.organisation_id, role__in=["", *roles])


def _not_kept_from(actor: Actor, *, prefix: str = "") -> Q:
    """Law enforcement reads nothing on a case, and nothing on support in general."""
    if not getattr(actor, "is_enforcement", False):
        return Q()
    return Q(**{f"{prefix}subject_kind": ""}) & ~Q(**{f"{prefix}topic__in": NOT_FOR_ENFORCEMENT})


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, actor: Actor) -> "ConversationQuerySet":
        """Those whose audience the actor is in, on a case only while the case is open to them."""
        if actor.system:
            return self
        if Permission.CONVERSATION_HOLD not in actor.permissions or actor.organisation_id is None:
            return self.none()
        mine = Participant.objects.filter(_reads(actor), conversation=OuterRef("pk"))
        return self.filter(Exists(mine), _not_kept_from(actor), about.open_to(actor))

    def about(self, subject: Subject) -> "ConversationQuerySet":
        return self.filter(subject_kind=subject.kind, subject_uuid=subject.uuid)


class Conversation(models.Model):
    """Several organisations write to each other, on one case or in general."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    topic = models.CharField(_("topic"), max_length=24, choices=Topic.choices)
    subject_kind = models.CharField(
        max_length=40, blank=True, help_text=_("What it is about; empty in general.")
    )
    subject_uuid = models.UUIDField(null=True, blank=True)
    data_key = WrappedKeyField(_("data key"), editable=False)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_for = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    client_key = models.CharField(
        max_length=64, help_text=_("What the form called it, so that posting it twice gives one.")
    )

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["subject_uuid"],
                name="conversation_of_subject",
                condition=Q(subject_uuid__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["started_by", "client_key"],
                name="conversation_once_per_key",
                violation_error_message=_("This conversation was begun already."),
            ),
            models.CheckConstraint(
                name="conversation_topic_fits_its_subject",
                condition=Q(
                    subject_kind="", subject_uuid__isnull=True, topic__in=list(GENERAL_TOPICS)
                )
                | Q(subject_uuid__isnull=False, topic__in=list(CASE_TOPICS)) & ~Q(subject_kind=""),
                violation_error_message=_("This topic is not for such a conversation."),
            ),
        ]

    def __str__(self) -> str:
        return f"conversation {self.uuid}"

    @property
    def subject(self) -> Subject | None:
        if self.subject_uuid is None:
            return None
        return Subject(self.subject_kind, self.subject_uuid)

    @cached_property
    def key_holder(self) -> models.Model:
        """Whose key seals its words: on a case the person's, so that erasure reaches them.

        Raises Erased where nobody holds one any more.
        """
        if self.subject_uuid is None:
            return self
        kind = about.about_of(self.subject_kind)
        holder = kind.key_holder(self.subject_uuid) if kind else None
        if holder is None:
            raise Erased("What this conversation was about is gone, and its key with it.")
        return holder


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def visible_to(self, actor: Actor) -> "ParticipantQuerySet":
        """The own organisation's part in each conversation that one reads: lists begin here."""
        if actor.system:
            return self
        if Permission.CONVERSATION_HOLD not in actor.permissions or actor.organisation_id is None:
            return self.none()
        return self.filter(
            _reads(actor),
            _not_kept_from(actor, prefix="conversation__"),
            about.open_to(actor, prefix="conversation__"),
        )

    def of_organisation(self, actor: Actor) -> "ParticipantQuerySet":
        """The own organisation's part in any conversation, read by oneself or not: a number at
        most, never shown."""
        return self.filter(organisation_id=actor.organisation_id)

    def with_unread(self, actor: Actor) -> "ParticipantQuerySet":
        """Each with `is_unread`: another organisation wrote after what the actor has read."""
        return self.annotate(is_unread=self._unread(actor))

    def unread(self, actor: Actor) -> "ParticipantQuerySet":
        return self.filter(self._unread(actor))

    @staticmethod
    def _unread(actor: Actor) -> Exists:
        read_to = ReadMark.objects.filter(
            user_id=actor.user_id, conversation=OuterRef("conversation_id")
        )
        unseen = (
            Message.objects.filter(conversation=OuterRef("conversation_id"))
            .exclude(organisation_id=actor.organisation_id)
            .annotate(read_to=models.Subquery(read_to.values("message_id")[:1]))
        )
        return Exists(unseen.filter(Q(read_to=None) | Q(pk__gt=models.F("read_to"))))


class Participant(models.Model):
    """An organisation takes part in a conversation: everybody there who may, or one role."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="participants")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    role = models.CharField(
        _("who there"), max_length=16, choices=Role.choices, blank=True, default=""
    )
    last_at = models.DateTimeField(help_text=_("When something was last written: lists go by it."))

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        default_permissions = ()
        indexes = [
            models.Index(fields=["organisation", "-last_at", "-id"], name="participant_list")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "organisation"],
                name="participant_once",
                violation_error_message=_("This organisation takes part already."),
            ),
            in_choices("role", ["", *Role.values], model="participant"),
        ]

    def __str__(self) -> str:
        return f"participant {self.uuid}"


class Message(models.Model):
    """What somebody wrote for their organisation; they alone can change it, and not for long."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    posted_at = models.DateTimeField()
    text_ct = models.BinaryField()
    text = SealedText("conversation.message", key_holder="conversation.key_holder")
    corrected_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    client_key = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ()
        indexes = [
            models.Index(fields=["conversation", "-posted_at", "-id"], name="message_in_order")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "client_key"],
                name="message_once_per_key",
                violation_error_message=_("This message was posted already."),
            )
        ]

    def __str__(self) -> str:
        return f"message {self.uuid}"


class MessageTrace(models.Model):
    """What a message said before its author corrected it or took it back. Never altered."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="traces")
    act = models.CharField(max_length=12, choices=MessageAct.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    words_ct = models.BinaryField()
    words = SealedText("conversation.message_before", key_holder="message.conversation.key_holder")

    class Meta:
        verbose_name = _("trace of a message")
        verbose_name_plural = _("traces of messages")
        default_permissions = ()
        ordering = ["message_id", "pk"]
        constraints = [in_choices("act", MessageAct.values, model="messagetrace")]

    def __str__(self) -> str:
        return f"{self.act} of message {self.message_id}"


class MessageFile(models.Model):
    """A file that came with a message, sealed in its row: it lives and is erased with the words."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, models.PROTECT, related_name="files")
    ending = models.CharField(max_length=5)
    size = models.PositiveIntegerField(help_text=_("In bytes, as it is handed out."))
    name_ct = models.BinaryField()
    name = SealedText("conversation.file_name", key_holder="message.conversation.key_holder")
    content_ct = models.BinaryField()

    class Meta:
        verbose_name = _("file of a message")
        verbose_name_plural = _("files of messages")
        default_permissions = ()
        ordering = ["message_id", "pk"]

    def __str__(self) -> str:
        return f"file {self.uuid}"


class ReadMark(models.Model):
    """How far one person has read one conversation."""

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="read_marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="readmark_once")
        ]

    def __str__(self) -> str:
        return f"read mark in conversation {self.conversation_id}"
