"""Health: what stands still is seen, in words and as numbers, and never about whom."""

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from common.marks import Subject
from deadlines.models import Deadline, Job, Mail, SweepGap, SweepRun
from deadlines.services import clocks
from deadlines.services import health as health_of
from deadlines.services.health import Check, look
from deadlines.services.mail import post_mail
from deadlines.services.sweep import sweep
from tests.deadlines.conftest import Clock, make_rule
from tests.support.cast import PERSON, Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db

WAIT = timedelta(hours=2)


@pytest.fixture(autouse=True)
def _empty_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_of, "queue_depth", lambda: 0)


@pytest.fixture
def swept(clock: Clock) -> None:
    sweep(at=clock(), clock=clock)


def ill(at: datetime) -> set[str]:
    return {finding.check.value for finding in look(at).findings if not finding.is_well}


def a_mail(at: datetime, ann: User) -> None:
    variables = {"url": "/x/", "date": date(2024, 3, 1)}
    post_mail(kind="invitation", to="guest@example.org", variables=variables, key="k", at=at)


def a_deadline(at: datetime, ann: User) -> None:
    row = Deadline.objects.get()
    Deadline.objects.filter(pk=row.pk).update(next_at=at)


def a_job(at: datetime, ann: User) -> None:
    Job.objects.create(kind="test", owner=ann, created_at=at)


def a_dead_mail(at: datetime, ann: User) -> None:
    a_mail(at, ann)
    Mail.objects.update(dead_at=at)


def a_failed_part(at: datetime, ann: User) -> None:
    SweepRun.objects.filter(name="mail").update(last_error_code="OperationalError")


def no_sweep(at: datetime, ann: User) -> None:
    SweepRun.objects.update(last_started_at=at)


class TestLook:
    @pytest.mark.parametrize(
        ("happens", "found"),
        [
            (a_mail, Check.MAIL),
            (a_deadline, Check.DEADLINES),
            (a_job, Check.JOBS),
            (a_dead_mail, Check.DEAD_MAIL),
            (a_failed_part, Check.SWEEP_PARTS),
            (no_sweep, Check.SWEEP),
        ],
    )
    def test_finds_what_stands_still(
        self, swept: None, happens: Any, found: Check, ann: User, by: Any, clock: Clock,
        deadline_kind: Callable[..., str],
    ) -> None:  # fmt: skip
        clocks.start(
            kind=deadline_kind(), rule=make_rule(90), subject=Subject("parcel", uuid.uuid4()),
            holders=[ann], starts_at=clock(), by=by, at=clock(),
        )  # fmt: skip
        assert ill(clock()) == set()
        happens(clock(), ann)
        clock.now += WAIT
        if happens is not no_sweep:
            SweepRun.objects.update(last_started_at=clock())
        assert ill(clock()) == {found.value}

    def test_before_the_first_sweep_says_so(self, at: datetime) -> None:
        assert ill(at) == {Check.SWEEP.value}

    def test_with_the_broker_away_says_that_it_cannot_be_asked(
        self, swept: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health_of, "queue_depth", lambda: None)
        [queue] = [each for each in look(clock()).findings if each.check is Check.QUEUE]
        assert (queue.is_well, queue.is_known, queue.count) == (False, False, None)

    def test_costs_a_few_small_queries(self, swept: None, clock: Clock) -> None:
        with at_most(10):
            look(clock())


class TestGap:
    def test_is_kept_when_nobody_swept_and_not_otherwise(self, swept: None, clock: Clock) -> None:
        before = clock.now
        for _minute in range(3):
            clock.forward(minutes=1)
            sweep(at=clock(), clock=clock)
        assert not SweepGap.objects.exists()
        last = clock.now
        clock.forward(days=7)
        sweep(at=clock(), clock=clock)
        gap = SweepGap.objects.get()
        assert (gap.from_at, gap.until_at) == (last, clock.now)
        assert before < last


class TestPage:
    def test_says_in_words_what_to_do_and_names_nobody(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        page = client_for(cast.administrator).get(reverse("deadlines:health")).content.decode()
        assert "There was none yet" in page
        assert "Start beat and a worker" in page
        assert PERSON not in page.split("<main")[1].split("</main>")[0]

    def test_is_for_the_administrator(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        for who in ("co_ordinator", "ngo_manager"):
            answer = client_for(getattr(cast, who)).get(reverse("deadlines:health"))
            assert answer.status_code == 403


class TestStatus:
    """For monitoring: no sign-in, but a token."""

    def ask(self, client: StrictClient, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(reverse("deadlines:health_status"), headers=headers)

    def test_does_not_exist_without_the_token(self, client: StrictClient, settings: Any) -> None:
        settings.HEALTH_TOKEN = ""
        assert self.ask(client).status_code == 404
        assert client.get(
            reverse("deadlines:health_status"), headers={"Authorization": "Bearer "}
        ).status_code == 404  # fmt: skip
        settings.HEALTH_TOKEN = "right"
        assert self.ask(client, "wrong").status_code == 404

    def test_answers_with_ages_and_counts_and_503_when_something_stands_still(
        self, client: StrictClient, settings: Any, clock: Clock
    ) -> None:
        settings.HEALTH_TOKEN = "right"
        answer = self.ask(client, "right")
        assert answer.status_code == 503
        assert answer.json()["checks"]["sweep"] == {
            "well": False, "known": True, "count": None, "age_seconds": None,
        }  # fmt: skip
        sweep(at=clock(), clock=clock)
        answer = self.ask(client, "right")
        assert (answer.status_code, answer.json()["well"]) == (200, True)
        for said in answer.json()["checks"].values():
            assert all(value is None or isinstance(value, int) for value in said.values())


class TestCommand:
    def test_ends_with_one_when_something_stands_still(self, swept: None) -> None:
        out = StringIO()
        call_command("health", "--json", stdout=out)
        assert json.loads(out.getvalue())["well"] is True
        SweepRun.objects.all().delete()
        with pytest.raises(SystemExit):
            call_command("health", stdout=out)
        assert "sweep: LOOK AT THIS" in out.getvalue()
