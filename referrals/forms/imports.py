"""Choosing a file of past referrals and how its columns are to be read."""

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from referrals.import_profile import load_profile, profile_names
from referrals.services.import_files import LARGEST


def profiles() -> list[tuple[str, str]]:
    """The profiles there are, by the titles they give themselves."""
    return [(name, load_profile(name).title) for name in profile_names()]


class UploadHistory(forms.Form):
    """The file and its profile. Whether it is a table at all is told by reading it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A table saved as CSV, with one past referral in each row. At most 20 MB."),
        allow_empty_file=True,  # said in our words when it is read
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    profile = forms.ChoiceField(
        label=_("Where the table is from"),
        help_text=_("Decides which column is what, and what its words mean."),
        choices=profiles,
        error_messages={"invalid_choice": _("There is no such profile. Choose one of the list.")},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is larger than 20 MB. Divide it."))
        return file
