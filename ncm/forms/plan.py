"""Forms of the action plan: its text, activities, what leads report, revisions, gaps."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from funding.forms.amounts import AmountField, CurrencyField
from ncm.models import ActionPlan, Activity, Objective
from ncm.plan_choices import (
    FourP,
    GapKind,
    GlobalPlan,
    Progress,
    TargetGroup,
)
from partners.forms.agreements import members_seen
from partners.forms.agreements import words as lines
from partners.models import Area, Emergency, Organisation


class Text(forms.Form):
    """What a plan is called, and from when until when it runs."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title"), max_length=140)
    strategy = lines(
        _("Strategy"), _("What the plan wants to reach, in a few sentences."), most=4000,
        required=False,
    )  # fmt: skip
    from_on = forms.DateField(label=_("From"), widget=DateInputs)
    until_on = forms.DateField(label=_("Until"), widget=DateInputs)
    currency = CurrencyField(
        help_text=_("Three letters, such as EUR. All amounts of the plan are in it.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends <= begins:
            self.add_error("until_on", _("A plan ends after it begins."))
        return given

    def text(self) -> dict[str, Any]:
        """What `services.plans` takes."""
        given = dict(self.cleaned_data)
        given.pop("version")
        given.pop("client_key")
        return given


class NewObjective(forms.Form):
    """An objective under one of the four Ps."""

    p = forms.ChoiceField(label=_("P"), choices=FourP.choices)
    words = forms.CharField(label=_("Objective"), max_length=300)


class AreaChoices(forms.ModelMultipleChoiceField):
    """The country's areas as a tree, each set in under the one it belongs to."""

    def label_from_instance(self, obj: Area) -> str:  # type: ignore[override]
        return "\N{EM SPACE}" * (obj.path.count("/") - 1) + obj.name


class ActivityText(forms.Form):
    """One activity: who leads, by when, how it is measured, what it costs and who pays."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    objective = forms.ModelChoiceField(
        label=_("Objective"), queryset=Objective.objects.none(), to_field_name="uuid",
        empty_label=None,
    )  # fmt: skip
    words = lines(_("What is done"), _("So that everybody knows when it is done."), most=1000)
    lead = forms.ModelChoiceField(
        label=_("Who leads"), queryset=Organisation.objects.none(), to_field_name="uuid",
        empty_label=_("Choose an organisation"),
        help_text=_("It alone reports how far the activity is."),
    )  # fmt: skip
    partners = forms.ModelMultipleChoiceField(
        label=_("With whom"), queryset=Organisation.objects.none(), to_field_name="uuid",
        required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    from_on = forms.DateField(label=_("Begins"), widget=DateInputs, required=False)
    deadline_on = forms.DateField(label=_("Deadline"), widget=DateInputs)
    indicator = forms.CharField(
        label=_("Indicator"),
        max_length=300,
        help_text=_("What is counted to see whether it works."),
    )
    unit = forms.CharField(label=_("Unit"), max_length=40, required=False)
    baseline = forms.DecimalField(
        label=_("Baseline"), required=False, max_digits=14, decimal_places=2,
        help_text=_("The figure before it begins."),
    )  # fmt: skip
    target = forms.DecimalField(label=_("Target"), required=False, max_digits=14, decimal_places=2)
    source = forms.CharField(label=_("Where the figure comes from"), max_length=200, required=False)
    cost = AmountField(label=_("Cost"), is_zero_allowed=True, help_text=_("Digits only: 120000."))
    from_state = AmountField(label=_("Paid by the State"), is_zero_allowed=True, required=False)
    from_donors = AmountField(label=_("Paid by donors"), is_zero_allowed=True, required=False)
    from_own = AmountField(
        label=_("Paid by those who carry it out"), is_zero_allowed=True, required=False,
        help_text=_("What none of the three pays is shown as a gap."),
    )  # fmt: skip
    payers = forms.CharField(
        label=_("Who pays, by name"), max_length=300, required=False,
        help_text=_("Budget lines, donors. Never a person."),
    )  # fmt: skip
    target_groups = forms.MultipleChoiceField(
        label=_("For whom"), choices=TargetGroup.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    areas = AreaChoices(
        label=_("Where"), queryset=Area.objects.none(), to_field_name="code", required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: the whole country."),
    )  # fmt: skip
    global_plan = forms.MultipleChoiceField(
        label=_("Global Plan of Action of the United Nations"), choices=GlobalPlan.choices,
        required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("The paragraphs it answers to."),
    )  # fmt: skip
    reallocatable_in_emergency = forms.BooleanField(
        label=_("Its money can be moved in an emergency"), required=False
    )

    def __init__(
        self, plan: ActionPlan, actor: Any, data: Mapping[str, Any] | None = None, *,
        is_new: bool = False, **how: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, **how)
        fields: Any = self.fields
        seen = members_seen(actor)
        fields["lead"].queryset = seen
        fields["partners"].queryset = seen
        fields["areas"].queryset = Area.objects.order_by("path")
        if is_new:
            fields["objective"].queryset = plan.objectives.all()
        else:
            del fields["objective"]
        fields["cost"].label = _("Cost, in %(currency)s") % {"currency": plan.currency}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name in ("from_state", "from_donors", "from_own"):
            if name in given and given[name] is None:
                given[name] = 0 * (given.get("cost") or 0)
        paid = sum(given.get(name) or 0 for name in ("from_state", "from_donors", "from_own"))
        if given.get("cost") is not None and paid > given["cost"]:
            self.add_error("cost", _("Who pays gives more than it costs."))
        begins, ends = given.get("from_on"), given.get("deadline_on")
        if begins and ends and begins > ends:
            self.add_error("deadline_on", _("An activity begins before its deadline."))
        lead, partners = given.get("lead"), given.get("partners")
        if lead is not None and partners is not None and lead in partners:
            self.add_error("partners", _("Who leads is not a partner too."))
        return given

    def text(self) -> dict[str, Any]:
        """What `services.plans` takes."""
        given = dict(self.cleaned_data)
        given.pop("version")
        given.pop("objective", None)
        given["partners"], given["areas"] = list(given["partners"]), list(given["areas"])
        return given


def standing(activity: Activity) -> dict[str, Any]:
    """What stands, as the form shows it."""
    names = (
        "version", "words", "from_on", "deadline_on", "indicator", "unit", "baseline", "target",
        "source", "cost", "from_state", "from_donors", "from_own", "payers", "target_groups",
        "global_plan", "reallocatable_in_emergency",
    )  # fmt: skip
    return {name: getattr(activity, name) for name in names} | {
        "lead": activity.lead.uuid,
        "partners": [each.uuid for each in activity.partners.all()],
        "areas": [each.code for each in activity.areas.all()],
    }


class Adopt(forms.Form):
    """By which act something is adopted."""

    act = forms.CharField(
        label=_("Adopting act"), max_length=300,
        help_text=_("Its name, number and date, such as a decision of the Government."),
    )  # fmt: skip


class AdoptRevision(forms.Form):
    """By which act a revision is adopted, where there is one."""

    act = forms.CharField(label=_("Adopting act, if there is one"), max_length=300, required=False)


class Why(forms.Form):
    """Why something is stopped or sent back."""

    comment = lines(_("Why"), _("Every member who sees the plan reads this. Never name a person."))


class Begin(forms.Form):
    """Why a plan is revised, and which emergency it answers to."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    reason = lines(_("Why the plan is revised"), _("Every member reads it. Never name a person."))
    emergency = forms.ModelChoiceField(
        label=_("Emergency it answers to"), queryset=Emergency.objects.none(),
        to_field_name="uuid", required=False, empty_label=_("None"),
        help_text=_("The second person is then told at once."),
    )  # fmt: skip

    def __init__(
        self, emergencies: QuerySet[Emergency], data: Mapping[str, Any] | None = None, **how: Any
    ) -> None:
        super().__init__(data, **how)
        field: Any = self.fields["emergency"]
        field.queryset = emergencies
        field.label_from_instance = lambda each: each.reason


class Status(forms.Form):
    """What the lead says of an activity."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    progress = forms.ChoiceField(
        label=_("How far it is"), choices=Progress.choices, widget=forms.RadioSelect
    )
    value = forms.DecimalField(
        label=_("Value reached"), required=False, max_digits=14, decimal_places=2
    )
    words = lines(
        _("What was done"), _("Also what stands in the way. Every member reads it. Never name a "
                              "person who was helped."), most=4000,
    )  # fmt: skip
    on = forms.DateField(label=_("As of"), widget=DateInputs)
    file = forms.FileField(
        label=_("Evidence"), required=False,
        help_text=_("A PDF, a picture or a plain text of at most 5 MB. Nothing about a person."),
    )  # fmt: skip


class Gap(forms.Form):
    """What is missing for an activity."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("What is missing"), choices=GapKind.choices)
    words = lines(_("What is missing, and for whom"), _("Every member reads it."))
    proposal = lines(_("What would close it"), required=False)


class Reply(forms.Form):
    """What becomes of a gap."""

    answer = lines(_("Answer"), _("Every member reads it."))


class Summary(forms.Form):
    """What the co-ordination says of the half year."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    summary = lines(
        _("Summary"), _("It stands before the figures. Every member reads it."), most=4000
    )


class Confirm(forms.Form):
    """Nothing is asked."""
