"""Who the person is, and why somebody opens it. Sealed; never needed to send a referral."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.reviews import digest
from referrals.choices import OpenReason
from referrals.forms.log import Page
from referrals.models import Identity
from referrals.services.identity import LONGEST

#: Whoever is asked about was born after it.
EARLIEST = 1900


class BirthDate(forms.Field):
    """A date of birth as far as it is known, in three boxes: "1998-03-27", "1998-03" or "1998"."""

    widget = DateInputs

    def to_python(self, value: Any) -> str:
        """Raises ValidationError for a day that does not exist, or a month without its year."""
        if not value:
            return ""
        year, month, day = (part.strip() for part in str(value).split("-"))
        try:
            born = date(int(year), int(month or 1), int(day or 1))
        except ValueError:
            raise ValidationError(_("Enter a real date, or only the year.")) from None
        if day and not month:
            raise ValidationError(_("Enter the month too, or only the year."))
        if born.year < EARLIEST:
            raise ValidationError(_("Enter the year with four digits."))
        known = [f"{born:%Y}", f"{born:%m}" if month else "", f"{born:%d}" if day else ""]
        return "-".join(filter(None, known))


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
    birth_date = BirthDate(
        label=_("Date of birth"),
        help_text=_(
            "For example, 27 3 1998. The year alone will do; leave it empty if it is not known."
        ),
        required=False,
    )
    safe_contact = forms.CharField(
        label=_("How to reach the person safely"),
        help_text=_("Which way, at what time, and what must not be said."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def standing(self) -> dict[str, Any]:
        # What is sealed is not put into a page that nobody asked to open it.
        return {}

    def fingerprint(self) -> str:
        """Of what is kept, without opening it: sealing the same words again gives other bytes."""
        columns = ("name_ct", "birth_date_ct", "safe_contact_ct")
        kept = Identity.objects.filter(person=self.referral.person).values_list(*columns).first()
        return digest([bytes(sealed or b"").hex() for sealed in kept or ()])

    def answers(self) -> dict[str, Any]:
        """What was typed; an empty box leaves what is kept as it is."""
        return {name: value for name, value in self.said().items() if value}


class OpenIdentity(forms.Form):
    """Why the identity is opened. The reason is kept with the time and the person who asked."""

    reason = forms.ChoiceField(
        label=_("Why do you open it?"), choices=OpenReason.choices, widget=forms.RadioSelect
    )
