"""Changing rules and working days: what counts from when, what would move, and what never does."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from common.country import current
from common.marks import Subject
from common.profile import Bound
from deadlines.choices import DeadlineAct, MoveReason
from deadlines.models import CalendarDay, Deadline, DeadlineEvent, Rule
from deadlines.rulebook import rulebook
from deadlines.services import clocks, rules
from deadlines.services.rules import Changed, TooMany, Which, seal_of
from tests.deadlines.conftest import Somebody
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

#: A Monday morning in London.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DECISION = "preliminary_decision"


@pytest.fixture(autouse=True)
def _gb(settings: Any) -> None:
    settings.COUNTRY = "gb"


def draft(**fields: Any) -> Rule:
    values = {
        "country": "gb",
        "code": DECISION,
        "is_on": True,
        "unit": "working_days",
        "amount": 10,
        "day_zero": "excluded",
        "roll": "none",
        "weight": "law",
        "source": "An invented Act, section 1",
        "text": "Ten working days.",
        "read_on": date(2026, 3, 1),
        "valid_from": date(2026, 3, 9),
        "why": "The invented Act came into force.",
        **fields,
    }
    return Rule(**values)


@pytest.fixture
def group(ann: User) -> Group:
    group = Group.objects.create(name="those who decide")
    ann.groups.add(group)
    return group


@pytest.fixture
def start(deadline_kind: Any, group: Group, by: Somebody) -> Any:
    """A running clock of a rule of gb."""

    def go(
        code: str = DECISION, at: datetime = MONDAY, place: str = "", **options: Any
    ) -> Deadline:
        return clocks.start(
            kind=deadline_kind(**options), rule=code, subject=Subject("parcel", uuid.uuid4()),
            holders=[group], starts_at=at, by=by, at=at, subdivision=place,
        )[0]  # fmt: skip

    return go


@pytest.fixture
def change(by: Somebody) -> Callable[..., Rule]:
    """Enters a change; moves what `which` says, as it was shown."""

    def go(which: Which = Which.NONE, seen: str = "", **fields: Any) -> Rule:
        row = draft(**fields)
        rule = rulebook().made_by(row)
        seen = seen or seal_of(rules.moves_of_rule(rule))
        return rules.change_rule(draft=row, rule=rule, which=which, seen=seen, by=by, at=MONDAY)

    return go


def now(row: Deadline) -> Deadline:
    return Deadline.objects.get(pk=row.pk)


def ends(row: Deadline) -> date:
    return now(row).due_at.astimezone(current().time_zone).date()


def length_on(day: date, code: str = DECISION, place: str = "") -> int | None:
    rule = rulebook().rule(code, on=day, subdivision=place)
    return rule.counting.length.amount if rule else None


class TestRulebook:
    def test_counts_by_the_profile_until_the_first_day_of_a_change(self, change):
        change()
        assert [length_on(date(2026, 3, day)) for day in (8, 9)] == [5, 10]

    def test_goes_back_to_the_profile_after_its_last_day(self, change):
        change(valid_to=date(2026, 3, 20))
        assert [length_on(date(2026, 3, day)) for day in (20, 21)] == [10, 5]

    def test_takes_the_newer_of_two_changes_of_one_day(self, change):
        change(amount=10)
        change(amount=7, valid_from=date(2026, 3, 1))
        assert length_on(date(2026, 3, 9)) == 7

    def test_starts_no_clock_by_a_rule_that_was_switched_off(self, change, start, by):
        change(is_on=False)
        assert length_on(date(2026, 3, 9)) is None
        assert rulebook().in_force(date(2026, 3, 9)) == tuple(
            rule for rule in rulebook().in_force(date(2026, 3, 8)) if rule.code != DECISION
        )

    def test_switches_on_for_a_part_what_was_not_confirmed(self, change):
        change(code="recovery_period", subdivision="SCT", unit="days", amount=90)
        assert length_on(date(2026, 3, 9), "recovery_period", "SCT") == 90
        assert length_on(date(2026, 3, 9), "recovery_period", "ENG") == 30

    def test_falls_back_to_the_country_where_a_part_switched_its_own_off(self, change):
        change(code="recovery_period", subdivision="SCT", unit="days", amount=90)
        change(code="recovery_period", subdivision="SCT", unit="days", amount=90, is_on=False)
        assert length_on(date(2026, 3, 9), "recovery_period", "SCT") == 30

    def test_leaves_changes_of_another_country_alone(self, change, settings):
        change(code="recovery_period", unit="days", amount=40)
        settings.COUNTRY = "se"
        assert length_on(date(2026, 3, 9), "recovery_period") == 30

    def test_begins_a_clock_by_the_rule_of_its_first_day(self, change, start):
        change()
        before, after = start(at=MONDAY), start(at=MONDAY + timedelta(days=7))
        assert (ends(before), ends(after)) == (date(2026, 3, 9), date(2026, 3, 23))

    def test_lists_each_rule_once_for_the_page(self, change):
        change()
        shown = rulebook().shown(date(2026, 3, 1))
        lengths = [rule.counting.length.amount for rule in shown if rule.code == DECISION]
        assert lengths == [5, 10]
        later = rulebook().shown(date(2026, 3, 10))
        assert [rule.counting.length.amount for rule in later if rule.code == DECISION] == [10, 5]


class TestRow:
    @pytest.mark.parametrize(
        ("fields", "constraint"),
        [
            ({"amount": 0}, "rule_one_length"),
            ({"unit": "fixed_date", "amount": 3}, "rule_one_length"),
            ({"unit": "yearly", "amount": 0}, "rule_one_length"),
            ({"read_on": None}, "rule_on_was_read"),
            ({"valid_to": date(2026, 3, 8)}, "rule_ends_after_it_begins"),
            ({"why": ""}, "rule_says_where_and_why"),
            ({"source": ""}, "rule_says_where_and_why"),
            ({"unit": "moons"}, "rule_unit_is_known"),
            ({"weight": "rumour"}, "rule_weight_is_known"),
        ],
    )
    def test_is_refused_by_the_database(self, fields, constraint):
        row = draft(entered_at=MONDAY, **fields)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row.save()


class TestMoves:
    def test_moves_nothing_by_itself(self, change, start):
        row = start()
        change(valid_from=date(2026, 3, 1))
        assert ends(row) == date(2026, 3, 9)
        assert not DeadlineEvent.objects.exists()

    def test_are_shown_with_how_far_before_anything_is_entered(self, start):
        row = start()
        [move] = rules.moves_of_rule(rulebook().made_by(draft()))
        assert (move.deadline, move.moves, move.by) == (row, True, timedelta(days=7))
        assert not Rule.objects.exists()

    def test_moves_everything_that_runs_when_told_so(self, change, start, by):
        row = start()
        change(Which.ALL)
        assert ends(row) == date(2026, 3, 16)
        assert (now(row).amount, now(row).calendar_version) == (10, row.calendar_version)
        event = DeadlineEvent.objects.get()
        assert (event.act, event.reason_code, event.by_id) == (
            DeadlineAct.MOVED,
            MoveReason.RULE,
            by.user_id,
        )
        assert (event.due_before, event.due_after) == (row.due_at, now(row).due_at)

    def test_moves_only_what_began_under_the_rule_when_told_so(self, change, start):
        old, young = start(at=MONDAY - timedelta(days=3)), start()
        change(Which.SINCE, valid_from=date(2026, 3, 1))
        assert (ends(old), ends(young)) == (date(2026, 3, 6), date(2026, 3, 16))

    def test_takes_no_time_from_the_person_it_protects(self, change, start):
        recovery = start("recovery_period")
        asking = start("reconsideration_request", protects=True)
        for code in ("recovery_period", "reconsideration_request"):
            change(Which.ALL, code=code, unit="days", amount=10)
        assert ends(recovery) == ends(asking) == date(2026, 4, 1)

    def test_gives_the_person_it_protects_more_time(self, change, start):
        recovery = start("recovery_period")
        change(Which.ALL, code="recovery_period", unit="days", amount=45)
        assert ends(recovery) == date(2026, 4, 16)

    def test_makes_nobody_wait_longer_for_a_decision(self, change, start):
        row = start("conclusive_not_before")
        assert row.bound == Bound.EARLIEST
        change(Which.ALL, code="conclusive_not_before", unit="days", amount=60)
        assert ends(row) == date(2026, 4, 1)

    def test_leaves_an_end_that_somebody_gave(self, change, start, by):
        row = start()
        until = MONDAY + timedelta(days=30)
        clocks.extend(deadline=row, until=until, by=by, at=MONDAY, reason_code="law")
        change(Which.ALL)
        assert now(row).due_at == until

    def test_leaves_what_is_over_and_what_another_part_runs_by(self, change, start, by):
        met = start()
        clocks.meet(subject=Subject("parcel", met.subject_uuid), kinds=[met.kind], by=by, at=MONDAY)
        scottish = start("recovery_period", place="SCT")
        change(Which.ALL)
        change(Which.ALL, code="recovery_period", subdivision="SCT", unit="days", amount=90)
        english = start("recovery_period", place="ENG")
        change(Which.ALL, code="recovery_period", unit="days", amount=50)
        assert (ends(met), ends(scottish)) == (date(2026, 3, 9), date(2026, 5, 31))
        assert ends(english) == date(2026, 4, 21)

    def test_end_nothing_when_a_rule_is_switched_off(self, change, start):
        row = start()
        change(Which.ALL, is_on=False)
        assert now(row).is_open

    def test_are_refused_when_something_began_since_they_were_shown(self, change, start):
        start()
        seen = seal_of(rules.moves_of_rule(rulebook().made_by(draft())))
        start()
        with pytest.raises(Changed):
            change(Which.ALL, seen=seen)
        assert not Rule.objects.exists()

    def test_are_not_worked_out_for_too_many(self, start, monkeypatch):
        monkeypatch.setattr(rules, "MOST", 1)
        start(), start()
        with pytest.raises(TooMany):
            rules.moves_of_rule(rulebook().made_by(draft()))

    def test_tell_the_kind_whose_ends_were_copied(self, change, start):
        told: list[Any] = []
        row = start(moved=told.append)
        change(Which.ALL)
        assert told == [{row.subject_uuid}]

    def test_cost_the_same_for_one_and_for_many(self, start):
        start()
        rule = rulebook().made_by(draft())
        with at_most(5):
            rules.moves_of_rule(rule)
        for _n in range(5):
            start()
        with at_most(5):
            assert len(rules.moves_of_rule(rule)) == 6


def day_off(on: date = date(2026, 3, 5), **fields: Any) -> CalendarDay:
    values = {"day": on, "is_working": False, "name": "A day of mourning", **fields}
    return CalendarDay(**values)


class TestCalendar:
    def correct(self, by: Any, row: CalendarDay, *, moves_them: bool) -> None:
        seen = seal_of(rules.moves_of_day(row))
        rules.correct_calendar(draft=row, moves_them=moves_them, seen=seen, by=by, at=MONDAY)

    def test_moves_nothing_by_itself_and_counts_from_then_on(self, start, by):
        running = start()
        self.correct(by, day_off(), moves_them=False)
        assert ends(running) == date(2026, 3, 9)
        assert ends(start()) == date(2026, 3, 10)

    def test_moves_what_runs_over_the_day_when_told_so(self, start, by):
        running, days = start(), start("recovery_period")
        self.correct(by, day_off(), moves_them=True)
        assert (ends(running), ends(days)) == (date(2026, 3, 10), date(2026, 4, 1))
        event = DeadlineEvent.objects.get()
        assert event.reason_code == MoveReason.CALENDAR
        assert now(running).calendar_version.endswith(":1")
        assert running.calendar_version.endswith(":0")

    def test_touches_nothing_that_does_not_run_over_the_day(self, start):
        start()
        assert rules.moves_of_day(day_off(date(2026, 3, 11))) == []

    def test_of_one_part_touches_no_other(self, start, by):
        english, scottish = start(place="ENG"), start(place="SCT")
        self.correct(by, day_off(subdivision="SCT"), moves_them=True)
        assert (ends(english), ends(scottish)) == (date(2026, 3, 9), date(2026, 3, 10))

    def test_lets_a_saturday_be_worked_in_exchange(self, start, by):
        row = start()
        self.correct(by, day_off(date(2026, 3, 7), is_working=True), moves_them=True)
        assert ends(row) == date(2026, 3, 7)


class TestPages:
    @pytest.fixture
    def desk(self, cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
        return client_for(cast.administrator, fresh=True)

    def answers(self, **changed: Any) -> dict[str, Any]:
        return {
            "is_on": "on", "amount": "10", "unit": "working_days", "day_zero": "excluded",
            "roll": "none", "remind_before_days": "2", "weight": "law",
            "source": "An invented Act", "text": "Ten working days.", "reading": "",
            "read_on_day": "1", "read_on_month": "3", "read_on_year": "2026",
            "valid_from_day": "1", "valid_from_month": "3", "valid_from_year": "2026",
            "why": "The Act came into force.", **changed,
        }  # fmt: skip

    def test_change_a_rule_in_two_steps_and_show_who_did(self, desk, cast, start):
        row = start()
        url = reverse("deadlines:rule_change", args=[DECISION])
        assert "5" in desk.get(url).content.decode()
        preview = desk.post(url, self.answers())
        page = preview.content.decode()
        assert "7 days later" in page
        assert "Everything listed that can move: 1 deadline" in page
        assert not Rule.objects.exists()
        done = desk.post(
            url,
            self.answers(step="confirm", which="all", seen=preview.context["seal"]),
            follow=True,
        )
        assert ends(row) == date(2026, 3, 16)
        assert Rule.objects.get().entered_by == cast.administrator
        said = done.content.decode()
        assert "The Act came into force." in said
        assert cast.administrator.display_name in said

    def test_name_no_case_that_the_reader_may_not_see(self, desk, start):
        hidden: set[uuid.UUID] = set()
        secret, open_one = start(hidden=hidden), start()
        hidden.add(secret.subject_uuid)
        url = reverse("deadlines:rule_change", args=[DECISION])
        page = desk.post(url, self.answers()).content.decode()
        assert page.count("7 days later") == 2
        assert f"R-{str(open_one.subject_uuid)[:4]}" in page
        assert f"R-{str(secret.subject_uuid)[:4]}" not in page

    def test_ask_again_when_nothing_was_chosen(self, desk, start):
        start()
        url = reverse("deadlines:rule_change", args=[DECISION])
        page = desk.post(url, self.answers(step="confirm")).content.decode()
        assert "There is a problem" in page
        assert not Rule.objects.exists()

    def test_ask_again_when_something_began_meanwhile(self, desk, start):
        start()
        url = reverse("deadlines:rule_change", args=[DECISION])
        answers = self.answers(step="confirm", which="all", seen="older")
        assert "Look again" in desk.post(url, answers).content.decode()
        assert not Rule.objects.exists()

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"read_on_day": "", "read_on_month": "", "read_on_year": ""}, "only then is it on"),
            ({"amount": "0"}, "greater than or equal to 1"),
            ({"why": ""}, "required"),
            ({"valid_to_day": "1", "valid_to_month": "2", "valid_to_year": "2026"}, "not before"),
        ],
    )
    def test_say_what_is_wrong_and_lose_nothing(self, changed, said, desk):
        url = reverse("deadlines:rule_change", args=[DECISION])
        page = desk.post(url, self.answers(**changed)).content.decode()
        assert said in page
        assert "An invented Act" in page

    @pytest.mark.parametrize(
        ("code", "amounts"),
        [
            ("conclusive_backlog", {"fixed_on_day": "30", "fixed_on_month": "6",
                                    "fixed_on_year": "2027", "unit": "fixed_date"}),
        ],
    )  # fmt: skip
    def test_change_a_date(self, code, amounts, desk):
        url = reverse("deadlines:rule_change", args=[code])
        preview = desk.post(url, self.answers(**amounts))
        seal = preview.context["seal"]
        desk.post(url, self.answers(**amounts, step="confirm", which="none", seen=seal))
        assert Rule.objects.get().fixed_on == date(2027, 6, 30)

    def test_change_days_of_each_year(self, desk, settings):
        settings.COUNTRY = "md"
        url = reverse("deadlines:rule_change", args=["action_plan_report"])
        answers = self.answers(unit="yearly", yearly="02-01,08-01")
        wrong = desk.post(url, {**answers, "yearly": "31 July"}).content.decode()
        assert "Write month and day" in wrong
        seal = desk.post(url, answers).context["seal"]
        desk.post(url, {**answers, "step": "confirm", "which": "none", "seen": seal})
        rule = rulebook().rule("action_plan_report", on=date(2026, 3, 1))
        assert rule is not None
        assert rule.counting.length.yearly == ((2, 1), (8, 1))

    def test_correct_a_day_in_two_steps(self, desk, start, cast):
        row = start()
        url = reverse("deadlines:calendar_day_add")
        answers = {
            "day_day": "5", "day_month": "3", "day_year": "2026", "subdivision": "",
            "is_working": "no", "name": "A day of mourning",
        }  # fmt: skip
        preview = desk.post(url, answers)
        assert "1 day later" in preview.content.decode()
        assert not CalendarDay.objects.exists()
        seal = preview.context["seal"]
        done = desk.post(
            url, {**answers, "step": "confirm", "which": "all", "seen": seal}, follow=True
        )
        assert ends(row) == date(2026, 3, 10)
        assert "A day of mourning" in done.content.decode()
        assert CalendarDay.objects.get().entered_by == cast.administrator

    def test_list_the_rules_in_seven_queries_however_many_changed(self, desk, change):
        change()
        desk.get(reverse("deadlines:rules"))
        change(amount=7)
        with at_most(8):
            desk.get(reverse("deadlines:rules"))
