"""The demonstration's action points: each stage, and both sides late, have something to show."""

import pytest
from django.utils import timezone

from ncm import board as counted
from ncm.action_choices import ActionState
from ncm.board import CIVIL, STATE
from ncm.demo_actions import DemoActions
from ncm.demo_contacts import DemoContacts
from ncm.demo_referrals import DemoReferrals
from ncm.management.commands.demo_data import DemoCountry
from ncm.models import ActionPoint
from partners.access import actor_for

pytestmark = pytest.mark.django_db


def test_show_each_stage() -> None:
    country = DemoCountry(timezone.now())
    country._areas()
    country._people()
    country._ministry()
    country._members()
    DemoContacts(country.now, country.people).build()
    DemoReferrals(country.now, country.people)._deciders()
    DemoActions(country.now, country.people).build()
    assert set(ActionPoint.objects.values_list("state", flat=True)) == set(ActionState.values)
    desk = actor_for(country.people["coordinator"], at=country.now)
    assert ActionPoint.objects.waiting_for(desk).count() == 2
    found = next(each for each in counted.board(desk).lines if each.debt.code == "actions")
    assert found.sides[STATE].late == 1
    assert found.sides[CIVIL].late == 1
