"""A report's context as a file: JSON for machines, CSV and XLSX for spreadsheets, PDF for paper."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.utils.translation import gettext as _

from common.exports import Sheet, to_csv, to_workbook
from common.pdf import render_pdf
from ncm.reports.base import Context, Table

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def to_json(context: Context, _template: str) -> bytes:
    """The figures by code, and the printed tables."""
    return json.dumps(context.document, ensure_ascii=False, indent=1).encode()


def to_csv_file(context: Context, _template: str) -> bytes:
    """One section a table: its title, its head, its rows, and an empty line."""
    sections = [to_csv([f"{context.title} {context.period}"], [])]
    for table in context.tables:
        sections.append(to_csv([table.title], []) + _body(table))
    notes = [[note] for note in _all_notes(context)]
    sections.append(to_csv([_("Notes")], notes))
    plain = [section.replace(BYTE_ORDER_MARK, b"") for section in sections]
    return BYTE_ORDER_MARK + b"\r\n".join(plain)


def _body(table: Table) -> bytes:
    return to_csv(_heads(table), [(row.label, *row.cells) for row in table.lines])


def to_xlsx_file(context: Context, _template: str) -> bytes:
    """One sheet a table, in the order of the report, and the notes on the last."""
    sheets = [
        Sheet(
            f"{number} {table.over}",
            _heads(table),
            [(row.label, *row.cells) for row in table.lines],
        )
        for number, table in enumerate(context.tables, start=1)
    ]
    titles = [f"{number}: {table.title}" for number, table in enumerate(context.tables, start=1)]
    return to_workbook(f"{context.title} {context.period}", sheets, titles + _all_notes(context))


def to_pdf(context: Context, template: str) -> bytes:
    """The report on paper. Raises what `common.pdf.render_pdf` raises."""
    return render_pdf(
        template,
        {
            "report": context,
            "title": context.title,
            "mechanism": context.mechanism,
            "period": context.period,
            "classification": context.classification,
            "generated_at": context.generated_at,
        },
    )


Write = Callable[[Context, str], bytes]
FORMATS: Mapping[str, Write] = MappingProxyType(
    {"json": to_json, "csv": to_csv_file, "xlsx": to_xlsx_file, "pdf": to_pdf}
)
"""How a context is written, by the ending of the file."""


def _heads(table: Table) -> list[str]:
    return [table.over, *(column.label for column in table.columns)]


def _all_notes(context: Context) -> list[str]:
    return [
        *([context.classification] if context.classification else []),
        *([context.withheld] if context.withheld else []),
        *context.footnotes,
        *(f"{each.term}: {each.text}" for each in context.definitions),
    ]
