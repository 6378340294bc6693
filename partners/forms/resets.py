"""For whom the co-ordination asks that a second factor be taken off."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskForSomebody(forms.Form):
    """By address, because the co-ordination does not see the people of other organisations."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("With which the person signs in. Ask them by telephone, not by e-mail."),
    )
