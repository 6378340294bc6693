"""What is written with an act upon a referral: questions, answers, reasons, votes, opinions."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Organisation
from referrals.answers import LONGEST_NOTE
from referrals.choices import Outcome
from referrals.deciding import DecidingStage
from referrals.models import Question

QUESTIONS = 3
"""How many boxes there are to ask back; more than a few questions are better asked by telephone."""


def _text(label: Any, *, rows: int = 6, **more: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=LONGEST_NOTE, widget=area, **more)


class Act(forms.Form):
    """Every act carries the version that was on the page: two at once are told of each other."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def answers(self) -> dict[str, Any]:
        """What the service takes, besides the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class AskBack(Act):
    """Up to three questions to whoever referred."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(1, QUESTIONS + 1):
            self.fields[f"question_{n}"] = _text(
                _("Question %(n)d") % {"n": n}, rows=3, required=n == 1
            )

    def answers(self) -> dict[str, Any]:
        asked = (self.cleaned_data[f"question_{n}"] for n in range(1, QUESTIONS + 1))
        return {"questions": [text for text in asked if text]}


class AnswerQuestions(Act):
    """A box for each question that is open."""

    def __init__(self, *args: Any, questions: Iterable[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = {f"answer-{question.uuid}": str(question.uuid) for question in questions}
        for question in questions:
            self.fields[f"answer-{question.uuid}"] = _text(question.text or "", rows=4)

    def answers(self) -> dict[str, Any]:
        return {"answers": {uuid: self.cleaned_data[name] for name, uuid in self.asked.items()}}


class Decide(Act):
    """A decision of a stage: its reasons, and what the country and the opinions make of it."""

    def __init__(
        self,
        *args: Any,
        stage: DecidingStage,
        outcome: Outcome,
        has_proposal: bool,
        has_opinion: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        is_negative = outcome == Outcome.NEGATIVE
        self.fields["reasons"] = _text(
            _("Reasons"),
            help_text=_("Whoever referred reads them. They go into the proposal’s place.")
            if has_proposal
            else _("Whoever referred reads them."),
            required=is_negative and not has_proposal,
        )
        if has_opinion and is_negative:
            self.fields["opinion_answer"] = _text(
                _("Answer to the opinion"),
                help_text=_("A negative decision says why it does not follow the opinion."),
                required=not has_proposal,
            )
        if stage.rules.not_before:
            self.fields["person_asks"] = forms.TypedChoiceField(
                label=_("Does the person ask for the decision before the period is over?"),
                choices=[("yes", _("Yes")), ("no", pgettext_lazy("answer", "No"))],
                coerce=lambda value: value == "yes",
                widget=forms.RadioSelect,
            )

    def answers(self) -> dict[str, Any]:
        return {name: value for name, value in super().answers().items() if value != ""}


class Propose(Act):
    """A negative decision proposed to a second person."""

    def __init__(self, *args: Any, has_opinion: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reasons"] = _text(_("Reasons"))
        if has_opinion:
            self.fields["opinion_answer"] = _text(
                _("Answer to the opinion"),
                help_text=_("A negative decision says why it does not follow the opinion."),
            )


class Vote(Act):
    """One's organisation's vote, in the words of the country."""

    outcome = forms.ChoiceField(label=_("Vote"), widget=forms.RadioSelect)
    reasons = _text(_("Reasons"), help_text=_("Needed for a negative vote."), required=False)

    def __init__(self, *args: Any, stage: DecidingStage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = stage.rules
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            (Outcome.POSITIVE.value, str(rules.positive)),
            (Outcome.NEGATIVE.value, str(rules.negative)),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("outcome") == Outcome.NEGATIVE and not given.get("reasons"):
            self.add_error("reasons", _("Give the reasons of a negative vote."))
        return given


class GiveOpinion(Act):
    """What an organisation of civil society thinks, before the decision."""

    text = _text(
        _("Opinion"),
        help_text=_("Whoever decides has to answer it before a negative decision."),
    )


class Confirm(Act):
    """An act that asks for nothing but a word to one's own file."""

    note = _text(_("Note for your own file"), rows=3, required=False)


class Notify(Act):
    """Whom the notice without identity goes to."""

    authority = forms.ModelChoiceField(
        label=_("To whom"),
        queryset=Organisation.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, *args: Any, able: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        field.queryset = able  # type: ignore[attr-defined]
        field.label_from_instance = lambda each: each.display_name  # type: ignore[attr-defined]
        only = list(able[:2])
        if len(only) == 1:
            self.initial.setdefault("authority", only[0].pk)
