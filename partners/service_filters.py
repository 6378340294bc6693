"""How the list of services is narrowed. What one may see of it is decided before."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.core.cache import cache
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from common.fields import SEPARATOR
from partners.choices_places import Eligibility
from partners.filters import AREAS_KEPT, areas
from partners.languages import offered_languages
from partners.models import Area, PlaceCount, ServiceOffer, ServiceType
from partners.models.services import ServiceOfferQuerySet

Rows = ServiceOfferQuerySet


def kinds() -> list[ServiceType]:
    """Every kind of service in its order; as they were for as long as areas are."""
    kept: list[ServiceType] = cache.get_or_set(
        "partners.kinds", lambda: list(ServiceType.objects.all()), AREAS_KEPT
    )
    return kept


class ServiceFilter(django_filters.FilterSet):
    """By name, kind, for whom, language, area with all around it, and free places."""

    name = django_filters.CharFilter(
        label=_("Name contains"), lookup_expr="icontains", max_length=120
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind of service"), empty_label=_("All kinds"), field_name="kind__code"
    )
    eligibility = django_filters.ChoiceFilter(
        label=_("For whom"),
        choices=Eligibility.choices,
        empty_label=_("Everybody"),
        method="is_for",
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), empty_label=_("All languages"), method="speaking"
    )
    area = django_filters.ChoiceFilter(
        label=_("Area"), empty_label=_("The whole country"), method="serving"
    )
    free = django_filters.ChoiceFilter(
        label=_("Places"),
        choices=[("yes", _("With a free place"))],
        empty_label=_("All"),
        method="with_free_places",
    )

    class Meta:
        model = ServiceOffer
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *args: Any, at: Any, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.at = at
        known = areas()
        self._paths = {code: path for code, _name, path in known}
        self.filters["area"].extra["choices"] = [
            (code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known
        ]
        self.filters["language"].extra["choices"] = offered_languages()
        self.filters["kind"].extra["choices"] = [(kind.code, kind.name) for kind in kinds()]

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        fields: Mapping[str, forms.Field] = self.form.fields
        return any(self.data.get(name) for name in fields)

    def is_for(self, rows: Rows, _name: str, code: str) -> Rows:
        """Those that say so, and those that are for everybody."""
        closed = Concat(
            Value(SEPARATOR),
            Cast("eligibility", CharField()),
            Value(SEPARATOR),
            output_field=CharField(),
        )
        said = rows.annotate(said_for=closed)
        return said.filter(said_for__contains=f"{SEPARATOR}{code}{SEPARATOR}") | said.filter(
            eligibility=()
        )

    def speaking(self, rows: Rows, _name: str, code: str) -> Rows:
        # SQLite cannot look into a list; a code in its quotes is found in the text of one.
        return rows.filter(languages__icontains=f'"{code}"')

    def serving(self, rows: Rows, _name: str, code: str) -> Rows:
        """Those in the area, below it or around it, and those of the whole country."""
        path = self._paths[code]
        above = [path[: end + 1] for end, sign in enumerate(path) if sign == "/"]
        near = Area.objects.filter(path__startswith=path) | Area.objects.filter(path__in=above)
        served = ServiceOffer.areas.through.objects.filter(serviceoffer=OuterRef("pk"))
        return rows.filter(
            Exists(served.filter(area__in=near)) | ~Exists(served)  # type: ignore[operator]
        )

    def with_free_places(self, rows: Rows, _name: str, _code: str) -> Rows:
        free = PlaceCount.objects.filter(offer=OuterRef("pk")).with_available(self.at)
        return rows.filter(Exists(free.filter(available__gt=0)))
