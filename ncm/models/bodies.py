"""Bodies of the national co-ordination, their mandate, who sits on them, and when they can vote."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.fields import CodesField
from common.marks import Actor, Permission
from deadlines.files import random_name
from ncm.bodies_choices import (
    BodyEventKind,
    BodyKind,
    DecidesBy,
    SeatKind,
    SeatRole,
    WorkArea,
)
from ncm.bodies_files import body_storage
from ncm.plan_choices import FourP
from partners.choices import Level
from partners.models import Area, Organisation

P = Permission
LONGEST_NOTICE = 60


class BodyQuerySet(models.QuerySet["Body"]):
    def visible_to(self, actor: Actor) -> "BodyQuerySet":
        """All of them: which bodies there are is known to every member."""
        return self if actor.system or P.COORDINATION_SEE in actor.permissions else self.none()

    def standing(self, day: date) -> "BodyQuerySet":
        """Those that are not dissolved on this day."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day))


class Body(models.Model):
    """Organisations and people that meet on one matter or area and decide together."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, null=True, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    code = models.CharField(
        _("short code"), max_length=12, unique=True,
        help_text=_("Stands in the numbers of its resolutions."),
    )  # fmt: skip
    kind = models.CharField(
        _("kind"), max_length=32, choices=BodyKind.choices, default=BodyKind.TASK_FORCE
    )
    level = models.CharField(max_length=12, choices=Level.choices, default=Level.NATIONAL)
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bodies",
        verbose_name=_("area"),
        help_text=_("Empty for the whole country."),
    )
    kept_by = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+",
        help_text=_("Its secretariat; empty: the co-ordination as a whole."),
    )  # fmt: skip
    mandate = models.TextField(_("mandate"), max_length=4000, blank=True)
    instrument = models.CharField(_("act it rests on"), max_length=200, blank=True)
    areas = CodesField(_("areas it works in"), codes=WorkArea.values, max_length=100)
    papers_days = models.PositiveSmallIntegerField(_("days before for papers"), default=7)
    decides_by = models.CharField(
        max_length=12, choices=DecidesBy.choices, default=DecidesBy.MAJORITY
    )
    since_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        ordering = ["name"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="body_has_a_name",
                condition=~Q(name=""),
                violation_error_message=_("A body has a name."),
            ),
            models.CheckConstraint(
                name="body_code_is_short_and_plain",
                condition=Q(code__regex=r"^[A-Z][A-Z0-9]*$"),
                violation_error_message=_("A code is of capital letters and digits."),
            ),
            in_choices("kind", BodyKind.values, model="body"),
            in_choices("decides_by", DecidesBy.values, model="body"),
            models.CheckConstraint(
                name="body_papers_days_are_few",
                condition=Q(papers_days__lte=LONGEST_NOTICE),
                violation_error_message=_("Papers come at most 60 days before."),
            ),
            models.CheckConstraint(
                name="body_ends_after_it_began",
                condition=Q(ended_on__isnull=True)
                | Q(since_on__isnull=True)
                | Q(ended_on__gte=F("since_on")),
                violation_error_message=_("A body ends after it was set up."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:body", args=[self.uuid])


class OfBodyQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfBodyQuerySet":
        """What belongs to a body is seen by whoever sees the body."""
        if actor.system:
            return self
        seen = Body.objects.filter(pk=OuterRef("body_id")).visible_to(actor)
        return self.filter(Exists(seen))


class BodyDocument(models.Model):
    """The decree, order or protocol that set a body up, as a file."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="documents")
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=body_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfBodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate document")
        verbose_name_plural = _("mandate documents")
        default_permissions = ()
        ordering = ["body_id", "id"]
        constraints = [models.UniqueConstraint(fields=["body", "digest"], name="bodydocument_once")]

    def __str__(self) -> str:
        return f"document {self.uuid}"


class SeatQuerySet(models.QuerySet["Seat"]):
    def visible_to(self, actor: Actor) -> "SeatQuerySet":
        """Which seats there are; who may be told whose one is, `ncm/bodies_names.py` answers."""
        return self if actor.system or P.COORDINATION_SEE in actor.permissions else self.none()

    def on(self, day: date) -> "SeatQuerySet":
        """Those that are taken on this day."""
        open_ended = Q(until_on__isnull=True) | Q(until_on__gte=day)
        return self.filter(open_ended, from_on__lte=day)

    def of(self, actor: Actor) -> "SeatQuerySet":
        """The actor's organisation's, and the actor's own."""
        if actor.user_id is None:
            return self.none()
        whose = Q(holder_id=actor.user_id)
        if actor.organisation_id is not None:
            whose |= Q(organisation_id=actor.organisation_id)
        return self.filter(whose)


class Seat(models.Model):
    """An organisation, or a person for themselves, sits on a body from one day to another."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="seats")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The account behind a person's own seat: on no page, list, file or event.
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    chosen_name = models.CharField(
        _("name at the table"), max_length=80, blank=True,
        help_text=_("A survivor sits under a name of their choice."),
    )  # fmt: skip
    kind = models.CharField(_("kind of seat"), max_length=12, choices=SeatKind.choices)
    role = models.CharField(max_length=12, choices=SeatRole.choices, default=SeatRole.MEMBER)
    has_vote = models.BooleanField(_("votes"), default=True)
    may_submit = models.BooleanField(_("puts items on the agenda"), default=True)
    contributes = CodesField(_("contributes to"), codes=FourP.values, max_length=60)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    appointed_by = models.CharField(
        _("appointing act"), max_length=200, blank=True,
        help_text=_("Order, decision or letter by which the seat was given."),
    )  # fmt: skip
    terms = models.TextField(_("terms of membership"), max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        default_permissions = ()
        ordering = ["body_id", "from_on", "id"]
        constraints = [
            in_choices("kind", SeatKind.values, model="seat"),
            in_choices("role", SeatRole.values, model="seat"),
            models.CheckConstraint(
                name="seat_is_an_organisations_or_a_persons",
                condition=Q(organisation__isnull=False, holder__isnull=True, chosen_name="")
                | (Q(organisation__isnull=True) & ~Q(chosen_name="")),
                violation_error_message=_(
                    "A seat is an organisation’s, or a person’s under a name."
                ),
            ),
            models.CheckConstraint(
                name="seat_observer_has_no_vote",
                condition=~Q(role=SeatRole.OBSERVER) | Q(has_vote=False),
                violation_error_message=_("An observer has no vote."),
            ),
            models.CheckConstraint(
                name="seat_ends_after_it_began",
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                violation_error_message=_("A seat ends after it began."),
            ),
            models.UniqueConstraint(
                fields=["body", "organisation"],
                condition=Q(until_on__isnull=True),
                name="seat_of_an_organisation_once",
                violation_error_message=_("This organisation sits there already."),
            ),
            models.UniqueConstraint(
                fields=["body", "chosen_name"],
                condition=Q(until_on__isnull=True) & ~Q(chosen_name=""),
                name="seat_name_once",
                violation_error_message=_("Somebody sits there under this name already."),
            ),
        ]

    def __str__(self) -> str:
        return f"seat {self.uuid}"

    def is_taken_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or self.until_on >= day)

    def is_spoken_for_by(self, actor: Actor) -> bool:
        """Whether the actor speaks for it: its holder, or who speaks for its organisation."""
        if actor.user_id is None:
            return False
        if self.organisation_id is None:
            return self.holder_id == actor.user_id
        ours = self.organisation_id == actor.organisation_id
        return ours and P.COORDINATION_SPEAK in actor.permissions


class QuorumRule(models.Model):
    """So many seats of a kind, or of any, must be present before a body votes. Never rewritten."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="quorum_rules")
    seat_kind = models.CharField(
        max_length=12, choices=SeatKind.choices, blank=True, help_text=_("Empty: of any kind.")
    )
    at_least = models.PositiveSmallIntegerField()
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    objects = OfBodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("quorum rule")
        verbose_name_plural = _("quorum rules")
        default_permissions = ()
        ordering = ["body_id", "from_on", "id"]
        constraints = [
            in_choices("seat_kind", ["", *SeatKind.values], model="quorumrule"),
            models.CheckConstraint(
                name="quorumrule_asks_for_somebody",
                condition=Q(at_least__gte=1),
                violation_error_message=_("A quorum is at least one seat."),
            ),
            models.CheckConstraint(
                name="quorumrule_ends_after_it_began",
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
            ),
            models.UniqueConstraint(
                fields=["body", "seat_kind"],
                condition=Q(until_on__isnull=True),
                name="quorumrule_once_for_a_kind",
                violation_error_message=_("There is a rule for this kind of seat already."),
            ),
        ]

    def __str__(self) -> str:
        return f"quorum rule {self.uuid}"


class BodyEvent(models.Model):
    """One line of a body's past, never edited. It says which kind of seat, never whose."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=BodyEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)

    objects = OfBodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a body")
        verbose_name_plural = _("events of bodies")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["body", "-at", "-id"], name="bodyevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
