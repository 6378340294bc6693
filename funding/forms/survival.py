"""What rounds, declarations, staff and programmes ask; everything in them is voluntary."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from funding.forms.amounts import AmountField, CurrencyField
from funding.money_choices import SourceClass
from funding.survival_choices import ProgrammeKind, RoundKind
from funding.survival_questions import Answer, Question, newest


def _key() -> Any:
    return forms.UUIDField(widget=forms.HiddenInput, required=False)


class NewRound(forms.Form):
    """What is asked of civil society, for which year, and until when."""

    client_key = _key()
    kind = forms.ChoiceField(
        label=_("What is asked"), choices=RoundKind.choices, widget=forms.RadioSelect
    )
    year = forms.IntegerField(label=_("Year the answers are about"), min_value=2000, max_value=2100)
    closes_on = forms.DateField(
        label=_("Last day for answers"), widget=DateInputs,
        help_text=_("Figures appear the day after and never change. It cannot be ended earlier."),
    )  # fmt: skip
    questions = forms.MultipleChoiceField(
        label=_("Questions about needs"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Only for needs. Leave all open to ask all of them."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, today: date, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.today = today
        self.fields["questions"].choices = [  # type: ignore[attr-defined]
            (each.code, each.words) for each in newest()
        ]

    def clean_closes_on(self) -> date:
        day: date = self.cleaned_data["closes_on"]
        if day <= self.today:
            raise ValidationError(_("The last day lies after today."))
        if day > self.today + timedelta(days=365):
            raise ValidationError(_("The last day lies within a year."))
        return day


class Answers(forms.Form):
    """One page of the survey: nothing has to be answered."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, questions: tuple[Question, ...], data: Any = None, *, kept: Mapping[str, Any],
        version: int,
    ) -> None:  # fmt: skip
        super().__init__(data, initial={**kept, "version": version})
        self.questions = questions
        for question in questions:
            if question.answer is Answer.YES_NO:
                self.fields[question.code] = forms.ChoiceField(
                    label=question.words, required=False, widget=forms.RadioSelect,
                    choices=[("yes", _("Yes")), ("no", _("No")), ("", _("No answer"))],
                )  # fmt: skip
            else:
                self.fields[question.code] = forms.MultipleChoiceField(
                    label=question.words, required=False, choices=question.options,
                    widget=forms.CheckboxSelectMultiple,
                )  # fmt: skip

    def answers(self) -> dict[str, Any]:
        """What `services.declarations.save_answers` takes: None where nothing was answered."""
        return {each.code: self.cleaned_data[each.code] or None for each in self.questions}


class Income(forms.Form):
    """Income of a year by class of donor; empty is nothing from there."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    currency = CurrencyField()

    def __init__(self, data: Any = None, *, kept: Mapping[str, Any], version: int) -> None:
        given = {"currency": kept.get("currency", ""), **kept.get("amounts", {})}
        super().__init__(data, initial={**given, "version": version})
        for code, label in SourceClass.choices:
            self.fields[code] = AmountField(label=label, required=False, is_zero_allowed=True)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and not any(given.get(code) for code in SourceClass.values):
            raise ValidationError(_("Enter at least one amount."))
        return given

    def answers(self) -> dict[str, Any]:
        """What `services.declarations.save_answers` takes."""
        amounts = {c: str(v) for c in SourceClass.values if (v := self.cleaned_data[c])}
        return {"currency": self.cleaned_data["currency"], "amounts": amounts}


class Staff(forms.Form):
    """Posts, losses and hours on a day, and how long the money lasts."""

    on = forms.DateField(label=_("As of"), widget=DateInputs)
    posts = forms.DecimalField(
        label=_("Posts, in full-time posts"), min_value=0, max_digits=6, decimal_places=1
    )
    vacancies = forms.DecimalField(
        label=_("Of these, vacant"), min_value=0, max_digits=6, decimal_places=1
    )
    lost = forms.IntegerField(
        label=_("People who left in the 12 months before"), min_value=0, max_value=99999
    )
    lost_for_money = forms.IntegerField(
        label=_("Of these, because there was no money for them"), min_value=0, max_value=99999
    )
    hours = forms.IntegerField(
        label=_("Hours worked in a month"), min_value=0, max_value=9999999, required=False
    )
    hours_funded = forms.IntegerField(
        label=_("Of these, paid by a grant or agreement"), min_value=0, max_value=9999999,
        required=False,
    )  # fmt: skip
    currency = CurrencyField()
    reserves = AmountField(
        label=_("Money you can spend freely"),
        help_text=_("What is in the bank and not bound to a project."),
        is_zero_allowed=True,
    )
    monthly_cost = AmountField(label=_("What a month costs you"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for part, whole in (
            ("vacancies", "posts"), ("lost_for_money", "lost"), ("hours_funded", "hours"),
        ):  # fmt: skip
            if given.get(part) is not None and given[part] > (given.get(whole) or 0):
                self.add_error(part, _("This is a part of the number before it."))
        return given

    def figures(self) -> dict[str, Any]:
        """What `services.declarations.enter_staff` takes."""
        return {k: v for k, v in self.cleaned_data.items() if k not in ("on", "currency")}


class Programme(forms.Form):
    """A programme of economic empowerment that is over, in numbers."""

    client_key = _key()
    title = forms.CharField(
        label=_("Title"), max_length=140, help_text=_("Never name a person."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("What it gave"), choices=ProgrammeKind.choices, widget=forms.RadioSelect
    )
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    began = forms.IntegerField(label=_("People who began"), min_value=0, max_value=99999)
    completed = forms.IntegerField(label=_("People who completed it"), min_value=0, max_value=99999)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        if given.get("completed", 0) > given.get("began", 0):
            self.add_error("completed", _("More people cannot complete it than began."))
        return given

    def text(self) -> dict[str, Any]:
        """What `services.programmes.enter_programme` takes."""
        return {k: v for k, v in self.cleaned_data.items() if k != "client_key"}


class FollowUp(forms.Form):
    """What had become of the people who could be reached; each counts once."""

    reached = forms.IntegerField(label=_("People you reached"), min_value=0, max_value=99999)
    in_business = forms.IntegerField(
        label=_("With a business of their own"), min_value=0, max_value=99999
    )
    in_job = forms.IntegerField(label=_("In a job"), min_value=0, max_value=99999)
    in_training = forms.IntegerField(label=_("In further training"), min_value=0, max_value=99999)

    def __init__(self, data: Any = None, *, began: int) -> None:
        super().__init__(data)
        self.began = began

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        reached = given.get("reached", 0)
        if reached > self.began:
            self.add_error("reached", _("More people cannot be reached than began."))
        if (
            not self.errors
            and given["in_business"] + given["in_job"] + given["in_training"] > reached
        ):
            self.add_error("in_training", _("More outcomes than people reached: count each once."))
        return given
