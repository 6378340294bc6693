"""Agreements as their keeper writes them, and what signing, notice and amendments ask."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from common.forms import DateInputs
from partners.access import Actor
from partners.agreement_files import LARGEST
from partners.deed_choices import (
    ClauseKind,
    ClauseStatus,
    Duty,
    DutyFunding,
    NoticeReason,
)
from partners.forms.application import AreaChoice
from partners.models import Agreement, Area, Organisation
from partners.models.agreements import LONGEST_NOTICE


def words(label: Any, help_text: Any = "", *, most: int = 2000, required: bool = True) -> Any:
    """A text of several lines."""
    return forms.CharField(
        label=label, help_text=help_text, max_length=most, required=required,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip


def members_seen(actor: Actor) -> Any:
    """The members this actor may name: those it knows of."""
    seen = Organisation.objects.members().visible_to(actor)
    return seen.order_by("name", "pk")


class Text(forms.Form):
    """What the agreement is about, where and for how long."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("Title"), max_length=200,
        help_text=_("Its parties find it by this. Never name a person."),
    )  # fmt: skip
    purpose = words(_("What it is for"), _("In a few sentences."), required=False)
    area = AreaChoice(
        label=_("Area"), queryset=Area.objects.order_by("path"), empty_label=_("Not one area"),
        required=False,
    )  # fmt: skip
    from_on = forms.DateField(label=_("In force from"), widget=DateInputs)
    until_on = forms.DateField(
        label=_("Until"), help_text=_("The last day on which it holds."), widget=DateInputs
    )
    review_on = forms.DateField(
        label=_("Day on which the parties look at how it works"), widget=DateInputs, required=False
    )
    notice_days = forms.IntegerField(
        label=_("Days of notice"), min_value=0, max_value=LONGEST_NOTICE, initial=90,
        help_text=_("How long before its end a party says that it leaves."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        begins, ends = given.get("from_on"), given.get("until_on")
        if begins and ends and ends < begins:
            self.add_error("until_on", _("The last day cannot lie before the first."))
        return given

    def text(self) -> dict[str, Any]:
        """What `services.agreements` takes."""
        skipped = ("version", "client_key")
        return {name: v for name, v in self.cleaned_data.items() if name not in skipped}


class Party(forms.Form):
    """An organisation that binds itself, who signs for it, and what it does."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(),
        empty_label=_("Choose an organisation"),
    )  # fmt: skip
    signatory_name = forms.CharField(label=_("Who signs for it"), max_length=120)
    signatory_post = forms.CharField(label=_("Post"), max_length=120, required=False)
    does = words(_("What it does under the agreement"), required=False)

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["organisation"].queryset = members_seen(actor)  # type: ignore[attr-defined]


class Clauses(forms.Form):
    """The checklist: each matter is in the text, missing, or does not apply; and where it is."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=False)

    def __init__(self, agreement: Agreement, data: Mapping[str, Any] | None = None) -> None:
        initial: dict[str, Any] = {"version": agreement.version}
        for clause in agreement.clauses.all():
            initial |= {clause.kind: clause.status, f"{clause.kind}_where": clause.where}
        super().__init__(data, initial=initial)
        for kind in ClauseKind:
            self.fields[kind] = forms.ChoiceField(
                label=kind.label, choices=ClauseStatus.choices, widget=forms.RadioSelect,
                required=False,
            )  # fmt: skip
            self.fields[f"{kind}_where"] = forms.CharField(
                label=_("Where it stands"), max_length=60, required=False
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for kind in ClauseKind:
            where = f"{kind}_where"
            if given.get(kind) == ClauseStatus.PRESENT and not given.get(where):
                self.add_error(where, _("Say where it stands, such as “article 4”."))
        return given

    def answers(self) -> dict[str, tuple[str, str]]:
        """{kind: (status, where)} of what was answered."""
        given = self.cleaned_data
        return {
            kind.value: (given[kind], given[f"{kind}_where"]) for kind in ClauseKind if given[kind]
        }


class DutyEntry(forms.Form):
    """A duty of the State that one party has another carry out."""

    duty = forms.ChoiceField(
        label=_("Duty"), choices=[("", _("Choose a duty")), *Duty.choices],
        help_text=_("The State stays responsible for it."),
    )  # fmt: skip
    area = AreaChoice(
        label=_("Where"), queryset=Area.objects.order_by("path"), empty_label=None,
        help_text=_("This area with everything below it."),
    )  # fmt: skip
    delegated_by = forms.ModelChoiceField(
        label=_("Whose duty it is"), queryset=Organisation.objects.none(), empty_label=_("Choose")
    )
    carried_by = forms.ModelChoiceField(
        label=_("Who carries it out"), queryset=Organisation.objects.none(), empty_label=_("Choose")
    )
    legal_basis = forms.CharField(
        label=_("Legal basis"), max_length=300,
        help_text=_("The law or decision that lets the duty be carried out by others."),
    )  # fmt: skip
    volume = forms.CharField(
        label=_("How much"), max_length=200, required=False, help_text=_("Such as “twelve beds”.")
    )
    funding = forms.ChoiceField(
        label=_("Who pays"), choices=DutyFunding.choices, widget=forms.RadioSelect
    )
    funder = forms.CharField(label=_("Name of the payer"), max_length=200, required=False)

    def __init__(self, agreement: Agreement, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        parties = Organisation.objects.filter(agreed__agreement=agreement).order_by("name", "pk")
        self.fields["delegated_by"].queryset = parties  # type: ignore[attr-defined]
        self.fields["carried_by"].queryset = parties  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("carried_by") and given.get("carried_by") == given.get("delegated_by"):
            self.add_error("carried_by", _("Nobody delegates a duty to itself."))
        return given


class Paper(forms.Form):
    """A document of an agreement."""

    title = forms.CharField(
        label=_("What it is"), max_length=120, help_text=_("Such as “Signed copy” or “Annex 1”.")
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, Word, OpenDocument text, PNG or JPEG, at most 10 MB. Nothing about a "
                    "person you help."),
    )  # fmt: skip

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


class Why(forms.Form):
    """A word that everybody who sees the agreement reads."""

    comment = words(_("Why"), _("The parties read it. Never name a person."))


class Confirm(forms.Form):
    """Nothing is asked."""


class Sign(forms.Form):
    """Who signed, and on which day; the co-ordination also for a party that signed on paper."""

    party = forms.ModelChoiceField(
        label=_("For which party"), queryset=None, empty_label=None, to_field_name="uuid"
    )
    name = forms.CharField(label=_("Who signs"), max_length=120)
    post = forms.CharField(label=_("Post"), max_length=120, required=False)
    on = forms.DateField(label=_("Signed on"), widget=DateInputs)
    is_on_paper = forms.BooleanField(
        label=_("Signed on paper: I have seen it, and the copy is among the documents"),
        required=False,
    )

    def __init__(
        self, parties: Any, *, today: date, steers: bool, data: Mapping[str, Any] | None = None
    ) -> None:
        first = parties.first()
        initial = {"on": today, "party": first.uuid if first else None}
        if first:
            initial |= {"name": first.signatory_name, "post": first.signatory_post}
        super().__init__(data, initial=initial)
        party: Any = self.fields["party"]
        party.queryset = parties
        party.label_from_instance = lambda each: each.organisation.display_name
        if not steers:
            del self.fields["is_on_paper"]
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(_("A signature cannot be of a day to come."))
        return on


class GiveNotice(forms.Form):
    """Why a party ends the agreement, and on which day."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=NoticeReason.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )  # fmt: skip
    words = words(_("In your words"), _("The other parties read it. Never name a person."))
    ends_on = forms.DateField(label=_("Last day"), widget=DateInputs)

    def __init__(
        self, *, earliest: date, latest: date, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"ends_on": earliest})
        self.earliest, self.latest = earliest, latest

    def clean_reason(self) -> NoticeReason:
        return NoticeReason(self.cleaned_data["reason"])

    def clean_ends_on(self) -> date:
        on: date = self.cleaned_data["ends_on"]
        if not self.earliest <= on <= self.latest:
            raise forms.ValidationError(
                _("The last day keeps the days of notice, and is not after the end.")
            )
        return on


class Amend(forms.Form):
    """What is agreed anew; the text signed first stays as it is."""

    title = forms.CharField(label=_("What it is about"), max_length=200)
    words = words(_("What is agreed"), most=8000)
    new_ends_on = forms.DateField(
        label=_("New last day"), help_text=_("Only if the amendment changes it."),
        widget=DateInputs, required=False,
    )  # fmt: skip
