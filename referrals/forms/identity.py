"""Who the person is, and why somebody opens it. Sealed; never needed to send a referral."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from referrals.choices import OpenReason
from referrals.forms.log import Page


class TheIdentity(Page):
    """Name, date of birth, safe contact. What is kept is not shown again here: it is opened."""

    slug = "identity"
    title = _("Name and safe contact")
    who_sees = _(
        "Optional. Kept sealed; each time somebody opens it, it is noted who and why. The safe "
        "contact never leaves your organisation."
    )
    optional = frozenset({"name", "birth_date", "safe_contact"})

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("For example, 27 3 1998. Leave it empty if it is not known."),
        widget=DateInputs,
        required=False,
    )
    safe_contact = forms.CharField(
        label=_("How to reach the person safely"),
        help_text=_("Which way, at what time, and what must not be said."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def standing(self) -> dict[str, Any]:
        # What is sealed is not put into a page that nobody asked to open it.
        return {}


class OpenIdentity(forms.Form):
    """Why the identity is opened. The reason is kept with the time and the person who asked."""

    reason = forms.ChoiceField(
        label=_("Why do you open it?"), choices=OpenReason.choices, widget=forms.RadioSelect
    )
