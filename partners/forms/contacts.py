"""A point of contact as its organisation writes it: who, for what, when, in which
languages, and how; and the shorter form behind the link that the person gets by mail."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from partners.choices import OUT_OF_BAND, ChannelKind, ContactDuty
from partners.forms.application import AreaChoice
from partners.hours import ALWAYS as DAY_AND_NIGHT
from partners.hours import MOST_BLOCKS, WEEKDAYS, Block
from partners.hours import block as one_block
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
DETAILS = (
    "person_name", "post", "area", "languages", "duties", "hours", "week", "key_fingerprint",
)  # fmt: skip
BLOCKS = range(1, MOST_BLOCKS + 1)
ALWAYS, AT_TIMES = "always", "times"


class Reached(forms.Form):
    """When and how somebody is reached: hours, languages, up to four channels in order."""

    #: Kinds of channel that are not asked for here.
    without: tuple[str, ...] = ()

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    when = forms.ChoiceField(
        label=_("When this person can be reached"),
        choices=[
            ("", _("Not said")),
            (ALWAYS, _("Day and night")),
            (AT_TIMES, _("On these days and times")),
        ],
        required=False,
    )
    hours = forms.CharField(
        label=_("More about the hours"),
        help_text=_("Such as “closed on public holidays; the duty line answers then”."),
        max_length=120,
        required=False,
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"), widget=forms.CheckboxSelectMultiple, required=False
    )
    first_in_emergency = forms.ChoiceField(
        label=_("In an emergency, try first"),
        help_text=_("Shown before the others while the co-ordination has declared an emergency."),
        choices=[("", _("The same order as always")), *((str(n), ORDINALS[n]) for n in CHANNELS)],
        required=False,
    )

    def __init__(
        self, contact: PointOfContact | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=self._standing(contact))
        self.fields["languages"].choices = offered_languages(  # type: ignore[attr-defined]
            contact.languages if contact else ()
        )
        kinds = [choice for choice in ChannelKind.choices if choice[0] not in self.without]
        needed = not self.without
        for number in CHANNELS:
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                label=ORDINALS[number],
                choices=[("", _("Choose a channel")), *kinds],
                required=needed and number == 1,
            )
            self.fields[f"value_{number}"] = forms.CharField(
                label=_("Number or address"), max_length=160, required=needed and number == 1
            )
        for number in BLOCKS:
            self._add_block(number)
        self.fields["kind_1"].help_text = _(
            "At least one channel should work when the internet does not."
        )

    def _add_block(self, number: int) -> None:
        days = _("Days") if number == 1 else _("Other days")
        self.fields[f"days_{number}"] = forms.MultipleChoiceField(
            label=days,
            choices=WEEKDAYS,
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        for name, label in (("from", _("From")), ("until", _("Until"))):
            self.fields[f"{name}_{number}"] = forms.TimeField(
                label=label,
                help_text=_("Hours and minutes, such as 08:00."),
                widget=forms.TextInput(attrs={"inputmode": "numeric", "size": "5"}),
                required=False,
            )

    def when_fields(self) -> list[forms.BoundField]:
        blocks = [self[f"{name}_{n}"] for n in BLOCKS for name in ("days", "from", "until")]
        return [self["when"], *blocks, self["hours"]]

    def channel_fields(self) -> list[forms.BoundField]:
        channels = [self[f"{name}_{n}"] for n in CHANNELS for name in ("kind", "value")]
        return [*channels, self["first_in_emergency"]]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for number in CHANNELS:
            kind, value = f"kind_{number}", f"value_{number}"
            asked = not self.fields[kind].required
            if asked and given.get(value) and not given.get(kind):
                self.add_error(kind, _("Choose what kind of channel this is."))
            elif asked and given.get(kind) and not given.get(value):
                self.add_error(value, _("Enter the number or address for this channel."))
            elif given.get(kind) == ChannelKind.EMAIL and given.get(value):
                try:
                    validate_email(given[value])
                except forms.ValidationError as error:
                    self.add_error(value, error)
        first = given.get("first_in_emergency")
        if first and not given.get(f"value_{first}"):
            self.add_error("first_in_emergency", _("This channel is empty."))
        self._clean_week(given)
        return given

    def _clean_week(self, given: Mapping[str, Any]) -> None:
        if given.get("when") != AT_TIMES:
            return
        if not given.get("days_1"):
            self.add_error("days_1", _("Choose the days, or choose “Day and night”."))
        for number in BLOCKS:
            if not given.get(f"days_{number}"):
                continue
            for name in ("from", "until"):
                if given.get(f"{name}_{number}") is None and f"{name}_{number}" not in self.errors:
                    self.add_error(f"{name}_{number}", _("Enter the time, such as 08:00."))

    def week(self) -> list[Block]:
        """The hours as `partners.hours` keeps them."""
        given = self.cleaned_data
        if given["when"] == ALWAYS:
            return DAY_AND_NIGHT
        if given["when"] != AT_TIMES:
            return []
        return [
            one_block(given[f"days_{n}"], given[f"from_{n}"], given[f"until_{n}"])
            for n in BLOCKS
            if given[f"days_{n}"]
        ]

    def channels(self) -> list[tuple[str, str, bool]]:
        """(kind, number or address, first in an emergency) in order, without the gaps."""
        given = self.cleaned_data
        rows = [
            (given[f"kind_{n}"], given[f"value_{n}"], given["first_in_emergency"] == str(n))
            for n in CHANNELS
        ]
        return [row for row in rows if row[1]]

    def has_out_of_band(self) -> bool:
        return any(kind in OUT_OF_BAND for kind, _value, _first in self.channels())

    def _standing(self, contact: PointOfContact | None) -> dict[str, Any]:
        if contact is None:
            return {"version": 0}
        initial: dict[str, Any] = {"version": contact.version, **_of_week(contact.week)}
        for name in ("hours", "languages"):
            initial[name] = getattr(contact, name)
        asked = [each for each in contact.channels.all() if each.kind not in self.without]
        for number, channel in zip(CHANNELS, asked, strict=False):
            initial[f"kind_{number}"], initial[f"value_{number}"] = channel.kind, channel.value
            if channel.is_for_emergencies:
                initial["first_in_emergency"] = str(number)
        return initial


class Correction(Reached):
    """What whoever holds the link puts right. Mail addresses are the organisation's to change."""

    without = (ChannelKind.EMAIL,)

    def __init__(
        self, contact: PointOfContact | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(contact, data)
        self.fields["when"].label = _("When you can be reached")

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings."""
        return [
            (_("How to reach you"), self.channel_fields()),
            (_("When"), self.when_fields()),
            (_("In which languages"), [self["languages"]]),
        ]

    def details(self) -> dict[str, Any]:
        """What `services.contact_links.correct` takes."""
        given = self.cleaned_data
        return {"hours": given["hours"], "week": self.week(), "languages": given["languages"]}


class Contact(Reached):
    """One person with up to four channels in the order in which to try them."""

    person_name = forms.CharField(label=_("Name"), max_length=120)
    post = forms.CharField(
        label=_("Post"), help_text=_("What others ask for at the switchboard."), max_length=120,
        required=False,
    )  # fmt: skip
    area = AreaChoice(
        label=_("Area covered"),
        queryset=Area.objects.order_by("path"),
        empty_label=_("The organisation’s whole area"),
        required=False,
    )
    duties = forms.MultipleChoiceField(
        label=_("Answers for"),
        help_text=_("Leave empty for everything your organisation does."),
        choices=ContactDuty.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    key_fingerprint = forms.CharField(
        label=_("Fingerprint of the key for encrypted mail"), max_length=80, required=False
    )

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings."""
        return [
            (_("Who"), [self["person_name"], self["post"]]),
            (_("How to reach this person"), [*self.channel_fields(), self["key_fingerprint"]]),
            (_("When"), self.when_fields()),
            (_("For whom"), [self["area"], self["duties"], self["languages"]]),
        ]

    def details(self) -> dict[str, Any]:
        """What `services.contacts` takes about the person."""
        return {
            name: self.week() if name == "week" else self.cleaned_data[name] for name in DETAILS
        }

    def _standing(self, contact: PointOfContact | None) -> dict[str, Any]:
        initial = super()._standing(contact)
        if contact is not None:
            names = (name for name in DETAILS if name != "week")
            initial |= {name: getattr(contact, name) for name in names}
        return initial


class Called(forms.Form):
    """On which channel the co-ordination reached the person who confirmed the entry."""

    channel = forms.ChoiceField(label=_("Called on"), widget=forms.RadioSelect)

    def __init__(self, contact: PointOfContact, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        kinds = dict.fromkeys(c.kind for c in contact.channels.all() if c.kind != ChannelKind.EMAIL)
        self.fields["channel"].choices = [  # type: ignore[attr-defined]
            (kind, ChannelKind(kind).label) for kind in kinds
        ]


def _of_week(week: list[Block]) -> dict[str, Any]:
    if not week:
        return {}
    if week == DAY_AND_NIGHT:
        return {"when": ALWAYS}
    initial: dict[str, Any] = {"when": AT_TIMES}
    for number, each in zip(BLOCKS, week, strict=False):
        initial[f"days_{number}"] = [str(day) for day in each["days"]]
        initial[f"from_{number}"], initial[f"until_{number}"] = each["from"], each["until"]
    return initial
