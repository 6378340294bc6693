"""Organisations of the mechanism and what they do in it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import both_or_neither
from common.marks import Actor, Permission
from partners.choices import (
    Capacity,
    CsoClass,
    Level,
    OrganisationKind,
    OrganisationState,
)
from partners.models.area import Area


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, actor: Actor) -> "OrganisationQuerySet":
        """The entries this actor may know of.

        Its own organisation (by grant); with ORGANISATION_SEE, members who are listed; with
        ORGANISATION_REVIEW, every entry that its organisation has sent.
        """
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        rule = Q(granted_to(actor, "see"))
        if Permission.ORGANISATION_SEE in actor.permissions:
            rule |= Q(state=OrganisationState.MEMBER, is_listed=True)
        if Permission.ORGANISATION_REVIEW in actor.permissions:
            # Taken up again after a withdrawal it is its own people's draft until sent anew.
            rule |= Q(applied_at__isnull=False) & ~Q(state=OrganisationState.DRAFT)
        return self.filter(rule)

    def editable_by(self, actor: Actor) -> "OrganisationQuerySet":
        """The entries whose answers this actor may change: by an `edit` grant only."""
        if actor.user_id is None:
            return self.none()
        return self.filter(Q(granted_to(actor, "edit")))

    def members(self) -> "OrganisationQuerySet":
        return self.filter(state=OrganisationState.MEMBER)

    def holding(self, capacity: Capacity | str) -> "OrganisationQuerySet":
        """Organisations that hold the capacity now."""
        held = HeldCapacity.objects.held().filter(organisation=OuterRef("pk"), capacity=capacity)
        return self.filter(Exists(held))


def granted_to(actor: Actor, permission: str) -> Exists:
    """A grant of `permission` on the organisation to one of the actor's groups, by literal ids."""
    from partners.models.grants import OrganisationGroupGrant, OrganisationUserGrant

    live = Q(until_at__isnull=True) | Q(until_at__gt=actor.at)
    by_group = OrganisationGroupGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        group_id__in=actor.role_group_ids,
        permission__codename=f"{permission}_organisation",
    )
    by_user = OrganisationUserGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        user_id=actor.user_id,
        permission__codename=f"{permission}_organisation",
    )
    return Exists(by_group) | Exists(by_user)  # type: ignore[return-value]


class Organisation(models.Model):
    """An NGO, agency or other body that helps, refers, decides, funds or watches."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OrganisationKind.choices)
    cso_class = models.CharField(
        _("kind of civil society actor"),
        max_length=20,
        choices=CsoClass.choices,
        blank=True,
        help_text=_("For civil society only: the six groups of OSCE Paper No. 8, Box 1."),
    )
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, blank=True)
    is_informal = models.BooleanField(
        _("not registered"),
        default=False,
        help_text=_("Informal and survivor-led groups are admitted without registration."),
    )
    registration_number = models.CharField(_("registration number"), max_length=60, blank=True)
    description = models.TextField(_("what the organisation does"), max_length=2000, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("area it works in")
    )
    languages = models.JSONField(
        _("languages spoken"), default=list, blank=True, help_text=_("ISO 639-1 codes.")
    )
    website = models.URLField(_("website"), blank=True)
    email = models.EmailField(_("office e-mail"), blank=True)
    phone = models.CharField(_("office phone"), max_length=40, blank=True)
    postal_address = models.TextField(
        _("postal address"),
        max_length=300,
        blank=True,
        help_text=_("Never the address of a shelter."),
    )
    conduct = models.JSONField(
        _("how it works"),
        default=dict,
        blank=True,
        help_text=_("The due-diligence checklist: item to answer, codes only."),
    )
    conduct_words = models.TextField(_("more on how it works"), max_length=2000, blank=True)
    is_listed = models.BooleanField(
        _("shown to other members"),
        default=True,
        help_text=_("If not, only the organisation itself and the co-ordination see the entry."),
    )

    state = models.CharField(
        max_length=16, choices=OrganisationState.choices, default=OrganisationState.DRAFT
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    member_at = models.DateTimeField(null=True, blank=True)
    member_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    verified_on = models.DateField(
        null=True, blank=True, help_text=_("The day it was last said that the entry is correct.")
    )
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reinstated_at = models.DateTimeField(null=True, blank=True)
    reinstated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    files_until_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("While suspended: how long the organisation reads and exports its own files."),
    )

    history = HistoricalRecords()
    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        default_permissions = ()
        permissions = [
            ("see_organisation", "See the entry"),
            ("edit_organisation", "Change the entry"),
        ]
        indexes = [
            models.Index(
                fields=["name", "id"],
                name="organisation_listed_by_name",
                condition=Q(state=OrganisationState.MEMBER, is_listed=True),
            ),  # the registry page of members
            models.Index(fields=["name", "id"], name="organisation_by_name"),  # co-ordination
            models.Index(fields=["state", "applied_at", "id"], name="organisation_review_queue"),
        ]
        constraints = [
            both_or_neither("applied_at", "applied_by", model="organisation"),
            both_or_neither("member_at", "member_by", model="organisation"),
            both_or_neither("verified_on", "verified_by", model="organisation"),
            models.CheckConstraint(
                name="organisation_sent_when_beyond_draft",
                condition=Q(state__in=[OrganisationState.DRAFT, OrganisationState.WITHDRAWN])
                | Q(applied_at__isnull=False),
                violation_error_message=_("An application must be sent before it is reviewed."),
            ),
            models.CheckConstraint(
                name="organisation_member_was_admitted",
                condition=~Q(state=OrganisationState.MEMBER) | Q(member_at__isnull=False),
                violation_error_message=_("A member must have been admitted by somebody."),
            ),
            models.CheckConstraint(
                name="organisation_suspended_was_a_member",
                condition=~Q(state__in=[OrganisationState.SUSPENDED, OrganisationState.LEFT])
                | Q(member_at__isnull=False),
                violation_error_message=_("Only a member can be suspended or leave."),
            ),
            models.CheckConstraint(
                name="organisation_files_stay_open_while_suspended",
                condition=Q(files_until_at__isnull=True) | Q(state=OrganisationState.SUSPENDED),
                violation_error_message=_("Reading on is for an organisation that is suspended."),
            ),
            models.CheckConstraint(
                name="organisation_class_only_for_civil_society",
                condition=Q(cso_class="") | ~Q(kind=OrganisationKind.STATE_AGENCY),
                violation_error_message=_("A State agency has no class of civil society actor."),
            ),
            models.CheckConstraint(
                name="organisation_state_known",
                condition=Q(state__in=OrganisationState.values),
                violation_error_message=_("This state does not exist."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:organisation", args=[self.uuid])

    @property
    def display_name(self) -> str:
        """The name, or the words shown while a draft has none."""
        return self.name or str(_("Organisation without a name"))

    def held_capacities(self) -> list[str]:
        """Codes of the capacities held now. Uses the prefetched rows where there are any."""
        return sorted(held.capacity for held in self.capacities.all() if held.is_held)


class HeldCapacityQuerySet(models.QuerySet["HeldCapacity"]):
    def held(self) -> "HeldCapacityQuerySet":
        return self.filter(granted_at__isnull=False, ended_at__isnull=True)


class HeldCapacity(models.Model):
    """What an organisation asked to do in the mechanism, and since when it does."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="capacities")
    capacity = models.CharField(_("capacity"), max_length=24, choices=Capacity.choices)
    granted_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HeldCapacityQuerySet.as_manager()

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        ordering = ["organisation_id", "capacity"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "capacity"],
                condition=Q(ended_at__isnull=True),
                name="heldcapacity_once_at_a_time",
            ),
            both_or_neither("granted_at", "granted_by", model="heldcapacity"),
        ]

    def __str__(self) -> str:
        return self.get_capacity_display()

    @property
    def is_held(self) -> bool:
        return self.granted_at is not None and self.ended_at is None


#: The answers an application consists of, in the order of its pages.
APPLICATION_FIELDS: tuple[str, ...] = (
    "name",
    "short_name",
    "kind",
    "cso_class",
    "level",
    "is_informal",
    "registration_number",
    "description",
    "area",
    "languages",
    "email",
    "phone",
    "website",
    "postal_address",
    "is_listed",
    "conduct",
    "conduct_words",
)


def answers(organisation: Organisation) -> dict[str, Any]:
    """The application's answers as plain values, for comparing one version with another."""
    return {
        name: getattr(organisation, f"{name}_id" if name == "area" else name)
        for name in APPLICATION_FIELDS
    }
