"""What planning, moving and counting a training asks, and writing guidance."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.access import Actor
from partners.choices import Capacity, OrganisationKind
from partners.forms.agreements import members_seen, words
from partners.forms.application import AreaChoice
from partners.learning_choices import DelayReason, TrainingForm, TrainingTopic
from partners.models import Area, Organisation, Training
from partners.services.trainings import FACTS


class Facts(forms.Form):
    """What a training is about, by whom and for whom; its day is asked once."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("Every member reads it. Name no person.")
    )
    about = words(_("What people learn"), required=False)
    topics = forms.MultipleChoiceField(
        label=_("Topics"), choices=TrainingTopic.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one topic.")},
    )  # fmt: skip
    on = forms.DateField(label=_("Day"), widget=DateInputs)
    form = forms.ChoiceField(
        label=_("How people take part"), choices=TrainingForm.choices, widget=forms.RadioSelect
    )
    places = forms.IntegerField(label=_("Places"), min_value=1, max_value=5000)
    trainer = forms.ModelChoiceField(
        label=_("Who trains"), queryset=Organisation.objects.none(), required=False,
        empty_label=_("An organisation that is not in the registry"),
    )  # fmt: skip
    trainer_name = forms.CharField(
        label=_("Name of that organisation"), max_length=200, required=False,
        help_text=_("Only if it is not in the registry. Never a person."),
    )  # fmt: skip
    for_whom = forms.CharField(
        label=_("For whom"), max_length=200, required=False,
        help_text=_("Such as “border guards in their first year”. Organisations are named next."),
    )  # fmt: skip
    area = AreaChoice(
        label=_("Where they work"), queryset=Area.objects.order_by("path"),
        empty_label=_("The whole country"), required=False,
    )  # fmt: skip
    is_for_currency = forms.BooleanField(
        label=_("It counts as training of first responders"), required=False,
        help_text=_("Whoever took part is then current for as long as the country’s rule says."),
    )  # fmt: skip

    def __init__(
        self,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any],
        asks_day: bool = True,
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["trainer"].queryset = members_seen(actor)  # type: ignore[attr-defined]
        if not asks_day:
            del self.fields["on"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        trainer, name = given.get("trainer"), given.get("trainer_name")
        if trainer is None and not name and "trainer" not in self.errors:
            self.add_error("trainer", _("Choose who trains, or write the name below."))
        if trainer is not None and name:
            self.add_error("trainer_name", _("Leave this empty where you chose a member above."))
        return given

    def facts(self) -> dict[str, Any]:
        """What `services.trainings` takes."""
        return {name: self.cleaned_data[name] for name in FACTS}


class Postpone(forms.Form):
    """Why a training is moved, and to which day, if there is one."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=DelayReason.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )  # fmt: skip
    reason_words = words(_("In your words"), _("Every member reads it. Never name a person."))
    on = forms.DateField(
        label=_("New day"), help_text=_("Leave it empty while there is none."), widget=DateInputs,
        required=False,
    )  # fmt: skip

    def __init__(self, today: date, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.today = today

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and on < self.today:
            raise forms.ValidationError(_("The new day has passed already."))
        return on


class Cancel(forms.Form):
    """Why a training is not held at all."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=DelayReason.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )  # fmt: skip
    reason_words = words(_("In your words"), _("Every member reads it. Never name a person."))


class Hold(forms.Form):
    """On which day it was held."""

    on = forms.DateField(label=_("Held on"), widget=DateInputs)

    def __init__(self, today: date, planned: date | None, data: Any = None) -> None:
        day = planned if planned is not None and planned <= today else today
        super().__init__(data, initial={"on": day})
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(_("This day is still to come."))
        return on


class Party(forms.Form):
    """An organisation whose people the training is for."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["organisation"].queryset = members_seen(actor)  # type: ignore[attr-defined]


class Count(forms.Form):
    """How many people of each organisation took part: numbers, never names."""

    def __init__(self, training: Training, known: set[int], data: Any = None) -> None:
        super().__init__(data)
        parties = training.parties.select_related("organisation")
        self.parties = [each for each in parties if each.organisation_id in known]
        for each in self.parties:
            self.fields[str(each.uuid)] = forms.IntegerField(
                label=each.organisation.display_name, min_value=0, max_value=5000, required=False,
                initial=each.participants,
            )  # fmt: skip

    def numbers(self) -> dict[UUID, int]:
        given = {each.uuid: self.cleaned_data[str(each.uuid)] for each in self.parties}
        return {uuid: number for uuid, number in given.items() if number is not None}


class Attended(forms.Form):
    """Which colleagues took part."""

    people = forms.MultipleChoiceField(
        label=_("Who took part"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Only your organisation sees this. The co-ordination sees a share, no names."),
    )  # fmt: skip

    def __init__(
        self, colleagues: list[tuple[str, str]], chosen: list[str], data: Any = None
    ) -> None:
        super().__init__(data, initial={"people": chosen})
        self.fields["people"].choices = colleagues  # type: ignore[attr-defined]


class GuidanceText(forms.Form):
    """What the guidance says in short, and whose points of contact are to read it."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title"), max_length=200)
    summary = words(_("What it says, in short"), _("A few sentences. Never name a person."))
    changes = words(_("What is new in this version"), required=False)
    for_kinds = forms.MultipleChoiceField(
        label=_("For which kinds of organisation"), choices=OrganisationKind.choices,
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Choose none if it is for all of them."),
    )  # fmt: skip
    for_capacities = forms.MultipleChoiceField(
        label=_("For organisations that do this"), choices=Capacity.choices,
        widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Choose none if it is for all of them."),
    )  # fmt: skip
    area = AreaChoice(
        label=_("Area"), queryset=Area.objects.order_by("path"),
        empty_label=_("The whole country"), required=False,
        help_text=_("With everything below it, and whoever works in the whole country."),
    )  # fmt: skip

    def text(self) -> dict[str, Any]:
        """What `services.guidance` takes."""
        skipped = ("version", "client_key")
        return {name: v for name, v in self.cleaned_data.items() if name not in skipped}
