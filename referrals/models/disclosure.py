"""The ledger of compelled disclosure: what was ordered, who approved, what was handed over."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices
from common.fields import CodesField
from common.marks import Permission
from common.sealing import SealedText
from partners.choices import Role
from partners.models import Organisation
from referrals.choices import DISCLOSABLE, OrderedBy
from referrals.models.referral import Referral, kept_out


class DisclosureQuerySet(models.QuerySet["Disclosure"]):
    def visible_to(self, actor: Any) -> "DisclosureQuerySet":
        """Those on cases whose file one's organisation keeps and one sees; and for the managers of
        the organisation asked to approve, what is asked of it, without the case. Never to whoever
        is kept out of the case."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.REFERRAL_SEE not in actor.permissions:
            return self.none()
        seen = Referral.objects.visible_to(actor).values("pk")
        rule = Q(kept_by_id=actor.organisation_id, referral__in=seen)
        if actor.is_enforcement:
            return self.none()
        if actor.holds(Role.MANAGER):
            asked = Q(second_body_id=actor.organisation_id)
            rule |= asked & ~Q(kept_out(actor, "referral"))
        return self.filter(rule)

    def silent_until(self, day: Any) -> "DisclosureQuerySet":
        """Handed over under an order not to tell the person, which has ended by this day."""
        return self.filter(
            handed_over_at__isnull=False, told_at__isnull=True, silence_until__lte=day
        )


class Disclosure(models.Model):
    """An order to hand over parts of one case: who approved it, what went out, who was told.

    Legal basis, order and recipient are sealed with the key of whoever wrote them, so that the
    second approver reads them without opening the case.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=16, editable=False)
    case_uuid = models.UUIDField(editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="disclosures")
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    second_body = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="+",
        verbose_name=_("second approver’s organisation"),
    )
    ordered_by = models.CharField(_("ordered by"), max_length=12, choices=OrderedBy.choices)
    scope = CodesField(_("what has to be handed over"), codes=[str(s) for s in DISCLOSABLE])
    legal_basis_ct = models.BinaryField()
    legal_basis = SealedText("disclosure.legal_basis", key_holder="asked_by")
    order_reference_ct = models.BinaryField()
    order_reference = SealedText("disclosure.order_reference", key_holder="asked_by")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("until when it may be handed over"))
    silence_until = models.DateField(_("the person may not be told before"), null=True, blank=True)
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    first_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    first_at = models.DateTimeField(null=True, blank=True)
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    second_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    second_at = models.DateTimeField(null=True, blank=True)
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    refused_at = models.DateTimeField(null=True, blank=True)
    refusal_ct = models.BinaryField(null=True)
    refusal = SealedText("disclosure.refusal", key_holder="refused_by")
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    handed_over_at = models.DateTimeField(null=True, blank=True)
    handed_over = CodesField(codes=[str(s) for s in DISCLOSABLE])
    handed_to_ct = models.BinaryField(null=True)
    handed_to = SealedText("disclosure.handed_to", key_holder="handed_over_by")
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    told_at = models.DateTimeField(null=True, blank=True)

    objects = DisclosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("compelled disclosure")
        verbose_name_plural = _("compelled disclosures")
        default_permissions = ()
        indexes = [
            models.Index(fields=["second_body", "asked_at"], name="disclosure_to_approve"),
        ]
        constraints = [
            in_choices("ordered_by", OrderedBy.values),
            both_or_neither("first_at", "first_by"),
            both_or_neither("first_at", "first_for"),
            both_or_neither("second_at", "second_by"),
            both_or_neither("second_at", "second_for"),
            both_or_neither("refused_at", "refused_by"),
            both_or_neither("handed_over_at", "handed_over_by"),
            both_or_neither("told_at", "told_by"),
            models.CheckConstraint(
                name="disclosure_has_a_scope_and_an_end",
                condition=~Q(scope="") & Q(expires_at__gt=F("asked_at")),
                violation_error_message=_("A disclosure says what is handed over, and until when."),
            ),
            models.CheckConstraint(
                name="disclosure_second_body_is_another",
                condition=~Q(second_body=F("kept_by")),
                violation_error_message=_("The second approver is of another organisation."),
            ),
            models.CheckConstraint(
                name="disclosure_two_approvers_and_neither_asked",
                condition=(Q(first_by=None) | ~Q(first_by=F("asked_by")))
                & (
                    Q(second_by=None)
                    | Q(first_by__isnull=False)
                    & ~Q(second_by=F("asked_by"))
                    & ~Q(second_by=F("first_by"))
                ),
                violation_error_message=_("Two people approve, and neither is the one who asks."),
            ),
            models.CheckConstraint(
                name="disclosure_one_approver_from_outside",
                condition=Q(second_by=None)
                | Q(first_for=F("second_body"))
                | Q(second_for=F("second_body")),
                violation_error_message=_("One of the two approvers is of another organisation."),
            ),
            models.CheckConstraint(
                name="disclosure_handed_over_as_approved",
                condition=Q(handed_over_at=None, handed_over="")
                | Q(second_by__isnull=False, refused_at=None)
                & Q(handed_over_at__lte=F("expires_at"))
                & ~Q(handed_over="")
                & (Q(told_at__isnull=False) | Q(silence_until__isnull=False)),
                violation_error_message=_(
                    "It is handed over once two people approved, in time, and the person was told "
                    "or may not be told yet."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"disclosure {self.uuid}"

    @property
    def is_approved(self) -> bool:
        return self.second_at is not None and self.refused_at is None
