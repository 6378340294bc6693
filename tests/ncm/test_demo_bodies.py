"""The demonstration's bodies: each state of a meeting, an item and a resolution has one to show."""

import pytest
from django.utils import timezone

from ncm.bodies_choices import ItemState, MeetingState, ResolutionState
from ncm.demo_bodies import DemoBodies
from ncm.demo_contacts import DemoContacts
from ncm.management.commands.demo_data import DemoCountry
from ncm.models import AgendaItem, Body, Dissent, Meeting, MinutesAnnex, Paper, Resolution, Seat

pytestmark = pytest.mark.django_db


def test_show_each_stage() -> None:
    country = DemoCountry(timezone.now())
    country._areas()
    country._people()
    country._ministry()
    country._members()
    DemoContacts(country.now, country.people).build()
    DemoBodies(country.now, country.people).build()
    states = set(Meeting.objects.values_list("state", flat=True))
    assert states == set(MeetingState.values) - {MeetingState.CANCELLED}
    items = set(AgendaItem.objects.values_list("state", flat=True))
    assert items == set(ItemState.values) - {ItemState.WITHDRAWN, ItemState.POSTPONED}
    resolved = set(Resolution.objects.values_list("state", flat=True))
    assert resolved == {ResolutionState.IN_FORCE, ResolutionState.REPLACED}
    assert Dissent.objects.count() == 1
    assert MinutesAnnex.objects.count() == 1
    assert Body.objects.count() == 3
    assert Seat.objects.exclude(chosen_name="").count() == 3
    late = [
        paper
        for paper in Paper.objects.exclude(item__meeting=None)
        if paper.is_late_for(paper.item.meeting)
    ]
    assert len(late) == 1
