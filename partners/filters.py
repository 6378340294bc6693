"""How the list of organisations is narrowed, on the registry page and in the API alike.

What one may see of it is decided before, by `visible_to`; names of organisations are not personal.
"""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from partners.choices import Capacity, OrganisationKind
from partners.languages import offered_languages
from partners.models import Area, Organisation
from partners.models.organisation import OrganisationQuerySet

#: How long a filter may offer areas as they were, in seconds; they hardly ever change.
AREAS_KEPT = 300


def areas() -> list[tuple[str, str, str]]:
    """Every area as (code, name, path), in the order of the tree."""

    def read() -> list[tuple[str, str, str]]:
        return list(Area.objects.order_by("path").values_list("code", "name", "path"))

    kept: list[tuple[str, str, str]] = cache.get_or_set("partners.areas", read, AREAS_KEPT)
    return kept


class OrganisationFilter(django_filters.FilterSet):
    """By name, kind, capacity held, area with everything below it, and language."""

    name = django_filters.CharFilter(
        label=_("Name contains"), lookup_expr="icontains", max_length=200
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=OrganisationKind.choices, empty_label=_("All kinds")
    )
    capacity = django_filters.ChoiceFilter(
        label=_("Capacity"),
        choices=Capacity.choices,
        empty_label=_("All capacities"),
        method="holding",
    )
    area = django_filters.ChoiceFilter(
        label=_("Area, with all below it"), empty_label=_("The whole country"), method="within"
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), empty_label=_("All languages"), method="speaking"
    )

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        known = areas()
        self._paths = {code: path for code, _name, path in known}
        self.filters["area"].extra["choices"] = [
            (code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known
        ]
        self.filters["language"].extra["choices"] = offered_languages()

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        fields: Mapping[str, forms.Field] = self.form.fields
        return any(self.data.get(name) for name in fields)

    def holding(
        self, queryset: OrganisationQuerySet, _name: str, capacity: str
    ) -> OrganisationQuerySet:
        return queryset.holding(capacity)

    def within(self, queryset: OrganisationQuerySet, _name: str, code: str) -> OrganisationQuerySet:
        return queryset.filter(area__path__startswith=self._paths[code])

    def speaking(
        self, queryset: OrganisationQuerySet, _name: str, code: str
    ) -> OrganisationQuerySet:
        # SQLite cannot look into a list; a code in its quotes is found in the text of one.
        return queryset.filter(languages__icontains=f'"{code}"')
