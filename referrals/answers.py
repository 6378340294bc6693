"""What a referral asks, what is missing before it can be sent, and on what it may leave.

Reads only. Not here: saving (`referrals/services/referrals.py`), sending (`workflow.py`).
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.country import current
from referrals.choices import Basis, YesNoUnknown
from referrals.models import Referral
from referrals.nationalities import is_nationality

#: The answers of a referral, in the order of its pages.
ANSWERS = (
    "is_child_now",
    "gender",
    "nationalities",
    "language",
    "age_at_exploitation",
    "exploitation",
    "means",
    "indicators",
    "place",
    "region",
    "narrative",
    "authority",
)
#: Without these a referral cannot be sent; "not known" is an answer where the list has it.
NEEDED = (
    "is_child_now",
    "basis",
    "gender",
    "nationalities",
    "age_at_exploitation",
    "exploitation",
    "place",
    "narrative",
    "authority",
)
LONGEST_NARRATIVE = 15_000  # characters
LONGEST_NOTE = 4_000  # characters; questions, answers, reasons, opinions

LABELS: Mapping[str, Any] = {
    "basis": gettext_lazy("the person’s consent, or why none is needed"),
    "nationalities": gettext_lazy("nationality"),
    "narrative": gettext_lazy("what happened"),
    "authority": gettext_lazy("whom it is sent to"),
}


def missing_to_send(referral: Referral) -> tuple[str, ...]:
    """The names of the answers that are needed and not there, in the order they are asked."""
    empty = {name for name in NEEDED if not _is_given(referral, name)}
    return tuple(name for name in NEEDED if name in empty)


def _is_given(referral: Referral, name: str) -> bool:
    if name == "narrative":
        return referral.narrative_ct is not None
    if name == "authority":
        return referral.authority_id is not None
    return bool(getattr(referral, name))


def label(name: str) -> str:
    """What an answer is called in a sentence."""
    if name in LABELS:
        return str(LABELS[name])
    return str(Referral._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def basis_of(referral: Referral) -> str:
    """On what the referral may leave, as far as it is recorded: a Basis, or "" for nothing.

    The way for children needs a stated age under 18, or recorded reasons while the age is not
    known; that a date of birth is unknown changes nothing. Who is said to be an adult consents,
    whatever was believed before.
    """
    believed = referral.child_reasons_ct is not None and referral.is_child_now != YesNoUnknown.NO
    if referral.is_child_now == YesNoUnknown.YES or believed:
        return Basis.CHILD
    consent = referral.consent
    return Basis.CONSENT if consent is not None and consent.withdrawn_at is None else ""


def check(values: Mapping[str, Any]) -> None:
    """Raises ValidationError, keyed by answer, for what the columns themselves cannot refuse."""
    problems: dict[str, str] = {}
    narrative = values.get("narrative") or ""
    if (over := len(narrative) - LONGEST_NARRATIVE) > 0:
        problems["narrative"] = ngettext(
            "The account is %(over)d character too long.",
            "The account is %(over)d characters too long.",
            over,
        ) % {"over": over}
    if any(not is_nationality(code) for code in values.get("nationalities") or ()):
        problems["nationalities"] = _("Choose nationalities from the list.")
    if problems:
        raise ValidationError(problems)


def check_note(text: str, name: str) -> str:
    """The text without blanks around it. Raises ValidationError when it is too long."""
    text = text.strip()
    if (over := len(text) - LONGEST_NOTE) > 0:
        words = ngettext(
            "This text is %(over)d character too long.",
            "This text is %(over)d characters too long.",
            over,
        )
        raise ValidationError({name: words % {"over": over}})
    return text


def may_notify(referral: Referral) -> str:
    """Why no anonymous notice can follow this refusal, in words; "" when one may.

    Only where the country has a duty to notify, and only for the public bodies it binds: an
    organisation of civil society is never among them.
    """
    from common.profile import BoundBody
    from partners.choices import OrganisationKind

    duty = current().duty_to_notify
    if not duty.exists or BoundBody.PUBLIC_FIRST_RESPONDER not in duty.binds:
        return _("This country has no duty to notify: nothing leaves the organisation.")
    if referral.first_responder.kind != OrganisationKind.STATE_AGENCY:
        return _("The duty to notify binds public bodies only: nothing leaves the organisation.")
    return ""
