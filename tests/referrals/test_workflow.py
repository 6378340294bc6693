"""A referral's way under each country's profile: every act, every guard, in words."""

from datetime import timedelta

import pytest

from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.choices import Role
from referrals.choices import EventKind, Outcome, StageCode, State
from referrals.models import Decision, NegativeProposal, Question, Referral, ReferralEvent
from referrals.services import consents, decisions, referrals
from referrals.steps import EVENTS
from referrals.workflow import referral_workflow
from tests.referrals import stages
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
S = State


class TestSmoke:
    def test_goes_all_the_way_under_gb(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.sent(cast)
            assert referral.state == S.SUBMITTED
            referral = stages.decided(cast, referral, "positive")
            assert referral.state == S.PRELIM_POSITIVE
            later = cast.at + timedelta(days=31)
            referral = stages.decided(cast, referral, "negative", at=later, person_asks=False)
            assert referral.state == S.CONCL_NEGATIVE
