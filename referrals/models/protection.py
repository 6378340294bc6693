"""What closes a case beyond its grants: restriction to named people, and who is kept out of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, one_of
from common.sealing import SealedText
from partners.models import Organisation
from referrals.models.referral import Referral, kept_out, live_at


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    def standing(self) -> "RestrictionQuerySet":
        return self.filter(lifted_at=None)

    def to_be_named_by(self, actor: Any) -> "RestrictionQuerySet":
        """Standing ones in which the organisation acted for has a part, none of which the actor is
        kept out of. Whether it is the actor who names there says `closing.namers`."""
        from referrals.models.grants import ReferralGrantBasis

        if actor.user_id is None or actor.organisation_id is None:
            return self.none()
        parts = ReferralGrantBasis.objects.filter(
            live_at(actor.at),
            subject=OuterRef("referral"),
            ended_at=None,
            group__role_group__organisation=actor.organisation_id,
        )
        return self.standing().filter(Exists(parts), ~kept_out(actor, "referral"))


class Restriction(models.Model):
    """From now on only people named one by one may see this case.

    One person restricts at once; lifting takes two. Who is named stands in the grant bases. The
    reference is repeated here for those who name people and may not open the case.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=16, editable=False)
    case_uuid = models.UUIDField(editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="restrictions")
    since_at = models.DateTimeField()
    restricted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason_ct = models.BinaryField(null=True)
    reason = SealedText("restriction.reason", key_holder="referral.person")
    lift_asked_at = models.DateTimeField(null=True, blank=True)
    lift_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["referral"],
                condition=Q(lifted_at__isnull=True),
                name="restriction_one_at_a_time",
                violation_error_message=_("This case is restricted already."),
            ),
            both_or_neither("lift_asked_at", "lift_asked_by"),
            both_or_neither("lifted_at", "lifted_by"),
            models.CheckConstraint(
                name="restriction_lifted_by_two",
                condition=Q(lifted_by__isnull=True)
                | Q(lift_asked_by__isnull=False) & ~Q(lifted_by=F("lift_asked_by")),
                violation_error_message=_("Two people lift a restriction: one asks, one agrees."),
            ),
        ]

    def __str__(self) -> str:
        return f"restriction of {self.referral_id}"


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def standing(self) -> "ExclusionQuerySet":
        return self.filter(ended_at=None)


class Exclusion(models.Model):
    """A person, or everybody of an organisation, must not learn of this case, whatever they hold.

    Why is for whoever keeps the working file alone.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="exclusions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    since_at = models.DateTimeField()
    excluded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason_ct = models.BinaryField(null=True)
    reason = SealedText("exclusion.reason", key_holder="referral.person")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        default_permissions = ()
        indexes = [
            # Asked with every read of a case: few rows stand, and these find them.
            models.Index(
                fields=["user", "referral"],
                name="exclusion_of_a_user",
                condition=Q(ended_at__isnull=True, user__isnull=False),
            ),
            models.Index(
                fields=["organisation", "referral"],
                name="exclusion_of_an_organisation",
                condition=Q(ended_at__isnull=True, organisation__isnull=False),
            ),
        ]
        constraints = [
            one_of("user", "organisation"),
            both_or_neither("ended_at", "ended_by"),
            models.UniqueConstraint(
                fields=["referral", "user"],
                condition=Q(ended_at__isnull=True, user__isnull=False),
                name="exclusion_once_per_user",
                violation_error_message=_("This person is kept out already."),
            ),
            models.UniqueConstraint(
                fields=["referral", "organisation"],
                condition=Q(ended_at__isnull=True, organisation__isnull=False),
                name="exclusion_once_per_organisation",
                violation_error_message=_("This organisation is kept out already."),
            ),
        ]

    def __str__(self) -> str:
        return f"exclusion {self.uuid}"
