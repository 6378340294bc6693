"""What a country changed in the rules of its profile, and in its working days.

Rows are added and never changed: the newest that covers a day counts, and all of them together are
the history of who changed what. How the two are read together is `deadlines.rulebook`.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.constraints import in_choices
from common.fields import CodesField
from common.profile import Pausing, Weight
from common.workdays import DayZero, Roll, Unit


class Rule(models.Model):
    """From one day on, a period of the country is counted like this, and here is where it says so.

    What starts it and what its end means stay as the profile has them.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    country = models.CharField(max_length=8)
    code = models.CharField(max_length=60)
    subdivision = models.CharField(max_length=10, blank=True)
    is_on = models.BooleanField(help_text=_("A rule that is off starts no clock."))

    unit = models.CharField(max_length=14)
    amount = models.PositiveIntegerField(default=0, help_text=_("0 where dates are given."))
    fixed_on = models.DateField(null=True, blank=True)
    yearly = models.CharField(
        max_length=120, blank=True, help_text=_("Months and days, as 01-15, 07-15.")
    )
    day_zero = models.CharField(max_length=10)
    roll = models.CharField(max_length=10)
    stops_for = CodesField(codes=[each.value for each in Pausing], max_length=60)
    remind_before_days = models.PositiveSmallIntegerField(default=0)

    weight = models.CharField(max_length=10)
    source = models.CharField(max_length=300)
    text = models.TextField(max_length=1000)
    reading = models.TextField(max_length=1000, blank=True)
    read_on = models.DateField(null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    why = models.CharField(max_length=300)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("change of a rule")
        verbose_name_plural = _("changes of rules")
        default_permissions = ()
        indexes = [models.Index(fields=["country", "id"], name="rule_of_country")]
        constraints = [
            in_choices("unit", list(Unit), model="rule"),
            in_choices("day_zero", list(DayZero), model="rule"),
            in_choices("roll", list(Roll), model="rule"),
            in_choices("weight", list(Weight), model="rule"),
            models.CheckConstraint(
                name="rule_one_length",
                condition=Q(unit=Unit.FIXED_DATE, amount=0, fixed_on__isnull=False, yearly="")
                | (Q(unit=Unit.YEARLY, amount=0, fixed_on=None) & ~Q(yearly=""))
                | (
                    ~Q(unit__in=[Unit.FIXED_DATE, Unit.YEARLY])
                    & Q(amount__gte=1, fixed_on=None, yearly="")
                ),
                violation_error_message=_("A length in this unit needs its own value, no other."),
            ),
            models.CheckConstraint(
                name="rule_on_was_read",
                condition=Q(is_on=False) | Q(read_on__isnull=False),
                violation_error_message=_("A rule that is on says when its source was read."),
            ),
            models.CheckConstraint(
                name="rule_ends_after_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("The last day is not before the first."),
            ),
            models.CheckConstraint(
                name="rule_says_where_and_why",
                condition=~Q(source="") & ~Q(text="") & ~Q(why=""),
                violation_error_message=_("A change gives its source, its text and its reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.code} of {self.country} from {self.valid_from}"
