"""Meetings of a body: when, who came, and the minutes."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.country import local_day
from common.marks import Actor, Permission
from ncm.bodies_choices import IS_PRESENT, MeetingEventKind, MeetingState, Presence
from ncm.models.bodies import Body, Seat
from partners.models import Organisation

P = Permission
S = MeetingState


def sees_every_meeting(actor: Actor) -> bool:
    """The co-ordination, and the rapporteur, whom the permission to build reports tells apart."""
    return bool({P.COORDINATION_KEEP, P.REPORT_BUILD} & actor.permissions)


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, actor: Actor) -> "MeetingQuerySet":
        """Of one's seat's body; a seat that ended keeps the meetings of its time."""
        if actor.system:
            return self
        if P.COORDINATION_SEE not in actor.permissions:
            return self.none()
        if sees_every_meeting(actor):
            return self
        seats = Seat.objects.of(actor).filter(body_id=OuterRef("body_id"))
        of_its_time = seats.filter(from_on__lte=OuterRef("on"), until_on__gte=OuterRef("on"))
        return self.filter(Q(Exists(seats.on(local_day(actor.at)))) | Q(Exists(of_its_time)))


class Meeting(models.Model):
    """The members of a body come together at a time, to talk and to decide."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="meetings")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    on = models.DateField(help_text=_("The local day on which it begins."))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(_("where"), max_length=200, blank=True)
    remote = models.CharField(_("how to take part remotely"), max_length=300, blank=True)
    papers_due_on = models.DateField()

    state = models.CharField(max_length=12, choices=S.choices, default=S.PLANNED)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        default_permissions = ()
        indexes = [
            models.Index(fields=["body", "-on", "-id"], name="meeting_of_body_by_day"),
            models.Index(fields=["-on", "-id"], name="meeting_by_day"),
        ]
        constraints = [
            in_choices("state", S.values, model="meeting"),
            models.UniqueConstraint(
                fields=["body", "year", "number"], name="meeting_numbered_once"
            ),
            models.CheckConstraint(
                name="meeting_ends_after_it_begins",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("A meeting ends after it begins."),
            ),
            models.CheckConstraint(
                name="meeting_is_somewhere",
                condition=~Q(place="", remote=""),
                violation_error_message=_("Say where it is, or how to take part remotely."),
            ),
            required_in_state(
                [S.INVITED, S.HELD, S.APPROVED], "invited_at", model="meeting", fact="invited"
            ),
            required_in_state([S.HELD, S.APPROVED], "held_at", model="meeting", fact="held"),
            required_in_state([S.APPROVED], "approved_at", model="meeting", fact="approved"),
            both_or_neither("approved_at", "approved_by", model="meeting"),
        ]

    def __str__(self) -> str:
        return f"meeting {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:meeting", args=[self.uuid])

    @property
    def label(self) -> str:
        """Its number: the third of 2026 is 2026/3."""
        return f"{self.year}/{self.number}"


class OfMeetingQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfMeetingQuerySet":
        """What belongs to a meeting is seen by whoever sees the meeting."""
        if actor.system:
            return self
        seen = Meeting.objects.filter(pk=OuterRef("meeting_id")).visible_to(actor)
        return self.filter(Exists(seen))


class Attendance(models.Model):
    """Whether a seat took part in a meeting, in the room or remotely."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendances")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="attendances")
    presence = models.CharField(max_length=12, choices=Presence.choices)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance at a meeting")
        verbose_name_plural = _("attendances at meetings")
        default_permissions = ()
        ordering = ["meeting_id", "seat_id"]
        constraints = [
            in_choices("presence", Presence.values, model="attendance"),
            models.UniqueConstraint(fields=["meeting", "seat"], name="attendance_of_a_seat_once"),
        ]

    def __str__(self) -> str:
        return self.get_presence_display()

    @property
    def is_present(self) -> bool:
        return self.presence in IS_PRESENT


class Minutes(models.Model):
    """What was said and decided, drafted from the record and approved by somebody else."""

    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes")
    words = models.TextField(_("minutes"), max_length=40_000)
    version = models.PositiveIntegerField(default=1)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="minutes_have_words",
                condition=~Q(words=""),
                violation_error_message=_("Minutes have words."),
            )
        ]

    def __str__(self) -> str:
        return f"minutes {self.pk}"


class MinutesAnnex(models.Model):
    """What was found wrong in approved minutes; they stay as they were approved."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, editable=False)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="annexes")
    words = models.TextField(_("correction"), max_length=4000)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = OfMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("annex to minutes")
        verbose_name_plural = _("annexes to minutes")
        default_permissions = ()
        ordering = ["meeting_id", "added_at", "id"]

    def __str__(self) -> str:
        return f"annex {self.uuid}"


class MeetingEvent(models.Model):
    """One line of a meeting's past, never edited. What a seat does stands there as the seat's."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=MeetingEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfMeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a meeting")
        verbose_name_plural = _("events of meetings")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["meeting", "-at", "-id"], name="meetingevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
