"""What happened to an organisation, and what a reviewer said about each answer."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.marks import Actor
from partners.choices import EventKind, OrganisationState, Verdict
from partners.models.organisation import Organisation


class OrganisationEventQuerySet(models.QuerySet["OrganisationEvent"]):
    def visible_to(self, actor: Actor) -> "OrganisationEventQuerySet":
        """The past of one's own organisation, and for the co-ordination of those it reviews."""
        from common.marks import Permission

        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(organisation_id=actor.organisation_id)
        if Permission.ORGANISATION_REVIEW in actor.permissions:
            sent = Q(organisation__applied_at__isnull=False)
            rule |= sent & ~Q(organisation__state=OrganisationState.DRAFT)
        return self.filter(rule)


class OrganisationEvent(models.Model):
    """One line of an organisation's past, shown as its timeline and never edited."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40, choices=EventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=16, blank=True)
    new_state = models.CharField(max_length=16, blank=True)

    objects = OrganisationEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["organisation", "-at", "-id"], name="event_timeline")]
        constraints = [
            models.CheckConstraint(
                name="organisationevent_return_says_why",
                condition=~Q(kind=EventKind.RETURNED) | ~Q(comment=""),
                violation_error_message=_("Say what the organisation should change."),
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class FieldReview(models.Model):
    """What the co-ordination said about one answer of an application."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="field_reviews")
    field = models.CharField(max_length=40)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    comment = models.CharField(_("question"), max_length=500, blank=True)
    answer_seen = models.CharField(
        max_length=64, help_text=_("Digest of the answer the verdict is about.")
    )
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("review of an answer")
        verbose_name_plural = _("reviews of answers")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "field"], name="fieldreview_one_per_answer"
            ),
            models.CheckConstraint(
                name="fieldreview_question_is_asked",
                condition=~Q(verdict=Verdict.QUESTION) | ~Q(comment=""),
                violation_error_message=_("Write the question the organisation should answer."),
            ),
        ]

    def __str__(self) -> str:
        return self.field
