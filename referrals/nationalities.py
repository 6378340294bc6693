"""Nationalities as people name them: what a code is called and which ones a form offers.

Kept are ISO 3166 codes of three letters and three answers that are no country's, never folded into
one another. Names come from CLDR, in the language of the page.
"""

import re
from collections.abc import Mapping
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

UNKNOWN = "UNKNOWN"
#: Not a country of ISO 3166, with nationals of its own in every published table.
KOSOVO = {"XKX": "XK"}
#: Codes that ISO 3166 gave up, which CLDR still knows; read where history has them, never offered.
WITHDRAWN = frozenset({"BUR", "DDR", "FXX", "TMP", "XKK", "YMD", "ZAR"})
#: Codes that ISO 3166 leaves to its users: CLDR knows some that are no country's, such as a test's.
USER_ASSIGNED = re.compile(r"AA[A-Z]|Q[M-Z][A-Z]|X[A-Z][A-Z]|ZZ[A-Z]")
#: Answers that name no country: first in a form's list, because they are easily overlooked.
WITHOUT_COUNTRY = (UNKNOWN, "STATELESS", "AT_RISK_OF_STATELESSNESS", "UNDETERMINED")


def nationality_name(code: str) -> str:
    """What a nationality is called, as a part of a sentence; the code where nothing is known."""
    match code:
        case "UNKNOWN":
            return _("not known")
        case "STATELESS":
            return _("stateless")
        case "AT_RISK_OF_STATELESSNESS":
            return _("at risk of statelessness")
        case "UNDETERMINED":
            return _("nationality undetermined")
    return locale().territories.get(_alpha_2().get(code, code)) or code


def offered_nationalities() -> list[tuple[str, str]]:
    """Codes with their names: the answers without a country, then every country by its name."""
    names = locale().territories
    countries = [
        (code, names[two])
        for code, two in _alpha_2().items()
        if two in names and code not in WITHDRAWN
    ]
    countries.sort(key=lambda pair: pair[1].casefold())
    return [(code, capfirst(nationality_name(code))) for code in WITHOUT_COUNTRY] + countries


def is_nationality(code: str) -> bool:
    """Whether the code is one a form offers."""
    return code in WITHOUT_COUNTRY or (code in _alpha_2() and code not in WITHDRAWN)


def locale() -> Locale:
    """The CLDR locale of the page; English where CLDR does not know the language."""
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@cache
def _alpha_2() -> dict[str, str]:
    """ISO 3166 codes of three letters to those of two, from CLDR's aliases."""
    aliases: Mapping[str, list[str]] = get_global("territory_aliases")
    found = {
        code: names[0]
        for code, names in aliases.items()
        if len(code) == 3 and code.isalpha() and len(names) == 1 and len(names[0]) == 2
        if not USER_ASSIGNED.fullmatch(code)
    }
    return found | KOSOVO
