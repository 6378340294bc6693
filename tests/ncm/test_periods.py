"""Quarters: how they are written, where they begin and end, and when one is over."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncm.reports.periods import NotAQuarter, Quarter


class TestParse:
    @pytest.mark.parametrize("text", ["2023-Q1", "2023-q1", " 2023-Q1 "])
    def test_reads_what_people_write(self, text: str) -> None:
        assert Quarter.parse(text) == Quarter(2023, 1)

    @pytest.mark.parametrize("text", ["", "2023", "2023-Q5", "2023-Q0", "23-Q1", "Q1-2023"])
    def test_says_how_a_quarter_is_written(self, text: str) -> None:
        with pytest.raises(NotAQuarter, match="Write it as 2023-Q1"):
            Quarter.parse(text)


class TestDays:
    @given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
    def test_each_lie_in_one_quarter(self, day: date) -> None:
        quarter = Quarter.of(day)
        assert quarter.first <= day <= quarter.last
        assert quarter.previous().last < day < quarter.next().first
        assert quarter.next().previous() == quarter == Quarter.parse(str(quarter))

    def test_end_with_the_year(self) -> None:
        assert Quarter(2022, 4).last == date(2022, 12, 31)
        assert Quarter(2022, 4).next() == Quarter(2023, 1)


class TestHasEnded:
    BEFORE_MIDNIGHT_UTC = datetime(2023, 6, 30, 22, 30, tzinfo=UTC)

    def test_goes_by_the_clocks_of_the_country(self) -> None:
        quarter = Quarter(2023, 2)
        assert quarter.has_ended(self.BEFORE_MIDNIGHT_UTC, ZoneInfo("Europe/Kyiv"))
        assert not quarter.has_ended(self.BEFORE_MIDNIGHT_UTC, ZoneInfo("Europe/London"))
