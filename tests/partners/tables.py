"""Tables of organisations as somebody would upload them; everything in them is invented."""

import csv
import io
from collections.abc import Iterable

HEADER = ("name", "kind", "registration_number", "area", "languages", "capacities", "email")
#: One bad cell in each row, by column.
WRONG = (
    ("kind", "club of some sort"),
    ("area", "Atlantis"),
    ("email", "not an address"),
    ("capacities", "first_responder;flying"),
)


def good(number: int, **more: str) -> dict[str, str]:
    return {
        "name": f"Table Organisation {number:05} (invented)",
        "kind": "cso",
        "registration_number": f"T-{number:05}",
        "area": "XX-N",
        "languages": "en;fr",
        "capacities": "first_responder;service_provider",
        "email": f"office{number}@example.org",
        **more,
    }


def table(rows: Iterable[dict[str, str]], header: Iterable[str] = HEADER) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, tuple(header), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def registry(rows: int, bad: int) -> bytes:
    """A table of `rows` organisations, of which `bad`, spread over it, have a wrong cell each."""
    every = rows // bad
    lines = [good(number) for number in range(rows)]
    for number in range(bad):
        column, value = WRONG[number % len(WRONG)]
        lines[number * every][column] = value
    return table(lines)
