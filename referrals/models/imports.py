"""Files of past referrals: one that waits to be imported, and what came of those that were."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.marks import Actor, Permission
from deadlines.files import random_name
from deadlines.models import Job
from referrals.files import import_storage


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, actor: Actor) -> "ImportBatchQuerySet":
        """Every import, for whoever may import: history belongs to the whole country."""
        if actor.system or Permission.REFERRAL_IMPORT in actor.permissions:
            return self
        return self.none()


class ImportBatch(models.Model):
    """One file of history that somebody imported, and what came of it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.CharField(_("profile"), max_length=40)
    file_digest = models.CharField(max_length=64)
    rows_read = models.PositiveIntegerField()
    rows_added = models.PositiveIntegerField()
    rows_known = models.PositiveIntegerField(help_text=_("Imported before; not added again."))
    rows_refused = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        default_permissions = ()

    def __str__(self) -> str:
        return f"import {self.uuid}"


class ImportFileQuerySet(models.QuerySet["ImportFile"]):
    def visible_to(self, actor: Actor) -> "ImportFileQuerySet":
        """One's own, uploaded for the organisation one acts for, while one may import."""
        if actor.user_id is None or Permission.REFERRAL_IMPORT not in actor.permissions:
            return self.none()
        return self.filter(uploaded_by_id=actor.user_id, organisation_uuid=actor.organisation_uuid)

    def waiting(self) -> "ImportFileQuerySet":
        """Checked and not imported."""
        return self.filter(batch__isnull=True)

    def uploaded_before(self, moment: datetime) -> "ImportFileQuerySet":
        return self.filter(uploaded_at__lt=moment)


class ImportFile(models.Model):
    """A file that somebody uploaded and has not imported yet. Kept for a day, row and content.

    `found` is what checking it gave, for the page: counts, the first faults, the unknown labels.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    profile = models.CharField(_("profile"), max_length=40)
    content = models.FileField(storage=import_storage, upload_to=random_name, max_length=60)
    found = models.JSONField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation_uuid = models.UUIDField(null=True)
    uploaded_at = models.DateTimeField()
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    batch = models.OneToOneField(ImportBatch, models.PROTECT, null=True, related_name="file")

    objects = ImportFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file to import")
        verbose_name_plural = _("files to import")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="importfile_imported_by_a_job",
                condition=Q(batch__isnull=True) | Q(job__isnull=False),
                violation_error_message=_("A file is imported by a job."),
            )
        ]

    def __str__(self) -> str:
        return f"file to import {self.uuid}"
