"""Notice, answer, panel, vote and appeal, and leaving: what each page of a proceeding asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from partners.choices import REASONS_FOR, OrganisationState, ProceedingKind, ProceedingReason, Vote
from partners.models import Membership
from partners.services.proceedings import Named

MOST_SEATS = 5
ANSWER_DAYS = (14, 21, 30, 60)


def _words(label: Any, help_text: Any, *, most: int, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=required,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class Notice(forms.Form):
    """Why an organisation's place is in question, and how long it can answer."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        help_text=_(
            "No other reason counts. Never one: criticism, where its money comes from, whom it "
            "helps."
        ),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )
    words = _words(
        _("What happened"),
        _("Facts the organisation can answer: what, when, how it is known. Never name a person."),
        most=4000,
    )
    days = forms.TypedChoiceField(
        label=_("Time to answer"),
        choices=[(n, _("%(n)s days") % {"n": n}) for n in ANSWER_DAYS],
        coerce=int,
        initial=ANSWER_DAYS[0],
        widget=forms.RadioSelect,
    )
    security_words = _words(
        _("Why its own files should be closed to it too"),
        _(
            "Leave this empty unless reading on would endanger somebody. Otherwise it reads and "
            "exports its own files for 90 days."
        ),
        most=2000,
        required=False,
    )

    def __init__(self, kind: ProceedingKind, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        reasons = [(each.value, each.label) for each in REASONS_FOR[kind]]
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]
        if kind != ProceedingKind.SUSPENSION:
            del self.fields["security_words"]

    def clean_reason(self) -> ProceedingReason:
        return ProceedingReason(self.cleaned_data["reason"])


class Panel(forms.Form):
    """Up to five people by the address they sign in with, and whether each votes."""

    def __init__(self, at: datetime, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.at = at
        for n in range(1, MOST_SEATS + 1):
            self.fields[f"email_{n}"] = forms.EmailField(
                label=_("Person %(n)s: e-mail address") % {"n": n},
                help_text=_("With which the person signs in.") if n == 1 else "",
                required=n <= 3,
            )
            self.fields[f"vote_{n}"] = forms.BooleanField(
                label=_("Person %(n)s votes") % {"n": n}, initial=True, required=False
            )

    def people(self) -> list[Named]:
        """Who was named; an address nobody works with is an error on its field."""
        found = []
        for n in range(1, MOST_SEATS + 1):
            email = self.cleaned_data.get(f"email_{n}")
            if not email:
                continue
            named = self._named(email, has_vote=self.cleaned_data[f"vote_{n}"])
            if named is None:
                self.add_error(f"email_{n}", _("Nobody works for a member with this address."))
            else:
                found.append(named)
        return found

    def _named(self, email: str, *, has_vote: bool) -> Named | None:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        works = Membership.objects.active(self.at).filter(
            user=user, organisation__state=OrganisationState.MEMBER
        )
        # Whoever works for several sits for the one they joined first.
        first = works.select_related("organisation").order_by("from_at", "pk").first()
        if user is None or first is None:
            return None
        return Named(user, first.organisation, has_vote)


class CastVote(forms.Form):
    """A vote with its reasons; both are shown to the organisation once the panel has decided."""

    vote = forms.ChoiceField(
        label=_("Your vote"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you vote.")},
    )
    reasons = _words(
        _("Your reasons"),
        _("The organisation reads them with the decision. Never name a person."),
        most=4000,
    )

    def __init__(self, *, withholds_files: bool, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        votes = [vote for vote in Vote if withholds_files or vote != Vote.KEEPS_FILES]
        self.fields["vote"].choices = [(v.value, v.label) for v in votes]  # type: ignore[attr-defined]

    def clean_vote(self) -> Vote:
        return Vote(self.cleaned_data["vote"])


class Answer(forms.Form):
    """What the organisation says to a notice."""

    answer = _words(
        _("Your answer"),
        _("Everybody on the panel reads it before voting. Never name a person you help."),
        most=8000,
    )


class Appeal(forms.Form):
    """Why the organisation thinks that the decision is wrong."""

    appeal_words = _words(
        _("Why the decision is wrong"),
        _("Other people than those who decided read it. Never name a person you help."),
        most=8000,
    )


class Confirm(forms.Form):
    """An act that asks once more, with a word on it if one likes."""

    comment = _words(
        _("A word on it"), _("It stands in the organisation’s past."), most=2000, required=False
    )
