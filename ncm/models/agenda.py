"""What is on the agenda of a meeting, who asked for it, and the papers."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, one_of, required_in_state
from common.country import local_day
from common.marks import Actor, Permission
from deadlines.files import random_name
from ncm.bodies_choices import IssueClass, ItemEventKind, ItemState
from ncm.bodies_files import body_storage
from ncm.models.bodies import Body, Seat
from ncm.models.meetings import Meeting, sees_every_meeting

P = Permission
S = ItemState


class AgendaItemQuerySet(models.QuerySet["AgendaItem"]):
    def visible_to(self, actor: Actor) -> "AgendaItemQuerySet":
        """On an agenda: who sees the meeting. Before: whose it is, and the co-ordination."""
        if actor.system:
            return self
        if P.COORDINATION_SEE not in actor.permissions:
            return self.none()
        if sees_every_meeting(actor):
            return self
        own = Seat.objects.filter(pk=OuterRef("seat_id")).of(actor)
        seen = Meeting.objects.filter(pk=OuterRef("meeting_id")).visible_to(actor)
        return self.filter(Q(Exists(own)) | Q(Exists(seen)))


class AgendaItem(models.Model):
    """Something a seat, or the co-ordination, wants a body to talk about."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="items")
    seat = models.ForeignKey(
        Seat, models.PROTECT, null=True, blank=True, related_name="items",
        help_text=_("Whose item it is; empty: the co-ordination’s."),
    )  # fmt: skip
    earlier = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="later",
        help_text=_("The postponed item that is taken up again."),
    )  # fmt: skip
    issue = models.CharField(_("what it is about"), max_length=16, choices=IssueClass.choices)
    title = models.CharField(_("title"), max_length=140)
    words = models.TextField(_("what is asked, and why"), max_length=4000)
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="items"
    )
    position = models.PositiveSmallIntegerField(null=True, blank=True)

    state = models.CharField(max_length=12, choices=S.choices, default=S.SUBMITTED)
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField()
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the co-ordination took or declined it.")
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = AgendaItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        default_permissions = ()
        indexes = [models.Index(fields=["body", "-submitted_at", "-id"], name="item_of_body")]
        constraints = [
            in_choices("state", S.values, model="agendaitem"),
            in_choices("issue", IssueClass.values, model="agendaitem"),
            both_or_neither("meeting", "position", model="agendaitem"),
            required_in_state(
                [S.ON_AGENDA, S.DECIDED, S.NOTED], "meeting", model="agendaitem", fact="meeting"
            ),
            models.CheckConstraint(
                name="agendaitem_unanswered_is_on_no_agenda",
                condition=~Q(state__in=[S.SUBMITTED, S.DECLINED]) | Q(meeting__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["earlier"],
                condition=~Q(state=S.WITHDRAWN),
                name="agendaitem_taken_up_once",
                violation_error_message=_("This item was taken up again already."),
            ),
        ]

    def __str__(self) -> str:
        return f"agenda item {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:agenda-item", args=[self.uuid])


class OfItemQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfItemQuerySet":
        """What belongs to an item is seen by whoever sees the item."""
        if actor.system:
            return self
        seen = AgendaItem.objects.filter(pk=OuterRef("item_id")).visible_to(actor)
        return self.filter(Exists(seen))


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, actor: Actor) -> "PaperQuerySet":
        """With the item or meeting; one that is limited to seats: those, its own, who keeps it."""
        if actor.system:
            return self
        items = AgendaItem.objects.filter(pk=OuterRef("item_id")).visible_to(actor)
        meetings = Meeting.objects.filter(pk=OuterRef("meeting_id")).visible_to(actor)
        seen = self.filter(Q(Exists(items)) | Q(Exists(meetings)))
        if P.COORDINATION_KEEP in actor.permissions:
            return seen
        named = PaperLimit.objects.filter(paper_id=OuterRef("pk"))
        # A seat that ended reads no more of what was for few.
        mine = Seat.objects.of(actor).on(local_day(actor.at))
        ours = Exists(named.filter(seat__in=mine)) | Q(seat__in=mine)
        return seen.filter(~Exists(named) | ours)


class Paper(models.Model):
    """A document for an agenda item or a meeting. Nothing about a person who was helped."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.ForeignKey(
        AgendaItem, models.PROTECT, null=True, blank=True, related_name="papers"
    )
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="papers"
    )
    seat = models.ForeignKey(
        Seat, models.PROTECT, null=True, blank=True, related_name="+",
        help_text=_("Whose paper it is; empty: the co-ordination’s."),
    )  # fmt: skip
    title = models.CharField(_("what it is"), max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=body_storage, upload_to=random_name, max_length=60)
    added_at = models.DateTimeField()
    added_on = models.DateField(help_text=_("The local day, which the papers' day is held to."))

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        default_permissions = ()
        ordering = ["id"]
        constraints = [one_of("item", "meeting", model="paper")]

    def __str__(self) -> str:
        return f"paper {self.uuid}"

    def is_late_for(self, meeting: Meeting | None) -> bool:
        """Whether it came after the day by which papers of this meeting are there."""
        return meeting is not None and self.added_on > meeting.papers_due_on


class OfPaperQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfPaperQuerySet":
        """With the paper."""
        if actor.system:
            return self
        return self.filter(Exists(Paper.objects.filter(pk=OuterRef("paper_id")).visible_to(actor)))


class PaperLimit(models.Model):
    """A paper is for this seat, and for no seat that is not named so."""

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="limits")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")

    objects = OfPaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("limit of a paper")
        verbose_name_plural = _("limits of papers")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["paper", "seat"], name="paperlimit_once")]

    def __str__(self) -> str:
        return f"limit {self.pk}"


class ItemEvent(models.Model):
    """One line of an agenda item's past, never edited: the co-ordination's, or the seat's."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=ItemEventKind.choices)
    at = models.DateTimeField()
    # Null where a seat acts: behind some seats nobody may be found.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="+", db_index=False)
    comment = models.TextField(blank=True, max_length=2000)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)

    objects = OfItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an agenda item")
        verbose_name_plural = _("events of agenda items")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["item", "-at", "-id"], name="itemevent_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()
