"""Tables of organisations: one that waits to be brought in, and what came of those that were."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.marks import Actor, Permission
from deadlines.files import random_name
from deadlines.models import Job
from partners.tables import table_storage


class RegistryImportQuerySet(models.QuerySet["RegistryImport"]):
    def visible_to(self, actor: Actor) -> "RegistryImportQuerySet":
        """Every import, for whoever may import."""
        if actor.system or Permission.REGISTRY_IMPORT in actor.permissions:
            return self
        return self.none()


class RegistryImport(models.Model):
    """Somebody brought organisations in from a table, and this is what came of it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file_digest = models.CharField(max_length=64)
    rows_read = models.PositiveIntegerField()
    rows_added = models.PositiveIntegerField()
    rows_same = models.PositiveIntegerField(help_text=_("Known, and the table says the same."))
    rows_differing = models.PositiveIntegerField(help_text=_("Known; the table says otherwise."))
    changes_asked = models.PositiveIntegerField(help_text=_("Of these, sent on for review."))
    rows_refused = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = RegistryImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of organisations")
        verbose_name_plural = _("imports of organisations")
        default_permissions = ()

    def __str__(self) -> str:
        return f"import of organisations {self.uuid}"


class RegistryTableQuerySet(models.QuerySet["RegistryTable"]):
    def visible_to(self, actor: Actor) -> "RegistryTableQuerySet":
        """One's own, uploaded for the organisation one acts for, while one may import."""
        if actor.user_id is None or Permission.REGISTRY_IMPORT not in actor.permissions:
            return self.none()
        return self.filter(uploaded_by_id=actor.user_id, organisation_uuid=actor.organisation_uuid)

    def waiting(self) -> "RegistryTableQuerySet":
        """Checked and not brought in."""
        return self.filter(outcome__isnull=True)


class RegistryTable(models.Model):
    """A table of organisations that somebody uploaded and has not brought in yet.

    Kept for a day, row and content. `found` is what checking it gave, for the page.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    content = models.FileField(storage=table_storage, upload_to=random_name, max_length=60)
    found = models.JSONField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation_uuid = models.UUIDField(null=True)
    uploaded_at = models.DateTimeField()
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    outcome = models.OneToOneField(RegistryImport, models.PROTECT, null=True, related_name="table")

    objects = RegistryTableQuerySet.as_manager()

    class Meta:
        verbose_name = _("table to bring in")
        verbose_name_plural = _("tables to bring in")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="registrytable_brought_in_by_a_job",
                condition=Q(outcome__isnull=True) | Q(job__isnull=False),
                violation_error_message=_("A table is brought in by a job."),
            )
        ]

    def __str__(self) -> str:
        return f"table to bring in {self.uuid}"
