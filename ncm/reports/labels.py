"""What the codes in a table are called, in the active language.

Code lists bring their own labels, countries come from CLDR, and the two decisions are called what
the country's profile calls them.
"""

from babel.lists import format_list
from django.db.models import TextChoices
from django.utils.translation import gettext as _

from common.fields import SEPARATOR
from ncm.reports.published import OTHERS
from ncm.reports.quarterly import UNKNOWN
from referrals.choices import AgeGroup, Exploitation, Gender, Outcome, ResponderType
from referrals.nationalities import locale, nationality_name
from referrals.words import outcome_name

_LISTS: dict[str, type[TextChoices]] = {
    "first_responder_type": ResponderType,
    "exploitation_type": Exploitation,
    "age_at_exploitation": AgeGroup,
    "gender": Gender,
}


def label(dimension: str, key: str) -> str:
    """The words for a cell's key, which may be several codes joined."""
    if key == OTHERS or key.startswith(f"{OTHERS}{SEPARATOR}"):
        return _others(dimension, key.partition(SEPARATOR)[2])
    if dimension == "first_responder":
        return key
    codes = key.split(SEPARATOR)
    if dimension == "nationality":
        return _listed([nationality_name(code) for code in codes])
    return " + ".join(_coded(_LISTS[dimension], code) for code in codes)


def outcome_names(stage: str) -> dict[str, str]:
    """What this country calls the two outcomes of a decision."""
    return {outcome: outcome_name(stage, outcome) for outcome in Outcome.values}


def _coded(codes: type[TextChoices], code: str) -> str:
    if code in codes.values:
        return str(codes(code).label)
    return _("Not known") if code == UNKNOWN else code


def _others(dimension: str, kind: str) -> str:
    if dimension == "nationality":
        return _("Other nationalities")
    if dimension == "exploitation_type":
        return _("Other forms and combinations")
    if kind:
        return _("Others: %(kind)s") % {"kind": _coded(ResponderType, kind)}
    return _("Other organisations")


def _listed(names: list[str]) -> str:
    text = names[0] if len(names) == 1 else format_list(names, locale=locale())
    return text[:1].upper() + text[1:]
