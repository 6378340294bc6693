"""Notifications on behalf of the package below: a reset of a second factor is told to its owner."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils.formats import date_format

from accounts import resets
from accounts.models import User
from deadlines.models import Notice
from deadlines.services.mail import send_due_mail
from deadlines.services.sweep import sweep
from tests.deadlines.conftest import Clock, Somebody, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def reset(ann: User, ben: User, at: datetime) -> resets.FactorReset:
    """The two agreed to remove Ann's second factor."""
    Authenticator.objects.create(user=ann, type=Authenticator.Type.TOTP, data={"secret": "x"})
    asked = resets.ask(user=ann, by=ben, at=at)
    return resets.agree(reset=asked, by=make_user("eve", at), at=at)


class TestFactorReset:
    def test_tells_the_owner_by_inbox_and_mail_with_the_day(
        self, reset: resets.FactorReset, ann: User, at: datetime, mailoutbox: list[Any]
    ) -> None:
        assert Notice.objects.get().recipient == ann
        assert send_due_mail(at=at, worker="here:1") == 1
        [mail] = mailoutbox
        assert mail.to == [ann.email]
        assert date_format(reset.due_at) in mail.body
        assert not [word for word in ("ann", "ben", "eve") if word in mail.body.lower().split()]

    def test_is_shown_to_its_owner_only(
        self, reset: resets.FactorReset, by: Somebody, by_ben: Somebody
    ) -> None:
        from deadlines.notices import kind_of

        kind = kind_of("factor_reset")
        assert kind is not None
        assert kind.still_visible(by, {reset.uuid}) == {reset.uuid}
        assert kind.still_visible(by_ben, {reset.uuid}) == set()

    def test_is_carried_out_by_the_sweep_when_the_day_has_passed(
        self, reset: resets.FactorReset, ann: User, clock: Clock
    ) -> None:
        clock.forward(hours=23)
        sweep(at=clock(), clock=clock)
        assert Authenticator.objects.filter(user=ann).exists()
        clock.now += timedelta(hours=1)
        assert sweep(at=clock(), clock=clock)["resets of second factors"] == 1
        assert not Authenticator.objects.filter(user=ann).exists()
