"""Numbers of places, the three questions of a night, and a provider's answer."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.choices_places import Need, PlaceType, RefusalReason, RequestEnd, Who
from partners.forms.application import AreaChoice
from partners.models import Area, PlaceCount, ServiceOffer

MOST = 9999


class Figures(forms.Form):
    """For each house and each type of place two numbers: how many there are, how many are free."""

    def __init__(
        self, offers: Iterable[ServiceOffer], data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data)
        self.offers = list(offers)
        self.standing = {
            (offer.pk, count.place_type): count for offer in self.offers for count in _of(offer)
        }
        for offer in self.offers:
            for place_type in PlaceType:
                known = self.standing.get((offer.pk, place_type.value))
                for name, label in (("total", _("Places")), ("free", _("Free now"))):
                    self.fields[f"{name}-{offer.uuid}-{place_type}"] = forms.IntegerField(
                        label=f"{label}: {place_type.label}",
                        min_value=0,
                        max_value=MOST,
                        required=False,
                        initial=getattr(known, name) if known else None,
                        widget=forms.NumberInput(
                            attrs={"class": "govuk-input--width-3", "inputmode": "numeric"}
                        ),
                    )

    def houses(self) -> list[dict[str, Any]]:
        """The fields by house: offer, rows of (type, count standing, places, free)."""
        return [
            {
                "offer": offer,
                "rows": [
                    {
                        "label": place_type.label,
                        "count": self.standing.get((offer.pk, place_type.value)),
                        "total": self[f"total-{offer.uuid}-{place_type}"],
                        "free": self[f"free-{offer.uuid}-{place_type}"],
                    }
                    for place_type in PlaceType
                ],
            }
            for offer in self.offers
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for offer in self.offers:
            for place_type in PlaceType:
                total = given.get(f"total-{offer.uuid}-{place_type}") or 0
                free = given.get(f"free-{offer.uuid}-{place_type}") or 0
                if free > total:
                    words = _("There cannot be more free places than places.")
                    self.add_error(f"free-{offer.uuid}-{place_type}", words)
        return given

    def figures(self) -> dict[int, dict[str, tuple[int, int]]]:
        """What `services.places` takes; a type nobody ever counted stays out."""
        found: dict[int, dict[str, tuple[int, int]]] = {}
        for offer in self.offers:
            types = found.setdefault(offer.pk, {})
            for place_type in PlaceType:
                total = self.cleaned_data[f"total-{offer.uuid}-{place_type}"]
                free = self.cleaned_data[f"free-{offer.uuid}-{place_type}"]
                known = (offer.pk, place_type.value) in self.standing
                if known or total:
                    types[place_type.value] = (total or 0, free or 0)
        return found


def _of(offer: ServiceOffer) -> list[PlaceCount]:
    return list(offer.places.all())


class Tonight(forms.Form):
    """The three questions; none of them is about who the person is."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    who = forms.ChoiceField(
        label=_("Who needs a place?"), choices=Who.choices, widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label=_("What must it have?"),
        choices=Need.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    area = AreaChoice(
        label=_("Where?"),
        queryset=Area.objects.order_by("path"),
        empty_label=_("Anywhere in the country"),
        to_field_name="code",
        required=False,
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"token": uuid4()})


class Refusal(forms.Form):
    """Why a house says no."""

    reason = forms.ChoiceField(
        label=_("Why not?"), choices=RefusalReason.choices, widget=forms.RadioSelect
    )


class Closing(forms.Form):
    """How a search ended."""

    end = forms.ChoiceField(
        label=_("How did the search end?"),
        choices=[each for each in RequestEnd.choices if each[0] != RequestEnd.FOUND],
        widget=forms.RadioSelect,
    )
