"""How lists are narrowed: of organisations, on the page and in the API alike; of conversations.

What one may see of them is decided before, by `visible_to`; nothing personal is asked for.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from partners.choices import Capacity, CsoClass, OrganisationKind
from partners.contact_coverage import with_hole
from partners.conversation_choices import Outcome
from partners.languages import offered_languages
from partners.models import Area, ContactAttempt, Message, Organisation, Participant
from partners.models.conversations import ParticipantQuerySet
from partners.models.listing import heading, in_area
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


class RegistryFilter(OrganisationFilter):
    """The same on the registry's page, with what only whoever reviews entries narrows by.

    It only reads what was asked for; `partners.registry` finds it by headings. `on` is the day in
    the country from which an entry's age is counted back.
    """

    cso_class = django_filters.ChoiceFilter(
        label=_("Kind of civil society actor"),
        choices=CsoClass.choices,
        empty_label=_("All kinds of actor"),
    )
    older = django_filters.ChoiceFilter(
        label=_("Not confirmed for"),
        choices=[
            ("90", _("3 months or longer")),
            ("180", _("6 months or longer")),
            ("365", _("a year or longer")),
            ("730", _("two years or longer")),
        ],
        empty_label=_("Any time"),
    )
    deputy = django_filters.ChoiceFilter(
        label=_("Deputy"),
        choices=[("missing", _("None stands in"))],
        empty_label=_("With or without"),
    )
    ending = django_filters.ChoiceFilter(
        label=_("An agreement ends within"),
        choices=[("30", _("30 days")), ("60", _("60 days")), ("90", _("90 days"))],
        empty_label=_("Any time"),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *args: Any,
        on: date,
        reviews: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self._on = on
        if not reviews:
            del self.filters["older"], self.filters["deputy"], self.filters["ending"]

    @property
    def before(self) -> date | None:
        """Only entries last confirmed on this day or earlier, where that was asked for."""
        days = self._chosen("older")
        return self._on - timedelta(days=int(days)) if days else None

    @property
    def agreements_until(self) -> tuple[date, date] | None:
        """Only parties to an agreement that ends between these days, where that was asked for."""
        days = self._chosen("ending")
        return (self._on, self._on + timedelta(days=int(days))) if days else None

    @property
    def headings(self) -> list[str]:
        """The headings of the registry that everything asked for stands under.

        Area and capacity asked for together are one heading: so the coverage table asks.
        """
        area, capacity = self._chosen("area"), self._chosen("capacity")
        together = [("area", area), ("capacity", capacity)]
        asked = [
            ("kind", self._chosen("kind")),
            ("class", self._chosen("cso_class")),
            ("language", self._chosen("language")),
            ("deputy", self._chosen("deputy")),
            *([] if area and capacity else together),
        ]
        headings = [heading(of, code) for of, code in asked if code]
        return headings + ([in_area(area, capacity)] if area and capacity else [])

    @property
    def words(self) -> str:
        """What the name is to contain."""
        return self._chosen("name")

    @property
    def query(self) -> str:
        """What was asked for as it stands in an address, nothing else of it."""
        chosen = {name: self._chosen(name) for name in self.form.fields}
        return urlencode({name: value for name, value in chosen.items() if value})

    def _chosen(self, name: str) -> str:
        if not self.form.is_valid() and name in self.form.errors:
            return ""
        return str(self.form.cleaned_data.get(name) or "")


class ConversationFilter(django_filters.FilterSet):
    """How the list of conversations is narrowed."""

    show = django_filters.ChoiceFilter(
        label=_("Show"),
        empty_label=_("All"),
        choices=[
            ("unread", _("With something new")),
            ("ours", _("Waiting for our answer")),
            ("theirs", _("Waiting for theirs")),
            ("mine", _("That I wrote in")),
            ("case", _("About a case")),
            ("general", _("In general")),
        ],
        method="shown",
    )

    class Meta:
        model = Participant
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.actor = actor

    @property
    def is_narrowing(self) -> bool:
        return bool(self.data.get("show"))

    def shown(self, queryset: ParticipantQuerySet, _name: str, code: str) -> ParticipantQuerySet:
        here = OuterRef("conversation_id")
        waiting = ContactAttempt.objects.filter(conversation=here, outcome=Outcome.WAITING)
        ours = {"organisation_id": self.actor.organisation_id}
        if code == "unread":
            return queryset.unread(self.actor)
        if code == "ours":
            return queryset.filter(Exists(waiting.filter(**ours)))
        if code == "theirs":
            return queryset.filter(Exists(waiting.exclude(**ours)))
        if code == "mine":
            wrote = Message.objects.filter(conversation=here, author_id=self.actor.user_id)
            return queryset.filter(Exists(wrote))
        about_a_case = {"conversation__subject_uuid__isnull": code != "case"}
        return queryset.filter(**about_a_case)


class CoverageFilter(OrganisationFilter):
    """As the registry, and by what is missing (`partners.contact_coverage`)."""

    hole = django_filters.ChoiceFilter(
        label=_("What is missing"),
        choices=[
            ("nobody", _("Nobody can be called")),
            ("thin", _("A post without a deputy")),
            ("overdue", _("An entry was not confirmed in time")),
        ],
        empty_label=_("Show all"),
        method="lacking",
    )

    def lacking(
        self, queryset: OrganisationQuerySet, _name: str, which: str
    ) -> OrganisationQuerySet:
        return with_hole(queryset, which, self.request.actor.at)
