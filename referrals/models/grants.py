"""Grants on referrals. Rows are written by `partners/grants.py` alone; the group rows are the
index of every inbox (design §5.3), so they repeat what a list is sorted and filtered by."""

from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Q
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from partners.models import GrantBasis
from referrals.choices import State
from referrals.models.referral import Referral


class ReferralGrantBasis(GrantBasis):
    allowed = frozenset({"see", "work", "identity"})
    subject = models.ForeignKey(Referral, models.CASCADE, related_name="grant_bases")

    class Meta(GrantBasis.Meta):
        pass


class ReferralGroupGrant(GroupObjectPermissionBase):
    # No index of their own: those below begin with the group, and by the permission alone nothing
    # is asked for. Where there is one of the group alone, a planner that takes the group for small
    # reads the whole of it for each case it looks up.
    group = models.ForeignKey(Group, models.CASCADE, db_index=False)
    permission = models.ForeignKey(Permission, models.CASCADE, db_index=False)
    content_object = models.ForeignKey(Referral, models.CASCADE, related_name="group_grants")
    until_at = models.DateTimeField(null=True, blank=True)
    #: Received, or begun while it is a draft; fixed once sent.
    sort_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=State.choices)
    #: The earliest open deadline of this group.
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["group", "permission", "-sort_at", "-content_object"],
                name="referral_inbox",
            ),
            models.Index(
                fields=["group", "permission", "status", "-sort_at", "-content_object"],
                name="referral_inbox_by_status",
            ),
            models.Index(
                fields=["group", "permission", "due_at", "content_object"],
                name="referral_inbox_by_due",
                condition=Q(due_at__isnull=False),
            ),
        ]


class ReferralUserGrant(UserObjectPermissionBase):
    content_object = models.ForeignKey(Referral, models.CASCADE, related_name="user_grants")
    until_at = models.DateTimeField(null=True, blank=True)
    sort_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=State.choices)

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()
