from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from accounts import resets
from accounts.choices import LogAction
from accounts.factors import user_has_second_factor
from accounts.models import AccessLog, FactorReset, User
from tests.accounts.factories import UserFactory, moment

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]

DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FactorReset]]:
    seen: list[FactorReset] = []
    monkeypatch.setattr(resets, "_tell", [lambda *, reset, at: seen.append(reset)])
    return seen


@pytest.fixture
def user() -> User:
    return UserFactory(second_factor=True)


def agreed(user: User) -> FactorReset:
    reset = resets.ask(user=user, by=UserFactory(), at=moment())
    return resets.agree(reset=reset, by=UserFactory(), at=moment())


class TestReset:
    def test_takes_the_factors_away_a_day_after_two_agreed(
        self, user: User, told: list[Any]
    ) -> None:
        RecoveryCodes.activate(user)
        epoch = user.session_epoch
        reset = agreed(user)
        assert told == [reset]
        assert resets.carry_out_due(moment() + DAY - timedelta(seconds=1)) == 0
        assert user_has_second_factor(user)
        assert resets.carry_out_due(moment() + DAY) == 1
        assert not Authenticator.objects.filter(user=user).exists()
        user.refresh_from_db()
        assert user.session_epoch > epoch
        row = AccessLog.objects.get(action=LogAction.FACTOR_RESET)
        assert (row.user, row.subject_uuid) == (reset.agreed_by, user.uuid)

    def test_is_carried_out_once(self, user: User) -> None:
        agreed(user)
        assert [resets.carry_out_due(moment() + DAY) for _ in range(2)] == [1, 0]

    def test_never_happens_on_one_persons_word(self, user: User) -> None:
        resets.ask(user=user, by=UserFactory(), at=moment())
        assert resets.carry_out_due(moment() + timedelta(days=365)) == 0

    def test_needs_three_different_people(self, user: User) -> None:
        with pytest.raises(resets.NotTwoPeople):
            resets.ask(user=user, by=user, at=moment())
        asker = UserFactory()
        reset = resets.ask(user=user, by=asker, at=moment())
        for by in (asker, user):
            with pytest.raises(resets.NotTwoPeople):
                resets.agree(reset=reset, by=by, at=moment())
        for change in ({"agreed_by": asker}, {"agreed_by": user}, {"asked_by": user}):
            times = {"agreed_at": moment(), "due_at": moment() + DAY}
            values = {**times, "agreed_by": UserFactory(), **change}
            with pytest.raises(IntegrityError), transaction.atomic():
                FactorReset.objects.filter(pk=reset.pk).update(**values)

    def test_can_be_stopped_by_the_person_until_it_happens(self, user: User) -> None:
        reset = agreed(user)
        resets.stop(reset=reset, by=user, at=moment())
        assert resets.carry_out_due(moment() + DAY) == 0
        assert user_has_second_factor(user)
        with pytest.raises(resets.NotOpen):
            resets.agree(reset=reset, by=UserFactory(), at=moment())

    def test_is_under_way_once(self, user: User) -> None:
        agreed(user)
        with pytest.raises(resets.NotOpen):
            resets.ask(user=user, by=UserFactory(), at=moment())

    def test_does_not_begin_where_the_person_would_not_be_told(
        self, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resets, "_tell", [])
        reset = resets.ask(user=user, by=UserFactory(), at=moment())
        with pytest.raises(ImproperlyConfigured):
            resets.agree(reset=reset, by=UserFactory(), at=moment())
        reset.refresh_from_db()
        assert reset.due_at is None
