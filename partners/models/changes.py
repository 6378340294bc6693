"""Changes of a member's entry that somebody else looks at before they hold."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor, Permission
from partners.choices import ChangeState
from partners.models.organisation import Organisation


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    def visible_to(self, actor: Actor) -> "ChangeRequestQuerySet":
        """Those of one's own organisation for whoever keeps its entry; for reviewers, all."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(pk__in=[])
        if Permission.ORGANISATION_EDIT in actor.permissions:
            rule |= Q(organisation_id=actor.organisation_id)
        if Permission.ORGANISATION_REVIEW in actor.permissions:
            rule = Q()
        return self.filter(rule)

    def open(self) -> "ChangeRequestQuerySet":
        return self.filter(state=ChangeState.OPEN)


class ChangeRequest(models.Model):
    """A member asks to change weighty parts of its entry; until somebody agrees, nothing changes.

    `changes` holds, by answer, the value asked for as `reviews.raw_answers` would have it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="change_requests")
    changes = models.JSONField()
    state = models.CharField(max_length=12, choices=ChangeState.choices, default=ChangeState.OPEN)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.TextField(_("why"), max_length=2000, blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an entry")
        verbose_name_plural = _("changes of entries")
        default_permissions = ()
        indexes = [models.Index(fields=["state", "asked_at", "id"], name="changerequest_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(state=ChangeState.OPEN),
                name="changerequest_one_open",
                violation_error_message=_("A change of this entry waits for review already."),
            ),
            in_choices("state", ChangeState.values, model="changerequest"),
            both_or_neither("decided_at", "decided_by", model="changerequest"),
            required_in_state(
                [ChangeState.AGREED, ChangeState.DECLINED],
                "decided_at",
                model="changerequest",
                fact="decision_is_dated",
            ),
            required_in_state(
                [ChangeState.DECLINED], text=["words"], model="changerequest", fact="says_why_not"
            ),
            models.CheckConstraint(
                name="changerequest_changes_something", condition=~Q(changes={})
            ),
        ]

    def __str__(self) -> str:
        return f"change request {self.uuid}"
