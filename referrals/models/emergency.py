"""Emergency access ("break-glass"): a case opened for an hour to somebody to whom it was closed."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices
from common.marks import Permission
from common.sealing import SealedText
from partners.choices import GrantReason, Role
from partners.models import Organisation
from referrals.choices import EmergencyReason, ReviewOutcome
from referrals.models.referral import Referral, kept_out, live_at


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    def visible_to(self, actor: Any) -> "EmergencyAccessQuerySet":
        """One's own; of one's people, for who manages them; those upon cases one works on; and for
        the co-ordination every one, without the case. Never to whoever is kept out of the case."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.EMERGENCY_REVIEW not in actor.permissions:
            return self.none()
        mine = Q(asked_by_id=actor.user_id)
        if actor.holds(Role.CO_ORDINATOR):
            return self.filter(mine | ~Q(kept_out(actor, "referral")))
        rule = Q(pk__in=[])
        if actor.holds(Role.MANAGER):
            rule |= Q(asked_for_id=actor.organisation_id)
        if not actor.is_enforcement:
            rule |= Q(_works_on(actor))
        return self.filter(mine | rule & ~Q(kept_out(actor, "referral")))

    def waiting(self) -> "EmergencyAccessQuerySet":
        """Neither opened nor refused: a restricted case waits for the second person."""
        return self.filter(opened_at=None, refused_at=None)

    def unreviewed(self) -> "EmergencyAccessQuerySet":
        return self.filter(opened_at__isnull=False, reviewed_at=None)

    def overdue(self, at: datetime) -> "EmergencyAccessQuerySet":
        return self.unreviewed().filter(review_due_at__lte=at)


def _works_on(actor: Any) -> Any:
    """The actor holds a grant on the case, by a group or as one of the named.

    Who opened it in an emergency too does not: two could agree to review each other.
    """
    from referrals.models.grants import ReferralGrantBasis, ReferralGroupGrant

    live = live_at(actor.at)
    by_group = ReferralGroupGrant.objects.filter(
        live, content_object=OuterRef("referral"), group_id__in=actor.group_ids
    )
    by_user = ReferralGrantBasis.objects.filter(
        live, subject=OuterRef("referral"), user_id=actor.user_id, ended_at=None
    ).exclude(reason=GrantReason.BREAK_GLASS)
    return Exists(by_group) | Exists(by_user)


class EmergencyAccess(models.Model):
    """Somebody opened a case that was closed to them, said why, and was reviewed for it.

    A restricted case takes two people of two organisations. Reasons are sealed with the key of
    whoever wrote them: a reviewer reads them without opening the case.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=16, editable=False)
    case_uuid = models.UUIDField(editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="emergency_access")
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    is_restricted = models.BooleanField(default=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_for = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reason_code = models.CharField(max_length=12, choices=EmergencyReason.choices)
    reason_ct = models.BinaryField()
    reason = SealedText("emergencyaccess.reason", key_holder="asked_by")
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    agreed_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    refused_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    until_at = models.DateTimeField(null=True, blank=True)
    review_due_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=ReviewOutcome.choices, blank=True)
    finding_ct = models.BinaryField(null=True)
    finding = SealedText("emergencyaccess.finding", key_holder="reviewed_by")

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["review_due_at"],
                name="emergency_to_review",
                condition=Q(opened_at__isnull=False, reviewed_at__isnull=True),
            ),
            models.Index(fields=["asked_by", "asked_at"], name="emergency_by_user"),
        ]
        constraints = [
            in_choices("reason_code", EmergencyReason.values),
            in_choices("outcome", ["", *ReviewOutcome.values]),
            both_or_neither("agreed_at", "agreed_by"),
            both_or_neither("agreed_at", "agreed_for"),
            both_or_neither("refused_at", "refused_by"),
            both_or_neither("reviewed_at", "reviewed_by"),
            both_or_neither("reviewed_at", "reviewed_for"),
            models.CheckConstraint(
                name="emergencyaccess_ends_and_is_reviewed",
                condition=Q(opened_at=None, until_at=None, review_due_at=None)
                | Q(refused_at=None, until_at__gt=F("opened_at"), review_due_at__isnull=False),
                violation_error_message=_("Emergency access ends, and is reviewed."),
            ),
            models.CheckConstraint(
                name="emergencyaccess_two_on_a_restricted_case",
                condition=Q(opened_at=None) | Q(is_restricted=False) | Q(agreed_by__isnull=False),
                violation_error_message=_("A restricted case takes two people."),
            ),
            models.CheckConstraint(
                name="emergencyaccess_second_of_another_body",
                condition=Q(agreed_by=None)
                | ~Q(agreed_by=F("asked_by")) & ~Q(agreed_for=F("asked_for")),
                violation_error_message=_("The second person is of another organisation."),
            ),
            models.CheckConstraint(
                name="emergencyaccess_reviewer_of_another_body",
                condition=Q(reviewed_by=None)
                | ~Q(reviewed_by=F("asked_by")) & ~Q(reviewed_for=F("asked_for")) & ~Q(outcome=""),
                violation_error_message=_("Somebody of another organisation reviews it."),
            ),
        ]

    def __str__(self) -> str:
        return f"emergency access {self.uuid}"
