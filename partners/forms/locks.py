"""Locking an account: whose, and why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.choices import LockReason


class Lock(forms.Form):
    """Why a colleague is kept out; a closed list."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=LockReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )

    def clean_reason(self) -> LockReason:
        return LockReason(self.cleaned_data["reason"])


class LockSomebody(Lock):
    """By address, where one does not see the people of the organisation."""

    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("With which the person signs in.")
    )
    field_order = ("email", "reason")
