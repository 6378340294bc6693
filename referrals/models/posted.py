"""What programs posted, so that posting it again changes nothing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from referrals.choices import State
from referrals.models.referral import Referral


class PostedReferral(models.Model):
    """How a referral came in from an organisation's own program, and what the program was told.

    The key it came under is the referral's `client_key`.
    """

    referral = models.OneToOneField(Referral, models.PROTECT, related_name="posted")
    digest = models.CharField(
        max_length=64, help_text=_("Of the body, keyed: the same key with another body is refused.")
    )
    state = models.CharField(max_length=16, choices=State.choices)
    version = models.PositiveIntegerField()
    posted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("posted referral")
        verbose_name_plural = _("posted referrals")
        default_permissions = ()

    def __str__(self) -> str:
        return f"posted {self.referral_id}"
