"""What a reviewer says to a change of an entry."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class Decide(forms.Form):
    """Agree, or decline and say why."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("A word to the organisation"),
        help_text=_("Needed when you decline: say what stands against it. Never name a person."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(self, version: int, data: Any = None) -> None:
        super().__init__(data, initial={"version": version})
