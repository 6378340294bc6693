"""The half-yearly report on an action plan: which leads have reported, and what was sent."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import both_or_neither, in_choices, required_in_state
from common.marks import Actor
from deadlines.files import random_name
from ncm.models.plan import ActionPlan, OfPlanQuerySet
from ncm.plan_choices import ReportState
from ncm.plan_files import plan_storage
from partners.models import Organisation

S = ReportState


class PlanReport(models.Model):
    """What became of the plan in half a year: leads report, the co-ordination sends it to all."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="reports")
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    due_on = models.DateField(_("leads report by"))
    state = models.CharField(max_length=8, choices=S.choices, default=S.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    summary = models.TextField(_("summary of the co-ordination"), max_length=4000, blank=True)
    figures = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of the figures."))

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("report on an action plan")
        verbose_name_plural = _("reports on action plans")
        default_permissions = ()
        ordering = ["-until_on", "-id"]
        constraints = [
            in_choices("state", S.values, model="planreport"),
            models.UniqueConstraint(fields=["plan", "until_on"], name="planreport_once_a_period"),
            models.CheckConstraint(
                name="planreport_ends_after_it_begins", condition=Q(until_on__gt=F("from_on"))
            ),
            both_or_neither("sent_at", "sent_by", model="planreport"),
            required_in_state(
                [S.SENT], "sent_at", text=("digest",), model="planreport", fact="sent_and_frozen"
            ),
        ]

    def __str__(self) -> str:
        return f"report on a plan {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("ncm:plan-report", args=[self.uuid])


class OfReportQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> "OfReportQuerySet":
        """What belongs to a report is seen by whoever sees the report."""
        if actor.system:
            return self
        seen = PlanReport.objects.filter(pk=OuterRef("report_id")).visible_to(actor)
        return self.filter(Exists(seen))


class PlanReportPart(models.Model):
    """That one lead is asked to report on its activities for a half year, and when it had."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    report = models.ForeignKey(PlanReport, models.PROTECT, related_name="parts")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a report on an action plan")
        verbose_name_plural = _("parts of reports on action plans")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["report", "organisation"], name="planreportpart_once_a_lead"
            )
        ]

    def __str__(self) -> str:
        return f"part {self.uuid}"


class PlanReportFile(models.Model):
    """A file of a report that was sent, with its checksum; it is written once."""

    report = models.ForeignKey(PlanReport, models.PROTECT, related_name="files")
    ending = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.FileField(storage=plan_storage, upload_to=random_name, max_length=60)
    made_at = models.DateTimeField()

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a report on an action plan")
        verbose_name_plural = _("files of reports on action plans")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["report", "ending"], name="planreportfile_once")
        ]

    def __str__(self) -> str:
        return f"file of {self.report}"
