"""Calls as a fund writes them: text, criteria, reviewers; questions, and why one is cancelled."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.country import current, local_day
from common.forms import DateInputs
from common.workdays import end_of_day
from funding.forms.amounts import AmountField
from funding.models import Call, Fund
from funding.money_choices import FundingKind
from partners.access import Actor
from partners.choices import Capacity, OrganisationKind
from partners.forms.agreements import words
from partners.forms.application import AreaChoice
from partners.models import Area, Membership, Organisation

MOST_REVIEWS = 5


class Text(forms.Form):
    """What the money is for, how much there is, who may apply and until when."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    fund = forms.ModelChoiceField(
        label=_("Fund"), queryset=Fund.objects.none(), empty_label=None, to_field_name="uuid"
    )
    kind = forms.ChoiceField(label=_("What it is meant for"), choices=FundingKind.choices)
    is_emergency = forms.BooleanField(
        label=_("A short call for an emergency: one page, no reviewers, answered one by one"),
        required=False,
    )
    title = forms.CharField(label=_("Title"), max_length=140)
    purpose = words(
        _("What the money is for"),
        _("Also what it does not pay. Whoever may apply reads it."),
        most=4000,
    )
    currency = forms.RegexField(
        label=_("Currency"), regex=r"^[A-Z]{3}$", help_text=_("Three capital letters: EUR."),
        error_messages={"invalid": _("A currency is three capital letters, such as EUR.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-3"}),
    )  # fmt: skip
    amount = AmountField(label=_("Money there is"), help_text=_("Digits only, such as 120000."))
    largest = AmountField(label=_("At most for one application"), required=False)
    area = AreaChoice(
        label=_("Where"), queryset=Area.objects.order_by("path"),
        empty_label=_("The whole country"), required=False,
        help_text=_("Organisations that work in some of it can apply."),
    )  # fmt: skip
    eligible_kinds = forms.MultipleChoiceField(
        label=_("Kinds of organisation that can apply"), choices=OrganisationKind.choices,
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("None ticked: every kind. The registry answers who is one; what an "
                    "organisation says in public, or who else pays it, is never asked."),
    )  # fmt: skip
    eligible_capacities = forms.MultipleChoiceField(
        label=_("Capacities of which an applicant holds one"), choices=Capacity.choices,
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("None ticked: none is asked for."),
    )  # fmt: skip
    questions_until = forms.DateField(label=_("Questions until the end of"), widget=DateInputs)
    closes_on = forms.DateField(
        label=_("Applications until the end of"), widget=DateInputs,
        help_text=_("Nobody reads them before. After that moment nothing can be sent."),
    )  # fmt: skip
    decide_by_on = forms.DateField(label=_("Result by"), widget=DateInputs)
    reviews_needed = forms.IntegerField(
        label=_("Reviews of each application"), min_value=1, max_value=MOST_REVIEWS, initial=2,
        required=False,
    )  # fmt: skip
    second_person = forms.BooleanField(
        label=_("The result is published by somebody who decided none of it"), required=False,
        initial=True,
    )  # fmt: skip

    def __init__(self, funds: Any, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["fund"]
        field.queryset = funds
        field.label_from_instance = lambda each: f"{each.name} ({each.currency})"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        fund, currency = given.get("fund"), given.get("currency")
        if fund and currency and fund.currency != currency:
            text = _("The fund is in %(fund)s: its calls are in %(fund)s too.")
            self.add_error("currency", text % {"fund": fund.currency})
        if fund and fund.kinds and given.get("kind") and given["kind"] not in fund.kinds:
            self.add_error("kind", _("The fund does not pay for this."))
        amount, largest = given.get("amount"), given.get("largest")
        if amount and largest and largest > amount:
            self.add_error("largest", _("One application cannot get more than there is."))
        self._check_days(given)
        return given

    def _check_days(self, given: dict[str, Any]) -> None:
        asks, closes = given.get("questions_until"), given.get("closes_on")
        result = given.get("decide_by_on")
        if asks and closes and asks > closes:
            self.add_error("questions_until", _("Questions end before the call closes."))
        if closes and result and result < closes:
            self.add_error("decide_by_on", _("The result comes after the call has closed."))

    def text(self) -> dict[str, Any]:
        """What `services.calls` takes; days end with their last moment in the country."""
        given = dict(self.cleaned_data)
        for name in ("version", "client_key", "fund"):
            given.pop(name)
        given["questions_until_at"] = _last_moment(given.pop("questions_until"))
        given["closes_at"] = _last_moment(given.pop("closes_on"))
        given["reviews_needed"] = given["reviews_needed"] or 1
        return given


def standing(call: Call) -> dict[str, Any]:
    """What stands, as the form shows it."""
    names = (
        "kind", "is_emergency", "title", "purpose", "currency", "amount", "largest", "area",
        "eligible_kinds", "eligible_capacities", "decide_by_on", "reviews_needed", "second_person",
    )  # fmt: skip
    return {name: getattr(call, name) for name in names} | {
        "fund": call.fund.uuid,
        "version": call.version,
        "questions_until": local_day(call.questions_until_at),
        "closes_on": local_day(call.closes_at),
    }


def _last_moment(day: date) -> datetime:
    return end_of_day(day, current().time_zone)


class NewCriterion(forms.Form):
    """What is looked at, and how much it counts."""

    name = forms.CharField(label=_("Criterion"), max_length=120)
    words = words(_("What reviewers look at"), most=1000, required=False)
    weight = forms.IntegerField(
        label=_("Weight in per cent"), min_value=1, max_value=100,
        help_text=_("All of them together make 100."),
    )  # fmt: skip


class NewReviewer(forms.Form):
    """A person by the address they sign in with."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("With which the person signs in. They work for a member of the mechanism."),
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.actor = actor
        self.user: User | None = None
        self.organisation: Organisation | None = None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        # Who works for an organisation that the fund may not know of is nobody here.
        known = Organisation.objects.visible_to(self.actor).members()
        works = Membership.objects.active(self.actor.at).filter(user=user, organisation__in=known)
        # Whoever works for several reviews for the one they joined first.
        first = works.select_related("organisation").order_by("from_at", "pk").first()
        if user is None or first is None:
            raise forms.ValidationError(_("Nobody works for a member with this address."))
        self.user, self.organisation = user, first.organisation
        return email


class Ask(forms.Form):
    """A question about a call."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    words = words(
        _("Your question"),
        _("Everybody reads it with the answer; nobody is told who asked. Do not name yourself."),
    )


class Reply(forms.Form):
    """The answer, for everybody."""

    words = words(_("Answer"), _("Everybody who sees the call reads it."), most=4000)


class Why(forms.Form):
    """Why something is stopped."""

    comment = words(_("Why"), _("Everybody who sees it reads this. Never name a person."))


class Confirm(forms.Form):
    """Nothing is asked."""
