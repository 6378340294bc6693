"""How the register of recurring requests is narrowed. Who may see which is decided before."""

import django_filters
from django.utils.translation import gettext_lazy as _

from partners.choices import Every, RequestPurpose, RequestState
from partners.models import RecurringRequest


class RequestFilter(django_filters.FilterSet):
    """By purpose, how often and state."""

    purpose = django_filters.ChoiceFilter(
        label=_("Purpose"), choices=RequestPurpose.choices, empty_label=_("All purposes")
    )
    every = django_filters.ChoiceFilter(
        label=_("How often"), choices=Every.choices, empty_label=_("Whenever")
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=RequestState.choices, empty_label=_("All states")
    )

    class Meta:
        model = RecurringRequest
        fields: tuple[str, ...] = ()

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)
