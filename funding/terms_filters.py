"""How the lists of conditions and reports are narrowed; what one may see is decided before."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from funding.models import Condition, GrantReport
from funding.models.conditions import ConditionQuerySet
from funding.models.reports import GrantReportQuerySet
from funding.terms_choices import ConditionKind, ConditionState, ReportState

OVERDUE = "overdue"
OPEN = "open"


class ConditionFilter(django_filters.FilterSet):
    """By where a clause stands, and what it does."""

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=ConditionState.choices, empty_label=_("All states")
    )
    kind = django_filters.ChoiceFilter(
        label=_("What it does"), choices=[("restrictive", _("Restricts something")),
                                          *ConditionKind.choices],
        empty_label=_("Everything"), method="doing",
    )  # fmt: skip

    class Meta:
        model = Condition
        fields: tuple[str, ...] = ()

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)

    def doing(self, queryset: ConditionQuerySet, _name: str, kind: str) -> ConditionQuerySet:
        return queryset.restrictive() if kind == "restrictive" else queryset.filter(kind=kind)


class ReportFilter(django_filters.FilterSet):
    """By where a report stands; overdue is asked of the day."""

    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[(OPEN, _("With the recipient")), (OVERDUE, _("Overdue")), *ReportState.choices],
        empty_label=_("All but those accepted or dropped"), method="standing",
    )  # fmt: skip

    class Meta:
        model = GrantReport
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *args: Any, today: date, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.today = today

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)

    def standing(
        self, queryset: GrantReportQuerySet, _name: str, state: str
    ) -> GrantReportQuerySet:
        if state == OVERDUE:
            return queryset.overdue(self.today)
        return queryset.being_written() if state == OPEN else queryset.filter(state=state)
