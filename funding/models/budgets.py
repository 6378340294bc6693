"""The lines of an award's budget, and what was spent on each."""

import uuid
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from funding.models.awards import Award, OfAwardQuerySet
from funding.models.funds import NOTHING, money
from funding.money_choices import LineKind


class BudgetLine(models.Model):
    """What part of an award pays for one kind of cost, and how much of it was spent."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="lines")
    kind = models.CharField(_("what it pays for"), max_length=16, choices=LineKind.choices)
    amount = money(_("amount"))
    spent = money(_("spent"), default=NOTHING)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    units = models.PositiveIntegerField(_("how many"), null=True, blank=True)

    objects = OfAwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a budget")
        verbose_name_plural = _("lines of budgets")
        default_permissions = ()
        ordering = ["award_id", "id"]
        constraints = [
            in_choices("kind", LineKind.values, model="budgetline"),
            models.UniqueConstraint(
                fields=["award", "kind"],
                name="budgetline_once_each_kind",
                violation_error_message=_("This line is there already."),
            ),
            models.CheckConstraint(
                name="budgetline_spent_within_its_amount",
                condition=Q(spent__gte=0) & Q(spent__lte=F("amount")),
                violation_error_message=_("More was spent than the line has."),
            ),
            models.CheckConstraint(
                name="budgetline_unit_is_counted",
                condition=Q(unit="", units__isnull=True) | (~Q(unit="") & Q(units__gt=0)),
                violation_error_message=_("Give the unit and how many of it, or neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def left(self) -> Decimal:
        return self.amount - self.spent

    @property
    def unit_cost(self) -> Decimal | None:
        """What one unit costs, to the cent; None where nothing is counted."""
        if not self.units:
            return None
        return (self.amount / self.units).quantize(Decimal("0.01"), ROUND_HALF_UP)


class Spending(models.Model):
    """What the recipient states to have spent on a line since it last said so.

    A correction is a row of its own and may be negative.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    line = models.ForeignKey(BudgetLine, models.PROTECT, related_name="spendings")
    amount = money(_("amount"))
    as_of_on = models.DateField(_("as of"))
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("spending")
        verbose_name_plural = _("spending")
        default_permissions = ()
        ordering = ["line_id", "id"]
        constraints = [
            models.CheckConstraint(name="spending_changes_something", condition=~Q(amount=0))
        ]

    def __str__(self) -> str:
        return f"spending {self.uuid}"
