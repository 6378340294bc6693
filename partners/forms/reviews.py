"""What the co-ordination says: the verdicts on an application, its acts, and inviting somebody."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.choices import OrganisationKind, OrganisationState, Verdict
from partners.reviews import Answer, digest

TO_REVIEW = ""
EVERY_STATE = "all"


class VerdictChoice(forms.RadioSelect):
    """Right or a question; the box for the question opens with its choice."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value == Verdict.QUESTION:
            option["attrs"]["data-reveals"] = True
        return option


class Verdicts(forms.Form):
    """A verdict and a question for each part of the application.

    Each part also carries the digest of the answer shown, so that a verdict is about what its
    reviewer had before them. A verdict on an answer that has changed since is not filled in again.
    """

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, answers: Sequence[Answer], version: int, data: Mapping[str, Any] | None = None
    ) -> None:
        self.parts = list(answers)
        initial: dict[str, Any] = {"version": version}
        for answer in self.parts:
            if not answer.changed:
                initial[f"{answer.field}-verdict"] = answer.verdict
                initial[f"{answer.field}-comment"] = answer.comment
            initial[f"{answer.field}-seen"] = digest(answer.value)
        super().__init__(data, initial=initial)
        for answer in self.parts:
            self.fields |= _fields_for(answer)

    def rows(self) -> Iterator[tuple[Answer, forms.BoundField, forms.BoundField]]:
        """Each part with its two visible fields, for the page."""
        for answer in self.parts:
            yield answer, self[f"{answer.field}-verdict"], self[f"{answer.field}-comment"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for answer in self.parts:
            asks = given.get(f"{answer.field}-verdict") == Verdict.QUESTION
            if asks and not given.get(f"{answer.field}-comment"):
                message = _("Write the question the organisation should answer.")
                self.add_error(f"{answer.field}-comment", message)
        return given

    def verdicts(self) -> dict[str, tuple[Verdict, str]]:
        """What `record_verdicts` takes: parts without a verdict are left out."""
        given = self.cleaned_data
        return {
            answer.field: (
                Verdict(given[f"{answer.field}-verdict"]),
                given[f"{answer.field}-comment"],
            )
            for answer in self.parts
            if given[f"{answer.field}-verdict"]
        }

    def seen(self) -> dict[str, str]:
        """Part of the application to the digest of the answer its verdict is about."""
        return {a.field: self.cleaned_data[f"{a.field}-seen"] for a in self.parts}


def _fields_for(answer: Answer) -> dict[str, forms.Field]:
    return {
        f"{answer.field}-verdict": forms.ChoiceField(
            label=answer.label, choices=Verdict.choices, widget=VerdictChoice, required=False
        ),
        f"{answer.field}-comment": forms.CharField(
            label=_("Question about “%(answer)s”") % {"answer": answer.label},
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2}),
            required=False,
        ),
        f"{answer.field}-seen": forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput),
    }


class Act(forms.Form):
    """An act on an application, with what the table asks for."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, version: int, data: Any = None, *, asks_comment: bool = False) -> None:
        super().__init__(data, initial={"version": version})
        if asks_comment:
            self.fields["comment"] = forms.CharField(
                label=_("What the organisation should do"),
                help_text=_("It is shown above your questions. Never name a person."),
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 4}),
                error_messages={"required": _("Say what the organisation should do.")},
            )


class QueueFilter(forms.Form):
    """Which applications the queue shows."""

    state = forms.ChoiceField(
        label=_("Which applications"),
        choices=[
            (TO_REVIEW, _("To review")),
            *((s.value, s.label) for s in OrganisationState if s != OrganisationState.DRAFT),
            (EVERY_STATE, _("Every state")),
        ],
        required=False,
    )


class Invite(forms.Form):
    """An organisation that is asked to apply, and the address its link goes to."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=200,
        error_messages={"required": _("Enter the organisation’s name.")},
    )
    kind = forms.ChoiceField(
        label=_("Kind of organisation"),
        choices=[("", _("Choose a kind")), *OrganisationKind.choices],
        error_messages={"required": _("Choose what kind of organisation it is.")},
    )
    email = forms.EmailField(
        label=_("E-mail address of its contact"),
        help_text=_("The link is personal: it works once, and for this person only."),
        error_messages={"required": _("Enter the address the link goes to.")},
    )
