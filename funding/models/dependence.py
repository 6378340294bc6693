"""What a service stands on: the agreement or award without which it could not go on."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import one_of
from common.marks import Actor, Permission
from partners.models import Agreement, Organisation, ServiceOffer


class ServiceStandingQuerySet(models.QuerySet["ServiceStanding"]):
    def visible_to(self, actor: Actor) -> "ServiceStandingQuerySet":
        """Of one's own services; for who oversees, of the services it sees in the registry."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.FUNDING_SEE not in actor.permissions:
            return self.none()
        rule = Q(offer__organisation_id=actor.organisation_id)
        if Permission.FUNDING_OVERSEE in actor.permissions:
            seen = ServiceOffer.objects.filter(pk=OuterRef("offer_id")).visible_to(actor)
            rule |= Q(Exists(seen))
        return self.filter(rule)


class ServiceStanding(models.Model):
    """A service stands on an agreement or an award: it could not go on if that ended."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    offer = models.ForeignKey(ServiceOffer, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, null=True, blank=True, related_name="+"
    )
    award = models.ForeignKey(
        "funding.Award", models.PROTECT, null=True, blank=True, related_name="+"
    )
    posts = models.DecimalField(
        _("posts paid by it"), max_digits=5, decimal_places=1, null=True, blank=True,
        help_text=_("Full-time posts. The co-ordination sees this number."),
    )  # fmt: skip
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_for = models.ForeignKey(Organisation, models.PROTECT, related_name="+")

    objects = ServiceStandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("what a service stands on")
        verbose_name_plural = _("what services stand on")
        default_permissions = ()
        constraints = [
            one_of("agreement", "award", model="servicestanding"),
            models.UniqueConstraint(
                fields=["offer", "agreement"], name="servicestanding_once_per_agreement"
            ),
            models.UniqueConstraint(
                fields=["offer", "award"], name="servicestanding_once_per_award"
            ),
        ]

    def __str__(self) -> str:
        return f"standing {self.uuid}"
