"""Issuing a token: what it is for, what a program may do with it, and for how long."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import TOKEN_LIFE
from common.marks import Permission
from partners.roles import TOKEN_SCOPES

#: What each scope means to whoever gives it, in the order in which they are offered.
SCOPE_LABELS = {
    Permission.ORGANISATION_SEE: _("Read the registry of organisations"),
    Permission.CONTACT_SEE: _("Read their points of contact"),
    Permission.REFERRAL_SEE: _("Read the referrals of the organisation"),
    Permission.REFERRAL_MAKE: _("Make referrals and answer questions about them"),
}


#: Scopes that do nothing without others: whoever makes or changes something also reads it.
SCOPE_NEEDS = {Permission.REFERRAL_MAKE: (Permission.REFERRAL_SEE,)}


class IssueToken(forms.Form):
    """At most 90 days; the program is given a new token in time."""

    name = forms.CharField(
        label=_("What it is for"),
        help_text=_("Name the program and the machine it runs on, never a person."),
        max_length=120,
    )
    scopes = forms.MultipleChoiceField(
        label=_("What the program may do"),
        # A scope that has no words yet is not offered; a test finds it.
        choices=[
            (scope.value, label) for scope, label in SCOPE_LABELS.items() if scope in TOKEN_SCOPES
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Days until it runs out"),
        help_text=_("At most 90."),
        min_value=1,
        max_value=TOKEN_LIFE.days,
        initial=TOKEN_LIFE.days,
    )

    def clean_scopes(self) -> list[Permission]:
        given = [Permission(scope) for scope in self.cleaned_data["scopes"]]
        for scope in given:
            for needed in SCOPE_NEEDS.get(scope, ()):
                if needed not in given:
                    words = _("“%(scope)s” works only together with “%(needed)s”: tick that too.")
                    labels = {"scope": SCOPE_LABELS[scope], "needed": SCOPE_LABELS[needed]}
                    raise forms.ValidationError(words, params=labels)
        return given
