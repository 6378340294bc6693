"""Reports on grants: planned ahead from the award, written by the recipient, read by the funder.

A report that was sent back keeps everything that stood in it; what was accepted is closed.
"""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices, required_in_state
from funding.models.awards import Award
from funding.models.budgets import BudgetLine
from funding.models.conditions import TermsQuerySet
from funding.models.funds import money
from funding.terms_choices import BEING_WRITTEN, Measures, ReportKind, ReportState
from partners.models import Organisation

S = ReportState
#: The columns of a disaggregated figure: sex, then age.
SEXES = ("female", "male", "other")
AGES = ("child", "adult", "unknown")
CELLS = tuple(f"{sex}_{age}" for sex in SEXES for age in AGES)
NARRATIVE = ("done", "obstacles", "ahead")


def _sum_of_cells() -> F:
    total = F(CELLS[0])
    for name in CELLS[1:]:
        total = total + F(name)  # type: ignore[assignment]
    return total


class GrantReportQuerySet(TermsQuerySet):
    def being_written(self) -> "GrantReportQuerySet":
        return self.filter(state__in=BEING_WRITTEN)

    def overdue(self, today: date) -> "GrantReportQuerySet":
        """With the recipient, and past their day: a question of the date, never a state."""
        return self.being_written().filter(due_on__lt=today)


class GrantReport(models.Model):
    """What a recipient tells about one period of a grant: words, figures and money spent."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    award = models.ForeignKey(Award, models.PROTECT, related_name="reports")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    due_on = models.DateField(_("due on"))

    done = models.TextField(_("what was done"), max_length=8000, blank=True)
    obstacles = models.TextField(_("what stood in the way"), max_length=8000, blank=True)
    ahead = models.TextField(_("what comes next"), max_length=8000, blank=True)
    money_words = models.TextField(_("about the money"), max_length=4000, blank=True)
    is_taken_over = models.BooleanField(
        default=False, help_text=_("The words are those of the report before, not looked at yet.")
    )

    state = models.CharField(max_length=10, choices=S.choices, default=S.PLANNED)
    version = models.PositiveIntegerField(default=1)
    round = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was sent."))
    made_at = models.DateTimeField()
    put_off_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    sent_back_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects = GrantReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report on a grant")
        verbose_name_plural = _("reports on grants")
        default_permissions = ()
        ordering = ["award_id", "number"]
        indexes = [models.Index(fields=["state", "due_on", "id"], name="grantreport_by_due")]
        constraints = [
            in_choices("state", S.values, model="grantreport"),
            models.UniqueConstraint(fields=["award", "number"], name="grantreport_numbered"),
            models.UniqueConstraint(
                fields=["award", "from_on"],
                condition=~Q(state=S.DROPPED),
                name="grantreport_period_once",
            ),
            models.CheckConstraint(
                name="grantreport_days_in_order",
                condition=Q(until_on__gte=F("from_on"), due_on__gt=F("until_on")),
                violation_error_message=_("A report is due after its period."),
            ),
            required_in_state(
                [S.SENT, S.SENT_BACK, S.ACCEPTED], "sent_at", "sent_by",
                text=("done",), model="grantreport", fact="sent_by_somebody",
            ),
            required_in_state(
                [S.ACCEPTED], "accepted_at", model="grantreport", fact="accepted_on_a_day"
            ),
            models.CheckConstraint(
                name="grantreport_looked_at_before_it_is_sent",
                condition=~Q(state__in=[S.SENT, S.ACCEPTED]) | Q(is_taken_over=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"grant report {self.uuid}"

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("funding:report", args=[self.uuid])

    @property
    def is_being_written(self) -> bool:
        return self.state in BEING_WRITTEN

    def is_overdue(self, today: date) -> bool:
        return self.is_being_written and self.due_on < today


class Indicator(models.Model):
    """What an award is measured by, from where to where: so many people, trainings, nights."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    award = models.ForeignKey(Award, models.PROTECT, related_name="indicators")
    name = models.CharField(_("what is counted"), max_length=160)
    measures = models.CharField(_("of what"), max_length=8, choices=Measures.choices)
    baseline = models.PositiveIntegerField(_("at the beginning"), default=0)
    target = models.PositiveIntegerField(_("at the end"))

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("indicator of a grant")
        verbose_name_plural = _("indicators of grants")
        default_permissions = ()
        ordering = ["award_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["award", "name"],
                name="indicator_once",
                violation_error_message=_("This is counted already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_of_people(self) -> bool:
        return self.measures == Measures.PEOPLE


class OfReportQuerySet(TermsQuerySet):
    path = "report__award_id"


class Figure(models.Model):
    """What one indicator came to in one period; people by sex and age, which add up to the total.

    Numbers only: nobody is described by them.
    """

    report = models.ForeignKey(GrantReport, models.PROTECT, related_name="figures")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="figures")
    is_of_people = models.BooleanField()
    total = models.PositiveIntegerField()
    female_child = models.PositiveIntegerField(default=0)
    female_adult = models.PositiveIntegerField(default=0)
    female_unknown = models.PositiveIntegerField(default=0)
    male_child = models.PositiveIntegerField(default=0)
    male_adult = models.PositiveIntegerField(default=0)
    male_unknown = models.PositiveIntegerField(default=0)
    other_child = models.PositiveIntegerField(default=0)
    other_adult = models.PositiveIntegerField(default=0)
    other_unknown = models.PositiveIntegerField(default=0)

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure of a report")
        verbose_name_plural = _("figures of reports")
        default_permissions = ()
        ordering = ["report_id", "indicator_id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "indicator"], name="figure_once"),
            models.CheckConstraint(
                name="figure_adds_up",
                condition=Q(is_of_people=True, total=_sum_of_cells())
                | Q(is_of_people=False, **dict.fromkeys(CELLS, 0)),
                violation_error_message=_("The figures by sex and age add up to the total."),
            ),
        ]

    def __str__(self) -> str:
        return f"figure {self.pk}"


class LineSpent(models.Model):
    """How one budget line stood when the report was written: what it has, and what was spent.

    A copy: the line itself goes on (`BudgetLine.spent`, from what the recipient states).
    """

    report = models.ForeignKey(GrantReport, models.PROTECT, related_name="spent")
    line = models.ForeignKey(BudgetLine, models.PROTECT, related_name="reported")
    amount = money(_("amount of the line"))
    spent = money(_("spent until then"))

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a report")
        verbose_name_plural = _("lines of reports")
        default_permissions = ()
        ordering = ["report_id", "line_id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "line"], name="linespent_once"),
            models.CheckConstraint(
                name="linespent_within_its_line",
                condition=Q(spent__gte=0) & Q(spent__lte=F("amount")),
                violation_error_message=_("More was spent than the line has."),
            ),
        ]

    def __str__(self) -> str:
        return f"spent {self.pk}"


class ReportComment(models.Model):
    """What one side says beside a field of a report, when it was read for the n-th time."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_key = models.UUIDField(unique=True)
    report = models.ForeignKey(GrantReport, models.PROTECT, related_name="comments")
    field = models.CharField(max_length=50)
    words = models.TextField(_("comment"), max_length=2000)
    round = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", db_index=False
    )

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment on a report")
        verbose_name_plural = _("comments on reports")
        default_permissions = ()
        ordering = ["report_id", "at", "id"]
        constraints = [
            models.CheckConstraint(name="reportcomment_says_something", condition=~Q(words=""))
        ]

    def __str__(self) -> str:
        return f"comment {self.uuid}"
