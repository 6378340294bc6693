"""Awards: proposing, the second person, paying, changing, cancelling; the sums that are kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.workflow import NotAllowed, NotPossible
from deadlines.models import Deadline
from funding.checks import check_fund_officers
from funding.models import Award, BudgetLine, Fund, Instalment, Payment
from funding.money_choices import AwardState, ChangeState, InstalmentState, LineKind, SourceClass
from funding.money_workflow import AWARD, CHANGE, EVENTS, INSTALMENT
from funding.services import awards, changes, payments
from partners.deed_choices import ClauseKind, ClauseStatus
from partners.deed_workflow import AGREEMENT
from partners.services import agreements
from tests.funding import money
from tests.partners import deeds
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
D = Decimal
S = AwardState


def sees(cast: Cast, name: str, row: Award) -> bool:
    actor = cast.actor(getattr(cast, name))
    return Award.objects.visible_to(actor).filter(pk=row.pk).exists()


class TestTheTables:
    def test_reach_every_state(self) -> None:
        AWARD.assert_complete(AwardState.values)
        INSTALMENT.assert_complete(InstalmentState.values)
        CHANGE.assert_complete(ChangeState.values)

    def test_have_an_event_for_every_act(self) -> None:
        assert set(EVENTS) == {each.name for each in AWARD.transitions}


class TestTheLines:
    def test_cover_what_funders_used_to_leave_out(self) -> None:
        assert {
            LineKind.STAFF, LineKind.OVERHEAD, LineKind.ICT, LineKind.PPE_TESTING,
            LineKind.QUARANTINE, LineKind.SHELTER, LineKind.ECONOMIC_EMPOWERMENT,
            LineKind.NETWORKING, LineKind.LEGAL_AID, LineKind.TRAINING, LineKind.PREVENTION,
        } == set(LineKind)  # fmt: skip


class TestLongTerm:
    @pytest.mark.parametrize(
        ("begins", "ends", "is_long"),
        [
            (date(2026, 1, 15), date(2028, 1, 14), True),
            (date(2026, 1, 15), date(2028, 1, 13), False),
            (date(2024, 2, 29), date(2026, 2, 27), True),
        ],
    )
    def test_is_computed_from_24_months(self, begins: date, ends: date, is_long: bool) -> None:
        assert Award(from_on=begins, until_on=ends).is_long_term is is_long


class TestADirectAward:
    def test_takes_two_people(self, cast: Cast) -> None:
        row = money.awaiting(cast)
        with pytest.raises(NotPossible, match="You proposed it"):
            AWARD.apply(row, "approve", by=cast.actor(cast.funder), at=cast.at)
        second = cast.actor(money.second_officer(cast))
        done = AWARD.apply(row, "approve", by=second, at=cast.at)
        assert (done.state, done.award_on) == (S.IN_FORCE, money.local_day(cast.at))
        assert Fund.objects.get(pk=row.fund_id).published_at == cast.at

    def test_takes_two_people_in_the_database_too(self, cast: Cast) -> None:
        row = money.in_force(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            Award.objects.filter(pk=row.pk).update(in_force_by=row.proposed_by)

    def test_is_not_put_in_force_as_if_after_a_call(self, cast: Cast) -> None:
        row = money.proposed(cast)
        with pytest.raises(NotPossible, match="second person"):
            awards.put_in_force(award=row, by=cast.actor(cast.funder), at=cast.at)

    def test_is_not_sent_before_its_lines_make_its_amount(self, cast: Cast) -> None:
        row = money.proposed(cast, lines=[(LineKind.STAFF, D(6_000))])
        with pytest.raises(NotPossible, match="The lines come to EUR 6,000.00"):
            AWARD.apply(row, "send", by=cast.actor(cast.funder), at=cast.at)

    def test_refused_gives_its_money_back(self, cast: Cast) -> None:
        row = money.awaiting(cast)
        assert Fund.objects.get(pk=row.fund_id).left == D(90_000)
        by = cast.actor(money.second_officer(cast))
        AWARD.apply(row, "refuse", by=by, at=cast.at, comment="Open a call.")
        assert Fund.objects.get(pk=row.fund_id).left == D(100_000)


class TestAnAwardAfterACall:
    def test_is_put_in_force_by_one(self, cast: Cast) -> None:
        key = uuid4()
        how: dict[str, Any] = {"is_direct": False, "justification": "", "application_uuid": key}
        row = money.proposed(cast, fund=money.fund(cast), **how)
        assert money.proposed(cast, fund=row.fund, **how) == row  # once for one application
        done = awards.put_in_force(award=row, by=cast.actor(cast.funder), at=cast.at)
        assert done.state == S.IN_FORCE


class TestNobodyAnswers:
    def test_moves_up_to_the_co_ordination_once(self, cast: Cast) -> None:
        award = money.awaiting(cast)
        due = Deadline.objects.get(kind="award_second_person", subject_uuid=award.uuid).due_at
        assert awards.keep_up(due) == 0
        assert not sees(cast, "co_ordinator", award)
        assert awards.keep_up(due + timedelta(seconds=1)) == 1
        assert sees(cast, "co_ordinator", award)
        assert awards.keep_up(due + timedelta(minutes=1)) == 0


class TestAProposal:
    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"currency": "USD"}, "The fund is in EUR. An award from it cannot be in USD"),
            ({"amount": D(200_000)}, "The fund has EUR 100,000.00 left"),
            ({"amount": D(0)}, "more than nothing"),
        ],
    )
    def test_is_refused_with_the_reason(self, cast: Cast, more: dict[str, Any], words: str) -> None:
        with pytest.raises(NotPossible, match=words):
            money.proposed(cast, **more)
        assert not Award.objects.exists()

    def test_has_no_overhead_where_the_fund_pays_none(self, cast: Cast) -> None:
        kept = money.fund(cast, allows_overhead=False)
        with pytest.raises(NotPossible, match="does not pay overhead"):
            money.proposed(cast, fund=kept, lines=[(LineKind.OVERHEAD, D(10_000))])

    def test_is_made_by_the_fund_alone(self, cast: Cast) -> None:
        kept = money.fund(cast)
        row = money.proposed(cast, fund=kept)
        assert not sees(cast, "ngo_manager", row)
        assert not sees(cast, "co_ordinator", row)
        assert sees(cast, "funder", row)
        with pytest.raises(NotAllowed):
            AWARD.apply(row, "send", by=cast.actor(cast.ngo_manager), at=cast.at)


class TestSight:
    def test_of_an_award_in_force(self, cast: Cast) -> None:
        row = money.in_force(cast)
        seen = {
            name
            for name in (
                "funder", "ngo_manager", "ngo_caseworker", "other_manager", "co_ordinator",
                "rapporteur", "officer",
            )
            if sees(cast, name, row)
        }  # fmt: skip
        assert seen == {"funder", "ngo_manager", "co_ordinator"}


class TestPaying:
    def test_ends_an_instalment_once_all_of_it_is_paid(self, cast: Cast) -> None:
        row = money.due(cast)
        money.pay(cast, row, D(2_000))
        assert Instalment.objects.get(pk=row.pk).state == InstalmentState.DUE
        money.pay(cast, row, D(3_000))
        row = Instalment.objects.get(pk=row.pk)
        assert (row.state, row.paid) == (InstalmentState.PAID, D(5_000))
        assert money.now(row.award).paid == D(5_000)

    def test_more_than_is_open_is_refused_in_words(self, cast: Cast) -> None:
        row = money.due(cast)
        with pytest.raises(NotPossible, match=r"EUR 5,000.00 of this instalment is open.*5,000.01"):
            money.pay(cast, row, D("5000.01"))
        assert not Payment.objects.exists()

    def test_twice_with_one_form_is_one_payment(self, cast: Cast) -> None:
        row, key = money.due(cast), uuid4()
        for _twice in range(2):
            money.pay(cast, row, client_key=key)
        assert Payment.objects.count() == 1

    def test_again_is_refused(self, cast: Cast) -> None:
        row = money.due(cast)
        money.pay(cast, row)
        with pytest.raises(NotPossible, match="paid already"):
            money.pay(cast, row)

    def test_waits_for_the_award(self, cast: Cast) -> None:
        row = money.instalment(cast, money.proposed(cast))
        with pytest.raises(NotPossible, match="not in force"):
            money.pay(cast, row)

    def test_waits_for_a_report(self, cast: Cast) -> None:
        report = uuid4()
        row = payments.plan_instalment(
            award=money.in_force(cast), due_on=money.local_day(cast.at), amount=D(100),
            report_uuid=report, by=cast.actor(cast.funder), at=cast.at,
        )  # fmt: skip
        assert payments.keep_up(cast.at) == 0
        with pytest.raises(NotPossible, match="report"):
            money.pay(cast, row, D(100))
        assert payments.report_accepted(report_uuid=report, at=cast.at) == 1
        assert Instalment.objects.get(pk=row.pk).state == InstalmentState.DUE

    def test_no_more_is_planned_than_the_award_has(self, cast: Cast) -> None:
        row = money.in_force(cast)
        money.instalment(cast, row, D(8_000))
        with pytest.raises(NotPossible, match="EUR 11,000.00, more than the award"):
            money.instalment(cast, row, D(3_000))


class TestChanging:
    def change(self, cast: Cast, row: Award, **more: Any) -> Any:
        text = {"lines": {"staff": D(5_000), "ict": D(1_000)}, "words": "Tablets."} | more
        by = text.pop("by", cast.actor(cast.ngo_manager))
        return changes.propose_change(
            award=row, client_key=uuid4(), by=by, at=cast.at, **text
        )  # fmt: skip

    def test_of_lines_takes_the_funders_approval(self, cast: Cast) -> None:
        row = money.in_force(cast)
        asked = self.change(cast, row, is_reallocation=True)
        assert asked.state == ChangeState.PROPOSED
        done = changes.sign(change=asked, by=cast.actor(cast.funder), at=cast.at)
        assert done.state == ChangeState.IN_FORCE
        lines = dict(BudgetLine.objects.filter(award=row).values_list("kind", "amount"))
        assert lines == {"staff": D(5_000), "shelter": D(4_000), "ict": D(1_000)}

    def test_of_the_amount_leaves_what_was_signed(self, cast: Cast) -> None:
        row = money.in_force(cast)
        later = row.until_on + timedelta(days=90)
        asked = self.change(
            cast, row, lines={"staff": D(9_000)}, new_until_on=later, by=cast.actor(cast.funder)
        )
        changes.sign(change=asked, by=cast.actor(cast.ngo_manager), at=cast.at)
        row = money.now(row)
        assert (row.amount, row.signed_amount) == (D(13_000), D(10_000))
        assert (row.until_on, row.signed_until_on) == (later, later - timedelta(days=90))
        assert Fund.objects.get(pk=row.fund_id).awarded == D(13_000)

    def test_below_what_was_spent_is_refused(self, cast: Cast) -> None:
        row = money.in_force(cast)
        awards.state_spending(
            award=row, spent={"staff": D(5_500)}, as_of_on=money.local_day(cast.at),
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
        with pytest.raises(NotPossible, match="EUR 5,500.00 is spent already"):
            self.change(cast, row, is_reallocation=True)

    def test_is_not_signed_twice_by_one_side(self, cast: Cast) -> None:
        asked = self.change(cast, money.in_force(cast), is_reallocation=True)
        again = changes.sign(change=asked, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert again.state == ChangeState.PROPOSED


class TestSpending:
    def test_above_its_line_asks_for_a_reallocation(self, cast: Cast) -> None:
        row = money.in_force(cast)
        with pytest.raises(NotPossible, match="Ask for a reallocation"):
            awards.state_spending(
                award=row, spent={"staff": D(6_001)}, as_of_on=money.local_day(cast.at),
                by=cast.actor(cast.ngo_manager), at=cast.at,
            )  # fmt: skip


class TestWhatTheRecipientSays:
    def test_of_a_payment_is_the_day_it_arrived(self, cast: Cast) -> None:
        row = money.due(cast)
        money.pay(cast, row)
        payment, today = row.payments.get(), money.local_day(cast.at)
        by = cast.actor(cast.ngo_manager)
        for wrong in (payment.paid_on - timedelta(days=1), today + timedelta(days=1)):
            with pytest.raises(NotPossible, match="not in days to come"):
                payments.say_arrived(payment=payment, arrived_on=wrong, by=by, at=cast.at)
        with pytest.raises(NotAllowed):
            payments.say_arrived(
                payment=payment, arrived_on=today, by=cast.actor(cast.funder), at=cast.at
            )
        payments.say_arrived(payment=payment, arrived_on=today, by=by, at=cast.at)
        payment.refresh_from_db()
        assert payment.arrived_on == today

    def test_of_other_money_stands_once_for_each_source_and_goes_with_nothing(
        self, cast: Cast
    ) -> None:
        row = money.in_force(cast)
        said: dict[str, Any] = {
            "award": row, "source_class": SourceClass.INDIVIDUAL, "currency": "EUR",
            "by": cast.actor(cast.ngo_manager), "at": cast.at,
        }  # fmt: skip
        for amount in (D(500), D(700)):
            awards.state_co_funding(amount=amount, **said)
        assert [each.amount for each in row.co_fundings.all()] == [D(700)]
        assert money.now(row).amount == row.amount
        with pytest.raises(NotAllowed):
            awards.state_co_funding(amount=D(1), **(said | {"by": cast.actor(cast.funder)}))
        awards.state_co_funding(amount=D(0), **said)
        assert not row.co_fundings.exists()


class TestNamingTheAgreement:
    def test_takes_one_that_the_recipient_signed_and_the_funder_sees(self, cast: Cast) -> None:
        row, agreement = money.in_force(cast), deeds.signed(cast)
        by = cast.actor(cast.funder)
        with pytest.raises(NotPossible, match="no party to this agreement"):
            awards.name_agreement(award=row, agreement=agreement, by=by, at=cast.at)
        ours = deeds.draft(cast)
        steering = cast.actor(cast.co_ordinator)
        agreements.name_party(
            agreement=ours, organisation=cast.fund, signatory_name="Ada Sample (invented person)",
            signatory_post="Director", by=steering, at=cast.at,
        )  # fmt: skip
        clauses = {kind: (ClauseStatus.PRESENT, "article 1") for kind in ClauseKind}
        ours = deeds.now(ours)
        ours = agreements.answer_clauses(
            agreement=ours, answers=clauses, by=steering, at=cast.at, version=ours.version
        )
        AGREEMENT.apply(ours, "send", by=steering, at=cast.at)
        agreement = deeds.now(ours)
        awards.name_agreement(award=row, agreement=agreement, by=by, at=cast.at)
        assert money.now(row).agreement == agreement
        awards.name_agreement(award=row, agreement=None, by=by, at=cast.at)
        assert money.now(row).agreement is None
        with pytest.raises(NotAllowed):
            awards.name_agreement(
                award=row, agreement=agreement, by=cast.actor(cast.ngo_manager), at=cast.at
            )


class TestTheCheck:
    def test_warns_where_fewer_than_two_could_answer(self, cast: Cast) -> None:
        assert check_fund_officers(databases=["default"]) == []
        money.fund(cast)
        assert [each.id for each in check_fund_officers(databases=["default"])] == ["funding.W001"]
        assert check_fund_officers() == []
        money.second_officer(cast)
        assert check_fund_officers(databases=["default"]) == []


class TestCancelling:
    def test_keeps_what_was_paid_and_gives_the_rest_back(self, cast: Cast) -> None:
        row = money.due(cast)
        money.pay(cast, row, D(2_000))
        by = cast.actor(cast.funder)
        done = AWARD.apply(money.now(row.award), "cancel", by=by, at=cast.at, comment="Closed.")
        assert (done.state, done.planned, done.paid) == (S.CANCELLED, D(2_000), D(2_000))
        assert Fund.objects.get(pk=done.fund_id).awarded == D(2_000)
        assert Instalment.objects.get(pk=row.pk).state == InstalmentState.CANCELLED


class TestTheSweep:
    def test_ends_what_is_over_and_pays_on(self, cast: Cast) -> None:
        row = money.due(cast)
        after = cast.at + timedelta(days=400)
        assert awards.keep_up(after) == 1
        assert awards.keep_up(after) == 0
        money.pay(cast, row, at=after)
        assert money.now(row.award).state == S.ENDED
