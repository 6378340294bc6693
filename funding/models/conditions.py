"""Conditions of grants: what a clause restricts, and what its recipient says against it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices
from common.marks import Actor, Permission
from funding.models.awards import Award
from funding.terms_choices import (
    HOLDS,
    RESTRICTIVE,
    ConditionKind,
    ConditionOrigin,
    ConditionState,
    ContestAnswer,
    DataAsked,
    TermsEventKind,
)
from partners.models import Organisation

S = ConditionState


def between_the_parties(actor: Actor, *, outer: str = "award_id") -> Exists:
    """The award is one that the organisation acted for gives or receives, and may see.

    Who oversees funding sees awards, and of their terms only figures.
    """
    ours = Q(recipient_id=actor.organisation_id) | Q(funder_id=actor.organisation_id)
    return Exists(Award.objects.visible_to(actor).filter(ours, pk=OuterRef(outer)))


class TermsQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows about the terms of an award, for its two parties."""

    path = "award_id"

    def visible_to(self, actor: Actor) -> "TermsQuerySet":
        """Those of awards one's own organisation gives or receives."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        return self.filter(between_the_parties(actor, outer=self.path))


class ConditionQuerySet(TermsQuerySet):
    def restrictive(self) -> "ConditionQuerySet":
        return self.filter(kind__in=RESTRICTIVE)

    def holding(self) -> "ConditionQuerySet":
        return self.filter(state__in=HOLDS)


class Condition(models.Model):
    """A clause that a grant comes with: what it says, what it restricts, and whether it stands."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice makes one row."))
    award = models.ForeignKey(Award, models.PROTECT, related_name="conditions")
    kind = models.CharField(_("what it restricts"), max_length=16, choices=ConditionKind.choices)
    words = models.TextField(_("what the clause says"), max_length=4000)
    where = models.CharField(_("where it stands"), max_length=60, blank=True)
    data = models.CharField(_("which data"), max_length=10, choices=DataAsked.choices, blank=True)
    origin = models.CharField(max_length=10, choices=ConditionOrigin.choices)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    state = models.CharField(max_length=10, choices=S.choices, default=S.STANDS)
    version = models.PositiveIntegerField(default=1)
    contested_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("condition of a grant")
        verbose_name_plural = _("conditions of grants")
        default_permissions = ()
        indexes = [models.Index(fields=["state", "-entered_at", "-id"], name="condition_by_state")]
        constraints = [
            in_choices("state", S.values, model="condition"),
            in_choices("kind", ConditionKind.values, model="condition"),
            models.CheckConstraint(
                name="condition_says_something",
                condition=~Q(words=""),
                violation_error_message=_("Write what the clause says."),
            ),
            models.CheckConstraint(
                name="condition_on_data_says_which",
                condition=(Q(kind=ConditionKind.DATA) & ~Q(data=""))
                | (~Q(kind=ConditionKind.DATA) & Q(data="")),
                violation_error_message=_("Say which data the clause is about."),
            ),
            models.CheckConstraint(
                name="condition_of_a_funder_asks_for_no_case_data",
                condition=~Q(data=DataAsked.CASES) | Q(origin=ConditionOrigin.RECIPIENT),
                violation_error_message=_("A funder cannot ask for data about the people helped."),
            ),
            models.CheckConstraint(
                name="condition_withdrawn_on_a_day",
                condition=Q(state=S.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=S.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"condition {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:condition", args=[self.uuid])

    @property
    def asks_for_cases(self) -> bool:
        """Whether it demands what no funder may have; it then binds nobody."""
        return self.data == DataAsked.CASES


class ContestQuerySet(TermsQuerySet):
    path = "condition__award_id"

    def waiting(self) -> "ContestQuerySet":
        return self.filter(answer="")


class Contest(models.Model):
    """Why a recipient will not have a clause, the text it is about, and what the funder said."""

    condition = models.ForeignKey(Condition, models.PROTECT, related_name="contests")
    words_then = models.TextField(max_length=4000)
    reason = models.TextField(_("why it should not stand"), max_length=4000)
    contested_at = models.DateTimeField()
    contested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answer = models.CharField(max_length=10, choices=ContestAnswer.choices, blank=True)
    answer_words = models.TextField(_("the funder’s reasons"), max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ContestQuerySet.as_manager()

    class Meta:
        verbose_name = _("contest of a condition")
        verbose_name_plural = _("contests of conditions")
        default_permissions = ()
        ordering = ["-contested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["condition"],
                condition=Q(answer=""),
                name="contest_one_at_a_time",
                violation_error_message=_("This clause is contested already."),
            ),
            both_or_neither("answered_at", "answered_by", model="contest"),
            models.CheckConstraint(
                name="contest_answered_on_a_day",
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="contest_answered_after_it_began",
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=F("contested_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"contest {self.pk}"


class TermsEvent(models.Model):
    """One line of the past of a condition or a report, shown as its timeline and never edited."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="terms_events")
    condition = models.ForeignKey(
        Condition, models.PROTECT, null=True, blank=True, related_name="events"
    )
    report = models.ForeignKey(
        "funding.GrantReport", models.PROTECT, null=True, blank=True, related_name="events"
    )
    kind = models.CharField(max_length=24, choices=TermsEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=10, blank=True)
    new_state = models.CharField(max_length=10, blank=True)

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a grant’s terms")
        verbose_name_plural = _("events of grants’ terms")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["award", "-at", "-id"], name="termsevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
