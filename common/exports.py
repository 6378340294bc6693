"""Rows out of the system as CSV, XLSX or JSON; the only module that writes with openpyxl.

What a reader may see, and which small figure is hidden, is decided before the rows come here.
Text that a spreadsheet would take for a formula is neutralised; numbers and dates keep their type.
"""

import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language_bidi, gettext
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

Cell: TypeAlias = str | Promise | int | float | Decimal | bool | date | datetime | UUID | None
"""What a row may hold. Anything else raises TypeError rather than being written as some `repr`."""
Row: TypeAlias = Sequence[Cell]

LONGEST_XLSX_TEXT: Final = 32_767
MOST_XLSX_ROWS: Final = 1_048_575  # the sheet's 1,048,576 less the header
_WIDTH_SAMPLE: Final = 200
_NARROWEST, _WIDEST = 8, 60
_HEADER_COLOUR: Final = "FF0F343D"

# Signs that begin a formula, every compatibility form that NFKC folds into one of them, and the
# minus sign proper, which LibreOffice reads as a hyphen.
_STARTS: Final = (
    r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
    r"\u207a\u207b\u207c\u208a\u208b\u208c\u2a75\u2a76\ufb29\u2212"
)
# A cell may begin at the start of the text, on each of its lines, and behind a semicolon or tab: a
# spreadsheet set to most European languages splits a comma-separated file there, quoted or not.
_BREAKS: Final = r"\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029;"
# What a spreadsheet may drop before it looks: white space, controls, invisible marks, quotes.
_DROPPED: Final = (
    rf"(?:(?![{_BREAKS}])[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r'"])*'
)
_MAY_BEGIN: Final = re.compile(
    rf"\A(?='*[\t\r\n])|(?:\A|(?<=[{_BREAKS}]))(?='*{_DROPPED}[{_STARTS}])"
)
_NEUTRALISED: Final = re.compile(
    rf"\A'(?='*[\t\r\n])|(?:\A|(?<=[{_BREAKS}]))'(?='*{_DROPPED}[{_STARTS}])"
)
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class TooManyRows(ValueError):
    """The rows do not fit one sheet; CSV has no such limit."""


def neutralise(text: str) -> str:
    """`text` with an apostrophe wherever a spreadsheet could begin to read a formula.

    Taking one apostrophe away at each of those places gives the text back: where the text itself
    has apostrophes there, one more is added. Source: security.md T12; semicolons are our addition.
    """
    return _MAY_BEGIN.sub("'", text)


def as_it_was(text: str) -> str:
    """What `neutralise` was given, from what it gave: for reading a file of ours back."""
    return _NEUTRALISED.sub("", text)


def to_csv(columns: Sequence[str | Promise], rows: Iterable[Row]) -> bytes:
    """The rows as RFC 4180 CSV: UTF-8 with a byte-order mark (for Excel), CRLF, every text quoted.

    Numbers stand bare with a full stop, dates are ISO 8601 (times in UTC), true and false are
    words, an absent value is empty.
    """
    lines = [",".join(_csv_text(str(column)) for column in columns)]
    lines += [",".join(_csv_cell(cell) for cell in row) for row in _checked(columns, rows)]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode(errors="replace")


def to_json(columns: Sequence[str | Promise], rows: Iterable[Row]) -> bytes:
    """The rows as a UTF-8 JSON list of objects keyed by column.

    Dates are ISO 8601 (times in UTC), decimals are numbers. Raises ValueError when two columns
    share a name, and when a decimal has more digits than a JSON reader keeps.
    """
    keys = [str(column) for column in columns]
    if len(set(keys)) != len(keys):
        raise ValueError("Two columns have the same name, so one would hide the other in JSON.")
    objects = [
        dict(zip(keys, map(_json_cell, row), strict=True)) for row in _checked(columns, rows)
    ]
    return json.dumps(objects, ensure_ascii=False, allow_nan=False, indent=1).encode(
        errors="replace"
    )


def to_xlsx(
    title: str | Promise,
    columns: Sequence[str | Promise],
    rows: Iterable[Row],
    notes: Sequence[str | Promise] = (),
) -> bytes:
    """The rows on one sheet with a frozen, filtered header, and `notes` on a second sheet.

    Text is stored as text and marked so, hence never becomes a formula, not even when edited;
    numbers and dates keep their type. Times are given in the active time zone, since a sheet knows
    none. Text longer than a cell holds is cut and says so. Raises `TooManyRows`.
    """
    return to_workbook(title, [Sheet(title, columns, rows)], notes)


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook; the title is the sheet's name, cut to what a name may be."""

    title: str | Promise
    columns: Sequence[str | Promise]
    rows: Iterable[Row]


def to_workbook(
    title: str | Promise, sheets: Iterable[Sheet], notes: Sequence[str | Promise] = ()
) -> bytes:
    """One sheet for each table, under names of which no two are alike; otherwise as `to_xlsx`."""
    # Everything that can be refused is refused here: openpyxl cannot abandon a half-written sheet.
    ready = [
        (str(sheet.title), [str(column) for column in sheet.columns], rows)
        for sheet in sheets
        for rows in [list(_checked(sheet.columns, sheet.rows))]
    ]
    if any(len(rows) > MOST_XLSX_ROWS for _name, _columns, rows in ready):
        raise TooManyRows(f"A sheet holds {MOST_XLSX_ROWS:,} rows; export CSV instead.")
    book = Workbook(write_only=True)
    book.properties.title = _xml_text(str(title))
    book.properties.creator = "Concord"
    taken: set[str] = set()
    for name, columns, rows in ready:
        _write_sheet(book, _free_name(_sheet_name(name) or gettext("Data"), taken), columns, rows)
    if notes:
        heading = gettext("Notes")
        free = _free_name(heading, taken)
        _write_sheet(book, free, [free], [[note] for note in notes])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, numbered when another sheet has it: upper and lower case are one to a spreadsheet."""
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name[: 31 - len(str(number)) - 1]} {number}"
    taken.add(free.casefold())
    return free


def _checked(columns: Sequence[object], rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each refused before it is written when it cannot be written whole."""
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"A row has {len(row)} cells under {len(columns)} columns.")
        for cell in row:
            _check(cell)
        yield row


def _check(cell: Cell) -> None:
    match cell:
        case None | str() | Promise() | UUID() | int():
            return
        case Decimal() | float():
            if not math.isfinite(cell):
                raise ValueError("A cell holds a number that is not finite.")
        case datetime():
            if timezone.is_naive(cell):
                raise ValueError("A time without a zone cannot be exported.")
        case date():
            return
        case _:
            raise TypeError(f"A cell cannot hold a value of type {type(cell).__name__}.")


def _text(cell: str | Promise | UUID | date) -> str:
    match cell:
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _csv_text(text: str) -> str:
    return '"' + neutralise(text).replace('"', '""') + '"'


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            return repr(cell)
        case int():
            return str(int(cell))  # an IntegerChoices member is written as its number
        case Decimal():
            return format(cell, "f")
        case _:
            return _csv_text(_text(cell))


def _json_cell(cell: Cell) -> str | int | float | None:
    match cell:
        case None | bool() | int() | float():
            return cell
        case Decimal():
            number = float(cell)
            if Decimal(repr(number)) != cell:
                raise ValueError("A decimal has more digits than a JSON number keeps.")
            return number
        case _:
            return _text(cell)


# --- XLSX -----------------------------------------------------------------------------------------


def _write_sheet(book: Workbook, name: str, columns: list[str], rows: list[Row]) -> None:
    """Add a sheet: header styled, frozen and filtered, widths from the first 200 rows."""
    sheet = book.create_sheet(name)
    for number, column in enumerate(columns):
        lengths = [_shown_length(row[number]) for row in rows[:_WIDTH_SAMPLE]]
        width = max([len(column) + 4, *lengths])  # the filter's arrow covers the header's end
        letter = get_column_letter(number + 1)
        sheet.column_dimensions[letter].width = min(max(width + 1, _NARROWEST), _WIDEST)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.sheet_view.rightToLeft = get_language_bidi()
    header = [_xlsx_cell(sheet, column) for column in columns]
    for cell in header:
        cell.font = Font(bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor=_HEADER_COLOUR)
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    sheet.append(header)
    for row in rows:
        sheet.append([_xlsx_cell(sheet, cell) for cell in row])


def _xlsx_cell(sheet: Any, cell: Cell) -> Any:
    match cell:
        case None | bool() | int() | float() | Decimal():
            return WriteOnlyCell(sheet, cell)
        case datetime():
            made = WriteOnlyCell(sheet, timezone.make_naive(cell))
            made.number_format = "yyyy-mm-dd hh:mm:ss"
        case date():
            made = WriteOnlyCell(sheet, cell)
            made.number_format = "yyyy-mm-dd"
        case _:
            made = WriteOnlyCell(sheet, "")
            made.value = _xml_text(_text(cell))
            made.data_type = "s"
            made.quotePrefix = True
    return made


def _xml_text(text: str) -> str:
    """`text` as a sheet holds it: LF line ends, what XML forbids replaced, cut if too long."""
    text = _NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) <= LONGEST_XLSX_TEXT:
        return text
    mark = gettext(" … [cut here: a cell holds no more; the CSV export has the whole text]")
    return text[: LONGEST_XLSX_TEXT - len(mark)] + mark


def _shown_length(cell: Cell) -> int:
    """About how many characters wide a cell shows, the longest line counting."""
    return max((len(line) for line in str("" if cell is None else cell).splitlines()), default=0)


def _sheet_name(title: str) -> str:
    """`title` as a sheet's name: 31 characters, none of `[]:*?/\\`, no apostrophe at either end."""
    return _NOT_IN_SHEET_NAME.sub(" ", _xml_text(title)).strip(" '")[:31].rstrip(" '")
