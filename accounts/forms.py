"""Forms of the account pages, and of allauth's second-factor pages where they must do more."""

import zoneinfo
from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.factors import MARK, SealedSecret, open_secret, seal_secret, spend_code
from accounts.models import Invitation, User

_ODD_AREAS = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")


def time_zones() -> list[tuple[str, str]]:
    """Every zone named after a place, as a person would look for it."""
    names = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(_ODD_AREAS)
    )
    return [(name, name.replace("_", " ")) for name in names]


class MeForm(forms.ModelForm):
    """What somebody may change about themselves."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("Dates of deadlines always follow the country's own zone."),
    )

    class Meta:
        model = User
        fields = ["display_name", "language", "time_zone"]
        labels = {"display_name": _("Your name")}
        help_texts = {"display_name": _("As colleagues in other organisations know you.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [
            ("", _("As my browser asks")),
            *settings.LANGUAGES,
        ]
        self.fields["time_zone"].choices = [("", _("The country's own")), *time_zones()]
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"


class AcceptForm(forms.Form):
    """Opens an account for the invited address."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As colleagues in other organisations know you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "At least 15 characters. Four or five words that do not belong together are easy to "
            "remember and hard to guess."
        ),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            person = User(email=self.invitation.email, display_name=data.get("display_name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as fault:
                self.add_error("password", fault)
        return data


# --- allauth's forms (ACCOUNT_FORMS, MFA_FORMS) ---------------------------------------------------


class SignInForm(LoginForm):
    """The first step of signing in, in the words of the other pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")


def _works_once(form: base.BaseAuthenticateForm, code: str) -> str:
    """Uses the code up where it is a time-based one. Raises ValidationError if it was used."""
    authenticator: Authenticator = form.authenticator
    if authenticator.type == Authenticator.Type.TOTP:
        secret = open_secret(authenticator.data["secret"])
        if not spend_code(authenticator.user, secret, code):
            raise get_adapter().validation_error("incorrect_code")
    return code


class AuthenticateForm(base.AuthenticateForm):
    """The second step of signing in."""

    def clean_code(self) -> str:
        return _works_once(self, super().clean_code())


class ReauthenticateForm(base.ReauthenticateForm):
    """Proving again who one is."""

    def clean_code(self) -> str:
        return _works_once(self, super().clean_code())


class ActivateTotpForm(totp_forms.ActivateTOTPForm):
    """Enrols an authenticator app. Until it is done its secret lies sealed in the session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.secret.startswith(MARK):
            self.secret = open_secret(SealedSecret(self.secret, self.user.pk))
        else:
            context.request.session[SECRET_SESSION_KEY] = seal_secret(self.secret, self.user)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        # The code that enrolled the app must not sign anybody in afterwards.
        spend_code(self.user, self.secret, code)
        return code
