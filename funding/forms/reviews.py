"""What a reviewer declares, and how they score."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from funding.call_choices import MOST_POINTS
from funding.models import Review
from partners.forms.agreements import words


class Declare(forms.Form):
    """Whether something ties the reviewer to the applicant."""

    tied = forms.ChoiceField(
        label=_("Does anything tie you to this organisation?"),
        help_text=_("You or somebody close works for it, sits on its board, is paid by it, or "
                    "quarrels with it; or you compete for the same money."),
        choices=[("no", _("No, nothing")), ("yes", _("Yes, I have a conflict of interest"))],
        widget=forms.RadioSelect, error_messages={"required": _("Answer this first.")},
    )  # fmt: skip
    conflict = words(
        _("What ties you"), _("Only if yes. The fund reads it; the applicant never does."),
        most=1000, required=False,
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("tied") == "yes" and not given.get("conflict"):
            self.add_error("conflict", _("Say in a few words what ties you."))
        return given

    def conflict_words(self) -> str:
        given = self.cleaned_data
        return given["conflict"] if given["tied"] == "yes" else ""


class Scores(forms.Form):
    """Points by each criterion, and why."""

    def __init__(
        self, review: Review, criteria: Any, data: Mapping[str, Any] | None = None
    ) -> None:
        initial: dict[str, Any] = {
            f"points_{s.criterion_id}": s.points for s in review.scores.all()
        }
        initial["words"] = review.words
        super().__init__(data, initial=initial)
        self.criteria = list(criteria)
        for each in self.criteria:
            self.fields[f"points_{each.pk}"] = forms.TypedChoiceField(
                label=_("%(name)s (%(weight)s%%)") % {"name": each.name, "weight": each.weight},
                help_text=each.words,
                choices=[(n, str(n)) for n in range(MOST_POINTS + 1)],
                coerce=int,
                widget=forms.RadioSelect(attrs={"class": "govuk-radios--inline"}),
                error_messages={"required": _("Give points by this criterion.")},
            )
        self.fields["words"] = words(
            _("Why"), _("The fund reads it once all reviews are in; the applicant never does."),
            most=4000,
        )  # fmt: skip

    def points(self) -> dict[int, int]:
        return {each.pk: self.cleaned_data[f"points_{each.pk}"] for each in self.criteria}
