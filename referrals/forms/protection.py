"""What is asked when a case is restricted, people are named for it, or somebody is kept out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from partners.access import Actor
from partners.models import Organisation
from referrals.answers import LONGEST_NOTE
from referrals.forms.decide import Act


def _why(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Why"),
        help_text=help_text,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class People(Act):
    """Some of one's colleagues, by name."""

    people = forms.MultipleChoiceField(
        label=_("Who works on the case"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(person.uuid): person for person in people}
        self.fields["people"].choices = [  # type: ignore[attr-defined]
            (uuid, person.display_name) for uuid, person in self.known.items()
        ]

    def chosen(self) -> list[User]:
        return [self.known[uuid] for uuid in self.cleaned_data["people"]]


class Restrict(People):
    """At least two people, and why nobody else."""

    reason = _why(_("Only the people you name can read this."))


class Person(Act):
    """One of the people who are named."""

    person = forms.ChoiceField(label=_("Who"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(person.uuid): person for person in people}
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            (uuid, person.display_name) for uuid, person in self.known.items()
        ]

    def chosen(self) -> User:
        return self.known[self.cleaned_data["person"]]


class ExcludeOrganisation(Act):
    """Everybody of an organisation, one of those that whoever asks may know of."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="uuid"
    )
    reason = _why(_("Only whoever keeps this file reads it. They are not told why."))

    def __init__(self, *args: Any, keeper: Organisation, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keeper = keeper
        known = Organisation.objects.visible_to(actor).members().order_by("name", "pk")
        self.fields["organisation"].queryset = self.of(known)  # type: ignore[attr-defined]

    def of(self, known: QuerySet[Organisation]) -> QuerySet[Organisation]:
        return known.exclude(pk=self.keeper.pk)


class ExcludePerson(ExcludeOrganisation):
    """One person, by where they work and how they sign in."""

    field_order = ("organisation", "email", "reason")
    email = forms.EmailField(
        label=_("Their address at work"), help_text=_("The one they sign in with here.")
    )

    def __init__(self, *args: Any, keeper: Organisation, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, keeper=keeper, actor=actor, **kwargs)
        self.fields["organisation"].label = _("Where they work")

    def of(self, known: QuerySet[Organisation]) -> QuerySet[Organisation]:
        return known


class StepBack(Act):
    """Why somebody is too close to the case to work on it."""

    reason = _why(_("Only whoever keeps the file reads it; your manager is not told."))


class Confirm(Act):
    """Nothing but the button."""
