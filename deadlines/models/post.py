"""The notices of the inbox, the outbox of mail, and what each person chose to be mailed about.

Kinds are in `deadlines.notices` and `deadlines.mails`; rows are written by the services only.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.claim import Claimable
from common.marks import Actor
from deadlines import notices
from deadlines.choices import Rhythm, Urgency


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, actor: Actor) -> "NoticeQuerySet":
        """One's own: those to oneself, and those to oneself in the organisation one acts for."""
        if actor.user_id is None:
            return self.none()
        place = Q(organisation_uuid=None) | Q(organisation_uuid=actor.organisation_uuid)
        return self.filter(place, recipient_id=actor.user_id)

    def waiting_elsewhere(self, actor: Actor) -> "NoticeQuerySet":
        """One's own unread ones in organisations one could act for instead."""
        return (
            self.unread()
            .filter(recipient_id=actor.user_id, organisation_uuid__isnull=False)
            .exclude(organisation_uuid=actor.organisation_uuid)
        )

    def unread(self) -> "NoticeQuerySet":
        """Neither opened by the recipient nor settled by a colleague."""
        return self.filter(read_at=None, handled_at=None)

    def unmailed(self) -> "NoticeQuerySet":
        """Unread, no mail has counted them yet, and the person is mailed about such things."""
        return self.unread().filter(mailed_at=None, mail_at__isnull=False)

    def mail_due(self, at: datetime) -> "NoticeQuerySet":
        """Those that a mail is to count by now. Reads one small index."""
        return self.unread().filter(mailed_at=None, mail_at__lte=at)


class Notice(models.Model):
    """One line in one person's inbox: something happened, or waits, and where to look.

    What it says comes from its kind. The subject is a row of a higher package, by kind and uuid.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    organisation_uuid = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_uuid = models.UUIDField()
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.DIGEST)
    key = models.CharField(max_length=200, help_text=_("One notice per person and key."))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty when the system did it."),
    )
    read_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("From when a mail may count it. Empty: it stands in the inbox only."),
    )
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_of_recipient"),
            # Read on every page, for the number beside "Inbox".
            models.Index(
                fields=["recipient", "-created_at", "-id"],
                name="notice_unread",
                condition=Q(read_at=None, handled_at=None),
            ),
            # Read by each mail that leaves.
            models.Index(
                fields=["recipient", "id"],
                name="notice_unmailed",
                condition=Q(read_at=None, handled_at=None, mailed_at=None),
            ),
            # Read by the sweep each minute: only what a mail is still to count.
            models.Index(
                fields=["mail_at", "id"],
                name="notice_mail_at",
                condition=Q(read_at=None, handled_at=None, mailed_at=None, mail_at__isnull=False),
            ),
            models.Index(
                fields=["subject_kind", "subject_uuid"],
                name="notice_open_by_subject",
                condition=Q(handled_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "key"],
                name="notice_once",
                violation_error_message=_("This person has this notice already."),
            ),
            models.CheckConstraint(
                name="notice_urgency_known",
                condition=Q(urgency__in=Urgency.values),
                violation_error_message=_("A notice has one of the urgencies in the list."),
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.uuid}"

    @property
    def title(self) -> str:
        """What happened; says nothing when the kind is no longer known."""
        kind = notices.kind_of(self.kind)
        return str(kind.title) if kind else str(_("A notice"))

    @property
    def is_unread(self) -> bool:
        return self.read_at is None and self.handled_at is None


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self, at: datetime) -> "MailQuerySet":
        """Not sent, not given up, and not waiting for another try."""
        return self.waiting().filter(not_before__lte=at)

    def waiting(self) -> "MailQuerySet":
        return self.filter(sent_at=None, dead_at=None, dropped_at=None)

    def dead(self) -> "MailQuerySet":
        """Given up: somebody must look."""
        return self.filter(dead_at__isnull=False)

    def returned(self) -> "MailQuerySet":
        """Sent, and then refused by the other side or complained about."""
        return self.filter(returned_at__isnull=False)


class Mail(Claimable):
    """One letter to one person, in the outbox until the relay has taken it.

    At least once: a crash between the relay's answer and our commit sends it again under the same
    Message-ID. Address and variables are wiped when it has left.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mails",
    )
    address = models.EmailField(
        blank=True, help_text=_("Only for people who have no sign-in yet, and only until sent.")
    )
    address_hash = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=12, blank=True)
    variables = models.JSONField(default=dict)
    key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text=_("There was nothing left to say.")
    )
    last_error_code = models.CharField(max_length=60, blank=True)
    resent_at = models.DateTimeField(null=True, blank=True)
    resent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Who last had it sent again after it was given up, or put it away."),
    )
    provider_id = models.CharField(
        max_length=200, blank=True, help_text=_("What the mail provider calls it, to know it by.")
    )
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_code = models.CharField(max_length=20, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            # Read by the sweep each minute: only what waits, however many were sent.
            models.Index(
                fields=["not_before", "id"],
                name="mail_waiting",
                condition=Q(sent_at=None, dead_at=None, dropped_at=None),
            ),
            models.Index(fields=["-dead_at"], name="mail_dead", condition=Q(dead_at__isnull=False)),
            models.Index(fields=["recipient", "kind", "-created_at"], name="mail_of_recipient"),
            models.Index(
                fields=["provider_id"], name="mail_by_provider", condition=~Q(provider_id="")
            ),
            models.Index(
                fields=["-returned_at"],
                name="mail_returned",
                condition=Q(returned_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_one_ending",
                condition=Q(sent_at=None, dead_at=None)
                | Q(sent_at=None, dropped_at=None)
                | Q(dead_at=None, dropped_at=None),
                violation_error_message=_("A mail is sent, given up or dropped: one of them."),
            ),
            models.CheckConstraint(
                name="mail_to_person_or_address",
                condition=Q(recipient__isnull=False, address="", address_hash="")
                | (Q(recipient=None) & ~Q(address_hash="")),
                violation_error_message=_("A mail goes to a person or to an address."),
            ),
            models.CheckConstraint(
                name="mail_address_wiped_when_gone",
                condition=Q(address="") | Q(sent_at=None, dropped_at=None),
                violation_error_message=_("The address is wiped when the mail has left."),
            ),
            models.CheckConstraint(
                name="mail_returned_after_sent",
                condition=Q(returned_at=None, returned_code="")
                | (Q(returned_at__isnull=False, sent_at__isnull=False) & ~Q(returned_code="")),
                violation_error_message=_("Only what was sent comes back, and with a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.uuid}"


class MailChoice(models.Model):
    """How often one person wants mail about one topic; without a row it is once a day.

    An empty topic stands for every topic that may be turned off: the link in a mail was used.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mail_choices"
    )
    topic = models.CharField(max_length=60, blank=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm)
    chosen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("choice of mail")
        verbose_name_plural = _("choices of mail")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic"],
                name="mailchoice_one_per_topic",
                violation_error_message=_("There is one choice for each topic."),
            ),
            models.CheckConstraint(
                name="mailchoice_rhythm_known",
                condition=Q(rhythm__in=Rhythm.values),
                violation_error_message=_("A choice of mail is one of those in the list."),
            ),
            models.CheckConstraint(
                name="mailchoice_all_means_never",
                condition=~Q(topic="") | Q(rhythm=Rhythm.NEVER),
                violation_error_message=_("The link in a mail stops mails and does nothing else."),
            ),
        ]

    def __str__(self) -> str:
        return f"choice of user {self.user_id}"
