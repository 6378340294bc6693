"""What is asked about the registry as a whole: a name for a filter, a table to bring in."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partners.access import Actor
from partners.registry import narrowed
from partners.services.registry_tables import LARGEST


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


class UploadTable(forms.Form):
    """A table of organisations. Whether it is one at all is told by reading it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, one organisation in each row, at most 20,000 rows and 20 MB."),
        allow_empty_file=True,  # said in our words when it is read
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": _("Choose a file.")},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is larger than 20 MB. Divide it."))
        return file
