"""What people do to a deadline: more time, stopping it, letting it run on; and who sees that."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.urls import reverse

from common.country import current
from common.marks import Permission, Subject
from common.profile import Bound, Pausing
from common.workflow import NotAllowed, NotPossible
from deadlines.choices import DeadlineAct, ExtensionReason, SuspensionReason
from deadlines.models import Deadline, DeadlineEvent, Notice, Reminder
from deadlines.services import acts, clocks
from deadlines.services.reminders import remind
from partners.choices import Role
from partners.models import RoleGroup
from tests.deadlines.conftest import make_rule
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

#: A Monday, 10:00 in Paris.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REASON = ExtensionReason.INTERPRETER
STOPS = frozenset({Pausing.SUSPENDED})


@pytest.fixture(autouse=True)
def _on_a_monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def team(cast: Cast) -> Group:
    """The managers of Lantern House."""
    return RoleGroup.objects.get(organisation=cast.ngo, role=Role.MANAGER).group


@pytest.fixture
def start(cast: Cast, team: Group, deadline_kind: Any) -> Any:
    """Ten days for the managers, which they may change and a co-ordinator answers for."""

    def go(rule: Any = None, **options: Any) -> Deadline:
        values = {
            "may_change": lambda actor, deadline: True,
            "escalation": lambda deadline: [[cast.co_ordinator.pk]],
            **options,
        }
        return clocks.start(
            kind=deadline_kind(**values), rule=rule or make_rule(10, pauses=STOPS),
            subject=Subject("parcel", uuid.uuid4()), holders=[team], starts_at=NOW,
            by=cast.actor(cast.ngo_manager), at=NOW, organisation_uuid=cast.ngo.uuid,
        )[0]  # fmt: skip

    return go


@pytest.fixture
def by(cast: Cast) -> Any:
    return cast.actor(cast.ngo_manager, NOW)


def ends(row: Deadline) -> date:
    return Deadline.objects.get(pk=row.pk).due_at.astimezone(current().time_zone).date()


def kinds_told(user: Any) -> list[str]:
    return list(Notice.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


class TestExtend:
    def test_ends_with_the_day_that_was_given_and_says_why(self, start, by):
        row = start()
        acts.extend(deadline=row, until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)
        assert ends(row) == date(2026, 3, 20)
        event = DeadlineEvent.objects.get(deadline=row)
        assert (event.act, event.reason_code, event.by_id) == (
            DeadlineAct.EXTENDED,
            REASON,
            by.user_id,
        )

    def test_tells_those_who_answer_for_it_once(self, start, by, cast):
        acts.extend(deadline=start(), until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)
        assert kinds_told(cast.co_ordinator) == ["deadline_extended"]

    def test_keeps_in_step_what_was_copied(self, start, by):
        told: list[Any] = []
        row = start(moved=told.append)
        acts.extend(deadline=row, until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)
        assert told == [{row.subject_uuid}]

    @pytest.mark.parametrize("day", [date(2026, 3, 12), date(2026, 3, 1)])
    def test_refuses_a_day_that_is_not_later(self, day, start, by):
        with pytest.raises(NotPossible, match="after the one"):
            acts.extend(deadline=start(), until_on=day, reason=REASON, by=by, at=NOW)
        assert not DeadlineEvent.objects.filter(act=DeadlineAct.EXTENDED).exists()

    def test_refuses_one_that_holds_an_act_back(self, start, by):
        row = start(make_rule(10, bound=Bound.EARLIEST))
        with pytest.raises(NotPossible):
            acts.extend(deadline=row, until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)

    @pytest.mark.parametrize("who", ["ngo_caseworker", "other_manager", "co_ordinator"])
    def test_is_for_those_it_binds_whose_role_includes_it(self, who, start, cast):
        other = cast.actor(getattr(cast, who), NOW)
        with pytest.raises(NotAllowed):
            acts.extend(
                deadline=start(), until_on=date(2026, 3, 20), reason=REASON, by=other, at=NOW
            )

    def test_is_refused_where_the_kind_lets_nobody(self, start, by):
        row = start(may_change=lambda actor, deadline: False)
        with pytest.raises(NotAllowed):
            acts.extend(deadline=row, until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)


class TestSuspend:
    def suspend(self, row: Deadline, by: Any, on: date = date(2026, 3, 9)) -> None:
        reason = SuspensionReason.COURT_ORDER
        acts.suspend(deadline=row, reason=reason, review_on=on, by=by, at=NOW)

    def test_stops_the_clock_and_reminds_nobody_of_it(self, start, by, cast):
        row = start()
        self.suspend(row, by, date(2026, 6, 1))
        remind(NOW + timedelta(days=60))
        assert kinds_told(cast.ngo_manager) == []
        assert not Deadline.objects.late(NOW + timedelta(days=60)).filter(pk=row.pk).exists()

    def test_asks_to_look_again_on_the_day_that_was_given(self, start, by, cast):
        row = start()
        self.suspend(row, by)
        remind(NOW + timedelta(days=7))
        assert kinds_told(cast.ngo_manager) == ["deadline_due"]
        review = Deadline.objects.get(kind=acts.REVIEW)
        assert review.subject_uuid == row.uuid
        remind(NOW + timedelta(days=30))
        remind(NOW + timedelta(days=30))
        assert kinds_told(cast.co_ordinator) == ["deadline_escalated_belated"]

    def test_runs_on_with_its_end_moved_and_the_review_over(self, start, by):
        row = start()
        self.suspend(row, by)
        acts.resume(deadline=row, by=by, at=NOW + timedelta(days=4))
        assert ends(row) == date(2026, 3, 16)
        assert Deadline.objects.get(kind=acts.REVIEW).met_at is not None

    def test_is_not_ended_by_an_answer_to_questions(self, start, by):
        row = start(make_rule(10, pauses=frozenset(Pausing)))
        self.suspend(row, by)
        subject = Subject("parcel", row.subject_uuid)
        clocks.resume(subject=subject, because=Pausing.RETURNED, by=by, at=NOW)
        assert Deadline.objects.get(pk=row.pk).paused_for == Pausing.SUSPENDED

    def test_takes_no_time_when_the_servers_clock_was_put_back(self, start, by):
        row = start()
        self.suspend(row, by)
        acts.resume(deadline=row, by=by, at=NOW - timedelta(days=2))
        assert ends(row) == date(2026, 3, 12)

    def test_is_refused_where_the_rule_says_nothing_of_it(self, start, by):
        with pytest.raises(NotPossible):
            self.suspend(start(make_rule(10)), by)

    def test_refuses_a_day_that_is_not_to_come(self, start, by):
        with pytest.raises(NotPossible, match="after today"):
            self.suspend(start(), by, NOW.date())


class TestPage:
    @pytest.fixture
    def desk(self, cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
        return client_for(cast.ngo_manager)

    def url(self, row: Deadline, act: str = "") -> str:
        if act:
            return reverse("deadlines:deadline_act", args=[row.uuid, act])
        return reverse("deadlines:deadline", args=[row.uuid])

    def test_shows_the_date_what_was_done_and_the_acts(self, desk, start):
        row = start()
        answers = {
            "until_on_day": "20", "until_on_month": "3", "until_on_year": "2026",
            "reason": REASON.value,
        }  # fmt: skip
        assert "Behind it" not in desk.get(self.url(row, "extend")).content.decode()
        page = desk.post(self.url(row, "extend"), answers, follow=True).content.decode()
        assert "20 March 2026" in page
        assert str(REASON.label) in page
        assert "Give it more time" in page
        assert "Stop the clock" in page

    def test_says_what_is_wrong_with_a_day_that_is_not_later(self, desk, start):
        answers = {
            "until_on_day": "1", "until_on_month": "3", "until_on_year": "2026",
            "reason": REASON.value,
        }  # fmt: skip
        page = desk.post(self.url(start(), "extend"), answers).content.decode()
        assert "Give a day after the one on which it ends now" in page

    def test_stops_a_clock_and_lets_it_run_on(self, desk, start):
        row = start()
        answers = {
            "reason": "missing", "review_on_day": "9", "review_on_month": "3",
            "review_on_year": "2026",
        }  # fmt: skip
        page = desk.post(self.url(row, "suspend"), answers, follow=True).content.decode()
        assert "Let the clock run on" in page
        assert "The person is missing" in page
        page = desk.post(self.url(row, "resume"), follow=True).content.decode()
        assert "Stop the clock" in page

    def test_offers_no_act_that_is_not_possible(self, desk, start):
        row = start(make_rule(10))
        response = desk.get(self.url(row, "suspend"), follow=True)
        assert "cannot be done" in response.content.decode()

    def test_of_an_unknown_act_does_not_exist(self, desk, start):
        assert desk.get(self.url(start(), "forget")).status_code == 404

    def test_hides_what_it_is_about_from_whoever_may_not_see_it(self, desk, start):
        hidden: set[uuid.UUID] = set()
        row = start(hidden=hidden)
        hidden.add(row.subject_uuid)
        assert desk.get(self.url(row)).status_code == 404

    def test_shows_an_escalation_to_whoever_it_came_to(self, start, cast, client_for):
        row = start()
        for day in (10, 11, 12, 13, 14):
            remind(NOW + timedelta(days=day))
        assert Reminder.objects.filter(recipient=cast.co_ordinator).count() == 1
        with time_machine.travel(NOW + timedelta(days=14), tick=False):
            steering = client_for(cast.co_ordinator)
            listed = steering.get(reverse("deadlines:answering")).content.decode()
            assert self.url(row) in listed
            page = steering.get(self.url(row)).content.decode()
            assert "Escalated" in page
            assert "To those who answer for it" in page
            assert cast.ngo_manager.display_name not in page
            assert steering.get(self.url(row, "extend")).status_code == 403
            # Whom it never came to sees nothing.
            assert client_for(cast.second_co_ordinator).get(self.url(row)).status_code == 404

    def test_shows_more_time_to_whoever_was_told_of_it(self, start, by, cast, client_for):
        row = start()
        acts.extend(deadline=row, until_on=date(2026, 3, 20), reason=REASON, by=by, at=NOW)
        assert client_for(cast.co_ordinator).get(self.url(row)).status_code == 200
        assert client_for(cast.second_co_ordinator).get(self.url(row)).status_code == 404

    def test_is_nobodys_to_answer_for_once_it_has_more_time(self, start, by, cast, client_for):
        row = start()
        for day in (10, 11, 12, 13, 14):
            remind(NOW + timedelta(days=day))
        later = NOW + timedelta(days=14)
        acts.extend(deadline=row, until_on=date(2026, 4, 1), reason=REASON, by=by, at=later)
        with time_machine.travel(later, tick=False):
            page = client_for(cast.co_ordinator).get(reverse("deadlines:answering"))
        assert "Nothing has come to you" in page.content.decode()

    def test_list_of_escalations_costs_the_same_for_one_and_for_many(
        self, start, cast, client_for, deadline_kind
    ):
        rows = [start() for _n in range(3)]
        for row in rows:
            Reminder.objects.create(
                deadline=row, stage="escalate", rung=1, for_due_at=row.due_at,
                recipient=cast.co_ordinator, at=NOW,
            )  # fmt: skip
        steering = client_for(cast.co_ordinator)
        steering.get(reverse("deadlines:answering"))
        with at_most(8):
            steering.get(reverse("deadlines:answering"))

    def test_costs_twelve_queries_at_most(self, desk, start):
        row = start()
        desk.get(self.url(row))
        with at_most(12):
            desk.get(self.url(row))


def test_permission_is_that_of_managers_and_officers(cast: Cast) -> None:
    holders = {
        name
        for name in ("ngo_manager", "ngo_caseworker", "officer", "co_ordinator", "administrator")
        if Permission.DEADLINE_CHANGE in cast.actor(getattr(cast, name)).permissions
    }
    assert holders == {"ngo_manager", "officer"}
