"""What a file that somebody attaches may be: known by its content, small, and without metadata.

A picture tells where and with which telephone it was taken, and sometimes by whom; such parts are
cut out before the file is kept. Not here: who may attach, sealing, keeping.
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LARGEST: Final = 5 * 1024 * 1024
LONGEST_NAME: Final = 120
MOST_PIXELS: Final = 40_000_000
CONTENT_TYPES: Final = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
#: What people call the same thing.
_SAME: Final = {"jpeg": "jpg", "text": "txt"}
#: JPEG segments that a picture needs: the frame's own are kept anyway; JFIF and Adobe's colours.
_JPEG_KEPT: Final = (0xE0, 0xEE)
_MOST_PARTS: Final = 5_000
"""Segments of a JPEG file; a picture has some tens."""
#: What ends a scan: a marker, but for those that stand within one.
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
#: PNG chunks that a picture needs; every text, time and EXIF chunk is another.
_PNG_KEPT: Final = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"cHRM")
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Upload:
    """A file that was looked at: its ending, a short name, and what is kept of it."""

    ending: str
    name: str
    content: bytes


def checked(*, name: str, content: bytes) -> Upload:
    """The file as it may be kept. Raises ValidationError in words that name no content."""
    if not content:
        raise ValidationError(_("The file is empty."))
    if len(content) > LARGEST:
        raise ValidationError(_("The file is larger than 5 MB."))
    ending = _known_by_content(content)
    said = name.rpartition(".")[2].lower()
    if not ending or _SAME.get(said, said) != ending:
        raise ValidationError(
            _("Attach a PDF, a JPEG or PNG picture, or a plain text, under a name that says which.")
        )
    try:
        clean = _CLEAN[ending](content)
    except (ValueError, struct.error, IndexError):
        raise ValidationError(_("The file is damaged. Save it anew and attach that.")) from None
    return Upload(ending, _plain(name), clean)


def _known_by_content(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(_PNG):
        return "png"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    return "" if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text) else "txt"


def _plain(name: str) -> str:
    """The last part of the name, without signs that are not printed or turn the line round."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-LONGEST_NAME:]


def _without_jpeg_metadata(content: bytes) -> bytes:
    """The picture without its application and comment segments. Raises ValueError, struct.error.

    Its own end is the first behind a scan: what hangs behind is left out, and a telephone hangs a
    second picture there, with where it was taken.
    """
    kept, at, has_scan = [content[:2]], 2, False
    for _part in range(_MOST_PARTS):
        if content[at] != 0xFF:
            raise ValueError("a segment begins with 0xFF")
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0xD9 and has_scan:
            return b"".join([*kept, content[at : at + 2]])
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            raise ValueError("a segment is cut")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", segment[5:9])
            _refuse_bomb(width, height)
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in _JPEG_KEPT:
            kept.append(segment)
        at += 2 + length
        if marker == 0xDA:  # the picture itself, or a part of it
            found, has_scan = _JPEG_MARKER.search(content, at), True
            if found is None:
                raise ValueError("the picture has no end")
            kept.append(content[at : found.start()])
            at = found.start()
    raise ValueError("more parts than any picture has")


def _without_png_metadata(content: bytes) -> bytes:
    """The picture without text, time and EXIF chunks. Raises ValueError, struct.error."""
    kept, at = [_PNG], len(_PNG)
    while True:
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, chunk = content[at + 4 : at + 8], content[at : at + 12 + length]
        if len(chunk) < 12 + length:
            raise ValueError("a chunk is cut")
        if kind == b"IHDR":
            _refuse_bomb(*struct.unpack(">II", chunk[8:16]))
        if kind in _PNG_KEPT:
            kept.append(chunk)
        if kind == b"IEND":
            return b"".join(kept)
        at += 12 + length


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError("more pixels than anybody's camera makes")


def _as_it_is(content: bytes) -> bytes:
    return content


_CLEAN: Final = {
    "pdf": _as_it_is,
    "txt": _as_it_is,
    "jpg": _without_jpeg_metadata,
    "png": _without_png_metadata,
}
