"""A clock binds a group; who of it may know of the case is asked before anybody is told."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from deadlines.choices import ExtensionReason
from deadlines.models import Deadline, Notice
from deadlines.services import acts
from deadlines.services.reminders import remind
from referrals import clocks
from referrals.models import Referral
from tests.referrals import stages
from tests.referrals.test_protection import excluded, restricted
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LATE = "date that has passed"


@pytest.fixture(autouse=True)
def _a_country_that_sets_times(monkeypatch):
    with stages.country_is(monkeypatch, "gb"):
        yield


def told(cast: Cast, referral: Referral, *users: User) -> set[int]:
    """Who of these is reminded of the clocks of the case, until long after their ends."""
    remind(cast.at + timedelta(days=400))
    of_the_case = Deadline.objects.filter(subject_uuid=referral.uuid).values("uuid")
    notices = Notice.objects.filter(subject_uuid__in=of_the_case, recipient__in=users)
    return set(notices.values_list("recipient", flat=True))


def tiles(client) -> set[str]:
    return {tile.label for tile in client.get(reverse("ncm:home")).context["tiles"]}


class TestReminders:
    def test_of_a_restricted_case_reach_the_named_alone(self, cast: Cast) -> None:
        referral = stages.answered(cast, stages.returned(cast))
        restricted(cast, referral)
        around = (cast.officer, cast.second_officer, cast.co_ordinator, cast.second_co_ordinator)
        assert told(cast, referral, *around) == {cast.officer.pk}, "who acted on it was named"

    def test_reach_nobody_who_is_kept_out(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for user in (cast.second_officer, cast.co_ordinator):
            excluded(cast, referral, user=user)
        around = (cast.officer, cast.second_officer, cast.co_ordinator, cast.second_co_ordinator)
        assert told(cast, referral, *around) == {cast.officer.pk, cast.second_co_ordinator.pk}

    def test_of_what_only_a_negative_starts_reach_no_law_enforcement(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast, cast.police_officer), "negative")
        assert Deadline.objects.filter(kind=clocks.RECONSIDERATION).exists()
        assert told(cast, referral, cast.police_officer) == set()

    def test_reach_whoever_works_on_any_other_case(self, cast: Cast) -> None:
        referral = stages.decided(cast, stages.sent(cast), "negative")
        assert told(cast, referral, cast.ngo_caseworker) == {cast.ngo_caseworker.pk}

    def test_ask_no_more_for_many_cases(self, cast: Cast, django_assert_num_queries) -> None:
        rows = {}
        for _ in range(5):
            excluded(cast, stages.sent(cast), user=cast.second_officer)
        for row in Deadline.objects.filter(kind=clocks.DECISION):
            rows[row] = frozenset({cast.officer.pk, cast.second_officer.pk})
        with django_assert_num_queries(3):
            found = clocks.may_be_told(rows, cast.at)
        assert set(found.values()) == {frozenset({cast.officer.pk})}


class TestMoreTime:
    def test_is_not_told_to_a_co_ordinator_who_is_kept_out(self, cast: Cast) -> None:
        excluded(cast, stages.sent(cast), user=cast.co_ordinator)
        row = Deadline.objects.get(kind=clocks.DECISION)
        day = (row.due_at + timedelta(days=7)).date()
        acts.extend(
            deadline=row,
            until_on=day,
            reason=ExtensionReason.INFORMATION,
            by=cast.actor(cast.officer),
            at=cast.at,
        )
        recipients = Notice.objects.filter(kind="deadline_extended").values_list("recipient")
        assert set(recipients) == {(cast.second_co_ordinator.pk,)}


class TestTheHomePage:
    def test_counts_nothing_late_that_is_closed_to_one(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        Deadline.objects.filter(kind=clocks.DECISION).update(due_at=cast.at - timedelta(days=1))
        for user in (cast.officer, cast.second_officer):
            assert LATE in tiles(client_for(user))
        excluded(cast, referral, user=cast.second_officer)
        assert LATE in tiles(client_for(cast.officer))
        assert LATE not in tiles(client_for(cast.second_officer))
        restricted(cast, referral)
        assert LATE not in tiles(client_for(cast.officer))

    def test_counts_no_clock_of_a_negative_for_law_enforcement(
        self, cast: Cast, client_for
    ) -> None:
        stages.decided(cast, stages.sent(cast, cast.police_officer), "negative")
        late = Deadline.objects.filter(kind=clocks.RECONSIDERATION)
        assert late.update(due_at=cast.at - timedelta(days=1), bound="expires")
        assert LATE not in tiles(client_for(cast.police_officer))
