"""Who answers where: holes by organisation and area, and by area and duty."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from partners import contact_coverage as coverage
from partners.access import system_actor
from partners.choices import Capacity, ContactStatus, OrganisationKind
from partners.filters import areas
from partners.models import Area, Organisation, PointOfContact
from partners.services import contacts, organisations
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
PAGE = reverse("partners:contact-coverage")


@pytest.fixture
def south(cast: Cast) -> Area:
    return Area.objects.create(
        code="XX-S", name="South", level="region", parent=Area.objects.get(code="XX")
    )


@pytest.fixture
def national(cast: Cast, south: Area, at: datetime) -> Organisation:
    """Works in the whole country; one post, for the North alone, without a deputy."""
    system = system_actor("tests", at)
    cache.clear()
    made = organisations.found(
        name="Everywhere (invented)",
        kind=OrganisationKind.STATE_AGENCY,
        capacities=[Capacity.ADVISER],
        by=system,
        at=at,
        area=Area.objects.get(code="XX"),
    )
    contacts.enter_contact(
        organisation=made,
        channels=[("phone", "+000 600")],
        by=system,
        at=at,
        person_name="Nora Example (invented)",
        area=cast.area,
        duties=["identification"],
    )
    return made


def holes(organisation: Organisation, at: datetime) -> coverage.Holes:
    known = Organisation.objects.select_related("area").filter(pk=organisation.pk)
    return coverage.holes_of(list(known), coverage.parts_of(areas()), at)[organisation.pk]


class TestHoles:
    def test_tell_nobody_from_one_person_only(self, national: Organisation, at: datetime) -> None:
        found = holes(national, at)
        assert (found.nobody, found.thin) == (["South"], ["North"])

    def test_are_asked_only_where_an_organisation_works(
        self, cast: Cast, south: Area, at: datetime
    ) -> None:
        found = holes(cast.ngo, at)
        assert (found.nobody, found.thin, found.overdue) == ([], [], 0)
        assert holes(cast.other_ngo, at).nobody == ["North"]

    def test_a_vacant_post_is_covered_by_its_deputy_alone(self, cast: Cast, at: datetime) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=ContactStatus.VACANT, by=by, at=at)
        assert holes(cast.ngo, at).thin == ["North"]
        contacts.set_status(contact=cast.deputy, status=ContactStatus.REASSIGNED, by=by, at=at)
        assert holes(cast.ngo, at).nobody == ["North"]

    def test_count_entries_that_were_to_be_confirmed(self, cast: Cast, at: datetime) -> None:
        assert holes(cast.ngo, at + timedelta(days=92)).overdue == 2

    def test_by_duty_count_what_was_named(self, cast: Cast, national: Organisation) -> None:
        north, south_ = coverage.duty_holes(Organisation.objects.all(), coverage.parts_of(areas()))
        assert "Identification" in north.thin
        assert "Identification" in south_.nobody
        assert "Children" in north.nobody


class TestWithHole:
    @pytest.mark.parametrize("which", ["nobody", "thin", "overdue"])
    def test_agrees_with_what_the_table_says(
        self, which: str, cast: Cast, national: Organisation, at: datetime
    ) -> None:
        later = at + timedelta(days=92)
        found = set(coverage.with_hole(Organisation.objects.members(), which, later))
        assert (cast.ngo in found) is (which == "overdue")
        assert (cast.other_ngo in found) is (which == "nobody")
        assert (national in found) is (which in ("thin", "overdue"))


class TestPage:
    def test_shows_the_co_ordination_all_and_an_organisation_its_own(
        self, cast: Cast, client_for, national: Organisation
    ) -> None:
        body = client_for(cast.co_ordinator).get(PAGE).content.decode()
        assert "Everywhere (invented)" in body
        assert "Quiet Harbour" in body
        own = client_for(cast.ngo_manager).get(PAGE).content.decode()
        assert "Lantern House" in own
        assert "Everywhere (invented)" not in own
        assert client_for(cast.applicant).get(PAGE).status_code == 403

    def test_is_narrowed_to_what_is_missing(self, cast: Cast, client_for) -> None:
        rows = client_for(cast.co_ordinator).get(PAGE, {"hole": "nobody"}).context["rows"]
        names = {row[0]["text"] for row in rows}
        assert "Open Door (invented)" in names
        assert "Lantern House (invented)" not in names

    @pytest.mark.parametrize("number", [0, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, client_for, at: datetime
    ) -> None:
        PointOfContact.objects.bulk_create(
            PointOfContact(organisation=cast.ngo, person_name=f"Invented {n}", created_at=at)
            for n in range(number)
        )
        client = client_for(cast.co_ordinator)
        client.get(PAGE)  # areas are kept for some minutes
        with at_most(8):
            assert client.get(PAGE).status_code == 200
