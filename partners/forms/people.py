"""Inviting a colleague into the organisation acted for."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.choices import Role


class InviteColleague(forms.Form):
    """To which address the personal link goes, and what the person will do here."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The person’s own address at work: the link signs one person in."),
        widget=forms.EmailInput(attrs={"class": "govuk-!-width-two-thirds"}),
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, roles: Sequence[Role], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])
