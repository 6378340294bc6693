"""What organisations say about themselves, once a year and if they want to: income, and needs.

Nothing here is imported by what decides on money, and nothing leads here from an organisation: the
keys point away from it and have no way back (`tests/config/test_survival_apart.py` holds it). Rows
are sealed with a key of the organisation's own; only its managers read them. Everybody else sees
`RoundFigure`, written once when the round closes (ADR 0028).
"""

import json
import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from common.marks import Actor, Permission
from common.sealing import SealedText, WrappedKeyField
from funding.survival_choices import Bound, RoundKind, RoundState, SurvivalEventKind
from partners.models import Organisation

S = RoundState


class SurveyRoundQuerySet(models.QuerySet["SurveyRound"]):
    def visible_to(self, actor: Actor) -> "SurveyRoundQuerySet":
        """Whoever sees calls and awards sees which rounds there are; nobody's answers."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        return self

    def open_on(self, today: Any) -> "SurveyRoundQuerySet":
        return self.filter(state=S.OPEN, closes_on__gte=today)


class SurveyRound(models.Model):
    """The co-ordination asks every civil society organisation the same, until a day set before."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, help_text=_("A form sent twice opens one round."))
    kind = models.CharField(_("what is asked"), max_length=8, choices=RoundKind.choices)
    year = models.PositiveSmallIntegerField(_("year"))
    questions = models.JSONField(
        default=list, blank=True, help_text=_("[code, version] of each question as it is asked.")
    )
    opens_on = models.DateField(_("opens on"))
    closes_on = models.DateField(_("last day"))
    is_synthetic = models.BooleanField(
        default=False, help_text=_("Invented answers, to show what the figures look like.")
    )
    state = models.CharField(max_length=8, choices=S.choices, default=S.OPEN)
    invited = models.PositiveIntegerField(help_text=_("Organisations asked, when it opened."))
    answered = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Organisations that sent answers; empty if too few.")
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = SurveyRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round of questions")
        verbose_name_plural = _("rounds of questions")
        default_permissions = ()
        ordering = ["-year", "kind", "id"]
        indexes = [models.Index(fields=["state", "closes_on"], name="surveyround_by_end")]
        constraints = [
            in_choices("kind", RoundKind.values, model="surveyround"),
            in_choices("state", S.values, model="surveyround"),
            models.UniqueConstraint(
                fields=["kind", "year", "is_synthetic"],
                name="surveyround_once_a_year",
                violation_error_message=_("This has been asked for that year already."),
            ),
            models.CheckConstraint(
                name="surveyround_closes_after_it_opens",
                condition=Q(closes_on__gt=F("opens_on")),
                violation_error_message=_("The last day lies after the first."),
            ),
            required_in_state([S.CLOSED], "closed_at", model="surveyround", fact="closed_one_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:round", args=[self.uuid])


class RoundFigure(models.Model):
    """A figure of a closed round as everybody sees it; written once and never computed again."""

    round = models.ForeignKey(SurveyRound, models.PROTECT, related_name="figures")
    code = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(
        default=0, help_text=_("Of the question's wording; 0 where nothing was worded.")
    )
    bound = models.CharField(max_length=12, choices=Bound.choices)
    base = models.PositiveIntegerField(null=True, blank=True)
    share = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("In per cent."))

    class Meta:
        verbose_name = _("figure of a round")
        verbose_name_plural = _("figures of rounds")
        default_permissions = ()
        ordering = ["round_id", "id"]
        constraints = [
            in_choices("bound", Bound.values, model="roundfigure"),
            models.UniqueConstraint(fields=["round", "code"], name="roundfigure_once"),
            models.CheckConstraint(
                name="roundfigure_withheld_says_nothing",
                condition=~Q(bound=Bound.WITHHELD) | Q(base__isnull=True, share__isnull=True),
            ),
            models.CheckConstraint(
                name="roundfigure_share_is_of_five_or_more",
                condition=Q(share__isnull=True) | Q(base__gte=5, share__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return self.code


# --- sealed to the organisation -------------------------------------------------------------------


class SealedToOneselfQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "SealedToOneselfQuerySet":
        """The own organisation's, for whoever answers for it. No system actor, no other role."""
        if (
            actor.user_id is None
            or actor.organisation_id is None
            or Permission.FUNDING_APPLY not in actor.permissions
        ):
            return self.none()
        return self.filter(key__organisation_id=actor.organisation_id)


class DeclarationKey(models.Model):
    """What seals an organisation's own declarations; without it they are gone."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="+")
    data_key = WrappedKeyField(_("data key"), editable=False)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("key of declarations")
        verbose_name_plural = _("keys of declarations")
        default_permissions = ()

    def __str__(self) -> str:
        return f"declaration key {self.pk}"


class SealedAnswer(models.Model):
    """Answers of one organisation in one round: written by steps, counted only once sent."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    round = models.ForeignKey(SurveyRound, models.PROTECT, related_name="+")
    key = models.ForeignKey(DeclarationKey, models.PROTECT, related_name="+")
    content_ct = models.BinaryField()
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = SealedToOneselfQuerySet.as_manager()
    content: Any

    class Meta:
        abstract = True

    @property
    def answers(self) -> dict[str, Any]:
        """What was answered, opened now. Raises Erased, KeyMissing, SealBroken."""
        return dict(json.loads(self.content)) if self.content_ct else {}

    def seal(self, answers: dict[str, Any]) -> None:
        """Put these answers in place of what stood there."""
        self.content = json.dumps(answers, sort_keys=True)


class IncomeDeclaration(SealedAnswer):
    """What an organisation lived on in a year, by class of donor."""

    content = SealedText("funding.income", key_holder="key")

    class Meta:
        verbose_name = _("declaration of income")
        verbose_name_plural = _("declarations of income")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["round", "key"],
                name="incomedeclaration_once",
                violation_error_message=_("Your organisation has answered already."),
            )
        ]

    def __str__(self) -> str:
        return f"declaration {self.uuid}"

    @property
    def amounts(self) -> dict[str, Decimal]:
        """By donor class."""
        return {code: Decimal(text) for code, text in self.answers.get("amounts", {}).items()}


class NeedsAnswer(SealedAnswer):
    """What an organisation answered in the survey on needs: each question by itself, or not."""

    content = SealedText("funding.needs", key_holder="key")

    class Meta:
        verbose_name = _("answer on needs")
        verbose_name_plural = _("answers on needs")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["round", "key"],
                name="needsanswer_once",
                violation_error_message=_("Your organisation has answered already."),
            )
        ]

    def __str__(self) -> str:
        return f"answer {self.uuid}"


# --- what happened --------------------------------------------------------------------------------


class SurvivalEventQuerySet(models.QuerySet["SurvivalEvent"]):
    def visible_to(self, actor: Actor) -> "SurvivalEventQuerySet":
        """Of one's own organisation, for its managers; what the co-ordination did, for all."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        rule = Q(kind__in=[SurvivalEventKind.OPENED, SurvivalEventKind.CLOSED])
        if Permission.FUNDING_APPLY in actor.permissions:
            rule |= Q(by_organisation_id=actor.organisation_id)
        return self.filter(rule)


class SurvivalEvent(models.Model):
    """One line of the past of a round, a declaration, a figure on staff or a programme."""

    kind = models.CharField(max_length=20, choices=SurvivalEventKind.choices)
    round = models.ForeignKey(SurveyRound, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")

    objects = SurvivalEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event about survival")
        verbose_name_plural = _("events about survival")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
