"""Reports on grants: planned ahead, due, written, sent, sent back with comments, accepted."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.country import local_day
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline, Notice
from funding.models import Figure, GrantReport, Instalment
from funding.money_choices import InstalmentState
from funding.services import payments, reports
from funding.terms_choices import ReportEvery, ReportKind, ReportState
from funding.terms_workflow import REPORT, REPORT_EVENTS, lacking
from tests.funding import money, terms
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db]
R = ReportState
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


class TestTheTable:
    def test_reaches_every_state_and_has_an_event_for_every_act(self) -> None:
        REPORT.assert_complete(R.values)
        assert set(REPORT_EVENTS) == {each.name for each in REPORT.transitions}


class TestPeriods:
    @pytest.mark.parametrize(
        ("every", "number", "first"),
        [
            (ReportEvery.QUARTER, 4, date(2026, 3, 31)),
            (ReportEvery.HALF_YEAR, 2, date(2026, 6, 30)),
            (ReportEvery.YEAR, 1, date(2026, 12, 31)),
            (ReportEvery.END, 1, date(2026, 12, 31)),
        ],
    )
    def test_follow_each_other_to_the_last_day(self, every: str, number: int, first: date) -> None:
        found = list(reports.periods(*YEAR, every))
        assert (len(found), found[0][1], found[-1][1]) == (number, first, YEAR[1])
        for one, following in zip(found, found[1:], strict=False):
            assert one[1] + timedelta(days=1) == following[0]

    def test_may_end_with_a_shorter_one(self) -> None:
        found = list(reports.periods(date(2026, 1, 31), date(2026, 5, 10), ReportEvery.QUARTER))
        assert found == [
            (date(2026, 1, 31), date(2026, 4, 29)), (date(2026, 4, 30), date(2026, 5, 10)),
        ]  # fmt: skip


class TestThePlan:
    def test_is_made_ahead_and_falls_due_period_by_period(self, cast: Cast) -> None:
        rows = terms.planned(cast)
        assert [row.state for row in rows] == [R.DUE, R.DUE, R.PLANNED, R.PLANNED]
        assert rows[-1].kind == ReportKind.FINAL
        assert rows[0].due_on == rows[0].until_on + timedelta(days=30)
        assert Notice.objects.filter(kind="grant_report_due", recipient=cast.ngo_manager).exists()
        clocks = Deadline.objects.open().filter(kind="grant_report")
        assert {row.subject_uuid for row in clocks} == {rows[0].uuid, rows[1].uuid}
        later = cast.at + timedelta(days=100)
        assert reports.keep_up(later) == 1
        assert reports.keep_up(later) == 0

    def test_is_the_funders_to_make(self, cast: Cast) -> None:
        award = terms.award(cast)
        for user in (cast.ngo_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                reports.plan_reports(
                    award=award, every=ReportEvery.END, by=cast.actor(user), at=cast.at
                )

    def test_made_anew_replaces_what_is_not_due(self, cast: Cast) -> None:
        rows = terms.planned(cast)
        award = terms.now(rows[0]).award
        reports.plan_reports(
            award=award, every=ReportEvery.END, by=cast.actor(cast.funder), at=cast.at
        )
        kept = award.reports.exclude(state=R.DROPPED)
        assert [row.state for row in kept] == [R.DUE, R.DUE, R.PLANNED]
        assert kept.last().from_on == rows[1].until_on + timedelta(days=1)  # type: ignore[union-attr]

    def test_ends_with_an_award_that_was_cancelled(self, cast: Cast) -> None:
        rows = terms.planned(cast)
        type(rows[0].award).objects.update(state="cancelled", held=0)
        assert reports.keep_up(cast.at) == 2
        assert terms.now(rows[-1]).state == R.DROPPED

    def test_is_seen_by_the_two_sides_only(self, cast: Cast) -> None:
        terms.planned(cast)
        seen = GrantReport.objects.visible_to
        assert seen(cast.actor(cast.funder)).count() == 4
        assert seen(cast.actor(cast.ngo_manager)).count() == 4
        for user in (cast.co_ordinator, cast.rapporteur, cast.other_manager, cast.ngo_caseworker):
            assert not seen(cast.actor(user)).exists()


class TestOverdue:
    def test_is_a_question_of_the_day(self, cast: Cast) -> None:
        first, second, *_rest = terms.planned(cast)
        today = local_day(cast.at)
        assert list(GrantReport.objects.overdue(today)) == [first]
        assert first.is_overdue(today)
        assert not second.is_overdue(today)
        reports.keep_up(cast.at)
        late = Deadline.objects.late(cast.at).filter(kind="grant_report")
        assert {each.subject_uuid for each in late} == {first.uuid}

    def test_ends_when_there_is_more_time(self, cast: Cast) -> None:
        row, by = terms.due(cast), cast.actor(cast.funder)
        day = local_day(cast.at) + timedelta(days=5)
        row = REPORT.apply(row, "put_off", by=by, at=cast.at, due_on=day, comment="Illness.")
        assert (row.state, row.is_overdue(local_day(cast.at))) == (R.DUE, False)
        with pytest.raises(NotPossible):
            REPORT.apply(row, "put_off", by=by, at=cast.at, due_on=day, comment="The same.")


class TestWriting:
    def test_needs_every_part_before_it_is_sent(self, cast: Cast) -> None:
        row, by = terms.due(cast), cast.actor(cast.ngo_manager)
        assert lacking(row) == ["narrative", "figures", "money"]
        with pytest.raises(NotPossible, match="fill in every figure"):
            REPORT.apply(row, "send", by=by, at=cast.at)
        terms.write(cast, row)
        assert lacking(terms.now(row)) == []
        row = REPORT.apply(row, "send", by=by, at=cast.at)
        assert (row.state, row.round) == (R.SENT, 1)
        assert not Deadline.objects.open().filter(kind="grant_report", subject_uuid=row.uuid)
        assert Deadline.objects.open().filter(kind="grant_report_answer").count() == 1

    def test_refuses_people_who_do_not_make_the_total(self, cast: Cast) -> None:
        row, by = terms.due(cast), cast.actor(cast.ngo_manager)
        people = row.award.indicators.all()[0]
        wrong = {people.uuid: {"total": 5, "male_adult": 4}}
        with pytest.raises(NotPossible, match="it comes to 4, the total says 5"):
            reports.write_figures(report=row, figures=wrong, by=by, at=cast.at, version=row.version)
        with pytest.raises(IntegrityError), transaction.atomic():
            Figure.objects.create(
                report=row, indicator=people, is_of_people=True, total=5, male_adult=4
            )

    def test_states_the_money_on_the_awards_own_lines(self, cast: Cast) -> None:
        row = terms.due(cast)
        terms.write(cast, row)
        award = terms.now(row).award
        assert [line.spent for line in award.lines.all()] == [100, 100]
        assert award.spent == 200
        assert sum(each.spent for each in row.spent.all()) == 200

    def test_is_nobody_elses_and_loses_nothing_to_the_faster(self, cast: Cast) -> None:
        row = terms.due(cast)
        words: dict[str, Any] = {"report": row, "at": cast.at, "version": row.version, "done": "x"}
        with pytest.raises(NotAllowed):
            reports.write_words(by=cast.actor(cast.funder), **words)
        by = cast.actor(cast.ngo_manager)
        reports.write_words(by=by, **words)
        with pytest.raises(Stale):
            reports.write_words(by=by, **words)

    def test_begins_with_the_words_of_the_report_before(self, cast: Cast) -> None:
        rows = terms.planned(cast)
        terms.write(cast, rows[1])
        later = cast.at + timedelta(days=100)
        reports.keep_up(later)
        third = terms.now(rows[2])
        assert (third.done, third.obstacles) == ("A second house.", "No interpreter.")
        assert third.is_taken_over
        assert "narrative" in lacking(third)


class TestSentBack:
    def test_keeps_everything_and_says_when_it_is_wanted_again(self, cast: Cast) -> None:
        row = terms.sent_back(cast)
        assert (row.state, row.done, row.due_on) == (
            R.SENT_BACK, "Beds were open.", terms.wanted_again(cast),
        )  # fmt: skip
        assert row.figures.count() == 2
        clock = Deadline.objects.open().get(kind="grant_report", subject_uuid=row.uuid)
        assert local_day(clock.due_at) == terms.wanted_again(cast)
        assert Notice.objects.filter(kind="grant_report_sent_back").exists()
        again = REPORT.apply(row, "send", by=cast.actor(cast.ngo_manager), at=cast.at)
        assert again.round == 2

    def test_has_comments_beside_the_fields_by_whoever_has_it_in_hand(self, cast: Cast) -> None:
        row = terms.sent(cast)
        say: dict[str, Any] = {"report": row, "words": "Which nights?", "at": cast.at}
        funder, ngo = cast.actor(cast.funder), cast.actor(cast.ngo_manager)
        key = uuid4()
        for _twice in range(2):
            reports.write_comment(client_key=key, field="done", by=funder, **say)
        assert row.comments.get().field == "done"
        for field, by, wrong in (
            ("done", ngo, NotPossible), ("secret", funder, NotPossible),
            ("done", cast.actor(cast.other_manager), NotAllowed),
        ):  # fmt: skip
            with pytest.raises(wrong):
                reports.write_comment(client_key=uuid4(), field=field, by=by, **say)


class TestAccepting:
    def test_closes_it_and_releases_the_instalment_that_waited(self, cast: Cast) -> None:
        row, by = terms.sent(cast), cast.actor(cast.funder)
        waiting = money.instalment(cast, row.award)
        reports.let_wait(report=row, instalment=waiting, by=by, at=cast.at)
        payments.keep_up(cast.at)
        assert Instalment.objects.get().state == InstalmentState.PLANNED
        with pytest.raises(NotAllowed):
            reports.accept(report=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        row = reports.accept(report=row, by=by, at=cast.at)
        assert row.state == R.ACCEPTED
        assert Instalment.objects.get().state == InstalmentState.DUE
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()
        with pytest.raises(NotPossible):
            reports.write_words(
                report=row, by=cast.actor(cast.ngo_manager), at=cast.at, version=row.version,
                done="Changed later",
            )  # fmt: skip

    def test_is_not_needed_for_what_is_no_longer_asked_for(self, cast: Cast) -> None:
        row = terms.due(cast)
        row = REPORT.apply(
            row, "drop", by=cast.actor(cast.funder), at=cast.at, comment="It ended early."
        )
        assert row.state == R.DROPPED
        assert not Deadline.objects.open().filter(subject_uuid=row.uuid).exists()


class TestIndicators:
    def test_stay_once_figures_were_reported(self, cast: Cast) -> None:
        row, by = terms.due(cast), cast.actor(cast.funder)
        terms.write(cast, row)
        people = row.award.indicators.all()[0]
        with pytest.raises(NotPossible, match="it stays"):
            reports.remove_indicator(award=row.award, indicator=people.uuid, by=by, at=cast.at)
        with pytest.raises(NotPossible, match="stays as it is"):
            reports.add_indicator(
                award=row.award, name=people.name, measures="things", baseline=0, target=1, by=by,
                at=cast.at,
            )  # fmt: skip
