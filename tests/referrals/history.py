"""Small tables of history as the UK publication writes them; every row invented."""

import csv
import io
from datetime import date

from referrals.import_profile import load_profile
from referrals.imports import Reading, read_file

TODAY = date(2024, 5, 1)
HEADER = [
    "received_on", "first_responder_type", "first_responder", "exploitation_type",
    "age_at_exploitation", "gender", "nationality", "reasonable_grounds",
    "reasonable_grounds_on", "conclusive_grounds", "conclusive_grounds_on",
]  # fmt: skip
GOOD = {
    "received_on": "2022-04-01",
    "first_responder_type": "Police",
    "first_responder": "Invented Constabulary",
    "exploitation_type": "Sexual & Labour",
    "age_at_exploitation": "Adult (18 or over)",
    "gender": "Female",
    "nationality": "Albanian Greek",
    "reasonable_grounds": "positive",
    "reasonable_grounds_on": "2022-04-05",
    "conclusive_grounds": "negative",
    "conclusive_grounds_on": "2023-01-09",
}


def row(**changes: str) -> list[str]:
    """A good row with these cells changed."""
    return list({**GOOD, **changes}.values())


def table(*rows: list[str], header: list[str] | None = None, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header or HEADER, *rows])
    return text.getvalue().encode()


def reading(*rows: list[str]) -> Reading:
    return read(table(*rows))


def read(content: bytes) -> Reading:
    return read_file(content, load_profile("uk_nrm"), today=TODAY)
