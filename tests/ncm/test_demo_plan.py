"""The demonstration's plan: every page about it has something to show."""

import pytest
from django.utils import timezone

from ncm.demo_contacts import DemoContacts
from ncm.demo_plan import DemoPlan
from ncm.management.commands.demo_data import DemoCountry
from ncm.models import (
    ActionPlan,
    Activity,
    ActivityStatus,
    Consultation,
    Obligation,
    PlanReport,
    Position,
    Prevention,
    Revision,
)

pytestmark = pytest.mark.django_db


def test_shows_each_page_something() -> None:
    country = DemoCountry(timezone.now())
    country._areas()
    country._people()
    country._ministry()
    country._members()
    DemoContacts(country.now, country.people).build()
    DemoPlan(country.now, country.people).build()
    plan = ActionPlan.objects.get()
    assert plan.state == "adopted"
    assert set(plan.objectives.values_list("p", flat=True)) == {
        "prevention", "protection", "prosecution", "partnership",
    }  # fmt: skip
    assert Activity.objects.exclude(progress="not_started").exists()
    assert Revision.objects.get().state == "proposed"
    assert PlanReport.objects.get().state == "open"
    assert set(Consultation.objects.values_list("state", flat=True)) == {"open", "closed"}
    assert set(Position.objects.values_list("state", flat=True)) == {
        "invited", "stated", "answered",
    }  # fmt: skip
    assert Prevention.objects.filter(activity__isnull=False).exists()
    assert not Prevention.objects.filter(words="").exists()
    waits = ActivityStatus.objects.filter(progress="not_started")
    assert waits.exists()
    assert set(waits.values_list("value", flat=True)) == {0}
    closed = Consultation.objects.get(state="closed")
    assert closed.opened_at < closed.events.get(kind="stated").at < closed.closed_at
    assert Obligation.objects.count() == 8
