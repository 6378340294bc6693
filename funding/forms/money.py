"""What the pages of funds, awards and payments ask."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from funding.forms.amounts import HOW, AmountField, CurrencyField
from funding.models import Award, Fund
from funding.money_choices import FundingKind, LineKind, SourceClass
from partners.access import Actor
from partners.choices import AreaLevel
from partners.forms.agreements import members_seen, words
from partners.forms.application import AreaChoice
from partners.models import Agreement, Area, Organisation


class _Dated(forms.Form):
    """From a day until a day."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        return given

    def text(self) -> dict[str, Any]:
        """What the service takes: everything but the keys of the form."""
        skipped = ("version", "client_key")
        return {name: v for name, v in self.cleaned_data.items() if name not in skipped}


class FundForm(_Dated):
    """A fund: what it is for, how much there is, and how long."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=140)
    purpose = words(_("What it is for"), required=False)
    kinds = forms.MultipleChoiceField(
        label=_("What it pays"), choices=FundingKind.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Nothing chosen: all of these."),
    )  # fmt: skip
    source_class = forms.ChoiceField(
        label=_("Where the money comes from"), choices=[("", _("Choose")), *SourceClass.choices]
    )
    amount = AmountField(label=_("Amount"), help_text=HOW)
    currency = CurrencyField()
    allows_overhead = forms.BooleanField(
        label=_("Overhead can be paid from it"), required=False,
        help_text=_("Rent, bookkeeping, equipment: what keeps an organisation able to work."),
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)


class DirectAward(_Dated):
    """An award without a call: to whom, for what, how much, and why without one."""

    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    recipient = forms.ModelChoiceField(
        label=_("Recipient"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    title = forms.CharField(
        label=_("Title"), max_length=140,
        help_text=_("It is published. Never name a person, nor the place of a house."),
    )  # fmt: skip
    purpose = words(_("What it pays for"), _("It is published. Never name a person or a place."))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Choose")), *FundingKind.choices])
    amount = AmountField(label=_("Amount"), help_text=HOW)
    currency = CurrencyField()
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    area = AreaChoice(
        label=_("Region"), queryset=Area.objects.none(), empty_label=_("The whole country"),
        required=False, help_text=_("It is published. A region, never the place of a house."),
    )  # fmt: skip
    justification = words(
        _("Why without a call"),
        _("The second person decides on this. Everybody who sees the award reads it."),
    )

    def __init__(
        self, actor: Actor, fund: Fund, data: Mapping[str, Any] | None = None, **more: Any
    ):
        super().__init__(data, **more)
        known = members_seen(actor).exclude(pk=fund.keeper_id)
        self.fields["recipient"].queryset = known  # type: ignore[attr-defined]
        levels = (AreaLevel.COUNTRY, AreaLevel.REGION)
        regions = Area.objects.filter(level__in=levels).order_by("path")
        self.fields["area"].queryset = regions  # type: ignore[attr-defined]
        self.fund = fund

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        if currency != self.fund.currency:
            raise forms.ValidationError(
                _("The fund is in %(fund)s. An award from it cannot be in %(asked)s.")
                % {"fund": self.fund.currency, "asked": currency}
            )
        return currency


class Lines(forms.Form):
    """The budget: for each line how much, and where it buys units, of what and how many."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=False)

    def __init__(self, award: Award, data: Mapping[str, Any] | None = None) -> None:
        initial: dict[str, Any] = {"version": award.version}
        for line in award.lines.all():
            initial |= {
                line.kind: line.amount,
                f"{line.kind}_unit": line.unit,
                f"{line.kind}_units": line.units,
            }
        super().__init__(data, initial=initial)
        self.award = award
        for kind in self.kinds():
            self.fields[kind] = AmountField(label=_("Amount"), required=False, is_zero_allowed=True)
            self.fields[f"{kind}_unit"] = forms.CharField(
                label=_("Unit"), max_length=40, required=False
            )
            self.fields[f"{kind}_units"] = forms.IntegerField(
                label=_("How many"), min_value=1, max_value=1_000_000, required=False
            )

    def kinds(self) -> Iterator[LineKind]:
        """The lines that this award can have."""
        return (
            kind for kind in LineKind if kind != LineKind.OVERHEAD or self.award.allows_overhead
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for kind in self.kinds():
            unit, units = given.get(f"{kind}_unit"), given.get(f"{kind}_units")
            if bool(unit) != bool(units):
                missing = f"{kind}_units" if unit else f"{kind}_unit"
                self.add_error(missing, _("Give the unit and how many of it, or neither."))
            elif unit and not given.get(kind):
                self.add_error(kind, _("Say how much these units cost together."))
        return given

    def rows(self) -> list[tuple[Any, Any, Any, Any]]:
        """The name of each line and its three boxes."""
        return [
            (kind.label, self[kind], self[f"{kind}_unit"], self[f"{kind}_units"])
            for kind in self.kinds()
        ]

    def lines(self) -> list[tuple[LineKind, Decimal, str, int | None]]:
        """What `services.awards.set_lines` takes."""
        given = self.cleaned_data
        return [
            (kind, given[kind], given[f"{kind}_unit"], given[f"{kind}_units"])
            for kind in self.kinds()
            if given.get(kind)
        ]


class PlanInstalment(forms.Form):
    """How much is paid until when."""

    amount = AmountField(label=_("Amount"), help_text=HOW)
    due_on = forms.DateField(
        label=_("Due on"), widget=DateInputs,
        help_text=_("The recipient counts on the money from this day."),
    )  # fmt: skip


class Pay(forms.Form):
    """How much left the funder's account, and on which day."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount paid"), help_text=HOW)
    paid_on = forms.DateField(label=_("Paid on"), widget=DateInputs)


class Arrived(forms.Form):
    """On which day the money was there."""

    arrived_on = forms.DateField(label=_("On our account since"), widget=DateInputs)


class Why(forms.Form):
    """A word that both sides read."""

    comment = words(_("Why"), _("Both sides read it. Never name a person."))


class Spent(forms.Form):
    """How much of each line was spent in all until a day."""

    as_of_on = forms.DateField(label=_("Spent until"), widget=DateInputs)

    def __init__(self, award: Award, *, today: date, data: Mapping[str, Any] | None = None) -> None:
        self.lines = list(award.lines.all())
        initial: dict[str, Any] = {line.kind: line.spent for line in self.lines}
        super().__init__(data, initial={"as_of_on": today, **initial})
        for line in self.lines:
            self.fields[line.kind] = AmountField(
                label=_("%(line)s, of %(amount).2f")
                % {"line": line.get_kind_display(), "amount": line.amount},
                is_zero_allowed=True,
            )

    def spent(self) -> dict[str, Decimal]:
        """What `services.awards.state_spending` takes."""
        return {line.kind: self.cleaned_data[line.kind] for line in self.lines}


class CoFunded(forms.Form):
    """What another source pays towards the same work."""

    source_class = forms.ChoiceField(
        label=_("Where it comes from"), choices=[("", _("Choose")), *SourceClass.choices],
        help_text=_("A class is enough: nobody asks who."),
    )  # fmt: skip
    amount = AmountField(
        label=_("Amount"), help_text=_("0 takes what was said before away."), is_zero_allowed=True
    )
    currency = CurrencyField()


class Change(forms.Form):
    """How large each line is from now on; of an amendment the last day too."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    new_until_on = forms.DateField(
        label=_("New last day"), widget=DateInputs, required=False,
        help_text=_("Only where it changes."),
    )  # fmt: skip
    words = words(_("Why"), _("The other side reads it. Never name a person."))

    def __init__(
        self,
        award: Award,
        *,
        is_reallocation: bool,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        now = {line.kind: line.amount for line in award.lines.all()}
        super().__init__(data, initial={**(initial or {}), **now})
        self.award, self.is_reallocation = award, is_reallocation
        if is_reallocation:
            del self.fields["new_until_on"]
        self.kinds = [
            kind
            for kind in LineKind
            if kind in now or kind != LineKind.OVERHEAD or award.allows_overhead
        ]
        for kind in self.kinds:
            self.fields[kind] = AmountField(label=kind.label, required=False, is_zero_allowed=True)
        self.order_fields([*self.kinds, "new_until_on", "words"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        total = sum(self.lines().values(), Decimal(0))
        if self.is_reallocation and not self.errors and total != self.award.amount:
            raise forms.ValidationError(
                _("The lines come to %(total).2f. A reallocation leaves the award at "
                  "%(amount).2f.") % {"total": total, "amount": self.award.amount}
            )  # fmt: skip
        return given

    def lines(self) -> dict[str, Decimal]:
        """What `services.changes.propose_change` takes."""
        return {kind: self.cleaned_data.get(kind) or Decimal(0) for kind in self.kinds}


class NameAgreement(forms.Form):
    """Which agreement the award pays for."""

    agreement = forms.ModelChoiceField(
        label=_("Agreement"), queryset=Agreement.objects.none(), required=False,
        empty_label=_("None of them"), to_field_name="uuid",
        help_text=_("Those that both you and the recipient signed."),
    )  # fmt: skip

    def __init__(
        self, actor: Actor, award: Award, data: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        super().__init__(data, **more)
        seen = Agreement.objects.visible_to(actor)
        ours = seen.filter(parties__organisation=award.recipient_id).order_by("title", "pk")
        field: Any = self.fields["agreement"]
        field.queryset = ours
        field.label_from_instance = lambda each: each.title


class Confirm(forms.Form):
    """Nothing is asked."""
