"""What stands beside the answers: where a track is, and circumstances shared with others."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.forms.application import AreaChoice
from partners.models import Area
from referrals.choices import TRACK_STATUSES, Exploitation, PlaceOfExploitation
from referrals.models import Situation, Track

NEW, NONE = "new", "none"


class SetTrack(forms.Form):
    """Where one track stands; `was` is what the page showed, so that two at once are told."""

    was = forms.CharField(max_length=16, widget=forms.HiddenInput)
    status = forms.ChoiceField(label=_("Where it stands now"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, track: Track, **kwargs: Any) -> None:
        initial = {"was": track.status, "status": track.status}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (each.value, each.label) for each in TRACK_STATUSES[track.kind]
        ]


class ChooseSituation(forms.Form):
    """Circumstances this referral shares with others made here: known ones, new ones, or none."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    situation = forms.ChoiceField(
        label=_("Does the person share circumstances with others you referred?"),
        help_text=_("Such as one raid or one workplace. Nobody else sees that they do."),
        widget=forms.RadioSelect,
    )
    found_on = forms.DateField(
        label=_("Found on"),
        help_text=_("Of new circumstances: the day, if there is one."),
        widget=DateInputs,
        required=False,
    )
    region = AreaChoice(
        label=_("Region"),
        queryset=Area.objects.order_by("path"),
        empty_label=_("Choose an area"),
        required=False,
    )
    place = forms.ChoiceField(
        label=_("Where did it take place?"),
        choices=[("", _("Choose")), *PlaceOfExploitation.choices],
        required=False,
    )
    exploitation = forms.MultipleChoiceField(
        label=_("Forms of exploitation"),
        choices=Exploitation.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    CODES = ("found_on", "region", "place", "exploitation")

    def __init__(
        self, *args: Any, known: list[tuple[Situation, str]], standing: Situation | None, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.known = {str(situation.uuid): situation for situation, _words in known}
        self.fields["situation"].choices = [  # type: ignore[attr-defined]
            (NONE, _("No, or not known")),
            *((str(situation.uuid), words) for situation, words in known),
            (NEW, _("Yes, circumstances that are not listed yet")),
        ]
        self.initial.setdefault("situation", str(standing.uuid) if standing else NONE)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        described = any(given.get(name) for name in self.CODES)
        if given.get("situation") == NEW and not described and not self.errors:
            self.add_error(
                "situation", _("Describe the new circumstances below by at least one answer.")
            )
        return given

    def codes(self) -> dict[str, Any]:
        """What `open_situation` takes."""
        return {name: self.cleaned_data[name] for name in self.CODES}
