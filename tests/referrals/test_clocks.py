"""The clocks of a referral: what starts, stops and ends them, whom they bind, and who hears."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from common import country
from common.profile import Pausing
from common.workflow import NotAllowed
from deadlines.choices import ExtensionReason
from deadlines.models import Deadline, Notice
from deadlines.services import acts
from deadlines.services.reminders import remind
from partners.choices import Role
from partners.models import RoleGroup
from referrals import clocks
from referrals.choices import Outcome, State
from referrals.deciding import stage_to_decide
from referrals.models import ReferralGroupGrant
from referrals.services import consents
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

LONDON = country.load("gb").time_zone


@pytest.fixture
def at() -> datetime:
    """Monday, 2 March 2026, in the morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def gb(monkeypatch: pytest.MonkeyPatch) -> Any:
    with stages.country_is(monkeypatch, "gb"):
        yield


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Any:
    """gb, where a question to the referrer would stop the first clock."""
    profile = country.load("gb")
    rules = tuple(
        replace(rule, pauses=frozenset({Pausing.RETURNED}))
        if rule.code == "preliminary_decision"
        else rule
        for rule in profile.deadlines
    )
    stopping = replace(profile, deadlines=rules)
    monkeypatch.setattr(country, "load", lambda *args, **kwargs: stopping)


def running(kind: str) -> list[Deadline]:
    return list(Deadline.objects.open().filter(kind=kind))


def ends(deadline: Deadline) -> date:
    return deadline.due_at.astimezone(LONDON).date()


def group(organisation: Any, role: Role) -> Any:
    return RoleGroup.objects.get(organisation=organisation, role=role).group


def due_in_inbox(referral: Any) -> set[Any]:
    rows = ReferralGroupGrant.objects.filter(content_object=referral, due_at__isnull=False)
    return set(rows.values_list("group", "due_at"))


class TestSent:
    def test_starts_the_clock_of_those_who_decide(self, cast: Cast, gb: None) -> None:
        referral = stages.sent(cast)
        [row] = running(clocks.DECISION)
        officers = group(cast.authority, Role.OFFICER)
        assert (row.rule_code, row.group, ends(row)) == (
            "preliminary_decision",
            officers,
            date(2026, 3, 9),
        )
        assert row.organisation_uuid == cast.authority.uuid
        assert due_in_inbox(referral) == {(officers.pk, row.due_at)}
        stage = stage_to_decide(referral)
        assert stage is not None
        assert clocks.decision_due(referral, stage) == row.due_at

    def test_starts_none_where_the_country_sets_no_time(self, cast: Cast) -> None:
        assert country.current().code == "coe"
        referral = stages.sent(cast)
        assert running(clocks.DECISION) == []
        assert due_in_inbox(referral) == set()

    def test_reminds_the_officers_and_then_the_co_ordinators(self, cast: Cast, gb: None) -> None:
        referral = stages.sent(cast)
        Notice.objects.all().delete()
        for days in range(20):
            remind(cast.at + timedelta(days=days))
        told: dict[str, set[Any]] = {}
        for notice in Notice.objects.all():
            told.setdefault(notice.kind, set()).add(notice.recipient)
        officers, steering = (
            {cast.officer, cast.second_officer},
            {
                cast.co_ordinator,
                cast.second_co_ordinator,
            },
        )
        assert told == {
            "deadline_near": officers,
            "deadline_due": officers,
            "deadline_late": officers,
            "deadline_escalated": steering,
        }
        [row] = running(clocks.DECISION)
        seen = clocks._references(cast.actor(cast.co_ordinator), [row.subject_uuid])
        assert seen == {referral.uuid: referral.reference}
        assert clocks._references(cast.actor(cast.other_manager), [row.subject_uuid]) == {}


class TestSentBack:
    def test_stops_nothing_where_the_rule_says_nothing_of_it(self, cast: Cast, gb: None) -> None:
        stages.returned(cast)
        assert [ends(row) for row in running(clocks.DECISION)] == [date(2026, 3, 9)]
        assert running(clocks.DECISION)[0].paused_at is None

    def test_stops_the_clock_until_it_is_answered_where_the_rule_says_so(
        self, cast: Cast, stopping: None
    ) -> None:
        referral = stages.returned(cast)
        [row] = running(clocks.DECISION)
        assert row.paused_at == cast.at
        assert due_in_inbox(referral) == set()
        stages.answered(cast, referral, at=cast.at + timedelta(days=2))
        [row] = running(clocks.DECISION)
        assert (row.paused_at, ends(row)) == (None, date(2026, 3, 11))
        assert {due for _group, due in due_in_inbox(referral)} == {row.due_at}


class TestDecided:
    def test_meets_its_clock_and_starts_those_that_run_from_it(self, cast: Cast, gb: None) -> None:
        referral = stages.decided(cast, stages.sent(cast), Outcome.POSITIVE)
        assert referral.state == State.PRELIM_POSITIVE
        assert Deadline.objects.get(kind=clocks.DECISION).met_at == cast.at
        [earliest] = running(clocks.NOT_BEFORE)
        [recovery] = running(clocks.RECOVERY)
        assert ends(earliest) == ends(recovery) == date(2026, 4, 1)
        assert earliest.group == group(cast.authority, Role.OFFICER)
        assert recovery.group == group(cast.ngo, Role.CASEWORKER)
        assert due_in_inbox(referral) == set()

    def test_negative_starts_the_time_to_ask_again_and_no_recovery(
        self, cast: Cast, gb: None
    ) -> None:
        stages.decided(cast, stages.sent(cast), Outcome.NEGATIVE)
        [row] = running(clocks.RECONSIDERATION)
        assert (ends(row), row.group) == (date(2026, 4, 1), group(cast.ngo, Role.CASEWORKER))
        assert running(clocks.RECOVERY) == running(clocks.NOT_BEFORE) == []

    def test_grants_the_status_for_as_long_as_the_country_says(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stages.country_is(monkeypatch, "ua"):
            stages.decided(cast, stages.sent(cast), Outcome.POSITIVE)
            [row] = running(clocks.STATUS)
        assert (row.unit, row.amount, row.group) == ("months", 24, group(cast.ngo, Role.CASEWORKER))
        assert row.bound == "expires"

    def test_late_is_late_by_what_it_took(self, cast: Cast, gb: None) -> None:
        referral = stages.sent(cast)
        stages.decided(cast, referral, Outcome.POSITIVE, at=cast.at + timedelta(days=10))
        late_by = Deadline.objects.get(kind=clocks.DECISION).late_by
        assert late_by is not None
        assert late_by.days == 2


class TestWithdrawn:
    def test_ends_what_waits_for_a_decision_and_not_what_protects(
        self, cast: Cast, gb: None
    ) -> None:
        referral = stages.decided(cast, stages.sent(cast), Outcome.POSITIVE)
        actor = cast.actor(cast.ngo_caseworker)
        consents.withdraw_consent(referral=referral, by=actor, at=cast.at)
        assert running(clocks.NOT_BEFORE) == []
        assert len(running(clocks.RECOVERY)) == 1


class TestOtherCountries:
    def test_belgium_counts_the_recovery_period_from_the_referral(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stages.country_is(monkeypatch, "be"):
            stages.sent(cast)
            [row] = running(clocks.RECOVERY)
        assert (row.amount, row.group) == (45, group(cast.ngo, Role.CASEWORKER))
        assert row.due_at.date() == date(2026, 4, 16)

    def test_ireland_starts_the_appeal_with_the_second_refusal_alone(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stages.country_is(monkeypatch, "ie"):
            refused = stages.decided(cast, stages.sent(cast), Outcome.NEGATIVE)
            assert refused.state == State.PRELIM_NEGATIVE
            assert running(clocks.APPEAL) == []
            found = stages.decided(cast, stages.sent(cast), Outcome.POSITIVE)
            stages.decided(cast, found, Outcome.NEGATIVE)
            [row] = running(clocks.APPEAL)
        assert row.subject_uuid == found.uuid
        assert (row.group, ends(row)) == (group(cast.ngo, Role.CASEWORKER), date(2026, 4, 1))


class TestDraft:
    def test_is_kept_for_thirty_days_from_when_it_was_last_worked_on(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        [row] = running(clocks.DRAFT)
        assert (row.user, row.due_at) == (cast.ngo_caseworker, cast.at + clocks.DRAFT_KEPT)
        later = cast.at + timedelta(days=5)
        clocks.draft_worked_on(referral, at=later)
        assert running(clocks.DRAFT)[0].due_at == later + clocks.DRAFT_KEPT

    def test_is_over_once_it_is_sent(self, cast: Cast) -> None:
        stages.sent(cast)
        assert running(clocks.DRAFT) == []


class TestMoreTime:
    def test_is_for_those_who_decide_and_shows_in_their_inbox(self, cast: Cast, gb: None) -> None:
        referral = stages.sent(cast)
        [row] = running(clocks.DECISION)
        acts.extend(
            deadline=row, until_on=date(2026, 3, 20), reason=ExtensionReason.INFORMATION,
            by=cast.actor(cast.officer), at=cast.at,
        )  # fmt: skip
        [row] = running(clocks.DECISION)
        assert ends(row) == date(2026, 3, 20)
        assert {due for _group, due in due_in_inbox(referral)} == {row.due_at}
        told = Notice.objects.filter(kind="deadline_extended")
        assert {notice.recipient for notice in told} == {
            cast.co_ordinator,
            cast.second_co_ordinator,
        }

    def test_is_not_for_whoever_waits_for_the_decision(self, cast: Cast, gb: None) -> None:
        stages.sent(cast)
        [row] = running(clocks.DECISION)
        with pytest.raises(NotAllowed):
            acts.extend(
                deadline=row, until_on=date(2026, 3, 20), reason=ExtensionReason.LAW,
                by=cast.actor(cast.ngo_manager), at=cast.at,
            )  # fmt: skip
