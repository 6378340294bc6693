"""Inviting a colleague into the organisation acted for."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.choices import MAY_ENFORCE, NARROWABLE, Role, Scope
from partners.models import Membership, Team

YES, NO = "yes", "no"


class InLawEnforcement(forms.TypedChoiceField):
    """Asked where it can be: it decides what of a case the person sees."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            label=_("Does this person work in law enforcement or immigration control?"),
            help_text=_(
                "Then they see of a case only what they wrote themselves, until it is sent; "
                "afterwards its status and nothing else."
            ),
            choices=[(YES, _("Yes")), (NO, _("No"))],
            coerce=lambda said: said == YES,
            widget=forms.RadioSelect,
            **more,
        )


class InviteColleague(forms.Form):
    """To which address the personal link goes, and what the person will do here."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The person’s own address at work: the link signs one person in."),
        widget=forms.EmailInput(attrs={"class": "govuk-!-width-two-thirds"}),
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(
        self,
        roles: Sequence[Role],
        data: Mapping[str, Any] | None = None,
        *,
        kind: str = "",
    ) -> None:
        super().__init__(data)
        if kind in MAY_ENFORCE:
            self.fields["is_enforcement"] = InLawEnforcement()
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class SetScope(forms.Form):
    """How far into the organisation's files a colleague sees, as far as it can be said of them."""

    scope = forms.ChoiceField(label=_("Sees"), choices=Scope.choices, widget=forms.RadioSelect)
    team = forms.ModelChoiceField(
        label=_("Team"),
        help_text=_("For “Team”: one there is, or a new name below."),
        queryset=Team.objects.none(),
        to_field_name="uuid",
        empty_label=_("No team chosen"),
        required=False,
    )
    team_name = forms.CharField(label=_("Name of a new team"), max_length=80, required=False)

    def __init__(self, membership: Membership, data: Mapping[str, Any] | None = None) -> None:
        initial = {"scope": membership.scope}
        if membership.team is not None and membership.team.name:
            initial["team"] = str(membership.team.uuid)
        super().__init__(data, initial=initial)
        teams = Team.objects.filter(organisation=membership.organisation_id).exclude(name="")
        self.fields["team"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        self.fields["team"].label_from_instance = lambda team: team.name  # type: ignore[attr-defined]
        if membership.role not in NARROWABLE:
            for name in tuple(self.fields):
                del self.fields[name]
        if membership.organisation.kind in MAY_ENFORCE:
            said = YES if membership.is_enforcement else NO
            self.fields["is_enforcement"] = InLawEnforcement(initial=said)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("scope") == Scope.TEAM and not (given.get("team") or given.get("team_name")):
            self.add_error("team", _("Choose a team, or name a new one."))
        return given

    def clean_scope(self) -> Scope:
        return Scope(self.cleaned_data["scope"])
