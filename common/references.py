"""Human references such as `R-7F3K-92QB`: made at random, read back forgivingly.

A reference says nothing about when or where its row was made, and it is spoken over the phone and
written on paper, so its last character checks the rest. That it is unique is the database's word.
"""

import re
import secrets
import unicodedata
from typing import Final, Literal

from django.utils.translation import gettext as _

# 31 characters, a prime. Left out: I and L (read as 1), O (0), S (5) and U (V).
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRTVWXYZ"
_MISREAD: Final = str.maketrans("ILOSU", "1105V")
# Cyrillic and Greek capitals that look like ours: typed on a keyboard in the country's own script.
_LOOK_ALIKE: Final = str.maketrans(
    "\u0410\u0412\u0415\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0405\u0421\u0422\u0423\u0425"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABEIJKMHOPSCTYXABEZHIKMNOPTYX",
)
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_PREFIX: Final = re.compile(r"[ABCDEFGHJKMNPQRTVWXYZ]{1,2}")
_BODY_LENGTH: Final = 8  # seven random characters, 2.7e10 of them, and the check character
_LONGEST_TYPED: Final = 40
_SEPARATORS: Final = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff._/\u2212-]")


class BadReference(ValueError):
    """What was typed is not a reference. `wrong` says which of the two tests it failed."""

    def __init__(self, wrong: Literal["format", "check"], message: str) -> None:
        super().__init__(message)
        self.wrong = wrong


def new_reference(prefix: str) -> str:
    """A fresh random reference, `<prefix>-XXXX-XXXC`.

    The prefix is one or two letters of `ALPHABET`. Among a million references of one prefix some
    twenty pairs are expected to meet: the column is unique, and whoever inserts tries again.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"A prefix is one or two letters of {ALPHABET[10:]}, not {prefix!r}.")
    body = "".join(secrets.choice(ALPHABET) for _position in range(_BODY_LENGTH - 1))
    return _written(prefix, body + _check_character(prefix + body))


def parse_reference(text: str) -> str:
    """The reference in `text` as it is written in the database.

    Forgiven are lower case, spaces, missing or other dashes, the usual misreadings (O for 0, I and
    L for 1, S for 5, U for V), look-alikes from Cyrillic and Greek, and digits of any script.
    Raises `BadReference` when the shape is wrong or the check character does not fit the rest.
    """
    if len(text) > _LONGEST_TYPED:
        raise _bad_format()
    folded = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKE)
    compact = _SEPARATORS.sub("", "".join(_plain_sign(sign) for sign in folded))
    prefix, body = compact[:-_BODY_LENGTH], compact[-_BODY_LENGTH:].translate(_MISREAD)
    if not _PREFIX.fullmatch(prefix) or any(character not in _VALUE for character in body):
        raise _bad_format()
    if _weighted_sum(prefix + body) != 0:
        raise BadReference(
            "check",
            _(
                "One of the characters of this reference is wrong or two are the wrong way round. "
                "Compare it with the original, character by character."
            ),
        )
    return _written(prefix, body)


def _plain_sign(sign: str) -> str:
    """A dash for any dash, an ASCII digit for a digit of any script, else the sign itself."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return "-" if unicodedata.category(sign) == "Pd" else sign


def _written(prefix: str, body: str) -> str:
    return f"{prefix}-{body[:4]}-{body[4:]}"


def _bad_format() -> BadReference:
    return BadReference(
        "format",
        _(
            "A reference is one or two letters and eight more characters, for example %(example)s. "
            "This has another form."
        )
        % {"example": "R-7F3K-92QB"},
    )


def _weighted_sum(characters: str) -> int:
    """Sum of value × place modulo 31, places counted from 1 at the right.

    Modulo a prime no weight and no difference of two weights is zero, so one wrong character, or
    any two exchanged, always changes the sum.
    """
    places = range(len(characters), 0, -1)
    total = sum(
        place * _VALUE[character] for place, character in zip(places, characters, strict=True)
    )
    return total % len(ALPHABET)


def _check_character(characters: str) -> str:
    """The character that makes the weighted sum zero when put behind `characters`."""
    return ALPHABET[-_weighted_sum(characters + ALPHABET[0]) % len(ALPHABET)]
