"""Decisions on identification, and what leads to them: opinion, proposal, votes, seats."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither
from common.marks import Actor, Permission
from common.sealing import SealedText
from partners.models import Organisation
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
    decided_for = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    person_asked = models.BooleanField(
        default=False, help_text=_("The person asked for a decision before the period was over.")
    )
    reasons_ct = models.BinaryField(null=True)
    reasons = SealedText("decision.reasons", key_holder="referral.person")
    opinion_answer_ct = models.BinaryField(null=True)
    opinion_answer = SealedText("decision.opinion_answer", key_holder="referral.person")

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
            models.CheckConstraint(
                name="decision_made_here_has_a_person",
                condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                violation_error_message=_("A decision is made by a person at a moment."),
            ),
            models.CheckConstraint(
                name="decision_negative_gives_reasons",
                condition=Q(outcome=Outcome.POSITIVE)
                | Q(decided_at__isnull=True)
                | Q(reasons_ct__isnull=False),
                violation_error_message=_("A negative decision gives its reasons."),
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class Opinion(models.Model):
    """What an organisation of civil society, or whoever referred, thinks before a decision."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="opinions")
    stage = models.CharField(max_length=12, choices=StageCode.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    text_ct = models.BinaryField()
    text = SealedText("opinion.text", key_holder="referral.person")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")
        default_permissions = ()
        ordering = ["given_at", "id"]

    def __str__(self) -> str:
        return f"opinion {self.uuid}"


class NegativeProposal(models.Model):
    """A first officer's proposal to decide negatively; a second one decides, or does not."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="proposals")
    stage = models.CharField(max_length=12, choices=StageCode.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reasons_ct = models.BinaryField()
    reasons = SealedText("proposal.reasons", key_holder="referral.person")
    opinion_answer_ct = models.BinaryField(null=True)
    opinion_answer = SealedText("proposal.opinion_answer", key_holder="referral.person")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "stage"],
                condition=Q(closed_at__isnull=True),
                name="negativeproposal_one_open",
                violation_error_message=_("A proposal waits for a second person already."),
            ),
            both_or_neither("closed_at", "closed_by", model="negativeproposal"),
        ]

    def __str__(self) -> str:
        return f"proposal {self.uuid}"


class DecisionVote(models.Model):
    """How one organisation of a joint authority or a panel voted at one stage."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="votes")
    stage = models.CharField(max_length=12, choices=StageCode.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reasons_ct = models.BinaryField(null=True)
    reasons = SealedText("vote.reasons", key_holder="referral.person")
    voted_at = models.DateTimeField()
    voted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        default_permissions = ()
        ordering = ["voted_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "stage", "organisation"], name="decisionvote_one_per_seat"
            )
        ]

    def __str__(self) -> str:
        return f"vote {self.pk}"


class DecidingSeatQuerySet(models.QuerySet["DecidingSeat"]):
    def held(self) -> "DecidingSeatQuerySet":
        return self.filter(ended_at__isnull=True)

    def visible_to(self, actor: Actor) -> "DecidingSeatQuerySet":
        """Who decides is known to whoever knows the registry."""
        if actor.system or Permission.ORGANISATION_SEE in actor.permissions:
            return self
        return self.none()


class DecidingSeat(models.Model):
    """An organisation that decides, or sits among those who do, under a name of the profile."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    authority = models.CharField(max_length=40, help_text=_("The profile's name for the body."))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="deciding_seats")
    since_at = models.DateTimeField()
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    followed_at = models.DateTimeField(
        null=True, help_text=_("When what waits for a decision had followed this seat.")
    )

    objects = DecidingSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("deciding seat")
        verbose_name_plural = _("deciding seats")
        default_permissions = ()
        ordering = ["authority", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "organisation"],
                condition=Q(ended_at__isnull=True),
                name="decidingseat_once_at_a_time",
            ),
            models.CheckConstraint(
                name="decidingseat_ends_after_it_began",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=models.F("since_at")),
                violation_error_message=_("A seat ends after it began."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.authority}: {self.organisation_id}"
