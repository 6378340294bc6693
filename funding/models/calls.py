"""Calls for applications: what a fund has to give, to whom, by which criteria, until when."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.fields import CodesField
from common.marks import Actor, Permission
from funding.call_choices import CallEventKind, CallState
from funding.models.funds import Fund, currency, money
from funding.money_choices import FundingKind
from partners.choices import Capacity, OrganisationKind
from partners.models import Area, Organisation

S = CallState
P = Permission
MOST_WEIGHT = 100


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, actor: Actor) -> "CallQuerySet":
        """Those that were published; drafts for who keeps the fund."""
        if actor.system:
            return self
        if actor.user_id is None or P.FUNDING_SEE not in actor.permissions:
            return self.none()
        rule = Q(opened_at__isnull=False)
        if P.FUNDING_KEEP in actor.permissions:
            rule |= Q(fund__keeper_id=actor.organisation_id)
        return self.filter(rule)

    def taking(self, at: datetime) -> "CallQuerySet":
        """Those that take applications at this moment."""
        return self.filter(state=S.OPEN, closes_at__gt=at)


class Call(models.Model):
    """A fund says what it gives money for and who may apply until when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one draft."))
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="calls")
    kind = models.CharField(_("kind"), max_length=32, choices=FundingKind.choices)
    title = models.CharField(_("title"), max_length=140)
    purpose = models.TextField(_("what the money is for"), max_length=4000)
    is_emergency = models.BooleanField(
        default=False, help_text=_("A short call: one page, offered while an emergency is on.")
    )
    currency = currency()
    amount = money(_("money there is"))
    largest = money(_("at most for one application"), null=True, blank=True)
    eligible_kinds = CodesField(_("kinds that may apply"), codes=OrganisationKind.values)
    eligible_capacities = CodesField(_("capacities of which one is held"), codes=Capacity.values)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    questions_until_at = models.DateTimeField(_("questions until"))
    closes_at = models.DateTimeField(_("closes"))
    decide_by_on = models.DateField(_("result by"))
    reviews_needed = models.PositiveSmallIntegerField(_("reviews of each application"), default=2)
    second_person = models.BooleanField(
        default=True, help_text=_("The result is published by somebody who decided none of it.")
    )

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        default_permissions = ()
        indexes = [
            models.Index(fields=["-closes_at", "-id"], name="call_by_closing"),
            models.Index(fields=["state", "closes_at"], name="call_state_by_closing"),
        ]
        constraints = [
            in_choices("state", S.values, model="call"),
            models.CheckConstraint(
                name="call_amount_is_positive",
                condition=Q(amount__gt=0) & (Q(largest__isnull=True) | Q(largest__gt=0)),
                violation_error_message=_("Money is more than nothing."),
            ),
            models.CheckConstraint(
                name="call_largest_is_within_the_money",
                condition=Q(largest__isnull=True) | Q(largest__lte=F("amount")),
                violation_error_message=_("One application cannot get more than there is."),
            ),
            models.CheckConstraint(
                name="call_questions_end_before_it_closes",
                condition=Q(questions_until_at__lte=F("closes_at")),
                violation_error_message=_("Questions end before the call closes."),
            ),
            models.CheckConstraint(
                name="call_emergency_is_not_scored",
                condition=Q(is_emergency=False) | Q(reviews_needed=0),
            ),
            both_or_neither("opened_at", "opened_by", model="call"),
            both_or_neither("announced_at", "announced_by", model="call"),
            required_in_state(
                [S.OPEN, S.IN_REVIEW, S.DECIDED], "opened_at", model="call", fact="opened"
            ),
            required_in_state([S.DECIDED], "announced_at", model="call", fact="announced"),
        ]

    def __str__(self) -> str:
        return f"call {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:call", args=[self.uuid])

    def takes_applications(self, at: datetime) -> bool:
        """Whether it is open at this moment, whatever the sweep has done."""
        return self.state == S.OPEN and at < self.closes_at


class OfCallQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfCallQuerySet":
        """What belongs to a call is seen by whoever sees the call."""
        if actor.system:
            return self
        seen = Call.objects.filter(pk=OuterRef("call_id")).visible_to(actor)
        return self.filter(Exists(seen))


class Criterion(models.Model):
    """One thing an application is scored by, and how much it counts."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="criteria")
    name = models.CharField(_("criterion"), max_length=120)
    words = models.TextField(_("what reviewers look at"), max_length=1000, blank=True)
    weight = models.PositiveSmallIntegerField(_("weight in per cent"))

    objects = OfCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        default_permissions = ()
        ordering = ["call_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "name"], name="criterion_once"),
            models.CheckConstraint(
                name="criterion_weight_is_a_share",
                condition=Q(weight__gte=1, weight__lte=MOST_WEIGHT),
                violation_error_message=_("A weight is between 1 and 100 per cent."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CallQuestionQuerySet(models.QuerySet["CallQuestion"]):
    def visible_to(self, actor: Actor) -> "CallQuestionQuerySet":
        """Answered ones to all who see the call; before that to who asked and who answers."""
        if actor.system:
            return self
        seen = Call.objects.filter(pk=OuterRef("call_id")).visible_to(actor)
        rule = Q(answered_at__isnull=False) | Q(organisation_id=actor.organisation_id)
        if P.FUNDING_KEEP in actor.permissions:
            rule |= Q(call__fund__keeper_id=actor.organisation_id)
        return self.filter(rule & Q(Exists(seen)))


class CallQuestion(models.Model):
    """Somebody asks what a call means; the answer is for everybody, who asked is for nobody."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    call = models.ForeignKey(Call, models.PROTECT, related_name="questions")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    words = models.TextField(_("question"), max_length=2000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CallQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about a call")
        verbose_name_plural = _("questions about calls")
        default_permissions = ()
        ordering = ["call_id", "asked_at", "id"]
        constraints = [
            both_or_neither("answered_at", "answered_by", model="callquestion"),
            models.CheckConstraint(
                name="callquestion_answer_has_words",
                condition=Q(answered_at__isnull=True) | ~Q(answer=""),
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.uuid}"


class CallEvent(models.Model):
    """One line of a call's past, never edited. Who asked a question stands in none."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=CallEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a call")
        verbose_name_plural = _("events of calls")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["call", "-at", "-id"], name="callevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
