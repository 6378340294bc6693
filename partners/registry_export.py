"""The registry as a file: what a filter shows, of organisations and never of people.

Left out on purpose: points of contact, postal addresses (a list of them travels), what was said in
the application, and everything that another member may not see.
"""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from common.exports import Row, to_csv, to_json, to_xlsx
from partners.models import Organisation

#: Column → heading. The headings are codes, so that a file comes in again in any language.
COLUMNS: Final = (
    "reference",
    "name",
    "short_name",
    "kind",
    "cso_class",
    "level",
    "registration_number",
    "area",
    "languages",
    "capacities",
    "email",
    "phone",
    "website",
    "description",
    "state",
    "member_since",
    "confirmed_on",
)
#: Rows of a file written while one waits; a sheet takes ten times as long to write as text.
MOST: Final = {"csv": 50_000, "json": 50_000, "xlsx": 5_000}
NAME = "registry"


def rows_of(organisations: Iterable[Organisation]) -> list[Row]:
    """One row each; codes rather than words, several in one cell separated by semicolons."""
    return [
        (
            each.uuid,
            each.name,
            each.short_name,
            each.kind,
            each.cso_class,
            each.level,
            each.registration_number,
            each.area.code if each.area else "",
            ";".join(each.languages),
            ";".join(each.held_capacities()),
            each.email,
            each.phone,
            each.website,
            each.description,
            each.state,
            each.member_at.date() if each.member_at else None,
            each.verified_on,
        )
        for each in organisations
    ]


def write(ending: str, organisations: Iterable[Organisation]) -> bytes:
    """The file in one of the formats of `MOST`. Raises KeyError for another."""
    rows = rows_of(organisations)
    match ending:
        case "csv":
            return to_csv(COLUMNS, rows)
        case "json":
            return to_json(COLUMNS, rows)
        case "xlsx":
            return to_xlsx(_("Registry"), COLUMNS, rows)
        case _other:
            raise KeyError(ending)
