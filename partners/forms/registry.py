"""What is asked about the registry as a list: a name for a filter."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partners.access import Actor
from partners.registry import narrowed


class KeepFilter(forms.Form):
    """Under which name a filter is kept, and whether the registry begins with it."""

    query = forms.CharField(max_length=1000, widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Name of the filter"),
        max_length=60,
        error_messages={"required": _("Give the filter a name.")},
    )
    is_default = forms.BooleanField(
        label=_("Begin with it whenever I open the registry"), required=False
    )

    def __init__(self, data: Any = None, *, actor: Actor) -> None:
        super().__init__(data)
        self._actor = actor

    def clean_query(self) -> str:
        """Only what the registry can be asked for, so that nothing else is kept."""
        return narrowed(self._actor, QueryDict(self.cleaned_data["query"])).query
