"""The demonstration's calls: each stage of a call and of an application has something to show."""

import pytest
from django.utils import timezone

from funding.call_choices import ApplicationState, CallState, ComplaintState
from funding.models import Application, Call, CallQuestion, Complaint, Review
from ncm.demo_calls import DemoCalls
from ncm.demo_contacts import DemoContacts
from ncm.management.commands.demo_data import DemoCountry

pytestmark = pytest.mark.django_db


def test_show_each_stage() -> None:
    country = DemoCountry(timezone.now())
    country._areas()
    country._people()
    country._ministry()
    country._members()
    DemoContacts(country.now, country.people).build()
    DemoCalls(country.now, country.people).build()
    assert set(Call.objects.values_list("state", flat=True)) == {
        CallState.OPEN, CallState.IN_REVIEW, CallState.DECIDED,
    }  # fmt: skip
    states = set(Application.objects.values_list("state", flat=True))
    assert states == set(ApplicationState.values) - {ApplicationState.WITHDRAWN}
    assert Complaint.objects.get().state == ComplaintState.OPEN
    assert Review.objects.open().count() == 2
    assert CallQuestion.objects.filter(answered_at=None).count() == 1
    assert Application.objects.filter(route="emergency").count() == 1
