"""Whom a referral is about: a pseudonymous key, the sealed identity, what they agreed to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from common.sealing import SealedText, WrappedKeyField
from partners.models import Organisation


class Person(models.Model):
    """Somebody who may have been trafficked, under a random key; their name stands elsewhere."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    data_key = WrappedKeyField(_("data key"), editable=False)
    kept_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    history = HistoricalRecords(excluded_fields=["data_key"])

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        default_permissions = ()

    def __str__(self) -> str:
        return f"person {self.uuid}"


class Identity(models.Model):
    """Who the person is and how to reach them safely; every value sealed under the person's key."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="identity")
    name_ct = models.BinaryField(null=True)
    name = SealedText("identity.name", key_holder="person")
    other_names_ct = models.BinaryField(null=True)
    other_names = SealedText("identity.other_names", key_holder="person")
    birth_date_ct = models.BinaryField(null=True)
    birth_date = SealedText("identity.birth_date", key_holder="person")
    document_ct = models.BinaryField(null=True)
    document = SealedText("identity.document", key_holder="person")
    contact_ct = models.BinaryField(null=True)
    contact = SealedText("identity.contact", key_holder="person")
    safe_contact_ct = models.BinaryField(null=True)
    safe_contact = SealedText("identity.safe_contact", key_holder="person")
    name_index = models.BinaryField(max_length=16, null=True, db_index=True)
    name_sound_index = models.BinaryField(max_length=16, null=True, db_index=True)
    document_index = models.BinaryField(max_length=16, null=True, db_index=True)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        default_permissions = ()

    def __str__(self) -> str:
        return f"identity of {self.person_id}"


class Purpose(models.TextChoices):
    """What a person may agree to, each on its own (domain reference, P2)."""

    REFERRAL = "referral", _("Being referred for identification")
    POLICE = "police", _("Sharing with the police")
    STATISTICS = "statistics", _("Use in statistics")
    LINKING = "linking", _("Learning that another service knows me")


class GivenBy(models.TextChoices):
    PERSON = "person", _("The person")
    GUARDIAN = "guardian", _("A guardian")


class Consent(models.Model):
    """What a person agreed to, for one purpose, as it was explained to them, until they say no."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    given_by = models.CharField(max_length=16, choices=GivenBy.choices, default=GivenBy.PERSON)
    language = models.CharField(_("language it was explained in"), max_length=16)
    with_interpreter = models.BooleanField(_("with an interpreter"), default=False)
    given_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["person", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="consent_once_per_purpose",
                violation_error_message=_("This was already agreed to."),
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.uuid}"
