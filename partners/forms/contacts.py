"""A point of contact as its organisation writes it: who, when, in which languages, and how."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from partners.choices import OUT_OF_BAND, ChannelKind
from partners.forms.application import AreaChoice
from partners.languages import offered_languages
from partners.models import Area, PointOfContact

#: How many ways to reach somebody a page asks for.
CHANNELS = range(1, 5)
ORDINALS = {
    1: _("First channel to try"),
    2: _("Second channel"),
    3: _("Third channel"),
    4: _("Fourth channel"),
}
DETAILS = ("person_name", "post", "area", "languages", "hours")


class Contact(forms.Form):
    """One person with up to four channels in the order in which to try them."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    person_name = forms.CharField(label=_("Name"), max_length=120)
    post = forms.CharField(
        label=_("Post"), help_text=_("What others ask for at the switchboard."), max_length=120,
        required=False,
    )  # fmt: skip
    hours = forms.CharField(
        label=_("Hours"),
        help_text=_("When this person can be reached, such as “day and night” or “Mon–Fri 8–16”."),
        max_length=120,
        required=False,
    )
    area = AreaChoice(
        label=_("Area covered"),
        queryset=Area.objects.order_by("path"),
        empty_label=_("The organisation’s whole area"),
        required=False,
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(
        self, contact: PointOfContact | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=_standing(contact))
        self.fields["languages"].choices = offered_languages(  # type: ignore[attr-defined]
            contact.languages if contact else ()
        )
        for number in CHANNELS:
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                label=ORDINALS[number],
                choices=[("", _("Choose a channel")), *ChannelKind.choices],
                required=number == 1,
            )
            self.fields[f"value_{number}"] = forms.CharField(
                label=_("Number or address"), max_length=160, required=number == 1
            )
        self.fields["kind_1"].help_text = _(
            "At least one channel should work when the internet does not."
        )

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings."""
        channels = [self[f"{name}_{n}"] for n in CHANNELS for name in ("kind", "value")]
        return [
            (_("Who"), [self[name] for name in ("person_name", "post", "hours")]),
            (_("How to reach this person"), channels),
            (_("For whom"), [self["area"], self["languages"]]),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for number in CHANNELS:
            kind, value = f"kind_{number}", f"value_{number}"
            if number > 1 and given.get(value) and not given.get(kind):
                self.add_error(kind, _("Choose what kind of channel this is."))
            elif number > 1 and given.get(kind) and not given.get(value):
                self.add_error(value, _("Enter the number or address for this channel."))
            elif given.get(kind) == ChannelKind.EMAIL and given.get(value):
                try:
                    validate_email(given[value])
                except forms.ValidationError as error:
                    self.add_error(value, error)
        return given

    def details(self) -> dict[str, Any]:
        """What `services.contacts` takes about the person."""
        return {name: self.cleaned_data[name] for name in DETAILS}

    def channels(self) -> list[tuple[str, str]]:
        """(kind, number or address) in order, without the gaps."""
        given = self.cleaned_data
        pairs = [(given[f"kind_{number}"], given[f"value_{number}"]) for number in CHANNELS]
        return [(kind, value) for kind, value in pairs if value]

    def has_out_of_band(self) -> bool:
        return any(kind in OUT_OF_BAND for kind, _value in self.channels())


def _standing(contact: PointOfContact | None) -> dict[str, Any]:
    if contact is None:
        return {"version": 0}
    initial: dict[str, Any] = {name: getattr(contact, name) for name in DETAILS}
    initial["version"] = contact.version
    for number, channel in zip(CHANNELS, contact.channels.all(), strict=False):
        initial[f"kind_{number}"], initial[f"value_{number}"] = channel.kind, channel.value
    return initial
