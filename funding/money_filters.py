"""How the list of awards is narrowed; what one may see of it is decided before."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from funding.models import Award, Instalment
from funding.models.awards import AwardQuerySet
from funding.money_choices import AwardState, FundingKind, InstalmentState


class AwardFilter(django_filters.FilterSet):
    """By words of the title, state, kind, which side one is on, and what is to be paid."""

    title = django_filters.CharFilter(
        label=_("Title contains"), lookup_expr="icontains", max_length=140
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=AwardState.choices, empty_label=_("All states")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=FundingKind.choices, empty_label=_("All kinds")
    )
    side = django_filters.ChoiceFilter(
        label=_("Our part"),
        empty_label=_("All we see"),
        choices=[("made", _("We pay")), ("received", _("We receive"))],
        method="by_side",
    )
    waits = django_filters.ChoiceFilter(
        label=_("What waits"),
        empty_label=_("Everything"),
        choices=[("payment", _("A payment that is due"))],
        method="waiting",
    )

    class Meta:
        model = Award
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *args: Any, actor: Any, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.actor = actor

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)

    def by_side(self, queryset: AwardQuerySet, _name: str, side: str) -> AwardQuerySet:
        ours = self.actor.organisation_id
        return queryset.filter(**{"funder_id" if side == "made" else "recipient_id": ours})

    def waiting(self, queryset: AwardQuerySet, _name: str, _value: str) -> AwardQuerySet:
        due = Instalment.objects.filter(award=OuterRef("pk"), state=InstalmentState.DUE)
        return queryset.filter(Exists(due))
