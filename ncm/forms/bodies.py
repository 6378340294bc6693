"""Bodies as the co-ordination enters them: mandate, quorum, documents, and who has a seat."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.forms import DateInputs
from ncm.bodies_choices import BodyKind, DecidesBy, SeatKind, SeatRole, WorkArea
from ncm.models import Body
from ncm.models.bodies import LONGEST_NOTICE
from ncm.plan_choices import FourP
from ncm.services.bodies import OWN_SEATS
from partners.access import Actor
from partners.choices import Capacity, Level, OrganisationState
from partners.forms.agreements import members_seen, words
from partners.forms.application import AreaChoice
from partners.models import Area, HeldCapacity, Membership, Organisation

FACTS = (
    "name", "code", "kind", "level", "area", "kept_by", "since_on", "instrument", "mandate",
    "areas", "papers_days", "decides_by",
)  # fmt: skip


class Facts(forms.Form):
    """What a body is, what it rests on, and how it decides."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.RegexField(
        label=_("Short code"), regex=r"^[A-Z][A-Z0-9]*$", max_length=12,
        help_text=_("Capital letters and digits. It stands in the numbers of resolutions; those "
                    "that are numbered keep theirs."),
        error_messages={"invalid": _("A code is of capital letters and digits.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind"), choices=BodyKind.choices)
    level = forms.ChoiceField(label=_("Level"), choices=Level.choices)
    area = AreaChoice(
        label=_("Area"), queryset=Area.objects.order_by("path"), required=False,
        empty_label=_("The whole country"),
    )  # fmt: skip
    kept_by = forms.ModelChoiceField(
        label=_("Who keeps it"), queryset=Organisation.objects.none(), required=False,
        to_field_name="uuid", empty_label=_("The co-ordination as a whole"),
        help_text=_("Its secretariat: it plans meetings and owes answers to agenda items."),
    )  # fmt: skip
    since_on = forms.DateField(label=_("Set up on"), widget=DateInputs, required=False)
    instrument = forms.CharField(
        label=_("Act it rests on"), max_length=200, required=False,
        help_text=_("Decree, order, decision or protocol, with number and date."),
    )  # fmt: skip
    mandate = words(
        _("Mandate"), _("What the body is for, and what it may decide."), most=4000, required=False
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas it works in"), choices=WorkArea.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    papers_days = forms.IntegerField(
        label=_("Papers are there so many days before a meeting"), min_value=0,
        max_value=LONGEST_NOTICE, initial=7,
        help_text=_("Later ones are taken, marked and counted."),
    )  # fmt: skip
    decides_by = forms.ChoiceField(
        label=_("How it decides"), choices=DecidesBy.choices, widget=forms.RadioSelect,
        initial=DecidesBy.MAJORITY,
    )  # fmt: skip

    def __init__(
        self, actor: Actor, body: Body | None, data: Mapping[str, Any] | None = None, **how: Any
    ) -> None:
        super().__init__(data, **how)
        self.body = body
        field: Any = self.fields["kept_by"]
        held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
        field.queryset = members_seen(actor).filter(pk__in=held.values("organisation"))

    def clean_name(self) -> str:
        return self._once("name", _("Another body has this name."))

    def clean_code(self) -> str:
        return self._once("code", _("Another body has this code."))

    def _once(self, name: str, text: Any) -> str:
        value: str = self.cleaned_data[name]
        others = Body.objects.filter(**{name: value})
        if self.body is not None:
            others = others.exclude(pk=self.body.pk)
        else:
            # The same form sent twice is the body it made.
            others = others.exclude(client_key=self.data.get("client_key") or None)
        if others.exists():
            raise forms.ValidationError(text)
        return value

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FACTS}


def standing(body: Body) -> dict[str, Any]:
    """What stands, as the form shows it."""
    kept_by = body.kept_by.uuid if body.kept_by else None
    shown = {name: getattr(body, name) for name in FACTS}
    return shown | {"kept_by": kept_by, "version": body.version}


class Quorum(forms.Form):
    """So many seats of a kind, from a day on."""

    seat_kind = forms.ChoiceField(
        label=_("Kind of seat"), required=False,
        choices=[("", _("Of any kind")), *SeatKind.choices],
    )  # fmt: skip
    at_least = forms.IntegerField(
        label=_("At least so many, with a vote, are present"), min_value=1, max_value=80
    )
    from_on = forms.DateField(label=_("From"), widget=DateInputs)


class _Seat(forms.Form):
    client_key = forms.UUIDField(widget=forms.HiddenInput)
    role = forms.ChoiceField(
        label=_("Role"), choices=SeatRole.choices, initial=SeatRole.MEMBER,
        widget=forms.RadioSelect,
    )  # fmt: skip
    has_vote = forms.BooleanField(label=_("It votes"), required=False, initial=True)
    may_submit = forms.BooleanField(
        label=_("It puts items on the agenda"), required=False, initial=True
    )
    contributes = forms.MultipleChoiceField(
        label=_("What it contributes to"), choices=FourP.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    appointed_by = forms.CharField(
        label=_("Appointing act"), max_length=200, required=False,
        help_text=_("Order, decision or letter by which the seat is given."),
    )  # fmt: skip
    terms = words(
        _("Terms of membership"), _("How long, by whom renewed, on what ground it ends."),
        most=1000, required=False,
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("role") == SeatRole.OBSERVER and given.get("has_vote"):
            self.add_error("has_vote", _("An observer has no vote."))
        return given


class OrganisationSeat(_Seat):
    """A seat for an organisation."""

    field_order = ("organisation", "kind", "role")
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="uuid",
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind of seat"), choices=SeatKind.choices,
        help_text=_("The kind of the organisation decides on which side it can sit."),
    )  # fmt: skip

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["organisation"]
        field.queryset = members_seen(actor)

    def seat(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class OwnSeat(_Seat):
    """A seat for a person, under a name of their choice."""

    field_order = ("chosen_name", "kind", "email", "role")
    chosen_name = forms.CharField(
        label=_("Name at the table"), max_length=80,
        help_text=_("A survivor chooses it; it need not be a real one. Those who sit at this "
                    "table read it, the co-ordination and the rapporteur, and nobody else."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind of seat"),
        choices=[(each.value, each.label) for each in OWN_SEATS],
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail address with which the person signs in"), required=False,
        help_text=_("Leave it empty for somebody without an account. Whose account it is stands "
                    "on no page, in no file and in no minutes, not for you either."),
    )  # fmt: skip

    def __init__(self, at: datetime, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        self.at = at
        self.holder: User | None = None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if not email:
            return ""
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        works = Membership.objects.active(self.at).filter(
            user=user, organisation__state=OrganisationState.MEMBER
        )
        if user is None or not works.exists():
            raise forms.ValidationError(_("Nobody works for a member with this address."))
        self.holder = user
        return email

    def seat(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        given.pop("email", None)
        return given | {"holder": self.holder}


class SeatWords(forms.Form):
    """What may change of a seat that stands."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    contributes = _Seat.base_fields["contributes"]
    appointed_by = _Seat.base_fields["appointed_by"]
    terms = _Seat.base_fields["terms"]


class End(forms.Form):
    """The last day, and why."""

    on = forms.DateField(label=_("Last day"), widget=DateInputs)
    words = words(_("Why"), _("Every member reads it. Never name a person."), most=2000)


class Document(forms.Form):
    """A file that everybody who sees the body can read."""

    title = forms.CharField(label=_("What it is"), max_length=120)
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG, PNG or plain text, at most 5 MB.")
    )
