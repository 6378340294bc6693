"""Waits in the report for a body: nobody is found by taking one printed figure from another."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.charts import WITHHELD
from common.country import current, local_day
from ncm.models import Body
from ncm.reports.hand_overs import COLUMNS, TO_FIRST, TO_LAST, Found, printed
from ncm.reports.periods import Quarter
from ncm.reports.quarterly_report import QuarterlyReport
from ncm.reports.task_force import TaskForceReport
from partners.models import Area
from referrals.choices import Basis, Origin, State
from referrals.models import Decision, ImportBatch, Referral
from tests.ncm.attacker import Attacker
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

Refer = Callable[..., list[Referral]]


def place(code: str, level: str = "region", parent: str = "XX") -> Area:
    return Area.objects.create(
        code=code, name=code, level=level, parent=Area.objects.get(code=parent)
    )


def quarter(cast: Cast, back: int = 1) -> Quarter:
    """The last quarter that has ended, or one before it."""
    found = Quarter.of(local_day(cast.at))
    for _n in range(back):
        found = found.previous()
    return found


@pytest.fixture
def refer(cast: Cast) -> Refer:
    """Referrals received in a quarter that has ended, decided after so many days."""
    made = iter(range(100_000))
    batch = ImportBatch.objects.create(
        profile="test", file_digest="0", rows_read=1, rows_added=1, rows_known=0, rows_refused=0,
        imported_at=cast.at,
    )  # fmt: skip

    def go(
        number: int, region: Area | None = None, *, after: tuple[int, ...] = (), back: int = 2
    ) -> list[Referral]:
        on = quarter(cast, back).first
        rows = [
            Referral(
                basis=Basis.IMPORTED, origin=Origin.HISTORICAL, batch=batch, state=State.SUBMITTED,
                first_responder=cast.ngo, responder_type="NGO", age_at_exploitation="ADULT",
                gender="FEMALE", region=region, created_at=cast.at, received_on=on,
                received_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
                reference=f"W-{(key := next(made))}", import_key=f"test:{key}",
            )
            for _each in range(number)
        ]  # fmt: skip
        for row in Referral.objects.bulk_create(rows):
            for stage, days in zip(("preliminary", "conclusive"), after, strict=False):
                decide(row, stage, on + timedelta(days=days))
        return rows

    return go


def decide(row: Referral, stage: str, on: date) -> None:
    Decision.objects.create(referral=row, stage=stage, outcome="positive", decided_on=on)


def waits(cast: Cast, area: Area | None, code: str = "BDY") -> dict[str, tuple[Any, ...]]:
    """The table as it is printed for a body of this area."""
    body, _made = Body.objects.get_or_create(code=code, defaults={"name": code, "area": area})
    context = TaskForceReport(body, local_day(cast.at)).context(at=cast.at)
    return {row.key: row.cells for each in context.tables if each.key == "delays"
            for row in each.rows}  # fmt: skip


class TestTwoReportsOfTwoDays:
    def test_do_not_tell_what_was_decided_in_between(self, cast: Cast, refer: Refer) -> None:
        area = place("N")
        waiting = refer(30, area)
        refer(30, area, after=(3,))
        first = waits(cast, area)
        assert first["to_first"][0] == 60
        decide(waiting[0], "preliminary", local_day(cast.at))
        assert waits(cast, area) == first


class TestReportsOfTwoBodies:
    def test_do_not_tell_by_what_is_left_of_the_country(self, cast: Cast, refer: Refer) -> None:
        north, south, east = place("N"), place("S"), place("E")
        refer(30, north, after=(3,))
        refer(20, south, after=(3,))
        refer(2, east, after=(3,))
        whole = waits(cast, None, "ALL")["to_first"][0]
        parts = [waits(cast, each, each.code)["to_first"][0] for each in (north, south, east)]
        assert whole == 52
        assert parts == [30, WITHHELD, WITHHELD]

    def test_do_not_tell_by_a_place_inside_a_region(self, cast: Cast, refer: Refer) -> None:
        north = place("N")
        town, other = place("N1", "district", "N"), place("N2", "district", "N")
        refer(30, town, after=(3,))
        refer(2, other, after=(3,))
        region, inner = (waits(cast, each, each.code)["to_first"] for each in (north, town))
        assert region[0] == 32
        assert inner == region

    def test_do_not_tell_a_band_by_what_is_left(self, cast: Cast, refer: Refer) -> None:
        north, south = place("N"), place("S")
        refer(30, north, after=(3,))
        refer(30, north, after=(40,))
        refer(30, south, after=(3,))
        refer(2, south, after=(40,))
        whole, one, two = (
            waits(cast, each, code)["to_first"]
            for each, code in ((None, "ALL"), (north, "N"), (south, "S"))
        )
        assert whole[:4] == (92, 60, 0, 32)
        assert one[:4] == (60, WITHHELD, 0, WITHHELD)
        assert two[:4] == (32, WITHHELD, 0, WITHHELD)


class TestTheSameYear:
    def test_does_not_give_away_a_quarter_that_was_withheld(self, cast: Cast, refer: Refer) -> None:
        area = place("N")
        for back, number in ((1, 20), (2, 20), (3, 20), (4, 2)):
            refer(number, area, back=back)
        told = QuarterlyReport(quarter(cast, 4)).context(at=cast.at).document
        assert told["tables"]["referrals_total"] == WITHHELD
        assert waits(cast, None, "ALL")["to_first"][0] == WITHHELD
        assert waits(cast, area)["to_first"][0] == WITHHELD


class TestTheTwoHandOvers:
    def test_do_not_tell_how_few_had_one_decision_only(self, cast: Cast, refer: Refer) -> None:
        area = place("N")
        refer(30, area, after=(3, 20))
        refer(2, area, after=(3,))
        found = waits(cast, area)
        assert found["to_first"][:2] == (32, 32)
        # All that were decided once, and how few of them not yet again, is not left to be reckoned.
        assert found["to_last"] == (32, 0, WITHHELD, 0, 0, WITHHELD)

    def test_withhold_the_second_where_it_gives_away_who_waits_for_the_first(
        self, cast: Cast, refer: Refer
    ) -> None:
        area = place("N")
        refer(30, area, after=(3, 20))
        refer(2, area)
        found = waits(cast, area)
        assert found["to_first"] == (32, WITHHELD, 0, 0, 0, WITHHELD)
        assert found["to_last"] == (WITHHELD,) * 6

    def test_are_printed_where_there_are_many(self, cast: Cast, refer: Refer) -> None:
        area = place("N")
        refer(30, area, after=(3, 20))
        refer(20, area, after=(3,))
        refer(15, area)
        assert current().minimum_cell == 10
        found = waits(cast, area)
        assert found["to_first"] == (65, 50, 0, 0, 0, 15)
        assert found["to_last"] == (50, 0, 30, 0, 0, 20)


REGIONS = ("XX/E/", "XX/N/", "XX/S/", "XX/W/")
NUMBERS = st.sampled_from((0, 0, 0, 1, 2, 4, 9, 10, 11, 15, 30))
PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(("", *REGIONS)), st.sampled_from(COLUMNS)), NUMBERS, max_size=25
)


class TestAgainstWhoHasTheReportsOfAllBodies:
    """With the country's and every region's at hand, and the knowledge of what makes up what."""

    @given(first=PAIRS, seed=st.randoms(use_true_random=False))
    @settings(max_examples=150, deadline=None)
    def test_nobody_narrows_a_withheld_figure(self, first: dict[Any, int], seed: Any) -> None:
        found = Found(Counter(first), split(first, seed), Counter({"2025-Q1": 10}))
        cells: dict[Any, Any] = {}
        true: dict[Any, int] = {}
        sums: list[Any] = []
        for table, counts in ((TO_FIRST, found.to_first), (TO_LAST, found.to_last)):
            for region in ("", *REGIONS, "elsewhere"):
                is_printed = region != "elsewhere"
                line = printed(found, region, 10)[table] if is_printed else None
                inside = {"": ("", *REGIONS), "elsewhere": ("",)}.get(region, (region,))
                for name in COLUMNS:
                    true[table, region, name] = sum(counts[each, name] for each in inside)
                    cells[table, region, name] = line.cells.get(name, 0) if line else WITHHELD
                whole = (table, region, "TOTAL")
                parts = [(table, region, name) for name in COLUMNS]
                true[whole] = sum(true[each] for each in parts)
                cells[whole] = line.total if line else WITHHELD
                sums.append((whole, parts))
            for name in (*COLUMNS, "TOTAL"):
                below = [(table, region, name) for region in (*REGIONS, "elsewhere")]
                sums.append(((table, "", name), below))
        for region in ("", *REGIONS, "elsewhere"):
            decided = [(TO_FIRST, region, "none"), (TO_LAST, region, "TOTAL")]
            sums.append(((TO_FIRST, region, "TOTAL"), decided))
        for name, value in cells.items():
            assert value in (true[name], WITHHELD)
            assert value == WITHHELD or value == 0 or value >= 10, (name, value)
        for name, (least, most) in Attacker(cells, sums).ranges().items():
            is_wide = most is None or most - least >= 10
            # What stands nowhere may be known to be nothing, or many.
            free = name[1] == "elsewhere" and (true[name] == 0 or true[name] >= 10)
            assert is_wide or free, (name, least, most, true[name])


def split(first: dict[Any, int], seed: Any) -> Counter[Any]:
    """Some second hand-over of those whose first is over."""
    made: Counter[Any] = Counter()
    for (region, name), number in first.items():
        for _each in range(number if name != "none" else 0):
            made[region, seed.choice(("none", "none", "within_5", "within_30", "over_90"))] += 1
    return made
