"""What is computed of answers, and what is never shown: pure, without a database."""

from decimal import Decimal
from typing import Any

import pytest

from funding import survival_figures
from funding.survival_choices import Bound
from funding.survival_figures import Income, income_figures, needs_figures, share
from funding.survival_questions import BANK, QUOTED, wording

LEAST = 5


def income(state: int, other: int, currency: str = "EUR", **more: int) -> Income:
    amounts = {"state_central": state, "foundation": other, **more}
    return Income(currency, {code: Decimal(amount) for code, amount in amounts.items()})


def by_code(figures: list[Any]) -> dict[str, Any]:
    return {each.code: each for each in figures}


class TestAShare:
    @pytest.mark.parametrize(
        ("yes", "base", "bound", "per_cent"),
        [
            (3, 4, Bound.WITHHELD, None),
            (0, 5, Bound.AT_MOST, 40),
            (2, 5, Bound.AT_MOST, 40),
            (3, 5, Bound.AT_LEAST, 60),
            (5, 5, Bound.AT_LEAST, 60),
            (3, 8, Bound.EXACT, 38),
            (17, 20, Bound.EXACT, 85),
            (18, 20, Bound.AT_LEAST, 90),
        ],
    )
    def test_is_a_bound_where_few_stand_on_one_side(
        self, yes: int, base: int, bound: Bound, per_cent: int | None
    ) -> None:
        figure = share("q", yes, base, least=LEAST, version=1)
        assert (figure.bound, figure.share) == (bound, per_cent)
        assert (figure.base is None) == (bound is Bound.WITHHELD)

    def test_never_tells_one_who_answered_how_all_others_did(self) -> None:
        """Whoever takes their own answer away is left with more than one possibility."""
        for base in range(LEAST, 12):
            for yes in range(base + 1):
                figure = share("q", yes, base, least=LEAST, version=1)
                alike = [
                    other for other in range(base + 1)
                    if share("q", other, base, least=LEAST, version=1) == figure
                ]  # fmt: skip
                for own in (0, 1):
                    others = {count - own for count in alike if 0 <= count - own <= base - 1}
                    assert not others <= {0}, (yes, base)
                    assert not others <= {base - 1}, (yes, base)


class TestQuestions:
    def test_have_each_a_base_of_their_own(self) -> None:
        """F2, F3 and F4: nobody is asked one because of what they answered to another."""
        answers = [{"additional": "yes", "within_12": "no"}] * 4
        answers += [{"additional": "no", "within_12": "yes"}] * 4
        answers += [{"within_12": "yes", "fully_operational": "no"}] * 3
        answers += [{"fully_operational": "yes"}] * 3
        asked = [wording(code, 1) for code in ("additional", "within_12", "fully_operational")]
        found = by_code(needs_figures(asked, answers, least=LEAST))
        assert (found["additional"].share, found["additional"].base) == (50, 8)
        assert (found["within_12"].share, found["within_12"].base) == (64, 11)
        assert (found["fully_operational"].share, found["fully_operational"].base) == (50, 6)

    def test_keep_the_wording_of_a_version_for_ever(self) -> None:
        """A changed wording is a new version: this list grows, no line of it changes."""
        asked = {(q.code, q.version): str(q.words)[:34] for q in BANK if q.indicator}
        assert asked == {
            ("additional", 1): "Do you need more money than you ha",
            ("within_12", 1): "In the next 12 months, will you ne",
            ("fully_operational", 1): "Could you keep all your services f",
        }
        assert len({(q.code, q.version) for q in BANK}) == len(BANK)

    def test_that_others_asked_are_quoted_and_not_computed_with(self) -> None:
        assert [each.figure for each in QUOTED] == ["< 38 %", "77 %", "87 %", "24 %"]
        assert "Quoted" not in vars(survival_figures)
        assert "QUOTED" not in vars(survival_figures)


class TestIncome:
    ROWS = (income(90, 10), income(10, 90), income(20, 80), income(0, 100), income(0, 1000))

    def test_has_a_mean_and_a_pooled_share_that_differ(self) -> None:
        found = by_code(income_figures(self.ROWS, least=LEAST))
        assert (found["government_mean"].share, found["government_mean"].base) == (24, 5)
        assert (found["government_pooled"].share, found["government_pooled"].base) == (9, 5)

    def test_is_not_shown_of_four(self) -> None:
        found = income_figures(self.ROWS[:4], least=LEAST)
        assert {each.bound for each in found} == {Bound.WITHHELD}

    def test_pools_one_currency_and_says_of_how_many(self) -> None:
        other = [income(50, 50, "USD"), income(100, 1, "USD")]
        found = by_code(income_figures([*self.ROWS, *other], least=LEAST))
        assert found["government_mean"].base == 7
        assert (found["government_pooled"].share, found["government_pooled"].base) == (9, 5)

    def test_is_withheld_where_one_makes_up_most_of_the_sum(self) -> None:
        rows = [*self.ROWS, income(90_000, 10_000)]
        found = by_code(income_figures(rows, least=LEAST))
        assert found["government_pooled"].bound is Bound.ONE_RULES
        assert found["government_mean"].bound is Bound.EXACT

    def test_is_withheld_where_two_have_public_money(self) -> None:
        rows = [income(0, 10)] * 4 + [income(5, 5)] * 2
        assert {each.bound for each in income_figures(rows, least=LEAST)} == {Bound.FEW}

    def test_puts_small_sources_together(self) -> None:
        """A source of one organisation would be its own figure, divided by a known number."""
        rows = [income(50, 50), income(40, 60), income(10, 90), income(5, 95),
                income(50, 0, eu=50), income(0, 0, own=10)]  # fmt: skip
        found = by_code(income_figures(rows, least=LEAST))
        assert set(found) == {"government_mean", "government_pooled", "source_together"}
        assert found["government_mean"].share + found["source_together"].share == 100
