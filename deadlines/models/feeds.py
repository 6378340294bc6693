"""The calendar feed: an address that a person's own calendar program fetches."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountLock


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def live(self) -> "CalendarFeedQuerySet":
        """Those whose address still answers: not ended, and no security lock since it was made."""
        locked = AccountLock.objects.filter(
            user=OuterRef("user"), locked_at__gte=OuterRef("made_at")
        )
        # Like a token: whoever the lock keeps out may be who made it.
        return self.filter(~Exists(locked), revoked_at=None)


class CalendarFeed(models.Model):
    """A secret address under which somebody's calendar program reads their deadlines.

    Only the hash of the secret is kept, so the address is shown once. One lives at a time.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calendar_feeds"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField()
    fetched_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Last fetched, to the hour.")
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                name="calendarfeed_one_live",
                condition=Q(revoked_at=None),
                violation_error_message=_("There is one calendar feed for each person."),
            ),
        ]

    def __str__(self) -> str:
        return f"calendar feed {self.uuid}"
