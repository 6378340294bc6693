"""Local protocols and access to facilities: what each page asks."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.access import Actor
from partners.choices import OrganisationKind
from partners.facility_choices import (
    AccessPurpose,
    AccessRefusal,
    FacilityKind,
    IncidentKind,
)
from partners.forms.agreements import members_seen, words
from partners.forms.application import AreaChoice
from partners.models import Area, Facility, Organisation, PointOfContact


def _key() -> Any:
    return forms.UUIDField(widget=forms.HiddenInput, required=False)


class ContactChoice(forms.ModelChoiceField):
    """Points of contact by organisation and post; the name stands on the protocol itself."""

    def label_from_instance(self, obj: PointOfContact) -> str:  # type: ignore[override]
        return f"{obj.organisation.display_name}: {obj.post or obj.person_name}"


class _Period(forms.Form):
    """From one day to another."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        return given


# --- local protocols ------------------------------------------------------------------------------


class ProtocolText(forms.Form):
    """What the protocol says and where it holds."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = _key()
    title = forms.CharField(label=_("Title"), max_length=200)
    area = AreaChoice(
        label=_("Area"), queryset=Area.objects.order_by("path"), empty_label=None,
        help_text=_("The area in which it holds, with everything below it."),
    )  # fmt: skip
    procedure = words(
        _("Procedure"),
        _("Who does what when somebody may have been trafficked, step by step. Never name a "
          "person."),
        most=8000,
    )  # fmt: skip
    until_on = forms.DateField(
        label=_("Until"), help_text=_("Leave it empty if it holds until it is changed."),
        widget=DateInputs, required=False,
    )  # fmt: skip

    def text(self) -> dict[str, Any]:
        """What `services.protocols` takes."""
        skipped = ("version", "client_key")
        return {name: v for name, v in self.cleaned_data.items() if name not in skipped}


class Signatory(forms.Form):
    """An organisation that works by the protocol."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    name = forms.CharField(label=_("Who signs for it"), max_length=120)
    post = forms.CharField(label=_("Post"), max_length=120, required=False)
    signed_on = forms.DateField(
        label=_("Signed on"), help_text=_("Leave it empty until it has signed."),
        widget=DateInputs, required=False,
    )  # fmt: skip

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["organisation"].queryset = members_seen(actor)  # type: ignore[attr-defined]


class Step(forms.Form):
    """The next step of the contact chain."""

    what = forms.CharField(
        label=_("What is done"), max_length=300, help_text=_("Such as “Ask for a bed tonight”.")
    )
    organisation = forms.ModelChoiceField(
        label=_("Whom to call"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    contact = ContactChoice(
        label=_("Point of contact"), queryset=PointOfContact.objects.none(), required=False,
        empty_label=_("Whoever answers there"),
        help_text=_("The protocol always shows who answers now, also when the post changes hands."),
    )  # fmt: skip
    within = forms.CharField(
        label=_("Within"), max_length=60, required=False, help_text=_("Such as “one hour”.")
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        posts = PointOfContact.objects.visible_to(actor).primary().filter(ended_at__isnull=True)
        choice: Any = self.fields["contact"]
        choice.queryset = posts.select_related("organisation").order_by("organisation__name", "pk")
        self.fields["organisation"].queryset = members_seen(actor)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        contact, organisation = given.get("contact"), given.get("organisation")
        if contact and organisation and contact.organisation_id != organisation.pk:
            self.add_error("contact", _("This point of contact belongs to another organisation."))
        return given


# --- facilities -----------------------------------------------------------------------------------


class FacilityFacts(forms.Form):
    """A place, and the authority that decides who enters."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = _key()
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("Never an address."))
    kind = forms.ChoiceField(label=_("Kind"), choices=FacilityKind.choices)
    area = AreaChoice(label=_("Area"), queryset=Area.objects.order_by("path"), empty_label=None)
    authority = forms.ModelChoiceField(
        label=_("Who decides on access"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an authority"),
    )  # fmt: skip
    is_confidential = forms.BooleanField(
        label=_("Shown only to its authority and to who may enter"), required=False
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        state = members_seen(actor).filter(kind=OrganisationKind.STATE_AGENCY)
        self.fields["authority"].queryset = state  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        """What `services.facilities` takes."""
        skipped = ("version", "client_key")
        return {name: v for name, v in self.cleaned_data.items() if name not in skipped}


class Ask(_Period):
    """What an organisation asks for."""

    client_key = _key()
    purpose = forms.ChoiceField(
        label=_("What for"), choices=AccessPurpose.choices, widget=forms.RadioSelect
    )
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    visitors = forms.IntegerField(
        label=_("How many of you come"), min_value=1, max_value=50, initial=1
    )
    words = words(_("More about it"), _("Never name a person who is there."), required=False)


class Grant(_Period):
    """On what law, for which days and on which conditions somebody is let in."""

    legal_basis = forms.CharField(label=_("Legal basis"), max_length=300)
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    conditions = words(_("Conditions"), required=False)
    in_emergency = forms.BooleanField(
        label=_("It also holds while an emergency is on"), required=False
    )


class Authorise(Grant):
    """Whom to let in, to this facility or to every one of its kind."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    reach = forms.ChoiceField(
        label=_("Where"), widget=forms.RadioSelect,
        choices=[("one", _("This facility")), ("kind", _("Every facility of this kind you decide "
                                                          "on"))],
        initial="one",
    )  # fmt: skip
    field_order = ("organisation", "reach")

    def __init__(
        self, actor: Actor, facility: Facility, data: Mapping[str, Any] | None = None, **kw: Any
    ) -> None:
        super().__init__(data, **kw)
        others = members_seen(actor).exclude(pk=facility.authority_id)
        self.fields["organisation"].queryset = others  # type: ignore[attr-defined]


class Refuse(forms.Form):
    """Why not: a reason of the closed list, and what is meant by it here."""

    refusal = forms.ChoiceField(
        label=_("Reason"), choices=AccessRefusal.choices, widget=forms.RadioSelect,
        help_text=_("No other reason counts."),
        error_messages={"required": _("Choose the reason.")},
    )  # fmt: skip
    words = words(_("In words"), _("Whoever asked reads it."))

    def clean_refusal(self) -> AccessRefusal:
        return AccessRefusal(self.cleaned_data["refusal"])


class Visit(forms.Form):
    """A visit: how many people, never whom."""

    client_key = _key()
    on = forms.DateField(label=_("Day of the visit"), widget=DateInputs)
    met = forms.IntegerField(label=_("People spoken to"), min_value=0, max_value=5000)
    referred = forms.IntegerField(label=_("Of these, referred"), min_value=0, max_value=5000)
    words = words(
        _("What others should know"), _("About the place, never about a person."), most=1000,
        required=False,
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        met, referred = given.get("met"), given.get("referred")
        if met is not None and referred is not None and referred > met:
            self.add_error("referred", _("Nobody is referred who was not spoken to."))
        return given


class Incident(forms.Form):
    """Access was not given as it should have been."""

    client_key = _key()
    on = forms.DateField(label=_("Day"), widget=DateInputs)
    kind = forms.ChoiceField(
        label=_("What happened"), choices=IncidentKind.choices, widget=forms.RadioSelect
    )
    words = words(
        _("In words"), _("The authority and the co-ordination read it. Never name a person.")
    )

    def clean_kind(self) -> IncidentKind:
        return IncidentKind(self.cleaned_data["kind"])


class Answer(forms.Form):
    """What the authority says to an incident."""

    answer = words(_("Your answer"), _("It stands beside the report and cannot be changed."))


class Restored(forms.Form):
    """From which day on there is access again."""

    on = forms.DateField(label=_("Access given again on"), widget=DateInputs)

    def __init__(self, today: date, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"on": today})
