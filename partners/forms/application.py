"""The pages of an application, a form each. Nothing is required here: a page is saved as it stands.

What must be answered before sending is told by `partners.reviews.missing_answers`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from common.forms import ConcordBoundField
from partners.choices import Capacity, ChannelKind, CsoClass, HasIt, Level, OrganisationKind
from partners.languages import offered_languages
from partners.models import Area, Organisation, PointOfContact
from partners.reviews import REVIEWED, asked_conduct, digest, raw_answers
from partners.services.organisations import NamedContact


class DraftBoundField(ConcordBoundField):
    """A field of an application, with the co-ordination's question about it where there is one."""

    @property
    def is_marked_optional(self) -> bool:
        return self.name in self.form.optional

    @property
    def question(self) -> str:
        return str(self.form.questions.get(self.name, ""))

    @property
    def aria_describedby(self) -> str | None:
        described = super().aria_describedby or ""
        question = f"{self.auto_id}_question" if self.question else ""
        return " ".join(filter(None, (question, described)))


#: Said of a class: that there is none. Kept as an empty class, which alone would be no answer.
NO_CLASS = "none"
#: What a page carries for itself; not answers.
OF_THE_FORM = frozenset({"version", "seen"})


class AnswerPage(forms.Form):
    """One page: what it shows first, what it saves, and the same as `reviews.raw_answers` has it.

    `seen` is the digest of the page's answers as they were when it was opened: a colleague who
    saved another page in the meantime is no reason to stop anybody.
    """

    bound_field_class = DraftBoundField
    page: ClassVar[str] = ""
    optional: ClassVar[frozenset[str]] = frozenset()
    #: Where the question about a part of the application is shown, if not at the field of its name.
    shown_at: ClassVar[Mapping[str, str]] = {}

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        organisation: Organisation,
        data: Mapping[str, Any] | None = None,
        *,
        questions: Mapping[str, str] | None = None,
    ) -> None:
        self.organisation = organisation
        asked = questions or {}
        self.questions = {self.shown_at.get(part, part): text for part, text in asked.items()}
        initial = {"version": organisation.version, "seen": self.fingerprint(), **self.standing()}
        super().__init__(data, initial=initial)

    def fingerprint(self) -> str:
        """The digest of what is kept now on this page."""
        kept = raw_answers(self.organisation)
        return digest({part: kept[part] for part, page in REVIEWED.items() if page == self.page})

    def standing(self) -> dict[str, Any]:
        """The answers as they are kept now, by the names of the form's fields."""
        return {
            name: getattr(self.organisation, name)
            for name in self.base_fields
            if name not in OF_THE_FORM
        }

    def answers(self) -> dict[str, Any]:
        """What `save_answers` takes."""
        given = self.cleaned_data
        return {name: value for name, value in given.items() if name not in OF_THE_FORM}

    def said(self) -> dict[str, Any]:
        """What was typed, by part of the application and comparable with `raw_answers`."""
        return self.answers()

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The visible fields under their headings; one group without a heading by default."""
        return [("", self.visible_fields())]


class About(AnswerPage):
    page = "about"
    optional = frozenset({"short_name"})
    shown_at: ClassVar = {"registration": "registration_number"}

    name = forms.CharField(label=_("Name of the organisation"), max_length=200, required=False)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)
    kind = forms.ChoiceField(
        label=_("Kind of organisation"), choices=OrganisationKind.choices, widget=forms.Select
    )
    cso_class = forms.ChoiceField(
        label=_("Kind of civil society actor"),
        help_text=_("For civil society only. Choose what comes closest."),
        choices=[*CsoClass.choices, (NO_CLASS, _("Not a civil society actor"))],
        widget=forms.RadioSelect,
        required=False,
    )
    level = forms.ChoiceField(
        label=_("Level"),
        help_text=_("How far the organisation’s work reaches."),
        choices=Level.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    is_informal = forms.BooleanField(label=_("We are not registered"), required=False)
    registration_number = forms.CharField(
        label=_("Registration number"),
        help_text=_(
            "As in the public register. Informal and survivor-led groups need none: tick the box."
        ),
        max_length=60,
        required=False,
    )

    field_order = (
        "name",
        "short_name",
        "kind",
        "cso_class",
        "level",
        "registration_number",
        "is_informal",
    )

    def standing(self) -> dict[str, Any]:
        kept = super().standing()
        if kept["kind"] != OrganisationKind.CSO:
            kept["cso_class"] = kept["cso_class"] or NO_CLASS
        return kept

    def clean_cso_class(self) -> str:
        kind, chosen = self.cleaned_data.get("kind"), str(self.cleaned_data["cso_class"])
        if kind == OrganisationKind.STATE_AGENCY and chosen not in ("", NO_CLASS):
            raise forms.ValidationError(
                _("A State agency is no civil society actor: choose the last answer.")
            )
        if kind == OrganisationKind.CSO and chosen == NO_CLASS:
            raise forms.ValidationError(_("Choose the group that comes closest."))
        return "" if chosen == NO_CLASS else chosen

    def said(self) -> dict[str, Any]:
        given = self.answers()
        given["registration"] = [given.pop("is_informal"), given.pop("registration_number")]
        return given


class AreaChoice(forms.ModelChoiceField):
    """The country's areas as a tree, each set in under the one it belongs to."""

    def label_from_instance(self, obj: Area) -> str:  # type: ignore[override]
        return "\N{EM SPACE}" * (obj.path.count("/") - 1) + obj.name


class Work(AnswerPage):
    page = "work"
    description = forms.CharField(
        label=_("What the organisation does"),
        help_text=_("For whom, and what. Other members read it. Never name a person."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
    )
    area = AreaChoice(
        label=_("Area it works in"),
        help_text=_("The smallest area that holds all of its work."),
        queryset=Area.objects.order_by("path"),
        empty_label=_("Choose an area"),
        required=False,
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"),
        help_text=_("In which people can be received without an interpreter."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(organisation, *args, **kwargs)
        self.fields["languages"].choices = offered_languages(organisation.languages)  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        area = self.cleaned_data["area"]
        return {**self.answers(), "area": area.pk if area else None}


class Capacities(AnswerPage):
    page = "capacities"
    capacities = forms.MultipleChoiceField(
        label=_("What the organisation wants to do in the mechanism"),
        help_text=_("Choose all that apply: none of them rules out another."),
        choices=Capacity.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def standing(self) -> dict[str, Any]:
        held = self.organisation.capacities.all()
        return {"capacities": [each.capacity for each in held if each.ended_at is None]}

    def said(self) -> dict[str, Any]:
        return {"capacities": sorted(self.cleaned_data["capacities"])}


class Reach(AnswerPage):
    page = "reach"
    optional = frozenset({"website", "postal_address"})

    email = forms.EmailField(
        label=_("Office e-mail"),
        help_text=_("An e-mail address or a phone number is needed; both are better."),
        required=False,
    )
    phone = forms.CharField(
        label=_("Office phone"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "class": "govuk-input--width-20"}),
        required=False,
    )
    website = forms.URLField(label=_("Website"), assume_scheme="https", required=False)
    postal_address = forms.CharField(
        label=_("Postal address"),
        help_text=_("Never the address of a shelter."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    is_listed = forms.BooleanField(
        label=_("Show our entry to other members"),
        help_text=_("If not, only the organisation itself and the co-ordination see the entry."),
        required=False,
    )


def _words(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, max_length=120, required=False)


def _channel(label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=help_text,
        choices=[("", _("Choose a channel")), *ChannelKind.choices],
        required=False,
    )


def _address() -> forms.CharField:
    return forms.CharField(label=_("Number or address"), max_length=160, required=False)


class Contact(AnswerPage):
    """Whom others call, and who stands in. Two channels each; more can be kept under Contacts."""

    page = "contact"
    optional = frozenset(
        {"primary_post", "primary_hours", "primary_kind_2", "primary_value_2"}
        | {"deputy_post", "deputy_kind_2", "deputy_value_2"}
    )
    shown_at: ClassVar = {"contact": "primary_person_name"}

    primary_person_name = _words(_("Name"))
    primary_post = _words(_("Post"))
    primary_hours = _words(_("Hours"), _("When this person can be reached."))
    primary_kind_1 = _channel(
        _("First channel to try"),
        _("One of the channels should also work when the internet does not."),
    )
    primary_value_1 = _address()
    primary_kind_2 = _channel(_("Second channel"))
    primary_value_2 = _address()
    primary_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    deputy_person_name = _words(_("Name"))
    deputy_post = _words(_("Post"))
    deputy_kind_1 = _channel(_("First channel to try"))
    deputy_value_1 = _address()
    deputy_kind_2 = _channel(_("Second channel"))
    deputy_value_2 = _address()
    deputy_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        standing = organisation.contacts.filter(ended_at__isnull=True).order_by("rank", "id")
        people = list(standing.prefetch_related("channels"))
        self.primary = next((each for each in people if each.deputy_for_id is None), None)
        self.deputy = next(
            (each for each in people if self.primary and each.deputy_for_id == self.primary.pk),
            None,
        )
        super().__init__(organisation, *args, **kwargs)

    def standing(self) -> dict[str, Any]:
        return {**_as_fields("primary", self.primary), **_as_fields("deputy", self.deputy)}

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        shown = self.visible_fields()
        return [
            (_("Point of contact"), [f for f in shown if f.name.startswith("primary_")]),
            (_("Deputy, who stands in"), [f for f in shown if f.name.startswith("deputy_")]),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for who in ("primary", "deputy"):
            for number in ("1", "2"):
                self._clean_channel(f"{who}_kind_{number}", f"{who}_value_{number}")
            if not given.get(f"{who}_person_name") and (self._is_begun(who) or self._standing(who)):
                self.add_error(f"{who}_person_name", _("Enter the person’s name."))
        if self._is_begun("deputy") and not (self._is_begun("primary") or self.primary):
            self.add_error("primary_person_name", _("Name the point of contact before a deputy."))
        return given

    def _clean_channel(self, kind: str, value: str) -> None:
        chosen, typed = self.cleaned_data.get(kind), self.cleaned_data.get(value)
        if typed and not chosen:
            self.add_error(kind, _("Choose what kind of channel this is."))
        elif chosen and not typed:
            self.add_error(value, _("Enter the number or address for this channel."))
        elif chosen == ChannelKind.EMAIL and typed:
            try:
                validate_email(typed)
            except forms.ValidationError as error:
                self.add_error(value, error)

    def _standing(self, who: str) -> PointOfContact | None:
        return self.primary if who == "primary" else self.deputy

    def _is_begun(self, who: str) -> bool:
        own = (n for n in self.base_fields if n.startswith(f"{who}_") and n != f"{who}_version")
        return any(self.cleaned_data.get(name) for name in own)

    def named(self, who: str) -> NamedContact | None:
        """What `name_contacts` takes for "primary" or "deputy"; None if nothing is to write."""
        given, standing = self.cleaned_data, self._standing(who)
        is_as_it_stands = all(
            given[name] == value
            for name, value in _as_fields(who, standing).items()
            if name in given
        )
        if not given[f"{who}_person_name"] or is_as_it_stands:
            return None
        # This page shows two channels; what the entry has beyond them stays.
        more = [(c.kind, c.value) for c in standing.channels.all()][2:] if standing else []
        return NamedContact(
            details={
                name.removeprefix(f"{who}_"): given[name]
                for name in (f"{who}_person_name", f"{who}_post", f"{who}_hours")
                if name in given
            },
            channels=(*self._channels(who), *more),
            standing=standing,
            version=given[f"{who}_version"],
        )

    def _channels(self, who: str) -> list[tuple[str, str]]:
        given = self.cleaned_data
        pairs = [(given[f"{who}_kind_{n}"], given[f"{who}_value_{n}"]) for n in ("1", "2")]
        return [(kind, value) for kind, value in pairs if value]

    def said(self) -> dict[str, Any]:
        given = self.cleaned_data
        people = [
            [
                rank,
                given[f"{who}_person_name"],
                given[f"{who}_post"],
                given.get(f"{who}_hours", ""),
                [list(pair) for pair in self._channels(who)],
            ]
            for rank, who in enumerate(("primary", "deputy"))
            if given[f"{who}_person_name"]
        ]
        return {"contact": people}


def _as_fields(who: str, contact: PointOfContact | None) -> dict[str, Any]:
    channels = [f"{who}_{what}_{number}" for number in (1, 2) for what in ("kind", "value")]
    fields: dict[str, Any] = dict.fromkeys(channels, "")
    if contact is None:
        return {**fields, f"{who}_version": 0}
    fields |= {
        f"{who}_person_name": contact.person_name,
        f"{who}_post": contact.post,
        f"{who}_hours": contact.hours,
        f"{who}_version": contact.version,
    }
    for number, channel in enumerate(list(contact.channels.all())[:2], start=1):
        fields[f"{who}_kind_{number}"] = channel.kind
        fields[f"{who}_value_{number}"] = channel.value
    return fields


class ConductPage(AnswerPage):
    """The due-diligence checklist; shorter for groups without an office, see `asked_conduct`."""

    page = "conduct"
    optional = frozenset({"conduct_words"})

    conduct_words = forms.CharField(
        label=_("More on this"),
        help_text=_("What is planned, or how it is done without paper. Never name a person."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        self.asked = asked_conduct(organisation)
        super().__init__(organisation, *args, **kwargs)
        for item in self.asked:
            self.fields[str(item)] = forms.ChoiceField(
                label=item.label, choices=HasIt.choices, widget=forms.RadioSelect, required=False
            )
        self.order_fields([*map(str, self.asked), "conduct_words"])
        if self.asked:
            asked_at = self.questions.pop("conduct", "")
            self.questions |= {str(self.asked[0]): asked_at} if asked_at else {}

    def standing(self) -> dict[str, Any]:
        return {**self.organisation.conduct, "conduct_words": self.organisation.conduct_words}

    def answers(self) -> dict[str, Any]:
        given = self.cleaned_data
        said = {str(item): given[item] for item in self.asked if given[item]}
        return {"conduct": said, "conduct_words": given["conduct_words"]}

    def said(self) -> dict[str, Any]:
        given = self.answers()
        return {
            "conduct": [[list(each) for each in given["conduct"].items()], given["conduct_words"]]
        }


PAGE_FORMS: dict[str, type[AnswerPage]] = {
    form.page: form for form in (About, Work, Capacities, Reach, Contact, ConductPage)
}


class Send(forms.Form):
    """Sending the application, with a word to the co-ordination if one likes."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Message to the co-ordination"),
        help_text=_("For example an answer to a question that changes nothing above."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
