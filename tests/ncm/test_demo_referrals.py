"""The demonstration has every kind of referral to show, whatever the country."""

import pytest
from django.utils import timezone

from ncm.management.commands.demo_data import DemoCountry
from partners.load import Register, twice
from partners.models import RecurringRequest, RequestAnswer, RequestRound
from referrals.choices import State
from referrals.models import NegativeProposal, Opinion, Referral, Track
from tests.referrals import stages

pytestmark = pytest.mark.django_db
EVERYWHERE = {
    State.DRAFT,
    State.SUBMITTED,
    State.RETURNED,
    State.WITHDRAWN,
    State.CONCL_POSITIVE,
}


@pytest.mark.slow
@pytest.mark.parametrize("code", ["coe", "gb", "ua", "joint"])
def test_every_country_has_referrals_in_many_states(monkeypatch, code: str) -> None:
    with stages.country_is(monkeypatch, code):
        DemoCountry(timezone.now()).build()
    states = set(Referral.objects.values_list("state", flat=True))
    assert states >= EVERYWHERE
    assert states & {State.PRELIM_NEGATIVE, State.CONCL_NEGATIVE}
    assert Opinion.objects.exists()
    assert NegativeProposal.objects.filter(closed_at=None).exists() == (code != "joint")
    assert Track.objects.filter(kind="consent", status="refused").exists()
    assert Track.objects.filter(kind="support", status="receiving").count() == 4

    assert set(RequestAnswer.objects.values_list("state", flat=True)) == {
        "waiting", "answered", "declined",
    }  # fmt: skip
    assert set(RecurringRequest.objects.values_list("state", flat=True)) == {"running", "draft"}
    assert RequestRound.objects.filter(given_back_at__isnull=False).exists()
    assert [each.purpose for each in twice(Register.standing().requests)] == ["assisted"]
