"""Applications page by page, an emergency on one page, what a fund decides, complaints."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from funding.amounts import written
from funding.call_choices import ComplaintOutcome, Verdict
from funding.forms.amounts import AmountField
from funding.models import Application, ApplicationLine, Fund
from funding.money_choices import FundingKind, LineKind
from partners.forms.agreements import words
from partners.forms.application import AreaChoice
from partners.models import Area

ABOUT = ("title", "purpose", "need", "results")
WHEN = ("area", "from_on", "until_on")


class About(forms.Form):
    """What the organisation will do with the money, and why."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("Title"), max_length=140, required=False,
        help_text=_("It stands in public lists if you are awarded the money. Never name a person."),
    )  # fmt: skip
    purpose = words(_("What you will do"), _("Never name a person."), most=4000, required=False)
    need = words(
        _("Why it is needed"),
        _("What happens without it. You may say what the State fails to do: it does not count "
          "against you."),
        most=4000, required=False,
    )  # fmt: skip
    results = words(_("What will be different"), most=4000, required=False)


class When(forms.Form):
    """Where and how long."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=False)
    area = AreaChoice(
        label=_("Where"), queryset=Area.objects.order_by("path"),
        empty_label=_("The whole country"), required=False,
        help_text=_("Never the place of a shelter: a region is enough."),
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs, required=False)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        return given


class Proposal(forms.Form):
    """What a proposal is meant for."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    fund = forms.ModelChoiceField(
        label=_("To which fund"), queryset=Fund.objects.none(), empty_label=None,
        to_field_name="uuid",
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("What it is meant for"), choices=FundingKind.choices)

    def __init__(self, funds: Any, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["fund"]
        field.queryset = funds
        field.label_from_instance = lambda each: f"{each.name} ({each.currency})"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        fund = given.get("fund")
        if fund and fund.kinds and given.get("kind") and given["kind"] not in fund.kinds:
            self.add_error("kind", _("The fund does not pay for this."))
        return given


class Money(forms.Form):
    """How much for what: a box for each line; the sum is reckoned."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=False)

    def __init__(self, application: Application, data: Mapping[str, Any] | None = None) -> None:
        standing = {line.kind: line for line in application.lines.all()}
        initial: dict[str, Any] = {"version": application.version}
        for kind, line in standing.items():
            initial |= {kind: line.amount, f"{kind}_words": line.words}
        super().__init__(data, initial=initial)
        self.kinds = [
            kind
            for kind in LineKind
            if kind != LineKind.OVERHEAD or application.fund.allows_overhead
        ]
        for kind in self.kinds:
            self.fields[kind] = AmountField(label=kind.label, required=False, is_zero_allowed=True)
            self.fields[f"{kind}_words"] = forms.CharField(
                label=_("How it is reckoned"), max_length=300, required=False
            )

    def lines(self) -> list[tuple[LineKind, Decimal, str]]:
        """(line, amount, words) of those with an amount."""
        given = self.cleaned_data
        return [(k, given[k], given[f"{k}_words"]) for k in self.kinds if given.get(k)]


class Paper(forms.Form):
    """A document."""

    title = forms.CharField(label=_("What it is"), max_length=120)
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, JPEG, PNG or plain text, at most 5 MB. Nothing about a person you help."),
    )


class Emergency(forms.Form):
    """Emergency money on one page: what, how much, from when until when."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.CharField(label=_("What it is for, in one line"), max_length=140)
    purpose = words(_("What happened, and what you will do"), _("Never name a person."), most=2000)
    line = forms.ChoiceField(label=_("It pays for"), choices=LineKind.choices)
    amount = AmountField(label=_("Amount"))
    currency = forms.CharField(
        label=_("Currency"), max_length=3, widget=forms.TextInput(
            attrs={"class": "govuk-input--width-3"}
        ),
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)

    def __init__(
        self, *, currency: str, overhead: bool, data: Mapping[str, Any] | None = None, **how: Any
    ) -> None:
        super().__init__(data, **how)
        self.expected = currency
        if not overhead:
            lines: Any = self.fields["line"]
            lines.choices = [each for each in LineKind.choices if each[0] != LineKind.OVERHEAD]

    def clean_currency(self) -> str:
        given: str = self.cleaned_data["currency"].strip().upper()
        if given != self.expected:
            text = _("The call is in %(expected)s. Give the amount in %(expected)s.")
            raise forms.ValidationError(text % {"expected": self.expected})
        return given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        return given

    def request(self) -> dict[str, Any]:
        """What `services.applications.ask_in_emergency` takes."""
        return {name: v for name, v in self.cleaned_data.items() if name != "currency"}


class Decide(forms.Form):
    """What becomes of an application, how much for what, and why."""

    verdict = forms.ChoiceField(
        label=_("Decision"), choices=Verdict.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the decision.")},
    )  # fmt: skip

    def __init__(
        self,
        lines: Iterable[ApplicationLine],
        currency: str,
        data: Mapping[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.asked = list(lines)
        shown = {f"line_{line.kind}": line.amount for line in self.asked}
        super().__init__(data, initial=shown | (initial or {}))
        for line in self.asked:
            self.fields[f"line_{line.kind}"] = AmountField(
                label=_("%(line)s, in %(currency)s")
                % {"line": line.get_kind_display(), "currency": currency},
                help_text=_("Asked for: %(amount)s. Only where money is awarded.")
                % {"amount": written(line.amount, currency)},
                required=False,
                is_zero_allowed=True,
            )
        self.fields["reason"] = words(
            _("Reason"), _("The applicant reads it. Never name a reviewer."), most=4000
        )

    def lines(self) -> dict[str, Decimal]:
        """{line: amount} as decided."""
        given = self.cleaned_data
        return {
            line.kind: given[f"line_{line.kind}"]
            for line in self.asked
            if given.get(f"line_{line.kind}")
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        awards = given.get("verdict") == Verdict.AWARD
        if awards and not self.errors and not self.lines():
            self.add_error(f"line_{self.asked[0].kind}", _("Say how much is awarded."))
        return given


class Complain(forms.Form):
    """Why a decision was wrong."""

    words = words(
        _("What was wrong"),
        _("Somebody who took no part in the decision reads and answers it."),
        most=4000,
    )


class AnswerComplaint(forms.Form):
    """What is answered to a complaint."""

    outcome = forms.ChoiceField(
        label=_("Answer"), choices=ComplaintOutcome.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the answer.")},
    )  # fmt: skip
    answer = words(_("In your words"), _("The organisation reads it."), most=4000)
