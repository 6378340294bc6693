"""Who works for which organisation, and the groups that mirror it for the grants."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.marks import Actor, Permission
from partners.choices import NARROWABLE, Role, Scope
from partners.models.organisation import Organisation


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, at: datetime) -> "MembershipQuerySet":
        """Memberships that hold at the moment `at`."""
        return self.filter(from_at__lte=at).filter(Q(until_at__isnull=True) | Q(until_at__gt=at))

    def visible_to(self, actor: Actor) -> "MembershipQuerySet":
        """Colleagues in the organisation acted for, for whoever manages them; one's own always."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(user_id=actor.user_id)
        if Permission.MEMBERSHIP_MANAGE in actor.permissions:
            rule |= Q(organisation_id=actor.organisation_id)
        return self.filter(rule)


class Team(models.Model):
    """People of one organisation who see the same files of it and no others; may be one person.

    A team is a group of its own, so that its files are found as every other inbox is: by grants.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="teams")
    name = models.CharField(
        _("name"), max_length=80, blank=True, help_text=_("Empty for one person’s own cases.")
    )
    group = models.OneToOneField(Group, models.PROTECT, related_name="team")

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=~Q(name=""),
                name="team_named_once",
                violation_error_message=_("There is a team of this name already."),
            )
        ]

    def __str__(self) -> str:
        return f"team {self.uuid}"


class Membership(models.Model):
    """Somebody works for an organisation, in a role, from one day to another."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    scope = models.CharField(
        _("sees"), max_length=16, choices=Scope.choices, default=Scope.ORGANISATION
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    is_enforcement = models.BooleanField(
        _("law enforcement or immigration control"),
        default=False,
        help_text=_("Such a member never sees support, health, place of stay or contact details."),
    )
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), null=True, blank=True)

    history = HistoricalRecords()
    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        default_permissions = ()
        ordering = ["organisation_id", "user_id", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                condition=Q(until_at__isnull=True),
                name="membership_once_at_a_time",
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                violation_error_message=_("A membership cannot end before it begins."),
            ),
            models.CheckConstraint(
                name="membership_narrow_scope_has_a_team",
                condition=Q(scope=Scope.ORGANISATION, team__isnull=True)
                | Q(scope__in=[Scope.OWN, Scope.TEAM], team__isnull=False, role__in=NARROWABLE),
                violation_error_message=_("Own cases or a team’s are a caseworker’s or officer’s."),
            ),
            models.CheckConstraint(
                name="membership_role_known",
                condition=Q(role__in=Role.values),
                violation_error_message=_("This role does not exist."),
            ),
        ]

    def __str__(self) -> str:
        return f"membership {self.uuid}"


class RoleGroup(models.Model):
    """Everyone with one role in one organisation, as the group that holds their grants."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="role_groups")
    role = models.CharField(max_length=16, choices=Role.choices)
    group = models.OneToOneField(Group, models.PROTECT, related_name="role_group")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organisation", "role"], name="rolegroup_one_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}:{self.role}"
