"""Funds, awards and payments in pages: what is asked, refused in words, and seen by whom."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from funding.forms.amounts import AmountField, CurrencyField
from funding.models import Award, Fund, Payment
from funding.money_choices import AwardState
from tests.funding import money
from tests.support.cast import Cast
from tests.support.queries import at_most

D = Decimal


class TestAnAmount:
    @pytest.mark.parametrize("typed", ["1,250.50", "1250,50", "1 250", "1.250,50", "1'250"])
    def test_that_can_be_read_in_two_ways_is_refused_in_words(self, typed: str) -> None:
        with pytest.raises(Exception, match="can be read in two ways"):
            AmountField().clean(typed)

    @pytest.mark.parametrize("typed", ["1e3", "-5", "NaN", "about 5", "5.123", "9" * 13])
    def test_that_is_none_is_refused(self, typed: str) -> None:
        with pytest.raises(Exception, match="amount|two ways"):
            AmountField().clean(typed)

    @pytest.mark.parametrize(("typed", "meant"), [("1250", "1250.00"), (" 0.5 ", "0.50")])
    def test_is_digits_and_a_point(self, typed: str, meant: str) -> None:
        assert AmountField().clean(typed) == D(meant)

    def test_is_more_than_nothing(self) -> None:
        with pytest.raises(Exception, match="more than nothing"):
            AmountField().clean("0")
        assert AmountField(is_zero_allowed=True).clean("0") == 0

    def test_has_a_currency_that_exists(self) -> None:
        assert CurrencyField().clean("eur") == "EUR"
        for wrong in ("EURO", "E1R", "QQQ"):
            with pytest.raises(Exception):  # noqa: B017, PT011 - which words depend on the slip
                CurrencyField().clean(wrong)


def day(name: str, on: Any) -> dict[str, Any]:
    return {f"{name}_{part}": getattr(on, part) for part in ("day", "month", "year")}


def asked(cast: Cast, fund: Fund, **more: Any) -> dict[str, Any]:
    """A direct award as it is typed."""
    return {
        "client_key": str(uuid4()), "recipient": cast.ngo.pk, "title": "Beds (invented)",
        "purpose": "Six beds.", "kind": "core", "amount": "5000", "currency": "EUR",
        "justification": "Nobody else.", **day("from_on", money.local_day(cast.at)),
        **day("until_on", fund.until_on), **more,
    }  # fmt: skip


@pytest.mark.django_db
class TestADirectAward:
    @pytest.mark.parametrize(
        ("slip", "words"),
        [
            ({"amount": "5,000"}, "can be read in two ways"),
            ({"currency": "USD"}, "The fund is in EUR. An award from it cannot be in USD."),
            ({"amount": "500000"}, "The fund has EUR 100,000.00 left"),
        ],
    )
    def test_typed_wrong_loses_nothing(
        self, cast: Cast, client: Any, slip: dict[str, str], words: str
    ) -> None:
        fund = money.fund(cast)
        client.sign_in(cast.funder)
        page = client.post(
            reverse("funding:fund-act", args=[fund.uuid, "award"]), asked(cast, fund, **slip)
        )
        assert page.status_code == 200
        text = page.content.decode()
        assert words in text
        assert "Nobody else." in text
        assert next(iter(slip.values())) in text
        assert not Award.objects.exists()

    def test_sent_twice_is_one_and_goes_on_to_its_lines(self, cast: Cast, client: Any) -> None:
        fund = money.fund(cast)
        client.sign_in(cast.funder)
        form = asked(cast, fund)
        for _twice in range(2):
            page = client.post(reverse("funding:fund-act", args=[fund.uuid, "award"]), form)
        row = Award.objects.get()
        assert page.headers["Location"] == reverse("funding:award-act", args=[row.uuid, "lines"])


@pytest.mark.django_db
class TestMoney:
    def test_above_what_is_open_is_refused_and_nothing_lost(self, cast: Cast, client: Any) -> None:
        row = money.due(cast)
        client.sign_in(cast.funder)
        page = client.post(
            reverse("funding:instalment-act", args=[row.uuid, "pay"]),
            {"client_key": str(uuid4()), "amount": "5000.01",
             **day("paid_on", money.local_day(cast.at))},
        )  # fmt: skip
        text = page.content.decode()
        assert "EUR 5,000.00 of this instalment is open" in text
        assert "5000.01" in text
        assert not Payment.objects.exists()

    def test_written_by_two_at_once_is_compared(self, cast: Cast, client: Any) -> None:
        row = money.proposed(cast)
        client.sign_in(cast.funder)
        address = reverse("funding:award-act", args=[row.uuid, "lines"])
        for status, amount in ((302, "10000"), (409, "9000")):
            page = client.post(address, {"version": row.version, "staff": amount})
            assert page.status_code == status
        assert "9000.00" in page.content.decode()
        assert row.lines.get().amount == D(10_000)

    def test_late_is_said_to_both_sides(self, cast: Cast, client: Any) -> None:
        from datetime import timedelta

        from funding.services import payments

        started = money.local_day(cast.at) - timedelta(days=33)
        row = money.instalment(cast, money.in_force(cast), due_on=started)
        payments.keep_up(cast.at)
        for who in (cast.funder, cast.ngo_manager):
            client.sign_in(who)
            for address in (row.award.get_absolute_url(),
                            reverse("funding:instalment", args=[row.uuid])):  # fmt: skip
                assert "Late by 3 days" in client.get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestLists:
    @pytest.mark.parametrize("number", [1, 6])
    def test_take_the_same_few_queries(self, cast: Cast, client: Any, number: int) -> None:
        fund = money.fund(cast)
        for _each in range(number):
            row = money.in_force(cast, fund=fund, amount=D(1_000), lines=[("staff", D(1_000))])
            money.instalment(cast, row, D(500))
        client.sign_in(cast.funder)
        lists = (
            (reverse("funding:awards"), 8),
            (reverse("funding:funds"), 8),
            (fund.get_absolute_url(), 10),
            (row.get_absolute_url(), 20),
            (reverse("funding:grants"), 8),
        )
        client.get(lists[0][0])
        for address, most in lists:
            with at_most(most):
                assert client.get(address).status_code == 200

    def test_of_awards_are_narrowed(self, cast: Cast, client: Any) -> None:
        money.in_force(cast)
        client.sign_in(cast.ngo_manager)
        address = reverse("funding:awards")
        said = client.get(address, {"side": "received", "state": AwardState.IN_FORCE, "waits": ""})
        assert "Beds in the north" in said.content.decode()
        said = client.get(address, {"side": "made"})
        assert "No award matches" in said.content.decode()
