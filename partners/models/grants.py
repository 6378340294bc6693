"""Grants on direct foreign keys (guardian's bases), and the reasons they stand on.

Rows here are written by `partners/grants.py` alone. The basis is the truth; the guardian row exists
while a live basis does.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from partners.choices import GrantReason
from partners.deed_choices import PartyReason
from partners.models.agreements import Agreement
from partners.models.contact import PointOfContact
from partners.models.locations import Location
from partners.models.organisation import Organisation


class GrantBasis(models.Model):
    """Why a group or a person may do something with one row, from when and until when."""

    #: The permissions that may be granted on the subject.
    allowed: ClassVar[frozenset[str]] = frozenset()

    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    permission = models.CharField(max_length=20)
    reason = models.CharField(max_length=24, choices=GrantReason.choices)
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True
        default_permissions = ()
        indexes = [
            # The sweep's: what has run out and was not ended yet.
            models.Index(
                fields=["until_at"],
                name="%(class)s_ends",
                condition=Q(ended_at__isnull=True, until_at__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_to_a_group_or_a_user",
                condition=Q(group__isnull=False, user__isnull=True)
                | Q(group__isnull=True, user__isnull=False),
                violation_error_message=_("A grant goes to one group or to one person."),
            ),
            models.CheckConstraint(
                name="%(class)s_ends_after_it_begins",
                condition=Q(until_at__isnull=True) | Q(until_at__gt=F("since_at")),
                violation_error_message=_("A grant cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission} because {self.reason}"


class OrganisationGroupGrant(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Organisation, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class OrganisationUserGrant(UserObjectPermissionBase):
    content_object = models.ForeignKey(Organisation, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()


class OrganisationGrantBasis(GrantBasis):
    allowed = frozenset({"see", "edit"})
    subject = models.ForeignKey(Organisation, models.CASCADE, related_name="grant_bases")

    class Meta(GrantBasis.Meta):
        pass


class PointOfContactGroupGrant(GroupObjectPermissionBase):
    content_object = models.ForeignKey(PointOfContact, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class PointOfContactUserGrant(UserObjectPermissionBase):
    content_object = models.ForeignKey(PointOfContact, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()


class PointOfContactGrantBasis(GrantBasis):
    allowed = frozenset({"see", "edit"})
    subject = models.ForeignKey(PointOfContact, models.CASCADE, related_name="grant_bases")

    class Meta(GrantBasis.Meta):
        pass


class AgreementGroupGrant(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Agreement, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class AgreementUserGrant(UserObjectPermissionBase):
    content_object = models.ForeignKey(Agreement, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()


class AgreementGrantBasis(GrantBasis):
    allowed = frozenset({"see", "edit"})
    subject = models.ForeignKey(Agreement, models.CASCADE, related_name="grant_bases")
    reason = models.CharField(max_length=24, choices=PartyReason.choices)

    class Meta(GrantBasis.Meta):
        pass


class LocationGroupGrant(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Location, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class LocationUserGrant(UserObjectPermissionBase):
    content_object = models.ForeignKey(Location, models.CASCADE)
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()


class LocationGrantBasis(GrantBasis):
    allowed = frozenset({"see", "edit"})
    subject = models.ForeignKey(Location, models.CASCADE, related_name="grant_bases")

    class Meta(GrantBasis.Meta):
        pass
