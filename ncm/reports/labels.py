"""What the codes in a table are called, in the active language.

Code lists bring their own labels, countries come from CLDR, and the two decisions are called what
the country's profile calls them.
"""

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.lists import format_list
from django.db.models import TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.country import current
from common.fields import SEPARATOR
from ncm.reports.published import OTHERS
from ncm.reports.quarterly import UNKNOWN
from referrals.choices import AgeGroup, Exploitation, Gender, ResponderType, StageCode

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
        return _listed([_country(code) for code in codes])
    return " + ".join(_coded(_LISTS[dimension], code) for code in codes)


def stage_name(stage: str) -> str:
    """What this country calls a decision; history may hold one that the country no longer takes."""
    names = {each.id: str(each.name) for each in current().stages}
    return names.get(stage) or str(StageCode(stage).label)


def outcome_names(stage: str) -> dict[str, str]:
    """What this country calls the two outcomes of a decision."""
    for each in current().stages:
        if each.id == stage:
            return {"positive": str(each.positive), "negative": str(each.negative)}
    return {"positive": _("Positive"), "negative": _("Negative")}


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
    text = names[0] if len(names) == 1 else format_list(names, locale=_locale())
    return text[:1].upper() + text[1:]


def _locale() -> Locale:
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _country(code: str) -> str:
    if code == UNKNOWN:
        return _("not known")
    if code == "STATELESS":
        return _("stateless")
    return _locale().territories.get(_alpha_2().get(code, code)) or code


@cache
def _alpha_2() -> dict[str, str]:
    """ISO 3166 codes of three letters → of two, from CLDR's aliases."""
    aliases: dict[str, list[str]] = get_global("territory_aliases")
    found = {
        code: names[0]
        for code, names in aliases.items()
        if len(code) == 3 and code.isalpha() and len(names) == 1
    }
    return found | {"XKX": "XK"}
