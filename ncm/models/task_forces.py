"""Bodies of the national co-ordination, so far those that a report can be addressed to."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.marks import Actor
from partners.models import Area


class TaskForceQuerySet(models.QuerySet["TaskForce"]):
    def visible_to(self, actor: Actor) -> "TaskForceQuerySet":
        """All of them: which bodies there are is known to every member."""
        return self if actor.system or actor.permissions else self.none()


class TaskForce(models.Model):
    """Organisations that work together on one matter or area; reports are addressed to them."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="task_forces",
        verbose_name=_("area"),
        help_text=_("Empty for the whole country."),
    )

    objects = TaskForceQuerySet.as_manager()

    class Meta:
        verbose_name = _("task force")
        verbose_name_plural = _("task forces")
        ordering = ["name"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="task_force_has_a_name",
                condition=~models.Q(name=""),
                violation_error_message=_("A task force has a name."),
            )
        ]

    def __str__(self) -> str:
        return self.name
