"""What an organisation offers, and where, as its manager writes it; what an inspector records."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.choices_places import (
    POOLS,
    Accessibility,
    Eligibility,
    Operating,
    OperatingReason,
    Outcome,
    PublicMoney,
    ReferralRoute,
    ServiceRole,
    Standing,
)
from partners.forms.application import AreaChoice
from partners.languages import offered_languages
from partners.models import Area, Location, ServiceOffer, ServiceStandard, ServiceType

CONFIDENTIAL = "confidential"
NOT_SAID = ("", _("Not said"))
#: Columns written as they are given; areas and version are handled apart.
DETAILS = (
    "kind", "name", "description", "eligibility", "minimum_age", "maximum_age", "languages",
    "accessibility", "hours", "duty_number", "location", "route", "route_words", "pool_size",
    "operating", "operating_until_on", "operating_reason", "standing", "public_money", "licence",
    "licence_until_on", "is_shown", "is_urgent", "is_published",
)  # fmt: skip


class _Areas(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Area) -> str:  # type: ignore[override]
        return obj.name


class _House(forms.ModelChoiceField):
    def label_from_instance(self, obj: Location) -> str:  # type: ignore[override]
        hidden = f" ({_('confidential')})" if obj.is_confidential else ""
        return f"{obj.name() or _('Location without a name')}{hidden}"


def _codes(label: Any, choices: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class Offer(forms.Form):
    """One service: what, for whom, when and where, how one gets there, and how it works now."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    kind = forms.ModelChoiceField(
        label=_("Kind of service"), queryset=ServiceType.objects.none(), to_field_name="code"
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("As others should call it. Never a street, a house or a person."),
        max_length=120,
    )
    description = forms.CharField(
        label=_("What it is"),
        help_text=_("Others read it. Nothing from which the place could be found."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )
    eligibility = _codes(
        _("For whom"), Eligibility.choices, _("Nothing ticked: for everybody who needs it.")
    )
    minimum_age = forms.IntegerField(
        label=_("From age"), min_value=0, max_value=120, required=False
    )
    maximum_age = forms.IntegerField(label=_("To age"), min_value=0, max_value=120, required=False)
    languages = _codes(_("Languages spoken"), ())
    accessibility = _codes(_("Accessibility"), Accessibility.choices)
    hours = forms.CharField(label=_("Hours"), max_length=120, required=False)
    duty_number = forms.CharField(
        label=_("Duty number"),
        help_text=_("Answered when it is urgent, also at night."),
        max_length=40,
        required=False,
    )
    areas = _Areas(
        label=_("Areas served"),
        help_text=_("Nothing ticked: the whole country."),
        queryset=Area.objects.order_by("path"),
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    location = _House(
        label=_("Location"),
        queryset=Location.objects.none(),
        to_field_name="uuid",
        empty_label=_("None: by telephone, or on the way"),
        required=False,
    )
    route = forms.ChoiceField(label=_("How one gets there"), choices=ReferralRoute.choices)
    route_words = forms.CharField(label=_("More on the way there"), max_length=300, required=False)
    pool_size = forms.IntegerField(
        label=_("People in the pool"),
        help_text=_("Of interpreters or lawyers only."),
        min_value=0,
        max_value=9999,
        required=False,
    )
    operating = forms.ChoiceField(label=_("How it works now"), choices=Operating.choices)
    operating_reason = forms.ChoiceField(
        label=_("If not in full, because"),
        choices=[NOT_SAID, *OperatingReason.choices],
        required=False,
    )
    operating_until_on = forms.DateField(
        label=_("Until"),
        help_text=_("After that day it counts as working in full again. Empty: nobody knows."),
        widget=DateInputs,
        required=False,
    )
    standing = forms.ChoiceField(
        label=_("Public system of social assistance"),
        choices=[NOT_SAID, *Standing.choices],
        required=False,
    )
    public_money = forms.ChoiceField(
        label=_("Public money"), choices=[NOT_SAID, *PublicMoney.choices], required=False
    )
    licence = forms.CharField(
        label=_("Licence"), help_text=_("Who gave it, and its number."), max_length=120,
        required=False,
    )  # fmt: skip
    licence_until_on = forms.DateField(
        label=_("Licence valid until"), widget=DateInputs, required=False
    )
    is_shown = forms.BooleanField(label=_("Other members see it"), required=False)
    is_urgent = forms.BooleanField(
        label=_("It is found by “A place tonight”, if it has places"), required=False
    )
    is_published = forms.BooleanField(
        label=_("Everybody may see it"),
        help_text=_("In the open directory, without signing in. Never a confidential place."),
        required=False,
    )

    def __init__(
        self,
        offer: ServiceOffer | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        houses: Any = None,
    ) -> None:
        super().__init__(data, initial=_standing(offer))
        fields: dict[str, Any] = self.fields
        kinds = ServiceType.objects.filter(is_active=True)
        if offer is not None:
            kinds = kinds | ServiceType.objects.filter(pk=offer.kind_id)
        fields["kind"].queryset = kinds.order_by("rank", "code")
        fields["location"].queryset = houses if houses is not None else Location.objects.none()
        fields["languages"].choices = offered_languages(offer.languages if offer else ())

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings."""
        parts: tuple[tuple[Any, tuple[str, ...]], ...] = (
            (_("What"), ("kind", "name", "description", "pool_size")),
            (_("For whom"), (
                "eligibility", "minimum_age", "maximum_age", "languages", "accessibility")),
            (_("When and where"), ("hours", "duty_number", "areas", "location")),
            (_("How one gets there"), ("route", "route_words")),
            (_("How it works now"), ("operating", "operating_reason", "operating_until_on")),
            (_("Licence and money"), (
                "standing", "public_money", "licence", "licence_until_on")),
            (_("Who sees it"), ("is_shown", "is_urgent", "is_published")),
        )  # fmt: skip
        return [(heading, [self[name] for name in names]) for heading, names in parts]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        low, high = given.get("minimum_age"), given.get("maximum_age")
        if low is not None and high is not None and high < low:
            self.add_error("maximum_age", _("The highest age is below the lowest."))
        if given.get("operating") not in (None, Operating.FULL):
            if not given.get("operating_reason"):
                self.add_error("operating_reason", _("Say why it does not work in full."))
        else:
            given["operating_reason"], given["operating_until_on"] = "", None
        kind, house = given.get("kind"), given.get("location")
        if given.get("pool_size") is not None and kind and kind.role not in POOLS:
            words = _("Only a pool of interpreters or lawyers counts its people.")
            self.add_error("pool_size", words)
        if given.get("is_published") and house is not None and house.is_confidential:
            words = _("A service in a confidential place is never shown to everybody.")
            self.add_error("is_published", words)
        if given.get("is_published") and not given.get("is_shown"):
            self.add_error("is_published", _("What everybody sees, members see as well."))
        if kind and kind.role == ServiceRole.PLACES and not given.get("duty_number"):
            self.add_error("duty_number", _("A house with places needs a number to call."))
        return given

    def details(self) -> dict[str, Any]:
        """What `services.offers` takes, areas with it."""
        given = {name: self.cleaned_data[name] for name in DETAILS}
        return {**given, "areas": list(self.cleaned_data["areas"])}


def _standing(offer: ServiceOffer | None) -> dict[str, Any]:
    if offer is None:
        return {"version": 0, "is_shown": True, "is_urgent": True, "operating": Operating.FULL}
    initial: dict[str, Any] = {name: getattr(offer, name) for name in DETAILS}
    initial["kind"] = offer.kind.code
    initial["location"] = offer.location.uuid if offer.location else None
    initial["eligibility"] = list(offer.eligibility)
    initial["accessibility"] = list(offer.accessibility)
    initial["areas"] = [area.code for area in offer.areas.all()]
    initial["version"] = offer.version
    return initial


class House(forms.Form):
    """A location: where it is, and whether that must stay unknown."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    secret = forms.ChoiceField(
        label=_("May others know where it is?"),
        help_text=_("Of a confidential place, others see the region and the duty number only."),
        choices=[
            (CONFIDENTIAL, _("No: it is confidential")),
            ("open", _("Yes: the address is open")),
        ],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("Name within your organisation"), max_length=120, required=False)
    street = forms.CharField(label=_("Street and number"), max_length=200)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    city = forms.CharField(label=_("Town"), max_length=120)
    area = AreaChoice(
        label=_("Area"),
        help_text=_("Of a confidential place only the region is kept."),
        queryset=Area.objects.order_by("path"),
        empty_label=_("Choose an area"),
    )

    def __init__(
        self, location: Location | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=_housed(location))

    def details(self) -> dict[str, Any]:
        """What `services.offers` takes."""
        given = self.cleaned_data
        names = ("name", "street", "city", "postal_code", "area")
        return {
            **{name: given[name] for name in names},
            "is_confidential": given["secret"] == CONFIDENTIAL,
        }


def _housed(location: Location | None) -> dict[str, Any]:
    if location is None:
        return {"version": 0, "secret": CONFIDENTIAL}
    initial: dict[str, Any] = {
        "version": location.version,
        "secret": CONFIDENTIAL if location.is_confidential else "open",
        "name": location.name(),
        "area": location.area_id,
    }
    if not location.is_confidential:
        names = ("street", "city", "postal_code")
        return initial | {name: getattr(location, name) for name in names}
    street, *rest = [*location.address(), ""]
    return initial | {"street": street, "city": rest[0] if rest else ""}


class InspectionForm(forms.Form):
    """What an inspection found."""

    standard = forms.ModelChoiceField(
        label=_("Standard"), queryset=ServiceStandard.objects.none(), to_field_name="code"
    )
    inspected_on = forms.DateField(label=_("Day of the inspection"), widget=DateInputs)
    outcome = forms.ChoiceField(
        label=_("What was found"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    conditions = forms.CharField(
        label=_("What must be mended"),
        help_text=_("Nothing about a person, and nothing from which the place could be found."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    next_on = forms.DateField(label=_("Next inspection by"), widget=DateInputs, required=False)

    def __init__(self, offer: ServiceOffer, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        known = ServiceStandard.objects.filter(is_active=True)
        fitting = known.filter(kinds=offer.kind_id) | known.filter(kinds__isnull=True)
        self.fields["standard"].queryset = fitting.distinct()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("outcome") not in (None, Outcome.MET) and not given.get("conditions"):
            self.add_error("conditions", _("Say what must be mended."))
        day, following = given.get("inspected_on"), given.get("next_on")
        if day and following and following <= day:
            self.add_error("next_on", _("The next inspection is after this one."))
        return given
