"""Languages as people name them: which ones a form offers, and what a code is called.

Kept are ISO 639-1 codes; names come from CLDR, in the language of the page.
"""

from collections.abc import Iterable

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language

from common.country import current

#: Offered in every country beside its own: languages in which help is asked for most often.
WIDELY_SPOKEN = (
    "ar", "bg", "bn", "de", "en", "es", "fa", "fr", "hi", "it", "ne", "pl", "ps", "pt", "ro", "ru",
    "so", "sq", "ti", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip


def language_name(code: str) -> str:
    """What a language is called on this page; its code where nothing is known of it."""
    return _names().get(code, code)


def offered_languages(kept: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Codes with their names, by name: the country's, the widely spoken, and those already kept."""
    names = _names()
    codes = {*WIDELY_SPOKEN, *current().languages, *kept}
    named = ((code, names.get(code, code)) for code in codes)
    return sorted(named, key=lambda pair: pair[1].casefold())


def _names() -> dict[str, str]:
    try:
        return dict(Locale.parse(get_language() or "en", sep="-").languages)
    except (UnknownLocaleError, ValueError):
        return dict(Locale("en").languages)
