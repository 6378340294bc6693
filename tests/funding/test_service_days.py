"""F5: days of services not at full status."""

from datetime import date, timedelta

import pytest

from common.country import local_day
from funding.service_days import Said, counted, service_days
from partners.models import ServiceOffer
from partners.services import offers
from tests.partners import houses
from tests.support.cast import Cast

SINCE, UNTIL = date(2026, 1, 1), date(2026, 1, 31)


def day(number: int) -> date:
    return date(2026, 1, number)


class TestDays:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ([Said(date(2025, 6, 1), True)], (31, 0)),
            ([Said(date(2025, 6, 1), False)], (31, 31)),
            ([Said(date(2025, 6, 1), True), Said(day(11), False)], (31, 21)),
            ([Said(day(11), False, day(15))], (21, 5)),
            ([Said(day(1), False), Said(day(11), True)], (31, 10)),
            ([Said(day(1), False), Said(day(11), False, has_ended=True)], (10, 10)),
            ([Said(day(5), True), Said(day(5), False)], (27, 27)),
            ([], (0, 0)),
        ],
    )
    def test_follow_from_what_was_said(self, said: list[Said], expected: tuple[int, int]) -> None:
        assert counted(said, since=SINCE, until=UNTIL) == expected

    @pytest.mark.django_db
    def test_are_read_from_the_history_of_a_service(self, cast: Cast) -> None:
        """Ten days ago the shelter was entered; for four of them it was shut."""
        offer = houses.shelter(cast)
        for how in ({"operating": "suspended", "operating_reason": "staff"},
                    {"operating": "full", "operating_reason": ""}):  # fmt: skip
            offer = offers.change_offer(
                offer=offer, by=cast.actor(cast.ngo_manager), at=cast.at, version=offer.version,
                **how,
            )  # fmt: skip
        ago = {"suspended": 6, "full": 2}
        lines = list(offer.history.order_by("history_id"))
        shut = next(number for number, row in enumerate(lines) if row.operating == "suspended")
        for number, row in enumerate(lines):
            days = 10 if number < shut else ago[row.operating]
            type(row).objects.filter(pk=row.pk).update(history_date=cast.at - timedelta(days=days))
        rows = ServiceOffer.objects.visible_to(cast.actor(cast.ngo_manager))
        found = service_days(rows, today=local_day(cast.at))
        assert (found.services, found.not_full) == (1, 4)
