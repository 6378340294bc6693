"""What a report is: parameters → rows → context → template, every format from the context.

Here are the shapes; a report says what stands in them, `ncm/reports/formats.py` how it is written.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.utils import formats
from django.utils.translation import gettext as _

from common.charts import WITHHELD, Chart
from ncm.reports.disclosure import Value

TOTAL = "TOTAL"
"""The key of a total row or column."""
REST = "REST"
"""The key of the row that stands for those a short table leaves out."""


@dataclass(frozen=True)
class Row:
    """One line of a table: the code it is kept under, what it is called, and its figures."""

    key: str
    label: str
    cells: tuple[Value, ...]

    @property
    def is_total(self) -> bool:
        return self.key == TOTAL

    @property
    def shown(self) -> list[str]:
        return [written(cell) for cell in self.cells]


@dataclass(frozen=True)
class Column:
    """A column of figures, or of words: the code it is kept under and what it is called."""

    key: str
    label: str
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """Figures under a heading. `over` says what the rows are; `total` stands before them.

    `is_long` keeps the table out of print: a listing belongs in a spreadsheet.
    """

    key: str
    title: str
    over: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    note: str = ""
    is_long: bool = False

    @property
    def lines(self) -> tuple[Row, ...]:
        """The total, then the rows."""
        return ((self.total,) if self.total else ()) + self.rows

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The columns as `components/table.html` takes them."""
        return [{"label": self.over}] + [
            {"label": column.label, "is_number": column.is_number} for column in self.columns
        ]

    def short(self, most: int) -> "Table":
        """The first rows; what follows is added up in one row where every figure is printed."""
        if len(self.rows) <= most:
            return self
        kept, left = self.rows[: most - 1], self.rows[most - 1 :]
        rest = Row(
            REST,
            _("%(number)s further, together") % {"number": len(left)},
            tuple(_sum([row.cells[place] for row in left]) for place in range(len(self.columns))),
        )
        note = _("The rows put together are in the CSV and XLSX files.")
        return replace(self, rows=(*kept, rest), note=f"{self.note} {note}".strip())


def _sum(values: list[Value]) -> Value:
    numbers = [value for value in values if isinstance(value, int)]
    return sum(numbers) if len(numbers) == len(values) else WITHHELD


def written(value: Value) -> str:
    """A figure as the active language writes it."""
    if isinstance(value, str):
        return value
    return formats.number_format(value, force_grouping=True)


@dataclass(frozen=True)
class Headline:
    """One figure for the top of the report, as text, and what it is."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Definition:
    """What a word of the report means."""

    term: str
    text: str


@dataclass(frozen=True)
class Context:
    """Everything a reader gets to see, in the language that was active; formats add nothing to it.

    `document` is what a machine reads: the figures by code.
    """

    name: str
    title: str
    mechanism: str
    period: str
    classification: str
    generated_at: datetime
    addressee: str
    headlines: tuple[Headline, ...]
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    definitions: tuple[Definition, ...]
    withheld: str
    """What "c" means, where one is printed; else empty."""
    footnotes: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def in_print(self) -> list[Table]:
        """The tables for paper, cut to a length that is read.

        Those of one column come first, by length, since two of them stand side by side.
        """
        printed = [table.short(MOST_ROWS_IN_PRINT) for table in self.tables if not table.is_long]
        return sorted(printed, key=lambda t: len(t.rows) if len(t.columns) == 1 else sys.maxsize)

    @property
    def not_in_print(self) -> list[Table]:
        return [table for table in self.tables if table.is_long]


MOST_ROWS_IN_PRINT = 15


class Report(Protocol):
    """A report with its parameters; the same parameters and data give the same context."""

    print_template: str
    """The template of the PDF, given `report` (Context) and what `base_print.html` asks for."""

    def context(self, *, at: datetime) -> Context: ...
