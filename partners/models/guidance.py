"""Guidance for points of contact: versions of a document, for whom it is, and who has read it.

A version that was in force stays readable for ever; what replaced it is a row of its own.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from common.marks import Actor, Permission
from deadlines.files import random_name
from partners.choices import ContactStatus, OrganisationState
from partners.guidance_files import guidance_storage
from partners.learning_choices import GuidanceEventKind, GuidanceState, ReadHow
from partners.models.area import Area
from partners.models.contact import PointOfContact, PointOfContactQuerySet
from partners.models.organisation import HeldCapacity, Organisation

S = GuidanceState


class GuidanceQuerySet(models.QuerySet["Guidance"]):
    def visible_to(self, actor: Actor) -> "GuidanceQuerySet":
        """What was ever in force, for the people of members; a draft for its keeper."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.GUIDANCE_SEE not in actor.permissions:
            return self.none()
        rule = Q(in_force_at__isnull=False)
        if Permission.GUIDANCE_KEEP in actor.permissions:
            rule |= Q(kept_by_id=actor.organisation_id)
        return self.filter(rule)

    def in_force(self) -> "GuidanceQuerySet":
        return self.filter(state=S.IN_FORCE)


class Guidance(models.Model):
    """One version of what points of contact are told to go by."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("what it says, in short"), max_length=2000)
    changes = models.TextField(_("what is new in this version"), max_length=2000, blank=True)
    for_kinds = models.JSONField(
        _("kinds of organisation"), default=list, blank=True,
        help_text=_("Codes of OrganisationKind; empty for all."),
    )  # fmt: skip
    for_capacities = models.JSONField(
        _("what they do"), default=list, blank=True,
        help_text=_("Codes of Capacity; empty for all."),
    )  # fmt: skip
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("area"),
        help_text=_("With everything below it; empty for the whole country."),
    )  # fmt: skip
    number = models.PositiveSmallIntegerField(default=1)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="next_versions"
    )
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="kept_guidance")

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    in_force_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("guidance")
        verbose_name_plural = _("guidance")
        default_permissions = ()
        indexes = [models.Index(fields=["title", "id"], name="guidance_by_title")]
        constraints = [
            in_choices("state", S.values, model="guidance"),
            required_in_state(
                [S.IN_FORCE, S.REPLACED, S.ENDED], "in_force_at", model="guidance",
                fact="in_force_from_a_day",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(replaces__isnull=False) & ~Q(state=S.DROPPED),
                name="guidance_replaced_once",
                violation_error_message=_("The next version is being written already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"guidance {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:guidance-one", args=[self.uuid])

    def readers(self) -> "PointOfContactQuerySet":
        """The points of contact it is for: posts and deputies in office, of members it is for."""
        homes = Organisation.objects.filter(state=OrganisationState.MEMBER, **self._kinds())
        if self.for_capacities:
            held = HeldCapacity.objects.held().filter(
                organisation=OuterRef("pk"), capacity__in=self.for_capacities
            )
            homes = homes.filter(Exists(held))
        posts = PointOfContact.objects.filter(
            status=ContactStatus.ACTIVE, ended_at__isnull=True, organisation__in=homes.values("pk")
        )
        if self.area is not None:
            here = Q(organisation__area__path__startswith=self.area.path)
            here |= Q(area__path__startswith=self.area.path)
            # Whoever works in the whole country works here as well.
            everywhere = Q(organisation__area__isnull=True, area__isnull=True)
            posts = posts.filter(here | everywhere | Q(organisation__area__parent__isnull=True))
        return posts

    def _kinds(self) -> dict[str, Any]:
        return {"kind__in": self.for_kinds} if self.for_kinds else {}

    def unread(self) -> "PointOfContactQuerySet":
        """Of those, whoever has not said that they read it."""
        said = GuidanceReceipt.objects.filter(guidance=self, contact=OuterRef("pk"))
        return self.readers().filter(~Exists(said))


class OfGuidanceQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfGuidanceQuerySet":
        """What belongs to a version is seen by whoever sees the version."""
        if actor.system:
            return self
        seen = Guidance.objects.filter(pk=OuterRef("guidance_id")).visible_to(actor)
        return self.filter(Exists(seen))


class GuidanceFile(models.Model):
    """The document itself, in one language. Nothing about a person."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    guidance = models.ForeignKey(Guidance, models.PROTECT, related_name="files")
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=guidance_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfGuidanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of guidance")
        verbose_name_plural = _("documents of guidance")
        default_permissions = ()
        ordering = ["guidance_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["guidance", "digest"], name="guidancefile_once",
                violation_error_message=_("This document is there already."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"document {self.uuid}"


class GuidanceReceiptQuerySet(models.QuerySet["GuidanceReceipt"]):
    def visible_to(self, actor: Actor) -> "GuidanceReceiptQuerySet":
        """Of one's own organisation's posts; every one, for whoever keeps the guidance."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.GUIDANCE_SEE not in actor.permissions:
            return self.none()
        if Permission.GUIDANCE_KEEP in actor.permissions:
            return self
        return self.filter(contact__organisation_id=actor.organisation_id)


class GuidanceReceipt(models.Model):
    """That a point of contact has read a version of guidance, and how that is known."""

    guidance = models.ForeignKey(Guidance, models.PROTECT, related_name="receipts")
    contact = models.ForeignKey(PointOfContact, models.PROTECT, related_name="guidance_read")
    read_at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=ReadHow.choices)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GuidanceReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt for guidance")
        verbose_name_plural = _("receipts for guidance")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["guidance", "contact"], name="guidancereceipt_once"),
            models.CheckConstraint(
                name="guidancereceipt_link_has_no_account",
                condition=Q(how=ReadHow.LINK, recorded_by__isnull=True)
                | Q(how__in=[ReadHow.SELF, ReadHow.OFFICE], recorded_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"


class GuidanceEvent(models.Model):
    """One line of the past of a version, never edited."""

    guidance = models.ForeignKey(Guidance, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=GuidanceEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        verbose_name = _("event of guidance")
        verbose_name_plural = _("events of guidance")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
