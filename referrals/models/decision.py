"""Decisions on identification."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sealing import SealedText
from referrals.choices import Outcome, StageCode
from referrals.models.referral import Referral


class Decision(models.Model):
    """What the authority decided at one stage, when, and by whom."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="decisions")
    stage = models.CharField(max_length=12, choices=StageCode.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    decided_on = models.DateField(
        _("decided on"), help_text=_("The day in the country's time zone; it decides the quarter.")
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reasons_ct = models.BinaryField(null=True)
    reasons = SealedText("decision.reasons", key_holder="referral.person")

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        default_permissions = ()
        indexes = [
            models.Index(fields=["decided_on", "stage"], name="decision_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["referral", "stage"], name="decision_one_per_stage"),
            models.CheckConstraint(
                name="decision_second_is_somebody_else",
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=models.F("decided_by")),
                violation_error_message=_("The second person must be somebody else."),
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"
