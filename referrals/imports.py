"""Reading a file of history row by row, with every fault named; nothing is written here."""

import csv
import hashlib
import hmac
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

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
    """One good row, translated. `key` makes importing it again add nothing."""

    row: int
    key: str
    received_on: date
    responder_type: str
    first_responder: str
    exploitation: tuple[str, ...]
    age_at_exploitation: str
    gender: str
    nationalities: tuple[str, ...]
    preliminary: tuple[str, date] | None
    conclusive: tuple[str, date] | None


@dataclass
class Reading:
    """A whole file, read: good rows, faults, and the labels nobody knew with how often."""

    digest: str
    header: list[str]
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rejected: list[list[str]] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: int = 0

    @property
    def bad_rows(self) -> int:
        return len(self.rejected)


def read_file(content: bytes, profile: ImportProfile) -> Reading:
    """Read a CSV of history by a profile. Raises NotATable; a bad row becomes faults."""
    lines = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        places = _places(header, profile)
        reading = Reading(hashlib.sha256(content).hexdigest(), header)
        seen: Counter[str] = Counter()
        for row, cells in _rows(lines):
            reading.rows += 1
            _read_row(row, cells, places, profile, reading, seen)
    except csv.Error as error:
        raise NotATable(
            _("This is not a CSV file: line %(line)d cannot be read (%(error)s).")
            % {"line": lines.line_num, "error": error}
        ) from None
    return reading


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotATable(
            _("This is not a CSV file in UTF-8. Save the table as “CSV UTF-8” and try again.")
        ) from None
    if "\0" in text:
        raise NotATable(_("This is not a CSV file: it contains binary data."))
    return text


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
    return {ours: header.index(theirs) for ours, theirs in profile.columns.items()}


def _read_row(
    row: int,
    cells: list[str],
    places: dict[str, int],
    profile: ImportProfile,
    reading: Reading,
    seen: Counter[str],
) -> None:
    given = {
        ours: cells[place].strip() if place < len(cells) else "" for ours, place in places.items()
    }
    # Counted for every row, good or bad, so that mending a row does not move the others' keys.
    print_of_row = fingerprint(given)
    seen[print_of_row] += 1
    faults = _Faults(row, profile)
    values = _translate(given, profile, faults, reading)
    preliminary = _decision(given, values, "preliminary", faults)
    conclusive = _decision(given, values, "conclusive", faults)
    if preliminary and conclusive and conclusive[1] < preliminary[1]:
        faults.add("conclusive_on", given["conclusive_on"], _("Earlier than the first decision."))
    if faults.found:
        reading.faults += faults.found
        reading.rejected.append(cells)
        return
    reading.entries.append(
        Entry(
            row=row,
            key=f"{profile.name}:{print_of_row}:{seen[print_of_row]}",
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
    )


class _Faults:
    """Collects what is wrong with one row, under the file's own column names."""

    def __init__(self, row: int, profile: ImportProfile) -> None:
        self.row, self.profile = row, profile
        self.found: list[Fault] = []

    def add(self, column: str, value: str, reason: str) -> None:
        self.found.append(Fault(self.row, self.profile.columns[column], value[:80], reason))


Values = dict[str, date | tuple[str, ...] | None]


def _translate(
    given: dict[str, str], profile: ImportProfile, faults: _Faults, reading: Reading
) -> Values:
    values: Values = {}
    for column in DATES:
        values[column] = _date(column, given[column], faults)
    for column in (*CODED, "preliminary", "conclusive"):
        values[column] = _codes(column, given[column], profile, faults, reading)
    if values["received_on"] is None and not given["received_on"]:
        faults.add("received_on", "", _("The date is missing."))
    name = given["first_responder"]
    if not name:
        faults.add("first_responder", "", _("The organisation is missing."))
    elif len(name) > LONGEST_NAME:
        faults.add("first_responder", name, _("The name is longer than 200 characters."))
    return values


def _date(column: str, text: str, faults: _Faults) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.add(column, text, _("Not a date. Write it as 2023-12-31."))
        return None


def _codes(
    column: str, label: str, profile: ImportProfile, faults: _Faults, reading: Reading
) -> tuple[str, ...]:
    if not label:
        if column in CODED:
            faults.add(column, "", _("The value is missing."))
        return ()
    try:
        return profile.codes(column, label)
    except UnknownLabel:
        reading.unknown[(profile.columns[column], label)] += 1
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
    return hmac.new(key, b"import|" + text.encode(), hashlib.sha256).hexdigest()[:40]
