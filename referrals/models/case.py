"""What gathers around a referral: its timeline, the authority's questions, the six tracks."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither
from common.sealing import SealedText
from partners.models import Organisation
from referrals.choices import EventKind, Section, State, TrackKind, TrackStatus
from referrals.models.referral import Referral

PERSON_KEY = "referral.person"


class ReferralEvent(models.Model):
    """One line of a referral's past, shown to those to whom its section is open; never edited."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40, choices=EventKind.choices)
    section = models.CharField(max_length=12, choices=Section.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", db_index=False
    )
    #: A code that says more: a track, a purpose, a stage. Never free text.
    detail = models.CharField(max_length=40, blank=True)
    comment_ct = models.BinaryField(null=True)
    comment = SealedText("event.comment", key_holder=PERSON_KEY)
    old_state = models.CharField(max_length=16, blank=True)
    new_state = models.CharField(max_length=16, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ()
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["referral", "-at", "-id"], name="referral_timeline")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Question(models.Model):
    """What the authority asked back, and what the first responder answered."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="questions")
    text_ct = models.BinaryField()
    text = SealedText("question.text", key_holder=PERSON_KEY)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_for = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    answer_ct = models.BinaryField(null=True)
    answer = SealedText("question.answer", key_holder=PERSON_KEY)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        default_permissions = ()
        ordering = ["asked_at", "id"]
        constraints = [
            both_or_neither("answered_at", "answered_by", model="question"),
            both_or_neither("answered_at", "answer_ct", model="question"),
        ]

    def __str__(self) -> str:
        return f"question {self.uuid}"


class Track(models.Model):
    """Where one of the six tracks of a person's case stands; a change in one changes no other."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="tracks")
    kind = models.CharField(max_length=16, choices=TrackKind.choices)
    status = models.CharField(max_length=16)
    since_at = models.DateTimeField()

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        default_permissions = ()
        ordering = ["referral_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "kind"], name="track_one_of_each_kind"),
            models.CheckConstraint(
                name="track_status_known",
                condition=Q(kind=TrackKind.IDENTIFICATION, status__in=State.values)
                | (~Q(kind=TrackKind.IDENTIFICATION) & Q(status__in=TrackStatus.values)),
                violation_error_message=_("A track has one of the states in its list."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.status}"

    def get_status_display(self) -> str:
        """The status in words."""
        known = State if self.kind == TrackKind.IDENTIFICATION else TrackStatus
        return str(known(self.status).label)
