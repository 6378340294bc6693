"""The forms of this package: mail by choice, acts on a deadline, being away, changing a rule."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.forms import DateInputs
from common.profile import DeadlineRule, Pausing
from common.workdays import DayZero, Roll, Unit
from deadlines import words
from deadlines.choices import AwayReason, ExtensionReason, Rhythm, SuspensionReason
from deadlines.models import CalendarDay, Rule
from deadlines.notices import Topic
from deadlines.rulebook import length_of
from deadlines.services.rules import Which


class MailChoiceForm(forms.Form):
    """How often one wants mail, topic by topic; those that cannot be turned off are no question."""

    def __init__(
        self, *args: Any, topics: Iterable[Topic], chosen: Mapping[str, Rhythm], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for topic in topics:
            self.fields[topic.code] = forms.ChoiceField(
                label=str(topic.title),
                choices=Rhythm.choices,
                initial=chosen[topic.code],
                widget=forms.RadioSelect,
            )

    @property
    def rhythms(self) -> dict[str, Rhythm]:
        """What was chosen, by topic."""
        return {code: Rhythm(value) for code, value in self.cleaned_data.items()}


class Extend(forms.Form):
    """More time, with a reason."""

    until_on = forms.DateField(
        label=_("New last day"), help_text=_("It ends with this day."), widget=DateInputs
    )
    reason = forms.ChoiceField(label=_("Why"), choices=ExtensionReason, widget=forms.RadioSelect)


class Suspend(forms.Form):
    """Stopping a clock, with a reason and a day on which to look again."""

    reason = forms.ChoiceField(label=_("Why"), choices=SuspensionReason, widget=forms.RadioSelect)
    review_on = forms.DateField(
        label=_("Look at it again on"),
        help_text=_("Whoever it binds is reminded then: a stopped clock reminds nobody by itself."),
        widget=DateInputs,
    )


class BeAway(forms.Form):
    """From when to when, who stands in, and why in no more than a word."""

    from_on = forms.DateField(label=_("First day"), widget=DateInputs)
    until_on = forms.DateField(label=_("Last day"), widget=DateInputs)
    deputy = forms.TypedChoiceField(
        label=_("Who stands in"),
        help_text=_("They get your reminders as well, and see no more than they may see anyway."),
        coerce=int,
    )
    reason = forms.ChoiceField(label=_("Why"), choices=AwayReason, widget=forms.RadioSelect)

    def __init__(self, *args: Any, colleagues: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["deputy"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", _("Choose somebody")), *colleagues.items()]


class ChangeRule(forms.ModelForm):  # type: ignore[type-arg]
    """How a period is counted from a day on, where that was read, and why it is changed."""

    amount = forms.IntegerField(
        label=_("How long"), help_text=_("A number, in the unit below it."), min_value=1
    )
    stops_for = forms.MultipleChoiceField(
        label=_("The clock stands still"),
        required=False,
        choices=[(each.value, words.PAUSES[each]) for each in Pausing],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Rule
        fields = [
            "is_on", "unit", "amount", "fixed_on", "yearly", "day_zero", "roll", "stops_for",
            "remind_before_days", "weight", "source", "text", "read_on", "reading",
            "valid_from", "valid_to", "why",
        ]  # fmt: skip
        labels = {
            "is_on": _("The rule is on"),
            "fixed_on": _("The date"),
            "yearly": _("Days of each year"),
            "remind_before_days": _("Remind so many days before"),
            "source": _("Source"),
            "text": _("Text as read"),
            "read_on": _("Read on"),
            "reading": _("What the text leaves open, and how it is read here"),
            "valid_from": _("First day"),
            "valid_to": _("Last day"),
            "why": _("Why the rule is changed"),
        }
        help_texts = {
            "is_on": _("Only once its source has been read. A rule that is off starts no clock."),
            "yearly": _("Month and day, divided by commas: 01-15, 07-15."),
            "remind_before_days": _("0 for none before the day itself."),
            "source": _("Law, article and date, so that somebody else can find it."),
            "valid_from": _("A clock that begins on or after this day is counted like this."),
            "valid_to": _("Leave it empty while no end is known."),
            "why": _("Everybody who may sign in can read this. Name nobody."),
        }
        widgets = {
            "fixed_on": DateInputs,
            "read_on": DateInputs,
            "valid_from": DateInputs,
            "valid_to": DateInputs,
            "text": forms.Textarea(attrs={"rows": 4}),
            "reading": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, template: DeadlineRule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        unit = template.counting.length.unit
        counted = [Unit.WORKING_DAYS, Unit.DAYS, Unit.MONTHS, Unit.HOURS]
        units = counted if template.counting.length.is_counted else [unit]
        choices = {
            "unit": [(each.value, words.UNITS[each]) for each in units],
            "day_zero": [(each.value, words.DAY_ZEROS[each]) for each in DayZero],
            "roll": [(each.value, words.ROLLS[each]) for each in Roll],
            "weight": [(each.value, text) for each, text in words.WEIGHTS.items()],
        }
        labels = {
            "unit": _("Unit"),
            "day_zero": _("The day of the event"),
            "roll": _("An end on a day off"),
            "weight": _("Weight"),
        }
        for name, options in choices.items():
            select = forms.RadioSelect if name in ("day_zero", "roll") else forms.Select
            self.fields[name] = forms.ChoiceField(
                label=labels[name], choices=options, widget=select
            )
        left_out = {
            Unit.FIXED_DATE: ("amount", "yearly", "day_zero", "stops_for"),
            Unit.YEARLY: ("amount", "fixed_on", "day_zero", "stops_for"),
        }.get(unit, ("fixed_on", "yearly"))
        for name in left_out:
            del self.fields[name]
        for name in {"amount", "fixed_on", "yearly"} - set(left_out):
            self.fields[name].required = True
        self.order_fields(["is_on", "amount", "fixed_on", "yearly", "unit", *self.Meta.fields[5:]])

    def clean_yearly(self) -> str:
        """Days that every year has, as they will be read again."""
        days = [each.strip() for each in self.cleaned_data["yearly"].split(",") if each.strip()]
        try:
            for each in days:
                date.fromisoformat(f"2001-{each}")
        except ValueError:
            raise forms.ValidationError(_("Write month and day, such as 01-15, 07-15.")) from None
        return ", ".join(days)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("is_on") and not given.get("read_on"):
            self.add_error("read_on", _("Say when the source was read: only then is it on."))
        first, last = given.get("valid_from"), given.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", _("The last day is not before the first."))
        return given

    def draft(self, subdivision: str) -> Rule:
        """The row as it would be entered for a part of the country, or for all; not saved."""
        row = self.save(commit=False)
        assert isinstance(row, Rule)  # noqa: S101 - for the type checker
        row.code, row.subdivision = self.template.code, subdivision
        row.stops_for = self.cleaned_data.get("stops_for", [])
        if "day_zero" not in self.fields:
            row.day_zero = DayZero.EXCLUDED
        length_of(row)
        return row


class Confirm(forms.Form):
    """What runs and is to move with a change; nothing, unless somebody says so."""

    which = forms.ChoiceField(label=_("What moves?"), widget=forms.RadioSelect)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: list[tuple[Which, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["which"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(which.value, label) for which, label in choices]


class CorrectDay(forms.ModelForm):  # type: ignore[type-arg]
    """A day that is worked, or is not, after all."""

    subdivision = forms.ChoiceField(label=_("Part of the country"), required=False)
    is_working = forms.TypedChoiceField(
        label=_("Do people work on it?"),
        choices=[("no", _("No, it is a day off")), ("yes", _("Yes, it is worked after all"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = CalendarDay
        fields = ["day", "subdivision", "is_working", "name"]
        widgets = {"day": DateInputs}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["subdivision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        parts = [(place, place) for place in current().subdivisions]
        field.choices = [("", _("All of it")), *parts]
        if not parts:
            del self.fields["subdivision"]

    def draft(self) -> CalendarDay:
        """The row as it would be entered; not saved."""
        row = self.save(commit=False)
        assert isinstance(row, CalendarDay)  # noqa: S101 - for the type checker
        return row
