"""Forms of consultations, of the prevention register and of the register of obligations."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from ncm.models import ActionPlan, Activity, Obligation, Prevention
from ncm.plan_choices import (
    SOCIAL_PARTNERS,
    Answer,
    ConsultationSubject,
    FourP,
    PlanState,
    Stage,
    TargetGroup,
)
from partners.choices import OrganisationKind
from partners.deed_choices import Duty
from partners.forms.agreements import members_seen
from partners.forms.agreements import words as lines
from partners.forms.application import AreaChoice
from partners.models import Area, Organisation


class New(forms.Form):
    """On what others are heard, at which stage, until when."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    subject = forms.ChoiceField(
        label=_("On what"), choices=ConsultationSubject.choices, widget=forms.RadioSelect
    )
    plan = forms.ModelChoiceField(
        label=_("Which plan"), queryset=ActionPlan.objects.none(), to_field_name="uuid",
        required=False, empty_label=_("None: it is on a draft law"),
    )  # fmt: skip
    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices)
    title = forms.CharField(label=_("Title"), max_length=140)
    proposal = lines(
        _("What is proposed or asked"), _("Every member reads it. Never name a person."), most=4000
    )
    until_on = forms.DateField(label=_("Positions until"), widget=DateInputs)

    def __init__(self, actor: Any, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["plan"]
        plans = ActionPlan.objects.visible_to(actor).exclude(state=PlanState.ENDED)
        field.queryset = plans.order_by("-from_on", "-pk")
        field.label_from_instance = lambda plan: plan.title

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        on_plan = given.get("subject") == ConsultationSubject.PLAN
        if "subject" in given and on_plan != (given.get("plan") is not None):
            self.add_error("plan", _("Say which plan it is on; a draft law has none."))
        return given


class Ask(forms.Form):
    """Which organisations are asked; the social partners, who always are, stand first."""

    organisations = forms.ModelMultipleChoiceField(
        label=_("Organisations"), queryset=Organisation.objects.none(), to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Employers’ and workers’ organisations are social partners: they belong to "
                    "every consultation on the plan."),
    )  # fmt: skip

    def __init__(self, actor: Any, asked: Any, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        field: Any = self.fields["organisations"]
        last = Case(When(kind__in=SOCIAL_PARTNERS, then=0), default=1)
        others = members_seen(actor).exclude(pk__in=asked)
        field.queryset = others.order_by(last, "kind", "name", "pk")
        field.label_from_instance = lambda each: f"{each.display_name} ({each.get_kind_display()})"


class Say(forms.Form):
    """The position of one's organisation."""

    words = lines(
        _("Position of your organisation"),
        _("Every member reads it, under your organisation’s name where it is listed. Never name a "
          "person."), most=8000,
    )  # fmt: skip


class Reply(forms.Form):
    """What becomes of a position, and why."""

    answer = forms.ChoiceField(
        label=_("What becomes of it"), choices=Answer.choices, widget=forms.RadioSelect
    )
    reason = lines(_("Why"), _("Every member reads it."), most=4000)


class Close(forms.Form):
    """What came of a consultation."""

    outcome = lines(_("Outcome"), _("What was decided. Every member reads it."), most=4000)


# --- prevention -----------------------------------------------------------------------------------


class Entry(forms.Form):
    """What is done so that fewer people are trafficked: for whom, where, with whom."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title"), max_length=140)
    words = lines(_("What is done"), required=False)
    target_groups = forms.MultipleChoiceField(
        label=_("For whom"), choices=TargetGroup.choices, widget=forms.CheckboxSelectMultiple
    )
    area = AreaChoice(
        label=_("Where"), queryset=Area.objects.order_by("path"), required=False,
        empty_label=_("The whole country"),
    )  # fmt: skip
    place = forms.CharField(
        label=_("Place"), max_length=120, required=False,
        help_text=_("A school, a market, a border post; never the address of a shelter."),
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    planned_reach = forms.IntegerField(
        label=_("People it is to reach"), min_value=0, max_value=99_999_999, required=False
    )
    partners = forms.ModelMultipleChoiceField(
        label=_("With whom"), queryset=Organisation.objects.none(), to_field_name="uuid",
        required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Civil society partners are shown as such."),
    )  # fmt: skip
    activity = forms.ModelChoiceField(
        label=_("Activity of the action plan"), queryset=Activity.objects.none(),
        to_field_name="uuid", required=False, empty_label=_("None"),
    )  # fmt: skip

    def __init__(self, actor: Any, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        fields: Any = self.fields
        fields["partners"].queryset = members_seen(actor).exclude(pk=actor.organisation_id)
        activities = Activity.objects.visible_to(actor).standing().filter(
            objective__p=FourP.PREVENTION, plan__state=PlanState.ADOPTED
        )  # fmt: skip
        fields["activity"].queryset = activities.select_related("objective").order_by("place")
        fields["activity"].label_from_instance = lambda each: f"{each.reference} {each.words}"[:90]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("It ends on the day it begins, or later."))
        return given

    def text(self) -> dict[str, Any]:
        """What `services.prevention` takes."""
        given = dict(self.cleaned_data)
        given.pop("version")
        given.pop("client_key")
        given["partners"] = list(given["partners"])
        return given


def entry_standing(row: Prevention) -> dict[str, Any]:
    """What stands, as the form shows it."""
    names = ("version", "title", "words", "target_groups", "area", "place", "from_on", "until_on",
             "planned_reach")  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "partners": [each.uuid for each in row.partners.all()],
        "activity": row.activity.uuid if row.activity else None,
    }


class Reach(forms.Form):
    """How many people it reached."""

    reach = forms.IntegerField(label=_("People reached"), min_value=0, max_value=99_999_999)


# --- obligations ----------------------------------------------------------------------------------


class ObligationText(forms.Form):
    """An article, what it asks, and which State body answers for it."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    instrument = forms.CharField(
        label=_("Instrument"), max_length=140, help_text=_("A convention, a directive, a law.")
    )
    article = forms.CharField(label=_("Article"), max_length=60)
    words = forms.CharField(
        label=_("What it asks, in short"), max_length=300, help_text=_("In your own words.")
    )
    p = forms.ChoiceField(label=_("P"), choices=FourP.choices)
    accountable = forms.ModelChoiceField(
        label=_("Which State body answers for it"), queryset=Organisation.objects.none(),
        to_field_name="uuid", empty_label=_("Choose an organisation"),
    )  # fmt: skip
    duty = forms.ChoiceField(
        label=_("Duty that agreements can delegate"), required=False,
        choices=[("", _("None")), *Duty.choices],
        help_text=_("Who carries it out under an agreement is shown beside; the State body stays "
                    "accountable."),
    )  # fmt: skip

    def __init__(self, actor: Any, data: Mapping[str, Any] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["accountable"]
        field.queryset = members_seen(actor).filter(kind=OrganisationKind.STATE_AGENCY)


def obligation_standing(row: Obligation) -> dict[str, Any]:
    """What stands, as the form shows it."""
    names = ("version", "instrument", "article", "words", "p", "duty")
    return {name: getattr(row, name) for name in names} | {"accountable": row.accountable.uuid}
