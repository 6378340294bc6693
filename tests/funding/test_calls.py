"""Calls: who may apply, until when, sealed scores, ranking, the result, complaints."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.workflow import NotAllowed, NotPossible
from deadlines.models import Deadline, Notice
from funding import eligibility, ranking
from funding.call_choices import ApplicationState, CallState, ReviewState, Verdict
from funding.call_workflow import APPLICATION, CALL, COMPLAINT
from funding.models import (
    Application,
    ApplicationEvent,
    Award,
    Call,
    CallQuestion,
    FundingDecision,
    Instalment,
    Review,
    Score,
)
from funding.money_choices import AwardState, LineKind
from funding.money_workflow import AWARD
from funding.services import applications, calls, decisions, funds, payments, reviews
from partners.models import Organisation
from tests.funding import money, rounds
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
S = ApplicationState
D = Decimal


class TestWeights:
    """Arithmetic without a database."""

    @pytest.mark.parametrize(
        ("points", "weights", "score"),
        [
            ({1: 5, 2: 5}, {1: 60, 2: 40}, "100"),
            ({1: 0, 2: 0}, {1: 60, 2: 40}, "0"),
            ({1: 5, 2: 0}, {1: 60, 2: 40}, "60"),
            ({1: 0, 2: 5}, {1: 60, 2: 40}, "40"),
            ({1: 3, 2: 4, 3: 1}, {1: 50, 2: 30, 3: 20}, "58"),
        ],
    )
    def test_make_a_share_of_a_hundred(
        self, points: dict[int, int], weights: dict[int, int], score: str
    ) -> None:
        assert ranking.weighted(points, weights) == D(score)

    def test_the_mean_is_rounded_to_the_hundredth_and_nothing_has_none(self) -> None:
        assert ranking.mean([D(50), D(50), D(51)]) == D("50.33")
        assert ranking.mean([]) is None


class TestEligibility:
    def test_is_read_from_the_registry(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        assert eligibility.why_not(call, cast.ngo) == []
        for organisation in (cast.police, cast.fund, cast.applying):
            assert eligibility.why_not(call, organisation)
        may = set(eligibility.organisations(call).values_list("pk", flat=True))
        assert may == {cast.ngo.pk, cast.other_ngo.pk, cast.unlisted_ngo.pk}
        assert all(
            not eligibility.why_not(call, each) for each in Organisation.objects.filter(pk__in=may)
        )

    def test_never_asks_who_else_pays_or_what_is_said_in_public(self) -> None:
        asked = {field.name for field in Call._meta.get_fields()} | {
            field.name for field in Application._meta.get_fields()
        }
        assert not [each for each in asked if "foreign" in each or "critic" in each]
        assert "donor" not in str(sorted(asked))

    def test_leaves_out_who_works_elsewhere(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        south = type(cast.area).objects.create(
            code="XX-S", name="South", level="region", parent=cast.area.parent
        )
        cast.ngo.area = south
        assert "North" in eligibility.why_not(call, cast.ngo)[0]


class TestACall:
    def test_needs_weights_that_make_a_hundred(self, cast: Cast) -> None:
        call, by = rounds.draft(cast), cast.actor(cast.funder)
        calls.add_criterion(call=call, name="Need", words="", weight=50, by=by, at=cast.at)
        with pytest.raises(NotPossible, match="90 per cent"):
            calls.publish(call=rounds.now(call), by=by, at=cast.at)
        assert not Call.objects.visible_to(cast.actor(cast.ngo_manager)).exists()

    def test_is_known_once_published_and_tells_who_may_apply(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        assert call.fund.published_at is None  # the row in hand
        assert rounds.now(call).fund.published_at is not None
        assert Call.objects.visible_to(cast.actor(cast.ngo_manager)).get() == call
        told = Notice.objects.filter(kind="call_published").values_list("recipient_id", flat=True)
        assert {cast.ngo_manager.pk, cast.other_manager.pk} <= set(told)
        assert cast.co_ordinator.pk not in told

    def test_belongs_to_its_fund(self, cast: Cast) -> None:
        call = rounds.draft(cast)
        with pytest.raises(NotAllowed):
            calls.publish(call=call, by=cast.actor(cast.ngo_manager), at=cast.at)

    def test_is_in_the_currency_of_its_fund(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="EUR"):
            rounds.draft(cast, currency="USD")

    def test_closes_at_its_moment_and_no_sooner(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        with pytest.raises(NotPossible, match="until its closing moment"):
            calls.close(call=call, by=cast.actor(cast.funder), at=cast.at)
        assert calls.keep_up(cast.at) == 0
        assert calls.keep_up(rounds.after(call)) == 1
        assert calls.keep_up(rounds.after(call)) == 0
        assert Deadline.objects.open().filter(kind="call_result", subject_uuid=call.uuid).exists()


class TestQuestions:
    def test_are_answered_for_everybody_and_nobody_learns_who_asked(self, cast: Cast) -> None:
        call, key = rounds.opened(cast), uuid4()
        ngo = cast.actor(cast.ngo_manager)
        for _twice in range(2):
            calls.ask(call=call, words="Also rent?", client_key=key, by=ngo, at=cast.at)
        question = CallQuestion.objects.get()
        other = cast.actor(cast.other_manager)
        assert not CallQuestion.objects.visible_to(other).exists()
        assert CallQuestion.objects.visible_to(cast.actor(cast.funder)).exists()
        calls.answer(question=question, words="Yes.", by=cast.actor(cast.funder), at=cast.at)
        assert CallQuestion.objects.visible_to(other).exists()
        assert not call.events.filter(by_organisation=cast.ngo).exists()
        assert not call.events.filter(by=cast.ngo_manager).exists()
        assert Notice.objects.filter(kind="call_answer", recipient=cast.ngo_manager).exists()
        with pytest.raises(NotPossible, match="stays"):
            calls.answer(question=question, words="No.", by=cast.actor(cast.funder), at=cast.at)

    def test_end_before_the_call_closes(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        late = call.questions_until_at
        by = cast.actor(cast.ngo_manager, late)
        with pytest.raises(NotPossible, match="time for questions"):
            calls.ask(call=call, words="Also rent?", client_key=uuid4(), by=by, at=late)


class TestAnApplication:
    def test_is_one_for_each_organisation_and_call(self, cast: Cast) -> None:
        call, by = rounds.opened(cast), cast.actor(cast.ngo_manager)
        first = applications.begin(call=call, client_key=uuid4(), by=by, at=cast.at)
        assert applications.begin(call=call, client_key=uuid4(), by=by, at=cast.at) == first
        assert first.reference.startswith("A-")

    def test_is_sealed_from_the_fund_until_the_call_closes(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        row = rounds.submitted(cast, call, cast.ngo_manager)
        rows = Application.objects.filter(pk=row.pk)
        seen = lambda user: rows.visible_to(cast.actor(user)).exists()  # noqa: E731
        assert seen(cast.ngo_manager)
        assert not seen(cast.funder)
        assert not seen(cast.other_manager)
        assert not seen(cast.co_ordinator)
        calls.keep_up(rounds.after(call))
        assert seen(cast.funder)
        assert not seen(cast.co_ordinator)

    def test_is_reopened_and_withdrawn_until_the_call_closes(self, cast: Cast) -> None:
        call, by = rounds.opened(cast), cast.actor(cast.ngo_manager)
        row = rounds.submitted(cast, call, cast.ngo_manager)
        row = APPLICATION.apply(row, "reopen", by=by, at=cast.at)
        row = APPLICATION.apply(row, "submit", by=by, at=cast.at)
        row = APPLICATION.apply(row, "withdraw", by=by, at=cast.at)
        row = APPLICATION.apply(row, "reopen", by=by, at=cast.at)
        assert row.state == S.DRAFT
        with pytest.raises(NotPossible, match="has closed"):
            APPLICATION.apply(row, "submit", by=by, at=rounds.after(call))

    def test_is_refused_after_closing_and_the_draft_is_kept(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        row = rounds.written(cast, call, cast.ngo_manager)
        late = rounds.after(call)
        by = cast.actor(cast.ngo_manager, late)
        # Before the sweep has come, and after it.
        for _twice in range(2):
            with pytest.raises(NotPossible, match="your draft is kept"):
                APPLICATION.apply(row, "submit", by=by, at=late)
            calls.keep_up(late)
        row = applications.change_text(
            application=row, version=row.version, purpose="Eight beds.", by=by, at=late
        )
        assert row.purpose == "Eight beds."
        assert row.lines.count() == 2

    def test_asks_for_at_most_what_the_call_gives(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        with pytest.raises(NotPossible, match="30000"):
            rounds.submitted(cast, call, cast.ngo_manager, staff=25_001)

    def test_takes_documents_by_their_content(self, cast: Cast) -> None:
        row = rounds.written(cast, rounds.opened(cast), cast.ngo_manager)
        by = cast.actor(cast.ngo_manager)
        add = lambda name, content: applications.add_file(  # noqa: E731
            application=row, title="Plan", name=name, content=content, by=by, at=cast.at
        )
        with pytest.raises(NotPossible):
            add("plan.pdf", b"<html>")
        kept = add("plan.pdf", b"%PDF-1.7 invented")
        assert add("again.pdf", b"%PDF-1.7 invented") == kept
        applications.remove_file(application=row, file=kept.uuid, by=by, at=cast.at)
        assert not row.files.exists()


class TestReviews:
    def test_a_conflict_locks_the_application_for_that_reviewer(self, cast: Cast) -> None:
        call = rounds.closed(cast)
        row = rounds.own(call, cast, cast.ngo_manager)
        at = rounds.after(call)
        by = cast.actor(cast.officer, at)
        seen = lambda: Application.objects.visible_to(by).filter(pk=row.pk).exists()  # noqa: E731
        review = rounds.review_of(call, cast.officer, row)
        assert not seen()
        review = reviews.declare(review=review, conflict="", by=by, at=at)
        assert seen()
        review = reviews.declare(review=review, conflict="My cousin works there.", by=by, at=at)
        assert not seen()
        with pytest.raises(NotPossible):
            reviews.score(review=review, points={}, words="", by=by, at=at)

    def test_nobody_declares_or_scores_for_another(self, cast: Cast) -> None:
        call = rounds.closed(cast)
        row = rounds.own(call, cast, cast.ngo_manager)
        review = rounds.review_of(call, cast.officer, row)
        for user in (cast.funder, cast.rapporteur, cast.second_officer):
            with pytest.raises(NotAllowed):
                reviews.declare(review=review, conflict="", by=cast.actor(user), at=cast.at)

    def test_are_sealed_from_everybody_until_all_are_in(self, cast: Cast) -> None:
        call = rounds.closed(cast)
        first, second = (
            rounds.own(call, cast, user) for user in (cast.ngo_manager, cast.other_manager)
        )
        rounds.scored(cast, call, cast.rapporteur, first, 5)
        rounds.scored(cast, call, cast.rapporteur, second, 2)
        rounds.scored(cast, call, cast.officer, first, 5)
        others = [cast.funder, cast.officer, cast.ngo_manager, cast.co_ordinator]

        def read(user: object) -> int:
            scores = Score.objects.visible_to(cast.actor(user))  # type: ignore[arg-type]
            return scores.filter(review__reviewer__user=cast.rapporteur).count()

        assert [read(user) for user in others] == [0, 0, 0, 0]
        assert ranking.ranking(call, [first], cast.actor(cast.funder))[0].score is None
        with pytest.raises(NotPossible, match="Not all reviews are in"):
            rounds.decided(cast, call)
        rounds.scored(cast, call, cast.officer, second, 1)
        assert [read(user) for user in others] == [4, 0, 0, 0]
        assert Notice.objects.filter(kind="call_reviews_in", recipient=cast.funder).exists()
        ranked = ranking.ranking(call, [second, first], cast.actor(cast.funder))
        assert [(each.application, each.rank, each.score) for each in ranked] == [
            (first, 1, D(100)),
            (second, 2, D(30)),
        ]

    def test_who_works_for_the_applicant_has_a_conflict_from_the_start(self, cast: Cast) -> None:
        call = rounds.opened(cast)
        row = rounds.submitted(cast, call, cast.ngo_manager)
        rounds.reviewer(cast, call, cast.ngo_caseworker)
        calls.keep_up(rounds.after(call))
        assert rounds.review_of(call, cast.ngo_caseworker, row).state == ReviewState.CONFLICT

    def test_too_few_after_a_conflict_ask_for_another_reviewer(self, cast: Cast) -> None:
        call = rounds.closed(cast)
        first, second = (
            rounds.own(call, cast, user) for user in (cast.ngo_manager, cast.other_manager)
        )
        at = rounds.after(call)
        reviews.declare(
            review=rounds.review_of(call, cast.officer, first), conflict="A cousin.",
            by=cast.actor(cast.officer, at), at=at,
        )  # fmt: skip
        rounds.scored(cast, call, cast.officer, second, 3)
        for row in (first, second):
            rounds.scored(cast, call, cast.rapporteur, row, 4)
        with pytest.raises(NotPossible, match="1 of the 2 reviews"):
            rounds.decided(cast, call)
        rounds.reviewer(cast, call, cast.second_officer)
        rounds.scored(cast, call, cast.second_officer, first, 4)
        calls.release_reviewer(
            call=call, reviewer=call.reviewers.get(user=cast.second_officer).uuid,
            by=cast.actor(cast.funder, at), at=at,
        )  # fmt: skip
        rounds.decided(cast, call)


class TestTheResult:
    def test_is_published_by_a_second_person_and_makes_awards(self, cast: Cast) -> None:
        call = rounds.decided(cast, rounds.reviewed(cast))
        at = rounds.after(call)
        row = rounds.own(call, cast, cast.ngo_manager)
        applicant = cast.actor(cast.ngo_manager, at)
        assert not FundingDecision.objects.visible_to(applicant).exists()
        with pytest.raises(NotPossible, match="decided none of it"):
            decisions.announce(call=call, by=cast.actor(cast.funder, at), at=at)
        assert not Award.objects.exists()
        by = cast.actor(money.second_officer(cast), at)
        call = decisions.announce(call=call, by=by, at=at)
        assert call.state == CallState.DECIDED
        award = Award.objects.get()
        assert (award.state, award.amount, award.is_direct) == (
            AwardState.IN_FORCE,
            D(22_000),
            False,
        )
        assert award.call_uuid == call.uuid
        row.refresh_from_db()
        assert (row.state, row.award_uuid) == (S.AWARDED, award.uuid)
        assert FundingDecision.objects.visible_to(applicant).get().application == row
        assert Notice.objects.filter(kind="application_result").count() >= 2
        assert not ApplicationEvent.objects.filter(by__in=[cast.rapporteur, cast.officer]).exists()

    def test_waits_until_every_application_is_decided(self, cast: Cast) -> None:
        call = rounds.reviewed(cast)
        at = rounds.after(call)
        with pytest.raises(NotPossible, match="without a decision: 2"):
            decisions.announce(call=call, by=cast.actor(cast.funder, at), at=at)

    def test_is_not_more_than_was_asked(self, cast: Cast) -> None:
        call = rounds.reviewed(cast)
        at = rounds.after(call)
        with pytest.raises(NotPossible, match="not more than what was asked"):
            decisions.decide(
                application=rounds.own(call, cast, cast.ngo_manager), verdict=Verdict.AWARD,
                lines={LineKind.STAFF: D(26_000)}, reason="More.",
                by=cast.actor(cast.funder, at), at=at,
            )  # fmt: skip

    def test_a_refusal_has_no_amount_in_the_database_either(self, cast: Cast) -> None:
        rounds.decided(cast, rounds.reviewed(cast))
        refused = FundingDecision.objects.filter(verdict=Verdict.REFUSE)
        with pytest.raises(IntegrityError), transaction.atomic():
            refused.update(amount=D(5))


class TestAComplaint:
    def test_is_answered_by_who_took_no_part_and_decided_anew_by_another(self, cast: Cast) -> None:
        call = rounds.announced(cast)
        at = rounds.after(call) + timedelta(days=1)
        row = rounds.own(call, cast, cast.other_manager)
        by = cast.actor(cast.other_manager, at)
        made = applications.complain(application=row, words="Page 2 was not read.", by=by, at=at)
        clock = Deadline.objects.open().filter(kind="funding_complaint", subject_uuid=row.uuid)
        assert clock.exists()
        answer = {"outcome": "upheld", "answer": "It was not.", "at": at}
        for user in (cast.funder, money.second_officer(cast)):
            with pytest.raises(NotPossible, match="took no part"):
                decisions.answer_complaint(complaint=made, by=cast.actor(user, at), **answer)
        with pytest.raises(NotAllowed):
            decisions.answer_complaint(complaint=made, by=by, **answer)
        desk = cast.actor(cast.co_ordinator, at)
        assert decisions.answer_complaint(complaint=made, by=desk, **answer).state == "upheld"
        assert not clock.exists()
        row.refresh_from_db()
        assert row.state == S.SUBMITTED
        again = {
            "application": row, "verdict": Verdict.AWARD, "lines": {LineKind.SHELTER: D(5_000)},
            "reason": "On page 2.", "at": at,
        }  # fmt: skip
        with pytest.raises(NotPossible, match="somebody else"):
            decisions.decide(by=cast.actor(cast.funder, at), **again)
        decisions.decide(by=cast.actor(money.second_officer(cast), at), **again)
        row.refresh_from_db()
        assert row.state == S.AWARDED

    def test_is_about_a_decision_that_was_told(self, cast: Cast) -> None:
        call = rounds.decided(cast, rounds.reviewed(cast))
        row = rounds.own(call, cast, cast.ngo_manager)
        with pytest.raises(NotPossible, match="none yet"):
            applications.complain(
                application=row, words="Why?", by=cast.actor(cast.ngo_manager), at=cast.at
            )


class TestAProposal:
    def test_becomes_a_direct_award_that_a_second_person_approves(self, cast: Cast) -> None:
        row = self.sent(cast)
        assert Notice.objects.filter(kind="application_reached", recipient=cast.funder).exists()
        self.taken_up(cast, row)
        award = Award.objects.get()
        assert (award.is_direct, award.state) == (True, AwardState.AWAITS_SECOND)
        row.refresh_from_db()
        assert row.state == S.SUBMITTED
        AWARD.apply(award, "approve", by=cast.actor(money.second_officer(cast)), at=cast.at)
        row.refresh_from_db()
        assert (row.state, row.award_uuid) == (S.AWARDED, award.uuid)

    def test_is_refused_where_the_second_person_refuses(self, cast: Cast) -> None:
        row = self.sent(cast)
        self.taken_up(cast, row)
        by = cast.actor(money.second_officer(cast))
        AWARD.apply(Award.objects.get(), "refuse", by=by, at=cast.at, comment="A call is due.")
        row.refresh_from_db()
        assert (row.state, row.decision.reason) == (S.REFUSED, "A call is due.")

    @staticmethod
    def sent(cast: Cast) -> Application:
        by = cast.actor(cast.ngo_manager)
        known = funds.publish(fund=money.fund(cast), by=cast.actor(cast.funder), at=cast.at)
        row = applications.begin_proposal(
            fund=known, kind="networking", client_key=uuid4(), by=by, at=cast.at
        )
        row = applications.change_text(
            application=row, version=row.version, by=by, at=cast.at, title="Meetings (invented)",
            purpose="Meet.", need="Nobody pays it.", from_on=row.fund.from_on,
            until_on=row.fund.until_on,
        )  # fmt: skip
        row = applications.set_lines(
            application=row, lines=[(LineKind.NETWORKING, D(900), "")], version=row.version,
            by=by, at=cast.at,
        )  # fmt: skip
        return APPLICATION.apply(row, "submit", by=by, at=cast.at)

    @staticmethod
    def taken_up(cast: Cast, row: Application) -> None:
        decisions.decide(
            application=row, verdict=Verdict.AWARD, lines={LineKind.NETWORKING: D(900)},
            reason="Nobody else does it.", by=cast.actor(cast.funder), at=cast.at,
        )  # fmt: skip


class TestEmergencyMoney:
    def test_runs_from_request_to_decision_to_payment_by_the_clock(self, cast: Cast) -> None:
        call = rounds.emergency_call(cast)
        row = rounds.emergency_request(cast, call)
        open_ = Deadline.objects.open().filter(subject_uuid=row.uuid)
        assert [each.kind for each in open_] == ["emergency_decision"]
        by = cast.actor(cast.funder)
        decisions.decide(
            application=row, verdict=Verdict.AWARD, lines={LineKind.QUARANTINE: D(4_000)},
            reason="The flood.", by=by, at=cast.at,
        )  # fmt: skip
        [clock] = open_.all()
        assert clock.kind == "emergency_payment"
        instalment = Instalment.objects.get()
        assert (instalment.amount, instalment.award.state) == (D(4_000), AwardState.IN_FORCE)
        money.pay(cast, instalment, D(4_000))
        assert list(open_.all()) == []
        assert payments.keep_up(cast.at) == 0

    def test_is_offered_only_while_an_emergency_is_on(self, cast: Cast) -> None:
        call = rounds.emergency_call(cast)
        from partners.services import emergencies

        emergencies.end(
            emergency=rounds.emergency(cast), by=cast.actor(cast.co_ordinator), at=cast.at
        )
        with pytest.raises(NotPossible, match="No emergency is on"):
            rounds.emergency_request(cast, call)
        assert not Application.objects.exists()

    def test_a_call_for_it_needs_one_too(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="No emergency is on"):
            rounds.opened(cast, is_emergency=True)

    def test_asked_twice_is_one_request(self, cast: Cast) -> None:
        call, key = rounds.emergency_call(cast), uuid4()
        first = rounds.emergency_request(cast, call, client_key=key)
        assert rounds.emergency_request(cast, call, client_key=key) == first


class TestTables:
    def test_reach_every_state(self) -> None:
        from funding.call_choices import ComplaintState
        from funding.call_workflow import REVIEW

        CALL.assert_complete(CallState.values)
        APPLICATION.assert_complete(S.values)
        REVIEW.assert_complete(ReviewState.values)
        COMPLAINT.assert_complete(ComplaintState.values)

    def test_a_released_review_is_gone_for_its_reviewer(self, cast: Cast) -> None:
        call = rounds.closed(cast)
        at = rounds.after(call)
        named = call.reviewers.get(user=cast.officer)
        assert Review.objects.own(cast.actor(cast.officer, at)).count() == 2
        calls.release_reviewer(
            call=call, reviewer=named.uuid, by=cast.actor(cast.funder, at), at=at
        )
        assert not Review.objects.own(cast.actor(cast.officer, at)).exists()
