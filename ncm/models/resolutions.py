"""What is put to the vote, how each seat voted, and what was resolved."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission
from ncm.bodies_choices import Ballot, DecidesBy, Effect, ResolutionState, SeatKind
from ncm.models.agenda import AgendaItem
from ncm.models.bodies import Body, Seat
from ncm.models.meetings import Meeting, OfMeetingQuerySet

P = Permission
S = ResolutionState


class Motion(models.Model):
    """A text put to the vote on an agenda item, and how the vote went."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, editable=False)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="motions")
    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="motions")
    words = models.TextField(_("what is put to the vote"), max_length=4000)
    decided_by = models.CharField(max_length=12, choices=DecidesBy.choices)
    in_favour = models.PositiveSmallIntegerField()
    against = models.PositiveSmallIntegerField()
    abstained = models.PositiveSmallIntegerField()
    is_carried = models.BooleanField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("motion")
        verbose_name_plural = _("motions")
        default_permissions = ()
        ordering = ["meeting_id", "id"]
        constraints = [
            in_choices("decided_by", DecidesBy.values, model="motion"),
            models.CheckConstraint(
                name="motion_carried_is_what_was_counted",
                condition=Q(
                    decided_by=DecidesBy.MAJORITY, is_carried=True, in_favour__gt=F("against")
                )
                | Q(decided_by=DecidesBy.MAJORITY, is_carried=False, in_favour__lte=F("against"))
                | Q(decided_by=DecidesBy.CONSENSUS, is_carried=True, against=0, in_favour__gte=1)
                | Q(decided_by=DecidesBy.CONSENSUS, is_carried=False, against__gte=1)
                | Q(decided_by=DecidesBy.CONSENSUS, is_carried=False, in_favour=0),
                violation_error_message=_("The result is not what the votes say."),
            ),
        ]

    def __str__(self) -> str:
        return f"motion {self.uuid}"


class OfMotionQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfMotionQuerySet":
        """With the motion: who sees the meeting."""
        if actor.system:
            return self
        seen = Motion.objects.filter(pk=OuterRef("motion_id")).visible_to(actor)
        return self.filter(Exists(seen))


class MotionQuorum(models.Model):
    """What a quorum rule asked for when the vote was taken, and how many were present."""

    motion = models.ForeignKey(Motion, models.PROTECT, related_name="quorum")
    seat_kind = models.CharField(max_length=12, choices=SeatKind.choices, blank=True)
    at_least = models.PositiveSmallIntegerField()
    present = models.PositiveSmallIntegerField()

    objects = OfMotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("quorum of a vote")
        verbose_name_plural = _("quorums of votes")
        default_permissions = ()
        ordering = ["motion_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["motion", "seat_kind"], name="motionquorum_once"),
            models.CheckConstraint(
                name="motionquorum_is_met",
                condition=Q(present__gte=F("at_least")),
                violation_error_message=_("No vote without a quorum."),
            ),
        ]

    def __str__(self) -> str:
        return f"quorum {self.pk}"


class Vote(models.Model):
    """How one seat voted on a motion."""

    motion = models.ForeignKey(Motion, models.PROTECT, related_name="votes")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="votes")
    ballot = models.CharField(max_length=12, choices=Ballot.choices)

    objects = OfMotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        default_permissions = ()
        ordering = ["motion_id", "seat_id"]
        constraints = [
            in_choices("ballot", Ballot.values, model="vote"),
            models.UniqueConstraint(fields=["motion", "seat"], name="vote_once"),
        ]

    def __str__(self) -> str:
        return self.get_ballot_display()


class Dissent(models.Model):
    """A seat that was present says, for the minutes, why it does not share a decision."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    motion = models.ForeignKey(Motion, models.PROTECT, related_name="dissents")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="dissents")
    words = models.TextField(_("why"), max_length=2000)
    recorded_at = models.DateTimeField()
    # Whether the secretary wrote it down; who of the seat did stands nowhere.
    by_secretary = models.BooleanField(default=False)

    objects = OfMotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dissent")
        verbose_name_plural = _("dissents")
        default_permissions = ()
        ordering = ["motion_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["motion", "seat"], name="dissent_once"),
            models.CheckConstraint(
                name="dissent_has_words",
                condition=~Q(words=""),
                violation_error_message=_("A dissent says why."),
            ),
        ]

    def __str__(self) -> str:
        return f"dissent {self.uuid}"


class ResolutionQuerySet(models.QuerySet["Resolution"]):
    def visible_to(self, actor: Actor) -> "ResolutionQuerySet":
        """What was resolved is known to every member."""
        return self if actor.system or P.COORDINATION_SEE in actor.permissions else self.none()


class Resolution(models.Model):
    """What a body decided, under a number. It is never rewritten; a later one may replace it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="resolutions")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="resolutions")
    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="resolutions")
    motion = models.OneToOneField(Motion, models.PROTECT, related_name="resolution")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    reference = models.CharField(max_length=24, unique=True)
    title = models.CharField(_("title"), max_length=140)
    words = models.TextField(_("text"), max_length=4000)
    adopted_on = models.DateField()
    earlier = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="later",
        help_text=_("The resolution that this one replaces or repeals."),
    )  # fmt: skip
    effect = models.CharField(max_length=12, choices=Effect.choices, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.IN_FORCE)
    version = models.PositiveIntegerField(default=1)
    adopted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ResolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")
        default_permissions = ()
        indexes = [
            models.Index(fields=["-adopted_on", "-id"], name="resolution_by_day"),
            models.Index(fields=["body", "-adopted_on", "-id"], name="resolution_of_body"),
        ]
        constraints = [
            in_choices("state", S.values, model="resolution"),
            models.UniqueConstraint(
                fields=["body", "year", "number"], name="resolution_numbered_once"
            ),
            models.CheckConstraint(
                name="resolution_effect_with_an_earlier_one",
                condition=Q(earlier__isnull=True, effect="")
                | Q(earlier__isnull=False, effect__in=Effect.values),
            ),
            models.UniqueConstraint(
                fields=["earlier"], name="resolution_ended_once",
                violation_error_message=_("A later resolution has ended this one already."),
            ),
            models.CheckConstraint(
                name="resolution_has_words",
                condition=~Q(words=""),
                violation_error_message=_("A resolution has a text."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:resolution", args=[self.uuid])
