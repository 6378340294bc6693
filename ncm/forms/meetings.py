"""Meetings as they are planned and held: times, items, papers, attendance, votes, minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.forms import DateInputs
from ncm.bodies_choices import Ballot, Effect, IssueClass, Presence
from ncm.models import Meeting
from partners.forms.agreements import words


class When(forms.Form):
    """Day, times and place of a meeting."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    on = forms.DateField(label=_("Day"), widget=DateInputs)
    begins = forms.TimeField(
        label=_("Begins"), help_text=_("Such as 10:00, in the country’s time.")
    )
    ends = forms.TimeField(label=_("Ends"), help_text=_("Such as 12:30, in the country’s time."))
    place = forms.CharField(
        label=_("Where"), max_length=200, required=False,
        help_text=_("Never the address of a shelter."),
    )  # fmt: skip
    remote = forms.CharField(
        label=_("How to take part remotely"), max_length=300, required=False,
        help_text=_("A link or number. Those who sit at this table read it, the co-ordination and "
                    "the rapporteur."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("begins") and given.get("ends") and given["ends"] <= given["begins"]:
            self.add_error("ends", _("A meeting ends after it begins."))
        if not given.get("place") and not given.get("remote"):
            self.add_error("place", _("Say where it is, or how to take part remotely."))
        return given

    def meeting(self) -> dict[str, Any]:
        """What the services take; times are the country's."""
        given, zone = self.cleaned_data, current().time_zone
        return {
            "starts_at": datetime.combine(given["on"], given["begins"], tzinfo=zone),
            "ends_at": datetime.combine(given["on"], given["ends"], tzinfo=zone),
            "place": given["place"],
            "remote": given["remote"],
        }


def standing(meeting: Meeting) -> dict[str, Any]:
    """What stands, as the form shows it."""
    begins = meeting.starts_at.astimezone(current().time_zone)
    ends = meeting.ends_at.astimezone(current().time_zone)
    return {
        "on": begins.date(), "begins": begins.strftime("%H:%M"), "ends": ends.strftime("%H:%M"),
        "place": meeting.place, "remote": meeting.remote, "version": meeting.version,
    }  # fmt: skip


class Item(forms.Form):
    """Something to be talked about."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    issue = forms.ChoiceField(label=_("What it is about"), choices=IssueClass.choices)
    title = forms.CharField(label=_("Title"), max_length=140)
    words = words(
        _("What is asked, and why"),
        _("Once it is on an agenda, those who sit at this table read it; before, the "
          "co-ordination and the rapporteur. Never name a person who was helped."),
        most=4000,
    )  # fmt: skip


class SeatItem(Item):
    """The same, for one of the seats the actor speaks for."""

    field_order = ("seat", "issue", "title", "words")
    seat = forms.ChoiceField(label=_("For which seat"), widget=forms.RadioSelect)

    def __init__(
        self, seats: Sequence[tuple[str, str]], data: Mapping[str, Any] | None = None, **how: Any
    ) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["seat"]
        field.choices = seats
        if len(seats) == 1:
            field.initial, field.widget = seats[0][0], forms.HiddenInput()


class OnAgenda(forms.Form):
    """On the agenda of which meeting."""

    meeting = forms.ChoiceField(label=_("Meeting"), widget=forms.RadioSelect)

    def __init__(
        self, meetings: Sequence[tuple[str, str]], data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data)
        field: Any = self.fields["meeting"]
        field.choices = meetings


class Why(forms.Form):
    """The reason."""

    comment = words(_("Why"), _("Whoever submitted it, or sits at this table, reads this."))


class Confirm(forms.Form):
    """Nothing is asked."""


class NewPaper(forms.Form):
    """A paper, for everybody at the table or for some seats."""

    title = forms.CharField(label=_("What it is"), max_length=120)
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, JPEG, PNG or plain text, at most 5 MB. Nothing about a person who was "
                    "helped."),
    )  # fmt: skip
    only_seats = forms.MultipleChoiceField(
        label=_("Only for these seats"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everybody who sits at this table reads it. Else these seats, "
                    "whoever adds it, and the co-ordination."),
    )  # fmt: skip

    def __init__(
        self,
        seats: Sequence[tuple[str, str]],
        data: Mapping[str, Any] | None = None,
        files: Any = None,
    ) -> None:
        super().__init__(data, files)
        field: Any = self.fields["only_seats"]
        field.choices = seats


class Who(forms.Form):
    """Whether each seat takes part."""

    def __init__(
        self,
        seats: Sequence[tuple[UUID, str, str]],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """`seats` are (uuid, name, presence so far)."""
        super().__init__(data)
        self.seats = seats
        for uuid, name, so_far in seats:
            self.fields[f"seat-{uuid.hex}"] = forms.ChoiceField(
                label=name, choices=Presence.choices, initial=so_far or None,
                widget=forms.RadioSelect(attrs={"class": "govuk-radios--inline"}),
            )  # fmt: skip

    def presences(self) -> dict[UUID, str]:
        return {uuid: self.cleaned_data[f"seat-{uuid.hex}"] for uuid, _name, _so_far in self.seats}


class NewVote(forms.Form):
    """What is put to the vote, and how each seat votes."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    words = words(
        _("What is put to the vote"),
        _("These words become the resolution, and nobody changes them afterwards."), most=4000,
    )  # fmt: skip

    def __init__(
        self,
        seats: Sequence[tuple[UUID, str]],
        data: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> None:
        super().__init__(data, **how)
        self.seats = seats
        for uuid, name in seats:
            self.fields[f"seat-{uuid.hex}"] = forms.ChoiceField(
                label=name, choices=Ballot.choices, widget=forms.RadioSelect
            )

    def ballots(self) -> dict[UUID, str]:
        return {uuid: self.cleaned_data[f"seat-{uuid.hex}"] for uuid, _name in self.seats}


class NewDissent(forms.Form):
    """Why a seat does not share what was decided."""

    seat = forms.ChoiceField(label=_("Which seat"))
    words = words(_("Why"), _("It stands in the minutes as it is written here."))

    def __init__(
        self, seats: Sequence[tuple[str, str]], data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data)
        field: Any = self.fields["seat"]
        field.choices = seats
        if len(seats) == 1:
            field.initial, field.widget = seats[0][0], forms.HiddenInput()


class Adopt(forms.Form):
    """The title of a resolution, and what it does to an earlier one."""

    title = forms.CharField(label=_("Title of the resolution"), max_length=140)
    earlier = forms.ChoiceField(
        label=_("It ends an earlier one"), required=False,
        help_text=_("An earlier one stays as it is, with a note that it ended."),
    )  # fmt: skip
    effect = forms.ChoiceField(
        label=_("How"), required=False, choices=[("", _("It ends none")), *Effect.choices]
    )

    def __init__(
        self,
        earlier: Sequence[tuple[str, str]],
        data: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["earlier"]
        field.choices = [("", _("None")), *earlier]
        if not earlier:
            del self.fields["earlier"], self.fields["effect"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if bool(given.get("earlier")) != bool(given.get("effect")):
            self.add_error("effect", _("Say which earlier resolution, and what becomes of it."))
        return given


class MinutesText(forms.Form):
    """The words of the minutes; what was counted stands beside them and is not typed."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("Minutes"), max_length=40_000, widget=forms.Textarea(attrs={"rows": 24}),
        help_text=_("Who was there, the votes and the resolutions stand below as they were "
                    "entered. Do not name organisations that want to stay unnamed, nor people."),
    )  # fmt: skip


class Correction(forms.Form):
    """What was wrong in approved minutes."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    words = words(_("Correction"), _("It stands beside the minutes; they stay."), most=4000)
