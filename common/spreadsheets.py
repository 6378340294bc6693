"""Reading the first sheet of a workbook that somebody uploaded, guarded against what it may hold.

Formulas are never computed: a cell is the value its program kept. Writing is `common.exports`.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

#: A workbook is a zip archive: a small one may unfold to more than the machine has.
LARGEST_UNFOLDED: Final = 200 * 1024 * 1024
MOST_COLUMNS: Final = 100


class NotASheet(ValueError):
    """The file is no workbook, a broken one, or one that unfolds to too much."""


def rows_of_sheet(content: bytes) -> Iterator[tuple[Any, ...]]:
    """The rows of the first sheet as values, at most 100 cells each. Raises NotASheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > LARGEST_UNFOLDED:
                raise NotASheet
            # No workbook declares entities; one that does wants them to unfold or to read files.
            if any(_declares(archive.read(part)) for part in parts):
                raise NotASheet
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except NotASheet:
        raise
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, IndexError):
        raise NotASheet from None
    return _rows(sheet)


def _declares(part: bytes) -> bool:
    return any("<!DOCTYPE".encode(coding) in part for coding in ("utf-8", "utf-16-le", "utf-16-be"))


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    try:
        yield from sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
    except (zipfile.BadZipFile, ParseError, ValueError):
        raise NotASheet from None
