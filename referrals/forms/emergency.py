"""What is asked of whoever opens a case in an emergency, and of whoever reviews it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.references import BadReference, parse_reference
from referrals.answers import LONGEST_NOTE
from referrals.choices import EmergencyReason, ReviewOutcome


class AskForAccess(forms.Form):
    """The reference, and why it cannot wait."""

    reference = forms.CharField(
        label=_("Reference of the case"),
        help_text=_("As the person or a colleague gave it to you, for example R-7F3K-92QB."),
        max_length=40,
    )
    reason_code = forms.ChoiceField(
        label=_("What is the emergency?"),
        choices=EmergencyReason.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Why it cannot wait"),
        help_text=_("Whoever reviews this reads it. Do not write the person’s name."),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_reference(self) -> str:
        try:
            return parse_reference(self.cleaned_data["reference"])
        except BadReference as error:
            raise ValidationError(str(error)) from None


class Review(forms.Form):
    """Whether it was justified, and why."""

    outcome = forms.ChoiceField(
        label=_("Was it justified?"), choices=ReviewOutcome.choices, widget=forms.RadioSelect
    )
    finding = forms.CharField(
        label=_("Why"),
        help_text=_("Whoever opened it reads this, and so do those who answer for them."),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
