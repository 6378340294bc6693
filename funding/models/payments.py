"""Instalments, which were promised, and payments, which were made."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor
from funding.models.awards import Award, OfAwardQuerySet
from funding.models.funds import NOTHING, money
from funding.money_choices import InstalmentState

S = InstalmentState


class Instalment(models.Model):
    """A part of an award that its funder has promised to pay by a day."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    award = models.ForeignKey(Award, models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField(_("due on"))
    amount = money(_("amount"))
    paid = money(_("paid"), default=NOTHING)
    report_uuid = models.UUIDField(
        null=True, blank=True, help_text=_("The report that must be accepted first.")
    )
    report_accepted_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=S.choices, default=S.PLANNED)
    version = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = OfAwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        default_permissions = ()
        ordering = ["award_id", "number"]
        indexes = [
            models.Index(fields=["state", "due_on"], name="instalment_state_by_day"),
            models.Index(
                fields=["report_uuid"],
                condition=Q(report_uuid__isnull=False),
                name="instalment_of_a_report",
            ),
        ]
        constraints = [
            in_choices("state", S.values, model="instalment"),
            models.UniqueConstraint(fields=["award", "number"], name="instalment_numbered"),
            models.CheckConstraint(
                name="instalment_is_worth_something",
                condition=Q(amount__gt=0),
                violation_error_message=_("An instalment is more than nothing."),
            ),
            models.CheckConstraint(
                name="instalment_paid_within_its_amount",
                condition=Q(paid__gte=0) & Q(paid__lte=F("amount")),
                violation_error_message=_("More was paid than the instalment comes to."),
            ),
            models.CheckConstraint(
                name="instalment_is_paid_when_all_of_it_is",
                condition=Q(state=S.PAID, paid=F("amount"))
                | (~Q(state=S.PAID) & Q(paid__lt=F("amount"))),
            ),
            models.CheckConstraint(
                name="instalment_report_was_asked_for",
                condition=Q(report_accepted_at__isnull=True) | Q(report_uuid__isnull=False),
            ),
            required_in_state([S.PAID], "paid_at", model="instalment", fact="paid_one_day"),
        ]

    def __str__(self) -> str:
        return f"instalment {self.uuid}"

    @property
    def left(self) -> Decimal:
        return self.amount - self.paid

    @property
    def waits_for_report(self) -> bool:
        return self.report_uuid is not None and self.report_accepted_at is None


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, actor: Actor) -> "PaymentQuerySet":
        """What belongs to an award is seen by whoever sees the award."""
        if actor.system:
            return self
        seen = Instalment.objects.filter(pk=OuterRef("instalment_id")).visible_to(actor)
        return self.filter(Exists(seen))


class Payment(models.Model):
    """Money that left the funder on a day, and the day on which the recipient had it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice is one payment."))
    instalment = models.ForeignKey(Instalment, models.PROTECT, related_name="payments")
    amount = money(_("amount"))
    paid_on = models.DateField(_("paid on"))
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    arrived_on = models.DateField(_("arrived on"), null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        default_permissions = ()
        ordering = ["instalment_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="payment_is_worth_something",
                condition=Q(amount__gt=0),
                violation_error_message=_("A payment is more than nothing."),
            ),
            models.CheckConstraint(
                name="payment_arrives_after_it_left",
                condition=Q(arrived_on__isnull=True) | Q(arrived_on__gte=F("paid_on")),
                violation_error_message=_("It cannot arrive before it was paid."),
            ),
            both_or_neither("arrived_on", "arrived_at", model="payment"),
        ]

    def __str__(self) -> str:
        return f"payment {self.uuid}"
