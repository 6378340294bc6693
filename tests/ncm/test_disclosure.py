"""No printed report lets anybody work out a small figure, whatever the referrals were."""

import csv
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from common.charts import WITHHELD
from ncm.reports import disclosure
from ncm.reports.disclosure import Margin, NotProtected, protect, protect_pairs, together
from ncm.reports.periods import Quarter
from ncm.reports.published import in_full, protected
from ncm.reports.quarterly import ONE_WAY, Figures
from ncm.reports.quarterly_report import document_of
from tests.ncm.attacker import Attacker, attack

DATA = Path(django_settings.BASE_DIR).parent / "shared" / "data" / "uk_nrm" / "referrals.csv"
QUARTER = Quarter(2023, 1)
TYPES = {"Alpha": "NGO", "Beta": "NGO", "Gamma": "POLICE", "Delta": "POLICE", "Omega": "GOVERNMENT"}
AGES = ("ADULT", "CHILD", "UNKNOWN")
DIMENSIONS = {
    "first_responder": sorted(TYPES),
    "exploitation_type": ["SEXUAL", "SEXUAL+FORCED_LABOUR", "FORCED_LABOUR", "UNKNOWN"],
    "age_at_exploitation": AGES,
    "gender": ["FEMALE", "MALE", "OTHER"],
    "nationality": ["ALB", "UKR", "ALB+UKR", "UNKNOWN"],
}

minimums = st.integers(2, 12)
# Small numbers are where it matters; a few large ones make totals that can be printed.
counts = st.one_of(st.integers(0, 14), st.just(0), st.sampled_from([15, 40, 300]))


@st.composite
def figures(draw: Any) -> Figures:
    """A quarter: a handful of combinations with their numbers, earlier quarters and decisions."""
    codes = st.tuples(*map(st.sampled_from, DIMENSIONS.values()))
    numbers = draw(st.dictionaries(codes, counts, max_size=40))
    lines = [(dict(zip(DIMENSIONS, line, strict=True)), n) for line, n in numbers.items() if n]
    referrals = tuple(
        ({**keys, "first_responder_type": TYPES[keys["first_responder"]]}, number)
        for keys, number in lines
    )
    own: Counter[str] = Counter()
    for keys, number in referrals:
        own[keys["age_at_exploitation"]] += number
    by_age = st.fixed_dictionaries({}, optional=dict.fromkeys(AGES, counts))
    outcomes = st.fixed_dictionaries({"positive": counts, "negative": counts})
    decided = st.fixed_dictionaries({}, optional=dict.fromkeys(AGES, outcomes))
    return Figures(
        quarter=QUARTER,
        referrals=referrals,
        imported=0,
        ages={QUARTER.previous(): draw(by_age), QUARTER: dict(own)},
        decisions={"preliminary": draw(decided), "conclusive": draw(decided)},
    )


def document(found: Figures, minimum: int) -> dict[str, Any]:
    """The report of these figures as JSON."""
    return document_of(protected(found, minimum), datetime(2023, 5, 1, tzinfo=UTC))


def too_narrow(attacker: Attacker, minimum: int) -> dict[Any, Any]:
    return {
        name: (least, most)
        for name, (least, most) in attacker.ranges().items()
        if most is not None and most - least < minimum
    }


class TestTheWholeReport:
    @settings(max_examples=150, deadline=None)
    @given(found=figures(), minimum=minimums)
    def test_leaves_every_withheld_figure_a_range_of_the_minimum(
        self, found: Figures, minimum: int
    ) -> None:
        attacker = attack(document(found, minimum), TYPES)
        assert too_narrow(attacker, minimum) == {}

    @settings(max_examples=150, deadline=None)
    @given(found=figures(), minimum=minimums)
    def test_prints_no_small_figure_and_no_wrong_one(self, found: Figures, minimum: int) -> None:
        for values in _values(protected(found, minimum).tables()):
            assert values == WITHHELD or values == 0 or values >= minimum
        for name, cells in protected(found, minimum).one_way.items():
            true = found.one_way(name)
            for key in cells.keys() & true.keys():
                assert cells[key] in (WITHHELD, true[key])

    @settings(max_examples=50, deadline=None)
    @given(found=figures())
    def test_is_complete_in_full(self, found: Figures) -> None:
        assert WITHHELD not in list(_values(in_full(found).tables()))
        assert in_full(found).total == found.total

    @settings(max_examples=30, deadline=None)
    @given(found=figures(), minimum=minimums)
    def test_is_the_same_whatever_order_the_rows_come_in(
        self, found: Figures, minimum: int
    ) -> None:
        turned = Figures(
            quarter=found.quarter,
            referrals=found.referrals[::-1],
            imported=0,
            ages=found.ages,
            decisions=found.decisions,
        )
        assert protected(found, minimum).tables() == protected(turned, minimum).tables()


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_file(), reason="../shared/data/uk_nrm is not on this machine")
class TestRealFigures:
    """The largest quarter of the United Kingdom's published data, as it stands in the file."""

    def test_withstand_the_attacker(self) -> None:
        found, types = _united_kingdom()
        report = document(found, 10)
        attacker = attack(report, types)
        assert len(attacker.unknown) > 100
        assert too_narrow(attacker, 10) == {}
        printed = [value for value in _values(report["tables"]) if value != WITHHELD]
        assert len(printed) > len(attacker.unknown), "nothing is left to read"


def _united_kingdom() -> tuple[Figures, dict[str, str]]:
    combinations: Counter[tuple[str, ...]] = Counter()
    with DATA.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["received_on"] >= "2023-01-01":
                combinations[tuple(row[name] for name in ONE_WAY)] += 1
    referrals = tuple(
        (dict(zip(ONE_WAY, keys, strict=True)), number)
        for keys, number in sorted(combinations.items())
    )
    types = {keys["first_responder"]: keys["first_responder_type"] for keys, _number in referrals}
    return Figures(QUARTER, referrals, 0, {}, {}), types


class TestTheAttacker:
    """What finds nothing must be able to find something."""

    def test_finds_a_figure_that_a_total_gives_away(self) -> None:
        cells = {("n",): 20, ("a",): 17, ("b",): WITHHELD}
        attacker = Attacker(cells, [(("n",), [("a",), ("b",)])])
        assert attacker.ranges() == {("b",): (Fraction(3), Fraction(3))}

    def test_finds_a_narrow_range_that_needs_two_tables(self) -> None:
        cells = {("r1",): 12, ("r2",): 100, ("c1",): 107, ("c2",): 5}
        pairs = [(r, c) for r in ("r1", "r2") for c in ("c1", "c2")]
        cells |= dict.fromkeys(pairs, WITHHELD)  # type: ignore[arg-type]
        sums = [((r,), [(r, "c1"), (r, "c2")]) for r in ("r1", "r2")]
        sums += [((c,), [("r1", c), ("r2", c)]) for c in ("c1", "c2")]
        found = Attacker(cells, sums).ranges()  # type: ignore[arg-type]
        assert found["r1", "c1"] == (7, 12)

    def test_breaks_a_report_without_secondary_suppression(self) -> None:
        found = Figures(
            quarter=QUARTER,
            referrals=tuple(
                (_keys(age=age, gender=gender), number)
                for age, gender, number in [
                    ("ADULT", "FEMALE", 3),
                    ("ADULT", "MALE", 50),
                    ("CHILD", "FEMALE", 40),
                    ("CHILD", "MALE", 30),
                ]
            ),
            imported=0,
            ages={},
            decisions={},
        )
        assert too_narrow(attack(document(found, 10), TYPES), 10) == {}
        with patch.object(disclosure._Grid, "protect", lambda grid: grid.hidden):
            assert too_narrow(attack(document(found, 10), TYPES), 10)


class TestOneDimension:
    def test_keeps_zeros_and_large_figures(self) -> None:
        assert protect({"a": 0, "b": 25}, 10) == Margin(25, {"a": 0, "b": 25})

    def test_withholds_the_smallest_other_with_a_single_small_figure(self) -> None:
        assert protect({"a": 3, "b": 900, "c": 40}, 10).cells == {
            "a": WITHHELD, "b": 900, "c": WITHHELD,
        }  # fmt: skip

    def test_withholds_a_third_when_two_small_ones_are_too_few_together(self) -> None:
        assert protect({"a": 3, "b": 2, "c": 40, "d": 50}, 10).withheld == {"a", "b", "c"}

    def test_is_content_with_small_ones_that_hide_each_other(self) -> None:
        assert protect({"a": 6, "b": 7, "c": 40}, 10).withheld == {"a", "b"}

    def test_withholds_a_total_below_the_minimum(self) -> None:
        assert protect({"a": 3, "b": 2, "c": 0}, 10) == Margin(
            WITHHELD, {"a": WITHHELD, "b": WITHHELD, "c": 0}
        )

    def test_has_nothing_to_withhold_where_nothing_is(self) -> None:
        assert protect({}, 10) == Margin(0, {})

    def test_takes_the_unknown_last(self) -> None:
        assert together({"a": 3, "UNKNOWN": 11, "b": 12}, 10, last=["UNKNOWN"]) == {"a", "b"}


class TestTwoDimensions:
    def test_hides_a_square_around_one_small_cell(self) -> None:
        pairs = {("a", "x"): 4, ("a", "y"): 96, ("b", "x"): 60, ("b", "y"): 40}
        rows, columns = protect({"a": 100, "b": 100}, 10), protect({"x": 64, "y": 136}, 10)
        assert set(protect_pairs(pairs, rows, columns, 10).values()) == {WITHHELD}

    def test_leaves_a_table_of_large_cells_alone(self) -> None:
        pairs = {("a", "x"): 14, ("a", "y"): 96, ("b", "x"): 0, ("b", "y"): 40}
        rows, columns = protect({"a": 110, "b": 40}, 10), protect({"x": 14, "y": 136}, 10)
        assert protect_pairs(pairs, rows, columns, 10) == pairs

    def test_does_not_divide_what_a_margin_keeps_together(self) -> None:
        pairs = {("a", "x"): 3, ("b", "x"): 50, ("c", "x"): 60, ("c", "y"): 90}
        rows = protect({"a": 3, "b": 50, "c": 150}, 10)
        columns = protect({"x": 113, "y": 90}, 10)
        assert protect_pairs(pairs, rows, columns, 10) == {
            ("a", "x"): WITHHELD, ("b", "x"): WITHHELD, ("c", "x"): 60,
            ("a", "y"): 0, ("b", "y"): 0, ("c", "y"): 90,
        }  # fmt: skip

    def test_refuses_margins_that_were_not_protected(self) -> None:
        pairs = {("a", "x"): 3, ("b", "y"): 40}
        bare = Margin(43, {"a": 3, "b": 40}), Margin(43, {"x": 3, "y": 40})
        with pytest.raises(NotProtected):
            protect_pairs(pairs, *bare, 10)


class TestOrganisations:
    def test_are_put_together_within_their_kind(self) -> None:
        found = _by_responder({"Alpha": 4, "Beta": 30, "Gamma": 50, "Delta": 60})
        assert protected(found, 10).one_way["first_responder"] == {
            "OTHERS+NGO": 34, "Gamma": 50, "Delta": 60,
        }  # fmt: skip

    def test_are_not_printed_where_their_kind_is_withheld(self) -> None:
        found = _by_responder({"Alpha": 4, "Omega": 30, "Gamma": 50})
        assert protected(found, 10).one_way["first_responder"] == {"OTHERS": 34, "Gamma": 50}

    def test_are_among_the_others_when_they_referred_as_two_kinds(self) -> None:
        found = _by_responder({"Alpha": 40, "Gamma": 50, "Delta": 60})
        twice = (({**_keys(), "first_responder": "Gamma", "first_responder_type": "NGO"}, 12),)
        both = Figures(QUARTER, found.referrals + twice, 0, {}, {})
        assert protected(both, 10).one_way["first_responder"] == {
            "Alpha": 40, "OTHERS+NGO": 12, "OTHERS+POLICE": 50, "Delta": 60,
        }  # fmt: skip


def _keys(age: str = "ADULT", gender: str = "FEMALE") -> dict[str, str]:
    return {
        "first_responder": "Alpha",
        "first_responder_type": "NGO",
        "exploitation_type": "SEXUAL",
        "age_at_exploitation": age,
        "gender": gender,
        "nationality": "ALB",
    }


def _by_responder(numbers: dict[str, int]) -> Figures:
    rows = tuple(
        ({**_keys(), "first_responder": name, "first_responder_type": TYPES[name]}, number)
        for name, number in numbers.items()
    )
    return Figures(QUARTER, rows, 0, {}, {})


def _values(tables: Any) -> Any:
    for value in tables.values():
        if isinstance(value, dict):
            yield from _values(value)
        elif value != str(QUARTER):
            yield value
