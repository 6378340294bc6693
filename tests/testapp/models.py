"""Tables that exist only in tests, one for each tool of `common` that needs a row to work on.

No migrations: pytest-django's database creates them as they stand here. Keys to `accounts.User`
carry no database constraint, because unmigrated tables are created before migrated ones.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.claim import Claimable
from common.constraints import both_or_neither, in_choices, one_of, required_in_state


class ParcelState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    HELD = "held", _("On hold")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")


class Parcel(models.Model):
    """Something that is sent and answered: the workflow engine's subject."""

    state = models.CharField(max_length=20, choices=ParcelState.choices, default=ParcelState.DRAFT)
    held_from = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField(default=1)
    shelf = models.CharField(max_length=50, blank=True)
    declined_reason = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    accepted_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    history = HistoricalRecords(user_db_constraint=False)

    class Meta:
        constraints = [
            in_choices("state", ParcelState.values),
            both_or_neither("sent_at", "sent_by"),
            required_in_state([ParcelState.DECLINED], "answered_at", text=["declined_reason"]),
        ]


class ParcelEvent(models.Model):
    """What happened to a parcel."""

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=50)
    at = models.DateTimeField()
    comment = models.CharField(max_length=200, blank=True)
    old = models.CharField(max_length=20)
    new = models.CharField(max_length=20)
    answers = models.JSONField(default=dict)


class Ticket(models.Model):
    """Stateful without a version, stamps or choices: the engine must do without them."""

    state = models.CharField(max_length=20, default="open")


class Entry(models.Model):
    """A row of a long list."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    received_at = models.DateTimeField()
    rank = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="entry_received"),
            models.Index(fields=["name", "id"], name="entry_name"),
            models.Index(
                fields=["due_at", "id"], condition=models.Q(due_at__isnull=False), name="entry_due"
            ),
        ]


class Sight(models.Model):
    """Which group sees which entry: the shape of a grant table that is also the inbox index."""

    group = models.IntegerField()
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="sights")
    sort_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "entry"], name="sight_once"),
        ]
        indexes = [
            models.Index(fields=["group", "-sort_at", "-entry"], name="sight_inbox"),
            models.Index(
                fields=["group", "due_at", "entry"],
                condition=models.Q(due_at__isnull=False),
                name="sight_due",
            ),
        ]


class Chore(Claimable):
    """Work that exactly one worker may do."""

    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_worker = models.CharField(max_length=50, blank=True)


class Box(models.Model):
    """Held by a person or by a group, never by both."""

    person = models.IntegerField(null=True)
    group = models.IntegerField(null=True)

    class Meta:
        constraints = [one_of("person", "group")]
