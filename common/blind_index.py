"""Blind indexes: finding a sealed name or document number again without opening anything.

Here: keyed digests of a value, two exact and one that forgives spelling and script. Not here: which
columns carry one. A blind index shows that two rows are equal, so it is for a name with a year of
birth and for document numbers, never for what few values fill (nationality, sex, district). The
columns stay out of history and are set to null by erasure.
"""

import hmac
import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from common.sealing import decode_key

INDEX_BYTES: Final = 16
_FIELD = re.compile(r"[a-z][a-z0-9_.]{0,63}")


def exact_index(*values: str, field: str, organisation: UUID | int) -> bytes | None:
    """16 bytes, equal where the normalised values are; None if one of them is empty.

    Equal only within one logical field and one organisation. Raises ImproperlyConfigured when
    BLIND_INDEX_KEY is missing or no key, ValueError for a field name out of form.
    """
    return _digest("exact", [normalise(value) for value in values], field, organisation)


def number_index(*values: str, field: str, organisation: UUID | int) -> bytes | None:
    """As exact_index, for document numbers: spaces and dashes inside them do not count."""
    bare = [normalise(value).replace(" ", "") for value in values]
    return _digest("number", bare, field, organisation)


def near_index(*values: str, field: str, organisation: UUID | int) -> bytes | None:
    """As exact_index, over `fold`: a name spelt or written in another way.

    Meant to warn, never to decide: different names may meet, and some spellings do not.
    """
    return _digest("near", [fold(value) for value in values], field, organisation)


@sensitive_variables()
def _digest(kind: str, values: Sequence[str], field: str, organisation: UUID | int) -> bytes | None:
    if not _FIELD.fullmatch(field):
        raise ValueError("A logical field is lower-case letters, digits, dots and underscores.")
    if not values or not all(values):
        return None
    info = f"concord|blind index|1|{kind}|{field}|{organisation}".encode()
    key = HKDF(SHA256(), 32, salt=None, info=info).derive(_master_key())
    # The unit separator is a control character, and normalising leaves none in a value.
    return hmac.digest(key, "\x1f".join(values).encode(), "sha256")[:INDEX_BYTES]


@sensitive_variables()
def _master_key() -> bytes:
    parts = decode_key(getattr(settings, "BLIND_INDEX_KEY", None) or "")
    if parts is None or len(parts) != 1:
        raise ImproperlyConfigured(
            "BLIND_INDEX_KEY is not a key of 32 bytes in base64 (44 characters). Make one with "
            "`openssl rand -base64 32`, once: with another key nothing indexed is found again."
        )
    return parts[0]


# --- exact: the same characters, whatever the keyboard --------------------------------------------

# Taken out before NFKC, which would turn the acute accent some keyboards offer into a space.
_APOSTROPHES = dict.fromkeys(map(ord, "'`´‘’‛ʹʻʼʽ׳"))


def normalise(text: str) -> str:
    """NFKC, case folded, digits of any script as 0-9, punctuation gone, one space between words.

    Dashes, slashes and full stops divide words; apostrophes, and what cannot be seen (direction
    marks, joiners), leave nothing behind.
    """
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)  # ŉ has become ʼn
    text = unicodedata.normalize("NFKC", "".join(map(_plain, text)))  # now accents can join
    return " ".join(text.split())


def _plain(char: str) -> str:
    match unicodedata.category(char):
        case "Nd":
            return str(unicodedata.decimal(char))
        case "Cf":
            return ""
        case category if category[0] in "PSZC":
            return " "
    return char


# --- near: the same name, give or take ------------------------------------------------------------


def _table(pairs: str) -> dict[int, str]:
    """Letters and what they become, written side by side; a letter alone becomes nothing."""
    return {ord(pair[0]): pair[1:] for pair in pairs.split()}


# Accents are gone when these are used (й is и, ё is е), and all vowels become one afterwards.
_LETTERS: Final = (
    _table("аa бb вv гg ґg дd еe єe жz зz иi іi кk лl мm нn оo пp рr сs тt уu фf хh цk чk шs щsk")
    | _table("ъ ыi ь эe юu яa јi љl њn ђd ћk џdz ѕz әe ғg қk ңn өo ұu үu һh")
    | _table("øo đd łl ıi ħh þt ðd ŋn əe æae œoe")
    # Arabic, Persian and Urdu keyboards; hamza alone and the stretching line are often left out.
    | _table("ٱا ىي یي ةه ہه ھه کك ء ـ")
)
# What romanisations write for one sound, in this order. The same steps meet Cyrillic made Latin.
_SPELLINGS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("kh", "h"),
        ("ph", "v"),
        ("ts|tz", "k"),  # ts, tz, c and ч, ц are not told apart
        ("(?<=[bcdgkstz])h", ""),  # ch sh zh gh th dh
        ("x", "ks"),
        ("[cq]", "k"),
        ("[fw]", "v"),
        ("g", "h"),
        ("[aeiouyj]+", "a"),  # any run of vowels
        (r"(\w)\1+", r"\1"),
    )
)


def fold(text: str) -> str:
    """The name's skeleton, words in alphabetical order: equal across many spellings.

    Cyrillic becomes Latin; accents go, vowels become one, doubled letters single. Arabic keeps its
    script, without vowel signs and with one form each of alef, ya, ha and kaf. "Zorvélia" and
    "Зорвелія" both give "zarvala".
    """
    parts = unicodedata.normalize("NFKD", normalise(text))
    skeleton = "".join(char for char in parts if not unicodedata.combining(char))
    skeleton = skeleton.translate(_LETTERS)
    for pattern, sound in _SPELLINGS:
        skeleton = pattern.sub(sound, skeleton)
    return " ".join(sorted(skeleton.split()))
