"""What conditions of grants and reports on them ask of the people who write them."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from funding.models import BudgetLine, Figure, Indicator
from funding.models.reports import AGES, CELLS, SEXES
from funding.terms_choices import ConditionKind, DataAsked, Measures, ReportEvery
from partners.forms.agreements import words

NO_CASE_DATA = _(
    "A funder cannot ask for data about the people helped: neither names nor files. Ask for "
    "figures instead."
)
LONG = 4000
LATEST = timedelta(days=366)
SEX_WORDS = {
    "female": _("Women and girls"),
    "male": _("Men and boys"),
    "other": _("Another sex, or not recorded"),
}
AGE_WORDS = {
    "child": _("Under 18"),
    "adult": _("18 and over"),
    "unknown": _("Age not recorded"),
}


class Clause(forms.Form):
    """What a clause restricts, and what it says."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(
        label=_("What the clause does"), choices=ConditionKind.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the clause does.")},
    )  # fmt: skip
    data = forms.ChoiceField(
        label=_("Which data it asks for"), widget=forms.RadioSelect, required=False,
        help_text=_("Only for a clause by which data are handed over."),
        error_messages={"invalid_choice": NO_CASE_DATA},
    )  # fmt: skip
    words = words(
        _("What it says"), _("Word for word, as it stands in the contract. Never name a person."),
        most=LONG,
    )  # fmt: skip
    where = forms.CharField(
        label=_("Where it stands"), max_length=60, required=False,
        help_text=_("Such as “article 7”."),
    )  # fmt: skip

    def __init__(
        self, data: Any = None, *, by_funder: bool, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        asked = [each for each in DataAsked if not (by_funder and each == DataAsked.CASES)]
        field: Any = self.fields["data"]
        field.choices = [(each.value, each.label) for each in asked]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        is_data = given.get("kind") == ConditionKind.DATA
        if is_data and not given.get("data") and "data" not in self.errors:
            self.add_error("data", _("Say which data the clause asks for."))
        if not is_data:
            given["data"] = ""
        return given


class Reason(forms.Form):
    """Why a clause should not stand."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    words = words(
        _("Why it should not stand"), _("Only the funder reads it. Never name a person."), most=LONG
    )


class Answer(forms.Form):
    """What the funder says about a clause, for the recipient to read."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)
    words = words(_("Your reasons"), _("The recipient reads them."), most=LONG)


class NewClause(Clause):
    """The clause as it reads from now on, and why."""

    reasons = words(_("Your reasons"), _("The recipient reads them."), most=LONG)


class Plan(forms.Form):
    """How often the award is reported on."""

    every = forms.ChoiceField(
        label=_("How often"), choices=ReportEvery.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose how often.")},
    )  # fmt: skip

    def clean_every(self) -> ReportEvery:
        return ReportEvery(self.cleaned_data["every"])


class IndicatorEntry(forms.Form):
    """What the award is measured by."""

    name = forms.CharField(
        label=_("What is counted"), max_length=160,
        help_text=_("Such as “people who had legal advice”."),
    )  # fmt: skip
    measures = forms.ChoiceField(
        label=_("Of what"), choices=Measures.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose of what.")},
    )  # fmt: skip
    baseline = forms.IntegerField(label=_("At the beginning"), min_value=0, initial=0)
    target = forms.IntegerField(label=_("Wanted at the end"), min_value=0)

    def clean_measures(self) -> Measures:
        return Measures(self.cleaned_data["measures"])


class ReportWords(forms.Form):
    """What happened, in words."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    done = words(
        _("What was done"), _("Never name a person who was helped, or where somebody stays."),
        most=8000,
    )  # fmt: skip
    obstacles = words(
        _("What stood in the way"), _("Also what the mechanism should change."), most=8000,
        required=False,
    )  # fmt: skip
    ahead = words(_("What comes next"), most=8000, required=False)

    def text(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("done", "obstacles", "ahead")}


class Figures(forms.Form):
    """What each indicator came to in the period; people by sex and age, which make the total."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, indicators: Iterable[Indicator], known: Mapping[int, Figure], data: Any = None,
        *, version: int,
    ) -> None:  # fmt: skip
        self.indicators = list(indicators)
        initial: dict[str, Any] = {"version": version}
        for each in self.indicators:
            if figure := known.get(each.pk):
                initial[self.name(each)] = figure.total
                initial |= {self.name(each, cell): getattr(figure, cell) or None for cell in CELLS}
        super().__init__(data, initial=initial)
        for each in self.indicators:
            self._add(each)

    def _add(self, indicator: Indicator) -> None:
        self.fields[self.name(indicator)] = forms.IntegerField(
            label=_("Total"), min_value=0, max_value=10_000_000
        )
        if not indicator.is_of_people:
            return
        for sex in SEXES:
            for age in AGES:
                self.fields[self.name(indicator, f"{sex}_{age}")] = forms.IntegerField(
                    label=f"{SEX_WORDS[sex]}, {str(AGE_WORDS[age]).lower()}",
                    min_value=0, max_value=10_000_000, required=False,
                )  # fmt: skip

    @staticmethod
    def name(indicator: Indicator, cell: str = "total") -> str:
        return f"f{indicator.pk}_{cell}"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for each in self.indicators:
            total = given.get(self.name(each))
            if not each.is_of_people or total is None:
                continue
            cells = sum(given.get(self.name(each, cell)) or 0 for cell in CELLS)
            if cells != total:
                self.add_error(
                    self.name(each),
                    _("By sex and age it comes to %(sum)s, the total says %(total)s.")
                    % {"sum": cells, "total": total},
                )
        return given

    def figures(self) -> dict[UUID, dict[str, int]]:
        """What `services.reports.write_figures` takes."""
        given = self.cleaned_data
        return {
            each.uuid: {"total": given[self.name(each)]}
            | {cell: given.get(self.name(each, cell)) or 0 for cell in CELLS}
            for each in self.indicators
        }


class SendBack(forms.Form):
    """What is missing in a report, and by when it is wanted again."""

    comment = words(_("What is missing"), _("The recipient reads it above the report."))
    due_on = forms.DateField(label=_("Send it again by"), widget=DateInputs)

    def __init__(self, data: Any = None, *, today: date, after: date | None = None) -> None:
        after = max(after or today, today)
        super().__init__(data, initial={"due_on": after + timedelta(days=14)})
        self.after, self.latest = after, today + LATEST

    def clean_due_on(self) -> date:
        on: date = self.cleaned_data["due_on"]
        if not self.after < on <= self.latest:
            raise forms.ValidationError(_("Give a later day, at most a year from now."))
        return on


class Dropped(forms.Form):
    """Why a report is no longer asked for."""

    comment = words(_("Why"), _("The recipient reads it."))


class MoreTime(SendBack):
    """A later day for a report, and why."""

    comment = words(_("Why"), _("The recipient reads it."))
    due_on = forms.DateField(label=_("New day"), widget=DateInputs)


class Comment(forms.Form):
    """A word beside a field of a report."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    words = words(_("Comment"), _("The other side reads it beside the field."))


def spent_name(line: BudgetLine) -> str:
    return f"spent_{line.kind}"


def spent_of(lines: Iterable[BudgetLine], given: Mapping[str, Any]) -> dict[str, Decimal]:
    """{kind of line: spent in all} of a form of money."""
    return {line.kind: given[spent_name(line)] for line in lines}
