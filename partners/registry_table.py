"""Reading a table of organisations row by row, with every fault named; nothing is written here.

CSV and XLSX alike. A column is known by its heading, in code or in words; several values in one
cell are divided by semicolons. An empty cell says nothing.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _
from django.utils.translation import override

from common.exports import Sheet, as_it_was, to_csv, to_workbook
from common.spreadsheets import NotASheet, rows_of_sheet
from partners.choices import Capacity, CsoClass, Level, OrganisationKind
from partners.filters import areas
from partners.languages import offered_languages
from partners.reviews import LABELS

MOST_ROWS: Final = 20_000
LONGEST_SHOWN: Final = 80
#: Column → its longest text; what a table may say of an organisation, in the order of the template.
COLUMNS: Final[Mapping[str, int]] = {
    "reference": 36,
    "name": 200,
    "short_name": 40,
    "kind": 40,
    "cso_class": 80,
    "level": 20,
    "registration_number": 60,
    "is_informal": 10,
    "area": 120,
    "languages": 200,
    "capacities": 300,
    "email": 254,
    "phone": 40,
    "website": 200,
    "postal_address": 300,
    "description": 2000,
}
NEEDED: Final = ("name", "kind")
ROW, REASON = "row_in_the_file", "what_is_wrong"
_YES, _NO = {"yes", "true", "1", "x"}, {"no", "false", "0"}


class NotATable(ValueError):
    """The file is no table with the columns that are needed; the text says what was found."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: row as a spreadsheet numbers it, column, value and reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One good row: what it says of an organisation, by column, with nothing for empty cells."""

    row: int
    said: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """By what the organisation is known: its reference, its number, else its name."""
        for column in ("reference", "registration_number"):
            if self.said.get(column):
                return column, normal(str(self.said[column]))
        return "name", normal(self.said["name"])


@dataclass(frozen=True)
class Rejected:
    """One bad row as it stood in the file, and why."""

    row: int
    cells: list[str]
    reason: str


@dataclass
class Reading:
    """A whole file, read: good rows, faults, bad rows, and the columns nobody knows."""

    digest: str
    header: list[str]
    unknown: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rows: int = 0


def normal(text: str) -> str:
    """A name or number as it is compared: without regard to case and spaces."""
    return " ".join(text.split()).casefold()


def read_table(
    content: bytes, *, references: Callable[[], Collection[str]], most_rows: int = MOST_ROWS
) -> Reading:
    """Read a table, CSV or XLSX by what it is. Raises NotATable; a bad row becomes faults.

    `references` are those of the organisations here, asked for when a row has one.
    """
    lines = _sheet(content) if zipfile.is_zipfile(io.BytesIO(content)) else _text(content)
    header = [cell.strip() for cell in next(lines, [])]
    places = _places(header)
    known = set(places.values())
    unknown = [name for at, name in enumerate(header) if name and at not in known]
    reading = Reading(hashlib.sha256(content).hexdigest(), header, unknown)
    reader = _Reader(reading, places, references)
    # The headings are row 1, as a spreadsheet shows it.
    for row, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if reading.rows >= most_rows:
            raise NotATable(
                _("The file has more than %(most)d rows. Divide it.") % {"most": most_rows}
            )
        reader.take(row, cells)
    if not reading.rows:
        raise NotATable(_("The file has headings and no rows."))
    return reading


def template(ending: str) -> bytes:
    """An empty table with the right headings; the workbook says what each column takes."""
    if ending == "csv":
        return to_csv(tuple(COLUMNS), [])
    lists = (
        ("kind", OrganisationKind.choices),
        ("cso_class", CsoClass.choices),
        ("level", Level.choices),
        ("capacities", Capacity.choices),
        ("area", [(code, name) for code, name, _path in areas()]),
        ("languages", offered_languages()),
    )
    rows = [(column, code, label) for column, known in lists for code, label in known]
    codes = Sheet(_("Codes"), (_("Column"), _("Code"), _("Means")), rows)
    return to_workbook(_("Registry"), [Sheet(_("Registry"), tuple(COLUMNS), []), codes])


def rejects_file(reading: Reading) -> bytes:
    """The bad rows as CSV with what is wrong with each; mended, it is uploaded like any other."""
    width = len(reading.header)
    names = [name or f"column_{at}" for at, name in enumerate(reading.header, start=1)]
    return to_csv(
        [*names, ROW, REASON],
        ([*(bad.cells + [""] * width)[:width], bad.row, bad.reason] for bad in reading.rejected),
    )


# --- the file -------------------------------------------------------------------------------------


def _sheet(content: bytes) -> Iterator[list[str]]:
    try:
        rows = rows_of_sheet(content)
    except NotASheet:
        raise NotATable(_("This is not a workbook that can be read. Save it as XLSX.")) from None
    return ([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


def _text(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotATable(
            _("This is neither an XLSX workbook nor a CSV file in UTF-8. Save it as one of them.")
        ) from None
    if not text.strip() or "\0" in text:
        raise NotATable(_("The file is empty, or no table."))
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def rows() -> Iterator[list[str]]:
        try:
            yield from lines
        except csv.Error as error:
            raise NotATable(
                _("Line %(line)d of the file cannot be read (%(error)s).")
                % {"line": lines.line_num, "error": error}
            ) from None

    return rows()


def _places(header: list[str]) -> dict[str, int]:
    """Where each known column stands, by its heading in code, in English or in the page's words."""
    named = {column: column for column in COLUMNS}
    for language in ("en", None):
        with override(language) if language else nullcontext():
            for column in COLUMNS:
                if column in LABELS:
                    named.setdefault(_heading(str(LABELS[column])), column)
    places: dict[str, int] = {}
    for at, name in enumerate(header):
        column = named.get(_heading(name))
        if column is None:
            continue
        if column in places:
            raise NotATable(_("The column %(name)s stands twice.") % {"name": column})
        places[column] = at
    missing = [column for column in NEEDED if column not in places]
    if missing:
        raise NotATable(
            _("The file has no column %(missing)s. Its first line has: %(found)s.")
            % {"missing": ", ".join(missing), "found": ", ".join(header[:20])[:300] or "–"}
        )
    return places


def _heading(name: str) -> str:
    return normal(name).replace(" ", "_").replace("-", "_").strip("*_")


# --- one row --------------------------------------------------------------------------------------


class _Reader:
    """Takes the rows of one file in their order."""

    def __init__(
        self,
        reading: Reading,
        places: dict[str, int],
        references: Callable[[], Collection[str]],
    ) -> None:
        self.reading, self.places = reading, places
        self.seen: dict[tuple[str, str], int] = {}
        self.words = _Words(references)

    def take(self, row: int, cells: list[str]) -> None:
        self.reading.rows += 1
        given = {
            column: as_it_was(cells[at]).strip() if at < len(cells) else ""
            for column, at in self.places.items()
        }
        faults: list[Fault] = []
        said: dict[str, Any] = {}
        for column, text in given.items():
            if not text:
                if column in NEEDED:
                    faults.append(Fault(row, column, "", _("This is needed.")))
                continue
            try:
                said[column] = self._read(column, text)
            except ValueError as error:
                faults.append(Fault(row, column, text[:LONGEST_SHOWN], str(error)))
        if said.get("kind") == OrganisationKind.STATE_AGENCY and said.get("cso_class"):
            reason = _("A State agency has no class of civil society actor.")
            faults.append(Fault(row, "cso_class", given["cso_class"][:LONGEST_SHOWN], reason))
        if not faults:
            self._keep(Entry(row, said), given, faults)
        if faults:
            self.reading.faults += faults
            reason = " ".join(f"{each.column}: {each.reason}" for each in faults)
            self.reading.rejected.append(Rejected(row, cells, reason))

    def _keep(self, entry: Entry, given: dict[str, str], faults: list[Fault]) -> None:
        before = self.seen.setdefault(entry.key, entry.row)
        if before == entry.row:
            self.reading.entries.append(entry)
            return
        column = entry.key[0]
        reason = _("The same organisation stands in row %(row)d.") % {"row": before}
        faults.append(Fault(entry.row, column, given[column][:LONGEST_SHOWN], reason))

    def _read(self, column: str, text: str) -> Any:
        if len(text) > COLUMNS[column]:
            raise ValueError(_("At most %(most)d characters.") % {"most": COLUMNS[column]})
        read = self.words.readers.get(column)
        return read(text) if read else text


class _Words:
    """What cells of each coded column may say, in code or in words."""

    def __init__(self, references: Callable[[], Collection[str]]) -> None:
        self._references = references
        self._known: Collection[str] | None = None
        known = areas()
        self.areas = {normal(code): code for code, _name, _path in known}
        twice = _twice(normal(name) for _code, name, _path in known)
        self.areas |= {
            normal(name): code for code, name, _path in known if normal(name) not in twice
        }
        self.kinds = _codes(OrganisationKind.choices)
        self.classes = _codes(CsoClass.choices)
        self.levels = _codes(Level.choices)
        self.capacities = _codes(Capacity.choices)
        self.languages = _codes(offered_languages())
        self.readers: dict[str, Callable[[str], Any]] = {
            "reference": self._reference,
            "kind": lambda text: _one(self.kinds, text),
            "cso_class": lambda text: _one(self.classes, text),
            "level": lambda text: _one(self.levels, text),
            "area": self._area,
            "languages": lambda text: _several(self.languages, text),
            "capacities": lambda text: _several(self.capacities, text),
            "is_informal": _yes_or_no,
            "email": _email,
            "website": _website,
        }

    def _reference(self, text: str) -> str:
        try:
            reference = str(UUID(text))
        except ValueError:
            reference = ""
        if self._known is None:
            self._known = self._references()
        if reference not in self._known:
            raise ValueError(
                _("No organisation has this reference. Leave it empty for a new organisation.")
            )
        return reference

    def _area(self, text: str) -> str:
        if normal(text) not in self.areas:
            raise ValueError(_("No area of the country has this code or name."))
        return self.areas[normal(text)]


def _codes(choices: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for code, label in choices:
        with override("en"):
            known.setdefault(normal(str(label)), str(code))
        known.setdefault(normal(str(label)), str(code))
        known[normal(str(code))] = str(code)
    return known


def _twice(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def _one(known: Mapping[str, str], text: str) -> str:
    if normal(text) not in known:
        raise ValueError(_("Nobody knows this code. The template lists the codes there are."))
    return known[normal(text)]


def _several(known: Mapping[str, str], text: str) -> list[str]:
    words = [word for word in text.replace(",", ";").split(";") if word.strip()]
    return sorted({_one(known, word) for word in words})


def _yes_or_no(text: str) -> bool:
    word = normal(text)
    if word not in _YES | _NO | {normal(_("Yes")), normal(_("No"))}:
        raise ValueError(_("Say yes or no."))
    return word in _YES or word == normal(_("Yes"))


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError(_("Not an e-mail address.")) from None
    return text


def _website(text: str) -> str:
    address = text if "://" in text else f"https://{text}"
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        raise ValueError(_("Not an address of a website.")) from None
    return address
