"""What a recurring request says about itself, and what is said to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.forms import DateInputs
from partners.access import Actor
from partners.choices import (
    Capacity,
    Every,
    LegalBasis,
    OrganisationKind,
    RequestPurpose,
    RequestState,
)
from partners.models import Organisation, RecurringRequest
from partners.models.requests import LONGEST_TO_ANSWER, LONGEST_TO_GIVE_BACK, MOST_MINUTES
from partners.services.requests import FIELDS


def _words(label: Any, help_text: Any, *, rows: int = 3, most: int = 1000) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class Register(forms.Form):
    """Everything the register holds of one request; once it is announced also why it changes."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("What is asked for"),
        help_text=_("In a few words, such as “Figures on people assisted, by quarter”."),
        max_length=120,
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        help_text=_("If somebody else asks for the same purpose already, you are told."),
        choices=[("", _("Choose the purpose")), *RequestPurpose.choices],
    )
    purpose_words = _words(_("What it is used for"), _("Who reads the answers, and what follows."))
    basis = forms.ChoiceField(
        label=_("What obliges partners to answer"),
        choices=LegalBasis.choices,
        widget=forms.RadioSelect,
    )
    basis_source = forms.CharField(
        label=_("Where that stands"),
        help_text=_("Law and article, or agreement and clause. Nothing where it is voluntary."),
        max_length=300,
        error_messages={"required": _("Name the law, agreement or condition, and where.")},
    )
    every = forms.ChoiceField(label=_("How often"), choices=Every.choices, widget=forms.RadioSelect)
    first_due_on = forms.DateField(
        label=_("First answer due on"),
        help_text=_("Later rounds fall on the same day of the week or month."),
        widget=DateInputs,
    )
    days_to_answer = forms.IntegerField(
        label=_("Days to answer"),
        help_text=_("A round opens that many days before the answer is due."),
        min_value=1,
        max_value=LONGEST_TO_ANSWER,
        initial=14,
    )
    minutes = forms.IntegerField(
        label=_("Minutes for one answer"),
        help_text=_("Estimated: gathering, checking and writing it down."),
        min_value=1,
        max_value=MOST_MINUTES,
    )
    comes_back = _words(
        _("What comes back to those asked"),
        _("Such as the figures of the whole country, or a report before it is published."),
    )
    days_to_give_back = forms.IntegerField(
        label=_("Days until it comes back"),
        help_text=_("Counted from the day the answers are due. From then on it is owed."),
        min_value=1,
        max_value=LONGEST_TO_GIVE_BACK,
        initial=60,
    )
    asked_kinds = forms.MultipleChoiceField(
        label=_("Kinds of organisation"),
        choices=OrganisationKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    asked_capacities = forms.MultipleChoiceField(
        label=_("What they do in the mechanism"),
        help_text=_("With kinds chosen as well: those of these kinds that do one of these."),
        choices=Capacity.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    asked_by_name = forms.ModelMultipleChoiceField(
        label=_("Organisations by name"),
        help_text=_("Asked whatever their kind."),
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    reason = forms.CharField(
        label=_("Why it changes"),
        help_text=_("Everybody asked reads this. Rounds that are open stay as they are."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, actor: Actor, request: RecurringRequest | None = None, data: Any = None
    ) -> None:
        super().__init__(data, initial=_standing(request))
        self.today = local_day(actor.at)
        members = Organisation.objects.visible_to(actor).members().order_by("name", "pk")
        named: Any = self.fields["asked_by_name"]
        named.queryset = members.exclude(pk=actor.organisation_id)
        # Needed, but for one answer of the question before it.
        is_voluntary = bool(data) and data.get("basis") == LegalBasis.VOLUNTARY
        self.fields["basis_source"].required = not is_voluntary
        if request is None or request.state == RequestState.DRAFT:
            del self.fields["reason"]
        if request is not None and request.rounds.exists():
            del self.fields["first_due_on"]

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings."""
        headed: tuple[tuple[Any, tuple[str, ...]], ...] = (
            (_("What, and what for"), ("title", "purpose", "purpose_words")),
            (_("Why you may ask"), ("basis", "basis_source")),
            (_("Whom"), ("asked_kinds", "asked_capacities", "asked_by_name")),
            (_("When, and how long it takes"),
             ("every", "first_due_on", "days_to_answer", "minutes")),
            (_("What they get for it"), ("comes_back", "days_to_give_back")),
            (_("The change"), ("reason",)),
        )  # fmt: skip
        found = [(head, [self[n] for n in names if n in self.fields]) for head, names in headed]
        return [(head, fields) for head, fields in found if fields]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("basis") == LegalBasis.VOLUNTARY and given.get("basis_source"):
            self.add_error("basis_source", _("A voluntary request has no source: leave it empty."))
        chosen = [given.get(n) for n in ("asked_kinds", "asked_capacities", "asked_by_name")]
        if not any(chosen) and not {"asked_kinds", "asked_capacities"} & set(self.errors):
            self.add_error("asked_kinds", _("Choose whom you ask: kinds, capacities or names."))
        first, days = given.get("first_due_on"), given.get("days_to_answer")
        if first and days and (first - self.today).days < days:
            text = _("Partners would not have the days to answer: choose a later day.")
            self.add_error("first_due_on", text)
        return given

    def answers(self) -> dict[str, Any]:
        """What `services.requests` takes."""
        given = self.cleaned_data
        names = [name for name in (*FIELDS, "asked_by_name") if name in self.fields]
        answers = {name: given[name] for name in names}
        for name in ("asked_kinds", "asked_capacities"):
            answers[name] = tuple(RecurringRequest._meta.get_field(name).to_python(answers[name]))  # type: ignore[union-attr]
        return answers


def _standing(request: RecurringRequest | None) -> dict[str, Any]:
    if request is None:
        return {"version": 0}
    named = list(request.asked_by_name.values_list("pk", flat=True))
    fields = {name: getattr(request, name) for name in FIELDS}
    return {**fields, "asked_by_name": named, "version": request.version}


class End(forms.Form):
    """Why something is no longer asked for."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = _words(_("Why it ends"), _("Everybody asked reads this."))


class Minutes(forms.Form):
    """How long an answer took, where somebody says."""

    minutes = forms.IntegerField(min_value=1, max_value=MOST_MINUTES, required=False)


class GiveBack(forms.Form):
    """What came back to those who answered."""

    given_back = forms.CharField(
        label=_("What came back"),
        help_text=_("Figures and findings only; never anything about a person."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )
    given_back_link = forms.URLField(
        label=_("Where it is to be read"), max_length=300, required=False, assume_scheme="https"
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and not given.get("given_back") and not given.get("given_back_link"):
            self.add_error("given_back", _("Say what came back, or where it is to be read."))
        return given
