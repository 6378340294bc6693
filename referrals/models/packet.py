"""The packet: what another body received, frozen as it was sent."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sealing import SealedText
from partners.models import Organisation
from referrals.choices import RecipientKind
from referrals.models.referral import Referral


class Packet(models.Model):
    """A frozen, versioned copy of the allowed fields of a working file, for one recipient.

    Written once and never changed. The content is JSON, field to value, codes as codes: the reader
    sees them in their own language.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="packets")
    recipient = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=RecipientKind.choices)
    version = models.PositiveSmallIntegerField()
    fields = models.JSONField(help_text=_("The fields it holds, in order."))
    struck = models.JSONField(default=list, help_text=_("Fields the sender took out."))
    content_ct = models.BinaryField()
    content = SealedText("packet.content", key_holder="referral.person")
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("packet")
        verbose_name_plural = _("packets")
        default_permissions = ()
        ordering = ["recipient_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "recipient", "version"], name="packet_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"packet {self.uuid}"
