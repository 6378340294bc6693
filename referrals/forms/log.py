"""The pages on which a referral is logged, a form each. A page is saved as far as it is answered.

What must be answered before it is sent says `referrals/answers.py`. No question asks for sexual or
violent detail: what is ticked here is a code, and the account is what the person wants to tell.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.forms import ConcordBoundField
from common.profile import Term
from partners.forms.application import AreaChoice
from partners.languages import offered_languages
from partners.models import Area, Organisation
from partners.reviews import digest
from referrals import deciding
from referrals.answers import LONGEST_NARRATIVE
from referrals.choices import (
    AgeGroup,
    Exploitation,
    Gender,
    Indicator,
    Means,
    PlaceOfExploitation,
    YesNoUnknown,
)
from referrals.models import Referral
from referrals.nationalities import offered_nationalities
from referrals.words import term

#: What a page carries for itself; not answers.
OF_THE_FORM = frozenset({"version", "seen"})
#: A select that nobody has touched yet.
NOT_YET = ("", _("Choose"))


class PageBoundField(ConcordBoundField):
    """A question of a referral. The heading says what is optional, not each of its questions."""

    @property
    def is_marked_optional(self) -> bool:
        return False


class Page(forms.Form):
    """One page: what it shows first and what it saves.

    `seen` is the digest of the page's answers as they were when it was opened: a colleague who
    saved another page in the meantime is no reason to stop anybody.
    """

    bound_field_class = PageBoundField
    slug: ClassVar[str] = ""
    title: ClassVar[Any] = ""
    #: Why it is asked, and who sees it: stands above the first question.
    who_sees: ClassVar[Any] = ""
    optional: ClassVar[frozenset[str]] = frozenset()

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, referral: Referral, data: Mapping[str, Any] | None = None) -> None:
        self.referral = referral
        initial = {"version": referral.version, "seen": self.fingerprint(), **self.standing()}
        super().__init__(data, initial=initial)
        self.prepare()

    def needed(self) -> list[forms.BoundField]:
        """What is asked first; a page of optional questions only asks all of them."""
        fields = [field for field in self.visible_fields() if field.name not in self.optional]
        return fields or self.visible_fields()

    def later(self) -> list[forms.BoundField]:
        """What may stay open for good: folded away until somebody wants it."""
        needed = {field.name for field in self.needed()}
        return [field for field in self.visible_fields() if field.name not in needed]

    @property
    def is_later_open(self) -> bool:
        """Whether the optional part is unfolded: it holds an answer, or a fault."""
        return any(field.errors or field.value() for field in self.later())

    def prepare(self) -> None:
        """Choices that depend on the referral or on the language of the page."""

    def standing(self) -> dict[str, Any]:
        """The answers as they are kept now, by the names of the form's fields."""
        names = (name for name in self.base_fields if name not in OF_THE_FORM)
        kept = ((name, getattr(self.referral, name)) for name in names)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in kept}

    def fingerprint(self) -> str:
        """The digest of what is kept now on this page."""
        return digest(self.standing())

    def said(self) -> dict[str, Any]:
        """What was typed, by the names of the fields."""
        return {n: v for n, v in self.cleaned_data.items() if n not in OF_THE_FORM}

    def answers(self) -> dict[str, Any]:
        """What `save_answers` takes."""
        return self.said()


def _choices(form: forms.Form, name: str, choices: Any) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]


class ThePerson(Page):
    slug = "person"
    title = _("The person")
    who_sees = _(
        "Codes only, no name. Whoever decides sees them; the published figures count them."
    )
    optional = frozenset({"second_nationality", "language"})

    is_child_now = forms.ChoiceField(
        label=_("Is the person under 18 now?"),
        help_text=_("It decides the way the referral goes. “Not known” is an answer."),
        choices=YesNoUnknown.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    age_at_exploitation = forms.ChoiceField(
        label=_("How old was the person when exploited?"),
        choices=AgeGroup.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    gender = forms.ChoiceField(
        label=_("Gender"),
        help_text=_("As the person says."),
        choices=Gender.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    nationality = forms.ChoiceField(label=_("Nationality"), required=False)
    second_nationality = forms.ChoiceField(label=_("Second nationality"), required=False)
    language = forms.ChoiceField(
        label=_("Language the person wants to speak"),
        help_text=_("So that an interpreter can be found."),
        required=False,
    )

    def prepare(self) -> None:
        countries = [NOT_YET, *offered_nationalities()]
        _choices(self, "nationality", countries)
        _choices(self, "second_nationality", [("", _("None")), *countries[1:]])
        spoken = offered_languages(filter(None, [self.referral.language]))
        _choices(self, "language", [NOT_YET, *spoken])

    def standing(self) -> dict[str, Any]:
        first, second, *_more = (*self.referral.nationalities, "", "")
        asked = ("is_child_now", "age_at_exploitation", "gender", "language")
        kept = {name: getattr(self.referral, name) for name in asked}
        return {**kept, "nationality": first, "second_nationality": second}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        first, second = given.get("nationality"), given.get("second_nationality")
        if second and not first:
            self.add_error("nationality", _("Choose the first nationality first."))
        elif second and first == second:
            self.add_error("second_nationality", _("This is the first nationality already."))
        return given

    def answers(self) -> dict[str, Any]:
        given = self.said()
        pair = (given.pop("nationality"), given.pop("second_nationality"))
        return given | {"nationalities": [code for code in pair if code]}


class WhatHappened(Page):
    slug = "what"
    title = _("Exploitation")
    who_sees = _(
        "Codes only. Nobody has to be asked for sexual or violent detail to answer this; tick what "
        "you know already."
    )
    optional = frozenset({"region", "means", "indicators"})

    place = forms.ChoiceField(
        label=_("Where did it take place?"),
        choices=PlaceOfExploitation.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    exploitation = forms.MultipleChoiceField(
        label=_("Forms of exploitation"),
        help_text=_("Choose all that apply."),
        choices=Exploitation.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    region = AreaChoice(
        label=_("Region"),
        help_text=_("Where it took place, if it was in this country."),
        queryset=Area.objects.order_by("path"),
        empty_label=_("Choose an area"),
        required=False,
    )
    means = forms.MultipleChoiceField(
        label=_("How the person was controlled"),
        choices=Means.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    indicators = forms.MultipleChoiceField(
        label=_("Signs you noticed"),
        help_text=_("They support a judgement and never make it."),
        choices=Indicator.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def standing(self) -> dict[str, Any]:
        kept = super().standing()
        return kept | {"region": self.referral.region_id}

    def said(self) -> dict[str, Any]:
        given = super().said()
        return given | {"region": given["region"].pk if given["region"] else None}

    def answers(self) -> dict[str, Any]:
        return self.said() | {"region": self.cleaned_data["region"]}


class Story(Page):
    slug = "story"
    title = _("What happened")
    who_sees = _("Your organisation, and whoever decides. It is kept sealed.")

    narrative = forms.CharField(
        label=_("What the person tells"),
        help_text=_(
            "In the person’s own words as far as possible: how it began, what work or acts were "
            "demanded, what kept them there, how they left. No sexual or violent detail is "
            "needed, and no names. Up to 15,000 characters."
        ),
        widget=forms.Textarea(attrs={"rows": 14}),
        required=False,
    )

    def clean_narrative(self) -> str:
        text = str(self.cleaned_data["narrative"])
        if (over := len(text) - LONGEST_NARRATIVE) > 0:
            words = ngettext(
                "The account is %(over)d character longer than the 15,000 that can be kept. "
                "Shorten it; nothing you typed is lost.",
                "The account is %(over)d characters longer than the 15,000 that can be kept. "
                "Shorten it; nothing you typed is lost.",
                over,
            )
            raise forms.ValidationError(words % {"over": over})
        return text

    def standing(self) -> dict[str, Any]:
        return {"narrative": self.referral.narrative or ""}


class Recipient(Page):
    slug = "recipient"
    title = _("Whom it is sent to")
    who_sees = _("Nothing is sent yet: you see first what they will get.")

    authority = forms.ModelChoiceField(
        label="",
        queryset=Organisation.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        required=False,
    )

    def prepare(self) -> None:
        field = self.fields["authority"]
        able = deciding.recipients().exclude(pk=self.referral.first_responder_id)
        field.queryset = able.order_by("name", "id")  # type: ignore[attr-defined]
        field.label = term(Term.COMPETENT_AUTHORITY)
        field.label_from_instance = lambda each: each.display_name  # type: ignore[attr-defined]
        known = list(field.queryset[:2])  # type: ignore[attr-defined]
        if len(known) == 1 and not self.initial["authority"]:
            self.initial["authority"] = known[0].pk
        self.nobody = not known

    def standing(self) -> dict[str, Any]:
        return {"authority": self.referral.authority_id}

    def said(self) -> dict[str, Any]:
        chosen = self.cleaned_data["authority"]
        return {"authority": chosen.pk if chosen else None}

    def answers(self) -> dict[str, Any]:
        return {"authority": self.cleaned_data["authority"]}


ANSWER_PAGES: dict[str, type[Page]] = {
    form.slug: form for form in (ThePerson, WhatHappened, Story, Recipient)
}


class Begin(forms.Form):
    """Beginning a draft. Posting it twice, or going back and posting again, gives one draft."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)


class Send(forms.Form):
    """What is left out of the packet, and that it was gone through with the person."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    struck = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)
    confirmed = forms.BooleanField(
        label=_("I went through this with the person"),
        error_messages={
            "required": _("Go through it with the person first, then confirm it here.")
        },
    )

    def __init__(self, *args: Any, strikable: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "struck", [(name, name) for name in strikable])


def lines(field: forms.Field, value: Any) -> list[str]:
    """What was typed into a field, as a person reads it."""
    if value in (None, "", [], ()):
        return []
    if isinstance(field, forms.ModelChoiceField):
        chosen = field.queryset.filter(pk=value).first() if field.queryset is not None else None
        return [field.label_from_instance(chosen).strip()] if chosen else []
    known = dict(getattr(field, "choices", ()))
    if known:
        each = value if isinstance(value, list | tuple) else [value]
        return [str(known.get(code, code)) for code in each]
    return str(value).splitlines()
