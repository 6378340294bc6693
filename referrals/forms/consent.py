"""On what a referral leaves the organisation: the consent of an adult, or the way for children.

Nothing is taken as a yes that was not said: every question here starts unanswered.
"""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.languages import offered_languages
from referrals.answers import LONGEST_NOTE
from referrals.choices import RefusalReason, TrackKind, TrackStatus, YesNoUnknown
from referrals.forms.log import NOT_YET, Page
from referrals.models import Referral

YES_NO = [("yes", _("Yes")), ("no", _("No"))]
AGREES, REFUSES, NOT_NOW = "yes", "no", "not_now"
AS_CHILD, AS_ADULT = "child", "adult"


class ConsentPage(Page):
    """What is asked follows from whether the person is a child: see `consent_page`."""

    slug: ClassVar[str] = "consent"
    title = _("Consent")
    who_sees = _("Your organisation. Whoever decides sees only on what the referral rests.")


class AdultConsent(ConsentPage):
    """Explained in which language, with an interpreter, and what the person said."""

    optional = frozenset({"refusal_reason"})

    language = forms.ChoiceField(label=_("In which language was it explained?"))
    with_interpreter = forms.ChoiceField(
        label=_("Was an interpreter there?"), choices=YES_NO, widget=forms.RadioSelect
    )
    agrees = forms.ChoiceField(
        label=_("Does the person agree to be referred?"),
        help_text=_(
            "Support does not depend on the answer, and the person can change it at any time."
        ),
        choices=[
            (AGREES, _("Yes, the person agrees")),
            (REFUSES, _("No, the person does not agree")),
            (NOT_NOW, _("Not now: the person wants to think about it")),
        ],
        widget=forms.RadioSelect,
    )
    refusal_reason = forms.ChoiceField(
        label=_("If not: why, if the person said so"),
        choices=[("", _("Not asked")), *RefusalReason.choices],
        required=False,
    )

    def prepare(self) -> None:
        field = self.fields["language"]
        field.choices = [NOT_YET, *offered_languages()]  # type: ignore[attr-defined]

    def standing(self) -> dict[str, Any]:
        consent = self.referral.consent
        asked: dict[str, Any] = {
            "language": self.referral.language,
            "with_interpreter": "",
            "agrees": said_to_consent(self.referral),
            "refusal_reason": "",
        }
        if consent is not None:
            with_one = "yes" if consent.with_interpreter else "no"
            asked |= {"language": consent.language, "with_interpreter": with_one}
        return asked


class UnknownAge(AdultConsent):
    """Nobody knows whether it is a child: reasons to believe so, or the person's own consent."""

    optional = frozenset({"refusal_reason"})
    field_order = ("way", "child_reasons")

    way = forms.ChoiceField(
        label=_("Are there reasons to believe that the person is under 18?"),
        help_text=_(
            "That no date of birth is known is no reason by itself. With reasons the person is "
            "treated as a child, and consent is not the basis."
        ),
        choices=[
            (AS_CHILD, _("Yes: treat the person as a child")),
            (AS_ADULT, _("No: the person decides as an adult")),
        ],
        widget=forms.RadioSelect,
    )
    child_reasons = forms.CharField(
        label=_("The reasons"),
        help_text=_("For a child only. Whoever decides sees them."),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("language", "with_interpreter", "agrees"):
            self.fields[name].required = False

    def standing(self) -> dict[str, Any]:
        asked = super().standing()
        reasons = self.referral.child_reasons or ""
        way = AS_CHILD if reasons else AS_ADULT if asked["agrees"] else ""
        return asked | {"way": way, "child_reasons": reasons}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        match given.get("way"):
            case "child" if not given.get("child_reasons"):
                self.add_error("child_reasons", _("Write down the reasons."))
            case "adult":
                for name in ("language", "with_interpreter", "agrees"):
                    if not given.get(name) and name not in self.errors:
                        self.add_error(name, _("Answer this question."))
        return given


def consent_page(referral: Referral) -> type[ConsentPage] | None:
    """The form of the consent page; None where nothing is to be asked, or too early to ask."""
    match referral.is_child_now:
        case YesNoUnknown.NO:
            return AdultConsent
        case YesNoUnknown.UNKNOWN:
            return UnknownAge
        case _:
            return None


def said_to_consent(referral: Referral) -> str:
    """What is recorded of the person's answer: yes, no, not now, or nothing yet."""
    track = next((t for t in referral.tracks.all() if t.kind == TrackKind.CONSENT), None)
    said = {
        TrackStatus.GIVEN: AGREES,
        TrackStatus.REFUSED: REFUSES,
        TrackStatus.WITHDRAWN: REFUSES,
        TrackStatus.NOT_NOW: NOT_NOW,
    }
    return said.get(TrackStatus(track.status), "") if track else ""
