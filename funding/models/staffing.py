"""Staff and reserves of an organisation, sealed to itself."""

import json
import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sealing import SealedText
from funding.models.declarations import DeclarationKey, SealedToOneselfQuerySet


class StaffCapacity(models.Model):
    """How many people an organisation has and has lost, and how long its money lasts, on a day."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.ForeignKey(DeclarationKey, models.PROTECT, related_name="+")
    on = models.DateField(_("as of"))
    content_ct = models.BinaryField()
    content = SealedText("funding.staff", key_holder="key")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = SealedToOneselfQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff on a day")
        verbose_name_plural = _("staff on days")
        default_permissions = ()
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "on"], name="staffcapacity_once_a_day")
        ]

    def __str__(self) -> str:
        return f"staff {self.uuid}"

    @property
    def figures(self) -> dict[str, Decimal]:
        """What was entered, opened now."""
        known: dict[str, Any] = json.loads(self.content or "{}")
        return {name: Decimal(text) for name, text in known.items() if name != "currency"}

    @property
    def currency(self) -> str:
        return str(json.loads(self.content or "{}").get("currency", ""))

    def seal(self, figures: dict[str, Any]) -> None:
        """Put these figures in place of what stood there."""
        self.content = json.dumps({k: str(v) for k, v in figures.items() if v is not None})
