"""HTML to accessible PDF (PDF/UA-1); the only module that imports WeasyPrint.

A document is made of its own text and of the assets named here: nothing is fetched from a network
or a disk, whatever the HTML or CSS asks for. Call from a task, not from a request (ADR 0004).
"""

import binascii
import struct
import unicodedata
from base64 import b64decode
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

_STATIC: Final = Path(__file__).resolve().parent.parent / "static"
ASSETS: Final[Mapping[str, tuple[str, Path]]] = {
    "report.css": ("text/css", _STATIC / "pdf" / "report.css"),
    "mark.svg": ("image/svg+xml", _STATIC / "img" / "mark.svg"),
}
"""What `static:<name>` may name: media type and file. A document reaches no other file."""

# A 600-row table costs 3 CPU seconds and 134 MB, 12,000 rows 96 s and 1.6 GB (performance.md F).
MOST_ROWS_IN_A_TABLE: Final = 600
MOST_ROWS_IN_ALL: Final = 1_800
LONGEST_HTML: Final = 5_000_000  # characters
LARGEST_PICTURE: Final = 512 * 1024  # bytes of an embedded PNG
MOST_PIXELS: Final = 16_000_000

_PNG_URL: Final = "data:image/png;base64,"
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


class PdfUnavailable(RuntimeError):
    """The text layout library of the system is missing; everything but PDF works without it."""

    def __init__(self) -> None:
        super().__init__(
            "PDF needs Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            "libharfbuzz-subset0 fonts-noto-core"
        )


class PdfRefused(ValueError):
    """The document must not or cannot become a PDF; the message says why and repeats no content."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)


def render_pdf(template: str, context: Mapping[str, Any], *, language: str | None = None) -> bytes:
    """The template, rendered in `language` (default: the active one), as PDF.

    Templates extend `base_print.html`. Raises as `html_to_pdf` does.
    """
    with translation.override(language or translation.get_language() or settings.LANGUAGE_CODE):
        html = render_to_string(template, dict(context))
        return html_to_pdf(html)


def html_to_pdf(html: str, *, stylesheets: Sequence[str] = ()) -> bytes:
    """The HTML document as tagged PDF/UA-1; the same HTML gives the same bytes.

    `stylesheets` are further URLs of style sheets, under the same rule as those in the document:
    only `static:` names of `ASSETS` exist, and pictures may be small `data:image/png`.
    Raises `PdfRefused` for any other reference, for a document without title or language, and for
    one over the limits above; `PdfUnavailable` where Pango is missing.
    """
    weasyprint = _weasyprint()
    if len(html) > LONGEST_HTML:
        raise PdfRefused(_("This document is too long for a PDF. Choose CSV or XLSX."))
    fetcher = _fetcher_class()()
    try:
        # A relative reference joins onto no base and reaches the fetcher as it is, to be refused.
        document = weasyprint.HTML(string=html, base_url="document:", url_fetcher=fetcher)
        _check(document.etree_element)
        _isolate(document.etree_element)
        sheets = [weasyprint.CSS(url=url, url_fetcher=fetcher) for url in stylesheets]
        pdf: bytes = document.write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1")
    except weasyprint.urls.FatalURLFetchingError:
        pass  # a BaseException: a worker must not see it
    if fetcher.refused is not None:
        # Also reached when WeasyPrint swallowed the error, as it does while drawing an SVG.
        raise PdfRefused(f"The document refers to something outside itself ({fetcher.refused!a}).")
    return pdf


def _weasyprint() -> ModuleType:
    try:
        return import_module("weasyprint")
    except OSError as error:  # cffi found no libpango
        raise PdfUnavailable from error


def _check(root: Any) -> None:
    """Refuse what PDF/UA cannot be without, and listings that belong in a spreadsheet."""
    if not (root.get("lang") or "").strip():
        raise PdfRefused("The document names no language on its html element.")
    title = root.find("./head/title")
    if title is None or not (title.text or "").strip():
        raise PdfRefused("The document has no title.")
    in_all = sum(1 for _row in root.iter("tr"))
    longest = max((sum(1 for _row in table.iter("tr")) for table in root.iter("table")), default=0)
    if longest > MOST_ROWS_IN_A_TABLE or in_all > MOST_ROWS_IN_ALL:
        raise PdfRefused(
            _("A table is too long for a PDF (%(rows)s rows). Choose CSV or XLSX.")
            % {"rows": max(longest, in_all)}
        )


def _isolate(root: Any) -> None:
    """Give each bdi element the direction of its first letter, which WeasyPrint leaves undone.

    Without it `2023-Q1` in an Arabic page is printed as `Q1-2023`.
    """
    for element in root.iter("bdi"):
        for sign in "".join(element.itertext()):
            direction = unicodedata.bidirectional(sign)
            if direction in {"L", "R", "AL"}:
                element.set("dir", "ltr" if direction == "L" else "rtl")
                break


@cache
def _fetcher_class() -> "type[URLFetcher]":
    """The fetcher that serves `ASSETS` and small PNG data, and remembers what else was wanted."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(allow_redirects=False, allowed_protocols=(), fail_on_errors=True)
            self.refused: str | None = None

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            found = _serve(url)
            if found is None:
                # The scheme only: the rest may carry a name, or what somebody meant to carry off.
                self.refused = url.partition(":")[0] if ":" in url[:21] else "relative"
                raise FatalURLFetchingError("refused")
            media_type, body = found
            return URLFetcherResponse(url, body, {"Content-Type": media_type})

    return ClosedFetcher


def _serve(url: str) -> tuple[str, bytes] | None:
    """Media type and bytes of an allowed URL, else None."""
    if url.startswith(_PNG_URL):
        picture = _small_png(url.removeprefix(_PNG_URL))
        return None if picture is None else ("image/png", picture)
    if url.startswith("static:") and (asset := ASSETS.get(url.removeprefix("static:"))):
        media_type, path = asset
        return media_type, path.read_bytes()
    return None


def _small_png(encoded: str) -> bytes | None:
    """The decoded PNG when it is one and within the limits; its size is read from its header."""
    if len(encoded) > LARGEST_PICTURE * 4 // 3 + 4:
        return None
    try:
        picture = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(picture) < 24 or not picture.startswith(_PNG_SIGNATURE) or picture[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", picture[16:24])
    return picture if 0 < width * height <= MOST_PIXELS else None
