"""Local protocols: how a case goes in one area, who signed it, and whom to call in which order."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from common.marks import Actor, Permission
from partners.facility_choices import ProtocolEventKind, ProtocolState
from partners.models.area import Area
from partners.models.contact import PointOfContact
from partners.models.organisation import Organisation

S = ProtocolState


class LocalProtocolQuerySet(models.QuerySet["LocalProtocol"]):
    def visible_to(self, actor: Actor) -> "LocalProtocolQuerySet":
        """What was ever in force, for every member; a draft for its keeper and its signatories."""
        if actor.system:
            return self
        if actor.user_id is None or Permission.AGREEMENT_SEE not in actor.permissions:
            return self.none()
        ours = Q(kept_by_id=actor.organisation_id)
        ours |= Q(pk__in=ProtocolSignatory.objects.filter(
            organisation_id=actor.organisation_id).values("protocol"))  # fmt: skip
        return self.filter(Q(in_force_at__isnull=False) | ours)


class LocalProtocol(models.Model):
    """One version of how organisations of an area work together on a case."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    title = models.CharField(_("title"), max_length=200)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("area"))
    procedure = models.TextField(_("procedure"), max_length=8000)
    number = models.PositiveSmallIntegerField(default=1)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="next_versions"
    )
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="kept_protocols")
    from_on = models.DateField(_("in force from"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    in_force_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    objects = LocalProtocolQuerySet.as_manager()

    class Meta:
        verbose_name = _("local protocol")
        verbose_name_plural = _("local protocols")
        default_permissions = ()
        indexes = [
            models.Index(fields=["title", "id"], name="localprotocol_by_title"),
            models.Index(fields=["state", "until_on"], name="localprotocol_state_by_end"),
        ]
        constraints = [
            in_choices("state", S.values, model="localprotocol"),
            required_in_state(
                [S.IN_FORCE, S.REPLACED, S.ENDED], "from_on", "in_force_at",
                model="localprotocol", fact="begins_one_day",
            ),
            models.CheckConstraint(
                name="localprotocol_ends_after_it_begins",
                condition=Q(until_on__isnull=True)
                | Q(from_on__isnull=True)
                | Q(until_on__gte=F("from_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(replaces__isnull=False) & ~Q(state=S.DROPPED),
                name="localprotocol_one_next_version",
                violation_error_message=_("The next version is being written already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"local protocol {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("partners:protocol", args=[self.uuid])


class ProtocolSignatory(models.Model):
    """An organisation that works by the protocol, who signed for it, and when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    protocol = models.ForeignKey(LocalProtocol, models.PROTECT, related_name="signatories")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="protocols")
    name = models.CharField(_("who signs"), max_length=120)
    post = models.CharField(_("post"), max_length=120, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("signatory")
        verbose_name_plural = _("signatories")
        default_permissions = ()
        ordering = ["protocol_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "organisation"], name="protocolsignatory_once"
            )
        ]

    def __str__(self) -> str:
        return f"signatory {self.uuid}"


class ProtocolStep(models.Model):
    """One step of the chain: whom to call, for what, and within which time."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    protocol = models.ForeignKey(LocalProtocol, models.PROTECT, related_name="steps")
    rank = models.PositiveSmallIntegerField()
    what = models.CharField(_("what is done"), max_length=300)
    within = models.CharField(_("within"), max_length=60, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    contact = models.ForeignKey(
        PointOfContact, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("step of a contact chain")
        verbose_name_plural = _("steps of contact chains")
        default_permissions = ()
        ordering = ["protocol_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "rank"], name="protocolstep_in_order")
        ]

    def __str__(self) -> str:
        return f"step {self.rank} of protocol {self.protocol_id}"


class ProtocolEvent(models.Model):
    """One line of the past of a version, never edited."""

    protocol = models.ForeignKey(LocalProtocol, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=ProtocolEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        verbose_name = _("event of a local protocol")
        verbose_name_plural = _("events of local protocols")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
