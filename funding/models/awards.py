"""Awards: money promised to an organisation, what changes it, and its past.

The sums an award keeps (`budgeted`, `planned`, `paid`, `spent`, `held`) are written anew from its
rows in the transaction that changes one of them (`funding/services/sums.py`), under the award's
lock. What was signed stays in `signed_amount` and `signed_until_on`; `amount` and `until_on` hold
now, after the changes that both sides signed.
"""

import uuid
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import both_or_neither, in_choices, required_in_state
from common.country import current
from common.marks import Actor, Permission
from funding.models.funds import NOTHING, Fund, currency, money
from funding.money_choices import (
    HOLDS_ALL,
    AwardEventKind,
    AwardState,
    ChangeKind,
    ChangeState,
    FundingKind,
    LineKind,
    SourceClass,
)
from partners.models import Agreement, Area, Organisation

S = AwardState
IS_PUBLIC = (S.IN_FORCE, S.ENDED, S.CANCELLED)


class AwardQuerySet(models.QuerySet["Award"]):
    def visible_to(self, actor: Actor) -> "AwardQuerySet":
        """The funder's people see theirs always, the recipient's once it was in force.

        Who oversees funding sees what was ever in force, and what nobody decided in time.
        """
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        rule = Q(funder_id=actor.organisation_id)
        rule |= Q(recipient_id=actor.organisation_id, in_force_at__isnull=False)
        if Permission.FUNDING_OVERSEE in actor.permissions:
            rule |= Q(in_force_at__isnull=False) | Q(moved_up_at__isnull=False)
        return self.filter(rule)

    def ever_in_force(self) -> "AwardQuerySet":
        return self.filter(in_force_at__isnull=False)


class Award(models.Model):
    """Money that a fund promises an organisation for a piece of work: a grant."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one award."))
    reference = models.CharField(_("reference"), max_length=12, unique=True)
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="awards")
    kind = models.CharField(_("what it is for"), max_length=32, choices=FundingKind.choices)
    funder = models.ForeignKey(Organisation, models.PROTECT, related_name="awards_made")
    recipient = models.ForeignKey(Organisation, models.PROTECT, related_name="awards_received")
    title = models.CharField(_("title"), max_length=140)
    purpose = models.TextField(_("what it pays for"), max_length=4000)
    currency = currency()
    amount = money(_("amount"))
    signed_amount = money(_("amount as first agreed"))
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    signed_until_on = models.DateField(_("last day as first agreed"))
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("region"),
        help_text=_("At the level of a region: never the place of a house."),
    )  # fmt: skip
    allows_overhead = models.BooleanField(_("overhead can be paid from it"), default=False)
    call_uuid = models.UUIDField(null=True, blank=True, db_index=True)
    application_uuid = models.UUIDField(null=True, blank=True, unique=True)
    is_direct = models.BooleanField(_("without a call"), default=False)
    justification = models.TextField(_("why without a call"), max_length=4000, blank=True)
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, null=True, blank=True, related_name="awards"
    )

    budgeted = money(_("in lines"), default=NOTHING)
    planned = money(_("in instalments"), default=NOTHING)
    paid = money(_("paid"), default=NOTHING)
    spent = money(_("spent"), default=NOTHING)
    held = money(_("held of the fund"))

    state = models.CharField(max_length=16, choices=S.choices, default=S.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    award_on = models.DateField(_("awarded on"), null=True, blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    awaiting_at = models.DateTimeField(null=True, blank=True)
    moved_up_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    over_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()
    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        default_permissions = ()
        indexes = [
            # The lists of a funder, of a recipient, of everybody, latest first; and the sweep.
            models.Index(fields=["funder", "-proposed_at", "-id"], name="award_of_its_funder"),
            models.Index(fields=["recipient", "-proposed_at", "-id"], name="award_of_recipient"),
            models.Index(fields=["-proposed_at", "-id"], name="award_latest"),
            models.Index(fields=["state", "until_on"], name="award_state_by_end"),
        ]
        constraints = [
            in_choices("state", S.values, model="award"),
            in_choices("kind", FundingKind.values, model="award"),
            models.CheckConstraint(
                name="award_ends_after_it_begins",
                condition=Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.CheckConstraint(
                name="award_is_worth_something",
                condition=Q(amount__gt=0) & Q(signed_amount__gt=0),
                violation_error_message=_("An award is more than nothing."),
            ),
            models.CheckConstraint(
                name="award_to_somebody_else",
                condition=~Q(funder=F("recipient")),
                violation_error_message=_("Nobody awards money to itself."),
            ),
            models.CheckConstraint(
                name="award_lines_within_the_amount",
                condition=Q(budgeted__gte=0) & Q(budgeted__lte=F("amount")),
                violation_error_message=_("The lines come to more than the award."),
            ),
            models.CheckConstraint(
                name="award_lines_make_the_amount_once_decided",
                condition=~Q(state__in=[S.AWAITS_SECOND, S.IN_FORCE, S.ENDED])
                | Q(budgeted=F("amount")),
                violation_error_message=_("The lines do not come to the amount of the award."),
            ),
            models.CheckConstraint(
                name="award_instalments_within_the_amount",
                condition=Q(planned__gte=0) & Q(planned__lte=F("amount")),
                violation_error_message=_("The instalments come to more than the award."),
            ),
            models.CheckConstraint(
                name="award_paid_within_its_instalments",
                condition=Q(paid__gte=0) & Q(paid__lte=F("planned")),
                violation_error_message=_("More was paid than the instalments come to."),
            ),
            models.CheckConstraint(
                name="award_spent_within_its_lines",
                condition=Q(spent__gte=0) & Q(spent__lte=F("budgeted")),
                violation_error_message=_("More was spent than the lines come to."),
            ),
            models.CheckConstraint(
                name="award_holds_what_it_can_still_cost",
                condition=Q(state__in=list(HOLDS_ALL), held=F("amount"))
                | Q(state=S.CANCELLED, held=F("paid"))
                | Q(state=S.REFUSED, held=0),
            ),
            models.CheckConstraint(
                name="award_direct_says_why",
                condition=Q(is_direct=False) | ~Q(justification=""),
                violation_error_message=_("Say why there is no call."),
            ),
            models.CheckConstraint(
                name="award_direct_takes_two_people",
                condition=Q(is_direct=False) | Q(in_force_by=None)
                | ~Q(in_force_by=F("proposed_by")),
                violation_error_message=_("The second person must be somebody else."),
            ),
            required_in_state(
                [S.IN_FORCE, S.ENDED], "in_force_at", "award_on",
                model="award", fact="dated_once_in_force",
            ),
            both_or_neither("in_force_at", "award_on", model="award"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"award {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:award", args=[self.uuid])

    @property
    def is_long_term(self) -> bool:
        """Whether it runs for as many months as this country calls long-term (S1)."""
        months = current().funding.long_term_months
        return self.until_on + timedelta(days=1) >= after_months(self.from_on, months)

    @property
    def to_pay(self) -> Decimal:
        """What was planned and is not paid."""
        return self.planned - self.paid

    @property
    def to_plan(self) -> Decimal:
        """What no instalment pays yet."""
        return self.amount - self.planned


def after_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), following - timedelta(days=1))


class OfAwardQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfAwardQuerySet":
        """What belongs to an award is seen by whoever sees the award."""
        if actor.system:
            return self
        seen = Award.objects.filter(pk=OuterRef("award_id")).visible_to(actor)
        return self.filter(Exists(seen))


class CoFunding(models.Model):
    """What another source pays towards the same work, as the recipient says."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="co_fundings")
    source_class = models.CharField(
        _("where it comes from"), max_length=16, choices=SourceClass.choices
    )
    currency = currency()
    amount = money(_("amount"))
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = OfAwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("co-funding")
        verbose_name_plural = _("co-funding")
        default_permissions = ()
        ordering = ["award_id", "source_class"]
        constraints = [
            in_choices("source_class", SourceClass.values, model="cofunding"),
            models.UniqueConstraint(
                fields=["award", "source_class", "currency"],
                name="cofunding_once_each_source",
                violation_error_message=_("This source is there already."),
            ),
            models.CheckConstraint(name="cofunding_is_positive", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return self.source_class


class AwardChange(models.Model):
    """A change of amount, dates or lines that both sides sign; what was signed first stays."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    award = models.ForeignKey(Award, models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=ChangeKind.choices)
    words = models.TextField(_("why"), max_length=2000)
    difference = money(_("change of the amount"), default=NOTHING)
    new_until_on = models.DateField(_("new last day"), null=True, blank=True)
    state = models.CharField(
        max_length=12, choices=ChangeState.choices, default=ChangeState.PROPOSED
    )
    version = models.PositiveIntegerField(default=1)
    proposed_at = models.DateTimeField()
    proposed_for = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    funder_signed_at = models.DateTimeField(null=True, blank=True)
    funder_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    recipient_signed_at = models.DateTimeField(null=True, blank=True)
    recipient_signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    in_force_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = OfAwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an award")
        verbose_name_plural = _("changes of awards")
        default_permissions = ()
        ordering = ["award_id", "number"]
        constraints = [
            in_choices("state", ChangeState.values, model="awardchange"),
            in_choices("kind", ChangeKind.values, model="awardchange"),
            models.UniqueConstraint(fields=["award", "number"], name="awardchange_numbered"),
            models.UniqueConstraint(
                fields=["award"],
                condition=Q(state=ChangeState.PROPOSED),
                name="awardchange_one_at_a_time",
                violation_error_message=_("Another change waits already."),
            ),
            models.CheckConstraint(
                name="awardchange_reallocation_moves_nothing_else",
                condition=~Q(kind=ChangeKind.REALLOCATION)
                | Q(difference=0, new_until_on__isnull=True),
                violation_error_message=_("A reallocation changes neither amount nor dates."),
            ),
            both_or_neither("funder_signed_at", "funder_signed_by", model="awardchange"),
            both_or_neither("recipient_signed_at", "recipient_signed_by", model="awardchange"),
            required_in_state(
                [ChangeState.IN_FORCE], "funder_signed_at", "recipient_signed_at", "in_force_at",
                model="awardchange", fact="both_sides_signed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"change {self.uuid}"


class ChangedLine(models.Model):
    """By how much a change makes one line of the budget larger or smaller."""

    change = models.ForeignKey(AwardChange, models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=16, choices=LineKind.choices)
    difference = money(_("change"))

    class Meta:
        verbose_name = _("changed line")
        verbose_name_plural = _("changed lines")
        default_permissions = ()
        ordering = ["change_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "kind"], name="changedline_once"),
            models.CheckConstraint(name="changedline_changes", condition=~Q(difference=0)),
        ]

    def __str__(self) -> str:
        return self.kind


class AwardEvent(models.Model):
    """One line of an award's past, shown as its timeline and never edited."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=AwardEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=16, blank=True)
    new_state = models.CharField(max_length=16, blank=True)

    objects = OfAwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an award")
        verbose_name_plural = _("events of awards")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["award", "-at", "-id"], name="awardevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
