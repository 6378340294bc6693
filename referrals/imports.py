"""Reading a file of history row by row, with every fault named; nothing is written here.

Also the file of rows that were left out, which is read back here once somebody has mended it.
"""

import csv
import hashlib
import hmac
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from common.exports import as_it_was, to_csv
from referrals.import_profile import COLUMNS, ImportProfile, UnknownLabel

DATES = ("received_on", "preliminary_on", "conclusive_on")
CODED = (
    "responder_type",
    "exploitation",
    "age_at_exploitation",
    "gender",
    "nationalities",
)
LONGEST_NAME = 200
LONGEST_SHOWN = 80
#: Nobody counted victims before; an earlier date is a slip of the keyboard.
EARLIEST = date(1990, 1, 1)
#: Cells beyond the last heading that a rejected row keeps; a row has no honest use for more.
MOST_EXTRA = 20

#: The columns that the file of rejected rows has besides the file's own.
MARK, ROW, REASON = "concord_mark", "concord_row", "concord_reason"
OURS = (MARK, ROW, REASON)
_MARK = re.compile(r"m[0-9a-f]{16}-[0-9]{1,6}")


class NotATable(ValueError):
    """The file is not a CSV with the profile's columns; the text says what was found."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: row as a spreadsheet numbers it, column, value and reason."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One good row, translated.

    `fingerprint` stands for what the row says; it is the `occurrence`-th of the file that says so.
    A row that was rejected before and mended has its `mark` instead, and occurrence 0.
    """

    row: int
    fingerprint: str
    occurrence: int
    mark: str
    received_on: date
    responder_type: str
    first_responder: str
    exploitation: tuple[str, ...]
    age_at_exploitation: str
    gender: str
    nationalities: tuple[str, ...]
    preliminary: tuple[str, date] | None
    conclusive: tuple[str, date] | None


@dataclass(frozen=True)
class Rejected:
    """One bad row as it stood in the file, with the mark it keeps while it is mended."""

    row: int
    mark: str
    cells: list[str]
    reason: str


@dataclass
class Reading:
    """A whole file, read: good rows, faults, and the labels nobody knew with how often."""

    digest: str
    header: list[str]
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: int = 0

    @property
    def bad_rows(self) -> int:
        return len(self.rejected)


def read_file(
    content: bytes,
    profile: ImportProfile,
    *,
    today: date,
    most_rows: int = 0,
) -> Reading:
    """Read a CSV of history by a profile. Raises NotATable; a bad row becomes faults.

    `today` is the last day a row may speak of; `most_rows`, where given, the longest file taken.
    """
    text = _text(content)
    lines = csv.reader(io.StringIO(text, newline=""), _delimiter(text, profile), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        reader = _Reader(profile, header, hashlib.sha256(content).hexdigest(), today)
        for row, cells in _rows(lines):
            if most_rows and reader.reading.rows >= most_rows:
                raise NotATable(
                    _("The file has more than %(most)d rows. Divide it, or import it by command.")
                    % {"most": most_rows}
                )
            reader.take(row, cells)
    except csv.Error as error:
        raise NotATable(
            _("This is not a CSV file: line %(line)d cannot be read (%(error)s).")
            % {"line": lines.line_num, "error": error}
        ) from None
    if not reader.reading.rows:
        raise NotATable(_("The file has the columns and no rows."))
    return reader.reading


def rejects_file(reading: Reading) -> bytes:
    """The bad rows as CSV: mended, it is imported like any other file.

    What a spreadsheet would take for a formula is neutralised; reading the file takes that back.
    """
    width = max((len(bad.cells) for bad in reading.rejected), default=0)
    own = [name for name in reading.header if name not in OURS]
    width = max(width, len(own))
    extra = [f"concord_extra_{number}" for number in range(1, width - len(own) + 1)]
    return to_csv(
        [*own, *extra, *OURS],
        (
            [*bad.cells, *[""] * (width - len(bad.cells)), bad.mark, bad.row, bad.reason]
            for bad in reading.rejected
        ),
    )


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotATable(
            _("This is not a CSV file in UTF-8. Save the table as “CSV UTF-8” and try again.")
        ) from None
    if "\0" in text:
        raise NotATable(_("This is not a CSV file: it contains binary data."))
    if not text.strip():
        raise NotATable(_("The file is empty."))
    return text


def _delimiter(text: str, profile: ImportProfile) -> type[csv.excel]:
    """A comma, or what a spreadsheet of another country divides cells by."""
    first = text.lstrip("\r\n").partition("\n")[0]
    wanted = set(profile.columns.values())

    class Dialect(csv.excel):
        delimiter = max(
            (",", ";", "\t"),
            key=lambda sign: len(wanted & {name.strip(' "\r') for name in first.split(sign)}),
        )

    return Dialect


def _rows(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    # The header is row 1, as a spreadsheet shows it.
    for row, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells):
            yield row, cells


def _places(header: Sequence[str], profile: ImportProfile) -> dict[str, int]:
    missing = [name for name in profile.columns.values() if name not in header]
    if missing:
        raise NotATable(
            _("The file has no column %(missing)s. Its first line has: %(found)s.")
            % {"missing": ", ".join(missing), "found": ", ".join(header[:20])[:300] or "–"}
        )
    twice = [name for name in (*profile.columns.values(), MARK) if header.count(name) > 1]
    if twice:
        raise NotATable(_("The column %(names)s stands twice.") % {"names": ", ".join(twice)})
    return {ours: header.index(theirs) for ours, theirs in profile.columns.items()}


class _Reader:
    """Takes the rows of one file in their order."""

    def __init__(self, profile: ImportProfile, header: list[str], digest: str, today: date) -> None:
        self.profile, self.today = profile, today
        self.places = _places(header, profile)
        self.mark_at = header.index(MARK) if MARK in header else None
        #: Where the file's own cells stand, as against those we added to a file of rejected rows.
        self.own = [place for place, name in enumerate(header) if name not in OURS]
        self.reading = Reading(digest, header)
        self.seen: Counter[str] = Counter()
        self.marks: set[str] = set()

    def take(self, row: int, cells: list[str]) -> None:
        reading = self.reading
        reading.rows += 1
        extra = cells[len(reading.header) :]
        if self.mark_at is not None:
            cells = [as_it_was(cell) for cell in cells]
        given = {
            ours: cells[place].strip() if place < len(cells) else ""
            for ours, place in self.places.items()
        }
        # Counted for every row, good or bad, so that mending a row does not move the others' keys.
        print_of_row = fingerprint(given)
        self.seen[print_of_row] += 1
        occurrence = self.seen[print_of_row]
        faults = _Faults(row, self.profile, self.today)
        mark = self._mark(cells, faults)
        if any(cell.strip() for cell in extra):
            reason = _("The row has %(cells)d cells under %(columns)d headings.")
            counts = {"cells": len(reading.header) + len(extra), "columns": len(reading.header)}
            faults.add_row(reason % counts)
        entry = _entry(given, faults, reading, print_of_row, occurrence, mark)
        if faults.found:
            reading.faults += faults.found
            kept = [cells[place] if place < len(cells) else "" for place in self.own]
            reason = " ".join(f"{fault.column}: {fault.reason}" for fault in faults.found)
            # A row keeps the mark it came with, however often it is rejected.
            mark = mark or f"m{print_of_row[:16]}-{occurrence}"
            reading.rejected.append(Rejected(row, mark, kept + extra[:MOST_EXTRA], reason))
        else:
            reading.entries.append(entry)  # type: ignore[arg-type]

    def _mark(self, cells: list[str], faults: "_Faults") -> str:
        """The mark of a row that was rejected before; "" where it has none."""
        if self.mark_at is None or self.mark_at >= len(cells):
            return ""
        mark = cells[self.mark_at].strip()
        if not mark:
            return ""
        if not _MARK.fullmatch(mark):
            faults.add_ours(MARK, mark, _("Not a mark. Leave this column as it was."))
            return ""
        if mark in self.marks:
            faults.add_ours(
                MARK, mark, _("Another row has the same mark. Empty it in the new row.")
            )
        self.marks.add(mark)
        return mark


def _entry(
    given: dict[str, str],
    faults: "_Faults",
    reading: Reading,
    print_of_row: str,
    occurrence: int,
    mark: str,
) -> Entry | None:
    """The row translated; None, with the faults noted, where it cannot be."""
    values = _translate(given, faults, reading)
    preliminary = _decision(given, values, "preliminary", faults)
    conclusive = _decision(given, values, "conclusive", faults)
    if preliminary and conclusive and conclusive[1] < preliminary[1]:
        faults.add("conclusive_on", given["conclusive_on"], _("Earlier than the first decision."))
    if faults.found:
        return None
    return Entry(
        row=faults.row,
        fingerprint=print_of_row,
        occurrence=0 if mark else occurrence,
        mark=mark,
        received_on=values["received_on"],  # type: ignore[arg-type]
        responder_type=values["responder_type"][0],  # type: ignore[index, arg-type]
        first_responder=given["first_responder"],
        exploitation=values["exploitation"],  # type: ignore[arg-type]
        age_at_exploitation=values["age_at_exploitation"][0],  # type: ignore[index, arg-type]
        gender=values["gender"][0],  # type: ignore[index, arg-type]
        nationalities=values["nationalities"],  # type: ignore[arg-type]
        preliminary=preliminary,
        conclusive=conclusive,
    )


class _Faults:
    """Collects what is wrong with one row, under the file's own column names."""

    def __init__(self, row: int, profile: ImportProfile, today: date) -> None:
        self.row, self.profile, self.today = row, profile, today
        self.found: list[Fault] = []

    def add(self, column: str, value: str, reason: str) -> None:
        self.add_ours(self.profile.columns[column], value, reason)

    def add_ours(self, name: str, value: str, reason: str) -> None:
        self.found.append(Fault(self.row, name, value[:LONGEST_SHOWN], reason))

    def add_row(self, reason: str) -> None:
        self.add_ours(_("The whole row"), "", reason)


Values = dict[str, date | tuple[str, ...] | None]


def _translate(given: dict[str, str], faults: _Faults, reading: Reading) -> Values:
    values: Values = {}
    for column in DATES:
        values[column] = _date(column, given[column], faults)
    for column in (*CODED, "preliminary", "conclusive"):
        values[column] = _codes(column, given[column], faults, reading)
    if values["received_on"] is None and not given["received_on"]:
        faults.add("received_on", "", _("The date is missing."))
    name = given["first_responder"]
    if not name:
        faults.add("first_responder", "", _("The organisation is missing."))
    elif len(name) > LONGEST_NAME:
        faults.add("first_responder", name, _("The name is longer than 200 characters."))
    elif not name.isprintable():
        faults.add("first_responder", name, _("The name has signs that cannot be shown."))
    return values


def _date(column: str, text: str, faults: _Faults) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        faults.add(column, text, _("Not a date. Write it as 2023-12-31."))
        return None
    if day > faults.today:
        faults.add(column, text, _("In the future."))
        return None
    if day < EARLIEST:
        faults.add(column, text, _("Too long ago to be right."))
        return None
    return day


def _codes(column: str, label: str, faults: _Faults, reading: Reading) -> tuple[str, ...]:
    if not label:
        if column in CODED:
            faults.add(column, "", _("The value is missing."))
        return ()
    try:
        return faults.profile.codes(column, label)
    except UnknownLabel as unknown:
        reading.unknown[(faults.profile.columns[column], str(unknown)[:LONGEST_SHOWN])] += 1
        faults.add(column, label, _("The profile does not know this label."))
        return ()


def _decision(
    given: dict[str, str], values: Values, stage: str, faults: _Faults
) -> tuple[str, date] | None:
    outcome, on = values[stage], values[f"{stage}_on"]
    if bool(given[stage]) != bool(given[f"{stage}_on"]):
        lacking = f"{stage}_on" if given[stage] else stage
        faults.add(lacking, given[lacking], _("An outcome and its date go together."))
        return None
    if not outcome or not isinstance(on, date):
        return None
    received = values["received_on"]
    if isinstance(received, date) and on < received:
        faults.add(f"{stage}_on", given[f"{stage}_on"], _("Earlier than the referral."))
    return str(outcome[0]), on  # type: ignore[index]


def fingerprint(given: dict[str, str]) -> str:
    """A keyed digest of a row's cells: tells equal rows without keeping what they say."""
    text = "\x1f".join(given[column] for column in COLUMNS)
    key = settings.BLIND_INDEX_KEY.encode()
    return hmac.new(key, b"import|" + text.encode(), hashlib.sha256).hexdigest()[:32]
