"""How the list of agreements is narrowed; what one may see of it is decided before."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from partners.deed_choices import AgreementState
from partners.filters import areas
from partners.models import Agreement, AgreementParty
from partners.models.agreements import AgreementQuerySet


class AgreementFilter(django_filters.FilterSet):
    """By words of the title, state, area with everything below it, and what waits for oneself."""

    title = django_filters.CharFilter(
        label=_("Title contains"), lookup_expr="icontains", max_length=200
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=AgreementState.choices, empty_label=_("All states")
    )
    area = django_filters.ChoiceFilter(
        label=_("Area, with all below it"), empty_label=_("The whole country"), method="within"
    )
    waits = django_filters.ChoiceFilter(
        label=_("What waits"),
        empty_label=_("Everything"),
        choices=[("signature", _("For our signature"))],
        method="waiting",
    )

    class Meta:
        model = Agreement
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *args: Any, actor: Any, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.actor = actor
        known = areas()
        self._paths = {code: path for code, _name, path in known}
        self.filters["area"].extra["choices"] = [
            (code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known
        ]

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)

    def within(self, queryset: AgreementQuerySet, _name: str, code: str) -> AgreementQuerySet:
        return queryset.filter(area__path__startswith=self._paths[code])

    def waiting(self, queryset: AgreementQuerySet, _name: str, _value: str) -> AgreementQuerySet:
        ours = AgreementParty.objects.filter(
            agreement=OuterRef("pk"),
            organisation_id=self.actor.organisation_id,
            signed_on__isnull=True,
        )
        return queryset.filter(Exists(ours), state=AgreementState.IN_REVIEW)
