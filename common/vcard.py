"""vCards (RFC 6350, version 4.0): people's cards for an address book.

The libraries in the field write version 3 and read far more than is needed here; what is written is
small and is proved in `tests/common/test_vcard.py`. Not here: who may have which card.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

MEDIA_TYPE: Final = "text/vcard; charset=utf-8"
_FOLD: Final = 75
"""Octets of a line, without its end (RFC 6350 §3.2)."""
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": None})


@dataclass(frozen=True)
class Card:
    """One person. Phones and addresses stand in the order in which to try them."""

    uid: UUID
    name: str
    organisation: str = ""
    title: str = ""
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    languages: Sequence[str] = ()
    note: str = ""
    changed_at: datetime | None = None


def to_vcf(cards: Iterable[Card]) -> bytes:
    """The cards as one UTF-8 file with CRLF line ends."""
    return "".join(f"{line}\r\n" for card in cards for line in _lines(card)).encode()


def _lines(card: Card) -> list[str]:
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:individual",
        f"UID:urn:uuid:{card.uid}",
        f"FN:{_text(card.name)}",
    ]
    if card.organisation:
        lines.append(f"ORG:{_text(card.organisation)}")
    if card.title:
        lines.append(f"TITLE:{_text(card.title)}")
    for place, number in enumerate(card.phones, start=1):
        # As text: a number of this country need not be one that RFC 3966 takes for a URI.
        lines.append(f"TEL;VALUE=text;{_preferred(place)}:{_text(number)}")
    for place, address in enumerate(card.emails, start=1):
        lines.append(f"EMAIL;{_preferred(place)}:{_text(address)}")
    for place, language in enumerate(card.languages, start=1):
        lines.append(f"LANG;{_preferred(place)}:{_text(language)}")
    if card.note:
        lines.append(f"NOTE:{_text(card.note)}")
    if card.changed_at is not None:
        lines.append(f"REV:{card.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    lines.append("END:VCARD")
    return ["\r\n ".join(_folded(line)) for line in lines]


def _preferred(place: int) -> str:
    return f"PREF={min(place, 100)}"


def _text(value: str) -> str:
    """A value with what has a meaning in a vCard taken as text, and no control signs."""
    escaped = value.replace("\r\n", "\n").translate(_ESCAPED)
    return "".join(sign for sign in escaped if sign >= " " or sign == "\t")


def _folded(line: str) -> list[str]:
    """The line in pieces that fit, none of which breaks a sign of several octets."""
    pieces, piece, size, room = [], "", 0, _FOLD
    for sign in line:
        octets = len(sign.encode())
        if size + octets > room:
            pieces.append(piece)
            piece, size, room = "", 0, _FOLD - 1  # a continued line begins with a space
        piece, size = piece + sign, size + octets
    return [*pieces, piece]
