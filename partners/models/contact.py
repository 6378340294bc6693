"""Points of contact: whom to call in an organisation, who stands in, and the link by which the
person says that the entry is right."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.constraints import in_choices
from common.marks import Actor, Permission
from partners.choices import ChannelKind, ContactStatus, LinkAnswer, VerifiedHow
from partners.hours import check as check_hours
from partners.models.area import Area
from partners.models.organisation import Organisation, granted_to


class PointOfContactQuerySet(models.QuerySet["PointOfContact"]):
    def visible_to(self, actor: Actor) -> "PointOfContactQuerySet":
        """Those of one's own organisation, and with CONTACT_SEE those of visible ones."""
        if actor.system:
            return self
        if actor.user_id is None:
            return self.none()
        reachable = Organisation.objects.filter(pk=OuterRef("organisation_id"))
        if Permission.CONTACT_SEE in actor.permissions:
            reachable = reachable.visible_to(actor)
        else:
            reachable = reachable.filter(Q(granted_to(actor, "see")))
        return self.filter(Exists(reachable) | contact_granted_to(actor, "see"))

    def primary(self) -> "PointOfContactQuerySet":
        """Posts themselves, without their deputies."""
        return self.filter(deputy_for__isnull=True)


def contact_granted_to(actor: Actor, permission: str) -> Exists:
    """A grant of `permission` on this very entry, by literal group ids or to the user."""
    from partners.models.grants import PointOfContactGroupGrant, PointOfContactUserGrant

    live = Q(until_at__isnull=True) | Q(until_at__gt=actor.at)
    codename = f"{permission}_pointofcontact"
    by_group = PointOfContactGroupGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        group_id__in=actor.role_group_ids,
        permission__codename=codename,
    )
    by_user = PointOfContactUserGrant.objects.filter(
        live,
        content_object=OuterRef("pk"),
        user_id=actor.user_id,
        permission__codename=codename,
    )
    return Exists(by_group) | Exists(by_user)  # type: ignore[return-value]


class PointOfContact(models.Model):
    """The person in an organisation whom others call; need not have an account."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="contacts")
    deputy_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="deputies"
    )
    rank = models.PositiveSmallIntegerField(
        default=0, help_text=_("0 for the post itself; deputies stand in from 1 upwards.")
    )
    person_name = models.CharField(_("name"), max_length=120)
    post = models.CharField(_("post"), max_length=120, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("area covered")
    )
    languages = models.JSONField(_("languages spoken"), default=list, blank=True)
    duties = models.JSONField(
        _("answers for"),
        default=list,
        blank=True,
        help_text=_("Codes of ContactDuty; empty for everything the organisation does."),
    )
    hours = models.CharField(_("hours"), max_length=120, blank=True)
    week = models.JSONField(
        _("days and times"),
        default=list,
        blank=True,
        validators=[check_hours],
        help_text=_("On the country’s clock."),
    )
    key_fingerprint = models.CharField(
        _("fingerprint of the key for encrypted mail"), max_length=80, blank=True
    )
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=ContactStatus.choices,
        default=ContactStatus.ACTIVE,
    )
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    verified_how = models.CharField(max_length=12, choices=VerifiedHow.choices, blank=True)
    verified_channel = models.CharField(
        max_length=20,
        choices=ChannelKind.choices,
        blank=True,
        help_text=_("The channel the co-ordination called on."),
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()
    objects = PointOfContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("point of contact")
        verbose_name_plural = _("points of contact")
        default_permissions = ()
        permissions = [
            ("see_pointofcontact", "See the point of contact"),
            ("edit_pointofcontact", "Change the point of contact"),
        ]
        ordering = ["organisation_id", "rank", "id"]
        constraints = [
            models.CheckConstraint(
                name="pointofcontact_deputies_are_ranked",
                condition=Q(deputy_for__isnull=True, rank=0)
                | Q(deputy_for__isnull=False, rank__gt=0),
                violation_error_message=_("A deputy has a rank of 1 or more."),
            ),
            models.UniqueConstraint(
                fields=["deputy_for", "rank"],
                condition=Q(deputy_for__isnull=False, ended_at__isnull=True),
                name="pointofcontact_one_deputy_per_rank",
                violation_error_message=_("Another deputy already has this rank."),
            ),
            in_choices("verified_how", ["", *VerifiedHow.values], model="pointofcontact"),
            models.CheckConstraint(
                name="pointofcontact_called_on_a_channel",
                condition=Q(verified_how=VerifiedHow.PHONE) & ~Q(verified_channel="")
                | ~Q(verified_how=VerifiedHow.PHONE) & Q(verified_channel=""),
                violation_error_message=_("Say on which channel the person was called."),
            ),
        ]

    def __str__(self) -> str:
        return f"point of contact {self.uuid}"

    def answering(
        self, at: datetime, deputies: "Iterable[PointOfContact] | None" = None
    ) -> "PointOfContact | None":
        """Who is to be called now: the post itself, else the first active deputy, else nobody.

        Uses `deputies`, else the prefetched ones where there are any.
        """
        if self.status == ContactStatus.ACTIVE and not self._ended(at):
            return self
        known = self.deputies.all() if deputies is None else deputies
        standing = sorted(known, key=lambda deputy: deputy.rank)
        return next(
            (d for d in standing if d.status == ContactStatus.ACTIVE and not d._ended(at)), None
        )

    def _ended(self, at: datetime) -> bool:
        return self.ended_at is not None and self.ended_at <= at


class Channel(models.Model):
    """One way to reach a point of contact, in the order in which to try."""

    contact = models.ForeignKey(PointOfContact, models.CASCADE, related_name="channels")
    kind = models.CharField(_("channel"), max_length=20, choices=ChannelKind.choices)
    value = models.CharField(_("number or address"), max_length=160)
    rank = models.PositiveSmallIntegerField(default=1)
    is_for_emergencies = models.BooleanField(
        _("first in an emergency"),
        default=False,
        help_text=_("Shown before the others while an emergency is declared."),
    )

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        default_permissions = ()
        ordering = ["contact_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "rank"], name="channel_one_per_rank")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class ContactLinkQuerySet(models.QuerySet["ContactLink"]):
    def open(self, at: datetime) -> "ContactLinkQuerySet":
        """Links that still work at `at`."""
        return self.unended().filter(expires_at__gt=at, contact__ended_at__isnull=True)

    def unended(self) -> "ContactLinkQuerySet":
        return self.filter(answered_at__isnull=True, ended_at__isnull=True)


class ContactLink(models.Model):
    """A letter to a point of contact: open it, without an account, and say if the entry is right.

    Good for one answer. Kept as a hash only; the address it went to is not kept.
    """

    contact = models.ForeignKey(PointOfContact, models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=12, choices=LinkAnswer.choices, blank=True)
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Replaced by a newer link, or the entry was ended.")
    )

    objects = ContactLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link to an entry")
        verbose_name_plural = _("links to entries")
        default_permissions = ()
        indexes = [models.Index(fields=["contact", "-sent_at"], name="contactlink_by_contact")]
        constraints = [
            models.CheckConstraint(
                name="contactlink_runs_out_later",
                condition=Q(expires_at__gt=F("sent_at")),
                violation_error_message=_("A link runs out after it was sent."),
            ),
            models.CheckConstraint(
                name="contactlink_answered_with_something",
                condition=Q(answered_at__isnull=True, answer="")
                | Q(answered_at__isnull=False, answer__in=LinkAnswer.values),
                violation_error_message=_("An answered link says what was answered."),
            ),
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(answered_at__isnull=True, ended_at__isnull=True),
                name="contactlink_one_at_a_time",
                violation_error_message=_("One link works at a time."),
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"
