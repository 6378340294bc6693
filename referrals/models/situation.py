"""Circumstances that several referrals share."""

import uuid

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from common.fields import CodesField
from common.marks import Actor
from partners.models import Area, Organisation
from referrals.choices import Exploitation, PlaceOfExploitation


class SituationQuerySet(models.QuerySet["Situation"]):
    def visible_to(self, actor: Actor) -> "SituationQuerySet":
        """Those of one's own organisation in which there is a referral one sees."""
        from referrals.models.referral import Referral

        if actor.system:
            return self
        seen = Referral.objects.visible_to(actor).filter(situation=OuterRef("pk"))
        return self.filter(Exists(seen), kept_by=actor.organisation_id)


class Situation(models.Model):
    """Circumstances that several referrals share, such as one raid: codes, never words or contacts.

    Seeing one of the referrals gives no sight of another; the situation names none of them.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    region = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("region")
    )
    place = models.CharField(
        _("where it took place"), max_length=8, choices=PlaceOfExploitation.choices, blank=True
    )
    exploitation = CodesField(_("forms of exploitation"), codes=Exploitation.values, max_length=240)
    found_on = models.DateField(_("found on"), null=True, blank=True)
    created_at = models.DateTimeField()

    objects = SituationQuerySet.as_manager()

    class Meta:
        verbose_name = _("situation")
        verbose_name_plural = _("situations")
        default_permissions = ()

    def __str__(self) -> str:
        return f"situation {self.uuid}"
