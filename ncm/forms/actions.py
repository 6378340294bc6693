"""Action points as they are made, done and verified; and how their list is narrowed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.country import local_day
from common.forms import DateInputs
from common.marks import Permission
from ncm import speakers
from ncm.action_choices import ActionState, Priority
from ncm.models import ActionPoint, Body, Resolution, Seat
from ncm.models.action_points import ActionPointQuerySet
from ncm.plan_choices import FourP
from ncm.services.action_points import organisations_for
from partners.forms.agreements import words
from partners.models import Organisation

NEVER_NAME = _("Never name a person who is helped, and no place where somebody stays.")
TODO, LATE, WAITS = "todo", "late", "waits"
MINE, OURS, GIVEN = "mine", "ours", "given"


class Text(forms.Form):
    """What is to be done, and under which of the four Ps."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Title"), max_length=140, help_text=_("Lists show it. Never name a person.")
    )
    todo = words(_("What is to be done"), NEVER_NAME, most=4000)
    pillar = forms.ChoiceField(label=_("P"), choices=FourP.choices, widget=forms.RadioSelect)

    def text(self) -> dict[str, str]:
        """What `services.action_points.change_text` takes."""
        return {name: self.cleaned_data[name] for name in ("title", "todo", "pillar")}


class New(Text):
    """An action point: what, who, by when."""

    version = None
    client_key = forms.UUIDField(widget=forms.HiddenInput)
    responsible = forms.ModelChoiceField(
        label=_("Responsible organisation"), queryset=Organisation.objects.none(),
        empty_label=None, to_field_name="uuid",
        help_text=_("It names the person itself."),
    )  # fmt: skip
    priority = forms.ChoiceField(
        label=_("Priority"), choices=Priority.choices, initial=Priority.NORMAL,
        widget=forms.RadioSelect,
        help_text=_("With high priority a second person, who did not write this, verifies that it "
                    "is done."),
    )  # fmt: skip
    due_on = forms.DateField(label=_("Due on"), widget=DateInputs)

    body = forms.ModelChoiceField(
        label=_("For a body"), queryset=Body.objects.none(), required=False, to_field_name="uuid",
        empty_label=_("None"), help_text=_("Every organisation that sits there sees it then."),
    )  # fmt: skip

    def __init__(
        self, actor: Any, data: Any = None, *, today: date, resolution: Resolution | None = None,
        **how: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, **how)
        self.today = today
        field: Any = self.fields["responsible"]
        field.queryset = organisations_for(actor, resolution)
        field.label_from_instance = lambda each: each.display_name
        bodies: Any = self.fields["body"]
        if resolution is not None:
            del self.fields["body"]
        else:
            bodies.queryset = bodies_for(actor)

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise forms.ValidationError(_("Give a day to come."))
        return due_on


def bodies_for(actor: Any) -> Any:
    """The bodies that stand, as far as this actor sits there or keeps the co-ordination."""
    standing = Body.objects.visible_to(actor).standing(local_day(actor.at))
    if Permission.COORDINATION_KEEP in actor.permissions:
        return standing
    return standing.filter(pk__in=Seat.objects.of(actor).on(local_day(actor.at)).values("body"))


class Person(forms.Form):
    """Who of the responsible organisation does it."""

    responsible_person = forms.ModelChoiceField(
        label=_("Who does it"), queryset=User.objects.none(), required=False,
        empty_label=_("Nobody in particular: whoever speaks for the organisation"),
        help_text=_("Reminders go to this person first, then to those who speak for the "
                    "organisation, then to the co-ordination."),
    )  # fmt: skip

    def __init__(self, point: ActionPoint, data: Any = None) -> None:
        super().__init__(data, initial={"responsible_person": point.responsible_person_id})
        field: Any = self.fields["responsible_person"]
        people = speakers.colleagues(point.responsible).values("user")
        field.queryset = User.objects.filter(pk__in=people).order_by("display_name", "pk")
        field.label_from_instance = lambda each: each.display_name


class Done(forms.Form):
    """That it is done, and what shows it."""

    evidence = words(
        _("What shows that it is done"),
        _("A decision with its number, a link, a figure. Empty where a document says it all."),
        most=4000, required=False,
    )  # fmt: skip
    comment = words(_("What was done, in your words"), NEVER_NAME)


class Back(forms.Form):
    """What is missing, and until when."""

    comment = words(_("What is missing"))
    due_on = forms.DateField(label=_("Wanted again by"), widget=DateInputs)


class Move(forms.Form):
    """Another due day, with its reason."""

    due_on = forms.DateField(label=_("New due day"), widget=DateInputs)
    comment = words(_("Why"), _("Both sides read it. The old day stays in the history."))


class Reason(forms.Form):
    """Why it is cancelled."""

    comment = words(_("Why"), _("Both sides read it."))


class Comment(forms.Form):
    """A word about it."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)
    words = words(_("Comment"), NEVER_NAME)


class Paper(forms.Form):
    """A document that shows it is done."""

    title = forms.CharField(label=_("What it is"), max_length=120)
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, JPEG, PNG or plain text, at most 5 MB. Nothing about a person who is "
                    "helped."),
    )  # fmt: skip


class ActionFilter(django_filters.FilterSet):
    """By whose it is, where it stands, and under which P. What one may see is decided before."""

    show = django_filters.ChoiceFilter(
        label=_("Whose"), method="whose", empty_label=_("All I may see"),
        choices=[(MINE, _("Mine")), (OURS, _("My organisation does them")),
                 (GIVEN, _("My organisation gave them"))],
    )  # fmt: skip
    state = django_filters.ChoiceFilter(
        label=_("State"), method="standing", empty_label=_("All but those closed"),
        choices=[(TODO, _("To be done")), (LATE, _("Late")), (WAITS, _("Wait for me to verify")),
                 *ActionState.choices],
    )  # fmt: skip
    pillar = django_filters.ChoiceFilter(
        label=_("P"), choices=FourP.choices, empty_label=_("All four")
    )

    body = django_filters.ModelChoiceFilter(
        label=_("Body"), queryset=lambda request: Body.objects.visible_to(request),
        to_field_name="uuid", empty_label=_("All bodies, and none"),
    )  # fmt: skip

    class Meta:
        model = ActionPoint
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *args: Any, actor: Any, today: date,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(data, *args, request=actor, **kwargs)
        self.actor, self.today = actor, today

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.form.fields)

    @property
    def rows(self) -> ActionPointQuerySet:
        """What is listed: without a state asked for, what is not closed."""
        found: ActionPointQuerySet = self.qs
        return found if self.data.get("state") else found.standing()

    def whose(self, rows: ActionPointQuerySet, _name: str, show: str) -> ActionPointQuerySet:
        match show:
            case "mine":
                return rows.of_person(self.actor)
            case "ours":
                return rows.of_organisation(self.actor)
            case _:
                return rows.filter(by_organisation=self.actor.organisation_id)

    def standing(self, rows: ActionPointQuerySet, _name: str, state: str) -> ActionPointQuerySet:
        match state:
            case "todo":
                return rows.to_do()
            case "late":
                return rows.late(self.today)
            case "waits":
                return rows.waiting_for(self.actor)
            case _:
                return rows.filter(state=state)
