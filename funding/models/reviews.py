"""Reviewers a fund names, what each declares and scores, and when anybody else may read it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from common.marks import Actor, Permission
from funding.call_choices import MOST_POINTS, REVIEW_IS_OPEN, ReviewState
from funding.models.applications import Application
from funding.models.calls import Call, Criterion, OfCallQuerySet
from partners.models import Organisation

S = ReviewState


class Reviewer(models.Model):
    """A person whom the fund has named to score the applications of a call."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="reviewers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OfCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("reviewer")
        verbose_name_plural = _("reviewers")
        default_permissions = ()
        ordering = ["call_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "user"],
                name="reviewer_once",
                violation_error_message=_("This person reviews the call already."),
            )
        ]

    def __str__(self) -> str:
        return f"reviewer {self.uuid}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, actor: Actor) -> "ReviewQuerySet":
        """A reviewer's own, always; the fund's once every review of the call is in."""
        if actor.system:
            return self
        if actor.user_id is None or actor.organisation_id is None:
            return self.none()
        rule = Q(
            reviewer__user_id=actor.user_id, reviewer__organisation_id=actor.organisation_id
        ) & ~Q(state=S.RELEASED)
        if Permission.FUNDING_KEEP in actor.permissions:
            waiting = Review.objects.filter(
                reviewer__call=OuterRef("reviewer__call"), state__in=REVIEW_IS_OPEN
            )
            of_ours = Q(application__fund__keeper_id=actor.organisation_id)
            rule |= of_ours & ~Q(Exists(waiting))
        return self.filter(rule)

    def own(self, actor: Actor) -> "ReviewQuerySet":
        """Those this person was named for."""
        mine = self.filter(
            reviewer__user_id=actor.user_id, reviewer__organisation_id=actor.organisation_id
        )
        return mine.exclude(state=S.RELEASED)

    def open(self) -> "ReviewQuerySet":
        return self.filter(state__in=REVIEW_IS_OPEN)


class Review(models.Model):
    """What one reviewer says about one application; nobody else reads it until all are in."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="reviews")
    application = models.ForeignKey(Application, models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=12, choices=S.choices, default=S.ASSIGNED)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    conflict = models.TextField(_("conflict of interest"), max_length=1000, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    words = models.TextField(_("in your words"), max_length=4000, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        default_permissions = ()
        ordering = ["reviewer_id", "id"]
        constraints = [
            in_choices("state", S.values, model="review"),
            models.UniqueConstraint(fields=["reviewer", "application"], name="review_once"),
            required_in_state(
                [S.CLEARED, S.SUBMITTED, S.CONFLICT],
                "declared_at", model="review", fact="declared_before_it_is_read",
            ),
            required_in_state([S.SUBMITTED], "submitted_at", model="review", fact="sent_one_day"),
            required_in_state([S.CONFLICT], text=["conflict"], model="review", fact="says_which"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"review {self.uuid}"


class ScoreQuerySet(models.QuerySet["Score"]):
    def visible_to(self, actor: Actor) -> "ScoreQuerySet":
        """Whoever sees the review sees its points."""
        if actor.system:
            return self
        seen = Review.objects.filter(pk=OuterRef("review_id")).visible_to(actor)
        return self.filter(Exists(seen))


class Score(models.Model):
    """Points a reviewer gives an application by one criterion."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField()

    objects = ScoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once"),
            models.CheckConstraint(
                name="score_points_within_the_scale", condition=Q(points__lte=MOST_POINTS)
            ),
        ]

    def __str__(self) -> str:
        return str(self.points)


class ReviewEvent(models.Model):
    """That a reviewer declared, scored or was released: never what they said."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="events")
    act = models.CharField(max_length=24)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    class Meta:
        verbose_name = _("event of a review")
        verbose_name_plural = _("events of reviews")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.act
