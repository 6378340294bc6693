"""What the country has bound itself to, article by article, and which State body answers for it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.marks import Actor, Permission
from ncm.plan_choices import FourP, ObligationEventKind
from partners.deed_choices import Duty
from partners.models import Organisation


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def visible_to(self, actor: Actor) -> "ObligationQuerySet":
        """Every member sees what the State has bound itself to."""
        if actor.system:
            return self
        known = actor.user_id is not None and Permission.COORDINATION_SEE in actor.permissions
        return self if known else self.none()


class Obligation(models.Model):
    """A duty of the State under an article; whoever carries it out, one State body answers."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    instrument = models.CharField(_("instrument"), max_length=140)
    article = models.CharField(_("article"), max_length=60)
    words = models.CharField(_("what it asks, in short"), max_length=300)
    p = models.CharField(_("P"), max_length=12, choices=FourP.choices)
    accountable = models.ForeignKey(
        Organisation, models.PROTECT, related_name="answers_for", verbose_name=_("accountable")
    )
    duty = models.CharField(
        _("duty that can be delegated"), max_length=20, choices=Duty.choices, blank=True,
        help_text=_("Agreements that delegate it are shown beside. The State stays accountable."),
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        default_permissions = ()
        indexes = [models.Index(fields=["instrument", "article"], name="obligation_by_article")]
        constraints = [
            in_choices("p", FourP.values, model="obligation"),
            models.UniqueConstraint(
                fields=["instrument", "article", "words"],
                name="obligation_once",
                violation_error_message=_("This obligation is in the register already."),
            ),
            models.CheckConstraint(
                name="obligation_has_words",
                condition=~Q(instrument="") & ~Q(article="") & ~Q(words=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument}, {self.article}"


class ObligationEventQuerySet(models.QuerySet["ObligationEvent"]):
    def visible_to(self, actor: Actor) -> "ObligationEventQuerySet":
        """As the obligation."""
        if actor.system:
            return self
        seen = Obligation.objects.filter(pk=OuterRef("obligation_id")).visible_to(actor)
        return self.filter(Exists(seen))


class ObligationEvent(models.Model):
    """One line of the past of an obligation's entry."""

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=ObligationEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = ObligationEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an obligation")
        verbose_name_plural = _("events of obligations")
        default_permissions = ()
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()
