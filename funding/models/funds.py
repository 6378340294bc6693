"""Funds: money that an organisation keeps to pay civil society with.

`awarded` is the sum of what its awards hold (`Award.held`), written anew in the transaction that
changes one of them, under the fund's lock; never more than the amount.
"""

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices
from common.fields import CodesField
from common.marks import Actor, Permission
from funding.money_choices import FundEventKind, FundingKind, SourceClass
from partners.models import Organisation

NOTHING = Decimal("0.00")
CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("A currency is three capital letters, such as EUR."))


def money(label: Any, **more: Any) -> "models.DecimalField[Decimal | int, Decimal]":
    """A column for an amount of money."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, **more)


def currency() -> "models.CharField[str, str]":
    """A column for a currency: ISO 4217."""
    return models.CharField(_("currency"), max_length=3, validators=[CURRENCY])


class FundQuerySet(models.QuerySet["Fund"]):
    def visible_to(self, actor: Actor) -> "FundQuerySet":
        """One's own organisation's; of others those that were made known by a call or an award."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        rule = Q(published_at__isnull=False)
        if Permission.FUNDING_KEEP in actor.permissions:
            rule |= Q(keeper_id=actor.organisation_id)
        return self.filter(rule)

    def kept_by(self, actor: Actor) -> "FundQuerySet":
        """Those the actor's organisation keeps."""
        return self.visible_to(actor).filter(keeper_id=actor.organisation_id)

    def open(self) -> "FundQuerySet":
        return self.filter(closed_at__isnull=True)


class Fund(models.Model):
    """Money that an organisation has for the work of civil society, for what, and how long."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one fund."))
    name = models.CharField(_("name"), max_length=140)
    purpose = models.TextField(_("what it is for"), max_length=2000, blank=True)
    kinds = CodesField(_("what it pays"), codes=FundingKind.values, max_length=300)
    source_class = models.CharField(
        _("where the money comes from"), max_length=16, choices=SourceClass.choices
    )
    keeper = models.ForeignKey(Organisation, models.PROTECT, related_name="funds")
    currency = currency()
    amount = money(_("amount"))
    awarded = money(_("awarded"), default=NOTHING)
    allows_overhead = models.BooleanField(_("overhead can be paid from it"), default=False)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = FundQuerySet.as_manager()

    class Meta:
        verbose_name = _("fund")
        verbose_name_plural = _("funds")
        default_permissions = ()
        indexes = [models.Index(fields=["keeper", "-until_on", "-id"], name="fund_of_its_keeper")]
        constraints = [
            in_choices("source_class", SourceClass.values, model="fund"),
            models.CheckConstraint(
                name="fund_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="fund_awards_at_most_what_it_has",
                condition=Q(awarded__gte=0) & Q(awarded__lte=F("amount")),
                violation_error_message=_("A fund cannot award more than it has."),
            ),
            models.CheckConstraint(name="fund_is_worth_something", condition=Q(amount__gt=0)),
            both_or_neither("closed_at", "closed_by", model="fund"),
        ]

    def __str__(self) -> str:
        return f"fund {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:fund", args=[self.uuid])

    @property
    def left(self) -> Decimal:
        """What can still be awarded."""
        return self.amount - self.awarded


class FundEvent(models.Model):
    """One line of a fund's past, never edited."""

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=FundEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        verbose_name = _("event of a fund")
        verbose_name_plural = _("events of funds")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
