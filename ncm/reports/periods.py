"""Quarters of a year, written "2023-Q1"; days are the country's own."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.utils.translation import gettext as _

_WRITTEN = re.compile(r"(\d{4})-Q([1-4])")


class NotAQuarter(ValueError):
    """The text is not a quarter; the message says how one is written."""


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months; `first` and `last` are its first and last day."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Read "2023-Q1". Raises NotAQuarter."""
        found = _WRITTEN.fullmatch(text.strip().upper())
        if not found:
            raise NotAQuarter(
                _("“%(text)s” is not a quarter. Write it as 2023-Q1.") % {"text": text[:20]}
            )
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Quarter":
        """The quarter a day lies in."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        return self.next().first - timedelta(days=1)

    def next(self) -> "Quarter":
        return (
            Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)
        )

    def previous(self) -> "Quarter":
        return (
            Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)
        )

    def has_ended(self, at: datetime, zone: tzinfo) -> bool:
        """Is its last day over at this moment, on the clocks of the zone?"""
        return at.astimezone(zone).date() > self.last

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"
