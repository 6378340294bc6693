"""The code lists that come from the seeds, held to their sources."""

import pytest

from partners.access import actor_for
from partners.choices import Capacity, CsoClass, OrganisationKind
from partners.models import HeldCapacity, Organisation
from partners.reviews import missing_answers
from tests.support.cast import Cast, fill_in


class TestCsoClass:
    def test_is_exactly_the_six_of_box_1(self) -> None:
        """OSCE Occasional Paper No. 8 (2018), Box 1: six groups of civil society actors."""
        assert CsoClass.values == [
            "legal", "specialised_service", "research", "advocacy", "general_service",
            "civil_rights",
        ]  # fmt: skip


class TestOrganisationKind:
    def test_covers_the_whole_of_civil_society(self) -> None:
        """Paper No. 8, 1.1: unions, bar associations, business, media, religious groups."""
        named = {"trade_union", "bar_association", "employers", "media", "faith_based", "cso"}
        assert named <= set(OrganisationKind.values)

    def test_has_a_place_for_every_signatory_of_the_statement(self) -> None:
        """Statement of 2020: international bodies, NGO networks, unions, faith, survivors."""
        named = {"international", "cso", "trade_union", "faith_based", "survivor_led"}
        assert named <= set(OrganisationKind.values)


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestCapacities:
    def test_no_capacity_excludes_another(self, cast: Cast) -> None:
        """Paper No. 8, 1.1: an NGO is provider, watchdog, adviser and representative at once."""
        held = HeldCapacity.objects.held().filter(organisation=cast.ngo)
        HeldCapacity.objects.bulk_create(
            HeldCapacity(
                organisation=cast.ngo,
                capacity=capacity,
                granted_at=cast.at,
                granted_by=cast.co_ordinator,
            )
            for capacity in set(Capacity) - set(held.values_list("capacity", flat=True))
        )
        assert cast.ngo.held_capacities() == sorted(Capacity)


@pytest.mark.django_db
@pytest.mark.sqlite_too
class TestApplication:
    def test_an_informal_group_needs_no_registration(self, cast: Cast) -> None:
        """Paper No. 8, 1.3, and S50: activists and informal groups have a lighter profile."""
        applying = fill_in(cast.applying, cast.applicant, cast.at)
        assert missing_answers(applying) == []
        Organisation.objects.filter(pk=applying.pk).update(registration_number="")
        applying.refresh_from_db()
        assert missing_answers(applying) == ["registration"]
        applying.is_informal = True
        assert missing_answers(applying) == []
        assert actor_for(cast.applicant, at=cast.at).organisation == applying
