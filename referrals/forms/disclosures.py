"""What is asked when an order is entered, answered, and when something is handed over under it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.models import Organisation
from referrals.answers import LONGEST_NOTE
from referrals.choices import DISCLOSABLE, OrderedBy, Section

_PARTS = [(str(section), section.label) for section in DISCLOSABLE]


def _text(label: Any, help_text: Any = "", *, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class EnterOrder(forms.Form):
    """Who ordered what, on which basis, until when, and who approves it outside."""

    ordered_by = forms.ChoiceField(
        label=_("Who orders it?"), choices=OrderedBy.choices, widget=forms.RadioSelect
    )
    order_reference = _text(
        _("The order"), _("Its number, date, and who signed it, as it stands on the paper."), rows=2
    )
    legal_basis = _text(_("Legal basis"), _("The article the order names."), rows=2)
    scope = forms.MultipleChoiceField(
        label=_("What has to be handed over?"),
        help_text=_("Only what the order names. This case is about one person and nobody else."),
        choices=_PARTS,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = forms.DateField(
        label=_("Until when may it be handed over?"),
        help_text=_("At most 180 days from now."),
        widget=DateInputs,
    )
    silence_until = forms.DateField(
        label=_("Does the order forbid to tell the person? Until which day?"),
        help_text=_("Leave it empty when the person may be told: they are told first."),
        widget=DateInputs,
        required=False,
    )
    second_body = forms.ModelChoiceField(
        label=_("Who approves outside your organisation?"),
        help_text=_("Its managers see the order and not the case. Call them before."),
        queryset=Organisation.objects.none(),
        to_field_name="uuid",
    )

    def __init__(self, *args: Any, bodies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second_body"].queryset = bodies  # type: ignore[attr-defined]


class Refuse(forms.Form):
    """Why nothing is to be handed over."""

    reason = _text(_("Why it is not approved"), _("Whoever entered the order reads this."))


class HandOver(forms.Form):
    """What was handed over, to whom, and whether the person was told."""

    sections = forms.MultipleChoiceField(
        label=_("What did you hand over?"), widget=forms.CheckboxSelectMultiple
    )
    to = _text(_("To whom?"), _("Name and office of whoever received it."), rows=2)
    person_told = forms.BooleanField(label=_("The person was told before"), required=False)

    def __init__(self, *args: Any, scope: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sections"].choices = [  # type: ignore[attr-defined]
            (each, Section(each).label) for each in scope
        ]
