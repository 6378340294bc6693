"""Hours of a point of contact, on the country's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from partners import hours

KYIV = ZoneInfo("Europe/Kyiv")
OFFICE = [{"days": [0, 1, 2, 3, 4], "from": "08:00", "until": "16:00"}]
NIGHTS = [{"days": [4], "from": "22:00", "until": "06:00"}]


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """In the week whose Monday is 2 March 2026: Kyiv is two hours ahead."""
    return datetime(2026, 3, 2 + day, hour, minute, tzinfo=UTC)


class TestIsOpen:
    @pytest.mark.parametrize(
        ("week", "at", "answer"),
        [
            (OFFICE, utc(0, 6), True),
            (OFFICE, utc(0, 5, 59), False),
            (OFFICE, utc(0, 14), False),
            (OFFICE, utc(5, 8), False),
            (NIGHTS, utc(4, 20), True),
            (NIGHTS, utc(5, 3), True),
            (NIGHTS, utc(4, 3), False),
            (NIGHTS, utc(5, 20), False),
            (hours.ALWAYS, utc(6, 23), True),
            ([], utc(0, 8), None),
        ],
    )
    def test_goes_by_the_countrys_clock_and_over_midnight(self, week, at, answer) -> None:
        assert hours.is_open(week, at, KYIV) is answer


class TestInWords:
    def test_is_one_line_a_block(self) -> None:
        assert hours.in_words([*OFFICE, *NIGHTS]) == ["Mon–Fri 08:00–16:00", "Fri 22:00–06:00"]
        assert hours.in_words(hours.ALWAYS) == ["Day and night"]
        assert hours.in_words([]) == []


class TestCheck:
    def test_takes_what_it_made(self) -> None:
        hours.check(hours.ALWAYS)
        hours.check([*OFFICE, *NIGHTS])

    @pytest.mark.parametrize(
        "week",
        [
            "always",
            [{"days": [0]}],
            [{"days": [], "from": "08:00", "until": "09:00"}],
            [{"days": [7], "from": "08:00", "until": "09:00"}],
            [{"days": [0], "from": "8", "until": "noon"}],
            [OFFICE[0]] * 3,
        ],
    )
    def test_refuses_anything_else(self, week) -> None:
        with pytest.raises(ValidationError):
            hours.check(week)
